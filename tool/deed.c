/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "deed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "columns.h"
#include "complain.h"
#include "footer.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "term.h"
#include "util.h"

/* What became of a row that matched. */
enum outcome {
	DONE,
	WOULD_DO,
	GONE,
	SPARED,
	IMPOSSIBLE,
	FAILED,
	OUTCOMES,
};

enum { OUTCOME_WIDTH = 14 };

struct doing {
	const struct deed *deed;
	const struct options *options;
	struct term term;
	struct buf out;
	struct buf scratch;
	struct buf err;
	struct progress progress;
	struct columns columns;
	struct names names;
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_destroyer *destroyer;
	struct estab_snapshot *snapshot;
	uint8_t *outcomes; /* enum outcome, of each row */
	size_t counts[OUTCOMES];
	int error; /* why the last one that failed did */
};

static const char *outcome_word(const struct deed *deed, enum outcome outcome)
{
	switch (outcome) {
	case DONE:
		return deed->past;
	case WOULD_DO:
		return deed->conditional;
	case GONE:
		return "gone";
	case SPARED:
		return "spared";
	case IMPOSSIBLE:
		return deed->impossible;
	default:
		return "failed";
	}
}

static int check_options(const struct deed *deed, const struct options *options)
{
	int status = report_check_format(options, deed->name);
	char text[64];

	if (status != 0)
		return status;
	if (!options->words || options->words[strspn(options->words, " ")] == '\0') {
		snprintf(text, sizeof(text), "which %s? it takes a filter", deed->many);
		return complain_usage(deed->name, text);
	}
	if (options->all_netns)
		return complain_usage(deed->name,
				      "in one network namespace at a time: -N names it");
	if (options->proc_root) {
		snprintf(text, sizeof(text), "a copy has no %s to %s (--proc-root)", deed->many,
			 deed->infinitive);
		return complain_usage(deed->name, text);
	}
	return 0;
}

static int take_snapshot(struct doing *doing)
{
	const struct options *options = doing->options;
	int status, error;

	status = ask_context(options, &doing->ctx);
	if (status == 0)
		status = ask_query(options, doing->ctx, &doing->query);
	if (status == 0)
		status = columns_choose(options, doing->term.terminal,
					estab_query_needs_owners(doing->query), &doing->columns);
	if (status != 0)
		return status;
	names_init(&doing->names, options, &doing->columns, doing->ctx);
	error = estab_destroyer_open(doing->query, &doing->destroyer);
	if (error == 0)
		error = columns_ask(&doing->columns, true, doing->query);
	if (error == 0 && doing->deed->prepare)
		error = doing->deed->prepare(options, doing->query);
	if (error == 0) {
		progress_start(&doing->progress, doing->term.progress);
		error = estab_snapshot_take(doing->query, &doing->snapshot);
		progress_stop(&doing->progress);
	}
	return error < 0 ? ask_complain(options, error) : 0;
}

static size_t count_of(const struct doing *doing)
{
	return estab_snapshot_count(doing->snapshot);
}

static bool is_spared(const struct doing *doing, const struct estab_socket *sock)
{
	const struct deed *deed = doing->deed;

	return deed->is_spared && deed->is_spared(doing->options, doing->query, sock);
}

/* What would become of each. */
static int foresee(struct doing *doing)
{
	size_t count = count_of(doing);

	doing->outcomes = calloc(count + 1, 1);
	if (!doing->outcomes)
		return ask_complain(doing->options, -ENOMEM);
	for (size_t i = 0; i < count; i++) {
		const struct estab_socket *sock = estab_snapshot_get(doing->snapshot, i);
		enum outcome outcome = WOULD_DO;

		if (is_spared(doing, sock))
			outcome = SPARED;
		else if (estab_destroyer_check(doing->destroyer, sock) < 0)
			outcome = IMPOSSIBLE;
		doing->outcomes[i] = (uint8_t)outcome;
		doing->counts[outcome]++;
	}
	return 0;
}

static const char *outcome_of(const void *arg, size_t row)
{
	const struct doing *doing = arg;

	return outcome_word(doing->deed, doing->outcomes[row]);
}

static void put_table(struct doing *doing)
{
	const struct margin margin = {
		.width = OUTCOME_WIDTH,
		.title = "OUTCOME",
		.text = outcome_of,
		.arg = doing,
	};
	struct output output = {
		.buf = &doing->out,
		.scratch = &doing->scratch,
		.columns = &doing->columns,
		.names = &doing->names,
		.term = &doing->term,
		.header = !doing->options->no_header,
	};
	size_t count = count_of(doing);

	if (count == 0)
		return;
	if (doing->term.terminal) {
		output.margin = &margin;
		output_screen(&output, doing->snapshot, true);
		return;
	}
	if (output.header)
		report_text(&doing->out, "OUTCOME", OUTCOME_WIDTH);
	output_table.begin(&output, estab_snapshot_result(doing->snapshot));
	for (size_t i = 0; i < count && doing->out.error == 0; i++) {
		report_text(&doing->out, outcome_of(doing, i), OUTCOME_WIDTH);
		output_table.row(&output, estab_snapshot_get(doing->snapshot, i));
	}
	output_table.end(&output, estab_snapshot_result(doing->snapshot));
}

static void put_json(struct doing *doing)
{
	const struct estab_result *result = estab_snapshot_result(doing->snapshot);
	struct buf *buf = &doing->out;
	size_t count = count_of(doing);

	buf_str(buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, buf);
	buf_str(buf, "},\"");
	buf_str(buf, doing->deed->name);
	buf_str(buf, "\":[");
	for (size_t i = 0; i < count && buf->error == 0; i++) {
		buf_str(buf, i > 0 ? ",\n{\"outcome\":\"" : "\n{\"outcome\":\"");
		buf_str(buf, outcome_word(doing->deed, doing->outcomes[i]));
		buf_str(buf, "\",\"");
		buf_str(buf, doing->deed->one);
		buf_str(buf, "\":");
		estab_socket_write_json(estab_snapshot_get(doing->snapshot, i), buf_write, buf);
		buf_char(buf, '}');
	}
	buf_str(buf, count > 0 ? "\n],\"end\":{" : "],\"end\":{");
	estab_result_write_json_end(result, buf_write, buf);
	buf_str(buf, "}}\n");
}

static void put_number(struct doing *doing, const char *before, enum outcome outcome,
		       const char *one, const char *many)
{
	size_t n = doing->counts[outcome];

	buf_str(&doing->err, before);
	buf_u64(&doing->err, n);
	buf_str(&doing->err, n == 1 ? one : many);
}

/* "3 sockets" */
static void put_rows(struct doing *doing, const char *before, enum outcome outcome)
{
	put_number(doing, before, outcome, " ", " ");
	buf_str(&doing->err, doing->counts[outcome] == 1 ? doing->deed->one : doing->deed->many);
}

/* "estab: 3 sockets closed, 1 gone before": where the list does not go. */
static void put_sentence(struct doing *doing)
{
	const struct deed *deed = doing->deed;
	bool dry = doing->options->dry_run;

	buf_flush(&doing->out);
	put_rows(doing, "estab: ", dry ? WOULD_DO : DONE);
	buf_str(&doing->err, dry ? " would be " : " ");
	buf_str(&doing->err, deed->past);
	if (doing->counts[GONE] > 0)
		put_number(doing, ", ", GONE, " gone before", " gone before");
	if (doing->counts[FAILED] > 0) {
		put_number(doing, ", ", FAILED, " not: ", " not: ");
		buf_str(&doing->err, strerror(-doing->error));
	}
	if (doing->counts[IMPOSSIBLE] > 0)
		put_number(doing, ", ", IMPOSSIBLE, deed->why_one, deed->why_many);
	if (doing->counts[SPARED] > 0)
		put_number(doing, "; ", SPARED, deed->spared_one, deed->spared_many);
	buf_char(&doing->err, '\n');
	footer_put(&doing->err, "estab: ", estab_snapshot_result(doing->snapshot));
	buf_flush(&doing->err);
}

/* 0: go on. Only a person at a terminal can be asked. */
static int ask_person(struct doing *doing)
{
	char answer[8] = "";
	char text[32];
	ssize_t n;

	if (doing->options->yes || doing->counts[WOULD_DO] == 0)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return complain_usage(doing->deed->name,
				      "no terminal to ask at: --yes does without");
	if (doing->options->format == FORMAT_TABLE)
		put_table(doing);
	buf_flush(&doing->out);
	buf_str(&doing->err, doing->deed->question);
	put_rows(doing, " ", WOULD_DO);
	buf_str(&doing->err, "? [y/N] ");
	buf_flush(&doing->err);
	do
		n = read(STDIN_FILENO, answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	if (n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	snprintf(text, sizeof(text), "nothing was %s", doing->deed->past);
	complain(doing->deed->name, text);
	return STATUS_NO_MATCH;
}

/* -EPERM, -EOPNOTSUPP of a row with which any other kernel or user could do it: it is so for all. */
static int complain_refusal(const struct doing *doing)
{
	if (doing->error == -EPERM)
		complain(doing->deed->name, doing->deed->privilege);
	else if (doing->error == -EOPNOTSUPP)
		complain(doing->deed->name, doing->deed->unsupported);
	else
		complain_errno(doing->deed->name, doing->error);
	return STATUS_FAILED;
}

static void do_one(struct doing *doing, size_t index)
{
	const struct estab_socket *sock = estab_snapshot_get(doing->snapshot, index);
	enum outcome outcome = DONE;
	int error;

	if (doing->outcomes[index] != WOULD_DO)
		return;
	error = estab_destroyer_destroy(doing->destroyer, sock);
	if (error == -ENOENT) {
		outcome = GONE;
	} else if (error < 0) {
		outcome = FAILED;
		doing->error = error;
	}
	doing->outcomes[index] = (uint8_t)outcome;
	doing->counts[WOULD_DO]--;
	doing->counts[outcome]++;
}

static int do_all(struct doing *doing)
{
	size_t count = count_of(doing);

	progress_start(&doing->progress, doing->term.progress);
	for (size_t i = 0; i < count && doing->error != -EPERM; i++)
		do_one(doing, i);
	progress_stop(&doing->progress);
	if (doing->counts[FAILED] > 0 && doing->counts[DONE] == 0)
		return complain_refusal(doing);
	return 0;
}

static int end_status(struct doing *doing)
{
	const struct estab_result *result = estab_snapshot_result(doing->snapshot);
	int status = report_end(&doing->out);

	if (status != STATUS_OK)
		return status;
	if (doing->counts[FAILED] > 0 || doing->counts[IMPOSSIBLE] > 0 ||
	    (doing->options->strict && !estab_result_is_complete(result)))
		return STATUS_FAILED;
	return doing->counts[DONE] + doing->counts[WOULD_DO] > 0 ? STATUS_OK : STATUS_NO_MATCH;
}

static int run(struct doing *doing)
{
	int status = take_snapshot(doing);

	if (status == 0)
		status = foresee(doing);
	if (status == 0 && !doing->options->dry_run) {
		status = ask_person(doing);
		if (status == 0)
			status = do_all(doing);
	}
	if (status != 0)
		return status;
	if (doing->options->format == FORMAT_JSON)
		put_json(doing);
	else if (!doing->options->quiet)
		put_table(doing);
	/* Whom it is forbidden may not have seen what matches. */
	if (count_of(doing) == 0 && !doing->options->dry_run) {
		doing->error = estab_destroyer_check(doing->destroyer, NULL);
		if (doing->error < 0) {
			buf_flush(&doing->out);
			return complain_refusal(doing);
		}
	}
	if (!doing->options->quiet)
		put_sentence(doing);
	return end_status(doing);
}

int deed_do(const struct deed *deed, const struct options *options)
{
	struct doing *doing;
	int status = check_options(deed, options);

	if (status != 0)
		return status;
	doing = calloc(1, sizeof(*doing));
	if (!doing)
		return ask_complain(options, -ENOMEM);
	doing->deed = deed;
	doing->options = options;
	term_look(options->colour, &doing->term);
	term_clean_at_interrupt(&doing->term);
	buf_init(&doing->out, STDOUT_FILENO);
	buf_init(&doing->err, STDERR_FILENO);
	buf_init(&doing->scratch, BUF_MEMORY);
	status = run(doing);
	free(doing->outcomes);
	estab_snapshot_unref(doing->snapshot);
	estab_destroyer_close(doing->destroyer);
	estab_query_unref(doing->query);
	estab_ctx_unref(doing->ctx);
	names_free(&doing->names);
	buf_free(&doing->scratch);
	buf_free(&doing->err);
	buf_free(&doing->out);
	free(doing);
	return status;
}
