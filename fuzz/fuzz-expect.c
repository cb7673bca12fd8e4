/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Expectations: the first byte says whether the rest is the text's lines, or messages of ctnetlink. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "expect.h"
#include "fuzz.h"
#include "util.h"

static void check(int r, const struct row *row)
{
	must(r == FLOW_ROW || r == FLOW_SKIP || r == -EBADMSG);
	if (r == FLOW_ROW)
		check_socket(&row->sock);
}

static void read_text(const char *at, const char *end, struct row *row)
{
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = { at, newline ? newline : end };

		check(expect_text_line(line, UINT32_MAX, 1, row), row);
		at = line.end + 1;
	}
}

static void read_messages(const uint8_t *data, size_t length, struct estab_result *result,
			  struct row *row)
{
	struct nlmsghdr header = { 0 };
	const struct nlmsghdr *message;
	struct nl_walk walk;

	memcpy(&header, data, MIN(length, sizeof(header)));
	nl_walk_begin(&walk, result, "expectations", header.nlmsg_seq, header.nlmsg_pid);
	nl_walk_feed(&walk, data, length, false);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE)
		check(expect_netlink_decode(message, UINT32_MAX, 1, row), row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	bool text = input_byte(&input) & 1;
	uint8_t *copy = fuzz_copy(input.at, input.left);
	struct estab_result result = { 0 };
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = NULL;
	struct env *env = NULL;
	struct row row;

	must(estab_ctx_new(NULL, &ctx) == 0 && estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query, ESTAB_SUBJECT_EXPECTATIONS) == 0);
	must(env_new(ctx, query, &env) == 0 && ext_builder_init(&row.ext, env) == 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	if (text)
		read_text((const char *)copy, (const char *)copy + input.left, &row);
	else
		read_messages(copy, input.left, &result, &row);
	result_clear(&result);
	ext_builder_free(&row.ext);
	env_unref(env);
	free(copy);
	return 0;
}
