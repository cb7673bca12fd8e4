/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "traffic.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SHOWN_MAX = 5 };

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

static bool is_unix(const struct estab_socket *sock)
{
	return strcmp(word(sock, ESTAB_F_PROTO), "unix") == 0;
}

static bool is_connection(const struct estab_socket *sock)
{
	uint64_t port;

	if (is_unix(sock))
		return strcmp(word(sock, ESTAB_F_STATE), "established") == 0;
	return estab_socket_get_u64(sock, ESTAB_F_PEER_PORT, &port) == 0 && port != 0;
}

/* Where both ends are on this host, or nobody knows, the end that has a listener is the one that was called. */
static bool came_in(const struct estab_socket *sock)
{
	const char *direction = word(sock, ESTAB_F_DIRECTION);
	uint64_t listener;

	if (strcmp(direction, "in") == 0 || strcmp(direction, "out") == 0)
		return *direction == 'i';
	return estab_socket_get_u64(sock, ESTAB_F_LISTENER_INODE, &listener) == 0;
}

/* ---- other ends ---- */

/* One connection's other end; then one of a kind, and how many there are. */
struct end {
	const char *text;
	size_t offset; /* of the text, as long as there are more to come */
	size_t count;
};

/* "curl[4711]", "nginx[812] and 8 more": who has the other end, if that is on this host. */
static void put_owners(struct buf *buf, const struct estab_socket *sock)
{
	uint32_t count = estab_socket_group_count(sock, ESTAB_F_PEER_OWNERS);
	const struct estab_owner *owner = estab_socket_group_owner(sock, ESTAB_F_PEER_OWNERS, 0);
	uint32_t others = 0;
	uint64_t pid = 0;

	estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
	if (buf_owner(buf, owner, ESTAB_F_OWNER_COMM) < 0)
		buf_char(buf, '?');
	buf_char(buf, '[');
	buf_u64(buf, pid);
	buf_char(buf, ']');
	for (uint32_t i = 1; i < count; i++) {
		uint64_t before = pid;

		/* One process may have it by several descriptors, side by side in the list. */
		owner = estab_socket_group_owner(sock, ESTAB_F_PEER_OWNERS, i);
		others += estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid) == 0 && pid != before;
	}
	if (others > 0) {
		buf_str(buf, " and ");
		buf_u64(buf, others);
		buf_str(buf, " more");
	}
}

/* A client of a unix socket has no name but its process's; a port is worth telling of who was called. */
static void put_end(struct buf *buf, const struct estab_socket *sock, bool in)
{
	bool owned = estab_socket_group_count(sock, ESTAB_F_PEER_OWNERS) > 0;
	size_t before = buf->used;
	const void *path;
	size_t length = 0;

	if (!is_unix(sock))
		buf_socket(buf, sock, in ? ESTAB_F_PEER_ADDR : ESTAB_F_PEER);
	else if (!in && estab_socket_get_bytes(sock, ESTAB_F_PEER_PATH, &path, &length) == 0 &&
		 length > 0)
		buf_socket(buf, sock, ESTAB_F_PEER);
	if (!owned) {
		if (buf->used == before)
			buf_str(buf, "an unknown process");
		return;
	}
	if (buf->used == before) {
		put_owners(buf, sock);
		return;
	}
	buf_str(buf, " (");
	put_owners(buf, sock);
	buf_char(buf, ')');
}

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
			  bool in)
{
	struct end *ends = calloc(n + 1, sizeof(*ends));
	struct buf texts;
	size_t count = 0;

	buf_init(&texts, BUF_MEMORY);
	for (size_t i = 0; ends && i < n; i++) {
		if (!is_connection(rows[i]) || came_in(rows[i]) != in)
			continue;
		ends[count] = (struct end){ .offset = texts.used, .count = 1 };
		count++;
		put_end(&texts, rows[i], in);
		buf_char(&texts, '\0');
	}
	/* They have stopped moving. */
	for (size_t i = 0; i < count; i++)
		ends[i].text = texts.data + ends[i].offset;
	if (count > 0 && texts.error == 0)
		put_ends(buf, ends, count, in ? " from" : " to");
	buf_free(&texts);
	free(ends);
}

void traffic_put(struct buf *buf, const struct estab_socket *const *rows, size_t n)
{
	put_direction(buf, rows, n, true);
	put_direction(buf, rows, n, false);
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
