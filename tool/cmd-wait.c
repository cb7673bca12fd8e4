/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab wait FILTER: until a socket matches, or none does any more. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "ask.h"
#include "commands.h"
#include "complain.h"
#include "options.h"
#include "progress.h"
#include "term.h"
#include "util.h"

enum { DEFAULT_TIMEOUT_MS = 30 * 1000 };

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 1: it is so; 0: not in time; or a negative errno. */
static int wait_for(struct estab_waiter *waiter, uint32_t timeout_ms)
{
	struct pollfd ready = { .fd = estab_waiter_fd(waiter), .events = POLLIN };
	int64_t end_ms = now_ms() + timeout_ms;

	for (;;) {
		int64_t left_ms = end_ms - now_ms();
		int r;

		/* It is looked once in any case. */
		r = poll(&ready, 1, (int)(left_ms > 0 ? MIN(left_ms, INT32_MAX) : 0));
		if (r < 0 && errno != EINTR)
			return -errno;
		if (r == 0 && left_ms <= 0)
			return 0;
		r = r > 0 ? estab_waiter_process(waiter) : 0;
		if (r != 0)
			return r;
	}
}

static int complain_end(const struct options *options, int result)
{
	if (result == 1)
		return STATUS_OK;
	if (result == -ENODATA) {
		complain("wait", "none is seen, but not everything can be: estab doctor tells why");
		return STATUS_FAILED;
	}
	if (result < 0)
		return ask_complain(options, result);
	if (!options->quiet)
		complain("wait", options->gone ? "timed out: there still is one"
					       : "timed out: there is none");
	return STATUS_NO_MATCH;
}

static int run(const struct options *options, struct estab_query *query)
{
	struct progress progress = { 0 };
	struct estab_waiter *waiter;
	struct term term;
	int r = estab_query_add_field(query, ESTAB_F_PROTO);

	if (r == 0)
		r = estab_waiter_new(query, options->gone ? ESTAB_WAIT_GONE : 0, &waiter);
	if (r < 0)
		return ask_complain(options, r);
	term_look(options->colour, &term);
	term_clean_at_interrupt(&term);
	progress_start(&progress, term.progress);
	r = wait_for(waiter, options->timeout_given ? options->timeout_ms : DEFAULT_TIMEOUT_MS);
	progress_stop(&progress);
	estab_waiter_unref(waiter);
	return complain_end(options, r);
}

int cmd_wait(const struct options *options)
{
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = NULL;
	int status;

	if (!options->words || options->words[strspn(options->words, " ")] == '\0')
		return complain_usage("wait", "for which sockets? it takes a filter");
	status = ask_context(options, &ctx);
	if (status == 0)
		status = ask_query(options, ctx, &query);
	if (status == 0)
		status = run(options, query);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return status;
}
