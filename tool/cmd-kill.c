/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab kill FILTER: closes sockets, those and no others. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "columns.h"
#include "commands.h"
#include "complain.h"
#include "footer.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "report.h"
#include "term.h"
#include "util.h"

/* What became of a socket that matched. */
enum outcome {
	CLOSED,
	WOULD_CLOSE,
	GONE,
	LISTENER,
	IMPOSSIBLE,
	FAILED,
	OUTCOMES,
};

static const char *const outcome_words[] = {
	[CLOSED] = "closed",   [WOULD_CLOSE] = "would-close", [GONE] = "gone",
	[LISTENER] = "spared", [IMPOSSIBLE] = "not-closable", [FAILED] = "failed",
};

enum { OUTCOME_WIDTH = 13 };

struct killing {
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
	uint8_t *outcomes; /* enum outcome, of each socket */
	size_t counts[OUTCOMES];
	int error; /* why the last one that failed did */
};

static int check_options(const struct options *options)
{
	int status = report_check_format(options, "kill");

	if (status != 0)
		return status;
	if (!options->words || options->words[strspn(options->words, " ")] == '\0')
		return complain_usage("kill", "which sockets? it takes a filter");
	if (options->all_netns)
		return complain_usage("kill", "in one network namespace at a time: -N names it");
	if (options->proc_root)
		return complain_usage("kill", "a copy has no sockets to close (--proc-root)");
	return 0;
}

/* Whichever tables were named: what waits for others is looked at too, to tell that it is spared. */
static int set_states(const struct options *options, struct estab_query *query)
{
	uint32_t states =
		ESTAB_STATES_ALL & ~(BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_BOUND));

	if (options->all || options->listening || options->bound)
		return 0;
	return estab_query_set_states(query, states);
}

static int take_snapshot(struct killing *killing)
{
	const struct options *options = killing->options;
	int status, error;

	status = ask_context(options, &killing->ctx);
	if (status == 0)
		status = ask_query(options, killing->ctx, &killing->query);
	if (status == 0)
		status =
			columns_choose(options, killing->term.terminal,
				       estab_query_needs_owners(killing->query), &killing->columns);
	if (status != 0)
		return status;
	names_init(&killing->names, options, &killing->columns, killing->ctx);
	error = estab_destroyer_open(killing->query, &killing->destroyer);
	if (error == 0)
		error = set_states(options, killing->query);
	if (error == 0)
		error = columns_ask(&killing->columns, true, killing->query);
	if (error == 0)
		error = estab_query_add_field(killing->query, ESTAB_F_PROTO);
	if (error == 0)
		error = estab_query_add_field(killing->query, ESTAB_F_STATE);
	if (error == 0) {
		progress_start(&killing->progress, killing->term.progress);
		error = estab_snapshot_take(killing->query, &killing->snapshot);
		progress_stop(&killing->progress);
	}
	return error < 0 ? ask_complain(options, error) : 0;
}

/* Who waits for others to come is meant only where that is said. */
static bool is_spared(const struct killing *killing, const struct estab_socket *sock)
{
	static const enum estab_state waiting[] = { ESTAB_STATE_LISTEN, ESTAB_STATE_UNCONNECTED };
	const struct options *options = killing->options;
	const char *word = "";

	if (options->listeners || options->listening)
		return false;
	estab_socket_get_str(sock, ESTAB_F_STATE, &word);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		if (strcmp(word, estab_state_name(waiting[i])) == 0)
			return !estab_query_filter_names_state(killing->query, waiting[i]);
	return false;
}

static size_t count_of(const struct killing *killing)
{
	return estab_snapshot_count(killing->snapshot);
}

/* What would become of each. */
static int foresee(struct killing *killing)
{
	size_t count = count_of(killing);

	killing->outcomes = calloc(count + 1, 1);
	if (!killing->outcomes)
		return ask_complain(killing->options, -ENOMEM);
	for (size_t i = 0; i < count; i++) {
		const struct estab_socket *sock = estab_snapshot_get(killing->snapshot, i);
		enum outcome outcome = WOULD_CLOSE;

		if (is_spared(killing, sock))
			outcome = LISTENER;
		else if (estab_destroyer_check(killing->destroyer, sock) < 0)
			outcome = IMPOSSIBLE;
		killing->outcomes[i] = (uint8_t)outcome;
		killing->counts[outcome]++;
	}
	return 0;
}

static void put_table(struct killing *killing)
{
	struct output output = {
		.buf = &killing->out,
		.scratch = &killing->scratch,
		.columns = &killing->columns,
		.names = &killing->names,
		.term = &killing->term,
		.header = !killing->options->no_header,
	};
	size_t count = count_of(killing);

	if (count == 0)
		return;
	if (output.header)
		report_text(&killing->out, "OUTCOME", OUTCOME_WIDTH);
	output_table.begin(&output, estab_snapshot_result(killing->snapshot));
	for (size_t i = 0; i < count && killing->out.error == 0; i++) {
		report_text(&killing->out, outcome_words[killing->outcomes[i]], OUTCOME_WIDTH);
		output_table.row(&output, estab_snapshot_get(killing->snapshot, i));
	}
	output_table.end(&output, estab_snapshot_result(killing->snapshot));
}

static void put_json(struct killing *killing)
{
	const struct estab_result *result = estab_snapshot_result(killing->snapshot);
	struct buf *buf = &killing->out;
	size_t count = count_of(killing);

	buf_str(buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, buf);
	buf_str(buf, "},\"kill\":[");
	for (size_t i = 0; i < count && buf->error == 0; i++) {
		buf_str(buf, i > 0 ? ",\n{\"outcome\":\"" : "\n{\"outcome\":\"");
		buf_str(buf, outcome_words[killing->outcomes[i]]);
		buf_str(buf, "\",\"socket\":");
		estab_socket_write_json(estab_snapshot_get(killing->snapshot, i), buf_write, buf);
		buf_char(buf, '}');
	}
	buf_str(buf, count > 0 ? "\n],\"end\":{" : "],\"end\":{");
	estab_result_write_json_end(result, buf_write, buf);
	buf_str(buf, "}}\n");
}

static void put_number(struct killing *killing, const char *before, enum outcome outcome,
		       const char *one, const char *many)
{
	size_t n = killing->counts[outcome];

	buf_str(&killing->err, before);
	buf_u64(&killing->err, n);
	buf_str(&killing->err, n == 1 ? one : many);
}

/* "estab: 3 sockets closed, 1 gone before": where the list does not go. */
static void put_sentence(struct killing *killing)
{
	bool dry = killing->options->dry_run;

	buf_flush(&killing->out);
	put_number(killing, "estab: ", dry ? WOULD_CLOSE : CLOSED, " socket", " sockets");
	buf_str(&killing->err, dry ? " would be closed" : " closed");
	if (killing->counts[GONE] > 0)
		put_number(killing, ", ", GONE, " gone before", " gone before");
	if (killing->counts[FAILED] > 0) {
		put_number(killing, ", ", FAILED, " not: ", " not: ");
		buf_str(&killing->err, strerror(-killing->error));
	}
	if (killing->counts[IMPOSSIBLE] > 0)
		put_number(killing, ", ", IMPOSSIBLE,
			   " of a kind that the kernel does not close by its cookie",
			   " of kinds that the kernel does not close by their cookie");
	if (killing->counts[LISTENER] > 0)
		put_number(
			killing, "; ", LISTENER,
			" that waits for others was left alone (--listeners, or name its state)",
			" that wait for others were left alone (--listeners, or name their state)");
	buf_char(&killing->err, '\n');
	footer_put(&killing->err, "estab: ", estab_snapshot_result(killing->snapshot));
	buf_flush(&killing->err);
}

/* 0: go on. Only a person at a terminal can be asked. */
static int ask_person(struct killing *killing)
{
	char answer[8] = "";
	ssize_t n;

	if (killing->options->yes || killing->counts[WOULD_CLOSE] == 0)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return complain_usage("kill", "no terminal to ask at: --yes does without");
	if (killing->options->format == FORMAT_TABLE)
		put_table(killing);
	buf_flush(&killing->out);
	put_number(killing, "Close ", WOULD_CLOSE, " socket? [y/N] ", " sockets? [y/N] ");
	buf_flush(&killing->err);
	do
		n = read(STDIN_FILENO, answer, sizeof(answer));
	while (n < 0 && errno == EINTR);
	if (n > 0 && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	complain("kill", "nothing was closed");
	return STATUS_NO_MATCH;
}

/* -EPERM, -EOPNOTSUPP of a socket that any other kernel or user could close: it is so for all. */
static int complain_refusal(const struct killing *killing)
{
	if (killing->error == -EPERM)
		complain("kill", "closing sockets takes CAP_NET_ADMIN in their network namespace");
	else if (killing->error == -EOPNOTSUPP)
		complain("kill", "this kernel closes no such sockets (CONFIG_INET_DIAG_DESTROY)");
	else
		complain_errno("kill", killing->error);
	return STATUS_FAILED;
}

static void close_one(struct killing *killing, size_t index)
{
	const struct estab_socket *sock = estab_snapshot_get(killing->snapshot, index);
	enum outcome outcome = CLOSED;
	int error;

	if (killing->outcomes[index] != WOULD_CLOSE)
		return;
	error = estab_destroyer_destroy(killing->destroyer, sock);
	if (error == -ENOENT) {
		outcome = GONE;
	} else if (error < 0) {
		outcome = FAILED;
		killing->error = error;
	}
	killing->outcomes[index] = (uint8_t)outcome;
	killing->counts[WOULD_CLOSE]--;
	killing->counts[outcome]++;
}

static int close_all(struct killing *killing)
{
	size_t count = count_of(killing);

	progress_start(&killing->progress, killing->term.progress);
	for (size_t i = 0; i < count && killing->error != -EPERM; i++)
		close_one(killing, i);
	progress_stop(&killing->progress);
	if (killing->counts[FAILED] > 0 && killing->counts[CLOSED] == 0)
		return complain_refusal(killing);
	return 0;
}

static int end_status(struct killing *killing)
{
	const struct estab_result *result = estab_snapshot_result(killing->snapshot);
	int status = report_end(&killing->out);

	if (status != STATUS_OK)
		return status;
	if (killing->counts[FAILED] > 0 || killing->counts[IMPOSSIBLE] > 0 ||
	    (killing->options->strict && !estab_result_is_complete(result)))
		return STATUS_FAILED;
	return killing->counts[CLOSED] + killing->counts[WOULD_CLOSE] > 0 ? STATUS_OK
									  : STATUS_NO_MATCH;
}

static int run(struct killing *killing)
{
	int status = take_snapshot(killing);

	if (status == 0)
		status = foresee(killing);
	if (status == 0 && !killing->options->dry_run) {
		status = ask_person(killing);
		if (status == 0)
			status = close_all(killing);
	}
	if (status != 0)
		return status;
	if (killing->options->format == FORMAT_JSON)
		put_json(killing);
	else if (!killing->options->quiet)
		put_table(killing);
	/* Whom it is forbidden may not have seen what matches. */
	if (count_of(killing) == 0 && !killing->options->dry_run) {
		killing->error = estab_destroyer_check(killing->destroyer, NULL);
		if (killing->error < 0) {
			buf_flush(&killing->out);
			return complain_refusal(killing);
		}
	}
	if (!killing->options->quiet)
		put_sentence(killing);
	return end_status(killing);
}

int cmd_kill(const struct options *options)
{
	struct killing *killing;
	int status = check_options(options);

	if (status != 0)
		return status;
	killing = calloc(1, sizeof(*killing));
	if (!killing)
		return ask_complain(options, -ENOMEM);
	killing->options = options;
	term_look(options->colour, &killing->term);
	term_clean_at_interrupt(&killing->term);
	buf_init(&killing->out, STDOUT_FILENO);
	buf_init(&killing->err, STDERR_FILENO);
	buf_init(&killing->scratch, BUF_MEMORY);
	status = run(killing);
	free(killing->outcomes);
	estab_snapshot_unref(killing->snapshot);
	estab_destroyer_close(killing->destroyer);
	estab_query_unref(killing->query);
	estab_ctx_unref(killing->ctx);
	names_free(&killing->names);
	buf_free(&killing->scratch);
	buf_free(&killing->err);
	buf_free(&killing->out);
	free(killing);
	return status;
}
