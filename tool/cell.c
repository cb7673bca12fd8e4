/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "cell.h"

static void put_owner(struct buf *buf, const struct estab_owner *owner)
{
	const char *via;
	uint64_t number;

	buf_owner(buf, owner, ESTAB_F_OWNER_COMM);
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &number) == 0) {
		buf_char(buf, '[');
		buf_u64(buf, number);
		buf_char(buf, ']');
	}
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_TID, &number) == 0) {
		buf_put(buf, " tid ", 5);
		buf_u64(buf, number);
	}
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_FD, &number) == 0) {
		if (estab_owner_get_str(owner, ESTAB_F_OWNER_VIA, &via) == 0) {
			buf_char(buf, ' ');
			buf_str(buf, via);
		}
		buf_put(buf, " fd ", 4);
		buf_u64(buf, number);
	}
}

/* Who has the socket, or why nobody has. */
static void put_owners(struct buf *buf, const struct estab_socket *sock)
{
	uint32_t count = estab_socket_owner_count(sock);
	const char *reason;

	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_put(buf, ", ", 2);
		put_owner(buf, estab_socket_owner(sock, i));
	}
	if (count == 0 && estab_socket_get_str(sock, ESTAB_F_NO_OWNER, &reason) == 0) {
		buf_char(buf, '(');
		buf_str(buf, reason);
		buf_char(buf, ')');
	}
}

static void put_owner_field(struct buf *buf, const struct estab_socket *sock,
			    enum estab_field field)
{
	uint32_t count = estab_socket_owner_count(sock);

	for (uint32_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(buf, ',');
		if (buf_owner(buf, estab_socket_owner(sock, i), field) < 0)
			buf_char(buf, '-');
	}
}

void cell_put(struct buf *buf, const struct column *column, const struct estab_socket *sock)
{
	uint64_t before = buf_total(buf);

	switch (column->cell) {
	case CELL_SOCKET:
		buf_socket(buf, sock, column->field);
		break;
	case CELL_OWNERS:
		put_owners(buf, sock);
		break;
	case CELL_OWNER:
		put_owner_field(buf, sock, column->field);
		break;
	case CELL_WHERE:
		cell_put_where(buf, sock, column->field == ESTAB_F_OWNER_UNIT);
		break;
	}
	/* A reader that splits at blanks must find something in every cell. */
	if (buf_total(buf) == before)
		buf_char(buf, '-');
}
