/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Flows: the text, ctnetlink's messages, and what of a filter the kernel is told. */
#include "flow.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "env.h"
#include "filter-flow.h"
#include "filter.h"
#include "util.h"
#include "written.h"

enum { MESSAGE_MAX = 1024 };

/* A row, and what it is decoded by. */
struct fixture {
	struct estab_ctx *ctx;
	struct env *env;
	struct row row;
	struct flow_reading reading;
	struct written output;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	enum estab_field field = ESTAB_F_NONE;
	struct estab_query *query;

	assert_non_null(fixture);
	assert_int_equal(estab_ctx_new(NULL, &fixture->ctx), 0);
	assert_int_equal(estab_query_new(fixture->ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS), 0);
	while ((field = estab_field_next(field)) != ESTAB_F_NONE)
		estab_query_add_field(query, field);
	assert_int_equal(env_new(fixture->ctx, query, &fixture->env), 0);
	assert_int_equal(ext_builder_init(&fixture->row.ext, fixture->env), 0);
	fixture->reading = (struct flow_reading){
		.needs = fixture->env->plan.needs,
		.netns = 7,
		.families = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
		.now_ns = UINT64_C(1700000100000000000),
	};
	estab_query_unref(query);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ext_builder_free(&fixture->row.ext);
	env_unref(fixture->env);
	estab_ctx_unref(fixture->ctx);
	free(fixture);
	return 0;
}

static const char *json_of(struct fixture *fixture)
{
	fixture->output.length = 0;
	assert_int_equal(estab_socket_write_json(&fixture->row.sock, written_put, &fixture->output),
			 0);
	return fixture->output.text;
}

static int read_line(struct fixture *fixture, const char *line)
{
	return ct_text_line(&fixture->reading, (struct cursor){ line, line + strlen(line) },
			    &fixture->row);
}

/* ---- text ---- */

/* As test/golden/README.md has it decoded by hand. */
static void test_capture(void **state)
{
	static const char expected[] =
		"{\"proto\":\"icmp\",\"timeout_s\":23,\"flow\":{\"status\":[\"seen-reply\"]},\"orig\":{\"src\":{"
		"\"addr\":\"10.1.1.14\"},\"dst\":{\"addr\":\"10.1.1.1\"},\"icmp\":{\"type\":8,\"code\":0,\"id\":10017}},"
		"\"reply\":{\"src\":{\"addr\":\"10.1.1.1\"}}}\n"
		"{\"proto\":null,\"timeout_s\":597,\"flow\":{\"status\":[\"unreplied\"]},\"orig\":{\"src\":{"
		"\"addr\":\"10.1.1.10\"},\"dst\":{\"addr\":\"224.0.0.1\"}},\"reply\":{\"src\":{\"addr\":\"224.0.0.1\"}}}\n"
		"{\"proto\":\"udp\",\"timeout_s\":17,\"flow\":{\"status\":[\"unreplied\"]},\"orig\":{\"src\":{"
		"\"addr\":\"10.1.1.181\",\"port\":17500},\"dst\":{\"addr\":\"10.1.1.255\",\"port\":17500}},\"reply\":{"
		"\"src\":{\"addr\":\"10.1.1.255\"}}}\n"
		"{\"proto\":\"tcp\",\"timeout_s\":431999,\"flow\":{\"state\":\"established\",\"status\":["
		"\"seen-reply\",\"assured\"]},\"orig\":{\"src\":{\"addr\":\"10.1.1.14\",\"port\":22},\"dst\":{\"addr\":"
		"\"10.1.1.2\",\"port\":49218}},\"reply\":{\"src\":{\"addr\":\"10.1.1.2\"}}}\n"
		"{\"proto\":\"icmp\",\"timeout_s\":28,\"flow\":{\"status\":[\"seen-reply\"]},\"orig\":{\"src\":{"
		"\"addr\":\"10.1.1.14\"},\"dst\":{\"addr\":\"8.8.8.8\"},\"icmp\":{\"type\":8,\"code\":0,\"id\":13601}},"
		"\"reply\":{\"src\":{\"addr\":\"8.8.8.8\"}}}\n";
	static const enum estab_field fields[] = {
		ESTAB_F_PROTO,          ESTAB_F_TIMEOUT_S,     ESTAB_F_FLOW_STATE,
		ESTAB_F_FLOW_STATUS,    ESTAB_F_ORIG_SRC_ADDR, ESTAB_F_ORIG_SRC_PORT,
		ESTAB_F_ORIG_DST_ADDR,  ESTAB_F_ORIG_DST_PORT, ESTAB_F_ORIG_ICMP,
		ESTAB_F_REPLY_SRC_ADDR, ESTAB_F_NAT_KIND,
	};
	const char *top = getenv("ESTAB_SRCDIR");
	char directory[512];
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = directory };
	struct written *output = calloc(1, sizeof(*output));
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	struct estab_ctx *ctx;
	int r;

	(void)state;
	assert_non_null(output);
	snprintf(directory, sizeof(directory), "%s/test/golden/proc-forum", top ? top : ".");
	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		assert_int_equal(estab_query_add_field(query, fields[i]), 0);
	assert_int_equal(estab_scan_open(query, &scan), 0);
	while ((r = estab_scan_next(scan, &sock)) == 0) {
		estab_socket_write_json(sock, written_put, output);
		written_put(output, "\n", 1);
	}
	assert_int_equal(r, 1);
	assert_true(estab_result_is_complete(estab_scan_result(scan)));
	assert_string_equal(output->text, expected);
	estab_scan_close(scan);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	free(output);
}

static void test_text(void **state)
{
	struct fixture *fixture = *state;
	const struct flow *flow;

	assert_int_equal(
		read_line(
			fixture,
			"ipv6     10 tcp      6 57 SYN_SENT2 src=fe80::1 dst=2001:db8::2 sport=65535 "
			"dport=0 zone-orig=3 packets=18446744073709551615 bytes=9 [UNREPLIED] "
			"src=2001:db8::3 dst=fe80::1 sport=1 dport=2 packets=0 bytes=0 mark=4294967295 "
			"secctx=a:b:c delta-time=12 new-key=1 use=2"),
		FLOW_ROW);
	flow = flow_of(&fixture->row.sock);
	assert_int_equal(fixture->row.sock.family, ESTAB_FAMILY_INET6);
	assert_int_equal(flow->l4proto, IPPROTO_TCP);
	assert_string_equal(flow_state_word(flow->l4proto, flow->state), "syn-sent2");
	assert_int_equal(flow->tuples[FLOW_ORIG].src_port, 65535);
	assert_int_equal(flow->tuples[FLOW_ORIG].zone, 3);
	assert_int_equal(flow->zone, 0);
	assert_true(flow->has & FLOW_HAS_ZONE);
	assert_true(flow->counts[FLOW_ORIG].packets == UINT64_MAX);
	assert_int_equal(flow->mark, UINT32_MAX);
	assert_int_equal(flow->duration_s, 12);
	assert_int_equal(flow->status, FLOW_UNREPLIED);
	assert_string_equal(flow_nat_word(flow), "both");
	assert_non_null(strstr(json_of(fixture), "\"secctx\":\"a:b:c\""));

	assert_int_equal(
		read_line(fixture,
			  "ipv4     2 tcp      6 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 "
			  "src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [HW_OFFLOAD] mark=0 zone=5 "
			  "use=3"),
		FLOW_ROW);
	flow = flow_of(&fixture->row.sock);
	assert_false(flow->has & (FLOW_HAS_TIMEOUT | FLOW_HAS_STATE));
	assert_int_equal(flow->zone, 5);
	assert_null(flow_nat_word(flow));
	/* Whether it is assured is not printed then. */
	assert_false(flow->status_known & FLOW_ASSURED);
	assert_non_null(strstr(json_of(fixture), "\"offload\":\"hardware\""));

	assert_int_equal(read_line(fixture, "ipv4 2 gre 47 29 timeout=30, stream_timeout=180 "
					    "src=1.1.1.1 dst=2.2.2.2 srckey=0x1f dstkey=0x0 "
					    "src=2.2.2.2 dst=1.1.1.1 srckey=0x0 dstkey=0x1f use=2"),
			 FLOW_ROW);
	assert_non_null(strstr(json_of(fixture), "\"src\":{\"addr\":\"1.1.1.1\",\"key\":31}"));
	assert_int_equal(read_line(fixture,
				   "sctp 132 9 COOKIE_WAIT src=1.1.1.1 dst=2.2.2.2 sport=1 "
				   "dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 use=1"),
			 FLOW_ROW);
	fixture->reading.families = BIT32(ESTAB_FAMILY_INET6);
	assert_int_equal(read_line(fixture, "udp 17 9 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 "
					    "src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 use=1"),
			 FLOW_SKIP);
}

static void test_bad_text(void **state)
{
	static const char *const lines[] = {
		"",
		"tcp",
		"tcp 6",
		"tcp 256 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"ipv4 10 udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"ipv6 10 udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2",
		"udp 17 1 src=1.1.1.1 src=1.1.1.1 dst=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 dst=1.1.1.1 src=1.1.1.1 dst=2.2.2.2 src=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1 src=1.1.1.1 dst=1.1.1.1",
		"udp 17 1 sport=1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=65536 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport= src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=-1 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"tcp 6 1 ESTABLISHE src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.256 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1 mark=4294967296",
		"gre 47 1 src=1.1.1.1 dst=2.2.2.2 srckey=0x10000 src=2.2.2.2 dst=1.1.1.1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 src=2.2.2.2 dst=1.1.1.1 junk",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		print_message("%s\n", lines[i]);
		assert_int_equal(read_line(fixture, lines[i]), -EBADMSG);
	}
}

/* ---- netlink ---- */

static void put_tuple(struct nlmsghdr *message, uint16_t type, bool v6)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type);
	struct nlattr *nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);
	uint8_t addr[16] = { 0x20, 1, [15] = (uint8_t)type };

	mnl_attr_put(message, v6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, v6 ? 16 : 4, addr);
	mnl_attr_put(message, v6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, v6 ? 16 : 4, addr);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_TCP);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(1000));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(443));
	mnl_attr_nest_end(message, nest);
	mnl_attr_put_u16(message, CTA_TUPLE_ZONE, htons(12));
	mnl_attr_nest_end(message, tuple);
}

static struct nlmsghdr *make_message(void *buffer, uint8_t family)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = family;
	return message;
}

static struct nlmsghdr *make_full(void *buffer)
{
	struct nlmsghdr *message = make_message(buffer, AF_INET6);
	uint8_t labels[16] = { 0x81, [15] = 0x80 };
	struct nlattr *nest, *inner;

	put_tuple(message, CTA_TUPLE_ORIG, true);
	put_tuple(message, CTA_TUPLE_REPLY, true);
	mnl_attr_put_u32(message, CTA_STATUS, htonl(FLOW_ASSURED | FLOW_CONFIRMED));
	mnl_attr_put_u32(message, CTA_TIMEOUT, htonl(77));
	mnl_attr_put_u32(message, CTA_MARK, htonl(0x12345678));
	mnl_attr_put_u32(message, CTA_ID, htonl(99));
	mnl_attr_put_u32(message, CTA_USE, htonl(2));
	mnl_attr_put_u16(message, CTA_ZONE, htons(300));
	nest = mnl_attr_nest_start(message, CTA_PROTOINFO);
	inner = mnl_attr_nest_start(message, CTA_PROTOINFO_TCP);
	mnl_attr_put_u8(message, CTA_PROTOINFO_TCP_STATE, 7);
	mnl_attr_nest_end(message, inner);
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_COUNTERS_ORIG);
	mnl_attr_put_u64(message, CTA_COUNTERS_PACKETS, htobe64(5));
	mnl_attr_put_u64(message, CTA_COUNTERS_BYTES, htobe64(UINT64_C(1) << 40));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TIMESTAMP);
	mnl_attr_put_u64(message, CTA_TIMESTAMP_START, htobe64(UINT64_C(1700000000123456789)));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_HELP);
	mnl_attr_put_strz(message, CTA_HELP_NAME, "ftp");
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_SECCTX);
	mnl_attr_put_strz(message, CTA_SECCTX_NAME, "system_u\033[2J");
	mnl_attr_nest_end(message, nest);
	mnl_attr_put(message, CTA_LABELS, sizeof(labels), labels);
	mnl_attr_put_u32(message, 1000, 0);
	return message;
}

static void test_netlink(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX];
	struct fixture *fixture = *state;
	struct nlmsghdr *message = make_full(buffer);

	assert_int_equal(ct_netlink_decode(&fixture->reading, message, &fixture->row), FLOW_ROW);
	assert_string_equal(
		json_of(fixture),
		"{\"proto\":\"tcp\",\"family\":\"inet6\",\"direction\":null,\"netns\":7,\"netns_name\":null,"
		"\"mark\":305419896,\"owners\":[],\"no_owner\":null,\"owners_complete\":null,\"peer_owners\":[],"
		"\"timeout_s\":77,\"zone\":300,\"labels\":[0,7,127],\"flow\":{\"l4proto\":6,"
		"\"state\":\"time-wait\",\"status\":[\"assured\",\"confirmed\",\"unreplied\"],"
		"\"helper\":\"ftp\",\"secctx\":\"system_u\\u001b[2J\",\"id\":99,\"use\":2,"
		"\"start\":\"2023-11-14T22:13:20.123456Z\",\"duration_s\":99},"
		"\"orig\":{\"src\":{\"addr\":\"2001::1\",\"port\":1000},\"dst\":{\"addr\":\"2001::1\","
		"\"port\":443},\"zone\":12,\"packets\":5,\"bytes\":1099511627776},"
		"\"reply\":{\"src\":{\"addr\":\"2001::2\",\"port\":1000},\"dst\":{\"addr\":\"2001::2\","
		"\"port\":443},\"zone\":12,\"packets\":null,\"bytes\":null},\"nat\":{\"kind\":\"both\"}}");
	fixture->reading.families = BIT32(ESTAB_FAMILY_INET);
	assert_int_equal(ct_netlink_decode(&fixture->reading, message, &fixture->row), FLOW_SKIP);
}

/* Cut anywhere, and with every attribute too short: nothing is read that isn't there. */
static void test_cut_netlink(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX];
	struct fixture *fixture = *state;
	uint32_t whole = make_full(buffer)->nlmsg_len;

	for (uint32_t length = NLMSG_HDRLEN; length <= whole; length++) {
		struct nlmsghdr *copy = malloc(length);
		int r;

		assert_non_null(copy);
		memcpy(copy, buffer, length);
		copy->nlmsg_len = length;
		r = ct_netlink_decode(&fixture->reading, copy, &fixture->row);
		assert_int_equal(r, length < NLMSG_LENGTH(sizeof(struct nfgenmsg)) ? -EBADMSG
										   : FLOW_ROW);
		if (r == FLOW_ROW)
			json_of(fixture);
		free(copy);
	}
}

static void test_other_messages(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX];
	struct fixture *fixture = *state;
	struct nlmsghdr *message = make_message(buffer, AF_UNIX);

	assert_int_equal(ct_netlink_decode(&fixture->reading, message, &fixture->row), -EBADMSG);
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS;
	assert_int_equal(ct_netlink_decode(&fixture->reading, message, &fixture->row), FLOW_SKIP);
	message->nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | IPCTNL_MSG_CT_NEW;
	assert_int_equal(ct_netlink_decode(&fixture->reading, message, &fixture->row), FLOW_SKIP);
}

/* What is deleted is named as it was read: a request, taken for a row, is the same flow. */
static void test_delete(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX], bytes[256];
	struct fixture *fixture = *state;
	struct nlmsghdr *request = nl_dump_request(
		bytes, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, sizeof(struct nfgenmsg));
	const struct flow *flow;

	assert_int_equal(ct_netlink_decode(&fixture->reading, make_full(buffer), &fixture->row),
			 FLOW_ROW);
	assert_int_equal(flow_delete_request(&fixture->row.sock, request), 0);
	assert_true(request->nlmsg_len <= sizeof(bytes));
	assert_int_equal(ct_netlink_decode(&fixture->reading, request, &fixture->row), FLOW_ROW);
	flow = flow_of(&fixture->row.sock);
	assert_int_equal(fixture->row.sock.family, ESTAB_FAMILY_INET6);
	assert_int_equal(flow->l4proto, IPPROTO_TCP);
	assert_int_equal(flow->zone, 300);
	assert_int_equal(flow->id, 99);
	assert_int_equal(flow->tuples[FLOW_ORIG].zone, 12);
	assert_int_equal(flow->tuples[FLOW_ORIG].src_port, 1000);
	assert_int_equal(flow->tuples[FLOW_ORIG].dst_port, 443);
	assert_int_equal(flow->tuples[FLOW_ORIG].src[15], CTA_TUPLE_ORIG);
	assert_int_equal(flow->tuples[FLOW_ORIG].dst[0], 0x20);
	/* The reply's is not told: what it is, is the entry's own business. */
	assert_int_equal(flow->tuples[FLOW_REPLY].has, 0);

	/* Text has no id. */
	assert_int_equal(read_line(fixture, "icmp 1 1 src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=1 "
					    "src=2.2.2.2 dst=1.1.1.1 type=0 code=0 id=1"),
			 FLOW_ROW);
	assert_int_equal(flow_delete_request(&fixture->row.sock, request), -ENODATA);
	row_reset(&fixture->row, ESTAB_PROTO_TCP, ESTAB_FAMILY_INET);
	assert_int_equal(flow_delete_request(&fixture->row.sock, request), -EPROTONOSUPPORT);
}

/* ---- identity ---- */

/* What may be in one table at a time is never taken for the same. */
static void test_identity(void **state)
{
	static const char *const lines[] = {
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1",
		"tcp 6 1 CLOSE src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=2 dport=1 src=2.2.2.2 dst=1.1.1.1 sport=1 dport=2",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 zone=1",
		"udp 17 1 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 zone-orig=1 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1",
		"icmp 1 1 src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=1 src=2.2.2.2 dst=1.1.1.1 type=0 code=0 id=1",
		"icmp 1 1 src=1.1.1.1 dst=2.2.2.2 type=8 code=0 id=2 src=2.2.2.2 dst=1.1.1.1 type=0 code=0 id=2",
		"icmp 1 1 src=1.1.1.1 dst=2.2.2.2 type=13 code=0 id=1 src=2.2.2.2 dst=1.1.1.1 type=14 code=0 id=1",
	};
	struct fixture *fixture = *state;
	uint64_t seen[ARRAY_SIZE(lines)];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(read_line(fixture, lines[i]), FLOW_ROW);
		seen[i] = record_identity(&fixture->row.sock);
		for (size_t j = 0; j < i; j++)
			assert_true(seen[i] != seen[j]);
	}
}

/* ---- filter ---- */

static void test_wants(void **state)
{
	static const struct {
		const char *expression;
		struct flow_wants wants;
	} cases[] = {
		{ "mark = 7", { .mark = 7, .mark_mask = UINT32_MAX } },
		{ "fwmark = 0x10/0xf0", { .mark = 0x10, .mark_mask = 0xf0 } },
		{ "mark > 7", { 0 } },
		{ "mark != 7", { 0 } },
		{ "not mark = 7", { 0 } },
		{ "mark = 7 or zone = 1", { 0 } },
		{ "(dport = 1 or dport = 2) and mark = 7", { .mark = 7, .mark_mask = UINT32_MAX } },
		{ "zone = 9 and dport = 443", { .zone = 9 } },
		/* Entries with a zone for one direction only would be lost. */
		{ "zone = 0", { 0 } },
		{ "zone in {1, 2}", { 0 } },
		{ "flow.status = assured", { .status = 4, .status_mask = 4 } },
		{ "flow.status != assured", { .status_mask = 4 } },
		{ "flow.status = unreplied", { .status_mask = 2 } },
		{ "flow.status != unreplied", { .status = 2, .status_mask = 2 } },
		{ "flow.status = assured flow.status = dnat",
		  { .status = 0x24, .status_mask = 0x24 } },
		{ "flow.status in {assured, dnat}", { 0 } },
		{ "not flow.status = assured", { 0 } },
		{ "dport = 443", { 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct flow_wants *wanted = &cases[i].wants;
		struct estab_filter *filter;
		struct flow_wants wants;

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_parse(cases[i].expression,
					      subject_find(ESTAB_SUBJECT_FLOWS), 0, &filter, NULL,
					      NULL),
				 0);
		filter_flow_wants(filter, &wants);
		assert_int_equal(wants.mark, wanted->mark);
		assert_int_equal(wants.mark_mask, wanted->mark_mask);
		assert_int_equal(wants.status, wanted->status);
		assert_int_equal(wants.status_mask, wanted->status_mask);
		assert_int_equal(wants.zone, wanted->zone);
		filter_unref(filter);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *expression;
		bool matches;
	} cases[] = {
		{ "sport = 1", true },
		{ "dport = 2", true },
		{ "dport = 1", false },
		{ "port = 1", true },
		{ "src 1.1.1.1", true },
		{ "dst 2.2.2.0/24", true },
		{ "src 2.2.2.2", false },
		{ "addr 2.2.2.2:2", true },
		{ "proto = udp", true },
		{ "proto != tcp", true },
		{ "flow.l4proto = 17", true },
		{ "family = inet6", false },
		{ "nat.kind = dnat", true },
		{ "reply.src.port = 53", true },
		{ "orig.bytes > 1M", false },
		{ "orig.bytes = 900", true },
		{ "flow.status = unreplied", true },
		{ "flow.status = seen-reply", false },
		{ "flow.status != assured", true },
		/* Text doesn't tell. */
		{ "flow.status != confirmed", false },
		{ "exists reply.src.addr", true },
		{ "orig.dst.addr = reply.src.addr", false },
		{ "timeout_s < 30s", true },
	};
	struct fixture *fixture = *state;

	assert_int_equal(read_line(fixture,
				   "udp 17 29 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 packets=1 "
				   "bytes=900 [UNREPLIED] src=9.9.9.9 dst=1.1.1.1 sport=53 "
				   "dport=1 packets=0 bytes=0 mark=0 use=2"),
			 FLOW_ROW);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter;

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_parse(cases[i].expression,
					      subject_find(ESTAB_SUBJECT_FLOWS), 0, &filter, NULL,
					      NULL),
				 0);
		assert_int_equal(filter_match(filter, &fixture->row.sock), cases[i].matches);
		filter_unref(filter);
	}
}

/* What sockets have is no word of flows, and the other way round. */
static void test_foreign_words(void **state)
{
	static const char *const of_sockets[] = { "local.port = 1", "state listen",  "listening",
						  "dev eth0",       "autobound",     "recv_q > 1",
						  "cgroup /",       "peer = 1.1.1.1" };
	struct estab_filter *filter;
	char *message;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of_sockets); i++) {
		print_message("%s\n", of_sockets[i]);
		assert_int_equal(filter_parse(of_sockets[i], subject_find(ESTAB_SUBJECT_FLOWS), 0,
					      &filter, NULL, NULL),
				 -EINVAL);
	}
	assert_int_equal(estab_filter_parse("zone = 1", &filter, NULL, NULL), -EINVAL);
	assert_int_equal(filter_parse("flow.stat = established", subject_find(ESTAB_SUBJECT_FLOWS),
				      0, &filter, NULL, &message),
			 -EINVAL);
	assert_non_null(strstr(message, "did you mean flow.state?"));
	free(message);
	assert_int_equal(filter_parse("flow.status = asured", subject_find(ESTAB_SUBJECT_FLOWS), 0,
				      &filter, NULL, &message),
			 -EINVAL);
	assert_non_null(strstr(message, "did you mean assured?"));
	free(message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_netlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_delete, setup, teardown),
		cmocka_unit_test_setup_teardown(test_identity, setup, teardown),
		cmocka_unit_test(test_wants),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test(test_foreign_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
