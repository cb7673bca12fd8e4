/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util.h"

static const struct personality personalities[] = {
	{ "ss", compat_ss },
	{ "netstat", compat_netstat },
	{ "lsof", compat_lsof },
};

static const struct personality *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(personalities); i++)
		if (strcmp(personalities[i].name, name) == 0)
			return &personalities[i];
	return NULL;
}

const struct personality *compat_find(int *argc, char ***argv)
{
	const struct personality *personality;
	const char *slash;

	if (*argc < 1)
		return NULL;
	slash = strrchr((*argv)[0], '/');
	personality = find(slash ? slash + 1 : (*argv)[0]);
	if (personality || *argc < 2)
		return personality;
	personality = find((*argv)[1]);
	if (personality) {
		(*argc)--;
		(*argv)++;
	}
	return personality;
}

bool compat_has_selinux(void)
{
	return access("/sys/fs/selinux/enforce", F_OK) == 0;
}

void compat_complain(const char *tool, const char *what, const char *why)
{
	struct buf line;

	buf_init(&line, STDERR_FILENO);
	buf_str(&line, tool);
	buf_str(&line, ": ");
	if (what) {
		buf_escape(&line, what, strlen(what));
		buf_str(&line, ": ");
	}
	buf_escape(&line, why, strlen(why));
	buf_char(&line, '\n');
	buf_flush(&line);
	buf_free(&line);
}

/* ---- reading ---- */

void compat_add_table(struct compat_reading *reading, enum estab_proto proto)
{
	if (reading->n_order < COMPAT_ORDER_MAX)
		reading->order[reading->n_order++] = proto;
}

void compat_add_field(struct compat_reading *reading, enum estab_field field)
{
	if (field != ESTAB_F_NONE && reading->n_fields < COMPAT_FIELDS_MAX)
		reading->fields[reading->n_fields++] = field;
}

int compat_context(struct estab_ctx **ret_ctx)
{
	struct estab_ctx_options options = {
		.size = sizeof(options),
		.flags = ESTAB_CTX_THREADS | ESTAB_CTX_ENTER_NETNS | ESTAB_CTX_BPF,
	};

	return estab_ctx_new(&options, ret_ctx);
}

static int set_up(const struct compat_reading *reading, uint64_t protos, struct estab_query *query)
{
	int error = estab_query_set_protos(query, protos);

	if (error == 0 && reading->families != 0)
		error = estab_query_set_families(query, reading->families);
	if (error == 0)
		error = estab_query_set_states(query, reading->states);
	if (error == 0 && reading->unix_types != 0)
		error = estab_query_set_proto_types(query, ESTAB_PROTO_UNIX, reading->unix_types);
	if (error == 0 && reading->packet_types != 0)
		error = estab_query_set_proto_types(query, ESTAB_PROTO_PACKET,
						    reading->packet_types);
	if (error == 0)
		error = estab_query_set_netns(query, reading->netns);
	if (error == 0 && reading->source)
		error = estab_query_set_source(query, reading->source);
	for (size_t i = 0; error == 0 && i < reading->n_fields; i++)
		error = estab_query_add_field(query, reading->fields[i]);
	return error == 0 ? estab_query_attach_filter(query, reading->filter) : error;
}

int compat_query(const struct compat_reading *reading, uint64_t protos,
		 struct estab_query **ret_query)
{
	struct estab_query *query;
	int error = estab_query_new(reading->ctx, &query);

	if (error < 0)
		return error;
	error = set_up(reading, protos, query);
	if (error < 0)
		estab_query_unref(query);
	else
		*ret_query = query;
	return error;
}

/* The old tools read IPv4 and then IPv6. */
static const struct part {
	uint32_t families;
	uint8_t family; /* of an address */
} ip_parts[] = {
	{ BIT32(ESTAB_FAMILY_INET), ESTAB_FAMILY_INET },
	{ BIT32(ESTAB_FAMILY_INET6), ESTAB_FAMILY_INET6 },
};

static bool has_ip(enum estab_proto proto)
{
	return proto <= ESTAB_PROTO_MPTCP;
}

static int read_table(const struct compat_reading *reading, enum estab_proto proto,
		      compat_row_fn *row, compat_result_fn *result, void *arg)
{
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	int error = compat_query(reading, BIT64(proto), &query);

	if (error < 0)
		return error;
	error = estab_scan_open(query, &scan);
	if (error == 0) {
		while ((error = estab_scan_next(scan, &sock)) == 0)
			row(arg, proto, sock);
		if (result)
			result(arg, estab_scan_result(scan));
		estab_scan_close(scan);
	}
	estab_query_unref(query);
	return MIN(error, 0);
}

bool compat_is_absent(int error)
{
	static const int absent[] = { -ENOENT, -EOPNOTSUPP, -EPROTONOSUPPORT, -EAFNOSUPPORT };

	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (error == absent[i])
			return true;
	return false;
}

/* Of several errors the one that is more than a table's absence. */
static int worse(int last, int error)
{
	return error < 0 && (last == 0 || compat_is_absent(last)) ? error : last;
}

static int read_parts(const struct compat_reading *reading, enum estab_proto proto,
		      compat_row_fn *row, compat_result_fn *result, void *arg)
{
	struct compat_reading part = *reading;
	int last = 0;

	if (!has_ip(proto))
		return read_table(reading, proto, row, result, arg);
	for (size_t i = 0; i < ARRAY_SIZE(ip_parts) && last != -ENOMEM; i++) {
		int error;

		part.families = ip_parts[i].families;
		if (reading->families != 0 && !(reading->families & part.families))
			continue;
		error = read_table(&part, proto, row, result, arg);
		last = error == -ENOMEM ? error : worse(last, error);
	}
	return last;
}

static void give_table(const struct estab_snapshot *snapshot, enum estab_proto proto,
		       const struct part *part, compat_row_fn *row, void *arg)
{
	size_t count = estab_snapshot_count(snapshot);
	const char *name = estab_proto_name(proto);

	for (size_t i = 0; i < count; i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);
		const char *word = compat_str(sock, ESTAB_F_PROTO);
		struct estab_addr addr;

		if (!word || strcmp(word, name) != 0)
			continue;
		if (part && (estab_socket_get_addr(sock, ESTAB_F_LOCAL_ADDR, &addr) < 0 ||
			     addr.family != part->family))
			continue;
		row(arg, proto, sock);
	}
}

static int read_whole(const struct compat_reading *reading, compat_row_fn *row,
		      compat_result_fn *result, void *arg)
{
	struct compat_reading with_timer = *reading;
	struct estab_snapshot *snapshot;
	struct estab_query *query;
	uint64_t protos = 0;
	int error;

	for (size_t i = 0; i < reading->n_order; i++)
		protos |= BIT64(reading->order[i]);
	/* Rows in the dump's order, which is the old tools': only that has timers. */
	compat_add_field(&with_timer, ESTAB_F_TIMER_KIND);
	error = compat_query(&with_timer, protos, &query);
	if (error < 0)
		return error;
	error = estab_snapshot_take(query, &snapshot);
	if (error == 0) {
		for (size_t i = 0; i < reading->n_order; i++) {
			enum estab_proto proto = reading->order[i];

			if (!has_ip(proto))
				give_table(snapshot, proto, NULL, row, arg);
			for (size_t k = 0; has_ip(proto) && k < ARRAY_SIZE(ip_parts); k++)
				give_table(snapshot, proto, &ip_parts[k], row, arg);
		}
		if (result)
			result(arg, estab_snapshot_result(snapshot));
		estab_snapshot_unref(snapshot);
	}
	estab_query_unref(query);
	return error;
}

int compat_read(const struct compat_reading *reading, compat_row_fn *row, compat_result_fn *result,
		void *arg)
{
	int last = 0;

	if (reading->n_order == 0)
		return 0;
	if (reading->whole)
		return read_whole(reading, row, result, arg);
	for (size_t i = 0; i < reading->n_order; i++) {
		int error = read_parts(reading, reading->order[i], row, result, arg);

		if (error == -ENOMEM)
			return error;
		last = worse(last, error);
	}
	return last;
}

/* ---- values ---- */

uint64_t compat_u64(const struct estab_socket *sock, enum estab_field field, uint64_t otherwise)
{
	uint64_t value;

	return estab_socket_get_u64(sock, field, &value) == 0 ? value : otherwise;
}

const char *compat_str(const struct estab_socket *sock, enum estab_field field)
{
	const char *text;

	return estab_socket_get_str(sock, field, &text) == 0 ? text : NULL;
}

enum estab_state compat_state(const struct estab_socket *sock)
{
	const char *word = compat_str(sock, ESTAB_F_STATE);
	enum estab_state state = ESTAB_STATE_ESTABLISHED;

	for (; word && state <= ESTAB_STATE_BOUND; state++) {
		const char *name = estab_state_name(state);

		if (name && strcmp(name, word) == 0)
			return state;
	}
	return ESTAB_STATE_UNCONNECTED;
}

bool compat_is_any(const struct estab_addr *addr)
{
	static const uint8_t zeros[16];

	return memcmp(addr->bytes, zeros, sizeof(zeros)) == 0;
}

struct estab_addr compat_bare(const struct estab_addr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct estab_addr plain = *addr;

	if (addr->family == ESTAB_FAMILY_INET6 &&
	    memcmp(addr->bytes, mapped, sizeof(mapped)) == 0) {
		plain = (struct estab_addr){ .family = ESTAB_FAMILY_INET };
		memcpy(plain.bytes, addr->bytes + sizeof(mapped), 4);
	}
	return plain;
}

void compat_put_addr(struct buf *buf, const struct estab_addr *addr)
{
	char text[INET6_ADDRSTRLEN];

	if (addr->family == ESTAB_FAMILY_INET)
		buf_put(buf, text, estab_addr_format(addr, text));
	else if (inet_ntop(AF_INET6, addr->bytes, text, sizeof(text)))
		buf_str(buf, text);
}

void compat_put_hex(struct buf *buf, uint64_t value)
{
	static const char digits[] = "0123456789abcdef";
	char text[16];
	size_t at = sizeof(text);

	do {
		text[--at] = digits[value & 15];
		value >>= 4;
	} while (value > 0);
	buf_put(buf, text + at, sizeof(text) - at);
}

void compat_pad(struct buf *buf, uint64_t start, size_t width)
{
	uint64_t put = buf_total(buf) - start;

	if (put < width)
		buf_blanks(buf, width - (size_t)put);
}
