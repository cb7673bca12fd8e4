/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab diff OLD [NEW]: what was opened, closed and changed between two saved listings, or since one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "commands.h"
#include "compare.h"
#include "complain.h"
#include "json-text.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "saved-asked.h"
#include "saved-text.h"
#include "saved.h"
#include "term.h"
#include "util.h"

/* One of the two listings. */
struct side {
	const char *name;
	struct buf text;
	struct saved saved;
};

struct diff {
	const struct options *options;
	struct term term;
	struct buf out;
	struct progress progress;
	struct side before;
	struct side after;
	struct comparison comparison;
};

static const char *const words[] = {
	[CHANGE_OPENED] = "opened",
	[CHANGE_CLOSED] = "closed",
	[CHANGE_CHANGED] = "changed",
};

static int read_all(int fd, struct buf *text)
{
	for (;;) {
		ssize_t n;

		if (buf_reserve(text, BUF_SIZE) < 0)
			return text->error;
		n = read(fd, text->data + text->used, BUF_SIZE);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		if (n > 0)
			text->used += (size_t)n;
	}
}

static int parse(struct side *side)
{
	char why[SAVED_WHY];

	if (saved_parse(side->text.data, side->text.used, &side->saved, why) == 0)
		return 0;
	complain(side->name, why);
	return STATUS_FAILED;
}

static int read_file(struct side *side)
{
	bool is_input = strcmp(side->name, "-") == 0;
	int fd = is_input ? STDIN_FILENO : open(side->name, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_all(fd, &side->text);

	if (fd >= 0 && !is_input)
		close(fd);
	if (error < 0) {
		complain_errno(side->name, error);
		return STATUS_FAILED;
	}
	return parse(side);
}

/* ---- now ---- */

static int write_now(struct diff *diff, struct estab_query *query)
{
	struct names names = { 0 };
	struct output output = { .buf = &diff->after.text, .names = &names };
	const struct estab_result *result;
	struct estab_snapshot *snapshot;
	int error = estab_snapshot_take(query, &snapshot);

	if (error < 0)
		return ask_complain(diff->options, error);
	result = estab_snapshot_result(snapshot);
	output_json.begin(&output, result);
	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++)
		output_json.row(&output, estab_snapshot_get(snapshot, i));
	output_json.end(&output, result);
	estab_snapshot_unref(snapshot);
	if (output.buf->error < 0)
		return ask_complain(diff->options, output.buf->error);
	return 0;
}

/* The default keys, and owners where the old listing has them. */
static int ask_fields(struct estab_query *query, bool owners)
{
	struct estab_field_info info = { .size = sizeof(info) };
	int error = 0;

	for (enum estab_field field = estab_field_next(ESTAB_F_NONE);
	     field != ESTAB_F_NONE && error == 0; field = estab_field_next(field)) {
		estab_field_get_info(field, &info);
		if (info.flags & ESTAB_FIELD_DEFAULT)
			error = estab_query_add_field(query, field);
	}
	if (error == 0 && owners)
		error = estab_query_add_field(query, ESTAB_F_OWNERS);
	return error;
}

/* What the old listing was asked for is asked again, unless the options ask for something else. */
static int read_now(struct diff *diff)
{
	const struct options *options = diff->options;
	struct options plain = *options;
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = NULL;
	int error = 0;
	int status;

	plain.words = NULL;
	status = ask_context(options, &ctx);
	if (status == 0)
		status = ask_query(&plain, ctx, &query);
	if (status == 0) {
		if (!options_select(options))
			error = saved_ask_again(&diff->before.saved, query);
		if (error == -ENODATA) {
			complain(diff->before.name, "it does not say what it was asked for: "
						    "the usual sockets are compared with it");
			error = 0;
		}
		if (error == 0)
			error = ask_fields(query,
					   options->process || diff->before.saved.has_owners);
		status = error < 0 ? ask_complain(options, error) : write_now(diff, query);
	}
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return status == 0 ? parse(&diff->after) : status;
}

/* ---- output ---- */

static void put_table(struct diff *diff)
{
	const struct comparison *comparison = &diff->comparison;

	if (comparison->n > 0 && !diff->options->no_header) {
		report_heading(&diff->out, saved_text_heading, diff->term.colour);
		buf_char(&diff->out, '\n');
	}
	for (size_t i = 0; i < comparison->n && diff->out.error == 0; i++) {
		const struct difference *difference = &comparison->list[i];

		report_text(&diff->out, words[difference->change], SAVED_TEXT_CHANGE);
		saved_text_put(&diff->out, comparison, difference->before, difference->after);
		buf_char(&diff->out, '\n');
	}
}

static int put_piece(const char *text, size_t length, void *arg)
{
	struct buf *buf = arg;

	buf_put(buf, text, length);
	return buf->error;
}

static void put_value(struct buf *buf, const json_t *value)
{
	if ((!value ||
	     json_dump_callback(value, put_piece, buf, JSON_COMPACT | JSON_ENCODE_ANY) < 0) &&
	    buf->error == 0)
		buf->error = -ENOMEM;
}

static void put_fields(struct buf *buf, const struct comparison *comparison, json_t *before,
		       const json_t *after)
{
	const char *separator = "";
	const char *key;
	json_t *value;

	buf_str(buf, ",\"fields\":[");
	json_object_foreach(before, key, value) {
		json_t *name;

		if (!compare_differs(comparison, key, value, json_object_get(after, key)))
			continue;
		name = json_string(key);
		buf_str(buf, separator);
		put_value(buf, name);
		separator = ",";
		json_decref(name);
	}
	buf_char(buf, ']');
}

static void put_difference(struct buf *buf, const struct comparison *comparison,
			   const struct difference *difference)
{
	json_t *before = difference->before ? saved_row_load(difference->before) : NULL;
	json_t *after = difference->after ? saved_row_load(difference->after) : NULL;

	buf_str(buf, "{\"change\":\"");
	buf_str(buf, words[difference->change]);
	buf_char(buf, '"');
	if (difference->change == CHANGE_CHANGED) {
		put_fields(buf, comparison, before, after);
		buf_str(buf, ",\"old\":");
		put_value(buf, before);
	}
	buf_str(buf, ",\"socket\":");
	put_value(buf, difference->after ? after : before);
	buf_char(buf, '}');
	json_decref(before);
	json_decref(after);
}

static void put_head(struct buf *buf, const char *key, const struct side *side)
{
	char *text;

	json_object_del(side->saved.head, "record");
	text = json_dumps(side->saved.head, JSON_COMPACT);
	buf_str(buf, key);
	buf_str(buf, text ? text : "null");
	free(text);
}

static void put_json(struct diff *diff)
{
	const struct comparison *comparison = &diff->comparison;
	struct buf *buf = &diff->out;

	buf_str(buf, "{\"estab\":{");
	json_put_versions(buf);
	put_head(buf, "},\"old\":", &diff->before);
	put_head(buf, ",\"new\":", &diff->after);
	buf_str(buf, ",\"diff\":[");
	for (size_t i = 0; i < comparison->n && buf->error == 0; i++) {
		buf_str(buf, i > 0 ? ",\n" : "\n");
		put_difference(buf, comparison, &comparison->list[i]);
	}
	buf_str(buf, comparison->n > 0 ? "\n],\"end\":{" : "],\"end\":{");
	for (size_t i = 0; i < CHANGES; i++) {
		buf_char(buf, '"');
		buf_str(buf, words[i]);
		buf_str(buf, "\":");
		buf_u64(buf, comparison->counts[i]);
		buf_char(buf, ',');
	}
	buf_str(buf, "\"same\":");
	buf_u64(buf, comparison->same);
	buf_str(buf, ",\"complete\":");
	buf_str(buf, diff->before.saved.complete && diff->after.saved.complete ? "true" : "false");
	buf_str(buf, "}}\n");
}

/* What is missing in one of them looks like what was opened or closed. */
static int check_complete(const struct diff *diff)
{
	const struct side *sides[] = { &diff->before, &diff->after };
	int status = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
		if (sides[i]->saved.complete)
			continue;
		complain(sides[i]->name, "something is missing in it");
		if (diff->options->strict)
			status = STATUS_FAILED;
	}
	if (!saved_same_question(&diff->before.saved, &diff->after.saved))
		complain("diff", "the two were not asked for the same sockets");
	return status;
}

static int compare_both(struct diff *diff)
{
	int status, strict;
	int error = compare(&diff->before.saved, &diff->after.saved, &diff->comparison);

	if (error < 0)
		return ask_complain(diff->options, error);
	if (diff->options->format == FORMAT_JSON)
		put_json(diff);
	else if (!diff->options->quiet)
		put_table(diff);
	status = report_end(&diff->out);
	strict = diff->options->quiet ? 0 : check_complete(diff);
	if (status != STATUS_OK)
		return status;
	if (strict != 0)
		return strict;
	return diff->comparison.n > 0 ? STATUS_NO_MATCH : STATUS_OK;
}

static int run(struct diff *diff)
{
	const struct options *options = diff->options;
	int status;

	term_clean_at_interrupt(&diff->term);
	progress_start(&diff->progress, diff->term.progress);
	diff->before.name = options->args[1];
	status = read_file(&diff->before);
	if (status == 0 && options->n_args > 2) {
		diff->after.name = options->args[2];
		status = read_file(&diff->after);
	} else if (status == 0) {
		diff->after.name = "now";
		status = read_now(diff);
	}
	if (status == 0)
		status = compare_both(diff);
	progress_stop(&diff->progress);
	return status;
}

int cmd_diff(const struct options *options)
{
	struct diff *diff;
	int status = report_check_format(options, "diff");

	if (status != 0)
		return status;
	if (options->n_args < 2 || options->n_args > 3)
		return complain_usage("diff", "takes one or two saved listings: OLD [NEW]");
	if (options->n_args == 3 && options_select(options))
		return complain_usage("diff", "two listings are as they are: no table or state");
	diff = calloc(1, sizeof(*diff));
	if (!diff)
		return ask_complain(options, -ENOMEM);
	diff->options = options;
	term_look(options->colour, &diff->term);
	buf_init(&diff->out, STDOUT_FILENO);
	buf_init(&diff->before.text, BUF_MEMORY);
	buf_init(&diff->after.text, BUF_MEMORY);
	status = run(diff);
	compare_free(&diff->comparison);
	saved_free(&diff->before.saved);
	saved_free(&diff->after.saved);
	buf_free(&diff->before.text);
	buf_free(&diff->after.text);
	buf_free(&diff->out);
	free(diff);
	return status;
}
