/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "nettext.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "env.h"
#include "field.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

struct fixture {
	struct nettext text;
	struct row row;
	struct env env; /* the last: it ends in a flexible array */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	nettext_begin(&fixture->text);
	*state = fixture;
	return ext_builder_init(&fixture->row.ext, &fixture->env);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ext_builder_free(&fixture->row.ext);
	free(fixture);
	return 0;
}

static int take(struct fixture *fixture, nettext_fn *fn, const char *line)
{
	struct procfs_line whole = { { line, line + strlen(line) }, false };

	return fn(&fixture->text, whole, &fixture->row);
}

static void expect(struct fixture *fixture, enum estab_field id, const char *want)
{
	char buffer[256];
	int n = estab_socket_format(&fixture->row.sock, id, buffer, sizeof(buffer));

	if (n < 0)
		n = 0;
	assert_in_range(n, 0, sizeof(buffer) - 1);
	buffer[n] = '\0';
	assert_string_equal(buffer, want);
}

static void test_route(void **state)
{
	struct fixture *fixture = *state;
	static const char line[] =
		"eth0\t0000000A\t0102010A\t0003\t1\t2\t5\t0000FFFF\t1340\t500\t7        ";

	assert_int_equal(take(fixture, nettext_route, line), 0);
	assert_int_equal(fixture->row.sock.proto, ROW_ROUTE);
	expect(fixture, ESTAB_F_DESTINATION, "10.0.0.0/16");
	expect(fixture, ESTAB_F_GATEWAY, "10.1.2.1");
	expect(fixture, ESTAB_F_INTERFACE, "eth0");
	expect(fixture, ESTAB_F_FLAGS, "UG");
	expect(fixture, ESTAB_F_USERS, "1");
	expect(fixture, ESTAB_F_USES, "2");
	expect(fixture, ESTAB_F_METRIC, "5");
	expect(fixture, ESTAB_F_ADVMSS, "1300");
	expect(fixture, ESTAB_F_WINDOW, "500");
	expect(fixture, ESTAB_F_RTT_MS, "7");
	expect(fixture, ESTAB_F_TABLE, "main");

	/* Of a machine of the other order. */
	fixture->text.big_endian = true;
	assert_int_equal(take(fixture, nettext_route,
			      "eth0\t0A000000\t00000000\t0201\t0\t0\t0\tFF000000\t0\t0\t0"),
			 0);
	expect(fixture, ESTAB_F_DESTINATION, "10.0.0.0/8");
	expect(fixture, ESTAB_F_GATEWAY, "");
	expect(fixture, ESTAB_F_KIND, "unreachable");
	expect(fixture, ESTAB_F_FLAGS, "U!");

	/* No beginning of a line is one. */
	for (size_t n = 0; n < 40; n++) {
		struct procfs_line part = { { line, line + n }, false };

		assert_int_equal(nettext_route(&fixture->text, part, &fixture->row), -EBADMSG);
	}
	assert_int_equal(take(fixture, nettext_route,
			      "a-name-that-is-too-long\t0\t0\t1\t0\t0\t0\t0\t0\t0\t0"),
			 -EBADMSG);
}

static void test_route6(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture, nettext_route6,
			      "fd090000000000000000000000000000 20 "
			      "fd070000000000000000000000000000 10 "
			      "fd010000000000000000000000000002 00000400 00000001 00000009 "
			      "00000003   veth-a"),
			 0);
	expect(fixture, ESTAB_F_DESTINATION, "fd09::/32");
	expect(fixture, ESTAB_F_FROM, "fd07::");
	expect(fixture, ESTAB_F_FROM_LENGTH, "16");
	expect(fixture, ESTAB_F_GATEWAY, "fd01::2");
	expect(fixture, ESTAB_F_METRIC, "1024");
	expect(fixture, ESTAB_F_USES, "9");
	expect(fixture, ESTAB_F_FLAGS, "UG");
	expect(fixture, ESTAB_F_TABLE, "");
	expect(fixture, ESTAB_F_INTERFACE, "veth-a");
	assert_int_equal(take(fixture, nettext_route6,
			      "fd090000000000000000000000000000 81 "
			      "00000000000000000000000000000000 00 "
			      "00000000000000000000000000000000 00000400 00000001 00000009 "
			      "00000003   veth-a"),
			 -EBADMSG);
	assert_int_equal(take(fixture, nettext_route6, "fd09 20"), -EBADMSG);
}

static void test_dev(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture, nettext_dev,
			      "  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "
			      "18446744073709551615"),
			 0);
	expect(fixture, ESTAB_F_INTERFACE, "eth0");
	expect(fixture, ESTAB_F_RX_BYTES, "1");
	expect(fixture, ESTAB_F_RX_PACKETS, "2");
	expect(fixture, ESTAB_F_RX_MULTICAST, "8");
	expect(fixture, ESTAB_F_TX_BYTES, "9");
	expect(fixture, ESTAB_F_TX_COLLISIONS, "14");
	expect(fixture, ESTAB_F_TX_COMPRESSED, "18446744073709551615");
	expect(fixture, ESTAB_F_MTU, "");
	assert_int_equal(take(fixture, nettext_dev, "a:b:0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"), 0);
	expect(fixture, ESTAB_F_INTERFACE, "a:b");
	assert_int_equal(take(fixture, nettext_dev, "eth0: 1 2 3"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_dev, "eth0"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_dev, ": 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_dev,
			      "a-name-that-is-too-long: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"),
			 -EBADMSG);
}

static void test_igmp(void **state)
{
	struct fixture *fixture = *state;

	/* A group without a device is nobody's, but is told. */
	assert_int_equal(take(fixture, nettext_igmp, "2\teth0      :     1      V3"), 1);
	assert_int_equal(take(fixture, nettext_igmp, "\t\t\t\t010000E0     3 0:00000000\t\t0"), 0);
	expect(fixture, ESTAB_F_INTERFACE, "eth0");
	expect(fixture, ESTAB_F_GROUP, "224.0.0.1");
	expect(fixture, ESTAB_F_USERS, "3");
	assert_int_equal(take(fixture, nettext_igmp, "3\tfifteen-letters: 1 V3"), 1);
	assert_int_equal(take(fixture, nettext_igmp, "\t\t\t\tFB0000E0     1 0:00000000\t\t0"), 0);
	expect(fixture, ESTAB_F_INTERFACE, "fifteen-letters");
	assert_int_equal(take(fixture, nettext_igmp, "\t\t\t\tFB00"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_igmp, "x"), -EBADMSG);

	assert_int_equal(take(fixture, nettext_igmp6,
			      "1    lo              ff020000000000000000000000000001     2 "
			      "0000000C 0"),
			 0);
	expect(fixture, ESTAB_F_INTERFACE, "lo");
	expect(fixture, ESTAB_F_GROUP, "ff02::1");
	expect(fixture, ESTAB_F_USERS, "2");
	assert_int_equal(take(fixture, nettext_igmp6, "1    lo ff02 2"), -EBADMSG);
}

static void test_stats(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(take(fixture, nettext_snmp, "Tcp: MaxConn InSegs Last"), 1);
	assert_int_equal(take(fixture, nettext_snmp, "Tcp: -1 18 5"), 0);
	expect(fixture, ESTAB_F_SECTION, "tcp");
	expect(fixture, ESTAB_F_NAME, "MaxConn");
	expect(fixture, ESTAB_F_VALUE, "-1");
	assert_int_equal(nettext_more(&fixture->text, &fixture->row), 0);
	expect(fixture, ESTAB_F_NAME, "InSegs");
	expect(fixture, ESTAB_F_VALUE, "18");
	assert_int_equal(nettext_more(&fixture->text, &fixture->row), 0);
	assert_int_equal(nettext_more(&fixture->text, &fixture->row), 1);
	/* Values of another section, or without names, are none. */
	assert_int_equal(take(fixture, nettext_snmp, "Udp: 1 2"), 1);
	assert_int_equal(take(fixture, nettext_snmp, "Ip: 1 2"), 1);
	assert_int_equal(take(fixture, nettext_snmp, "Ip: A"), 1);
	assert_int_equal(take(fixture, nettext_snmp, "no colon"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_snmp, ""), -EBADMSG);

	assert_int_equal(take(fixture, nettext_snmp6, "Ip6InReceives                   \t123"), 0);
	expect(fixture, ESTAB_F_FAMILY, "inet6");
	expect(fixture, ESTAB_F_SECTION, "ip6");
	expect(fixture, ESTAB_F_NAME, "InReceives");
	expect(fixture, ESTAB_F_VALUE, "123");
	assert_int_equal(take(fixture, nettext_snmp6, "Ip6 1"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_snmp6, "Ip6InReceives x"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_snmp6, "IpInReceives 1"), -EBADMSG);

	assert_int_equal(take(fixture, nettext_sctp, "SctpCurrEstab                   \t7"), 0);
	expect(fixture, ESTAB_F_FAMILY, "inet");
	expect(fixture, ESTAB_F_SECTION, "sctp");
	expect(fixture, ESTAB_F_NAME, "CurrEstab");
	expect(fixture, ESTAB_F_VALUE, "7");
	assert_int_equal(take(fixture, nettext_sctp, "Sctp 1"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_sctp, "SctpCurrEstab x"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_sctp, "CurrEstab 1"), -EBADMSG);
	assert_int_equal(take(fixture, nettext_sctp, ""), -EBADMSG);
}

static void test_metric_with_sign(void **state)
{
	struct fixture *fixture = *state;

	/* One number, however it is printed. */
	assert_int_equal(take(fixture, nettext_route,
			      "lo\t0000000A\t00000000\t0001\t0\t0\t-6\t000000FF\t0\t0\t0"),
			 0);
	expect(fixture, ESTAB_F_METRIC, "4294967290");
	assert_int_equal(take(fixture, nettext_route,
			      "lo\t0000000A\t00000000\t0001\t0\t0\t4294967290\t000000FF\t0\t0\t0"),
			 0);
	expect(fixture, ESTAB_F_METRIC, "4294967290");
	assert_int_equal(take(fixture, nettext_route,
			      "lo\t0000000A\t00000000\t0001\t0\t0\t4294967296\t000000FF\t0\t0\t0"),
			 -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_route, setup, teardown),
		cmocka_unit_test_setup_teardown(test_route6, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dev, setup, teardown),
		cmocka_unit_test_setup_teardown(test_igmp, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_metric_with_sign, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
