/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text tables under /proc/net, and saved copies of them. */
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "procfs.h"
#include "util.h"

enum {
	LINE_MAX_SIZE = 64 * 1024, /* newline included: what is longer is no line of the kernel's */
	TABLE_FILES = 2,
};

/* The tables of a protocol: IPv4's or the only one, and IPv6's. */
struct table {
	enum estab_proto proto;
	const char *names[TABLE_FILES];
};

static const struct table tables[] = {
	{ ESTAB_PROTO_TCP, { "tcp", "tcp6" } },
	{ ESTAB_PROTO_UDP, { "udp", "udp6" } },
	{ ESTAB_PROTO_UDPLITE, { "udplite", "udplite6" } },
	{ ESTAB_PROTO_RAW, { "raw", "raw6" } },
	{ ESTAB_PROTO_ICMP, { "icmp", "icmp6" } },
	{ ESTAB_PROTO_UNIX, { "unix", NULL } },
};

struct table_file {
	int fd;
	bool v6;
	const char *name;
	struct result_source *source;
};

/* Reads lines in order, and never seeks: the kernel would walk the table from its start again. */
struct reader {
	size_t start;   /* of the next line */
	size_t scanned; /* no newline before it */
	size_t end;
	bool eof;
	bool skipping; /* in a line that is too long */
	char buffer[LINE_MAX_SIZE];
};

struct source_cursor {
	struct env *env;
	struct estab_result *result;
	enum estab_proto proto;
	uint32_t states;
	size_t n_files;
	size_t at_file;
	uint64_t lines; /* of the file that is read, the one at hand included */
	bool crlf;
	struct table_file files[TABLE_FILES];
	struct procfs_watch watch;
	struct reader reader;
};

static void reader_reset(struct reader *reader)
{
	reader->start = 0;
	reader->scanned = 0;
	reader->end = 0;
	reader->eof = false;
	reader->skipping = false;
}

/* Makes room and reads once: the kernel gives whole lines of at most a page a time. */
static int reader_fill(struct reader *reader, int fd)
{
	ssize_t n;

	if (reader->start > 0) {
		memmove(reader->buffer, reader->buffer + reader->start,
			reader->end - reader->start);
		reader->end -= reader->start;
		reader->start = 0;
	}
	if (reader->end == sizeof(reader->buffer)) {
		reader->skipping = true;
		reader->end = 0;
	}
	reader->scanned = reader->end;
	do
		n = read(fd, reader->buffer + reader->end, sizeof(reader->buffer) - reader->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	reader->eof = n == 0;
	reader->end += (size_t)n;
	return 0;
}

enum { LINE_READ, LINE_END, LINE_TOO_LONG };

/* Returns LINE_…, or a negative errno. The line lives until the next call. */
static int reader_line(struct reader *reader, int fd, const struct env *env,
		       struct procfs_line *ret_line)
{
	for (;;) {
		char *from = reader->buffer + reader->start;
		char *newline = memchr(reader->buffer + reader->scanned, '\n',
				       reader->end - reader->scanned);
		bool skipping = reader->skipping;
		int r;

		if (!newline && !reader->eof) {
			r = env_check(env);
			if (r == 0)
				r = reader_fill(reader, fd);
			if (r < 0)
				return r;
			continue;
		}
		if (!newline && from == reader->buffer + reader->end && !skipping)
			return LINE_END;

		ret_line->text.at = from;
		ret_line->text.end = newline ? newline : reader->buffer + reader->end;
		ret_line->cut = !newline;
		reader->start = newline ? (size_t)(newline + 1 - reader->buffer) : reader->end;
		reader->scanned = reader->start;
		reader->skipping = false;
		return skipping ? LINE_TOO_LONG : LINE_READ;
	}
}

static int open_table(const struct env *env, const char *name)
{
	struct stat st;
	int fd = netns_open(env, name);

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

static struct result_source *note_source(struct source_cursor *cursor, const char *name, int error)
{
	const struct env *env = cursor->env;
	_cleanup_(cleanup_free) char *path = NULL;

	if (asprintf(&path, "%s/%s/%s", env->ctx->proc_path, netns_net_dir(env), name) < 0)
		path = NULL;
	return result_add_source(cursor->result, source_procfs.name, name, path, error);
}

/* Opens the file of one family, or notes why not. */
static int add_file(struct source_cursor *cursor, const char *name, bool v6)
{
	struct table_file *file = &cursor->files[cursor->n_files];
	int fd = open_table(cursor->env, name);

	file->source = note_source(cursor, name, MIN(fd, 0));
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

static int procfs_open(struct env *env, const struct source_job *job, struct estab_result *result,
		       struct source_cursor **ret_cursor)
{
	const struct table *table = find_table(job->proto);
	struct source_cursor *cursor;
	int r;

	if (!table)
		return -EOPNOTSUPP;
	cursor = malloc(sizeof(*cursor));
	if (!cursor)
		return -ENOMEM;
	/* Not calloc(): the buffer at the end would be cleared for nothing. */
	memset(cursor, 0, offsetof(struct source_cursor, reader));
	reader_reset(&cursor->reader);
	cursor->env = env;
	cursor->result = result;
	cursor->proto = job->proto;
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
	return cursor->lines == 1 &&
	       begins_with(text, cursor->proto == ESTAB_PROTO_UNIX ? "Num" : "sl");
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

/* All three: 0 a row, 1 none in this line, or a negative errno. */

static int read_inet(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	const struct procfs_inet how = {
		.proto = cursor->proto,
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
	/* Where the kernel hides its addresses, the line's number has to do. */
	if (r == 0 && (verdict == PROCFS_DISPUTED || (entry.inode == 0 && entry.address == 0)))
		row->sock.local.serial = cursor->lines;
	return r;
}

static int read_row(struct source_cursor *cursor, struct procfs_line line, struct row *row)
{
	struct cursor *text = &line.text;

	/* A copy that went through other systems has it on every line, the header's too. A name may
	 * end in one of its own, so elsewhere it is kept. */
	if (cursor->lines == 1)
		cursor->crlf = text->end > text->at && text->end[-1] == '\r';
	if (cursor->crlf && text->end > text->at && text->end[-1] == '\r')
		text->end--;
	return cursor->proto == ESTAB_PROTO_UNIX ? read_unix(cursor, line, row)
						 : read_inet(cursor, line, row);
}

static int next_line(struct source_cursor *cursor, struct row *row)
{
	struct table_file *file = &cursor->files[cursor->at_file];
	struct procfs_line line;
	int r = reader_line(&cursor->reader, file->fd, cursor->env, &line);

	if (r < 0) {
		file->source->error = r;
		return r;
	}
	if (r == LINE_END) {
		reader_reset(&cursor->reader);
		cursor->lines = 0;
		cursor->at_file++;
		return 1;
	}
	cursor->lines++;
	if (r == LINE_TOO_LONG) {
		procfs_watch_other(&cursor->watch, LINE_MAX_SIZE);
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
