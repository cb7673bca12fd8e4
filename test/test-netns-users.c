/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "env.h"

static void read_users(struct netns *netns, const char *text)
{
	int fds[2];

	*netns = (struct netns){ .way = NETNS_CHILD, .fd = -1 };
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], text, strlen(text)), (ssize_t)strlen(text));
	close(fds[1]);
	assert_int_equal(netns_read_users(netns, fds[0]), 0);
	close(fds[0]);
}

/* UINT32_MAX: nobody. */
static uint32_t adopted(const struct netns *netns, uint32_t uid)
{
	struct estab_socket sock = { .uid = uid, .has = HAS_UID | HAS_NETNS };

	netns_adopt_uid(netns, &sock);
	assert_true(sock.has & HAS_NETNS);
	return sock.has & HAS_UID ? sock.uid : UINT32_MAX;
}

static void test_map(void **state)
{
	struct estab_socket unknown = { .uid = 0 };
	struct netns netns;

	(void)state;
	read_users(&netns, "         0       1000          1\n         1     100000      65536\n"
			   "    100000 4294967295         10\n    200000          0 4294767295\n");
	assert_int_equal(adopted(&netns, 0), 1000);
	assert_int_equal(adopted(&netns, 1), 100000);
	assert_int_equal(adopted(&netns, 65534), 165533);
	assert_int_equal(adopted(&netns, 65536), 165535);
	assert_int_equal(adopted(&netns, 65537), UINT32_MAX);
	assert_int_equal(adopted(&netns, 100005), UINT32_MAX);
	assert_int_equal(adopted(&netns, 200000), 0);
	netns_adopt_uid(&netns, &unknown);
	assert_int_equal(unknown.has, 0);
	/* All other ways the kernel tells the caller's own. */
	netns.way = NETNS_THREAD;
	assert_int_equal(adopted(&netns, 0), 0);
	netns_release(&netns);
}

static void test_malformed(void **state)
{
	struct netns netns;

	(void)state;
	read_users(&netns, "");
	assert_int_equal(adopted(&netns, 0), UINT32_MAX);
	netns_release(&netns);
	read_users(&netns, "\n0 1\n2 3 4 5\nx\n-1 0 1\n7 70 4294967296\n8 80 1");
	assert_int_equal(adopted(&netns, 0), UINT32_MAX);
	assert_int_equal(adopted(&netns, 2), 3);
	assert_int_equal(adopted(&netns, 7), UINT32_MAX);
	assert_int_equal(adopted(&netns, 8), 80);
	netns_release(&netns);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
