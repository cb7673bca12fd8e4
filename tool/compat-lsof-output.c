/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What lsof(8) writes: a table, fields for programs (-F), JSON. */
#include <stdio.h>
#include <string.h>

#include "compat-lsof.h"
#include "compat-table.h"
#include "json-text.h"
#include "util.h"

/* ---- the table ---- */

enum { COLUMN_PARENT = 2, COLUMN_GROUP = 3, COLUMN_SIZE = 8, COLUMN_LINKS = 9, N_COLUMNS = 11 };

static const struct {
	const char *title;
	bool left;
} columns[N_COLUMNS] = {
	{ "COMMAND", true },
	{ "PID", false },
	{ "PPID", false },
	{ "PGID", false },
	{ "USER", false },
	{ "  FD  ", false },
	{ "TYPE", false },
	{ "DEVICE", false },
	{ NULL, false },
	{ "NLINK", false },
	/* The name stands behind it, in a column that is never filled up. */
	{ "NODE", false },
};

_Static_assert((int)N_COLUMNS < (int)COMPAT_COLUMNS_MAX, "the name is a column more");

static void put_command(struct buf *cell, const struct lsof *lsof, const struct estab_owner *owner)
{
	size_t before = cell->used;
	size_t width = lsof->options.command_width;

	buf_owner(cell, owner, ESTAB_F_OWNER_COMM);
	if (width > 0 && cell->used - before > width)
		cell->used = before + width;
}

static void put_fd(struct buf *cell, uint64_t fd)
{
	char text[24];

	if (fd > 9999)
		snprintf(text, sizeof(text), "*%03u", (unsigned int)(fd % 1000));
	else
		snprintf(text, sizeof(text), "%4u", (unsigned int)fd);
	buf_str(cell, text);
	/* Sockets are open for reading and writing, and never locked. */
	buf_str(cell, "u ");
}

static void put_number(struct compat_table *table, const struct estab_owner *owner,
		       enum estab_field field)
{
	if (field != ESTAB_F_NONE)
		buf_u64(compat_table_cell(table), lsof_owner_u64(owner, field));
	compat_table_next(table);
}

static void put_row(struct lsof *lsof, struct compat_table *table, const struct lsof_file *file)
{
	const struct lsof_options *options = &lsof->options;
	struct buf *cell = compat_table_cell(table);

	put_command(cell, lsof, file->owner);
	compat_table_next(table);
	put_number(table, file->owner, ESTAB_F_OWNER_PID);
	put_number(table, file->owner, options->parent ? ESTAB_F_OWNER_PPID : ESTAB_F_NONE);
	put_number(table, file->owner, options->group ? ESTAB_F_OWNER_PGID : ESTAB_F_NONE);
	lsof_put_user(cell, lsof, file->owner, false);
	compat_table_next(table);
	put_fd(cell, file->fd);
	compat_table_next(table);
	buf_str(cell, lsof_type(file));
	compat_table_next(table);
	lsof_put_device(cell, lsof, file);
	compat_table_next(table);
	buf_str(cell, options->sizes ? "" : "0t0");
	compat_table_next(table);
	/* Links are of names in a directory. */
	compat_table_next(table);
	if (file->proto == ESTAB_PROTO_UNIX)
		buf_u64(cell, compat_u64(file->sock, ESTAB_F_INODE, 0));
	else
		buf_str(cell, lsof_protocol(file));
	compat_table_next(table);
	lsof_put_name(lsof, cell, file, true);
	compat_table_next(table);
}

static const char *size_title(const struct lsof_options *options)
{
	return options->sizes ? "SIZE" : options->offsets ? "OFFSET" : "SIZE/OFF";
}

void lsof_put_table(struct lsof *lsof)
{
	struct compat_table table;

	if (lsof->n_shown == 0)
		return;
	compat_table_init(&table, &lsof->out);
	table.n_columns = N_COLUMNS + 1;
	for (size_t i = 0; i <= N_COLUMNS; i++) {
		table.columns[i].before = " ";
		table.columns[i].right = i < N_COLUMNS && !columns[i].left;
	}
	table.columns[COLUMN_GROUP].hidden = !lsof->options.group;
	table.columns[COLUMN_PARENT].hidden = !lsof->options.parent;
	table.columns[COLUMN_LINKS].hidden = !lsof->options.links;
	for (size_t i = 0; i < N_COLUMNS; i++) {
		if (i == COLUMN_SIZE)
			buf_str(compat_table_cell(&table), size_title(&lsof->options));
		else if (!table.columns[i].hidden)
			buf_str(compat_table_cell(&table), columns[i].title);
		compat_table_next(&table);
	}
	buf_str(compat_table_cell(&table), "NAME");
	compat_table_next(&table);
	for (size_t i = 0; i < lsof->n_files; i++)
		if (lsof->files[i].shown)
			put_row(lsof, &table, &lsof->files[i]);
	compat_table_flush(&table);
	compat_table_free(&table);
}

/* ---- -F ---- */

static bool wants(const struct lsof *lsof, char letter)
{
	return (lsof->options.fields & LSOF_FIELD(letter)) != 0;
}

static void end_field(struct lsof *lsof)
{
	buf_char(&lsof->out, lsof->options.end);
}

/* With NULs between fields, a newline ends what belongs together. */
static void end_set(struct lsof *lsof, uint64_t before)
{
	if (lsof->options.end == '\0' && buf_total(&lsof->out) > before)
		buf_char(&lsof->out, '\n');
}

static void put_process_field(struct lsof *lsof, char letter, const struct estab_owner *owner,
			      enum estab_field field)
{
	if (letter != 'p' && (!wants(lsof, letter) || field == ESTAB_F_NONE))
		return;
	buf_char(&lsof->out, letter);
	if (letter == 'c')
		buf_owner(&lsof->out, owner, field);
	else
		buf_u64(&lsof->out, lsof_owner_u64(owner, field));
	end_field(lsof);
}

static void put_process(struct lsof *lsof, const struct estab_owner *owner)
{
	uint64_t before = buf_total(&lsof->out);

	put_process_field(lsof, 'p', owner, ESTAB_F_OWNER_PID);
	put_process_field(lsof, 'g', owner, ESTAB_F_OWNER_PGID);
	put_process_field(lsof, 'R', owner, ESTAB_F_OWNER_PPID);
	put_process_field(lsof, 'c', owner, ESTAB_F_OWNER_COMM);
	put_process_field(lsof, 'u', owner, ESTAB_F_OWNER_UID);
	/* A number has no name to be shown. */
	if (wants(lsof, 'L') && !lsof->options.numeric_users && lsof_has_user(owner)) {
		buf_char(&lsof->out, 'L');
		lsof_put_user(&lsof->out, lsof, owner, false);
		end_field(lsof);
	}
	end_set(lsof, before);
}

static void put_text(struct lsof *lsof, char letter, const char *text)
{
	if (!wants(lsof, letter))
		return;
	buf_char(&lsof->out, letter);
	buf_str(&lsof->out, text);
	end_field(lsof);
}

static void put_tcp(struct lsof *lsof, const struct lsof_file *file)
{
	const struct lsof_options *options = &lsof->options;
	const char *state = options->state ? lsof_state(file) : NULL;

	if (!wants(lsof, 'T'))
		return;
	if (state) {
		buf_str(&lsof->out, "TST=");
		buf_str(&lsof->out, state);
		end_field(lsof);
	}
	/* Without -T both are shown. */
	if (file->proto == ESTAB_PROTO_UNIX || (options->tcp_given && !options->queues))
		return;
	buf_str(&lsof->out, "TQR=");
	lsof_put_queue(&lsof->out, file, true);
	end_field(lsof);
	buf_str(&lsof->out, "TQS=");
	lsof_put_queue(&lsof->out, file, false);
	end_field(lsof);
}

static void put_file(struct lsof *lsof, const struct lsof_file *file)
{
	uint64_t before = buf_total(&lsof->out);
	bool local = file->proto == ESTAB_PROTO_UNIX;

	if (wants(lsof, 'f')) {
		buf_char(&lsof->out, 'f');
		buf_u64(&lsof->out, file->fd);
		end_field(lsof);
	}
	put_text(lsof, 'a', "u");
	put_text(lsof, 'l', " ");
	put_text(lsof, 't', lsof_type(file));
	if (wants(lsof, 'd')) {
		buf_char(&lsof->out, 'd');
		lsof_put_device(&lsof->out, lsof, file);
		end_field(lsof);
	}
	if (!lsof->options.sizes)
		put_text(lsof, 'o', "0t0");
	if (local && wants(lsof, 'i')) {
		buf_char(&lsof->out, 'i');
		buf_u64(&lsof->out, compat_u64(file->sock, ESTAB_F_INODE, 0));
		end_field(lsof);
	}
	if (!local)
		put_text(lsof, 'P', lsof_protocol(file));
	if (wants(lsof, 'n')) {
		buf_char(&lsof->out, 'n');
		lsof_put_name(lsof, &lsof->out, file, false);
		end_field(lsof);
	}
	put_tcp(lsof, file);
	end_set(lsof, before);
}

void lsof_put_fields(struct lsof *lsof)
{
	uint64_t pid = 0;

	for (size_t i = 0; i < lsof->n_files; i++) {
		const struct lsof_file *file = &lsof->files[i];

		if (!file->shown)
			continue;
		if (file->pid != pid)
			put_process(lsof, file->owner);
		pid = file->pid;
		put_file(lsof, file);
	}
}

/* ---- JSON ---- */

static void put_key(struct buf *out, bool first, const char *key)
{
	if (!first)
		buf_char(out, ',');
	buf_char(out, '"');
	buf_str(out, key);
	buf_str(out, "\":");
}

/* The text becomes a string; it was escaped, and so has no control characters. */
static void put_string(struct lsof *lsof, struct buf *text)
{
	buf_char(text, '\0');
	if (text->error == 0)
		json_put_string(&lsof->out, text->data);
	text->used = 0;
}

static void put_json_process(struct lsof *lsof, struct buf *text, const struct lsof_file *file)
{
	struct buf *out = &lsof->out;

	put_key(out, true, "pid");
	buf_u64(out, file->pid);
	put_key(out, false, "command");
	buf_owner(text, file->owner, ESTAB_F_OWNER_COMM);
	put_string(lsof, text);
	put_key(out, false, "uid");
	buf_u64(out, lsof_owner_u64(file->owner, ESTAB_F_OWNER_UID));
	put_key(out, false, "login");
	lsof_put_user(text, lsof, file->owner, false);
	put_string(lsof, text);
	put_key(out, false, "pgid");
	buf_u64(out, lsof_owner_u64(file->owner, ESTAB_F_OWNER_PGID));
}

static void put_json_file(struct lsof *lsof, struct buf *text, const struct lsof_file *file)
{
	struct buf *out = &lsof->out;
	const char *state = lsof_state(file);

	put_key(out, true, "fd");
	buf_char(out, '"');
	buf_u64(out, file->fd);
	buf_char(out, '"');
	put_key(out, false, "access");
	buf_str(out, "\"u\"");
	put_key(out, false, "type");
	buf_str(text, lsof_type(file));
	put_string(lsof, text);
	put_key(out, false, "device");
	lsof_put_device(text, lsof, file);
	put_string(lsof, text);
	if (file->proto == ESTAB_PROTO_UNIX) {
		put_key(out, false, "inode");
		buf_u64(out, compat_u64(file->sock, ESTAB_F_INODE, 0));
	} else {
		put_key(out, false, "protocol");
		buf_str(text, lsof_protocol(file));
		put_string(lsof, text);
	}
	put_key(out, false, "name");
	lsof_put_name(lsof, text, file, false);
	put_string(lsof, text);
	if (state) {
		put_key(out, false, "state");
		buf_str(text, state);
		put_string(lsof, text);
	}
	put_key(out, false, "recv_q");
	lsof_put_queue(out, file, true);
	put_key(out, false, "send_q");
	lsof_put_queue(out, file, false);
}

/* A line a descriptor. */
static void put_json_lines(struct lsof *lsof, struct buf *text)
{
	for (size_t i = 0; i < lsof->n_files; i++) {
		const struct lsof_file *file = &lsof->files[i];

		if (!file->shown)
			continue;
		buf_char(&lsof->out, '{');
		put_json_process(lsof, text, file);
		buf_char(&lsof->out, ',');
		put_json_file(lsof, text, file);
		buf_str(&lsof->out, "}\n");
	}
}

static void put_json_whole(struct lsof *lsof, struct buf *text)
{
	uint64_t pid = 0;

	buf_str(&lsof->out, "{\"lsof_version\":\"estab ");
	buf_str(&lsof->out, estab_version());
	buf_str(&lsof->out, "\",\"processes\":[");
	for (size_t i = 0; i < lsof->n_files; i++) {
		const struct lsof_file *file = &lsof->files[i];

		if (!file->shown)
			continue;
		if (file->pid != pid) {
			buf_str(&lsof->out, pid != 0 ? "]},{" : "{");
			put_json_process(lsof, text, file);
			put_key(&lsof->out, false, "files");
			buf_str(&lsof->out, "[{");
		} else {
			buf_str(&lsof->out, ",{");
		}
		pid = file->pid;
		put_json_file(lsof, text, file);
		buf_char(&lsof->out, '}');
	}
	buf_str(&lsof->out, pid != 0 ? "]}]}\n" : "]}\n");
}

void lsof_put_json(struct lsof *lsof)
{
	struct buf text;

	buf_init(&text, BUF_MEMORY);
	if (lsof->options.json_lines)
		put_json_lines(lsof, &text);
	else
		put_json_whole(lsof, &text);
	buf_free(&text);
}
