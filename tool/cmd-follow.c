/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab flows --follow: flows as they come, change and go, until somebody ends it. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "columns.h"
#include "commands.h"
#include "complain.h"
#include "footer.h"
#include "names.h"
#include "options.h"
#include "output.h"
#include "term.h"
#include "util.h"

enum { WATCH, SIGNALS, OUTPUT, POLLED };

struct following {
	const struct options *options;
	const struct output_format *format;
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_watch *watch;
	struct columns columns;
	struct names names;
	struct term term;
	struct buf out;
	struct buf scratch;
	struct buf err;
	struct output output;
	int signals_fd;
	int64_t end_ms; /* CLOCK_MONOTONIC; 0: never */
	uint64_t limit; /* of rows; 0: none */
	uint64_t rows;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int check_options(const struct options *options)
{
	if (options->all_netns)
		return complain_usage("--follow",
				      "in one network namespace at a time: -N names it");
	if (options->proc_root)
		return complain_usage("--follow", "nothing happens in a copy (--proc-root)");
	if (options->n_sort > 0)
		return complain_usage("--follow", "goes without --sort");
	return 0;
}

static int complain_query(const struct options *options, int error)
{
	if (error != -EOPNOTSUPP)
		return ask_complain(options, error);
	complain("--follow", options->source
				     ? "events come from ctnetlink only"
				     : "an event tells of no sockets, owners and directions");
	return STATUS_FAILED;
}

static int make_query(struct following *following)
{
	const struct options *options = following->options;
	int status, error;

	status = ask_context(options, &following->ctx);
	if (status == 0)
		status = ask_query(options, following->ctx, &following->query);
	if (status == 0)
		status = columns_choose(options, false, false, &following->columns);
	if (status != 0)
		return status;
	names_init(&following->names, options, &following->columns, following->ctx);
	error = columns_ask(&following->columns, false, following->query);
	if (error == 0)
		error = estab_watch_open(following->query, NULL, &following->watch);
	return error < 0 ? complain_query(options, error) : 0;
}

/* They are read like anything else that comes, so that the last line is a whole one. */
static int open_signals(struct following *following)
{
	static const int ends[] = { SIGINT, SIGTERM };
	struct sigaction before;
	sigset_t signals;

	sigemptyset(&signals);
	/* What the caller made us ignore stays ignored. */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaddset(&signals, ends[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	following->signals_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (following->signals_fd >= 0)
		return 0;
	complain_errno("signalfd", -errno);
	return STATUS_FAILED;
}

static bool is_over(const struct following *following)
{
	return (following->limit != 0 && following->rows == following->limit) ||
	       following->out.error < 0;
}

/* Writes what is there: 1: and goes on; 0: it is over; or a negative errno. */
static int take(struct following *following)
{
	const struct estab_socket *flow;
	int r = 0;

	while (!is_over(following) && (r = estab_watch_next(following->watch, &flow)) == 0) {
		following->rows++;
		if (following->options->quiet)
			continue;
		names_ask(&following->names, flow);
		following->format->row(&following->output, flow);
	}
	buf_flush(&following->out);
	if (r < 0)
		return r;
	return !is_over(following);
}

/* How long to wait; -1: for ever. */
static int left_ms(const struct following *following)
{
	int64_t left;

	if (following->end_ms == 0)
		return -1;
	left = following->end_ms - now_ms();
	return (int)(left > 0 ? MIN(left, INT32_MAX) : 0);
}

/* 0: it is over, or a negative errno. */
static int follow(struct following *following)
{
	struct pollfd polled[POLLED] = {
		[WATCH] = { .fd = estab_watch_fd(following->watch), .events = POLLIN },
		[SIGNALS] = { .fd = following->signals_fd, .events = POLLIN },
		/* Whether anyone reads on: nothing may be written for hours. */
		[OUTPUT] = { .fd = STDOUT_FILENO },
	};

	for (;;) {
		int r = poll(polled, POLLED, left_ms(following));

		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0)
			return 0;
		if (r < 0)
			continue;
		if (polled[WATCH].revents) {
			r = take(following);
			if (r <= 0)
				return r;
		}
		if (polled[SIGNALS].revents)
			return 0;
		/* As a write would find out. */
		if (polled[OUTPUT].revents & (POLLERR | POLLHUP) && following->term.pipe)
			raise(SIGPIPE);
		if (polled[OUTPUT].revents & (POLLERR | POLLHUP | POLLNVAL))
			return 0;
	}
}

/* The last lines: JSON has an end record. */
static void put_end(struct following *following)
{
	const struct options *options = following->options;
	const struct estab_result *result = estab_watch_result(following->watch);
	bool table = options->format == FORMAT_TABLE && following->term.terminal;

	if (options->quiet)
		return;
	following->format->end(&following->output, result);
	buf_flush(&following->out);
	if (options->format == FORMAT_JSON || options->format == FORMAT_JSONL)
		return;
	/* Behind what the terminal shows for the keys. */
	if (table) {
		buf_str(&following->err, "\r");
		buf_u64(&following->err, following->rows);
		buf_str(&following->err, following->rows == 1 ? " event\n" : " events\n");
	}
	footer_put(&following->err, table ? "" : "estab: ", result);
	buf_flush(&following->err);
}

static int end_status(struct following *following)
{
	const struct options *options = following->options;

	if (following->out.error < 0) {
		complain_errno("standard output", following->out.error);
		return STATUS_FAILED;
	}
	if (options->quiet)
		return following->rows > 0 ? STATUS_OK : STATUS_NO_MATCH;
	if (options->strict && !estab_result_is_complete(estab_watch_result(following->watch)))
		return STATUS_FAILED;
	return STATUS_OK;
}

static int run(struct following *following)
{
	const struct options *options = following->options;
	int status = check_options(options);
	int error;

	if (status == 0)
		status = make_query(following);
	if (status == 0)
		status = open_signals(following);
	if (status != 0)
		return status;
	following->limit = options->quiet ? 1 : options->limit;
	if (options->timeout_given)
		following->end_ms = now_ms() + options->timeout_ms;
	following->format = output_find(options->format);
	following->output = (struct output){
		.buf = &following->out,
		.scratch = &following->scratch,
		.columns = &following->columns,
		.names = &following->names,
		.term = &following->term,
		.subject = options->subject,
		.header = !options->no_header,
	};
	if (!options->quiet)
		following->format->begin(&following->output, estab_watch_result(following->watch));
	buf_flush(&following->out);
	error = follow(following);
	if (error < 0)
		return ask_complain(options, error);
	put_end(following);
	return end_status(following);
}

int cmd_follow(const struct options *options)
{
	struct following following = { .options = options, .signals_fd = -1 };
	int status;

	term_look(options->colour, &following.term);
	buf_init(&following.out, STDOUT_FILENO);
	buf_init(&following.err, STDERR_FILENO);
	buf_init(&following.scratch, BUF_MEMORY);
	status = run(&following);
	if (following.signals_fd >= 0)
		close(following.signals_fd);
	estab_watch_close(following.watch);
	estab_query_unref(following.query);
	estab_ctx_unref(following.ctx);
	names_free(&following.names);
	buf_free(&following.scratch);
	buf_free(&following.err);
	buf_free(&following.out);
	return status;
}
