/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "traffic.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SHOWN_MAX = 5, END_MAX = 64 };

static const char *word(const struct estab_socket *sock, enum estab_field field)
{
	const char *text;

	return estab_socket_get_str(sock, field, &text) < 0 ? "" : text;
}

bool traffic_is_listener(const struct estab_socket *sock)
{
	const char *state = word(sock, ESTAB_F_STATE);

	return strcmp(state, "listen") == 0 || (strcmp(state, "unconnected") == 0 &&
						strncmp(word(sock, ESTAB_F_PROTO), "udp", 3) == 0);
}

static bool is_connection(const struct estab_socket *sock)
{
	uint64_t port;

	return estab_socket_get_u64(sock, ESTAB_F_PEER_PORT, &port) == 0 && port != 0;
}

/* ---- ports that are listened on ---- */

enum { PORTS = 65536 };

struct ports {
	uint8_t bits[PORTS / 8];
};

static uint64_t local_port(const struct estab_socket *sock)
{
	uint64_t port = 0;

	estab_socket_get_u64(sock, ESTAB_F_LOCAL_PORT, &port);
	return port % PORTS;
}

static struct ports *find_ports(const struct estab_socket *const *rows, size_t n)
{
	struct ports *ports = calloc(1, sizeof(*ports));

	for (size_t i = 0; ports && i < n; i++)
		if (traffic_is_listener(rows[i])) {
			uint64_t port = local_port(rows[i]);

			ports->bits[port / 8] |= (uint8_t)(1u << port % 8);
		}
	return ports;
}

static bool came_in(const struct ports *ports, const struct estab_socket *sock)
{
	uint64_t port = local_port(sock);

	return ports && ports->bits[port / 8] & 1u << port % 8;
}

/* ---- other ends ---- */

/* One connection's other end; then one of a kind, and how many there are. */
struct end {
	char text[END_MAX];
	size_t count;
};

static int compare_texts(const void *left, const void *right)
{
	const struct end *a = left;
	const struct end *b = right;

	return strcmp(a->text, b->text);
}

/* The most first; of as many, in the order of their texts. */
static int compare_counts(const void *left, const void *right)
{
	const struct end *a = left;
	const struct end *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->text, b->text);
}

static size_t fold(struct end *ends, size_t n)
{
	size_t kept = 0;

	qsort(ends, n, sizeof(*ends), compare_texts);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(ends[kept - 1].text, ends[i].text) == 0)
			ends[kept - 1].count++;
		else
			ends[kept++] = ends[i];
	}
	qsort(ends, kept, sizeof(*ends), compare_counts);
	return kept;
}

static void put_ends(struct buf *buf, struct end *ends, size_t n, const char *how)
{
	size_t kinds = fold(ends, n);

	if (buf->used > 0)
		buf_str(buf, "; ");
	buf_u64(buf, n);
	buf_str(buf, how);
	for (size_t i = 0; i < MIN(kinds, (size_t)SHOWN_MAX); i++) {
		buf_str(buf, i > 0 ? ", " : " ");
		buf_str(buf, ends[i].text);
		if (kinds > 1 && ends[i].count > 1) {
			buf_str(buf, " ×");
			buf_u64(buf, ends[i].count);
		}
	}
	if (kinds > SHOWN_MAX) {
		buf_str(buf, " and ");
		buf_u64(buf, kinds - SHOWN_MAX);
		buf_str(buf, kinds - SHOWN_MAX == 1 ? " other" : " others");
	}
}

/* Those that came in, or those that did not. */
static void put_direction(struct buf *buf, const struct estab_socket *const *rows, size_t n,
			  const struct ports *ports, bool in)
{
	struct end *ends = calloc(n + 1, sizeof(*ends));
	size_t count = 0;

	for (size_t i = 0; ends && i < n; i++) {
		struct end *end = &ends[count];
		int length;

		if (!is_connection(rows[i]) || came_in(ports, rows[i]) != in)
			continue;
		length = estab_socket_format(rows[i], in ? ESTAB_F_PEER_ADDR : ESTAB_F_PEER,
					     end->text, sizeof(end->text) - 1);
		if (length < 0)
			continue;
		end->text[MIN((size_t)length, sizeof(end->text) - 1)] = '\0';
		end->count = 1;
		count++;
	}
	if (count > 0)
		put_ends(buf, ends, count, in ? " from" : " to");
	free(ends);
}

void traffic_put(struct buf *buf, const struct estab_socket *const *rows, size_t n)
{
	struct ports *ports = find_ports(rows, n);

	put_direction(buf, rows, n, ports, true);
	put_direction(buf, rows, n, ports, false);
	free(ports);
}

void traffic_put_others(struct buf *buf, const struct estab_socket *const *rows, size_t n)
{
	/* In the table's order; IP's protocols among them, where a socket is only bound. */
	for (enum estab_proto proto = ESTAB_PROTO_TCP; estab_proto_name(proto); proto++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++)
			count += !traffic_is_listener(rows[i]) && !is_connection(rows[i]) &&
				 strcmp(word(rows[i], ESTAB_F_PROTO), estab_proto_name(proto)) == 0;
		if (count == 0)
			continue;
		if (buf->used > 0)
			buf_str(buf, ", ");
		buf_str(buf, estab_proto_name(proto));
		buf_str(buf, " ×");
		buf_u64(buf, count);
	}
}
