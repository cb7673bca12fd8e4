/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Routes, interfaces, memberships and statistics out of the text files in /proc/net. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "net-file.h"
#include "nettext.h"
#include "source.h"
#include "subject.h"
#include "util.h"

#define INET BIT32(ESTAB_FAMILY_INET)
#define INET6 BIT32(ESTAB_FAMILY_INET6)

/* The files of each kind, in the order in which they are read. */
static const struct file {
	unsigned int kind;
	const char *name;
	uint32_t families;   /* whose rows are in it */
	unsigned int header; /* so many lines before the first row */
	nettext_fn *line;
} files[] = {
	{ ROW_ROUTE, "route", INET, 1, nettext_route },
	{ ROW_ROUTE, "ipv6_route", INET6, 0, nettext_route6 },
	{ ROW_INTERFACE, "dev", INET | INET6, 2, nettext_dev },
	{ ROW_MEMBERSHIP, "igmp", INET, 1, nettext_igmp },
	{ ROW_MEMBERSHIP, "igmp6", INET6, 0, nettext_igmp6 },
	{ ROW_STAT, "snmp", INET, 0, nettext_snmp },
	{ ROW_STAT, "netstat", INET, 0, nettext_snmp },
	{ ROW_STAT, "sctp/snmp", INET, 0, nettext_sctp },
	{ ROW_STAT, "snmp6", INET6, 0, nettext_snmp6 },
};

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	unsigned int kind;
	uint32_t families;
	size_t at; /* in files */
	int fd;    /* -1: none is open */
	struct result_source *counts;
	uint64_t n_lines;
	struct nettext text;
	struct lines lines; /* the last: not cleared, as the end of the text before it */
};

/* Opens the next file that is asked for and there: 0; 1: there is none left. The first error that is
 * not an absence goes to *ret_error. */
static int open_next(struct source_cursor *cursor, int *ret_error)
{
	for (; cursor->at < ARRAY_SIZE(files); cursor->at++) {
		const struct file *file = &files[cursor->at];
		int fd;

		if (file->kind != cursor->kind || !(file->families & cursor->families))
			continue;
		fd = net_file_open(cursor->env, file->name);
		cursor->counts = net_file_note(cursor->env, cursor->result, source_nettext.name,
					       file->name, file->name, fd);
		if (fd >= 0) {
			cursor->fd = fd;
			cursor->n_lines = 0;
			lines_begin(&cursor->lines);
			nettext_begin(&cursor->text);
			return 0;
		}
		if (*ret_error == -ENOENT)
			*ret_error = fd;
	}
	return 1;
}

static struct source_cursor *nettext_close(struct source_cursor *cursor)
{
	if (cursor->fd >= 0)
		close(cursor->fd);
	free(cursor);
	return NULL;
}

static int nettext_open(struct env *env, const struct source_job *job, struct estab_result *result,
			struct source_cursor **ret_cursor)
{
	struct source_cursor *cursor = malloc(sizeof(*cursor));
	int error = -ENOENT;

	if (!cursor)
		return -ENOMEM;
	/* Not calloc(): the buffers at the end would be cleared for nothing. */
	memset(cursor, 0, offsetof(struct source_cursor, text.head));
	cursor->env = env;
	cursor->result = result;
	cursor->kind = job->proto;
	cursor->families = job->families;
	cursor->text.big_endian = env->ctx->big_endian;
	cursor->fd = -1;
	if (open_next(cursor, &error) != 0) {
		nettext_close(cursor);
		return error;
	}
	*ret_cursor = cursor;
	return 0;
}

static void lose_row(struct source_cursor *cursor)
{
	result_add_loss(cursor->result, "rows", "malformed", files[cursor->at].name, 1);
}

/* 0 a row, 1 none in this line, or a negative errno. LINE_END ends the file. */
static int next_line(struct source_cursor *cursor, struct row *row, bool *ret_end)
{
	const struct file *file = &files[cursor->at];
	struct procfs_line line;
	int r = lines_next(&cursor->lines, cursor->fd, cursor->env, &line);

	*ret_end = r == LINE_END;
	if (r < 0 || r == LINE_END)
		return r < 0 ? r : 1;
	if (++cursor->n_lines <= file->header)
		return 1;
	if (r == LINE_TOO_LONG) {
		lose_row(cursor);
		return 1;
	}
	r = file->line(&cursor->text, line, row);
	if (r != -EBADMSG)
		return r;
	cursor_blanks(&line.text);
	if (line.text.at < line.text.end)
		lose_row(cursor);
	return 1;
}

static int next_file(struct source_cursor *cursor)
{
	int error = -ENOENT;
	int r;

	close(cursor->fd);
	cursor->fd = -1;
	cursor->at++;
	r = open_next(cursor, &error);
	/* One that is missing is normal (no IPv6); one that can't be read is a loss. */
	if (error != -ENOENT)
		result_add_loss(cursor->result, "table",
				error == -EACCES || error == -EPERM ? "permission" : "unavailable",
				"net", 1);
	return r;
}

static int nettext_next(struct source_cursor *cursor, struct row *row)
{
	bool end = false;
	int r = nettext_more(&cursor->text, row);

	while (r == 1) {
		r = next_line(cursor, row, &end);
		if (end && next_file(cursor) != 0)
			return 1;
	}
	if (r < 0)
		return r;
	cursor->counts->rows++;
	row->sock.netns = (uint32_t)cursor->env->netns;
	/* In each namespace serials begin anew. */
	row->sock.cookie |= cursor->env->netns << 32;
	if (cursor->env->netns != 0)
		row->sock.has |= HAS_NETNS;
	return 0;
}

const struct source source_nettext = {
	.name = "procfs",
	.open = nettext_open,
	.next = nettext_next,
	.close = nettext_close,
};
