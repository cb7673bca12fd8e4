/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text tables that are none of sockets: the first byte says which, the rest is its lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "fuzz.h"
#include "nettext.h"
#include "util.h"

static nettext_fn *const readers[] = { nettext_route, nettext_route6, nettext_dev,   nettext_igmp,
				       nettext_igmp6, nettext_snmp,   nettext_snmp6, nettext_sctp };

static void read_line(struct nettext *text, nettext_fn *read, const struct input *line, bool cut,
		      struct row *row)
{
	const struct procfs_line whole = {
		{ (const char *)line->at, (const char *)line->at + line->left }, cut
	};
	uint64_t before = text->serial;
	int r = read(text, whole, row);

	must(r == 0 || r == 1 || r == -EBADMSG);
	while (r == 0) {
		must(text->serial == before + 1);
		before = text->serial;
		check_socket(&row->sock);
		r = nettext_more(text, row);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t which = input_byte(&input);
	struct estab_query *query;
	struct nettext *text = calloc(1, sizeof(*text));
	struct estab_ctx *ctx;
	struct env *env;
	struct row row;

	must(text && estab_ctx_new(NULL, &ctx) == 0 && estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query,
				     (enum estab_subject)(ESTAB_SUBJECT_ROUTES + which % 4)) == 0);
	must(env_new(ctx, query, &env) == 0 && ext_builder_init(&row.ext, env) == 0);
	nettext_begin(text);
	text->big_endian = which & 0x80;
	while (input.left > 0) {
		struct input line = input_until(&input, '\n');
		struct input copy = { fuzz_copy(line.at, line.left), line.left };

		read_line(text, readers[(which & 0x7f) % ARRAY_SIZE(readers)], &copy,
			  input.left == 0, &row);
		free((void *)(uintptr_t)copy.at);
	}
	ext_builder_free(&row.ext);
	env_unref(env);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	free(text);
	return 0;
}
