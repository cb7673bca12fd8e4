/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* /proc/net/netlink: net/netlink/af_netlink.c, netlink_native_seq_show(). */
#include "procfs.h"

#include <errno.h>
#include <linux/netlink.h>

#include "plan.h"
#include "text.h"
#include "util.h"

enum { TEXT_GROUPS = 32, GROUPS_TEXT = TEXT_GROUPS * sizeof("32") };

struct columns {
	uint64_t object;
	uint32_t protocol;
	uint32_t portid;
	uint32_t groups;
	uint32_t rmem;
	uint32_t wmem;
	bool dumping;
	bool has_drops; /* kernels before 2.6.30 print neither */
	bool has_inode;
	uint32_t drops;
	uint64_t inode;
};

/* 0 or 1; of old kernels, a pointer or "(null)". */
static bool read_dumping(struct cursor *cursor, bool *ret_dumping)
{
	uint64_t number;

	if (!procfs_object(cursor, &number))
		return false;
	*ret_dumping = number != 0;
	return true;
}

static bool read_number(struct cursor *cursor, uint32_t *ret_number)
{
	return procfs_gap(cursor) && procfs_wrapped(cursor, ret_number);
}

static bool read_tail(struct cursor *cursor, bool cut, struct columns *columns)
{
	uint32_t references;

	if (!procfs_gap(cursor) || !read_dumping(cursor, &columns->dumping) ||
	    !read_number(cursor, &references) || !procfs_column_end(cursor, cut))
		return false;
	cursor_blanks(cursor);
	if (cursor->at == cursor->end)
		return true;
	columns->has_drops = true;
	if (!procfs_wrapped(cursor, &columns->drops) || !procfs_column_end(cursor, cut))
		return false;
	cursor_blanks(cursor);
	if (cursor->at == cursor->end)
		return true;
	columns->has_inode = true;
	return cursor_decimal(cursor, &columns->inode) && procfs_column_end(cursor, cut);
}

static bool read_columns(struct cursor *cursor, bool cut, struct columns *columns)
{
	cursor_blanks(cursor);
	return procfs_object(cursor, &columns->object) && read_number(cursor, &columns->protocol) &&
	       columns->protocol <= UINT8_MAX && read_number(cursor, &columns->portid) &&
	       procfs_gap(cursor) && cursor_hex_exact(cursor, 8, &columns->groups) &&
	       read_number(cursor, &columns->rmem) && read_number(cursor, &columns->wmem) &&
	       read_tail(cursor, cut, columns);
}

/* The text has the first 32 groups, and only these two protocols have more. */
static bool knows_all_groups(uint32_t protocol)
{
	return protocol != NETLINK_ROUTE && protocol != NETLINK_GENERIC;
}

static int put_groups(struct row *row, uint32_t groups)
{
	char buffer[GROUPS_TEXT];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };

	for (uint32_t group = 1; group <= TEXT_GROUPS; group++) {
		if (!(groups & BIT32(group - 1)))
			continue;
		if (text.length > 0)
			text_char(&text, ',');
		text_u64(&text, group);
	}
	return row_put(row, EXT_NETLINK_GROUPS, buffer, text.length);
}

static int put_extensions(const struct columns *columns, uint64_t needs, struct row *row)
{
	uint32_t flags = columns->dumping;
	int r = 0;

	if (needs & NEED_NETLINK)
		r = row_put(row, EXT_NETLINK_FLAGS, &flags, sizeof(flags));
	if (r == 0 && needs & NEED_NETLINK && knows_all_groups(columns->protocol))
		r = put_groups(row, columns->groups);
	if (r == 0 && needs & NEED_MEM && columns->has_drops)
		r = row_put(row, EXT_DROPS, &columns->drops, sizeof(columns->drops));
	return r;
}

int procfs_netlink_line(struct procfs_line line, const struct procfs_how *how, struct row *row)
{
	struct cursor cursor = line.text;
	struct columns columns = { 0 };
	struct estab_socket *sock = &row->sock;

	if (!read_columns(&cursor, line.cut, &columns))
		return -EBADMSG;
	row_reset(row, ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK);
	/* Whether it is connected is not told: hardly any is. */
	sock->state = ESTAB_STATE_UNCONNECTED;
	sock->recv_q = columns.rmem;
	sock->send_q = columns.wmem;
	sock->inode = columns.inode;
	sock->has = HAS_QUEUES;
	if (columns.has_inode)
		sock->has |= HAS_INODE;
	sock->netlink.from_text = true;
	sock->netlink.protocol = (uint8_t)columns.protocol;
	sock->netlink.portid = columns.portid;
	sock->netlink.groups = columns.groups;
	sock->netlink.in_groups = columns.groups != 0;
	/* A port id is one socket's alone; but there may be several that have none yet. */
	if (columns.inode == 0 && columns.portid == 0)
		sock->netlink.serial = columns.object ? columns.object : how->number;
	return put_extensions(&columns, how->needs, row);
}
