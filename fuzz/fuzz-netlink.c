/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The walker and the decoders of sock_diag, on bytes that nobody sent. The first byte says which
 * table (its low three bits: tcp, udp, udplite, raw, unix, mptcp, netlink, packet), 8: only what every row has is wanted,
 * 16: the kernel said that the datagram was cut, 32: only some states. The second says after how
 * many 16 bytes a second datagram begins, 0: never. Then come the messages; those of the first
 * one's dump are read.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "nl.h"
#include "store.h"
#include "tree.h"
#include "util.h"

enum { CHECKED_ROWS = 8, NETNS = 4026531840u & 0x7fffffff };

typedef int decode_fn(const struct diag_reading *reading, const struct nlmsghdr *message,
		      struct row *row);

static const struct {
	enum estab_proto proto;
	uint8_t protocol;
	decode_fn *decode;
} tables[] = {
	{ ESTAB_PROTO_TCP, IPPROTO_TCP, diag_inet_decode },
	{ ESTAB_PROTO_UDP, IPPROTO_UDP, diag_inet_decode },
	{ ESTAB_PROTO_UDPLITE, IPPROTO_UDPLITE, diag_inet_decode },
	{ ESTAB_PROTO_RAW, IPPROTO_RAW, diag_inet_decode },
	{ ESTAB_PROTO_UNIX, 0, diag_unix_decode },
	{ ESTAB_PROTO_MPTCP, 0, diag_inet_decode },
	{ ESTAB_PROTO_NETLINK, 0, diag_netlink_decode },
	{ ESTAB_PROTO_PACKET, 0, diag_packet_decode },
};

/* One reading of a dump, without a socket. */
struct dump {
	decode_fn *decode;
	struct env *env;
	struct diag_reading reading;
	struct estab_result result;
	struct nl_walk walk;
	struct row row;
	struct store store;
};

static struct env *make_env(bool everything)
{
	struct estab_query *query = NULL;
	struct estab_ctx *ctx = tree_ctx(NULL);
	struct env *env = NULL;

	must(estab_query_new(ctx, &query) == 0);
	if (everything)
		tree_ask_all(query, ESTAB_SUBJECT_SOCKETS);
	must(env_new(ctx, query, &env) == 0);
	env->netns = NETNS;
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return env;
}

static void begin(struct dump *dump, uint8_t choice)
{
	size_t table = (choice & 7u) % ARRAY_SIZE(tables);
	struct source_job job = {
		.proto = tables[table].proto,
		.table = "table",
		.families = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
		.states = choice & 32 ? BIT32(ESTAB_STATE_LISTEN) | BIT32(ESTAB_STATE_UNCONNECTED)
				      : ESTAB_STATES_ALL,
	};

	memset(dump, 0, sizeof(*dump));
	dump->decode = tables[table].decode;
	dump->env = make_env(!(choice & 8));
	diag_reading_init(&dump->reading, dump->env, &job, tables[table].protocol);
	store_init(&dump->store, dump->env);
	must(ext_builder_init(&dump->row.ext, dump->env) == 0);
}

static void end(struct dump *dump)
{
	store_free(&dump->store);
	ext_builder_free(&dump->row.ext);
	check_result(&dump->result);
	result_clear(&dump->result);
	env_unref(dump->env);
}

static void check_row(struct dump *dump)
{
	struct estab_socket *sock = &dump->row.sock;

	must(sock->proto == dump->reading.proto);
	must(dump->reading.states & BIT32(sock->state));
	must(record_identity(sock) != 0);
	if (dump->store.count >= CHECKED_ROWS)
		return;
	check_socket(sock);
	must(store_add(&dump->store, &dump->row) == 0);
	check_same(sock, store_at(&dump->store, dump->store.count - 1));
}

/* Reads a datagram to its end. */
static void feed(struct dump *dump, struct input input, bool cut)
{
	uint8_t *datagram = fuzz_copy(input.at, input.left);
	const struct nlmsghdr *message;
	int r;

	nl_walk_feed(&dump->walk, datagram, input.left, cut);
	while ((r = nl_walk_next(&dump->walk, &message)) == NL_MESSAGE) {
		const uint8_t *at = (const uint8_t *)message;

		must(at >= datagram && at + message->nlmsg_len <= datagram + input.left);
		r = dump->decode(&dump->reading, message, &dump->row);
		if (r == DIAG_ROW)
			check_row(dump);
		else
			must(r == DIAG_SKIP || r == -EBADMSG || r == -E2BIG);
	}
	must(r == NL_END || r == NL_MORE || (r < 0 && r >= -4095));
	must(nl_walk_next(&dump->walk, &message) == r);
	free(datagram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	uint8_t choice = input_byte(&input);
	size_t first = (size_t)input_byte(&input) * 16;
	struct nlmsghdr header = { 0 };
	struct dump dump;

	memcpy(&header, input.at, MIN(input.left, sizeof(header)));
	begin(&dump, choice);
	nl_walk_begin(&dump.walk, &dump.result, "table", header.nlmsg_seq, header.nlmsg_pid);
	if (first > 0)
		feed(&dump, input_take(&input, first), false);
	feed(&dump, input, choice & 16);
	end(&dump);
	return 0;
}
