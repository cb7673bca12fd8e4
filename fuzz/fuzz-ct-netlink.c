/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The walker and the decoder of ctnetlink, on a datagram that nobody sent: messages of the dump that the
 * first one belongs to. The first byte: 1: only what every row has is wanted, 2: IPv6 only, 4: events.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "store.h"
#include "tree.h"
#include "util.h"

enum { CHECKED_ROWS = 8 };

static struct env *make_env(bool everything)
{
	struct estab_ctx *ctx = tree_ctx(NULL);
	struct estab_query *query = NULL;
	struct env *env = NULL;

	must(estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query, ESTAB_SUBJECT_FLOWS) == 0);
	if (everything)
		tree_ask_all(query, ESTAB_SUBJECT_FLOWS);
	must(env_new(ctx, query, &env) == 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return env;
}

static void check_row(struct store *store, const struct row *row)
{
	must(row->sock.proto == ROW_FLOW && flow_of(&row->sock));
	must(record_identity(&row->sock) != 0);
	if (store->count >= CHECKED_ROWS)
		return;
	check_socket(&row->sock);
	must(store_add(store, row) == 0);
	check_same(&row->sock, store_at(store, store->count - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t choice = input_byte(&input);
	uint8_t *datagram = fuzz_copy(input.at, input.left);
	struct env *env = make_env(!(choice & 1));
	struct estab_result result = { 0 };
	struct nlmsghdr header = { 0 };
	const struct nlmsghdr *message;
	const struct flow_reading reading = {
		.needs = env->plan.needs,
		.families = choice & 2 ? BIT32(ESTAB_FAMILY_INET6) : UINT32_MAX,
		.now_ns = UINT64_C(1700000000000000000),
		.events = choice & 4,
	};
	struct row row = { 0 };
	struct nl_walk walk;
	struct store store;

	store_init(&store, env);
	must(ext_builder_init(&row.ext, env) == 0);
	memcpy(&header, input.at, MIN(input.left, sizeof(header)));
	nl_walk_begin(&walk, &result, "flows", header.nlmsg_seq, header.nlmsg_pid);
	nl_walk_feed(&walk, datagram, input.left, false);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE) {
		int r = ct_netlink_decode(&reading, message, &row);

		if (r == FLOW_ROW)
			check_row(&store, &row);
		else
			must(r == FLOW_SKIP || r == -EBADMSG);
	}
	check_result(&result);
	result_clear(&result);
	store_free(&store);
	ext_builder_free(&row.ext);
	env_unref(env);
	free(datagram);
	return 0;
}
