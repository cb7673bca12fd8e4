/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "record.h"

static struct estab_socket sock_of(uint8_t family, const uint8_t local[16], uint16_t lport,
				   const uint8_t peer[16], uint16_t pport)
{
	struct estab_socket sock = { .family = family, .local_port = lport, .peer_port = pport };

	memcpy(sock.inet.local, local, 16);
	memcpy(sock.inet.peer, peer, 16);
	return sock;
}

static void test_match(void **state)
{
	static const uint8_t here[16] = { 192, 0, 2, 1 };
	static const uint8_t there[16] = { 198, 51, 100, 7 };
	static const uint8_t here6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
	struct estab_socket v4 = sock_of(ESTAB_FAMILY_INET, here, 22, there, 40000);
	struct estab_socket v6 = sock_of(ESTAB_FAMILY_INET6, here6, 22, here6, 40001);
	struct estab_socket v4in6 = sock_of(ESTAB_FAMILY_INET6, mapped, 22, mapped, 40002);
	struct estab_socket local = { .family = ESTAB_FAMILY_UNIX };
	static const struct {
		const char *expression;
		bool v4, v6, v4in6;
	} cases[] = {
		{ "sport = :22", true, true, true },
		{ "sport 22", true, true, true },
		{ "sport == 22", true, true, true },
		{ "sport=22", true, true, true },
		{ "dport = :40001", false, true, false },
		{ "src 192.0.2.1", true, false, true },
		{ "src = 192.0.2.1:22", true, false, true },
		{ "src 192.0.2.1:23", false, false, false },
		{ "src 192.0.2.0/24", true, false, true },
		{ "src 192.0.3.0/23", true, false, true },
		{ "src 192.0.2.2/31", false, false, false },
		{ "src 0.0.0.0/0", true, false, true },
		{ "src :22", true, true, true },
		{ "src *:22", true, true, true },
		{ "dst [2001:db8::1]:40001", false, true, false },
		{ "dst 2001:db8::1", false, true, false },
		{ "dst [2001:db8::]/32:40001", false, true, false },
		{ "dst 2001:db8::/32", false, true, false },
		{ "src 192.0.2.1 and dport 40000", true, false, false },
		{ "src 192.0.2.1 dport 40000 sport 22", true, false, false },
		{ "state established sport 22", true, true, true },
		{ "src ::ffff:192.0.2.1", false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct filter *filter;

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_parse(cases[i].expression, &filter, NULL, NULL), 0);
		assert_int_equal(filter_match(filter, &v4), cases[i].v4);
		assert_int_equal(filter_match(filter, &v6), cases[i].v6);
		assert_int_equal(filter_match(filter, &v4in6), cases[i].v4in6);
		assert_false(filter_match(filter, &local));
		filter_unref(filter);
	}
}

static void test_states(void **state)
{
	struct filter *filter;

	(void)state;
	assert_int_equal(filter_parse("state time-wait state listen", &filter, NULL, NULL), 0);
	assert_int_equal(filter_states(filter),
			 BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_LISTEN));
	filter_unref(filter);
	assert_int_equal(filter_parse("state connected", &filter, NULL, NULL), 0);
	assert_int_equal(filter_states(filter) & BIT32(ESTAB_STATE_LISTEN), 0);
	assert_true(filter_states(filter) & BIT32(ESTAB_STATE_SYN_SENT));
	filter_unref(filter);
	assert_int_equal(filter_parse("sport 1", &filter, NULL, NULL), 0);
	assert_int_equal(filter_states(filter), 0);
	filter_unref(filter);
}

static void test_errors(void **state)
{
	static const struct {
		const char *expression;
		size_t position;
	} cases[] = {
		{ "nonsense", 0 },
		{ "sport", 5 },
		{ "sport = :65536", 8 },
		{ "sport = -1", 8 },
		{ "sport 0x50", 6 },
		{ "sport = 22 dport = :x", 19 },
		{ "src", 3 },
		{ "src 1.2.3", 4 },
		{ "src 1.2.3.4/33", 4 },
		{ "src ::1/129", 4 },
		{ "src [::1", 4 },
		{ "src [::1]x", 4 },
		{ "src 1.2.3.4:99999", 4 },
		{ "state", 5 },
		{ "state nowhere", 6 },
		{ "and", 0 },
		{ "src 1.2.3.4 or dst 1.2.3.4", 12 },
		{ "src [", 4 },
		{ "src []", 4 },
		{ "src /8", 4 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct filter *filter = NULL;
		size_t position = 4711;
		char *message = NULL;

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_parse(cases[i].expression, &filter, &position, &message),
				 -EINVAL);
		assert_null(filter);
		assert_non_null(message);
		assert_int_equal(position, cases[i].position);
		free(message);
	}
}

static void test_too_long(void **state)
{
	char expression[4096];
	struct filter *filter;
	size_t n = 0;

	(void)state;
	memset(expression, 'a', sizeof(expression) - 1);
	expression[sizeof(expression) - 1] = '\0';
	assert_int_equal(filter_parse(expression, &filter, NULL, NULL), -EINVAL);
	for (int i = 0; i < 40; i++, n += 8)
		memcpy(expression + n, "sport 1 ", 8);
	expression[n] = '\0';
	assert_int_equal(filter_parse(expression, &filter, NULL, NULL), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
