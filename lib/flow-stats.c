/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "flow-stats.h"

#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "nl.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

/* More than any machine has: a message can't make the list larger. */
enum { CPUS_MAX = 65536 };

void flow_stats_free(struct flow_stats_list *list)
{
	free(list->items);
	*list = (struct flow_stats_list){ 0 };
}

static int grow(struct flow_stats_list *list)
{
	size_t room = list->room > 0 ? list->room * 2 : 16;
	struct flow_stats *more = reallocarray(list->items, room, sizeof(*more));

	if (!more)
		return -ENOMEM;
	list->items = more;
	list->room = room;
	return 0;
}

int flow_stats_of(struct flow_stats_list *list, uint32_t cpu, struct flow_stats **ret_stats)
{
	/* Those that expectations are counted by come in the same order again. */
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].cpu == cpu) {
			*ret_stats = &list->items[i];
			return 0;
		}
	}
	if (list->n == list->room && grow(list) < 0)
		return -ENOMEM;
	list->items[list->n] = (struct flow_stats){ .cpu = cpu };
	*ret_stats = &list->items[list->n++];
	return 0;
}

static void set(struct flow_stats *stats, enum flow_stat stat, uint64_t value)
{
	stats->values[stat] = value;
	stats->has |= BIT32(stat);
}

void flow_stats_sum(struct flow_stats_list *list)
{
	for (size_t i = 1; i < list->n; i++) {
		for (enum flow_stat stat = STAT_SEARCHED; stat < FLOW_STATS; stat++)
			list->items[0].values[stat] += list->items[i].values[stat];
		list->items[0].has |= list->items[i].has;
	}
}

/* ---- ctnetlink ---- */

/* By the attribute's number; 0 (STAT_COUNT) where there is none. */
static const uint8_t of_cpu[] = {
	[CTA_STATS_SEARCHED] = STAT_SEARCHED,
	[CTA_STATS_FOUND] = STAT_FOUND,
	[CTA_STATS_NEW] = STAT_NEW,
	[CTA_STATS_INVALID] = STAT_INVALID,
	[CTA_STATS_IGNORE] = STAT_IGNORE,
	[CTA_STATS_DELETE] = STAT_DELETE,
	[CTA_STATS_DELETE_LIST] = STAT_DELETE_LIST,
	[CTA_STATS_INSERT] = STAT_INSERT,
	[CTA_STATS_INSERT_FAILED] = STAT_INSERT_FAILED,
	[CTA_STATS_DROP] = STAT_DROP,
	[CTA_STATS_EARLY_DROP] = STAT_EARLY_DROP,
	[CTA_STATS_ERROR] = STAT_ERROR,
	[CTA_STATS_SEARCH_RESTART] = STAT_SEARCH_RESTART,
	/* Linux 5.9 and 5.15: older headers do not have them. */
	[14] = STAT_CLASH_RESOLVE,
	[15] = STAT_CHAINTOOLONG,
};

static const uint8_t of_expectations[] = {
	[CTA_STATS_EXP_NEW] = STAT_EXPECT_NEW,
	[CTA_STATS_EXP_CREATE] = STAT_EXPECT_CREATE,
	[CTA_STATS_EXP_DELETE] = STAT_EXPECT_DELETE,
};

static int decode_cpu(struct flow_stats_list *list, const struct nlmsghdr *message,
		      const uint8_t *stats, size_t n_stats)
{
	const struct nfgenmsg *head = nl_body(message);
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(*head));
	struct flow_stats *of;
	struct nl_attr attr;
	uint32_t value;
	int r = flow_stats_of(list, be16toh(head->res_id), &of);

	while (r == 0 && nl_attr_next(&attrs, &attr))
		if (attr.type < n_stats && stats[attr.type] != STAT_COUNT &&
		    nl_attr_u32(&attr, &value))
			set(of, stats[attr.type], value);
	return r;
}

static int decode_table(struct flow_stats_list *list, const struct nlmsghdr *message)
{
	struct nl_attrs attrs = nl_attrs_of(message, sizeof(struct nfgenmsg));
	struct flow_stats *of;
	struct nl_attr attr;
	uint32_t value;
	int r = flow_stats_of(list, STATS_OF_ALL, &of);

	while (r == 0 && nl_attr_next(&attrs, &attr)) {
		/* CTA_STATS_GLOBAL_MAX_ENTRIES is of Linux 4.18. */
		if (attr.type == CTA_STATS_GLOBAL_ENTRIES && nl_attr_u32(&attr, &value))
			set(of, STAT_COUNT, value);
		else if (attr.type == CTA_STATS_GLOBAL_ENTRIES + 1 && nl_attr_u32(&attr, &value))
			set(of, STAT_MAX, value);
	}
	return r;
}

int flow_stats_decode(struct flow_stats_list *list, const struct nlmsghdr *message)
{
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct nfgenmsg)))
		return -EBADMSG;
	switch (message->nlmsg_type) {
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU:
		return decode_cpu(list, message, of_cpu, ARRAY_SIZE(of_cpu));
	/* ctnetlink_exp_stat_fill_info() (up to Linux 6.18) answers in the other one's name. */
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU:
	case NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_GET_STATS_CPU:
		return decode_cpu(list, message, of_expectations, ARRAY_SIZE(of_expectations));
	case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS:
		return decode_table(list, message);
	default:
		return 1;
	}
}

/* ---- text ---- */

static enum flow_stat find_column(const char *word, size_t length)
{
	static const struct {
		const char *name;
		enum flow_stat stat;
	} names[] = {
		{ "entries", STAT_COUNT },
		{ "searched", STAT_SEARCHED },
		{ "clashres", STAT_CLASH_RESOLVE },
		{ "found", STAT_FOUND },
		{ "new", STAT_NEW },
		{ "invalid", STAT_INVALID },
		{ "ignore", STAT_IGNORE },
		{ "delete", STAT_DELETE },
		{ "delete_list", STAT_DELETE_LIST },
		{ "chainlength", STAT_CHAINTOOLONG },
		{ "insert", STAT_INSERT },
		{ "insert_failed", STAT_INSERT_FAILED },
		{ "drop", STAT_DROP },
		{ "early_drop", STAT_EARLY_DROP },
		{ "icmp_error", STAT_ERROR },
		{ "expect_new", STAT_EXPECT_NEW },
		{ "expect_create", STAT_EXPECT_CREATE },
		{ "expect_delete", STAT_EXPECT_DELETE },
		{ "search_restart", STAT_SEARCH_RESTART },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].name) == length && memcmp(names[i].name, word, length) == 0)
			return names[i].stat;
	return FLOW_STATS;
}

/* With what took the place of "searched", in Linux 5.9, these are no more than zeros. */
static void drop_zeros(struct flow_stats_columns *columns)
{
	for (size_t i = 0; i < columns->n; i++)
		if (columns->stats[i] == STAT_NEW || columns->stats[i] == STAT_IGNORE ||
		    columns->stats[i] == STAT_DELETE)
			columns->stats[i] = FLOW_STATS;
}

bool flow_stats_header(struct cursor line, struct flow_stats_columns *ret_columns)
{
	struct flow_stats_columns columns = { 0 };
	bool recent = false;
	const char *word;
	size_t length;

	for (;;) {
		cursor_blanks(&line);
		if (columns.n == STATS_COLUMNS_MAX || !cursor_word(&line, &word, &length))
			break;
		columns.stats[columns.n] = find_column(word, length);
		recent |= columns.stats[columns.n] == STAT_CLASH_RESOLVE;
		columns.n++;
	}
	if (columns.n == 0 || columns.stats[0] != STAT_COUNT)
		return false;
	if (recent)
		drop_zeros(&columns);
	*ret_columns = columns;
	return true;
}

int flow_stats_line(struct flow_stats_list *list, const struct flow_stats_columns *columns,
		    uint32_t cpu, struct cursor line)
{
	struct flow_stats stats = { .cpu = cpu };
	struct flow_stats *all, *of;
	int r;

	for (size_t i = 0; i < columns->n; i++) {
		uint64_t value;

		cursor_blanks(&line);
		if (!cursor_hex(&line, 16, &value))
			return -EBADMSG;
		if (columns->stats[i] != FLOW_STATS)
			set(&stats, columns->stats[i], value);
	}
	if (cpu >= CPUS_MAX)
		return -EBADMSG;
	r = flow_stats_of(list, STATS_OF_ALL, &all);
	if (r < 0)
		return r;
	/* The same in each line. */
	set(all, STAT_COUNT, stats.values[STAT_COUNT]);
	stats.has &= ~BIT32(STAT_COUNT);
	stats.values[STAT_COUNT] = 0;
	r = flow_stats_of(list, cpu, &of);
	if (r == 0)
		*of = stats;
	return r;
}

int flow_stats_row(const struct flow_stats *stats, enum estab_family family, uint64_t serial,
		   struct row *row)
{
	rows_begin(row, ROW_FLOW_STAT, family, serial);
	return row_put(row, EXT_FLOW_STATS, stats, sizeof(*stats));
}
