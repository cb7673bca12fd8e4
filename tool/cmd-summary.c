/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab summary: how many sockets there are, and what the kernel says how many there are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "commands.h"
#include "complain.h"
#include "footer.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "tally.h"
#include "term.h"
#include "util.h"

enum {
	PROTO_WIDTH = 7,
	NAME_WIDTH = 18,
	STATE_WIDTH = 11,
	NUMBER_WIDTH = 8,
	DIFFERENCE_WIDTH = 10
};

struct summary {
	const struct options *options;
	struct term term;
	struct buf out;
	struct progress progress;
	struct tally tally;
	struct estab_counts *counts; /* NULL: not to be had */
	int counts_error;
	bool whole; /* everything was listed, so that it can be compared */
};

static void put_counts(struct summary *summary, const char *proto, const char *state)
{
	static const char *const families[] = { "inet", "inet6" };
	const struct tally *tally = &summary->tally;
	struct buf *buf = &summary->out;
	uint64_t all = tally_sum(tally, proto, state, NULL);
	uint64_t ip = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		ip += tally_sum(tally, proto, state, families[i]);
	report_text(buf, proto, PROTO_WIDTH);
	buf_blanks(buf, 2);
	report_text(buf, state ? state : "all", STATE_WIDTH);
	report_number(buf, all, NUMBER_WIDTH);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		if (ip == all) {
			report_number(buf, tally_sum(tally, proto, state, families[i]),
				      NUMBER_WIDTH);
		} else {
			buf_blanks(buf, NUMBER_WIDTH + 1);
			buf_char(buf, '-');
		}
	}
	buf_char(buf, '\n');
}

/* Whether an entry before this one has the same protocol, and the same state unless any will do. */
static bool was_before(const struct tally *tally, size_t index, bool any_state)
{
	const struct tally_entry *entry = &tally->entries[index];

	for (size_t i = 0; i < index; i++)
		if (strcmp(tally->entries[i].proto, entry->proto) == 0 &&
		    (any_state || strcmp(tally->entries[i].state, entry->state) == 0))
			return true;
	return false;
}

static void put_heading(struct summary *summary, const char *text)
{
	if (summary->options->no_header)
		return;
	report_heading(&summary->out, text, summary->term.colour);
	buf_char(&summary->out, '\n');
}

static void put_listed(struct summary *summary)
{
	const struct tally *tally = &summary->tally;

	put_heading(summary, "PROTO    STATE           COUNT      IPV4      IPV6");
	for (size_t i = 0; i < tally->n; i++) {
		const char *proto = tally->entries[i].proto;

		if (was_before(tally, i, true))
			continue;
		put_counts(summary, proto, NULL);
		for (size_t j = i; j < tally->n; j++)
			if (strcmp(tally->entries[j].proto, proto) == 0 &&
			    !was_before(tally, j, false))
				put_counts(summary, proto, tally->entries[j].state);
	}
}

/* One of the kernel's counts, and where it is of the same sockets, ours. */
struct comparison {
	struct estab_count kernel;
	bool compared;
	uint64_t listed;
	int64_t difference;
};

static bool compare(const struct summary *summary, size_t index, struct comparison *ret)
{
	*ret = (struct comparison){ .kernel.size = sizeof(ret->kernel) };
	if (!summary->counts || estab_counts_get(summary->counts, index, &ret->kernel) < 0)
		return false;
	ret->compared = summary->whole &&
			tally_like_kernel(&summary->tally, ret->kernel.name, &ret->listed);
	ret->difference = (int64_t)(ret->kernel.value - ret->listed);
	return true;
}

static void put_kernel(struct summary *summary)
{
	struct buf *buf = &summary->out;
	struct comparison line;

	if (!summary->counts)
		return;
	buf_char(buf, '\n');
	put_heading(summary, "KERNEL COUNTS          VALUE    LISTED  DIFFERENCE");
	for (size_t i = 0; compare(summary, i, &line); i++) {
		report_text(buf, line.kernel.name, NAME_WIDTH);
		report_number(buf, line.kernel.value, NUMBER_WIDTH);
		if (line.compared) {
			report_number(buf, line.listed, NUMBER_WIDTH);
			report_difference(buf, line.difference, DIFFERENCE_WIDTH);
		} else if (line.kernel.flags & ESTAB_COUNT_HOST) {
			buf_str(buf, "  (whole host)");
		}
		buf_char(buf, '\n');
	}
}

static void put_json_kernel(struct summary *summary)
{
	struct buf *buf = &summary->out;
	struct comparison line;

	if (!summary->counts) {
		buf_str(buf, "null");
		return;
	}
	buf_char(buf, '[');
	for (size_t i = 0; compare(summary, i, &line); i++) {
		/* Names are of small letters, digits and dots. */
		buf_str(buf, i > 0 ? ",\n{\"name\":\"" : "\n{\"name\":\"");
		buf_str(buf, line.kernel.name);
		buf_str(buf, "\",\"value\":");
		buf_u64(buf, line.kernel.value);
		buf_str(buf, ",\"host_wide\":");
		buf_str(buf, line.kernel.flags & ESTAB_COUNT_HOST ? "true" : "false");
		if (line.compared) {
			buf_str(buf, ",\"listed\":");
			buf_u64(buf, line.listed);
			buf_str(buf, ",\"difference\":");
			buf_i64(buf, line.difference);
		}
		buf_char(buf, '}');
	}
	buf_str(buf, "\n]");
}

static void put_json(struct summary *summary, const struct estab_result *result)
{
	const struct tally *tally = &summary->tally;
	struct buf *buf = &summary->out;
	bool any = false;

	buf_str(buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, buf);
	buf_str(buf, "},\"summary\":{\"counts\":[");
	for (size_t i = 0; i < tally->n; i++) {
		const struct tally_entry *entry = &tally->entries[i];
		uint64_t count = tally_sum(tally, entry->proto, entry->state, entry->family);
		bool before = false;

		/* What differs only in what the kernel keeps for it is one count here. */
		for (size_t j = 0; j < i; j++)
			before |= strcmp(tally->entries[j].proto, entry->proto) == 0 &&
				  strcmp(tally->entries[j].state, entry->state) == 0 &&
				  strcmp(tally->entries[j].family, entry->family) == 0;
		if (before)
			continue;
		buf_str(buf, any ? ",\n{\"proto\":\"" : "\n{\"proto\":\"");
		buf_str(buf, entry->proto);
		buf_str(buf, "\",\"state\":\"");
		buf_str(buf, entry->state);
		buf_str(buf, "\",\"family\":\"");
		buf_str(buf, entry->family);
		buf_str(buf, "\",\"count\":");
		buf_u64(buf, count);
		buf_char(buf, '}');
		any = true;
	}
	buf_str(buf, any ? "\n],\"kernel\":" : "],\"kernel\":");
	put_json_kernel(summary);
	buf_str(buf, "},\"end\":{");
	estab_result_write_json_end(result, buf_write, buf);
	buf_str(buf, "}}\n");
}

static void put_footer(struct summary *summary, const struct estab_result *result)
{
	struct buf err;

	if (summary->term.terminal) {
		footer_put(&summary->out, "", result);
	} else {
		buf_flush(&summary->out);
		buf_init(&err, STDERR_FILENO);
		footer_put(&err, "estab: ", result);
		buf_flush(&err);
		buf_free(&err);
	}
	if (!summary->counts) {
		buf_flush(&summary->out);
		complain_errno("the kernel's own counts", summary->counts_error);
	}
}

static int count_all(struct summary *summary, struct estab_scan *scan)
{
	const struct options *options = summary->options;
	const struct estab_result *result = estab_scan_result(scan);
	const struct estab_socket *sock;
	int error, status;

	while ((error = estab_scan_next(scan, &sock)) == 0)
		tally_add(&summary->tally, sock);
	progress_stop(&summary->progress);
	if (error < 0)
		return ask_complain(options, error);
	if (options->format == FORMAT_JSON) {
		put_json(summary, result);
	} else {
		put_listed(summary);
		put_kernel(summary);
		put_footer(summary, result);
	}
	status = report_end(&summary->out);
	if (status == STATUS_OK && options->strict && !estab_result_is_complete(result))
		return STATUS_FAILED;
	return status;
}

static int ask(const struct options *options, struct estab_ctx *ctx, struct estab_query **ret_query)
{
	int status = ask_query(options, ctx, ret_query);
	int error = 0;

	for (size_t i = 0; status == 0 && error == 0 && i < tally_n_fields; i++)
		error = estab_query_add_field(*ret_query, tally_fields[i]);
	return error < 0 ? ask_complain(options, error) : status;
}

static int summarise(struct summary *summary, struct estab_query *query)
{
	struct estab_scan *scan;
	int error, status;

	term_clean_at_interrupt(&summary->term);
	progress_start(&summary->progress, summary->term.progress);
	/* First, as fewer sockets come and go between this and the listing of the first table. */
	summary->counts_error = estab_counts_read(query, &summary->counts);
	error = estab_scan_open(query, &scan);
	if (error < 0) {
		progress_stop(&summary->progress);
		return ask_complain(summary->options, error);
	}
	status = count_all(summary, scan);
	estab_scan_close(scan);
	return status;
}

int cmd_summary(const struct options *options)
{
	struct options all = *options;
	struct summary *summary;
	struct estab_ctx *ctx = NULL;
	struct estab_query *query = NULL;
	int status;

	if (options->by)
		return cmd_summary_by(options);
	if (options->top > 0 || options->sums)
		return complain_usage(options->sums ? "--sum" : "--top", "needs --by");
	status = report_check_format(options, "summary");
	if (status != 0)
		return status;
	summary = calloc(1, sizeof(*summary));
	if (!summary)
		return ask_complain(options, -ENOMEM);
	summary->options = options;
	summary->whole = options->tables == 0 && options->families == 0 && !options->ip_family &&
			 !options->listening && !options->bound &&
			 !(options->words && options->words[0] != '\0');
	/* Every state, and every table unless some were named. */
	all.all = !options->listening && !options->bound;
	term_look(options->colour, &summary->term);
	buf_init(&summary->out, STDOUT_FILENO);
	status = ask_context(options, &ctx);
	if (status == 0)
		status = ask(&all, ctx, &query);
	if (status == 0)
		status = summarise(summary, query);
	estab_counts_unref(summary->counts);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	buf_free(&summary->out);
	free(summary);
	return status;
}
