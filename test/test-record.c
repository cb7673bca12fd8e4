/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "record.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

#include "env.h"

static struct env env;

static void row_init(struct row *row)
{
	memset(row, 0, sizeof(*row));
	assert_int_equal(ext_builder_init(&row->ext, &env), 0);
	row_reset(row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
}

static void test_entries(void **state)
{
	struct row row;
	uint32_t number = 0;
	size_t length;
	const char *name;

	(void)state;
	row_init(&row);
	assert_int_equal(row_put(&row, EXT_MARK, &(uint32_t){ 42 }, 4), 0);
	assert_int_equal(row_put(&row, EXT_CONGESTION, "cubic", 5), 0);
	assert_int_equal(row_put(&row, EXT_ABSTRACT, NULL, 0), 0);
	/* The second of a kind changes nothing. */
	assert_int_equal(row_put(&row, EXT_MARK, &(uint32_t){ 43 }, 4), 0);

	assert_true(ext_read(row.sock.ext, EXT_MARK, &number, sizeof(number)));
	assert_int_equal(number, 42);
	name = ext_get(row.sock.ext, EXT_CONGESTION, &length);
	assert_int_equal(length, 5);
	assert_string_equal(name, "cubic"); /* terminated */
	assert_true(ext_has(row.sock.ext, EXT_ABSTRACT));
	assert_false(ext_has(row.sock.ext, EXT_PATH));
	assert_null(ext_get(row.sock.ext, EXT_PATH, &length));

	row_reset(&row, ESTAB_PROTO_UDP, ESTAB_FAMILY_INET6);
	assert_false(ext_has(row.sock.ext, EXT_MARK));
	ext_builder_free(&row.ext);
}

static void test_growth(void **state)
{
	struct row row;
	uint8_t *big = malloc(70000);
	size_t length;

	(void)state;
	memset(big, 'x', 70000);
	row_init(&row);
	assert_int_equal(row_put(&row, EXT_PATH, big, 30000), 0);
	assert_int_equal(row_put(&row, EXT_PEER_PATH, big, 30000), 0);
	assert_int_equal(row_put(&row, EXT_CONGESTION, big, 30000), -E2BIG);
	assert_int_equal(row_put(&row, EXT_TOS, big, 70000), -E2BIG);
	assert_memory_equal(ext_get(row.sock.ext, EXT_PEER_PATH, &length), big, 30000);
	assert_int_equal(length, 30000);
	ext_builder_free(&row.ext);
	free(big);
}

static void test_identity(void **state)
{
	struct estab_socket a = { .state = ESTAB_STATE_TIME_WAIT, .local_port = 1, .peer_port = 2 };
	struct estab_socket b = a;

	(void)state;
	assert_true(record_identity(&a) == record_identity(&b));
	b.peer_port = 3;
	assert_true(record_identity(&a) != record_identity(&b));
	b = a;
	b.inet.peer[15] = 1;
	assert_true(record_identity(&a) != record_identity(&b));

	/* A cookie and an inode of the same number are not the same. */
	a.inode = 7;
	b = a;
	b.has |= HAS_COOKIE;
	b.cookie = 7;
	assert_true(record_identity(&a) != record_identity(&b));
	/* With a cookie nothing else counts. */
	a = b;
	a.inode = 8;
	a.state = ESTAB_STATE_ESTABLISHED;
	assert_true(record_identity(&a) == record_identity(&b));
	/* But for a bound socket beside the time-wait socket of its last connection. */
	b.state = ESTAB_STATE_BOUND;
	assert_true(record_identity(&a) != record_identity(&b));
	a.cookie = 0;
	assert_true(record_identity(&a) != 0);
}

/* Without a cookie, in text. */
static void test_identity_by_inode(void **state)
{
	struct estab_socket a = { .state = ESTAB_STATE_ESTABLISHED, .inode = 7, .peer_port = 2 };
	struct estab_socket b = a;

	(void)state;
	/* The subflows of an MPTCP connection have one inode; a connection's state changes. */
	b.state = ESTAB_STATE_CLOSE_WAIT;
	assert_true(record_identity(&a) == record_identity(&b));
	b.peer_port = 3;
	assert_true(record_identity(&a) != record_identity(&b));
	/* A UDP socket is connected to another peer, and stays the same. */
	a.proto = b.proto = ESTAB_PROTO_UDP;
	assert_true(record_identity(&a) == record_identity(&b));

	/* Where there is no inode, either. */
	a = (struct estab_socket){ .proto = ESTAB_PROTO_NETLINK, .family = ESTAB_FAMILY_NETLINK };
	b = a;
	a.netlink.groups = 1;
	assert_true(record_identity(&a) == record_identity(&b));
	b.netlink.protocol = 4;
	assert_true(record_identity(&a) != record_identity(&b));
	b = a;
	b.netlink.portid = 4;
	assert_true(record_identity(&a) != record_identity(&b));
	a = (struct estab_socket){ .proto = ESTAB_PROTO_IPX, .family = ESTAB_FAMILY_IPX };
	b = a;
	b.other.serial = 2;
	assert_true(record_identity(&a) != record_identity(&b));
	a = (struct estab_socket){ .proto = ESTAB_PROTO_PACKET, .family = ESTAB_FAMILY_PACKET };
	b = a;
	b.packet.serial = 2;
	assert_true(record_identity(&a) != record_identity(&b));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_identity_by_inode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
