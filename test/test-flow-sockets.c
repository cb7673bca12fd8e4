/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Whose flows are: from a capture of both (test/golden/README.md), and from made-up sockets of several namespaces. */
#include "flow-sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env.h"
#include "flow.h"
#include "nat.h"
#include "store.h"
#include "util.h"

/* ---- a capture ---- */

/* By the flow's source port, in the table's order. */
static const struct {
	uint64_t port;
	const char *direction; /* NULL: undecided, for a capture has no addresses */
	uint64_t inode;        /* 0: no socket */
} wanted[] = {
	{ 40210, "out", 1000 },
	{ 7777, "in", 1001 },
	/* Its connection is over; the socket that has its tuple is a later one. */
	{ 40211, NULL, 0 },
	{ 40212, "out", 1003 },
	{ 40212, "out", 1003 },
	{ 40213, "out", 1004 },
	/* Behind a translation. */
	{ 40213, "out", 1004 },
	{ 40214, "out", 1005 },
	{ 40215, "out", 1006 },
	{ 40216, "out", 1007 },
	{ 40217, "in", 1008 },
	/* IPv4 in an IPv6 socket. */
	{ 40218, "out", 1100 },
	{ 40219, "out", 1101 },
	{ 40210, "out", 1200 },
};

static struct estab_query *query_of_flows(struct estab_ctx **ret_ctx)
{
	static const enum estab_field fields[] = { ESTAB_F_ORIG_SRC_PORT, ESTAB_F_DIRECTION,
						   ESTAB_F_SOCKET, ESTAB_F_IN_INTERFACE };
	const char *top = getenv("ESTAB_SRCDIR");
	char directory[512];
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = directory };
	struct estab_query *query;

	snprintf(directory, sizeof(directory), "%s/test/golden/proc-nat", top ? top : ".");
	assert_int_equal(estab_ctx_new(&options, ret_ctx), 0);
	assert_int_equal(estab_query_new(*ret_ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		assert_int_equal(estab_query_add_field(query, fields[i]), 0);
	return query;
}

static void test_capture(void **state)
{
	struct estab_ctx *ctx;
	struct estab_query *query = query_of_flows(&ctx);
	const struct estab_socket *row;
	struct estab_scan *scan;
	size_t n = 0;
	int r;

	(void)state;
	assert_int_equal(estab_scan_open(query, &scan), 0);
	for (; (r = estab_scan_next(scan, &row)) == 0; n++) {
		const char *direction = NULL;
		const char *device;
		uint64_t port = 0;
		uint64_t inode = 0;
		uint64_t ambiguous = 0;

		assert_true(n < ARRAY_SIZE(wanted));
		estab_socket_get_u64(row, ESTAB_F_ORIG_SRC_PORT, &port);
		assert_int_equal(port, wanted[n].port);
		estab_socket_get_str(row, ESTAB_F_DIRECTION, &direction);
		if (wanted[n].direction)
			assert_string_equal(direction, wanted[n].direction);
		else
			assert_null(direction);
		estab_socket_get_u64(row, ESTAB_F_SOCKET_INODE, &inode);
		assert_int_equal(inode, wanted[n].inode);
		estab_socket_get_u64(row, ESTAB_F_SOCKET_AMBIGUOUS, &ambiguous);
		assert_int_equal(ambiguous, 0);
		assert_int_equal(estab_socket_get_str(row, ESTAB_F_IN_INTERFACE, &device),
				 -ENODATA);
	}
	assert_int_equal(r, 1);
	assert_int_equal(n, ARRAY_SIZE(wanted));
	estab_scan_close(scan);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

static size_t count_matches(struct estab_query *query, const char *filter)
{
	struct estab_snapshot *snapshot;
	size_t count;

	assert_int_equal(estab_query_set_filter(query, filter, NULL, NULL), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	count = estab_snapshot_count(snapshot);
	estab_snapshot_unref(snapshot);
	return count;
}

/* In a snapshot, where rows are kept, as in a scan. */
static void test_filter(void **state)
{
	struct estab_ctx *ctx;
	struct estab_query *query = query_of_flows(&ctx);

	(void)state;
	assert_int_equal(count_matches(query, "direction = out"), 11);
	assert_int_equal(count_matches(query, "direction = in and nat.kind = both"), 2);
	assert_int_equal(count_matches(query, "not exists socket.inode"), 1);
	assert_int_equal(count_matches(query, "socket.inode = 1004"), 2);
	assert_int_equal(count_matches(query, "nat.kind = dnat"), 9);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

/* ---- the index ---- */

struct setting {
	struct env env;
	struct store store;
	struct row row;
	struct socket_index index;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	setting->env.empty.env = &setting->env;
	store_init(&setting->store, &setting->env);
	assert_int_equal(ext_builder_init(&setting->row.ext, &setting->env), 0);
	setting->index.store = &setting->store;
	setting->index.netaddrs = &setting->env.netaddrs;
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	socket_index_free(&setting->index);
	ext_builder_free(&setting->row.ext);
	store_free(&setting->store);
	netaddrs_free(&setting->env.netaddrs);
	free(setting);
	return 0;
}

static enum estab_family read_addr(const char *text, uint8_t bytes[16])
{
	bool v6 = text && strchr(text, ':');

	memset(bytes, 0, 16);
	if (text)
		assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes), 1);
	return v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
}

/* Adds a socket: its inode is its number, from 1. */
static void add(struct setting *setting, uint32_t netns, enum estab_proto proto,
		enum estab_state state, const char *local, uint16_t local_port, const char *peer,
		uint16_t peer_port)
{
	struct estab_socket *sock = &setting->row.sock;
	uint8_t bytes[16];

	row_reset(&setting->row, proto, read_addr(local, bytes));
	memcpy(sock->inet.local, bytes, sizeof(bytes));
	read_addr(peer, sock->inet.peer);
	sock->local_port = local_port;
	sock->peer_port = peer_port;
	sock->state = (uint8_t)state;
	sock->netns = netns;
	sock->inode = setting->store.count + 1;
	sock->has = HAS_NETNS | HAS_INODE;
	if (proto == ESTAB_PROTO_RAW) {
		uint8_t icmp = IPPROTO_ICMP;

		assert_int_equal(row_put(&setting->row, EXT_PROTOCOL, &icmp, 1), 0);
	}
	assert_int_equal(store_add(&setting->store, &setting->row), 0);
}

static void own(struct setting *setting, uint32_t netns, const char *addr)
{
	struct netaddr_set set = { .netns = netns, .known = true };
	uint8_t bytes[16];
	bool v6 = read_addr(addr, bytes) == ESTAB_FAMILY_INET6;

	assert_int_equal(netaddr_set_add(&set, bytes, v6 ? 16 : 4), 0);
	assert_int_equal(netaddrs_add(&setting->env.netaddrs, &set), 0);
}

static void finish(struct setting *setting)
{
	assert_int_equal(socket_index_fill(&setting->index), 0);
	assert_int_equal(socket_index_finish(&setting->index), 0);
}

enum { HERE = 1 << 0, ELSEWHERE = 1 << 1, AMBIGUOUS = 1000 };

/* The inode of what is found, or 0; plus AMBIGUOUS if it is. */
static uint64_t find(struct setting *setting, uint32_t netns, uint8_t l4proto, const char *src,
		     uint16_t src_port, const char *dst, uint16_t dst_port, unsigned int where)
{
	struct flow_tuple tuple = { .src_port = src_port, .dst_port = dst_port };
	struct nat_way way = { .tuple = &tuple, .netns = netns, .l4proto = l4proto };
	struct socket_end end = {
		.way = &way,
		.ct_state = 3, /* ESTABLISHED */
		.may_be_here = where & HERE,
		.may_be_elsewhere = where & ELSEWHERE,
	};
	const struct estab_socket *found;
	bool ambiguous;

	way.inet6 = read_addr(src, tuple.src) == ESTAB_FAMILY_INET6;
	read_addr(dst, tuple.dst);
	found = socket_index_find(&setting->index, &end, &ambiguous);
	assert_true(found || !ambiguous);
	return found ? found->inode + (ambiguous ? AMBIGUOUS : 0) : 0;
}

#define TCP ESTAB_PROTO_TCP, ESTAB_STATE_ESTABLISHED
#define UDP ESTAB_PROTO_UDP, ESTAB_STATE_UNCONNECTED

static void test_tcp(void **state)
{
	struct setting *setting = *state;

	add(setting, 1, TCP, "10.0.0.1", 1000, "10.0.0.2", 80);
	add(setting, 1, ESTAB_PROTO_TCP, ESTAB_STATE_LISTEN, "0.0.0.0", 80, NULL, 0);
	add(setting, 1, TCP, "::ffff:10.0.0.1", 1001, "::ffff:10.0.0.2", 80);
	add(setting, 2, TCP, "10.0.0.9", 1000, "10.0.0.2", 80);
	add(setting, 3, TCP, "10.0.0.8", 1000, "10.0.0.2", 80);
	add(setting, 4, TCP, "10.0.0.8", 1000, "10.0.0.2", 80);
	add(setting, 1, ESTAB_PROTO_TCP, ESTAB_STATE_SYN_SENT, "10.0.0.1", 1002, "10.0.0.2", 80);
	finish(setting);
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.2", 80, HERE), 1);
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.1", 1001, "10.0.0.2", 80, HERE), 3);
	/* A listener is nobody's end, and another protocol is another key. */
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.1", 80, "10.0.0.3", 9, HERE), 0);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 1000, "10.0.0.2", 80, HERE), 0);
	/* Of another namespace, where the flow's has not that address itself. */
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.9", 1000, "10.0.0.2", 80, ELSEWHERE),
			 4);
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.9", 1000, "10.0.0.2", 80, HERE), 0);
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.8", 1000, "10.0.0.2", 80,
			      ELSEWHERE) > AMBIGUOUS,
			 1);
	assert_int_equal(find(setting, 3, IPPROTO_TCP, "10.0.0.8", 1000, "10.0.0.2", 80,
			      HERE | ELSEWHERE),
			 5);
	assert_int_equal(find(setting, 1, IPPROTO_TCP, "10.0.0.1", 1002, "10.0.0.2", 80, HERE), 7);
}

static void test_from_everyone(void **state)
{
	struct setting *setting = *state;
	uint8_t yes = 1;

	add(setting, 1, UDP, "0.0.0.0", 53, NULL, 0);
	add(setting, 1, UDP, "10.0.0.1", 53, NULL, 0);
	add(setting, 1, UDP, "::", 54, NULL, 0);
	add(setting, 1, UDP, "10.0.0.1", 55, "10.0.0.2", 9);
	add(setting, 1, UDP, "0.0.0.0", 55, NULL, 0);
	add(setting, 2, UDP, "0.0.0.0", 56, NULL, 0);
	add(setting, 1, UDP, "0.0.0.0", 57, NULL, 0);
	add(setting, 1, UDP, "0.0.0.0", 57, NULL, 0);
	row_reset(&setting->row, ESTAB_PROTO_UDP, ESTAB_FAMILY_INET6);
	setting->row.sock.local_port = 58;
	setting->row.sock.netns = 1;
	setting->row.sock.has = HAS_NETNS;
	assert_int_equal(row_put(&setting->row, EXT_V6ONLY, &yes, 1), 0);
	assert_int_equal(store_add(&setting->store, &setting->row), 0);
	own(setting, 2, "10.0.2.1");
	finish(setting);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 53, "10.9.9.9", 7, HERE), 2);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.3", 53, "10.9.9.9", 7, HERE), 1);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.3", 53, "10.9.9.9", 7, ELSEWHERE),
			 0);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.3", 54, "10.9.9.9", 7, HERE), 3);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "2001:db8::1", 54, "2001:db8::2", 7, HERE),
			 3);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "2001:db8::1", 53, "2001:db8::2", 7, HERE),
			 0);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 58, "10.9.9.9", 7, HERE), 0);
	/* Whose addresses are not known, who is bound to one still has it. */
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 53, "10.9.9.9", 7, 0), 2);
	/* The whole tuple first. */
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 55, "10.0.0.2", 9, HERE), 4);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.0.1", 55, "10.0.0.2", 8, HERE), 5);
	/* Elsewhere, only who has the address. */
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.2.1", 56, "10.9.9.9", 7, ELSEWHERE),
			 6);
	assert_int_equal(find(setting, 1, IPPROTO_UDP, "10.0.2.2", 56, "10.9.9.9", 7, ELSEWHERE),
			 0);
	assert_int_equal(
		find(setting, 1, IPPROTO_UDP, "10.0.0.1", 57, "10.9.9.9", 7, HERE) > AMBIGUOUS, 1);
}

static void test_icmp(void **state)
{
	struct setting *setting = *state;

	add(setting, 1, ESTAB_PROTO_ICMP, ESTAB_STATE_UNCONNECTED, "0.0.0.0", 77, NULL, 0);
	add(setting, 1, ESTAB_PROTO_RAW, ESTAB_STATE_UNCONNECTED, "0.0.0.0", 1, NULL, 0);
	add(setting, 1, ESTAB_PROTO_ICMP, ESTAB_STATE_ESTABLISHED, "10.0.0.1", 78, "10.0.0.2", 9);
	finish(setting);
	assert_int_equal(find(setting, 1, IPPROTO_ICMP, "10.0.0.1", 77, "10.0.0.2", 0, HERE), 1);
	assert_int_equal(find(setting, 1, IPPROTO_ICMP, "10.0.0.1", 78, "10.0.0.2", 0, HERE), 3);
	/* A raw one gets all there is of its protocol. */
	assert_int_equal(find(setting, 1, IPPROTO_ICMP, "10.0.0.1", 79, "10.0.0.2", 0, HERE), 2);
	assert_int_equal(find(setting, 1, IPPROTO_GRE, "10.0.0.1", 0, "10.0.0.2", 0, HERE), 0);
}

static void test_alias(void **state)
{
	struct setting *setting = *state;
	struct flow_tuple tuple = { .src_port = 5000, .dst_port = 443 };
	struct nat_way way = { .tuple = &tuple, .netns = 2, .l4proto = IPPROTO_TCP };

	add(setting, 1, TCP, "10.0.0.1", 1000, "10.0.0.2", 80);
	read_addr("192.0.2.1", tuple.src);
	read_addr("203.0.113.5", tuple.dst);
	assert_int_equal(socket_index_alias(&setting->index, store_at(&setting->store, 0), &way),
			 0);
	finish(setting);
	assert_int_equal(
		find(setting, 3, IPPROTO_TCP, "192.0.2.1", 5000, "203.0.113.5", 443, ELSEWHERE), 1);
	assert_int_equal(find(setting, 3, IPPROTO_TCP, "10.0.0.1", 1000, "10.0.0.2", 80, ELSEWHERE),
			 1);
	assert_int_equal(
		find(setting, 3, IPPROTO_TCP, "192.0.2.1", 5001, "203.0.113.5", 443, ELSEWHERE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture),
		cmocka_unit_test(test_filter),
		cmocka_unit_test_setup_teardown(test_tcp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_from_everyone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_icmp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_alias, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
