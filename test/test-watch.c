/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Flows as they come and go, told by a kernel that is not there. */
#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "estab.h"
#include "fake-netlink.h"
#include "losses.h"
#include "util.h"

enum { EVENT_TIME = 27, GROUPS = 32 };

static struct {
	uint32_t groups; /* that were joined */
	int buffer;
	int refusal; /* errno of joining */
} kernel;

#pragma GCC visibility push(default)

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's are reserved names. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP) {
		kernel.groups |= BIT32(*(const unsigned int *)value % GROUPS);
		errno = kernel.refusal;
		return kernel.refusal ? -1 : 0;
	}
	if (level == SOL_SOCKET && (name == SO_RCVBUFFORCE || name == SO_RCVBUF))
		kernel.buffer = *(const int *)value;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#pragma GCC visibility pop

struct world {
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_watch *watch;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	memset(&kernel, 0, sizeof(kernel));
	assert_int_equal(estab_ctx_new(NULL, &world->ctx), 0);
	assert_int_equal(estab_query_new(world->ctx, &world->query), 0);
	assert_int_equal(estab_query_set_subject(world->query, ESTAB_SUBJECT_FLOWS), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	fake_end();
	estab_watch_close(world->watch);
	estab_query_unref(world->query);
	estab_ctx_unref(world->ctx);
	free(world);
	return 0;
}

static void begin(struct world *world, const char *filter, uint32_t events)
{
	struct estab_watch_options options = { .size = sizeof(options), .events = events };

	if (access("/proc/sys/net/netfilter/nf_conntrack_count", F_OK) < 0) {
		print_message("skip: no connection tracking in this kernel\n");
		skip();
	}
	assert_int_equal(estab_query_set_filter(world->query, filter, NULL, NULL), 0);
	assert_int_equal(estab_watch_open(world->query, &options, &world->watch), 0);
	fake_begin();
}

static void put_tuple(struct nlmsghdr *message, uint16_t type, uint16_t sport)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type);
	struct nlattr *nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);

	mnl_attr_put_u32(message, CTA_IP_V4_SRC, htonl(0xc0000201));
	mnl_attr_put_u32(message, CTA_IP_V4_DST, htonl(0xc0000202));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, IPPROTO_UDP);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(sport));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(53));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

/* As the kernel sends it: the sequence and port are those of whoever caused it. */
static void put_event(struct fake_answer *answer, uint16_t type, uint16_t flags, uint16_t sport)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(answer->data + answer->length);
	struct nfgenmsg *body;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | type;
	message->nlmsg_flags = flags;
	message->nlmsg_seq = 12345;
	message->nlmsg_pid = 4711;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = AF_INET;
	put_tuple(message, CTA_TUPLE_ORIG, sport);
	put_tuple(message, CTA_TUPLE_REPLY, sport);
	mnl_attr_put_u32(message, CTA_ID, htonl(sport));
	if (sport == 7)
		mnl_attr_put_u64(message, EVENT_TIME, htobe64(UINT64_C(1700000000123456789)));
	answer->length += NLMSG_ALIGN(message->nlmsg_len);
}

static void put_new(uint16_t sport)
{
	put_event(fake_datagram(), IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, sport);
}

static void expect(struct world *world, const char *event, uint64_t sport)
{
	const struct estab_socket *flow;
	const char *word;
	uint64_t port;

	assert_int_equal(estab_watch_next(world->watch, &flow), 0);
	assert_int_equal(estab_socket_get_str(flow, ESTAB_F_EVENT, &word), 0);
	assert_string_equal(word, event);
	assert_int_equal(estab_socket_get_u64(flow, ESTAB_F_ORIG_SRC_PORT, &port), 0);
	assert_int_equal(port, sport);
}

static void expect_none(struct world *world)
{
	const struct estab_socket *flow;

	assert_int_equal(estab_watch_next(world->watch, &flow), 1);
}

static uint64_t lost(const struct world *world, const char *what, const char *why)
{
	return losses_sum(estab_watch_result(world->watch), what, why);
}

static void test_events(void **state)
{
	struct world *world = *state;
	struct fake_answer *answer;

	begin(world, NULL, 0);
	assert_int_equal(kernel.groups, BIT32(NFNLGRP_CONNTRACK_NEW) |
						BIT32(NFNLGRP_CONNTRACK_UPDATE) |
						BIT32(NFNLGRP_CONNTRACK_DESTROY));
	assert_int_equal(kernel.buffer, 8 << 20);
	assert_true(estab_watch_fd(world->watch) >= 0);
	answer = fake_datagram();
	put_event(answer, IPCTNL_MSG_CT_NEW, NLM_F_CREATE | NLM_F_EXCL, 1);
	put_event(answer, IPCTNL_MSG_CT_NEW, 0, 2);
	put_event(fake_datagram(), IPCTNL_MSG_CT_DELETE, 0, 3);
	expect(world, "new", 1);
	expect(world, "update", 2);
	expect(world, "destroy", 3);
	expect_none(world);
	/* Nothing ends it: neither what ends a dump, nor what it can't know. */
	answer = fake_datagram();
	fake_number(answer, NLMSG_DONE, 0);
	fake_number(answer, NLMSG_ERROR, -EPERM);
	put_event(answer, IPCTNL_MSG_CT_GET_STATS, 0, 4);
	put_event(answer, IPCTNL_MSG_CT_NEW, 0, 5);
	expect(world, "update", 5);
	expect_none(world);
	assert_int_equal(estab_result_count(estab_watch_result(world->watch)), 4);
}

/* By the kernel's clock where it says, else by ours. */
static void test_time(void **state)
{
	struct world *world = *state;
	const struct estab_socket *flow;
	const char *text;

	begin(world, NULL, 0);
	put_new(7);
	put_new(8);
	assert_int_equal(estab_watch_next(world->watch, &flow), 0);
	assert_int_equal(estab_socket_get_str(flow, ESTAB_F_TIME, &text), 0);
	assert_string_equal(text, "2023-11-14T22:13:20.123456Z");
	assert_int_equal(estab_watch_next(world->watch, &flow), 0);
	assert_int_equal(estab_socket_get_str(flow, ESTAB_F_TIME, &text), 0);
	assert_true(strcmp(text, "2024") > 0);
}

/* What is lost is counted as the kernel counts it, once, and others follow. */
static void test_overrun(void **state)
{
	struct world *world = *state;
	int i;

	begin(world, NULL, 0);
	for (i = 0; i < 2; i++) {
		put_new(1);
		fake_errno(ENOBUFS);
		put_new(2);
	}
	fake.drops = 10;
	expect(world, "new", 1);
	expect(world, "new", 2);
	assert_int_equal(lost(world, "events", "overrun"), 10);
	/* More were dropped while what had been there was read. */
	fake.drops = 15;
	expect(world, "new", 1);
	expect(world, "new", 2);
	assert_int_equal(lost(world, "events", "overrun"), 15);
	fake.drops = 17;
	expect_none(world);
	assert_int_equal(lost(world, "events", "overrun"), 17);
	fake.drops = 99;
	expect_none(world);
	assert_int_equal(lost(world, "events", "overrun"), 17);
}

/* Who may administer the namespace can send to us, but is not the kernel. */
static void test_hostile(void **state)
{
	struct world *world = *state;
	struct fake_answer *answer;

	begin(world, NULL, 0);
	answer = fake_datagram();
	put_event(answer, IPCTNL_MSG_CT_NEW, 0, 1);
	answer->sender_port = 4711;
	answer = fake_datagram();
	put_event(answer, IPCTNL_MSG_CT_NEW, 0, 2);
	((struct nfgenmsg *)(void *)(answer->data + NLMSG_HDRLEN))->nfgen_family = AF_UNIX;
	answer = fake_datagram();
	put_event(answer, IPCTNL_MSG_CT_NEW, 0, 3);
	((struct nlmsghdr *)(void *)answer->data)->nlmsg_len = 1u << 31;
	put_new(4);
	expect(world, "new", 4);
	assert_int_equal(lost(world, "messages", "forged"), 1);
	assert_int_equal(lost(world, "events", "malformed"), 1);
	assert_int_equal(lost(world, "rows", "malformed"), 1);
}

static void test_filter(void **state)
{
	struct world *world = *state;

	begin(world, "event = destroy and sport > 2", 0);
	assert_int_equal(kernel.groups, BIT32(NFNLGRP_CONNTRACK_DESTROY));
	put_new(3);
	put_event(fake_datagram(), IPCTNL_MSG_CT_DELETE, 0, 2);
	put_event(fake_datagram(), IPCTNL_MSG_CT_DELETE, 0, 3);
	expect(world, "destroy", 3);
	expect_none(world);
}

static void test_groups(void **state)
{
	static const struct {
		const char *filter;
		uint32_t events;
		uint32_t groups;
	} cases[] = {
		{ "event = new or sport = 1", 0, 0x0e },
		{ "not event = new", 0, 0x0c },
		{ "sport = 1", ESTAB_WATCH_NEW | ESTAB_WATCH_DESTROY, 0x0a },
		{ "event = new or event = update", ESTAB_WATCH_UPDATE, 0x04 },
	};
	struct world *world = *state;

	assert_int_equal(BIT32(NFNLGRP_CONNTRACK_NEW), 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel.groups = 0;
		begin(world, cases[i].filter, cases[i].events);
		fake_end();
		assert_int_equal(kernel.groups, cases[i].groups);
		world->watch = estab_watch_close(world->watch);
	}
}

static void test_refused(void **state)
{
	static const struct estab_ctx_options copy = {
		.size = sizeof(copy),
		.proc_root = "test/golden/proc-2006",
	};
	struct {
		struct estab_watch_options known;
		uint64_t more;
	} options = { .known = { .size = sizeof(options) } };
	struct world *world = *state;
	struct estab_watch *watch = NULL;
	struct estab_query *query;
	struct estab_ctx *ctx;

	assert_null(estab_watch_close(NULL));
	options.more = 1;
	assert_int_equal(estab_watch_open(world->query, &options.known, &watch), -EINVAL);
	options.more = 0;
	options.known.events = 8;
	assert_int_equal(estab_watch_open(world->query, &options.known, &watch), -EINVAL);
	options.known = (struct estab_watch_options){ .size = 2 };
	assert_int_equal(estab_watch_open(world->query, &options.known, &watch), -EINVAL);
	assert_int_equal(estab_query_set_all_netns(world->query, 1), 0);
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EINVAL);
	assert_int_equal(estab_query_set_all_netns(world->query, 0), 0);
	assert_int_equal(estab_query_set_source(world->query, "procfs"), 0);
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EOPNOTSUPP);

	/* Nothing is told of those. */
	assert_int_equal(estab_query_new(world->ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_STATS), 0);
	assert_int_equal(estab_watch_open(query, NULL, &watch), -EOPNOTSUPP);
	estab_query_unref(query);
	assert_int_equal(estab_ctx_new(&copy, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS), 0);
	assert_int_equal(estab_watch_open(query, NULL, &watch), -EOPNOTSUPP);
	estab_query_unref(query);
	estab_ctx_unref(ctx);

	assert_int_equal(estab_query_set_source(world->query, "auto"), 0);
	begin(world, NULL, 0);
	fake_end();
	kernel.refusal = EPERM;
	assert_int_equal(estab_watch_open(world->query, NULL, &watch), -EPERM);
	assert_null(watch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_events, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_overrun, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
