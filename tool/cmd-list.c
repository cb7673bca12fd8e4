/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab [list] [OPTIONS] [FILTER]: the sockets. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "ahead.h"
#include "ask.h"
#include "buf.h"
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

struct listing {
	const struct options *options;
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct columns columns;
	struct term term;
	struct buf out;
	struct buf scratch;
	struct progress progress;
	struct names names;
	bool snapshot; /* everything is read before anything is shown */
	bool matched;  /* with --quiet: there is at least one */
};

static int make_query(struct listing *listing)
{
	const struct options *options = listing->options;
	int status, error;

	if (options->format >= FORMAT_CONNTRACK && options->subject != ESTAB_SUBJECT_FLOWS)
		return complain_usage("--format", "conntrack is a format of flows");
	status = ask_query(options, listing->ctx, &listing->query);
	/* Whoever asks by owners wants to see them. */
	if (status == 0)
		status =
			columns_choose(options, listing->term.terminal,
				       estab_query_needs_owners(listing->query), &listing->columns);
	if (status != 0)
		return status;
	if (options->tree && options->format != FORMAT_TABLE)
		return complain_usage("--tree", "is a table");
	if (options->tree && options->subject != ESTAB_SUBJECT_SOCKETS)
		return complain_usage("--tree", "only sockets have processes");
	names_init(&listing->names, options, &listing->columns, listing->ctx);
	/* Whether there is any costs less than what it looks like. */
	error = options->quiet ? estab_query_add_field(listing->query, ESTAB_F_NETNS)
			       : columns_ask(&listing->columns, listing->snapshot, listing->query);
	if (error == 0 && options->tree && !options->quiet)
		error = output_tree_ask(listing->query);
	if (error < 0) {
		complain_errno("query", error);
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < options->n_sort; i++) {
		const struct sort_key *key = &options->sort[i];
		const char *name = estab_field_name(key->field);

		if (!field_is_of(key->field, options->subject))
			return complain_field("--sort", options->subject, name, strlen(name));
		if (estab_query_add_sort(listing->query, key->field, key->descending) < 0)
			return complain_word("--sort", "no single value to sort by", name,
					     strlen(name));
	}
	return 0;
}

/* Standard output's errors, and under --strict what the result lacks. */
static int end_status(struct listing *listing, const struct estab_result *result)
{
	if (report_end(&listing->out) != STATUS_OK)
		return STATUS_FAILED;
	/* One match answers --quiet, whatever else was lost. */
	if (listing->matched)
		return STATUS_OK;
	if (listing->options->strict &&
	    (!estab_result_is_complete(result) || names_unanswered(&listing->names) > 0))
		return STATUS_FAILED;
	return listing->options->quiet ? STATUS_NO_MATCH : STATUS_OK;
}

/* JSON says in its end record what was lost; for the rest it stands below the table, or where it
 * does not get among the records. */
static void put_footer(struct listing *listing, const struct estab_result *result)
{
	struct buf err;

	if (listing->options->quiet || listing->options->format == FORMAT_JSON ||
	    listing->options->format == FORMAT_JSONL)
		return;
	if (listing->term.terminal && listing->options->format == FORMAT_TABLE) {
		footer_put(&listing->out, "", result);
		footer_put_names(&listing->out, "", names_unanswered(&listing->names));
		return;
	}
	buf_flush(&listing->out);
	buf_init(&err, STDERR_FILENO);
	footer_put(&err, "estab: ", result);
	footer_put_names(&err, "estab: ", names_unanswered(&listing->names));
	buf_flush(&err);
	buf_free(&err);
}

static struct output make_output(struct listing *listing)
{
	return (struct output){
		.buf = &listing->out,
		.scratch = &listing->scratch,
		.columns = &listing->columns,
		.names = &listing->names,
		.term = &listing->term,
		.subject = listing->options->subject,
		.header = !listing->options->no_header,
	};
}

static int list_snapshot(struct listing *listing)
{
	const struct options *options = listing->options;
	struct output output = make_output(listing);
	const struct estab_result *result;
	struct estab_snapshot *snapshot;
	size_t count;
	int status, error;

	progress_start(&listing->progress, listing->term.progress);
	error = estab_snapshot_take(listing->query, &snapshot);
	progress_stop(&listing->progress);
	if (error < 0)
		return ask_complain(options, error);
	result = estab_snapshot_result(snapshot);
	count = estab_snapshot_count(snapshot);
	for (size_t i = 0; i < count; i++)
		names_ask(&listing->names, estab_snapshot_get(snapshot, i));
	if (options->tree) {
		error = output_tree(&output, snapshot);
	} else if (options->format == FORMAT_TABLE && listing->term.terminal) {
		output_screen(&output, snapshot, options->n_sort > 0);
	} else {
		const struct output_format *format = output_find(options->format);

		format->begin(&output, result);
		for (size_t i = 0; i < count && listing->out.error == 0; i++)
			format->row(&output, estab_snapshot_get(snapshot, i));
		format->end(&output, result);
	}
	put_footer(listing, result);
	status = error < 0 ? ask_complain(options, error) : end_status(listing, result);
	estab_snapshot_unref(snapshot);
	return status;
}

/* Every row is written as it is read. */
static int list_scan(struct listing *listing)
{
	const struct output_format *format = output_find(listing->options->format);
	bool quiet = listing->options->quiet;
	struct output output = make_output(listing);
	struct ahead ahead = { .output = &output, .format = format, .names = &listing->names };
	const struct estab_socket *sock;
	struct estab_scan *scan;
	int status, error;

	/* A line among the rows would be in the way where both go to one terminal. */
	progress_start(&listing->progress,
		       listing->term.progress && !listing->term.terminal && !listing->term.pipe);
	error = estab_scan_open(listing->query, &scan);
	if (error < 0) {
		progress_stop(&listing->progress);
		return ask_complain(listing->options, error);
	}
	if (!quiet)
		format->begin(&output, estab_scan_result(scan));
	while (listing->out.error == 0 && (error = estab_scan_next(scan, &sock)) == 0) {
		listing->matched = quiet;
		if (quiet)
			break;
		ahead_put(&ahead, sock);
	}
	ahead_end(&ahead);
	progress_stop(&listing->progress);
	if (error < 0) {
		/* What was cut has no end: no one can take it for the whole. */
		buf_flush(&listing->out);
		status = ask_complain(listing->options, error);
	} else {
		if (!quiet)
			format->end(&output, estab_scan_result(scan));
		put_footer(listing, estab_scan_result(scan));
		status = end_status(listing, estab_scan_result(scan));
	}
	estab_scan_close(scan);
	return status;
}

static int write_buf(void *arg, const char *text, size_t length)
{
	buf_put(arg, text, length);
	return 0;
}

static int explain(struct listing *listing)
{
	int error = estab_query_explain(listing->query, write_buf, &listing->out);

	if (error < 0)
		return ask_complain(listing->options, error);
	return report_end(&listing->out);
}

int cmd_list(const struct options *options)
{
	struct listing listing = { .options = options };
	int status;

	term_look(options->colour, &listing.term);
	buf_init(&listing.out, STDOUT_FILENO);
	buf_init(&listing.scratch, BUF_MEMORY);
	listing.snapshot =
		!options->quiet && (options->n_sort > 0 || options->tree ||
				    (options->format == FORMAT_TABLE && listing.term.terminal));
	status = ask_context(options, &listing.ctx);
	if (status == 0)
		status = make_query(&listing);
	if (status == 0 && options->explain) {
		status = explain(&listing);
	} else if (status == 0) {
		term_clean_at_interrupt(&listing.term);
		status = listing.snapshot ? list_snapshot(&listing) : list_scan(&listing);
	}
	estab_query_unref(listing.query);
	estab_ctx_unref(listing.ctx);
	names_free(&listing.names);
	buf_free(&listing.scratch);
	buf_free(&listing.out);
	return status;
}
