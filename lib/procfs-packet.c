/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* /proc/net/packet: net/packet/af_packet.c, packet_seq_show(). */
#include "procfs.h"

#include <errno.h>
#include <sys/socket.h>

#include "util.h"

struct columns {
	uint64_t object;
	uint32_t type;
	uint32_t protocol;
	uint32_t ifindex;
	uint32_t running;
	uint32_t rmem;
	uint32_t uid;
	uint64_t inode;
};

static bool read_number(struct cursor *cursor, uint32_t *ret_number)
{
	return procfs_gap(cursor) && procfs_wrapped(cursor, ret_number);
}

static bool read_columns(struct cursor *cursor, bool cut, struct columns *columns)
{
	uint32_t references;

	cursor_blanks(cursor);
	return procfs_object(cursor, &columns->object) && read_number(cursor, &references) &&
	       read_number(cursor, &columns->type) && procfs_gap(cursor) &&
	       cursor_hex_exact(cursor, 4, &columns->protocol) &&
	       read_number(cursor, &columns->ifindex) && read_number(cursor, &columns->running) &&
	       columns->running <= 1 && read_number(cursor, &columns->rmem) &&
	       read_number(cursor, &columns->uid) && procfs_gap(cursor) &&
	       cursor_decimal(cursor, &columns->inode) && procfs_column_end(cursor, cut);
}

int procfs_packet_line(struct procfs_line line, const struct procfs_how *how, struct row *row)
{
	struct cursor cursor = line.text;
	struct columns columns = { 0 };
	struct estab_socket *sock = &row->sock;

	if (!read_columns(&cursor, line.cut, &columns) ||
	    (columns.type != SOCK_RAW && columns.type != SOCK_DGRAM && columns.type != SOCK_PACKET))
		return -EBADMSG;
	row_reset(row, ESTAB_PROTO_PACKET, ESTAB_FAMILY_PACKET);
	sock->state = ESTAB_STATE_UNCONNECTED;
	sock->type = columns.type == SOCK_DGRAM ? ESTAB_TYPE_DGRAM : ESTAB_TYPE_RAW;
	sock->recv_q = columns.rmem;
	sock->uid = columns.uid;
	sock->inode = columns.inode;
	sock->has = HAS_QUEUES | HAS_INODE;
	/* Without an inode the kernel says 0 for want of a user. */
	if (columns.inode != 0)
		sock->has |= HAS_UID;
	sock->packet.from_text = true;
	sock->packet.protocol = (uint16_t)columns.protocol;
	sock->packet.running_known = true;
	sock->packet.running = columns.running;
	if (columns.inode == 0)
		sock->packet.serial = columns.object ? columns.object : how->number;
	if (columns.ifindex == 0)
		return 0;
	return row_put(row, EXT_IFINDEX, &columns.ifindex, sizeof(columns.ifindex));
}
