/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "util.h"

enum { EXT_FIRST_ROOM = 1024, EXT_MAX_ROOM = 64 * 1024, ENTRY_HEAD = 4 };

struct entry_head {
	uint16_t kind;
	uint16_t length;
};

static uint64_t fold_bytes(uint64_t hash, const uint8_t *bytes, size_t length)
{
	while (length >= 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		hash = hash64(hash ^ word);
		bytes += 8;
		length -= 8;
	}
	return hash;
}

static uint64_t fold_tuple(uint64_t hash, const struct estab_socket *sock)
{
	hash = hash64(hash ^ ((uint64_t)sock->local_port << 16 | sock->peer_port));
	hash = fold_bytes(hash, sock->inet.local, sizeof(sock->inet.local));
	return fold_bytes(hash, sock->inet.peer, sizeof(sock->inet.peer));
}

/* What tells sockets apart where the kernel gives them neither cookie nor inode. */
static uint64_t fold_ends(uint64_t hash, const struct estab_socket *sock)
{
	switch (sock->family) {
	case ESTAB_FAMILY_NETLINK:
		hash = hash64(hash ^
			      ((uint64_t)sock->netlink.protocol << 32 | sock->netlink.portid));
		return hash64(hash ^ sock->netlink.serial);
	case ESTAB_FAMILY_PACKET:
		return hash64(hash ^ sock->packet.serial);
	case ESTAB_FAMILY_AX25:
	case ESTAB_FAMILY_IPX:
		return hash64(hash ^ sock->other.serial);
	default:
		return fold_tuple(hash, sock);
	}
}

uint64_t record_identity(const struct estab_socket *sock)
{
	uint64_t hash;

	/* The three kinds of identity must not meet: each mixes in a number of its own. */
	if (sock->has & HAS_COOKIE) {
		/* A bound socket that is held open after its connection ended, and the time-wait
		 * socket that the connection left, have one cookie (Linux 6.8). */
		hash = sock->state == ESTAB_STATE_BOUND ? BIT64(61) : 0;
		return hash64(sock->cookie ^ hash) | 1;
	}
	if (sock->inode == 0) {
		hash = hash64(BIT64(63) | (uint64_t)sock->proto << 8 | sock->state);
		return fold_ends(hash, sock) | 1;
	}
	hash = hash64(sock->inode ^ BIT64(62));
	if (sock->family == ESTAB_FAMILY_UNIX)
		hash ^= hash64(sock->local.serial);
	else if (sock->proto == ESTAB_PROTO_TCP)
		hash = fold_tuple(hash, sock);
	return hash | 1;
}

void row_reset(struct row *row, unsigned int proto, enum estab_family family)
{
	memset(&row->sock, 0, sizeof(row->sock));
	row->sock.ext = row->ext.ext;
	row->sock.proto = (uint8_t)proto;
	row->sock.family = (uint8_t)family;
	ext_clear(&row->ext);
}

int ext_builder_init(struct ext_builder *builder, struct env *env)
{
	struct ext *ext = calloc(1, sizeof(*ext) + EXT_FIRST_ROOM);

	if (!ext)
		return -ENOMEM;
	ext->env = env;
	builder->ext = ext;
	builder->room = EXT_FIRST_ROOM;
	return 0;
}

void ext_builder_free(struct ext_builder *builder)
{
	free(builder->ext);
	builder->ext = NULL;
	builder->room = 0;
}

void ext_clear(struct ext_builder *builder)
{
	builder->ext->kinds = 0;
	builder->ext->size = 0;
}

/* There is always a NUL behind the data, so that names can be lent as strings. */
static size_t padded_length(size_t length)
{
	return (length + 4) & ~(size_t)3;
}

static int ext_grow(struct row *row, size_t wanted)
{
	struct ext_builder *builder = &row->ext;
	size_t room = MAX(wanted, (size_t)builder->room * 2);
	struct ext *ext;

	if (wanted > EXT_MAX_ROOM)
		return -E2BIG;
	ext = realloc(builder->ext, sizeof(*ext) + room);
	if (!ext)
		return -ENOMEM;
	builder->ext = ext;
	builder->room = (uint32_t)room;
	row->sock.ext = ext;
	return 0;
}

int row_put(struct row *row, enum ext_kind kind, const void *data, size_t length)
{
	struct entry_head head = { (uint16_t)kind, (uint16_t)length };
	size_t padded = ENTRY_HEAD + padded_length(length);
	struct ext *ext = row->ext.ext;

	if (ext_has(ext, kind))
		return 0;
	if (length > UINT16_MAX)
		return -E2BIG;
	if (row->ext.room - ext->size < padded) {
		int r = ext_grow(row, ext->size + padded);

		if (r < 0)
			return r;
		ext = row->ext.ext;
	}

	memcpy(ext->data + ext->size, &head, ENTRY_HEAD);
	memset(ext->data + ext->size + padded - 4, 0, 4);
	if (length > 0)
		memcpy(ext->data + ext->size + ENTRY_HEAD, data, length);
	ext->size += (uint32_t)padded;
	ext->kinds |= BIT64(kind);
	return 0;
}

int row_adopt(struct row *row, const struct ext *ext)
{
	int r = row->ext.room < ext->size ? ext_grow(row, ext->size) : 0;

	if (r < 0)
		return r;
	memcpy(row->ext.ext->data, ext->data, ext->size);
	row->ext.ext->size = ext->size;
	row->ext.ext->kinds = ext->kinds;
	return 0;
}

const void *ext_get(const struct ext *ext, enum ext_kind kind, size_t *ret_length)
{
	const uint8_t *at = ext->data;
	const uint8_t *end = ext->data + ext->size;

	if (!ext_has(ext, kind))
		return NULL;
	while (at < end) {
		struct entry_head head;

		memcpy(&head, at, ENTRY_HEAD);
		if (head.kind == kind) {
			*ret_length = head.length;
			return at + ENTRY_HEAD;
		}
		at += ENTRY_HEAD + padded_length(head.length);
	}
	return NULL;
}

bool ext_read(const struct ext *ext, enum ext_kind kind, void *value, size_t size)
{
	size_t length;
	const void *data = ext_get(ext, kind, &length);

	if (!data)
		return false;
	memcpy(value, data, MIN(size, length));
	return true;
}
