/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The filter: an expression, and behind a NUL the bytes that rows are made of. */
#include "filter.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "record.h"
#include "tree.h"
#include "util.h"

enum { ROWS = 6 };

static void put_bytes(struct row *row, enum ext_kind kind, struct input bytes)
{
	must(row_put(row, kind, bytes.at, bytes.left) == 0);
}

static void fill_inet(struct row *row, struct input *bytes)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct estab_socket *sock = &row->sock;
	struct input addrs = input_take(bytes, 32);

	memcpy(sock->inet.local, addrs.at, MIN(addrs.left, (size_t)16));
	if (addrs.left > 16)
		memcpy(sock->inet.peer, addrs.at + 16, addrs.left - 16);
	if (sock->family == ESTAB_FAMILY_INET6 && input_byte(bytes) & 1)
		memcpy(sock->inet.local, mapped, sizeof(mapped));
	sock->local_port = (uint16_t)(input_byte(bytes) << 8 | input_byte(bytes));
	sock->peer_port = (uint16_t)(input_byte(bytes) << 8 | input_byte(bytes));
	put_bytes(row, EXT_MEM, input_take(bytes, 8));
	if (sock->proto == ESTAB_PROTO_TCP) {
		put_bytes(row, EXT_TCP_INFO, input_take(bytes, sizeof(struct tcp_info)));
		put_bytes(row, EXT_CONGESTION, (struct input){ (const uint8_t *)"cubic", 5 });
	}
}

static void fill_unix(struct row *row, struct input *bytes)
{
	if (input_byte(bytes) & 1)
		put_bytes(row, EXT_ABSTRACT, (struct input){ 0 });
	put_bytes(row, EXT_PATH, input_take(bytes, 12));
	row->sock.local.peer_inode = input_byte(bytes);
	row->sock.has |= HAS_PEER_INODE;
}

/* A row such as the sources make. */
static void fill_row(struct row *row, struct input *bytes)
{
	static const struct {
		enum estab_proto proto;
		enum estab_family family;
	} kinds[] = {
		{ ESTAB_PROTO_TCP, ESTAB_FAMILY_INET },  { ESTAB_PROTO_TCP, ESTAB_FAMILY_INET6 },
		{ ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX }, { ESTAB_PROTO_UDP, ESTAB_FAMILY_INET },
		{ ESTAB_PROTO_RAW, ESTAB_FAMILY_INET6 }, { ESTAB_PROTO_ICMP, ESTAB_FAMILY_INET },
	};
	size_t kind = input_byte(bytes) % ARRAY_SIZE(kinds);
	struct estab_socket *sock = &row->sock;

	row_reset(row, kinds[kind].proto, kinds[kind].family);
	sock->state = (uint8_t)(input_byte(bytes) % 12 + 1);
	if (sock->state == 12)
		sock->state = ESTAB_STATE_BOUND;
	sock->type = input_byte(bytes) % 4;
	sock->has = (uint16_t)(input_byte(bytes) << 8 | input_byte(bytes));
	sock->uid = input_byte(bytes);
	sock->inode = input_byte(bytes);
	sock->recv_q = input_byte(bytes);
	sock->send_q = input_byte(bytes);
	sock->timer_kind = input_byte(bytes) % TIMER_KINDS;
	if (record_is_inet(sock))
		fill_inet(row, bytes);
	else
		fill_unix(row, bytes);
}

/* Says the same twice, and nothing of a row changes. */
static void check_match(const struct filter *filter, const struct estab_socket *sock)
{
	unsigned char before[sizeof(*sock)];
	bool matches;

	memcpy(before, sock, sizeof(before));
	matches = filter_match(filter, sock);
	must(filter_match(filter, sock) == matches);
	must(memcmp(before, (const unsigned char *)sock, sizeof(before)) == 0);
}

static void check_rows(const struct filter *filter, struct input bytes)
{
	enum estab_field field = ESTAB_F_NONE;
	struct estab_ctx *ctx = tree_ctx(NULL);
	struct estab_query *query = NULL;
	struct env *env = NULL;
	struct row row = { 0 };

	must(estab_query_new(ctx, &query) == 0);
	while ((field = estab_field_next(field)) != ESTAB_F_NONE)
		must(estab_query_add_field(query, field) == 0);
	must(env_new(ctx, query, &env) == 0);
	must(ext_builder_init(&row.ext, env) == 0);
	for (int i = 0; i < ROWS; i++) {
		fill_row(&row, &bytes);
		check_match(filter, &row.sock);
		/* Without any extension. */
		ext_clear(&row.ext);
		check_match(filter, &row.sock);
	}
	ext_builder_free(&row.ext);
	env_unref(env);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input rows = { data, size };
	struct input text = input_until(&rows, '\0');
	char *expression = calloc(1, text.left + 1);
	struct filter *untouched = (struct filter *)(void *)expression;
	struct filter *filter = untouched;
	size_t position = SIZE_MAX;
	char *message = NULL;
	int r;

	must(expression);
	/* "Everything" is no expression. */
	if (text.left == 0)
		text = (struct input){ (const uint8_t *)" ", 0 };
	memcpy(expression, text.at, text.left);
	r = *expression == '\0' ? -EINVAL : filter_parse(expression, &filter, &position, &message);
	if (r == 0) {
		must(filter != untouched && position == SIZE_MAX && !message);
		must(!(filter_states(filter) & ~ESTAB_STATES_ALL));
		filter_needs(filter);
		must(filter_unref(filter_ref(filter)) == NULL);
		check_rows(filter, rows);
		filter_unref(filter);
	} else {
		must(r == -EINVAL || r == -E2BIG);
		must(filter == untouched);
		if (*expression != '\0') {
			must(position <= text.left && message && *message);
			must(filter_parse(expression, &filter, NULL, NULL) == r);
		}
	}
	free(message);
	free(expression);
	return 0;
}
