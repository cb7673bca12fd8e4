/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The filter: an expression, and behind a NUL the bytes that rows are made of. */
#include "filter.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../test/kernel-filter.h"
#include "env.h"
#include "filter-push.h"
#include "plan.h"
#include "record.h"
#include "tree.h"
#include "util.h"

enum { ROWS = 6 };

static void put_bytes(struct row *row, enum ext_kind kind, struct input bytes)
{
	must(row_put(row, kind, bytes.at, bytes.left) == 0);
}

static const char *const devices[] = { "", "lo", "eth0", "7" };

static void fill_device(struct row *row, uint32_t index)
{
	if (index == 0)
		return;
	put_bytes(row, EXT_IFINDEX, (struct input){ (const uint8_t *)&index, sizeof(index) });
	put_bytes(row, EXT_IFNAME,
		  (struct input){ (const uint8_t *)devices[index], strlen(devices[index]) });
}

static uint32_t device_index(void *arg, const char *name)
{
	(void)arg;
	for (uint32_t i = 1; i < ARRAY_SIZE(devices); i++)
		if (strcmp(devices[i], name) == 0)
			return i;
	return 0;
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
	fill_device(row, input_byte(bytes) % 4);
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

/* What the kernel is told lets through all that matches, and is what a kernel takes. */
static void check_kernel(const struct estab_filter *filter, const struct estab_socket *sock,
			 bool matches)
{
	static const struct push_devices known = { device_index, NULL };
	struct kernel_socket kernel = {
		.family = sock->family == ESTAB_FAMILY_INET ? AF_INET : AF_INET6,
		.local_port = sock->local_port,
		.peer_port = sock->peer_port,
		.chosen = true,
	};
	struct push_ports ports = filter_push_ports(filter, sock->proto);

	must(!matches || ports.local == 0 || ports.local == sock->local_port);
	must(!matches || ports.peer == 0 || ports.peer == sock->peer_port);
	memcpy(kernel.local, sock->inet.local, 16);
	memcpy(kernel.peer, sock->inet.peer, 16);
	ext_read(sock->ext, EXT_IFINDEX, &kernel.device, sizeof(kernel.device));
	ext_read(sock->ext, EXT_MARK, &kernel.mark, sizeof(kernel.mark));
	ext_read(sock->ext, EXT_CGROUP_ID, &kernel.cgroup_id, sizeof(kernel.cgroup_id));
	for (enum push_level level = PUSH_ALL; level <= PUSH_NONE; level++) {
		uint8_t code[BYTECODE_ROOM];
		size_t length = filter_push(filter, sock->proto, level, &known, code);
		char line[256];

		must(level != PUSH_NONE || length == 0);
		if (length == 0)
			continue;
		must(kernel_filter_check(code, length, level == PUSH_ALL) == 0);
		must(!matches || kernel_filter_run(code, length, &kernel));
		for (size_t at = 0; at < length;) {
			struct text text = { .buffer = line, .size = sizeof(line) };
			size_t step = bytecode_describe(code, length, at, &text);

			must(step > 0 && text.length > 0 && text.length < sizeof(line));
			at += step;
		}
	}
}

/* The steps of a reading never lose what matches in the end. */
static void check_narrow(const struct estab_filter *filter, const struct estab_socket *sock)
{
	uint64_t protos = BIT64(sock->proto);
	uint32_t families = BIT32(sock->family);
	uint32_t states[PLAN_PROTOS] = { 0 };

	states[sock->proto] = BIT32(sock->state);
	filter_narrow(filter, &protos, &families, states);
	must(protos != 0 && families != 0 && states[sock->proto] != 0);
	must(filter_states(filter, BIT32(sock->state)) & BIT32(sock->state));
	must(filter_prematch(filter, sock, 0));
	must(filter_prematch(filter, sock, NEED_OWNERS));
	must(filter_prematch(filter, sock, UINT32_MAX));
}

/* Says the same twice, and nothing of a row changes. */
static void check_match(const struct estab_filter *filter, const struct estab_socket *sock)
{
	unsigned char before[sizeof(*sock)];
	bool matches;

	memcpy(before, sock, sizeof(before));
	matches = filter_match(filter, sock);
	must(filter_match(filter, sock) == matches);
	if (matches)
		check_narrow(filter, sock);
	if (record_is_inet(sock))
		check_kernel(filter, sock, matches);
	must(memcmp(before, (const unsigned char *)sock, sizeof(before)) == 0);
}

static int check_explained(void *arg, const char *text, size_t length)
{
	return bytes_write(arg, text, length);
}

static void check_explain(const struct estab_query *query, struct estab_filter *filter)
{
	struct estab_query *asked = (struct estab_query *)(uintptr_t)query;
	struct bytes text = { 0 };

	must(estab_query_attach_filter(asked, filter) == 0);
	must(estab_query_explain(query, check_explained, &text) == 0);
	for (char *at = text.data;
	     at && (at = memchr(at, '\n', text.length - (size_t)(at - text.data)));)
		*at = ' ';
	check_text(text.data, text.length);
	bytes_free(&text);
	must(estab_query_attach_filter(asked, NULL) == 0);
}

static void check_rows(struct estab_filter *filter, struct input bytes)
{
	struct estab_ctx *ctx = tree_ctx(NULL);
	struct estab_query *query = NULL;
	struct env *env = NULL;
	struct row row = { 0 };

	must(estab_query_new(ctx, &query) == 0);
	check_explain(query, filter);
	tree_ask_all(query, ESTAB_SUBJECT_SOCKETS);
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

static void parse(char *expression, size_t length, uint32_t flags, struct input rows)
{
	struct estab_filter *untouched = (struct estab_filter *)(void *)expression;
	struct estab_filter *filter = untouched;
	size_t position = SIZE_MAX;
	char *message = NULL;
	int r = filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), flags, &filter,
			     &position, &message);

	if (r == 0) {
		must(filter != untouched && position == SIZE_MAX && !message);
		must(!(filter_states(filter, ESTAB_STATES_ALL) & ~ESTAB_STATES_ALL));
		must(filter_needs(filter, 0) == 0);
		must(filter_unref(filter_ref(filter)) == NULL);
		check_rows(filter, rows);
		filter_unref(filter);
	} else {
		must(r == -EINVAL && filter == untouched);
		must(position <= length && message && *message);
		must(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), flags, &filter,
				  NULL, NULL) == r);
	}
	free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input rows = { data, size };
	struct input text = input_until(&rows, '\0');
	char *expression = calloc(1, text.left + 1);

	must(expression);
	if (text.left > 0)
		memcpy(expression, text.at, text.left);
	parse(expression, text.left, 0, rows);
	parse(expression, text.left, ESTAB_FILTER_SS, rows);
	parse(expression, text.left, size % 2 ? ESTAB_FILTER_UNIX : ESTAB_FILTER_PACKET, rows);
	free(expression);
	return 0;
}
