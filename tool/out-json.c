/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* JSON and JSON Lines: the library writes the objects, here is what goes around them. */
#include "output.h"

/* Puts an object's members where other members stand before them: its opening brace is taken off,
 * and a comma put in its place unless it is empty. */
struct joiner {
	struct buf *buf;
	enum { AT_BRACE, AT_MEMBERS, BEHIND } state;
};

static int join(void *arg, const char *text, size_t length)
{
	struct joiner *joiner = arg;

	if (length > 0 && joiner->state == AT_BRACE) {
		text++;
		length--;
		joiner->state = AT_MEMBERS;
	}
	if (length > 0 && joiner->state == AT_MEMBERS) {
		if (text[0] != '}')
			buf_char(joiner->buf, ',');
		joiner->state = BEHIND;
	}
	return buf_write(joiner->buf, text, length);
}

/* What the library can't know: how many names it was not told. */
static void put_end(struct output *output, const struct estab_result *result)
{
	estab_result_write_json_end(result, buf_write, output->buf);
	if (output->names->n_shown > 0) {
		buf_str(output->buf, ",\"unresolved\":");
		buf_u64(output->buf, names_unanswered(output->names));
	}
}

static void json_begin(struct output *output, const struct estab_result *result)
{
	buf_str(output->buf, "{\"estab\":{");
	estab_result_write_json_head(result, buf_write, output->buf);
	buf_str(output->buf, "},\"");
	buf_str(output->buf, estab_subject_name(output->subject));
	buf_str(output->buf, "\":[");
}

static void json_row(struct output *output, const struct estab_socket *sock)
{
	buf_str(output->buf, output->any_rows ? ",\n" : "\n");
	output->any_rows = true;
	estab_socket_write_json(sock, buf_write, output->buf);
}

static void json_end(struct output *output, const struct estab_result *result)
{
	buf_str(output->buf, output->any_rows ? "\n],\"end\":{" : "],\"end\":{");
	put_end(output, result);
	buf_str(output->buf, "}}\n");
}

static void jsonl_begin(struct output *output, const struct estab_result *result)
{
	buf_str(output->buf, "{\"record\":\"start\",");
	estab_result_write_json_head(result, buf_write, output->buf);
	buf_str(output->buf, "}\n");
}

static void jsonl_row(struct output *output, const struct estab_socket *sock)
{
	struct joiner joiner = { .buf = output->buf, .state = AT_BRACE };

	buf_str(output->buf, "{\"record\":\"");
	buf_str(output->buf, estab_subject_record(output->subject));
	buf_char(output->buf, '"');
	estab_socket_write_json(sock, join, &joiner);
	buf_char(output->buf, '\n');
}

static void jsonl_end(struct output *output, const struct estab_result *result)
{
	buf_str(output->buf, "{\"record\":\"end\",");
	put_end(output, result);
	buf_str(output->buf, "}\n");
}

const struct output_format output_json = { json_begin, json_row, json_end };
const struct output_format output_jsonl = { jsonl_begin, jsonl_row, jsonl_end };
