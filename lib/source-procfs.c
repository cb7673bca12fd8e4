/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text tables under /proc/net, and saved copies of them. */
#include "source.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lines.h"
#include "net-file.h"
#include "procfs.h"
#include "util.h"

enum { TABLE_FILES = 2 };

typedef int line_fn(struct procfs_line line, const struct procfs_how *how, struct row *row);

/* The tables of a protocol: IPv4's or the only one, and IPv6's. */
struct table {
	enum estab_proto proto;
	const char *names[TABLE_FILES];
	const char *header; /* its first word; NULL: there is none */
	line_fn *line;      /* NULL: read_inet() or read_unix() */
	const char *older;  /* where it was before; NULL: nowhere */
};

static const struct table tables[] = {
	{ ESTAB_PROTO_TCP, { "tcp", "tcp6" }, "sl", NULL, NULL },
	{ ESTAB_PROTO_UDP, { "udp", "udp6" }, "sl", NULL, NULL },
	{ ESTAB_PROTO_UDPLITE, { "udplite", "udplite6" }, "sl", NULL, NULL },
	{ ESTAB_PROTO_RAW, { "raw", "raw6" }, "sl", NULL, NULL },
	{ ESTAB_PROTO_ICMP, { "icmp", "icmp6" }, "sl", NULL, NULL },
	{ ESTAB_PROTO_UNIX, { "unix", NULL }, "Num", NULL, NULL },
	{ ESTAB_PROTO_NETLINK, { "netlink", NULL }, "sk", procfs_netlink_line, NULL },
	{ ESTAB_PROTO_PACKET, { "packet", NULL }, "sk", procfs_packet_line, NULL },
	{ ESTAB_PROTO_AX25, { "ax25", NULL }, NULL, procfs_ax25_line, NULL },
	{ ESTAB_PROTO_IPX, { "ipx/socket", NULL }, "Local_Address", procfs_ipx_line, "ipx" },
};

struct table_file {
	int fd;
	bool v6;
	const char *name;
	struct result_source *source;
};

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	const struct table *table;
	uint32_t states;
	size_t n_files;
	size_t at_file;
	uint64_t n_lines; /* of the file that is read, the one at hand included */
	bool crlf;
	struct table_file files[TABLE_FILES];
	struct procfs_watch watch;
	struct lines lines; /* the last: it is not cleared */
};

/* Opens the file of one family, or notes why not. */
static int add_file(struct source_cursor *cursor, const char *name, bool v6)
{
	struct table_file *file = &cursor->files[cursor->n_files];
	int fd = net_file_open(cursor->env, name);

	file->source =
		net_file_note(cursor->env, cursor->result, source_procfs.name, name, name, fd);
	if (fd < 0)
		return fd;
	file->fd = fd;
	file->v6 = v6;
	file->name = name;
	cursor->n_files++;
	return 0;
}

/* One missing file is normal (no IPv6); one that exists but can't be read is a loss. */
static int add_files(struct source_cursor *cursor, const struct table *table, uint32_t families)
{
	static const uint32_t family_bits[TABLE_FILES] = {
		BIT32(ESTAB_FAMILY_INET),
		BIT32(ESTAB_FAMILY_INET6),
	};
	int errors[TABLE_FILES] = { 0 };
	int error = -ENOENT;

	for (size_t i = 0; i < TABLE_FILES; i++) {
		if (!table->names[i] || (table->names[1] && !(families & family_bits[i])))
			continue;
		errors[i] = add_file(cursor, table->names[i], i == 1);
		if (errors[i] == -ENOENT && table->older &&
		    add_file(cursor, table->older, false) == 0)
			errors[i] = 0;
		if (errors[i] < 0 && error == -ENOENT)
			error = errors[i];
	}
	if (cursor->n_files == 0)
		return error;
	for (size_t i = 0; i < TABLE_FILES; i++)
		if (errors[i] < 0 && errors[i] != -ENOENT)
			result_add_loss(cursor->result, "table",
					errors[i] == -EACCES || errors[i] == -EPERM ? "permission"
										    : "unavailable",
					table->names[i], 1);
	return 0;
}

static struct source_cursor *procfs_close(struct source_cursor *cursor)
{
	if (!cursor)
		return NULL;
	for (size_t i = 0; i < cursor->n_files; i++)
		if (cursor->files[i].fd >= 0)
			close(cursor->files[i].fd);
	procfs_watch_free(&cursor->watch);
	free(cursor);
	return NULL;
}

static const struct table *find_table(enum estab_proto proto)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		if (tables[i].proto == proto)
			return &tables[i];
	return NULL;
}

/*
 * MPTCP has no table. But the kernel counts the sockets of each protocol: -ENOENT: there is none;
 * -EOPNOTSUPP: there are some, or nobody knows.
 */
static int mptcp_error(struct env *env, struct estab_result *result)
{
	int fd = net_file_open(env, "protocols");
	uint64_t sockets = 0;
	int r = fd < 0 ? fd : procfs_count_sockets(env, fd, "MPTCP", &sockets);

	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = sockets == 0 ? -ENOENT : -EOPNOTSUPP;
	else if (r != -ENOMEM && r != -ECANCELED && r != -ETIME)
		r = -EOPNOTSUPP;
	result_add_source(result, source_procfs.name, "mptcp", NULL, r);
	return r;
}

static int procfs_open(struct env *env, const struct source_job *job, struct estab_result *result,
		       struct source_cursor **ret_cursor)
{
	const struct table *table = find_table(job->proto);
	struct source_cursor *cursor;
	int r;

	if (!table)
		return job->proto == ESTAB_PROTO_MPTCP ? mptcp_error(env, result) : -EOPNOTSUPP;
	cursor = malloc(sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	/* Not calloc(): the buffer at the end would be cleared for nothing. */
	memset(cursor, 0, offsetof(struct source_cursor, lines));
	lines_begin(&cursor->lines);
	cursor->env = env;
	cursor->result = result;
	cursor->table = table;
	cursor->states = job->states;
	r = add_files(cursor, table, job->families);
	if (r < 0) {
		procfs_close(cursor);
		return r;
	}
	*ret_cursor = cursor;
	return 0;
}

static void lose_row(struct source_cursor *cursor, const char *why)
{
	result_add_loss(cursor->result, "rows", why, cursor->files[cursor->at_file].name, 1);
}

/* Whether the line, past its blanks, begins with this word. */
static bool begins_with(struct cursor text, const char *word)
{
	const char *found;
	size_t length;

	cursor_blanks(&text);
	return cursor_word(&text, &found, &length) && length == strlen(word) &&
	       memcmp(found, word, length) == 0;
}

static bool is_header(const struct source_cursor *cursor, struct cursor text)
{
	const char *header = cursor->table->header;

	return cursor->n_lines == 1 && header && begins_with(text, header);
}

/* A line that is no row: a header, an empty one, or a row lost. */
static void pass_other(struct source_cursor *cursor, struct cursor text, bool in_name)
{
	if (is_header(cursor, text))
		return;
	cursor_blanks(&text);
	if (text.at < text.end || in_name)
		lose_row(cursor, "malformed");
}

/* All four: 0 a row, 1 none in this line, or a negative errno. */

static int read_inet(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	const struct procfs_inet how = {
		.proto = cursor->table->proto,
		.v6 = cursor->files[cursor->at_file].v6,
		.big_endian = cursor->env->ctx->big_endian,
		.want_drops = cursor->env->plan.needs & NEED_MEM,
	};
	int r = procfs_inet_line(line, &how, row);

	if (r == -EBADMSG) {
		pass_other(cursor, line.text, false);
		return 1;
	}
	return r;
}

/* A disputed line gets a serial of its own: its inode's other line must not pass for the same. */
static int read_unix(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	size_t length = (size_t)(line.text.end - line.text.at);
	enum procfs_verdict verdict;
	struct procfs_unix entry;
	int r;

	if (procfs_unix_line(line, &entry) < 0) {
		pass_other(cursor, line.text, procfs_watch_other(&cursor->watch, length));
		return 1;
	}
	r = procfs_watch_row(&cursor->watch, &entry, length, &verdict);
	if (r < 0)
		return r;
	if (verdict == PROCFS_FORGED || verdict == PROCFS_DISPUTED)
		lose_row(cursor, "forged");
	if (verdict == PROCFS_FORGED || verdict == PROCFS_AGAIN)
		return 1;

	r = procfs_unix_row(&entry, cursor->env->plan.needs & NEED_UNIX_NAME, row);
	if (r == 0 && cursor->env->plan.needs & NEED_KERNEL_ADDRESS)
		r = row_put(row, EXT_KERNEL_ADDRESS, &entry.address, sizeof(entry.address));
	if (r == 0 && cursor->env->plan.needs & NEED_REFERENCES)
		r = row_put(row, EXT_REFERENCES, &entry.references, sizeof(entry.references));
	/* Where the kernel hides its addresses, the line's number has to do. */
	if (r == 0 && (verdict == PROCFS_DISPUTED || (entry.inode == 0 && entry.address == 0)))
		row->sock.local.serial = cursor->n_lines;
	return r;
}

/* The text has the device's number only, which means nothing elsewhere. */
static int name_device(const struct source_cursor *cursor, struct row *row)
{
	struct env *env = cursor->env;
	uint32_t index = 0;
	const char *name;

	if (!(env->plan.needs & NEED_IFNAME) || env->ctx->capture ||
	    !ext_read(row->sock.ext, EXT_IFINDEX, &index, sizeof(index)))
		return 0;
	name = netdevs_name(env, index);
	return name ? row_put(row, EXT_IFNAME, name, strlen(name)) : 0;
}

static int read_other(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	const struct procfs_how how = {
		.needs = cursor->env->plan.needs,
		.number = cursor->n_lines,
	};
	int r = cursor->table->line(line, &how, row);

	if (r == -EBADMSG) {
		pass_other(cursor, line.text, false);
		return 1;
	}
	return r < 0 ? r : name_device(cursor, row);
}

static int read_row(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	struct cursor *text = &line.text;

	/* A copy that went through other systems has it on every line, the header's too. A name may
	 * end in one of its own, so elsewhere it is kept. */
	if (cursor->n_lines == 1)
		cursor->crlf = text->end > text->at && text->end[-1] == '\r';
	if (cursor->crlf && text->end > text->at && text->end[-1] == '\r')
		text->end--;
	if (cursor->table->line)
		return read_other(cursor, line, row);
	return cursor->table->proto == ESTAB_PROTO_UNIX ? read_unix(cursor, line, row)
							: read_inet(cursor, line, row);
}

static int next_line(struct source_cursor *cursor, struct row *row)
{
	struct table_file *file = &cursor->files[cursor->at_file];
	struct procfs_line line;
	int r = lines_next(&cursor->lines, file->fd, cursor->env, &line);

	if (r < 0) {
		file->source->error = r;
		return r;
	}
	if (r == LINE_END) {
		lines_begin(&cursor->lines);
		cursor->n_lines = 0;
		cursor->at_file++;
		return 1;
	}
	cursor->n_lines++;
	if (r == LINE_TOO_LONG) {
		procfs_watch_other(&cursor->watch, LINES_ROOM);
		lose_row(cursor, "malformed");
		return 1;
	}
	r = read_row(cursor, line, row);
	if (r == 0 && !(cursor->states & BIT32(row->sock.state)))
		return 1;
	return r;
}

static int procfs_next(struct source_cursor *cursor, struct row *row)
{
	while (cursor->at_file < cursor->n_files) {
		int r = next_line(cursor, row);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		cursor->files[cursor->at_file].source->rows++;
		if (cursor->env->netns != 0) {
			row->sock.netns = (uint32_t)cursor->env->netns;
			row->sock.has |= HAS_NETNS;
		} else if (cursor->env->plan.all_netns) {
			row->sock.netns = (uint32_t)cursor->env->netns_at + 1;
		}
		return 0;
	}
	return 1;
}

const struct source source_procfs = {
	.name = "procfs",
	.open = procfs_open,
	.next = procfs_next,
	.close = procfs_close,
};
