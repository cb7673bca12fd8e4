/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow-stats.h"

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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "estab.h"
#include "util.h"

static const char recent[] =
	"entries  clashres found new invalid ignore delete chainlength insert insert_failed drop "
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart";
static const char older[] =
	"entries  searched found new invalid ignore delete delete_list insert insert_failed drop "
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart";

static struct cursor text_of(const char *text)
{
	return (struct cursor){ text, text + strlen(text) };
}

static void test_text(void **state)
{
	struct flow_stats_list list = { 0 };
	struct flow_stats_columns columns;
	const struct flow_stats *all, *of;

	(void)state;
	assert_true(flow_stats_header(text_of(recent), &columns));
	assert_int_equal(columns.n, 17);
	assert_int_equal(
		flow_stats_line(
			&list, &columns, 0,
			text_of("0000000c  00000001 00000002 00000003 00000004 00000005 00000006 "
				"00000007 00000008 00000009 0000000a 0000000b fffffffe  0000000d "
				"0000000e 0000000f 00000010")),
		0);
	assert_int_equal(flow_stats_line(&list, &columns, 1,
					 text_of("0000000c 1 1 1 1 1 1 1 1 1 1 1 5 1 1 1 1")),
			 0);
	flow_stats_sum(&list);
	assert_int_equal(list.n, 3);
	all = &list.items[0];
	of = &list.items[1];
	assert_int_equal(all->cpu, STATS_OF_ALL);
	assert_int_equal(all->values[STAT_COUNT], 12);
	assert_int_equal(of->cpu, 0);
	assert_int_equal(of->values[STAT_CLASH_RESOLVE], 1);
	assert_int_equal(of->values[STAT_CHAINTOOLONG], 7);
	assert_int_equal(of->values[STAT_SEARCH_RESTART], 16);
	/* More than one processor counts to. */
	assert_true(all->values[STAT_ERROR] == UINT64_C(0x100000003));
	/* What is of all is not of each, and what is no more is not there. */
	assert_false(of->has & (BIT32(STAT_COUNT) | BIT32(STAT_NEW) | BIT32(STAT_IGNORE) |
				BIT32(STAT_DELETE) | BIT32(STAT_SEARCHED)));
	assert_true(all->has & BIT32(STAT_COUNT));
	flow_stats_free(&list);

	assert_true(flow_stats_header(text_of(older), &columns));
	assert_int_equal(flow_stats_line(&list, &columns, 0,
					 text_of("1 2 3 4 5 6 7 8 9 a b c d e f 10 11")),
			 0);
	assert_int_equal(list.items[1].values[STAT_SEARCHED], 2);
	assert_int_equal(list.items[1].values[STAT_NEW], 4);
	assert_int_equal(list.items[1].values[STAT_DELETE_LIST], 8);
	assert_false(list.items[1].has & BIT32(STAT_CLASH_RESOLVE));
	flow_stats_free(&list);
}

static void test_bad_text(void **state)
{
	static const char *const lines[] = {
		"",
		"1",
		"1 2 3 4 5 6 7 8 9 a b c d e f 10",
		"1 2 3 4 5 6 7 8 9 a b c d e f 10 x",
		"1 2 3 4 5 6 7 8 9 a b c d e f 10 11111111111111111",
	};
	struct flow_stats_list list = { 0 };
	struct flow_stats_columns columns;

	(void)state;
	assert_false(flow_stats_header(text_of(""), &columns));
	assert_false(flow_stats_header(text_of("sk Eth Pid"), &columns));
	assert_true(flow_stats_header(text_of(recent), &columns));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(flow_stats_line(&list, &columns, 0, text_of(lines[i])), -EBADMSG);
	assert_int_equal(flow_stats_line(&list, &columns, UINT32_MAX,
					 text_of("1 2 3 4 5 6 7 8 9 a b c d e f 10 11")),
			 -EBADMSG);
	assert_int_equal(list.n, 0);
	/* A column that is not known is passed over. */
	assert_true(flow_stats_header(text_of("entries found more"), &columns));
	assert_int_equal(flow_stats_line(&list, &columns, 0, text_of("1 2 3")), 0);
	assert_int_equal(list.items[1].has, BIT32(STAT_FOUND));
	flow_stats_free(&list);
}

static struct nlmsghdr *make_message(void *buffer, unsigned int subsystem, unsigned int type,
				     uint16_t cpu)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;

	message->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->res_id = htons(cpu);
	return message;
}

static void test_netlink(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[512];
	struct flow_stats_list list = { 0 };
	struct nlmsghdr *message;
	struct flow_stats *of;

	(void)state;
	assert_int_equal(flow_stats_of(&list, STATS_OF_ALL, &of), 0);
	message = make_message(buffer, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS, 0);
	mnl_attr_put_u32(message, CTA_STATS_GLOBAL_ENTRIES, htonl(7));
	mnl_attr_put_u32(message, 2, htonl(1000));
	assert_int_equal(flow_stats_decode(&list, message), 0);
	for (uint16_t cpu = 0; cpu < 40; cpu++) {
		message = make_message(buffer, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET_STATS_CPU,
				       cpu);
		mnl_attr_put_u32(message, CTA_STATS_FOUND, htonl(cpu));
		mnl_attr_put_u32(message, CTA_STATS_ERROR, htonl(UINT32_MAX));
		mnl_attr_put_u32(message, 15, htonl(2));
		/* One that is not known, and one that is too short. */
		mnl_attr_put_u32(message, 16, htonl(3));
		mnl_attr_put_u16(message, CTA_STATS_DROP, 1);
		assert_int_equal(flow_stats_decode(&list, message), 0);
		/* The kernel gives expectations' the other subsystem's number. */
		message = make_message(buffer,
				       cpu % 2 ? NFNL_SUBSYS_CTNETLINK : NFNL_SUBSYS_CTNETLINK_EXP,
				       IPCTNL_MSG_EXP_GET_STATS_CPU, cpu);
		mnl_attr_put_u32(message, CTA_STATS_EXP_DELETE, htonl(1));
		assert_int_equal(flow_stats_decode(&list, message), 0);
	}
	flow_stats_sum(&list);
	assert_int_equal(list.n, 41);
	assert_int_equal(list.items[0].values[STAT_COUNT], 7);
	assert_int_equal(list.items[0].values[STAT_MAX], 1000);
	assert_int_equal(list.items[0].values[STAT_FOUND], 39 * 20);
	assert_true(list.items[0].values[STAT_ERROR] == UINT64_C(40) * UINT32_MAX);
	assert_int_equal(list.items[0].values[STAT_CHAINTOOLONG], 80);
	assert_int_equal(list.items[0].values[STAT_EXPECT_DELETE], 40);
	assert_false(list.items[0].has & BIT32(STAT_DROP));
	assert_int_equal(list.items[40].cpu, 39);

	message = make_message(buffer, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW, 0);
	assert_int_equal(flow_stats_decode(&list, message), 1);
	message->nlmsg_len = NLMSG_HDRLEN;
	assert_int_equal(flow_stats_decode(&list, message), -EBADMSG);
	flow_stats_free(&list);
}

/* Comes when the first source is refused: by then there is no time left. */
static void take_time(void *arg, int level, const char *text)
{
	const struct timespec while_we_wait = { .tv_nsec = 5 * 1000 * 1000 };

	(void)level;
	(void)text;
	nanosleep(&while_we_wait, NULL);
	*(bool *)arg = true;
}

static void ends_at_the_deadline(void **state)
{
	char directory[] = "/tmp/estab-test-XXXXXX";
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = directory };
	struct estab_loss loss = { .size = sizeof(loss) };
	struct estab_snapshot *snapshot;
	struct estab_query *query;
	struct estab_ctx *ctx;
	bool took_time = false;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	assert_int_equal(mkdir("net", 0700) | mkdir("net/stat", 0700), 0);
	file = fopen("net/stat/nf_conntrack", "w");
	assert_non_null(file);
	fprintf(file, "%s\n1\n", recent);
	assert_int_equal(fclose(file), 0);

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	estab_ctx_set_log(ctx, take_time, &took_time);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_FLOW_STATS), 0);
	assert_int_equal(estab_query_set_deadline_ms(query, 1), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_true(took_time);
	assert_int_equal(estab_snapshot_count(snapshot), 0);
	assert_int_equal(estab_result_loss_count(estab_snapshot_result(snapshot)), 1);
	assert_int_equal(estab_result_get_loss(estab_snapshot_result(snapshot), 0, &loss), 0);
	assert_string_equal(loss.why, "deadline");
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	unlink("net/stat/nf_conntrack");
	rmdir("net/stat");
	rmdir("net");
	rmdir(directory);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad_text),
		cmocka_unit_test(test_netlink),
		cmocka_unit_test(ends_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
