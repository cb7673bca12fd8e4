/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What connection tracking counts: the first byte says whether the rest is the text's lines, or a datagram. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "flow-stats.h"
#include "fuzz.h"
#include "nl.h"
#include "util.h"

enum { CHECKED_ROWS = 8 };

static void read_text(struct flow_stats_list *list, const char *at, const char *end)
{
	struct flow_stats_columns columns;
	bool header = true;
	uint32_t cpu = 0;

	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct cursor line = { at, newline ? newline : end };

		if (header && !flow_stats_header(line, &columns))
			return;
		if (!header) {
			int r = flow_stats_line(list, &columns, cpu++, line);

			must(r == 0 || r == -EBADMSG);
		}
		header = false;
		at = line.end + 1;
	}
}

static void read_messages(struct flow_stats_list *list, struct estab_result *result,
			  const uint8_t *data, size_t length)
{
	struct nlmsghdr header = { 0 };
	const struct nlmsghdr *message;
	struct nl_walk walk;

	memcpy(&header, data, MIN(length, sizeof(header)));
	nl_walk_begin(&walk, result, "flow_stats", header.nlmsg_seq, header.nlmsg_pid);
	nl_walk_feed(&walk, data, length, false);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE) {
		int r = flow_stats_decode(list, message);

		must(r == 0 || r == 1 || r == -EBADMSG);
	}
}

static struct env *make_env(void)
{
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = NULL;
	struct env *env = NULL;

	must(estab_ctx_new(NULL, &ctx) == 0 && estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query, ESTAB_SUBJECT_FLOW_STATS) == 0);
	must(env_new(ctx, query, &env) == 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return env;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	bool text = input_byte(&input) & 1;
	uint8_t *copy = fuzz_copy(input.at, input.left);
	struct flow_stats_list list = { 0 };
	struct estab_result result = { 0 };
	struct env *env = make_env();
	struct flow_stats *all;
	struct row row;

	must(ext_builder_init(&row.ext, env) == 0);
	must(flow_stats_of(&list, STATS_OF_ALL, &all) == 0);
	if (text)
		read_text(&list, (const char *)copy, (const char *)copy + input.left);
	else
		read_messages(&list, &result, copy, input.left);
	flow_stats_sum(&list);
	for (size_t i = 0; i < list.n && i < CHECKED_ROWS; i++) {
		must(flow_stats_row(&list.items[i], ESTAB_FAMILY_INET, i + 1, &row) == 0);
		check_socket(&row.sock);
	}
	result_clear(&result);
	flow_stats_free(&list);
	ext_builder_free(&row.ext);
	env_unref(env);
	free(copy);
	return 0;
}
