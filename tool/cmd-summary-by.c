/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab summary --by FIELD,…: sockets counted, and numbers of theirs added up, by any fields. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "columns.h"
#include "commands.h"
#include "complain.h"
#include "csv.h"
#include "footer.h"
#include "groups.h"
#include "json-text.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "term.h"
#include "util.h"
#include "value.h"
#include "width.h"

enum { BY_MAX = 8, NUMBER_WIDTH = 8, KEY_WIDTH_MIN = 8 };

/* The lists of owners that a field may be about. */
static const enum estab_field lists[] = { ESTAB_F_OWNERS, ESTAB_F_PEER_OWNERS,
					  ESTAB_F_LISTENER_OWNERS };

struct by {
	const struct options *options;
	struct columns fields; /* to group by */
	struct columns sums;
	struct term term;
	struct progress progress;
	struct buf out;
	struct buf key;
	struct groups groups;
	uint64_t n_sockets;
};

/* ---- keys: for each field the length of its text, 0 where there is none, and the text ---- */

static void put_text(struct by *by, const struct column *column, const struct estab_socket *sock,
		     const struct estab_owner *owner)
{
	const void *bytes;
	size_t length;
	uint64_t number;

	if (column->cell == CELL_OWNER) {
		if (!owner)
			return;
		if (estab_owner_get_u64(owner, column->field, &number) == 0)
			buf_u64(&by->key, number);
		else if (estab_owner_get_bytes(owner, column->field, &bytes, &length) == 0)
			buf_put(&by->key, bytes, length);
	} else if (column->kind == ESTAB_KIND_GROUP) {
		buf_socket(&by->key, sock, column->field);
	} else if (!value_put(&by->key, column, sock)) {
		if (estab_socket_get_bytes(sock, column->field, &bytes, &length) == 0)
			buf_put(&by->key, bytes, length);
		else /* a user without a name */
			buf_socket(&by->key, sock, column->field);
	}
}

static void put_key(struct by *by, const struct estab_socket *sock,
		    const struct estab_owner *const owners[ARRAY_SIZE(lists)])
{
	by->key.used = 0;
	for (size_t i = 0; i < by->fields.n; i++) {
		const struct column *column = &by->fields.list[i];
		const struct estab_owner *owner = NULL;
		size_t at = by->key.used;
		uint32_t length;

		for (size_t j = 0; j < ARRAY_SIZE(lists); j++)
			if (column->group == lists[j])
				owner = owners[j];
		buf_put(&by->key, (const char *)&(uint32_t){ 0 }, sizeof(length));
		put_text(by, column, sock, owner);
		if (by->key.error < 0)
			return;
		length = (uint32_t)(by->key.used - at - sizeof(length));
		memcpy(by->key.data + at, &length, sizeof(length));
	}
}

/* The next part of a key, its place moved behind it. */
static const char *take_part(const struct group *group, size_t *at, uint32_t *ret_length)
{
	const char *text = group->key + *at + sizeof(*ret_length);

	memcpy(ret_length, group->key + *at, sizeof(*ret_length));
	*at += sizeof(*ret_length) + *ret_length;
	return text;
}

/* ---- counting ---- */

static int add_key(struct by *by, const struct estab_socket *sock, const uint64_t *values,
		   const struct estab_owner *const owners[ARRAY_SIZE(lists)])
{
	put_key(by, sock, owners);
	if (by->key.error < 0)
		return by->key.error;
	return groups_add(&by->groups, by->key.data, by->key.used, by->n_sockets, values,
			  by->sums.n);
}

/* A socket with several owners counts once for each value that any of them has. */
static int add_socket(struct by *by, const struct estab_socket *sock)
{
	const struct estab_owner *owners[ARRAY_SIZE(lists)] = { NULL };
	uint64_t values[GROUPS_SUMS_MAX] = { 0 };
	uint32_t counts[ARRAY_SIZE(lists)] = { 0 };
	uint32_t at[ARRAY_SIZE(lists)] = { 0 };
	int error = 0;

	by->n_sockets++;
	for (size_t i = 0; i < by->sums.n; i++)
		estab_socket_get_u64(sock, by->sums.list[i].field, &values[i]);
	for (size_t i = 0; i < by->fields.n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(lists); j++)
			if (by->fields.list[i].group == lists[j] &&
			    by->fields.list[i].cell == CELL_OWNER)
				counts[j] = estab_socket_group_count(sock, lists[j]);
	for (;;) {
		size_t j = 0;

		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			owners[i] = counts[i] > 0 ? estab_socket_group_owner(sock, lists[i], at[i])
						  : NULL;
		error = add_key(by, sock, values, owners);
		/* As a counter counts: the first list is the fastest. */
		while (j < ARRAY_SIZE(lists) && ++at[j] >= counts[j])
			at[j++] = 0;
		if (error < 0 || j == ARRAY_SIZE(lists))
			return error;
	}
}

/* ---- output ---- */

/* How many groups are shown. */
static size_t n_shown(const struct by *by)
{
	return by->options->top > 0 ? MIN(by->groups.n, (size_t)by->options->top) : by->groups.n;
}

/* Arguments, each of which ends with a NUL, stand with blanks between, as in a listing. */
static void put_words(struct buf *buf, const char *text, size_t length)
{
	for (const char *end = text + length; text < end;) {
		size_t word = strnlen(text, (size_t)(end - text));

		buf_escape(buf, text, word);
		text += word + 1;
		if (text < end)
			buf_char(buf, ' ');
	}
}

static bool is_arguments(const struct column *column)
{
	return column->field == ESTAB_F_OWNER_CMDLINE ||
	       column->field == ESTAB_F_PEER_OWNER_CMDLINE ||
	       column->field == ESTAB_F_LISTENER_OWNER_CMDLINE;
}

static void put_escaped(struct buf *buf, const struct column *column, const char *text,
			size_t length)
{
	if (is_arguments(column))
		put_words(buf, text, length);
	else
		buf_escape(buf, text, length);
}

/* What a table has in the key's place: in by->key. */
static void put_shown(struct by *by, const struct column *column, const char *text, size_t length)
{
	by->key.used = 0;
	if (length == 0)
		buf_char(&by->key, '-');
	else
		put_escaped(&by->key, column, text, length);
}

static void measure(struct by *by)
{
	for (size_t i = 0; i < by->fields.n; i++)
		by->fields.list[i].width = strlen(by->fields.list[i].title);
	for (size_t g = 0; g < n_shown(by); g++) {
		size_t at = 0;

		for (size_t i = 0; i < by->fields.n; i++) {
			uint32_t length;
			const char *text = take_part(&by->groups.list[g], &at, &length);

			put_shown(by, &by->fields.list[i], text, length);
			by->fields.list[i].width = MAX(by->fields.list[i].width,
						       text_width(by->key.data, by->key.used));
		}
	}
}

static size_t number_width(const struct column *column)
{
	return MAX((size_t)NUMBER_WIDTH, strlen(column->title));
}

/* On a terminal the widest give way until a line fits. */
static void fit(struct by *by)
{
	size_t width = 2 + NUMBER_WIDTH;

	for (size_t i = 0; i < by->sums.n; i++)
		width += 2 + number_width(&by->sums.list[i]);
	for (size_t i = 0; i < by->fields.n; i++)
		width += 2 + by->fields.list[i].width;
	for (; by->term.terminal && width > by->term.width; width--) {
		struct column *widest = &by->fields.list[0];

		for (size_t i = 1; i < by->fields.n; i++)
			if (by->fields.list[i].width > widest->width)
				widest = &by->fields.list[i];
		if (widest->width <= KEY_WIDTH_MIN)
			return;
		widest->width--;
	}
}

static void put_cell(struct by *by, size_t column, const char *text, size_t length)
{
	size_t room = by->fields.list[column].width;
	size_t width = text_width(text, length);

	buf_blanks(&by->out, 2);
	if (width > room) {
		buf_put(&by->out, text, text_fit(text, length, room - 1));
		buf_str(&by->out, "…");
		width = room;
	} else {
		buf_put(&by->out, text, length);
	}
	if (column + 1 < by->fields.n)
		buf_blanks(&by->out, room - width);
}

static void put_title(struct by *by, const char *title)
{
	size_t length = strlen(title);

	buf_blanks(&by->out, 2 + (length < NUMBER_WIDTH ? NUMBER_WIDTH - length : 0));
	buf_str(&by->out, title);
}

static void put_header(struct by *by)
{
	if (by->term.colour)
		buf_str(&by->out, term_colour(COLOUR_HEADER));
	put_title(by, "COUNT");
	for (size_t i = 0; i < by->sums.n; i++)
		put_title(by, by->sums.list[i].title);
	for (size_t i = 0; i < by->fields.n; i++)
		put_cell(by, i, by->fields.list[i].title, strlen(by->fields.list[i].title));
	if (by->term.colour)
		buf_str(&by->out, TERM_RESET);
	buf_char(&by->out, '\n');
}

static void put_numbers(struct by *by, const struct group *group)
{
	report_number(&by->out, group->count, NUMBER_WIDTH);
	for (size_t i = 0; i < by->sums.n; i++)
		report_number(&by->out, group->sums[i], number_width(&by->sums.list[i]));
}

/* What --top leaves out, as one group. */
static struct group sum_of_others(const struct by *by)
{
	struct group others = { 0 };

	for (size_t g = n_shown(by); g < by->groups.n; g++) {
		others.count += by->groups.list[g].count;
		for (size_t i = 0; i < by->sums.n; i++)
			others.sums[i] += by->groups.list[g].sums[i];
	}
	return others;
}

static void put_table(struct by *by)
{
	size_t shown = n_shown(by);

	measure(by);
	fit(by);
	if (!by->options->no_header)
		put_header(by);
	for (size_t g = 0; g < shown; g++) {
		const struct group *group = &by->groups.list[g];
		size_t at = 0;

		put_numbers(by, group);
		for (size_t i = 0; i < by->fields.n; i++) {
			uint32_t length;
			const char *text = take_part(group, &at, &length);

			put_shown(by, &by->fields.list[i], text, length);
			put_cell(by, i, by->key.data, by->key.used);
		}
		buf_char(&by->out, '\n');
	}
	if (shown < by->groups.n) {
		struct group others = sum_of_others(by);

		put_numbers(by, &others);
		buf_str(&by->out, "  (");
		buf_u64(&by->out, by->groups.n - shown);
		buf_str(&by->out, " more)\n");
	}
}

static void put_csv(struct by *by)
{
	for (size_t i = 0; !by->options->no_header && i < by->fields.n; i++) {
		buf_str(&by->out, by->fields.list[i].name);
		buf_char(&by->out, ',');
	}
	for (size_t i = 0; !by->options->no_header && i <= by->sums.n; i++) {
		buf_str(&by->out, i == 0 ? "count" : by->sums.list[i - 1].name);
		buf_char(&by->out, i < by->sums.n ? ',' : '\n');
	}
	for (size_t g = 0; g < n_shown(by); g++) {
		const struct group *group = &by->groups.list[g];
		size_t at = 0;

		for (size_t i = 0; i < by->fields.n; i++) {
			uint32_t length;
			const char *text = take_part(group, &at, &length);

			by->key.used = 0;
			put_escaped(&by->key, &by->fields.list[i], text, length);
			csv_text(&by->out, by->key.data, by->key.used);
			buf_char(&by->out, ',');
		}
		buf_u64(&by->out, group->count);
		for (size_t i = 0; i < by->sums.n; i++) {
			buf_char(&by->out, ',');
			buf_u64(&by->out, group->sums[i]);
		}
		buf_char(&by->out, '\n');
	}
}

/* Numbers and booleans as they are, and everything else as a text. */
static void put_json_value(struct by *by, const struct column *column, const char *text,
			   size_t length)
{
	bool plain = column->kind == ESTAB_KIND_U64 || column->kind == ESTAB_KIND_I64 ||
		     column->kind == ESTAB_KIND_BOOL || column->kind == ESTAB_KIND_F64;

	if (length == 0)
		buf_str(&by->out, "null");
	else if (plain && !(column->flags & ESTAB_FIELD_STRING))
		buf_put(&by->out, text, length);
	else
		json_put_bytes(&by->out, text, length);
}

static void put_json_numbers(struct by *by, const struct group *group)
{
	buf_str(&by->out, "\"count\":");
	buf_u64(&by->out, group->count);
	buf_str(&by->out, ",\"sums\":{");
	for (size_t i = 0; i < by->sums.n; i++) {
		if (i > 0)
			buf_char(&by->out, ',');
		json_put_string(&by->out, by->sums.list[i].name);
		buf_char(&by->out, ':');
		buf_u64(&by->out, group->sums[i]);
	}
	buf_char(&by->out, '}');
}

static void put_json_group(struct by *by, const struct group *group)
{
	size_t at = 0;

	buf_str(&by->out, "\n{\"key\":{");
	for (size_t i = 0; i < by->fields.n; i++) {
		uint32_t length;
		const char *text = take_part(group, &at, &length);

		if (i > 0)
			buf_char(&by->out, ',');
		json_put_string(&by->out, by->fields.list[i].name);
		buf_char(&by->out, ':');
		put_json_value(by, &by->fields.list[i], text, length);
	}
	buf_str(&by->out, "},");
	put_json_numbers(by, group);
	buf_char(&by->out, '}');
}

static void put_json(struct by *by, const struct estab_result *result)
{
	struct buf *buf = &by->out;
	struct group others = sum_of_others(by);

	buf_str(buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, buf);
	buf_str(buf, "},\"summary\":{\"by\":[");
	for (size_t i = 0; i < by->fields.n; i++) {
		if (i > 0)
			buf_char(buf, ',');
		json_put_string(buf, by->fields.list[i].name);
	}
	buf_str(buf, "],\"groups\":[");
	for (size_t g = 0; g < n_shown(by); g++) {
		if (g > 0)
			buf_char(buf, ',');
		put_json_group(by, &by->groups.list[g]);
	}
	buf_str(buf, n_shown(by) > 0 ? "\n],\"others\":{\"groups\":" : "],\"others\":{\"groups\":");
	buf_u64(buf, by->groups.n - n_shown(by));
	buf_char(buf, ',');
	put_json_numbers(by, &others);
	buf_str(buf, "}},\"end\":{");
	estab_result_write_json_end(result, buf_write, buf);
	buf_str(buf, "}}\n");
}

static void put_all(struct by *by, const struct estab_result *result)
{
	struct buf err;

	groups_sort(&by->groups);
	if (by->options->format == FORMAT_JSON) {
		put_json(by, result);
		return;
	}
	if (by->options->format == FORMAT_CSV)
		put_csv(by);
	else
		put_table(by);
	if (by->term.terminal && by->options->format == FORMAT_TABLE) {
		footer_put(&by->out, "", result);
		return;
	}
	buf_flush(&by->out);
	buf_init(&err, STDERR_FILENO);
	footer_put(&err, "estab: ", result);
	buf_flush(&err);
	buf_free(&err);
}

/* ---- the question ---- */

static int check_fields(const struct by *by)
{
	for (size_t i = 0; i < by->fields.n; i++) {
		const struct column *column = &by->fields.list[i];

		if (column->kind == ESTAB_KIND_GROUP && column->field != ESTAB_F_LOCAL &&
		    column->field != ESTAB_F_PEER)
			return complain_word("--by", "no single value to count by", column->name,
					     strlen(column->name));
	}
	for (size_t i = 0; i < by->sums.n; i++) {
		const struct column *column = &by->sums.list[i];

		if (column->kind != ESTAB_KIND_U64 || column->cell == CELL_OWNER ||
		    column->flags & ESTAB_FIELD_STRING)
			return complain_word("--sum", "no number to add up", column->name,
					     strlen(column->name));
	}
	return 0;
}

static int choose(struct by *by)
{
	const struct options *options = by->options;
	int status = columns_list(&by->fields, "--by", options->by);

	if (status == 0)
		status = columns_list(&by->sums, "--sum",
				      options->sums ? options->sums : "recv_q,send_q");
	if (status == 0 && by->fields.n > BY_MAX)
		return complain_usage("--by", "at most eight fields");
	if (status == 0 && by->sums.n > GROUPS_SUMS_MAX)
		return complain_usage("--sum", "at most sixteen fields");
	return status == 0 ? check_fields(by) : status;
}

static int add_fields(struct estab_query *query, const struct columns *columns)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < columns->n; i++)
		error = estab_query_add_field(query, columns->list[i].field);
	return error;
}

static int count_all(struct by *by, struct estab_query *query)
{
	const struct estab_socket *sock;
	struct estab_scan *scan;
	int error, status;

	term_clean_at_interrupt(&by->term);
	progress_start(&by->progress, by->term.progress);
	error = estab_scan_open(query, &scan);
	if (error < 0) {
		progress_stop(&by->progress);
		return ask_complain(by->options, error);
	}
	while ((error = estab_scan_next(scan, &sock)) == 0 && (error = add_socket(by, sock)) == 0)
		;
	progress_stop(&by->progress);
	if (error < 0) {
		status = ask_complain(by->options, error);
	} else {
		put_all(by, estab_scan_result(scan));
		status = report_end(&by->out);
		if (status == STATUS_OK && by->options->strict &&
		    !estab_result_is_complete(estab_scan_result(scan)))
			status = STATUS_FAILED;
	}
	estab_scan_close(scan);
	return status;
}

static int run(struct by *by, const struct options *all)
{
	struct estab_ctx *ctx = NULL;
	struct estab_query *query = NULL;
	int status = choose(by);
	int error;

	if (status == 0)
		status = ask_context(all, &ctx);
	if (status == 0)
		status = ask_query(all, ctx, &query);
	if (status == 0) {
		error = add_fields(query, &by->fields);
		if (error == 0)
			error = add_fields(query, &by->sums);
		status = error < 0 ? ask_complain(all, error) : count_all(by, query);
	}
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return status;
}

int cmd_summary_by(const struct options *options)
{
	struct options all = *options;
	struct by *by;
	int status;

	if (options->format != FORMAT_TABLE && options->format != FORMAT_JSON &&
	    options->format != FORMAT_CSV)
		return complain_usage("summary --by", "writes a table, JSON or CSV only");
	by = calloc(1, sizeof(*by));
	if (!by)
		return ask_complain(options, -ENOMEM);
	by->options = options;
	/* Every state, and every table unless some were named. */
	all.all = !options->listening && !options->bound;
	term_look(options->colour, &by->term);
	buf_init(&by->out, STDOUT_FILENO);
	buf_init(&by->key, BUF_MEMORY);
	status = run(by, &all);
	groups_free(&by->groups);
	buf_free(&by->key);
	buf_free(&by->out);
	free(by);
	return status;
}
