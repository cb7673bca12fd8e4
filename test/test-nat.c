/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Sockets joined with the connection table, from a capture of both: test/golden/README.md. */
#include "nat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "netaddr.h"
#include "util.h"

struct fixture {
	struct estab_ctx *ctx;
	struct estab_query *query;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	const char *top = getenv("ESTAB_SRCDIR");
	char directory[512];
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = directory };

	assert_non_null(fixture);
	snprintf(directory, sizeof(directory), "%s/test/golden/proc-nat", top ? top : ".");
	assert_int_equal(estab_ctx_new(&options, &fixture->ctx), 0);
	assert_int_equal(estab_query_new(fixture->ctx, &fixture->query), 0);
	assert_int_equal(estab_query_set_protos(fixture->query,
						1 << ESTAB_PROTO_TCP | 1 << ESTAB_PROTO_UDP),
			 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	estab_query_unref(fixture->query);
	estab_ctx_unref(fixture->ctx);
	free(fixture);
	return 0;
}

static void expect_text(const struct estab_socket *sock, enum estab_field field, const char *wanted)
{
	char buffer[256];
	int length = estab_socket_format(sock, field, buffer, sizeof(buffer));

	if (!wanted) {
		assert_int_equal(length, -ENODATA);
		return;
	}
	assert_in_range(length, 0, sizeof(buffer) - 1);
	buffer[length] = '\0';
	assert_string_equal(buffer, wanted);
}

/* By the local port; of the two with 40210, UDP's comes first. */
static const struct {
	uint16_t port;
	const char *kind;
	const char *peer;
	const char *text;
	uint64_t hops;
	bool ambiguous;
} wanted[] = {
	{ 40210, "dnat", "10.244.1.10:5353",
	  "10.0.0.5:40210 → 10.96.0.1:53 (really 10.244.1.10:5353)", 1, false },
	{ 40210, "dnat", "10.244.1.7:8443",
	  "10.0.0.5:40210 → 10.96.0.1:443 (really 10.244.1.7:8443)", 1, false },
	{ 8443, "both", "192.0.2.1:7777",
	  "10.0.0.7:8443 ← 10.0.0.9:5000 (really 192.0.2.1:7777, asked for 198.51.100.1:443)", 1,
	  false },
	/* The flow's connection is over: the socket is a later one. */
	{ 40211, NULL, NULL, NULL, 0, false },
	{ 40212, "dnat", "10.244.1.7:8443",
	  "10.0.0.5:40212 → 10.96.0.1:443 (really 10.244.1.7:8443, ambiguous)", 1, true },
	{ 40213, "both", "10.244.1.9:9443",
	  "10.0.0.5:40213 → 10.96.0.2:443 (really 10.244.1.9:9443, as 192.0.2.9:50000)", 2, false },
	{ 40214, "snat", "8.8.8.8:443", "10.0.0.5:40214 → 8.8.8.8:443 (as 192.0.2.9:1024)", 1,
	  false },
	{ 40215, NULL, NULL, NULL, 0, false },
	{ 40216, "dnat", "10.244.1.7:8443",
	  "10.0.0.5:40216 → 10.96.0.1:443 (really 10.244.1.7:8443)", 1, false },
	{ 22, "both", "10.0.0.6:40217",
	  "10.0.0.5:22 ← 10.0.0.5:40217 (really 10.0.0.6:40217, asked for 192.0.2.9:2222)", 1,
	  false },
	/* IPv4 in an IPv6 socket. */
	{ 40218, "dnat", "10.244.1.7:8443",
	  "10.0.0.5:40218 → 10.96.0.1:443 (really 10.244.1.7:8443)", 1, false },
	{ 40219, "dnat", "[2001:db8:1::7]:8443",
	  "[2001:db8::5]:40219 → [2001:db8:96::1]:443 (really [2001:db8:1::7]:8443)", 1, false },
};

static void test_join(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	struct estab_scan *scan;
	size_t n = 0;
	int r;

	assert_int_equal(estab_query_add_field(fixture->query, ESTAB_F_NAT), 0);
	assert_int_equal(estab_scan_open(fixture->query, &scan), 0);
	for (; (r = estab_scan_next(scan, &sock)) == 0; n++) {
		uint64_t number = 0;

		assert_true(n < ARRAY_SIZE(wanted));
		print_message("%u\n", wanted[n].port);
		assert_int_equal(sock->local_port, wanted[n].port);
		expect_text(sock, ESTAB_F_NAT_KIND, wanted[n].kind);
		expect_text(sock, ESTAB_F_NAT_PEER, wanted[n].peer);
		expect_text(sock, ESTAB_F_NAT, wanted[n].text);
		assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_NAT_HOPS, &number),
				 wanted[n].kind ? 0 : -ENODATA);
		assert_int_equal(number, wanted[n].hops);
		number = 0;
		estab_socket_get_u64(sock, ESTAB_F_NAT_AMBIGUOUS, &number);
		assert_int_equal(number, wanted[n].ambiguous);
	}
	assert_int_equal(r, 1);
	assert_int_equal(n, ARRAY_SIZE(wanted));
	assert_true(estab_result_is_complete(estab_scan_result(scan)));
	estab_scan_close(scan);
}

static size_t count_matches(struct fixture *fixture, const char *filter)
{
	struct estab_snapshot *snapshot;
	size_t count;

	assert_int_equal(estab_query_set_filter(fixture->query, filter, NULL, NULL), 0);
	assert_int_equal(estab_snapshot_take(fixture->query, &snapshot), 0);
	count = estab_snapshot_count(snapshot);
	estab_snapshot_unref(snapshot);
	return count;
}

/* The join comes last: what it finds out decides just the same. */
static void test_filter(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(count_matches(fixture, "nat.kind = dnat"), 6);
	assert_int_equal(count_matches(fixture, "nat.kind = snat"), 1);
	assert_int_equal(count_matches(fixture, "exists nat.kind and dport = 443"), 7);
	assert_int_equal(count_matches(fixture, "not exists nat.kind"), 2);
	assert_int_equal(count_matches(fixture, "nat.peer.addr = 10.244.0.0/16"), 6);
	assert_int_equal(count_matches(fixture, "nat.peer.port = 9443 or sport = 22"), 2);
	assert_int_equal(count_matches(fixture, "nat.ambiguous"), 1);
	assert_int_equal(count_matches(fixture, "nat.hops > 1"), 1);
	assert_int_equal(count_matches(fixture, "nat.orig.dst.addr = 192.0.2.9"), 1);
}

/* ---- several namespaces ---- */

static void read_end(const char *text, uint16_t port, uint8_t bytes[16], uint16_t *ret_port)
{
	memset(bytes, 0, 16);
	assert_int_equal(inet_pton(AF_INET, text, bytes), 1);
	*ret_port = port;
}

/* Adds a flow of that namespace from one address to another, which it sends on to a third. */
static void add_flow(struct nat_table *table, uint32_t netns, uint16_t zone, uint64_t start_ns,
		     const char *from, const char *to, const char *really)
{
	struct flow flow = {
		.has = FLOW_HAS_STATE | FLOW_HAS_ZONE | (start_ns ? FLOW_HAS_START : 0),
		.state = 3, /* ESTABLISHED */
		.start_ns = start_ns,
		.zone = zone,
		.l4proto = IPPROTO_TCP,
	};
	struct flow_reading reading = { .netns = netns };
	struct flow_tuple *orig = &flow.tuples[FLOW_ORIG];
	struct flow_tuple *reply = &flow.tuples[FLOW_REPLY];
	struct env env = { .empty = { 0 } };
	struct row row = { 0 };
	uint16_t port;

	read_end(from, 1000, orig->src, &port);
	orig->src_port = port;
	read_end(to, 80, orig->dst, &port);
	orig->dst_port = port;
	read_end(really, 8080, reply->src, &port);
	reply->src_port = port;
	read_end(from, 1000, reply->dst, &port);
	reply->dst_port = port;
	env.empty.env = &env;
	assert_int_equal(ext_builder_init(&row.ext, &env), 0);
	assert_int_equal(flow_fill(&reading, ESTAB_FAMILY_INET, &flow, &row), 0);
	assert_int_equal(nat_table_add(table, &row.sock), 0);
	ext_builder_free(&row.ext);
}

static void own(struct netaddrs *netaddrs, uint64_t netns, const char *addr)
{
	struct netaddr_set set = { .netns = netns, .known = true };
	struct in_addr in;

	assert_int_equal(inet_pton(AF_INET, addr, &in), 1);
	assert_int_equal(netaddr_set_add(&set, &in, sizeof(in)), 0);
	assert_int_equal(netaddrs_add(netaddrs, &set), 0);
}

/* Where the flow that is found leads, by the last part of the address: 0: there is none; negative: it is
 * ambiguous. */
static int leads_to(const struct nat_table *table, uint32_t netns, const char *from, const char *to)
{
	struct flow_tuple tuple = { 0 };
	struct nat_way way = { .tuple = &tuple, .netns = netns, .l4proto = IPPROTO_TCP };
	const struct nat_flow *flow;
	bool ambiguous = false;
	uint16_t port;

	read_end(from, 1000, tuple.src, &port);
	tuple.src_port = port;
	read_end(to, 80, tuple.dst, &port);
	tuple.dst_port = port;
	flow = nat_table_find(table, FLOW_ORIG, &way, &ambiguous);
	if (!flow)
		return 0;
	return (ambiguous ? -1 : 1) * flow->tuples[FLOW_REPLY].src[3];
}

static void test_namespaces(void **state)
{
	struct netaddrs netaddrs = { 0 };
	struct nat_table table = { .netaddrs = &netaddrs };

	(void)state;
	own(&netaddrs, 1, "10.0.0.1");
	own(&netaddrs, 2, "10.0.0.2");
	own(&netaddrs, 3, "10.0.0.3");
	/* Of a router, which passes on what others send; */
	add_flow(&table, 2, 0, 0, "10.0.0.1", "10.9.0.1", "10.1.0.11");
	/* the same, and the sender's own has translated it before; */
	add_flow(&table, 2, 0, 0, "10.0.0.1", "10.9.0.2", "10.1.0.12");
	add_flow(&table, 1, 0, 0, "10.0.0.1", "10.9.0.2", "10.1.0.13");
	/* what another one itself has sent, or keeps to itself; */
	add_flow(&table, 2, 0, 0, "10.0.0.2", "10.9.0.3", "10.1.0.14");
	add_flow(&table, 2, 0, 0, "127.0.0.1", "127.0.0.2", "10.1.0.15");
	/* two routers with the same addresses, and two zones of one; */
	add_flow(&table, 2, 0, 0, "10.0.0.1", "10.9.0.4", "10.1.0.16");
	add_flow(&table, 3, 0, 0, "10.0.0.1", "10.9.0.4", "10.1.0.17");
	add_flow(&table, 2, 5, 2000, "10.0.0.1", "10.9.0.5", "10.1.0.18");
	add_flow(&table, 2, 0, 1000, "10.0.0.1", "10.9.0.5", "10.1.0.19");
	/* two that agree. */
	add_flow(&table, 2, 5, 0, "10.0.0.1", "10.9.0.6", "10.1.0.20");
	add_flow(&table, 2, 0, 0, "10.0.0.1", "10.9.0.6", "10.1.0.20");
	assert_int_equal(nat_table_index(&table), 0);

	assert_int_equal(leads_to(&table, 1, "10.0.0.1", "10.9.0.1"), 11);
	assert_int_equal(leads_to(&table, 0, "10.0.0.1", "10.9.0.1"), 11);
	assert_int_equal(leads_to(&table, 1, "10.0.0.1", "10.9.0.2"), 13);
	assert_int_equal(leads_to(&table, 1, "10.0.0.2", "10.9.0.3"), 0);
	assert_int_equal(leads_to(&table, 2, "10.0.0.2", "10.9.0.3"), 14);
	assert_int_equal(leads_to(&table, 1, "127.0.0.1", "127.0.0.2"), 0);
	assert_int_equal(leads_to(&table, 2, "127.0.0.1", "127.0.0.2"), 15);
	assert_true(leads_to(&table, 1, "10.0.0.1", "10.9.0.4") < 0);
	assert_int_equal(leads_to(&table, 3, "10.0.0.1", "10.9.0.4"), 17);
	/* The one that began last. */
	assert_int_equal(leads_to(&table, 1, "10.0.0.1", "10.9.0.5"), -18);
	assert_int_equal(leads_to(&table, 1, "10.0.0.1", "10.9.0.6"), 20);
	nat_table_free(&table);
	netaddrs_free(&netaddrs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_join, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test(test_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
