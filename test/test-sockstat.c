/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The kernel's counts as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sockstat.h"

static struct sockstat read_text(const char *text)
{
	struct sockstat sockstat = { 0 };

	sockstat_add((struct cursor){ text, text + strlen(text) }, &sockstat);
	return sockstat;
}

static void adds_both_families_up(void **state)
{
	struct sockstat sockstat = read_text("sockets: used 27\n"
					     "TCP: inuse 5 orphan 1 tw 3 alloc 9 mem 2\n"
					     "UDP: inuse 4 mem 1\n"
					     "UDPLITE: inuse 1\n"
					     "RAW: inuse 2\n"
					     "FRAG: inuse 7 memory 8\n");
	const char *text = "TCP6: inuse 10\nUDP6: inuse 20\nUDPLITE6: inuse 30\nRAW6: inuse 40\n";

	(void)state;
	assert_int_equal(sockstat.used, 27);
	assert_int_equal(sockstat.tcp, 5);
	assert_int_equal(sockstat.time_wait, 3);
	assert_int_equal(sockstat.udp, 4);
	assert_int_equal(sockstat.udplite, 1);
	assert_int_equal(sockstat.raw, 2);
	sockstat_add((struct cursor){ text, text + strlen(text) }, &sockstat);
	assert_int_equal(sockstat.tcp, 15);
	assert_int_equal(sockstat.udp, 24);
	assert_int_equal(sockstat.udplite, 31);
	assert_int_equal(sockstat.raw, 42);
	assert_int_equal(sockstat.used, 27);
}

static void passes_over_what_it_does_not_know(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"TCP:",
		"TCP: inuse",
		"TCP: inuse x",
		"TCP inuse 5",
		"tcp: inuse 5",
		"TCP: in 5 tw",
		"sockets: used -3",
		":",
		" ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sockstat sockstat = read_text(texts[i]);

		assert_int_equal(sockstat.used + sockstat.tcp + sockstat.time_wait + sockstat.udp,
				 0);
	}
	assert_int_equal(read_text("MPTCP: inuse 5\nTCP: inuse 1").tcp, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_both_families_up),
		cmocka_unit_test(passes_over_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
