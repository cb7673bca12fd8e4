/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink_diag.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "text.h"
#include "util.h"

enum {
	GROUPS_MAX = 2048, /* far above what any kernel has */
	GROUPS_TEXT = GROUPS_MAX * sizeof("2048"),
};

struct nlmsghdr *diag_netlink_request(const struct diag_reading *reading, uint8_t family,
				      void *buffer)
{
	struct netlink_diag_req *body;
	struct nlmsghdr *request = nl_dump_request(buffer, SOCK_DIAG_BY_FAMILY, sizeof(*body));

	body = mnl_nlmsg_get_payload(request);
	body->sdiag_family = family;
	body->sdiag_protocol = NDIAG_PROTO_ALL;
	/* Groups always: a user's socket without a port id is known by them. */
	body->ndiag_show = NDIAG_SHOW_GROUPS;
	if (reading->needs & (NEED_MEM | NEED_UNIX_QUEUES))
		body->ndiag_show |= NDIAG_SHOW_MEMINFO;
	if (reading->needs & NEED_NETLINK)
		body->ndiag_show |= NDIAG_SHOW_FLAGS;
	return request;
}

/* The kernel has them as an array of longs. */
static bool in_group(const uint8_t *bits, size_t group)
{
	size_t byte = (group - 1) / 8;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		byte ^= sizeof(long) - 1;
	return bits[byte] >> (group - 1) % 8 & 1;
}

int diag_put_groups(uint64_t needs, const uint8_t *bits, size_t length, struct row *row)
{
	char buffer[GROUPS_TEXT];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) };
	size_t n_groups = (length & ~(sizeof(long) - 1)) * 8;
	uint32_t highest = 0;

	for (uint32_t group = 1; group <= n_groups; group++) {
		if (!in_group(bits, group))
			continue;
		highest = group;
		row->sock.netlink.in_groups = true;
		if (group <= 32)
			row->sock.netlink.groups |= BIT32(group - 1);
		if (group > GROUPS_MAX || !(needs & NEED_NETLINK))
			continue;
		if (text.length > 0)
			text_char(&text, ',');
		text_u64(&text, group);
	}
	/* Better none than a part that passes for all. */
	if (highest > GROUPS_MAX || !(needs & NEED_NETLINK))
		return 0;
	return row_put(row, EXT_NETLINK_GROUPS, buffer, text.length);
}

static int decode_attr(const struct diag_reading *reading, const struct nl_attr *attr,
		       struct row *row)
{
	switch (attr->type) {
	case NETLINK_DIAG_GROUPS:
		return diag_put_groups(reading->needs, attr->data, attr->length, row);
	case NETLINK_DIAG_MEMINFO:
		return diag_put_mem(reading, attr, row);
	case NETLINK_DIAG_FLAGS:
		if (attr->length < sizeof(uint32_t) || !(reading->needs & NEED_NETLINK))
			return 0;
		return row_put(row, EXT_NETLINK_FLAGS, attr->data, sizeof(uint32_t));
	default:
		return 0;
	}
}

int diag_netlink_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
			struct row *row)
{
	const struct netlink_diag_msg *diag = nl_body(message);
	struct estab_socket *sock = &row->sock;
	struct nl_attrs attrs;
	struct nl_attr attr;
	uint8_t state;
	int r = 0;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return DIAG_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) || diag->ndiag_family != AF_NETLINK)
		return -EBADMSG;
	/* Its other states, and those of a socket that never was connected, mean that it is not. */
	state = diag->ndiag_state == NETLINK_CONNECTED ? ESTAB_STATE_ESTABLISHED
						       : ESTAB_STATE_UNCONNECTED;
	if (!(reading->states & BIT32(state)))
		return DIAG_SKIP;

	row_reset(row, ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK);
	sock->state = state;
	sock->type = diag->ndiag_type == SOCK_DGRAM ? ESTAB_TYPE_DGRAM : ESTAB_TYPE_RAW;
	sock->inode = diag->ndiag_ino;
	sock->netns = reading->netns;
	sock->has = reading->has | HAS_INODE | diag_set_cookie(sock, diag->ndiag_cookie);
	sock->netlink.protocol = diag->ndiag_protocol;
	sock->netlink.portid = diag->ndiag_portid;
	sock->netlink.dst_portid = diag->ndiag_dst_portid;
	sock->netlink.dst_group = diag->ndiag_dst_group;
	attrs = nl_attrs_of(message, sizeof(*diag));
	while (r == 0 && nl_attr_next(&attrs, &attr))
		r = decode_attr(reading, &attr, row);
	/* The kernel leaves out an array that was never made. */
	if (r == 0 && reading->needs & NEED_NETLINK && !sock->netlink.in_groups)
		r = row_put(row, EXT_NETLINK_GROUPS, NULL, 0);
	return r;
}
