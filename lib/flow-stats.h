/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What connection tracking counts of itself: a row for each processor, and before them one for all, which
 * has the table's own numbers too.
 */
#ifndef ESTAB_FLOW_STATS_H
#define ESTAB_FLOW_STATS_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

#include "parse.h"
#include "record.h"

/* In the order of ctnetlink's attributes. */
enum flow_stat {
	STAT_COUNT, /* of the table, not of a processor */
	STAT_MAX,
	STAT_SEARCHED, /* until Linux 5.8, as some of the others */
	STAT_FOUND,
	STAT_NEW,
	STAT_INVALID,
	STAT_IGNORE,
	STAT_DELETE,
	STAT_DELETE_LIST,
	STAT_INSERT,
	STAT_INSERT_FAILED,
	STAT_DROP,
	STAT_EARLY_DROP,
	STAT_ERROR,
	STAT_SEARCH_RESTART,
	STAT_CLASH_RESOLVE,
	STAT_CHAINTOOLONG,
	STAT_EXPECT_NEW,
	STAT_EXPECT_CREATE,
	STAT_EXPECT_DELETE,
	FLOW_STATS,
};

enum { STATS_OF_ALL = UINT32_MAX };

struct flow_stats {
	uint32_t cpu; /* STATS_OF_ALL: no one's, but all of them together */
	uint32_t has; /* a bit for each value */
	uint64_t values[FLOW_STATS];
} FLOW_PACKED;

/* All rows: the first is of all processors. */
struct flow_stats_list {
	size_t n;
	size_t room;
	struct flow_stats *items;
};

void flow_stats_free(struct flow_stats_list *list);
/* Adds an empty row of a processor, or finds the one that is there. -ENOMEM. */
int flow_stats_of(struct flow_stats_list *list, uint32_t cpu, struct flow_stats **ret_stats);
/* Adds the processors up. */
void flow_stats_sum(struct flow_stats_list *list);

/* A message of ctnetlink: of a processor, of the table, of expectations. 0; 1: it is none of these; -EBADMSG;
 * -ENOMEM. */
int flow_stats_decode(struct flow_stats_list *list, const struct nlmsghdr *message);

enum { STATS_COLUMNS_MAX = 32 };

/* The columns of /proc/net/stat/nf_conntrack, by its first line. */
struct flow_stats_columns {
	size_t n;
	enum flow_stat stats[STATS_COLUMNS_MAX]; /* FLOW_STATS: of no interest */
};

/* False: it is no such line. */
bool flow_stats_header(struct cursor line, struct flow_stats_columns *ret_columns);
/* The line of a processor; they have no numbers but their order. 0; -EBADMSG; -ENOMEM. */
int flow_stats_line(struct flow_stats_list *list, const struct flow_stats_columns *columns,
		    uint32_t cpu, struct cursor line);

/* Fills the row. -ENOMEM. */
int flow_stats_row(const struct flow_stats *stats, enum estab_family family, uint64_t serial,
		   struct row *row);

#endif
