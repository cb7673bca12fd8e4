/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab doctor: what can be seen here, source by source, and what would let more be seen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice.h"
#include "ask.h"
#include "commands.h"
#include "complain.h"
#include "json-text.h"
#include "options.h"
#include "report.h"
#include "term.h"
#include "util.h"

enum { TABLE_WIDTH = 8, FAMILY_WIDTH = 8, SOURCE_WIDTH = 12, FACT_WIDTH = 33, SOURCES_MAX = 8 };

struct doctor {
	const struct options *options;
	struct term term;
	struct buf out;
	struct estab_ctx *ctx;
	struct estab_query *query;
	struct estab_probe *probe;
	size_t n_sources;
	const char *sources[SOURCES_MAX];
	struct advice advice;
};

static bool get_table(const struct doctor *doctor, size_t index, struct estab_probe_table *ret)
{
	ret->size = sizeof(*ret);
	return estab_probe_get_table(doctor->probe, index, ret) == 0;
}

static void list_sources(struct doctor *doctor)
{
	struct estab_probe_table table;

	for (size_t i = 0; get_table(doctor, i, &table); i++) {
		size_t at = 0;

		while (at < doctor->n_sources && strcmp(doctor->sources[at], table.source) != 0)
			at++;
		if (at == doctor->n_sources && at < SOURCES_MAX)
			doctor->sources[doctor->n_sources++] = table.source;
	}
}

/* What the source says of the family of that table. */
static const char *verdict(const struct doctor *doctor, const struct estab_probe_table *row,
			   const char *source)
{
	struct estab_probe_table table;

	for (size_t i = 0; get_table(doctor, i, &table); i++) {
		if (strcmp(table.table, row->table) != 0 ||
		    strcmp(table.family, row->family) != 0 || strcmp(table.source, source) != 0)
			continue;
		switch (table.error) {
		case 0:
			return "yes";
		case -EPERM:
		case -EACCES:
			return "refused";
		case -ENOENT:
		case -EOPNOTSUPP:
		case -EAFNOSUPPORT:
		case -EPROTONOSUPPORT:
			return "absent";
		default:
			return "error";
		}
	}
	return "-";
}

static bool was_before(const struct doctor *doctor, size_t index)
{
	struct estab_probe_table row, table;

	get_table(doctor, index, &row);
	for (size_t i = 0; i < index && get_table(doctor, i, &table); i++)
		if (strcmp(table.table, row.table) == 0 && strcmp(table.family, row.family) == 0)
			return true;
	return false;
}

static void put_tables(struct doctor *doctor)
{
	struct buf *buf = &doctor->out;
	struct estab_probe_table table;

	report_heading(buf, "TABLE     FAMILY  ", doctor->term.colour);
	for (size_t s = 0; s < doctor->n_sources; s++) {
		buf_blanks(buf, 2);
		report_heading(buf, doctor->sources[s], doctor->term.colour);
		if (s + 1 < doctor->n_sources)
			buf_blanks(buf, SOURCE_WIDTH - strlen(doctor->sources[s]));
	}
	buf_char(buf, '\n');
	for (size_t i = 0; get_table(doctor, i, &table); i++) {
		if (was_before(doctor, i))
			continue;
		report_text(buf, table.table, TABLE_WIDTH);
		buf_blanks(buf, 2);
		report_text(buf, table.family, FAMILY_WIDTH);
		for (size_t s = 0; s < doctor->n_sources; s++) {
			const char *word = verdict(doctor, &table, doctor->sources[s]);

			buf_blanks(buf, 2);
			report_text(buf, word, s + 1 < doctor->n_sources ? SOURCE_WIDTH : 0);
		}
		buf_char(buf, '\n');
	}
}

static void put_facts(struct doctor *doctor)
{
	struct buf *buf = &doctor->out;
	struct estab_fact fact = { .size = sizeof(fact) };

	buf_char(buf, '\n');
	report_heading(buf, "FACT", doctor->term.colour);
	buf_blanks(buf, FACT_WIDTH + 2 - strlen("FACT"));
	report_heading(buf, "VALUE", doctor->term.colour);
	buf_char(buf, '\n');
	for (size_t i = 0; estab_probe_get_fact(doctor->probe, i, &fact) == 0; i++) {
		report_text(buf, fact.name, FACT_WIDTH);
		buf_blanks(buf, 2);
		if (!fact.known)
			buf_char(buf, '-');
		else if (fact.kind == ESTAB_KIND_STR)
			buf_escape(buf, fact.text, strlen(fact.text));
		else if (fact.kind == ESTAB_KIND_BOOL)
			buf_str(buf, fact.number ? "yes" : "no");
		else
			buf_u64(buf, fact.number);
		buf_char(buf, '\n');
	}
}

static void put_advice(struct doctor *doctor)
{
	struct buf *buf = &doctor->out;

	buf_char(buf, '\n');
	report_heading(buf, "ADVICE", doctor->term.colour);
	buf_char(buf, '\n');
	for (size_t i = 0; i < doctor->advice.n; i++) {
		buf_str(buf, "- ");
		buf_str(buf, doctor->advice.lines[i]);
		buf_char(buf, '\n');
	}
	if (doctor->advice.n == 0)
		buf_str(buf, "- none: all that this version of estab looks for can be seen\n");
}

static void put_json(struct doctor *doctor)
{
	struct buf *buf = &doctor->out;

	buf_str(buf, "{\"estab\":{");
	json_put_versions(buf);
	buf_str(buf, "},");
	estab_probe_write_json(doctor->probe, buf_write, buf);
	buf_str(buf, ",\"advice\":[");
	for (size_t i = 0; i < doctor->advice.n; i++) {
		buf_str(buf, i > 0 ? ",\n" : "\n");
		json_put_string(buf, doctor->advice.lines[i]);
	}
	buf_str(buf, "]}\n");
}

/* How many sockets have owners that we may not see. */
static uint64_t count_unseen(struct doctor *doctor)
{
	const struct estab_socket *sock;
	struct estab_scan *scan;
	uint64_t unseen = 0;

	if (estab_query_add_field(doctor->query, ESTAB_F_NO_OWNER) < 0 ||
	    estab_scan_open(doctor->query, &scan) < 0)
		return 0;
	while (estab_scan_next(scan, &sock) == 0) {
		const char *reason;

		if (estab_socket_get_str(sock, ESTAB_F_NO_OWNER, &reason) == 0)
			unseen += strcmp(reason, "permission") == 0;
	}
	estab_scan_close(scan);
	return unseen;
}

static int examine(struct doctor *doctor)
{
	int error = estab_probe_run(doctor->query, &doctor->probe);

	if (error < 0)
		return ask_complain(doctor->options, error);
	list_sources(doctor);
	advice_give(&doctor->advice, doctor->probe, count_unseen(doctor));
	if (doctor->options->format == FORMAT_JSON) {
		put_json(doctor);
	} else {
		put_tables(doctor);
		put_facts(doctor);
		put_advice(doctor);
	}
	return report_end(&doctor->out);
}

int cmd_doctor(const struct options *options)
{
	struct options all = *options;
	struct doctor *doctor;
	int status = report_check_format(options, "doctor");

	if (status == 0 && options->words && options->words[0] != '\0')
		status = complain_usage("doctor", "takes no words");
	if (status != 0)
		return status;
	doctor = calloc(1, sizeof(*doctor));
	if (!doctor)
		return ask_complain(options, -ENOMEM);
	doctor->options = options;
	all.all = true;
	term_look(options->colour, &doctor->term);
	buf_init(&doctor->out, STDOUT_FILENO);
	status = ask_context(options, &doctor->ctx);
	if (status == 0)
		status = ask_query(&all, doctor->ctx, &doctor->query);
	if (status == 0)
		status = examine(doctor);
	estab_probe_unref(doctor->probe);
	estab_query_unref(doctor->query);
	estab_ctx_unref(doctor->ctx);
	buf_free(&doctor->out);
	free(doctor);
	return status;
}
