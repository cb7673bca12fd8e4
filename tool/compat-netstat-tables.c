/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compat-netstat-tables.h"

#include <string.h>

/* About that subject, with what the renderers show that is not read unless it is asked for. */
static int make_query(struct netstat *netstat, enum estab_subject subject,
		      struct estab_query **ret_query)
{
	struct estab_query *query;
	int error = estab_query_new(netstat->ctx, &query);

	if (error < 0)
		return error;
	error = estab_query_set_subject(query, subject);
	if (error == 0 && subject != ESTAB_SUBJECT_STATS)
		error = estab_query_add_field(query, ESTAB_F_INTERFACE);
	if (error < 0)
		estab_query_unref(query);
	else
		*ret_query = query;
	return error;
}

int netstat_rows(struct netstat *netstat, enum estab_subject subject, uint32_t families,
		 const char *text, netstat_row_fn *fn)
{
	const struct estab_socket *row;
	struct estab_query *query;
	struct estab_scan *scan;
	int error = make_query(netstat, subject, &query);

	if (error < 0)
		return error;
	error = estab_query_set_source(query, "procfs");
	if (error == 0)
		error = estab_query_set_families(query, families);
	if (error == 0)
		error = estab_scan_open(query, &scan);
	if (error == 0) {
		error = estab_scan_next(scan, &row);
		if (text && error >= 0)
			buf_str(&netstat->out, text);
		for (; error == 0; error = estab_scan_next(scan, &row))
			fn(netstat, row);
		estab_scan_close(scan);
	}
	estab_query_unref(query);
	return error < 0 ? error : 0;
}

int netstat_take(struct netstat *netstat, enum estab_subject subject,
		 struct estab_snapshot **ret_snapshot)
{
	struct estab_query *query;
	int error = make_query(netstat, subject, &query);

	if (error < 0)
		return error;
	error = estab_snapshot_take(query, ret_snapshot);
	estab_query_unref(query);
	return error;
}

void netstat_put_left(struct netstat *netstat, const char *text, size_t width)
{
	uint64_t start = buf_total(&netstat->out);

	buf_escape(&netstat->out, text, strlen(text));
	compat_pad(&netstat->out, start, width);
}

void netstat_put_right(struct netstat *netstat, uint64_t number, size_t width)
{
	size_t digits = 1;

	for (uint64_t rest = number; rest > 9; rest /= 10)
		digits++;
	buf_blanks(&netstat->out, digits < width ? width - digits : 0);
	buf_u64(&netstat->out, number);
}

void netstat_put_number(struct netstat *netstat, int64_t number, size_t width)
{
	uint64_t start = buf_total(&netstat->out);

	buf_i64(&netstat->out, number);
	compat_pad(&netstat->out, start, width);
}
