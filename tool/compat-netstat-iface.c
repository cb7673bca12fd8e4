/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -i: interfaces and their counters. */
#include <stdlib.h>
#include <string.h>

#include "compat-netstat-tables.h"
#include "util.h"

/* The letters of the flags, in the old tool's order. */
static const struct {
	const char *word;
	char letter;
} letters[] = {
	{ "allmulti", 'A' },    { "broadcast", 'B' }, { "debug", 'D' },      { "loopback", 'L' },
	{ "promisc", 'P' },     { "multicast", 'M' }, { "notrailers", 'N' }, { "noarp", 'O' },
	{ "pointopoint", 'P' }, { "slave", 's' },     { "master", 'm' },     { "running", 'R' },
	{ "up", 'U' },
};

static bool has_flag(const char *flags, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = flags; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
			return true;
	}
	return false;
}

static void put_flags(struct netstat *netstat, const char *flags)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++) {
		if (!has_flag(flags, letters[i].word))
			continue;
		buf_char(&netstat->out, letters[i].letter);
		any = true;
	}
	if (!any)
		buf_str(&netstat->out, "[NO FLAGS]");
	buf_char(&netstat->out, '\n');
}

static void put_row(struct netstat *netstat, const struct estab_socket *row)
{
	static const struct {
		enum estab_field field;
		size_t width;
	} counters[] = {
		{ ESTAB_F_RX_PACKETS, 8 },  { ESTAB_F_RX_ERRORS, 6 },   { ESTAB_F_RX_DROPPED, 6 },
		{ ESTAB_F_RX_OVERRUNS, 0 }, { ESTAB_F_TX_PACKETS, 8 },  { ESTAB_F_TX_ERRORS, 6 },
		{ ESTAB_F_TX_DROPPED, 6 },  { ESTAB_F_TX_OVERRUNS, 6 },
	};
	const char *name = compat_str(row, ESTAB_F_INTERFACE);
	const char *flags = compat_str(row, ESTAB_F_FLAGS);

	if (!netstat->options.all && !has_flag(flags ? flags : "", "up"))
		return;
	netstat_put_left(netstat, name ? name : "", 15);
	buf_char(&netstat->out, ' ');
	netstat_put_right(netstat, compat_u64(row, ESTAB_F_MTU, 0), 5);
	buf_char(&netstat->out, ' ');
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		uint64_t value = compat_u64(row, counters[i].field, 0);

		if (counters[i].width > 0)
			netstat_put_right(netstat, value, counters[i].width);
		else
			netstat_put_number(netstat, (int64_t)value, 6);
		buf_char(&netstat->out, ' ');
	}
	put_flags(netstat, flags ? flags : "");
}

/* "eth2" before "eth10": numbers in names count as such. */
static int by_name(const void *a, const void *b)
{
	const struct estab_socket *const *x = a;
	const struct estab_socket *const *y = b;
	const char *p = compat_str(*x, ESTAB_F_INTERFACE);
	const char *q = compat_str(*y, ESTAB_F_INTERFACE);

	return strverscmp(p ? p : "", q ? q : "");
}

static int take_snapshot(struct netstat *netstat, struct estab_snapshot **ret_snapshot)
{
	struct estab_query *query;
	int error = estab_query_new(netstat->ctx, &query);

	if (error < 0)
		return error;
	error = estab_query_set_subject(query, ESTAB_SUBJECT_INTERFACES);
	if (error == 0)
		error = estab_snapshot_take(query, ret_snapshot);
	estab_query_unref(query);
	return error;
}

int netstat_interfaces(struct netstat *netstat)
{
	const struct estab_socket **rows;
	struct estab_snapshot *snapshot;
	size_t count;

	buf_str(&netstat->out,
		"Kernel Interface table\n"
		"Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR "
		"TX-DRP TX-OVR Flg\n");
	if (take_snapshot(netstat, &snapshot) < 0)
		return NETSTAT_FAILED;
	count = estab_snapshot_count(snapshot);
	rows = calloc(count + 1, sizeof(const struct estab_socket *));
	for (size_t i = 0; rows && i < count; i++)
		rows[i] = estab_snapshot_get(snapshot, i);
	if (rows)
		qsort(rows, count, sizeof(const struct estab_socket *), by_name);
	for (size_t i = 0; rows && i < count; i++)
		put_row(netstat, rows[i]);
	free(rows);
	estab_snapshot_unref(snapshot);
	return rows ? NETSTAT_OK : NETSTAT_FAILED;
}
