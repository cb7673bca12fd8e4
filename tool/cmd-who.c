/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab who: everything about who holds a port, a path, or what else a process has open. */
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "ask.h"
#include "commands.h"
#include "complain.h"
#include "footer.h"
#include "holders.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "term.h"
#include "util.h"
#include "who-target.h"
#include "who-text.h"

/* What is told of a process. */
static const enum estab_field process_fields[] = {
	ESTAB_F_OWNER_PID,        ESTAB_F_OWNER_COMM,          ESTAB_F_OWNER_UID,
	ESTAB_F_OWNER_USER,       ESTAB_F_OWNER_EXE,           ESTAB_F_OWNER_CMDLINE,
	ESTAB_F_OWNER_PPID,       ESTAB_F_OWNER_CGROUP,        ESTAB_F_OWNER_START_TICKS,
	ESTAB_F_OWNER_START_TIME, ESTAB_F_OWNER_AGE_MS,        ESTAB_F_OWNER_UNIT,
	ESTAB_F_OWNER_UNIT_UID,   ESTAB_F_OWNER_SLICE,         ESTAB_F_OWNER_CONTAINER,
	ESTAB_F_OWNER_RUNTIME,    ESTAB_F_OWNER_POD,           ESTAB_F_OWNER_CONTAINER_NAME,
	ESTAB_F_OWNER_POD_NAME,   ESTAB_F_OWNER_POD_NAMESPACE,
};

/* What is told of a socket besides what always is. */
static const enum estab_field socket_fields[] = {
	ESTAB_F_OWNERS,      ESTAB_F_NO_OWNER,  ESTAB_F_OWNERS_COMPLETE,
	ESTAB_F_USER,        ESTAB_F_CGROUP,    ESTAB_F_DIRECTION,
	ESTAB_F_PEER_OWNERS, ESTAB_F_PEER_PATH, ESTAB_F_LISTENER_INODE,
};

struct who {
	const struct options *options; /* with the filter, and the tables, in them */
	const char *asked;             /* whom for */
	struct estab_ctx *ctx;
	struct estab_query *sockets;
	struct estab_query *processes;
	struct estab_snapshot *snapshot;
	struct holders holders;
	struct term term;
	struct buf out;
	struct progress progress;
};

static int add_fields(struct estab_query *query, const enum estab_field *fields, size_t n)
{
	int error = 0;

	for (size_t i = 0; error == 0 && i < n; i++)
		error = estab_query_add_field(query, fields[i]);
	return error;
}

static int add_default_fields(struct estab_query *query)
{
	struct estab_field_info info = { .size = sizeof(info) };
	enum estab_field field = ESTAB_F_NONE;
	int error = 0;

	while (error == 0 && (field = estab_field_next(field)) != ESTAB_F_NONE)
		if (estab_field_get_info(field, &info) == 0 && info.flags & ESTAB_FIELD_DEFAULT)
			error = estab_query_add_field(query, field);
	return error;
}

/* Numbers alone need nothing but who holds what. */
static bool wants_numbers(const struct options *options)
{
	return options->pids || options->count || options->quiet;
}

static int make_queries(struct who *who)
{
	static const enum estab_field pid = ESTAB_F_OWNER_PID;
	static const enum estab_field netns_name = ESTAB_F_NETNS_NAME;
	const struct options *options = who->options;
	int status = ask_context(options, &who->ctx);
	int error;

	if (status == 0)
		status = ask_query(options, who->ctx, &who->sockets);
	if (status != 0)
		return status;
	if (wants_numbers(options)) {
		error = add_fields(who->sockets, &pid, 1);
	} else {
		error = add_default_fields(who->sockets);
		if (error == 0)
			error = add_fields(who->sockets, socket_fields, ARRAY_SIZE(socket_fields));
		if (error == 0 && options->all_netns)
			error = add_fields(who->sockets, &netns_name, 1);
	}
	if (error == 0)
		error = estab_query_new(who->ctx, &who->processes);
	if (error == 0)
		error = add_fields(who->processes, process_fields, ARRAY_SIZE(process_fields));
	return error < 0 ? ask_complain(options, error) : 0;
}

/* Who was asked for by number is told of, whatever it holds. */
static int add_asked(struct who *who)
{
	const char *words = who->asked;
	uint32_t pid;
	int error = 0;

	while (error == 0 && who_target_next_pid(&words, &pid))
		error = holders_add(&who->holders, pid);
	return error;
}

static int read_all(struct who *who)
{
	int error;

	term_clean_at_interrupt(&who->term);
	progress_start(&who->progress, who->term.progress);
	error = estab_snapshot_take(who->sockets, &who->snapshot);
	if (error == 0)
		error = holders_make(who->snapshot, &who->holders);
	if (error == 0 && !wants_numbers(who->options)) {
		error = add_asked(who);
		if (error == 0)
			error = holders_read(&who->holders, who->processes);
	}
	progress_stop(&who->progress);
	return error < 0 ? ask_complain(who->options, error) : 0;
}

/* ---- JSON ---- */

static void put_rows(struct buf *buf, const struct estab_socket *const *rows, size_t n)
{
	buf_char(buf, '[');
	for (size_t i = 0; i < n; i++) {
		buf_str(buf, i > 0 ? ",\n" : "\n");
		estab_socket_write_json(rows[i], buf_write, buf);
	}
	buf_char(buf, ']');
}

static void put_json_holder(struct buf *buf, const struct holder *holder)
{
	size_t count = holder->lineage ? estab_lineage_count(holder->lineage) : 0;

	buf_str(buf, "{\"process\":");
	if (holder->lineage) {
		estab_lineage_write_json(holder->lineage, 0, buf_write, buf);
	} else {
		/* It has ended since. */
		buf_str(buf, "{\"pid\":");
		buf_u64(buf, holder->pid);
		buf_char(buf, '}');
	}
	buf_str(buf, ",\"parents\":[");
	for (size_t i = 1; i < count; i++) {
		if (i > 1)
			buf_char(buf, ',');
		estab_lineage_write_json(holder->lineage, i, buf_write, buf);
	}
	buf_str(buf, "],\"sockets\":");
	put_rows(buf, holder->rows, holder->n_rows);
	buf_char(buf, '}');
}

static void put_json(struct who *who, const struct estab_result *result)
{
	struct buf *buf = &who->out;

	buf_str(buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, buf);
	buf_str(buf, "},\"who\":[");
	for (size_t i = 0; i < who->holders.n; i++) {
		buf_str(buf, i > 0 ? ",\n" : "\n");
		put_json_holder(buf, &who->holders.list[i]);
	}
	buf_str(buf, "\n],\"unowned\":");
	put_rows(buf, who->holders.unowned, who->holders.n_unowned);
	buf_str(buf, ",\"end\":{");
	estab_result_write_json_end(result, buf_write, buf);
	buf_str(buf, "}}\n");
}

/* ---- all forms ---- */

static void put_footer(struct who *who, const struct estab_result *result)
{
	struct buf err;

	if (who->term.terminal && !wants_numbers(who->options)) {
		footer_put(&who->out, "", result);
		return;
	}
	buf_flush(&who->out);
	buf_init(&err, STDERR_FILENO);
	footer_put(&err, "estab: ", result);
	buf_flush(&err);
	buf_free(&err);
}

static void put_pids(struct who *who)
{
	for (size_t i = 0; i < who->holders.n; i++) {
		buf_u64(&who->out, who->holders.list[i].pid);
		buf_char(&who->out, '\n');
	}
}

static int tell(struct who *who)
{
	const struct options *options = who->options;
	const struct estab_result *result = estab_snapshot_result(who->snapshot);
	bool nobody = true;
	int status;

	for (size_t i = 0; i < who->holders.n; i++)
		nobody &= who->holders.list[i].n_rows == 0;

	if (options->quiet)
		return nobody ? STATUS_NO_MATCH : STATUS_OK;
	if (options->count) {
		buf_u64(&who->out, who->holders.n);
		buf_char(&who->out, '\n');
	} else if (options->pids) {
		put_pids(who);
	} else if (options->format == FORMAT_JSON) {
		put_json(who, result);
	} else {
		who_text_put(&who->out, &who->term, &who->holders,
			     estab_result_is_complete(result));
		if (who->holders.n == 0 && who->holders.n_unowned == 0)
			complain(who->asked, "nobody");
	}
	if (options->format != FORMAT_JSON)
		put_footer(who, result);
	status = report_end(&who->out);
	if (status == STATUS_OK && options->strict && !estab_result_is_complete(result))
		return STATUS_FAILED;
	return status == STATUS_OK && nobody ? STATUS_NO_MATCH : status;
}

static int check(const struct options *options)
{
	if (options->pids && options->count)
		return complain_usage("who", "--pids or --count, not both");
	if ((options->pids || options->count) && options->format != FORMAT_TABLE)
		return complain_usage("who", "--pids and --count have no other format");
	return report_check_format(options, "who");
}

int cmd_who(const struct options *options)
{
	struct options all = *options;
	struct who who = { .options = &all, .asked = options->words };
	struct buf filter;
	uint32_t tables;
	int status = check(options);

	if (status != 0)
		return status;
	buf_init(&filter, BUF_MEMORY);
	term_look(options->colour, &who.term);
	buf_init(&who.out, STDOUT_FILENO);
	status = who_target(options, &filter, &tables);
	if (status == 0) {
		all.words = filter.data;
		if (all.tables == 0)
			all.tables = tables;
		all.all = !all.listening && !all.bound;
		status = make_queries(&who);
	}
	if (status == 0)
		status = read_all(&who);
	if (status == 0)
		status = tell(&who);
	holders_free(&who.holders);
	estab_snapshot_unref(who.snapshot);
	estab_query_unref(who.processes);
	estab_query_unref(who.sockets);
	estab_ctx_unref(who.ctx);
	buf_free(&who.out);
	buf_free(&filter);
	return status;
}
