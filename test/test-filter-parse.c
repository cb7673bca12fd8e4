/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The ways to read an expression: estab_filter_parse_as(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env.h"
#include "filter.h"
#include "util.h"

static struct estab_ctx ctx;
static struct env env = { .ctx = &ctx, .plan = { .needs = UINT64_MAX } };

static void row_begin(struct row *row, enum estab_proto proto, enum estab_family family)
{
	memset(row, 0, sizeof(*row));
	assert_int_equal(ext_builder_init(&row->ext, &env), 0);
	row_reset(row, proto, family);
	row->sock.state = ESTAB_STATE_UNCONNECTED;
}

/* Whether it matches; -EINVAL: it is no expression. */
static int matches(const char *expression, uint32_t flags, const struct row *row)
{
	struct estab_filter *filter = NULL;
	int r = estab_filter_parse_as(expression, flags, &filter, NULL, NULL);

	if (r < 0) {
		assert_null(filter);
		return r;
	}
	r = estab_filter_match(filter, &row->sock);
	estab_filter_unref(filter);
	return r;
}

static void test_precedence(void **state)
{
	/* What it is to one from port 1 to port 5, as estab has it and as ss(8). */
	static const struct {
		const char *expression;
		int estab;
		int ss;
	} cases[] = {
		{ "sport = 1 or sport = 2 and dport = 9", 1, 0 },
		{ "sport = 2 and dport = 9 or sport = 1", 1, 1 },
		{ "sport = 1 or ( sport = 2 and dport = 9 )", 1, 1 },
		{ "( sport = 1 or sport = 2 ) and dport = 9", 0, 0 },
		{ "sport = 1 || dport = 9 && dport = 9", 1, 0 },
		{ "sport = 1 or sport = 2 dport = 9", 1, 0 },
		{ "not sport = 2 and dport = 5", 1, 1 },
		{ "not sport = 1 or dport = 5", 1, 1 },
		{ "", 1, 1 },
	};
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	row.sock.local_port = 1;
	row.sock.peer_port = 5;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].expression);
		assert_int_equal(matches(cases[i].expression, 0, &row), cases[i].estab);
		assert_int_equal(matches(cases[i].expression, ESTAB_FILTER_SS, &row), cases[i].ss);
	}
	ext_builder_free(&row.ext);
}

/* What stands behind "src" is of the family that was named before. */
static void test_families(void **state)
{
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX);
	assert_int_equal(row_put(&row, EXT_PATH, "/run/x", 6), 0);
	assert_int_equal(matches("src /run/*", ESTAB_FILTER_UNIX, &row), 1);
	assert_int_equal(matches("src /tmp/*", ESTAB_FILTER_SS | ESTAB_FILTER_UNIX, &row), 0);
	assert_int_equal(matches("src unix:/run/*", 0, &row), 1);
	ext_builder_free(&row.ext);

	row_begin(&row, ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK);
	row.sock.netlink.protocol = 16;
	row.sock.netlink.portid = 0;
	assert_int_equal(matches("src genl:kernel", ESTAB_FILTER_NETLINK, &row), 1);
	assert_int_equal(matches("src genl:4711", ESTAB_FILTER_NETLINK, &row), 0);
	assert_int_equal(matches("src rtnl", ESTAB_FILTER_NETLINK, &row), 0);
	assert_int_equal(matches("src genl:kernel", 0, &row), -EINVAL);
	ext_builder_free(&row.ext);

	row_begin(&row, ESTAB_PROTO_PACKET, ESTAB_FAMILY_PACKET);
	row.sock.packet.protocol = 0x0800;
	assert_int_equal(row_put(&row, EXT_IFINDEX, &(uint32_t){ 3 }, 4), 0);
	assert_int_equal(matches("src ip:3", ESTAB_FILTER_PACKET, &row), 1);
	assert_int_equal(matches("src ip:4", ESTAB_FILTER_PACKET, &row), 0);
	assert_int_equal(matches("src arp", ESTAB_FILTER_PACKET, &row), 0);
	assert_int_equal(matches("src ip:3", 0, &row), -EINVAL);
	ext_builder_free(&row.ext);
}

/* Text tells neither type nor state of a netlink socket: what is not known is no other one either. */
static void test_unknown_type(void **state)
{
	struct row row;

	(void)state;
	row_begin(&row, ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK);
	row.sock.type = ESTAB_TYPE_RAW;
	assert_int_equal(matches("type = raw", 0, &row), 1);
	assert_int_equal(matches("type != dgram", 0, &row), 1);
	row.sock.type = ESTAB_TYPE_STREAM;
	row.sock.netlink.from_text = true;
	assert_int_equal(matches("type = stream", 0, &row), 0);
	assert_int_equal(matches("type != dgram", 0, &row), 0);
	assert_int_equal(matches("type in {stream, raw}", 0, &row), 0);
	assert_int_equal(matches("not type = stream", 0, &row), 1);
	ext_builder_free(&row.ext);
}

static void test_flags(void **state)
{
	struct estab_filter *filter = NULL;
	char *message = NULL;
	size_t position = 4711;

	(void)state;
	assert_int_equal(estab_filter_parse_as("", 1u << 31, &filter, &position, &message),
			 -EINVAL);
	assert_null(message);
	assert_int_equal(position, 4711);
	assert_int_equal(estab_filter_parse_as("sport = 1 sport = x1", ESTAB_FILTER_SS, &filter,
					       &position, &message),
			 -EINVAL);
	assert_non_null(message);
	assert_int_equal(position, strlen("sport = 1 sport = "));
	assert_null(filter);
	free(message);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_unknown_type),
		cmocka_unit_test(test_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
