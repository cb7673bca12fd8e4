/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* /proc/net/ipx/socket: net/ipx/ipx_proc.c, ipx_seq_socket_show(); Linux gave up IPX in 4.18. */
#include "procfs.h"

#include <errno.h>
#include <string.h>

#include "util.h"

enum { LAST_STATE = ESTAB_STATE_CLOSING };

struct columns {
	struct cursor local;
	struct cursor peer; /* empty: not connected */
	uint32_t send_q;
	uint32_t recv_q;
	uint32_t state;
	uint32_t uid;
};

/* "00000001:4003", or with the node between: "00000001:00A0C9112233:4003". */
static bool read_address(struct cursor *cursor, struct cursor *ret_address)
{
	const char *from = cursor->at;
	uint64_t node;
	uint32_t number;

	if (!cursor_hex_exact(cursor, 8, &number) || !cursor_char(cursor, ':'))
		return false;
	if (!cursor_hex(cursor, 12, &node))
		return false;
	if (cursor_char(cursor, ':') && !cursor_hex_exact(cursor, 4, &number))
		return false;
	*ret_address = (struct cursor){ from, cursor->at };
	return true;
}

static bool read_peer(struct cursor *cursor, struct cursor *ret_address)
{
	static const char none[] = "Not_Connected";
	size_t length = sizeof(none) - 1;

	if ((size_t)(cursor->end - cursor->at) >= length && memcmp(cursor->at, none, length) == 0) {
		cursor->at += length;
		return true;
	}
	return read_address(cursor, ret_address);
}

static bool read_columns(struct cursor *cursor, bool cut, struct columns *columns)
{
	cursor_blanks(cursor);
	return read_address(cursor, &columns->local) && procfs_gap(cursor) &&
	       read_peer(cursor, &columns->peer) && procfs_gap(cursor) &&
	       cursor_hex_exact(cursor, 8, &columns->send_q) && procfs_gap(cursor) &&
	       cursor_hex_exact(cursor, 8, &columns->recv_q) && procfs_gap(cursor) &&
	       cursor_hex_exact(cursor, 2, &columns->state) && procfs_gap(cursor) &&
	       procfs_wrapped(cursor, &columns->uid) && procfs_column_end(cursor, cut);
}

static int put_name(struct row *row, enum ext_kind kind, const struct cursor *name)
{
	return name->at ? row_put(row, kind, name->at, (size_t)(name->end - name->at)) : 0;
}

int procfs_ipx_line(struct procfs_line line, const struct procfs_how *how, struct row *row)
{
	struct cursor cursor = line.text;
	struct columns columns = { 0 };
	struct estab_socket *sock = &row->sock;
	int r;

	if (!read_columns(&cursor, line.cut, &columns) || columns.state == 0 ||
	    columns.state > LAST_STATE)
		return -EBADMSG;
	row_reset(row, ESTAB_PROTO_IPX, ESTAB_FAMILY_IPX);
	sock->state = (uint8_t)columns.state;
	sock->type = ESTAB_TYPE_DGRAM;
	sock->send_q = columns.send_q;
	sock->recv_q = columns.recv_q;
	sock->uid = columns.uid;
	sock->has = HAS_QUEUES | HAS_UID;
	/* Neither inode nor object is told: only its place. */
	sock->other.serial = how->number;
	r = put_name(row, EXT_LOCAL_NAME, &columns.local);
	return r < 0 ? r : put_name(row, EXT_PEER_NAME, &columns.peer);
}
