/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab fields [SUBJECT]: everything that columns, filters, sort keys and JSON can name. */
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "commands.h"
#include "complain.h"
#include "csv.h"
#include "json-text.h"
#include "options.h"
#include "report.h"
#include "term.h"
#include "util.h"

static const char *kind_name(enum estab_kind kind)
{
	static const char *const names[] = {
		[ESTAB_KIND_U64] = "unsigned", [ESTAB_KIND_I64] = "signed",
		[ESTAB_KIND_BOOL] = "boolean", [ESTAB_KIND_F64] = "number",
		[ESTAB_KIND_STR] = "string",   [ESTAB_KIND_BYTES] = "bytes",
		[ESTAB_KIND_ADDR] = "address", [ESTAB_KIND_GROUP] = "group",
	};

	return (size_t)kind < ARRAY_SIZE(names) && names[kind] ? names[kind] : "unknown";
}

/* The subject's next one. */
static bool next_field(enum estab_subject subject, struct estab_field_info *info,
		       enum estab_field *field)
{
	while ((*field = estab_field_next(*field)) != ESTAB_F_NONE) {
		info->size = sizeof(*info);
		if (estab_field_get_info(*field, info) == 0 && info->subjects & BIT32(subject))
			return true;
	}
	return false;
}

static const char *word_default(enum estab_subject subject, const struct estab_field_info *info)
{
	return info->defaults & BIT32(subject) ? "true" : "false";
}

static void put_padded(struct buf *buf, const char *text, size_t width)
{
	size_t length = strlen(text);

	buf_put(buf, text, length);
	buf_blanks(buf, length < width ? width - length : 0);
	buf_char(buf, ' ');
}

static void put_line(struct buf *buf, size_t name_width, const char *name, const char *kind,
		     const char *unit, const char *help)
{
	put_padded(buf, name, name_width);
	put_padded(buf, kind, strlen("unsigned"));
	put_padded(buf, unit, strlen("bytes/s"));
	buf_str(buf, help);
	buf_char(buf, '\n');
}

static void put_table(struct buf *buf, enum estab_subject subject, bool header, bool colour)
{
	struct estab_field_info info;
	enum estab_field field = ESTAB_F_NONE;
	size_t width = 0;

	while (next_field(subject, &info, &field))
		width = MAX(width, strlen(info.name));
	if (header) {
		buf_str(buf, colour ? term_colour(COLOUR_HEADER) : "");
		put_line(buf, width, "NAME", "KIND", "UNIT", "MEANING");
		buf_str(buf, colour ? TERM_RESET : "");
	}
	for (field = ESTAB_F_NONE; next_field(subject, &info, &field);)
		put_line(buf, width, info.name, kind_name(info.kind), info.unit ? info.unit : "-",
			 info.help);
}

static void put_members(struct buf *buf, enum estab_subject subject,
			const struct estab_field_info *info)
{
	buf_str(buf, "\"name\":");
	json_put_string(buf, info->name);
	buf_str(buf, ",\"kind\":");
	json_put_string(buf, kind_name(info->kind));
	buf_str(buf, ",\"unit\":");
	if (info->unit)
		json_put_string(buf, info->unit);
	else
		buf_str(buf, "null");
	buf_str(buf, info->flags & ESTAB_FIELD_OWNER ? ",\"owner\":true" : ",\"owner\":false");
	buf_str(buf, ",\"default\":");
	buf_str(buf, word_default(subject, info));
	buf_str(buf, ",\"help\":");
	json_put_string(buf, info->help);
}

static void put_json(struct buf *buf, enum estab_subject subject)
{
	struct estab_field_info info;
	enum estab_field field = ESTAB_F_NONE;
	uint64_t count = 0;

	buf_str(buf, "{\"estab\":{");
	json_put_versions(buf);
	buf_str(buf, "},\"fields\":[");
	while (next_field(subject, &info, &field)) {
		buf_str(buf, count++ > 0 ? ",\n{" : "\n{");
		put_members(buf, subject, &info);
		buf_char(buf, '}');
	}
	buf_str(buf, "\n],\"end\":{\"count\":");
	buf_u64(buf, count);
	buf_str(buf, "}}\n");
}

static void put_jsonl(struct buf *buf, enum estab_subject subject)
{
	struct estab_field_info info;
	enum estab_field field = ESTAB_F_NONE;
	uint64_t count = 0;

	buf_str(buf, "{\"record\":\"start\",");
	json_put_versions(buf);
	buf_str(buf, "}\n");
	while (next_field(subject, &info, &field)) {
		buf_str(buf, "{\"record\":\"field\",");
		put_members(buf, subject, &info);
		buf_str(buf, "}\n");
		count++;
	}
	buf_str(buf, "{\"record\":\"end\",\"count\":");
	buf_u64(buf, count);
	buf_str(buf, "}\n");
}

static void put_csv(struct buf *buf, enum estab_subject subject, bool header)
{
	struct estab_field_info info;
	enum estab_field field = ESTAB_F_NONE;

	if (header)
		buf_str(buf, "name,kind,unit,owner,default,help\n");
	while (next_field(subject, &info, &field)) {
		csv_text(buf, info.name, strlen(info.name));
		buf_char(buf, ',');
		buf_str(buf, kind_name(info.kind));
		buf_char(buf, ',');
		buf_str(buf, info.unit ? info.unit : "");
		buf_str(buf, info.flags & ESTAB_FIELD_OWNER ? ",true" : ",false");
		buf_char(buf, ',');
		buf_str(buf, word_default(subject, &info));
		buf_char(buf, ',');
		csv_text(buf, info.help, strlen(info.help));
		buf_char(buf, '\n');
	}
}

static void put_null(struct buf *buf, enum estab_subject subject)
{
	struct estab_field_info info;
	enum estab_field field = ESTAB_F_NONE;

	while (next_field(subject, &info, &field)) {
		const char *cells[] = {
			info.name,
			kind_name(info.kind),
			info.unit ? info.unit : "",
			info.flags & ESTAB_FIELD_OWNER ? "true" : "false",
			word_default(subject, &info),
			info.help,
		};

		for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
			buf_put(buf, cells[i], strlen(cells[i]) + 1);
	}
}

static int complain_subject(const char *words)
{
	enum estab_subject subject = ESTAB_SUBJECT_SOCKETS;
	const char *name;
	struct buf why;

	buf_init(&why, BUF_MEMORY);
	buf_str(&why, "none of ");
	for (; (name = estab_subject_name(subject)); subject++) {
		buf_str(&why, subject > 0 ? ", " : "");
		buf_str(&why, name);
	}
	buf_char(&why, '\0');
	complain_word("fields", why.error == 0 ? why.data : "no such rows", words, strlen(words));
	buf_free(&why);
	return STATUS_USAGE;
}

/* What the words name; nothing: sockets. */
static int find_subject(const char *words, enum estab_subject *ret_subject)
{
	enum estab_subject subject = ESTAB_SUBJECT_SOCKETS;
	const char *name = estab_subject_name(subject);

	if (words && *words != '\0') {
		while (name && strcmp(name, words) != 0)
			name = estab_subject_name(++subject);
		if (!name)
			return complain_subject(words);
	}
	*ret_subject = subject;
	return 0;
}

int cmd_fields(const struct options *options)
{
	enum estab_subject subject = ESTAB_SUBJECT_SOCKETS;
	int status = find_subject(options->words, &subject);
	struct term term;
	struct buf out;

	if (status != 0)
		return status;
	term_look(options->colour, &term);
	buf_init(&out, STDOUT_FILENO);
	switch (options->format) {
	case FORMAT_CONNTRACK:
	case FORMAT_CONNTRACK_EXTENDED:
	case FORMAT_TABLE:
		put_table(&out, subject, !options->no_header, term.colour);
		break;
	case FORMAT_JSON:
		put_json(&out, subject);
		break;
	case FORMAT_JSONL:
		put_jsonl(&out, subject);
		break;
	case FORMAT_CSV:
		put_csv(&out, subject, !options->no_header);
		break;
	case FORMAT_NULL:
		put_null(&out, subject);
		break;
	}
	status = report_end(&out);
	buf_free(&out);
	return status;
}
