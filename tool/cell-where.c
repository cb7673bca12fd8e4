/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Where the owners of a socket run: each unit or container once, whoever is in it. */
#include <stdbool.h>
#include <string.h>

#include "cell.h"
#include "util.h"

enum { ID_LENGTH = 64, SHORT_ID = 12 };

/* A piece of an owner's text. */
struct piece {
	const void *bytes;
	size_t length;
};

static bool get(const struct estab_owner *owner, enum estab_field field, struct piece *ret_piece)
{
	return owner &&
	       estab_owner_get_bytes(owner, field, &ret_piece->bytes, &ret_piece->length) == 0;
}

/* The scope that a runtime makes for a container says no more than the container does. */
static bool get_unit(const struct estab_owner *owner, struct piece *ret_piece)
{
	struct piece container;

	if (!get(owner, ESTAB_F_OWNER_UNIT, ret_piece))
		return false;
	return !get(owner, ESTAB_F_OWNER_CONTAINER, &container) ||
	       !memmem(ret_piece->bytes, ret_piece->length, container.bytes, container.length);
}

/* Its name; else as much of its id as runtimes show. */
static bool get_container(const struct estab_owner *owner, struct piece *ret_piece)
{
	if (get(owner, ESTAB_F_OWNER_CONTAINER_NAME, ret_piece))
		return true;
	if (!get(owner, ESTAB_F_OWNER_CONTAINER, ret_piece))
		return false;
	if (ret_piece->length == ID_LENGTH)
		ret_piece->length = SHORT_ID;
	return true;
}

static bool get_where(const struct estab_socket *sock, uint32_t index, bool unit,
		      struct piece *ret_piece)
{
	const struct estab_owner *owner = estab_socket_owner(sock, index);

	return unit ? get_unit(owner, ret_piece) : get_container(owner, ret_piece);
}

static bool was_before(const struct estab_socket *sock, uint32_t index, bool unit,
		       const struct piece *piece)
{
	/* Most are in one, whose other owners come next to each other. */
	for (uint32_t i = index; i-- > 0;) {
		struct piece other;

		if (get_where(sock, i, unit, &other) && other.length == piece->length &&
		    memcmp(other.bytes, piece->bytes, other.length) == 0)
			return true;
	}
	return false;
}

void cell_put_where(struct buf *buf, const struct estab_socket *sock, bool unit)
{
	bool any = false;

	for (uint32_t i = 0; i < estab_socket_owner_count(sock); i++) {
		struct piece piece;

		if (!get_where(sock, i, unit, &piece) || was_before(sock, i, unit, &piece))
			continue;
		if (any)
			buf_put(buf, ", ", 2);
		any = true;
		buf_escape(buf, piece.bytes, piece.length);
	}
}
