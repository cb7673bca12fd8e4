/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "who-text.h"

#include <stdlib.h>
#include <string.h>

#include "traffic.h"
#include "util.h"
#include "width.h"

enum {
	LABEL_WIDTH = 11,
	LISTENERS_MAX = 20,
	CHILDREN_MAX = 20,
	SHORT_ID = 12, /* of a container's id, as its runtime shows it */
	COMMAND_LINES = 3,
};

struct page {
	struct buf *buf;
	const struct term *term;
	const struct holders *holders;
	bool complete;
};

static void put_coloured(const struct page *page, enum colour colour, const char *text,
			 size_t length)
{
	if (page->term->colour)
		buf_str(page->buf, term_colour(colour));
	buf_put(page->buf, text, length);
	if (page->term->colour)
		buf_str(page->buf, TERM_RESET);
}

/* The beginning of a line. */
static void label(const struct page *page, const char *text)
{
	size_t length = strlen(text);

	buf_str(page->buf, "  ");
	put_coloured(page, COLOUR_FAINT, text, length);
	buf_blanks(page->buf, LABEL_WIDTH - length);
}

static bool has(const struct estab_owner *owner, enum estab_field field)
{
	char byte;

	return estab_owner_format(owner, field, &byte, 0) > 0;
}

/* "nginx[812]" */
static void put_name(struct buf *buf, const struct estab_owner *owner)
{
	if (buf_owner(buf, owner, ESTAB_F_OWNER_COMM) < 0)
		buf_char(buf, '?');
	buf_char(buf, '[');
	buf_owner(buf, owner, ESTAB_F_OWNER_PID);
	buf_char(buf, ']');
}

/* The arguments with blanks between; on a terminal no more than a few lines of them. */
static void put_command(const struct page *page, const struct estab_owner *owner)
{
	size_t room = page->term->width * COMMAND_LINES;
	const void *bytes;
	const char *at;
	size_t length;
	struct buf text;

	if (estab_owner_get_bytes(owner, ESTAB_F_OWNER_CMDLINE, &bytes, &length) < 0)
		return;
	buf_init(&text, BUF_MEMORY);
	for (at = bytes; length > 0;) {
		size_t argument = strnlen(at, length);

		if (at != bytes)
			buf_char(&text, ' ');
		buf_escape(&text, at, argument);
		argument = MIN(argument + 1, length);
		at += argument;
		length -= argument;
	}
	label(page, "command");
	if (page->term->terminal && text_width(text.data, text.used) > room) {
		buf_put(page->buf, text.data, text_fit(text.data, text.used, room));
		buf_str(page->buf, "…");
	} else {
		buf_put(page->buf, text.data, text.used);
	}
	buf_char(page->buf, '\n');
	buf_free(&text);
}

static void put_field(const struct page *page, const char *name, const struct estab_owner *owner,
		      enum estab_field field)
{
	if (!has(owner, field))
		return;
	label(page, name);
	buf_owner(page->buf, owner, field);
	buf_char(page->buf, '\n');
}

/* From the first process down to the parent. */
static void put_parents(const struct page *page, const struct estab_lineage *lineage)
{
	size_t count = lineage ? estab_lineage_count(lineage) : 0;

	if (count < 2)
		return;
	label(page, "parents");
	for (size_t i = count - 1; i > 0; i--) {
		put_name(page->buf, estab_lineage_get(lineage, i));
		buf_str(page->buf, i > 1 ? " → " : "\n");
	}
}

/* "of user NAME", for a unit of a user's own service manager. */
static void put_unit(const struct page *page, const struct estab_owner *owner)
{
	struct buf *buf = page->buf;

	if (!has(owner, ESTAB_F_OWNER_UNIT)) {
		put_field(page, "cgroup", owner, ESTAB_F_OWNER_CGROUP);
		return;
	}
	label(page, "unit");
	buf_owner(buf, owner, ESTAB_F_OWNER_UNIT);
	if (has(owner, ESTAB_F_OWNER_SLICE)) {
		buf_str(buf, " in ");
		buf_owner(buf, owner, ESTAB_F_OWNER_SLICE);
	}
	if (has(owner, ESTAB_F_OWNER_UNIT_UID)) {
		buf_str(buf, ", of user ");
		buf_owner(buf, owner, ESTAB_F_OWNER_UNIT_UID);
	}
	buf_char(buf, '\n');
}

static void put_container(const struct page *page, const struct estab_owner *owner)
{
	struct buf *buf = page->buf;
	const void *id;
	size_t length;

	if (estab_owner_get_bytes(owner, ESTAB_F_OWNER_CONTAINER, &id, &length) < 0)
		return;
	label(page, "container");
	if (has(owner, ESTAB_F_OWNER_CONTAINER_NAME)) {
		buf_owner(buf, owner, ESTAB_F_OWNER_CONTAINER_NAME);
		buf_str(buf, " (");
		buf_escape(buf, id, MIN(length, (size_t)SHORT_ID));
		buf_char(buf, ')');
	} else {
		buf_escape(buf, id, length);
	}
	if (has(owner, ESTAB_F_OWNER_RUNTIME)) {
		buf_str(buf, " by ");
		buf_owner(buf, owner, ESTAB_F_OWNER_RUNTIME);
	}
	buf_char(buf, '\n');
}

static void put_pod(const struct page *page, const struct estab_owner *owner)
{
	struct buf *buf = page->buf;

	if (!has(owner, ESTAB_F_OWNER_POD))
		return;
	label(page, "pod");
	if (has(owner, ESTAB_F_OWNER_POD_NAMESPACE)) {
		buf_owner(buf, owner, ESTAB_F_OWNER_POD_NAMESPACE);
		buf_char(buf, '/');
	}
	if (has(owner, ESTAB_F_OWNER_POD_NAME)) {
		buf_owner(buf, owner, ESTAB_F_OWNER_POD_NAME);
		buf_str(buf, " (");
		buf_owner(buf, owner, ESTAB_F_OWNER_POD);
		buf_char(buf, ')');
	} else {
		buf_owner(buf, owner, ESTAB_F_OWNER_POD);
	}
	buf_char(buf, '\n');
}

static void put_user(const struct page *page, const struct estab_owner *owner)
{
	bool named = has(owner, ESTAB_F_OWNER_USER);

	if (!named && !has(owner, ESTAB_F_OWNER_UID))
		return;
	label(page, "user");
	if (named) {
		buf_owner(page->buf, owner, ESTAB_F_OWNER_USER);
		buf_str(page->buf, " (");
	}
	buf_owner(page->buf, owner, ESTAB_F_OWNER_UID);
	buf_str(page->buf, named ? ")\n" : "\n");
}

static void put_ago(struct buf *buf, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		uint64_t until; /* which is told in the next unit */
		const char *name;
	} units[] = {
		{ 1, 120, " s" },
		{ 60, 120 * 60, " min" },
		{ 3600, 48 * 3600, " h" },
		{ 86400, UINT64_MAX, " days" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= units[i].until)
			continue;
		buf_u64(buf, seconds / units[i].seconds);
		buf_str(buf, units[i].name);
		break;
	}
	buf_str(buf, " ago");
}

/* "2026-11-25T20:15:03.120000Z" as people write it: to the second, and how long ago. */
static void put_since(const struct page *page, const struct estab_owner *owner)
{
	enum { DATE = 10, CLOCK = 8 };
	const char *time;
	uint64_t age_ms;

	if (estab_owner_get_str(owner, ESTAB_F_OWNER_START_TIME, &time) < 0 ||
	    strlen(time) < DATE + 1 + CLOCK)
		return;
	label(page, "since");
	buf_put(page->buf, time, DATE);
	buf_char(page->buf, ' ');
	buf_put(page->buf, time + DATE + 1, CLOCK);
	buf_str(page->buf, " UTC");
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_AGE_MS, &age_ms) == 0) {
		buf_str(page->buf, ", ");
		put_ago(page->buf, age_ms / 1000);
	}
	buf_char(page->buf, '\n');
}

/* Those that run the same command and hold some of the same. */
static void put_children(const struct page *page, size_t index)
{
	const struct holders *holders = page->holders;
	size_t count = 0;

	for (size_t i = 0; i < holders->n; i++) {
		if (holders->list[i].parent != index)
			continue;
		if (count == 0)
			label(page, "children");
		else if (count < CHILDREN_MAX)
			buf_str(page->buf, ", ");
		if (count++ < CHILDREN_MAX)
			put_name(page->buf, holder_process(&holders->list[i]));
	}
	if (count > CHILDREN_MAX) {
		buf_str(page->buf, " and ");
		buf_u64(page->buf, count - CHILDREN_MAX);
		buf_str(page->buf, " more");
	}
	if (count > 0)
		buf_char(page->buf, '\n');
}

static void put_listener(struct buf *buf, const struct estab_socket *sock)
{
	const void *name;
	size_t length;
	uint64_t backlog, limit;

	buf_socket(buf, sock, ESTAB_F_PROTO);
	buf_char(buf, ' ');
	buf_socket(buf, sock, ESTAB_F_LOCAL);
	/* Asked for where there is more than one. */
	if (estab_socket_get_bytes(sock, ESTAB_F_NETNS_NAME, &name, &length) == 0) {
		buf_str(buf, " in ");
		buf_escape(buf, name, length);
	}
	if (estab_socket_get_u64(sock, ESTAB_F_BACKLOG, &backlog) == 0 && backlog > 0) {
		buf_str(buf, ", ");
		buf_u64(buf, backlog);
		if (estab_socket_get_u64(sock, ESTAB_F_BACKLOG_LIMIT, &limit) == 0) {
			buf_str(buf, " of ");
			buf_u64(buf, limit);
		}
		buf_str(buf, " waiting");
	}
}

static void put_listeners(const struct page *page, const struct estab_socket *const *rows, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		if (!traffic_is_listener(rows[i]) || count++ >= LISTENERS_MAX)
			continue;
		label(page, count == 1 ? "listens" : "");
		put_listener(page->buf, rows[i]);
		buf_char(page->buf, '\n');
	}
	if (count > LISTENERS_MAX) {
		label(page, "");
		buf_str(page->buf, "and ");
		buf_u64(page->buf, count - LISTENERS_MAX);
		buf_str(page->buf, " more\n");
	}
}

static int compare_rows(const void *left, const void *right)
{
	uintptr_t a = (uintptr_t) * (const void *const *)left;
	uintptr_t b = (uintptr_t) * (const void *const *)right;

	return (a > b) - (a < b);
}

/* What the process and its children hold, each once. NULL: no memory. */
static const struct estab_socket **rows_of(const struct holders *holders, size_t index,
					   size_t *ret_n)
{
	const struct estab_socket **rows;
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < holders->n; i++)
		if (i == index || holders->list[i].parent == index)
			n += holders->list[i].n_rows;
	rows = calloc(n + 1, sizeof(const struct estab_socket *));
	if (!rows)
		return NULL;
	n = 0;
	for (size_t i = 0; i < holders->n; i++)
		for (size_t k = 0; k < holders->list[i].n_rows; k++)
			if (i == index || holders->list[i].parent == index)
				rows[n++] = holders->list[i].rows[k];
	qsort(rows, n, sizeof(const struct estab_socket *), compare_rows);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || rows[i] != rows[kept - 1])
			rows[kept++] = rows[i];
	*ret_n = kept;
	return rows;
}

typedef void put_fn(struct buf *buf, const struct estab_socket *const *rows, size_t n);

static void put_line(const struct page *page, const char *name, put_fn *put,
		     const struct estab_socket *const *rows, size_t n)
{
	struct buf text;

	buf_init(&text, BUF_MEMORY);
	put(&text, rows, n);
	if (text.used > 0) {
		label(page, name);
		buf_put(page->buf, text.data, text.used);
		buf_char(page->buf, '\n');
	}
	buf_free(&text);
}

static void put_traffic(const struct page *page, size_t index)
{
	size_t n = 0;
	const struct estab_socket **rows = rows_of(page->holders, index, &n);

	if (!rows)
		return;
	put_listeners(page, rows, n);
	put_line(page, "connected", traffic_put, rows, n);
	put_line(page, "also holds", traffic_put_others, rows, n);
	free(rows);
}

static void put_holder(const struct page *page, size_t index)
{
	const struct holder *holder = &page->holders->list[index];
	const struct estab_owner *owner = holder_process(holder);
	struct buf name;

	buf_init(&name, BUF_MEMORY);
	put_name(&name, owner);
	put_coloured(page, COLOUR_HEADER, name.data, name.used);
	buf_free(&name);
	if (!holder->lineage)
		buf_str(page->buf, holder->ended ? " (has ended since)" : " (not readable)");
	buf_char(page->buf, '\n');
	put_command(page, owner);
	put_field(page, "program", owner, ESTAB_F_OWNER_EXE);
	put_parents(page, holder->lineage);
	put_unit(page, owner);
	put_container(page, owner);
	put_pod(page, owner);
	put_user(page, owner);
	put_since(page, owner);
	put_children(page, index);
	if (holder->n_rows == 0) {
		label(page, "holds");
		/* Who shows what it runs shows what it holds. */
		buf_str(page->buf, page->complete || has(owner, ESTAB_F_OWNER_EXE)
					   ? "no socket\n"
					   : "no socket to be seen\n");
		return;
	}
	put_traffic(page, index);
}

/* Why nobody has it, and what the socket itself tells of who may. */
static void put_alone(const struct page *page, const struct estab_socket *sock)
{
	struct buf *buf = page->buf;
	const char *reason = "unknown";
	const void *path;
	size_t length;

	estab_socket_get_str(sock, ESTAB_F_NO_OWNER, &reason);
	put_listener(buf, sock);
	buf_str(buf, ": no process to be seen (");
	buf_str(buf, reason);
	buf_str(buf, ")\n");
	label(page, "user");
	if (buf_socket(buf, sock, ESTAB_F_USER) < 0)
		buf_char(buf, '-');
	buf_char(buf, '\n');
	/* The root tells nothing. */
	if (estab_socket_get_bytes(sock, ESTAB_F_CGROUP, &path, &length) == 0 && length > 1) {
		label(page, "cgroup");
		buf_escape(buf, path, length);
		buf_char(buf, '\n');
	}
}

/* Connections that nobody holds, by the reason. */
static void put_alone_counts(const struct page *page)
{
	static const char *const reasons[] = { "pending-accept", "syn-recv", "orphan",
					       "in-flight",      "kernel",   "permission",
					       "not-visible",    "time-wait" };
	const struct holders *holders = page->holders;
	bool any = false;

	for (size_t r = 0; r < ARRAY_SIZE(reasons); r++) {
		size_t count = 0;

		for (size_t i = 0; i < holders->n_unowned; i++) {
			const char *reason = "";

			estab_socket_get_str(holders->unowned[i], ESTAB_F_NO_OWNER, &reason);
			count += !traffic_is_listener(holders->unowned[i]) &&
				 strcmp(reason, reasons[r]) == 0;
		}
		if (count == 0)
			continue;
		buf_str(page->buf, any ? ", " : "without a process: ");
		buf_str(page->buf, reasons[r]);
		buf_str(page->buf, " ×");
		buf_u64(page->buf, count);
		any = true;
	}
	if (any)
		buf_char(page->buf, '\n');
}

static void put_unowned(const struct page *page)
{
	const struct holders *holders = page->holders;
	size_t count = 0;

	for (size_t i = 0; i < holders->n_unowned; i++)
		if (traffic_is_listener(holders->unowned[i]) && count++ < LISTENERS_MAX)
			put_alone(page, holders->unowned[i]);
	if (count > LISTENERS_MAX) {
		buf_str(page->buf, "and ");
		buf_u64(page->buf, count - LISTENERS_MAX);
		buf_str(page->buf, " more without a process to be seen\n");
	}
	put_alone_counts(page);
}

void who_text_put(struct buf *buf, const struct term *term, const struct holders *holders,
		  bool complete)
{
	const struct page page = {
		.buf = buf,
		.term = term,
		.holders = holders,
		.complete = complete,
	};
	bool any = false;

	for (size_t i = 0; i < holders->n; i++) {
		if (holders->list[i].parent != SIZE_MAX)
			continue;
		if (any)
			buf_char(buf, '\n');
		any = true;
		put_holder(&page, i);
	}
	if (any && holders->n_unowned > 0)
		buf_char(buf, '\n');
	put_unowned(&page);
}
