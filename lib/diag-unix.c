/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "nl.h"
#include "util.h"

struct nlmsghdr *diag_unix_request(const struct diag_reading *reading, uint8_t family, void *buffer)
{
	struct unix_diag_req *body;
	struct nlmsghdr *request = nl_dump_request(buffer, SOCK_DIAG_BY_FAMILY, sizeof(*body));
	/* Never UDIAG_SHOW_ICONS: a listener with many pending connections ends the whole dump
	 * early, and without an error. */
	static const struct {
		uint64_t need;
		uint32_t show;
	} shows[] = {
		{ NEED_UNIX_NAME, UDIAG_SHOW_NAME }, { NEED_UNIX_VFS, UDIAG_SHOW_VFS },
		{ NEED_UNIX_PEER, UDIAG_SHOW_PEER }, { NEED_UNIX_QUEUES, UDIAG_SHOW_RQLEN },
		{ NEED_MEM, UDIAG_SHOW_MEMINFO },    { NEED_UNIX_UID, UDIAG_SHOW_UID },
	};

	body = mnl_nlmsg_get_payload(request);
	body->sdiag_family = family;
	body->udiag_states = reading->states;
	for (size_t i = 0; i < ARRAY_SIZE(shows); i++)
		if (reading->needs & shows[i].need)
			body->udiag_show |= shows[i].show;
	return request;
}

static uint8_t unix_type(uint8_t type)
{
	switch (type) {
	case SOCK_DGRAM:
		return ESTAB_TYPE_DGRAM;
	case SOCK_SEQPACKET:
		return ESTAB_TYPE_SEQPACKET;
	case SOCK_RAW:
		return ESTAB_TYPE_RAW;
	default:
		return ESTAB_TYPE_STREAM;
	}
}

/* A path ends with a NUL that the kernel adds; an abstract name begins with one, may hold others,
 * and may be empty. */
static int decode_name(const char *name, size_t length, struct row *row)
{
	int r;

	if (length == 0)
		return 0;
	if (name[0] != '\0')
		return row_put(row, EXT_PATH, name, strnlen(name, length));
	r = row_put(row, EXT_ABSTRACT, NULL, 0);
	return r < 0 ? r : row_put(row, EXT_PATH, name + 1, length - 1);
}

static void decode_vfs(const void *data, struct estab_socket *sock)
{
	struct unix_diag_vfs vfs;

	memcpy(&vfs, data, sizeof(vfs));
	sock->local.vfs_inode = vfs.udiag_vfs_ino;
	sock->local.vfs_dev = vfs.udiag_vfs_dev;
}

/* Of a listener: connections that wait, and how many may. Else bytes to be read, and the memory of
 * what was sent and not read. */
static void decode_queues(const void *data, struct estab_socket *sock)
{
	struct unix_diag_rqlen queues;

	memcpy(&queues, data, sizeof(queues));
	sock->recv_q = queues.udiag_rqueue;
	sock->send_q = queues.udiag_wqueue;
	sock->has |= HAS_QUEUES;
	if (sock->state == ESTAB_STATE_LISTEN)
		sock->has |= HAS_BACKLOG_LIMIT;
}

static uint32_t get_u32(const void *data)
{
	uint32_t value;

	memcpy(&value, data, sizeof(value));
	return value;
}

static int decode_attr(const struct diag_reading *reading, const struct nl_attr *attr,
		       struct row *row)
{
	static const uint8_t shortest[] = {
		[UNIX_DIAG_VFS] = sizeof(struct unix_diag_vfs),
		[UNIX_DIAG_PEER] = 4,
		[UNIX_DIAG_RQLEN] = sizeof(struct unix_diag_rqlen),
		[UNIX_DIAG_MEMINFO] = 4,
		[UNIX_DIAG_SHUTDOWN] = 1,
		[UNIX_DIAG_UID] = 4,
	};
	struct estab_socket *sock = &row->sock;
	const void *data = attr->data;
	size_t length = attr->length;

	if (attr->type >= ARRAY_SIZE(shortest) || length < shortest[attr->type])
		return 0;
	switch (attr->type) {
	case UNIX_DIAG_NAME:
		return decode_name(data, length, row);
	case UNIX_DIAG_VFS:
		decode_vfs(data, sock);
		return 0;
	case UNIX_DIAG_PEER:
		sock->local.peer_inode = get_u32(data);
		sock->has |= HAS_PEER_INODE;
		return 0;
	case UNIX_DIAG_RQLEN:
		decode_queues(data, sock);
		return 0;
	case UNIX_DIAG_MEMINFO:
		return reading->needs & NEED_MEM
			       ? row_put(row, EXT_MEM, data, MIN(length & ~(size_t)3, DIAG_MEM_MAX))
			       : 0;
	case UNIX_DIAG_SHUTDOWN:
		sock->has |= diag_shutdown_bits(*(const uint8_t *)data);
		return 0;
	case UNIX_DIAG_UID:
		sock->uid = get_u32(data);
		sock->has |= HAS_UID;
		return 0;
	default:
		return 0;
	}
}

int diag_unix_decode(const struct diag_reading *reading, const struct nlmsghdr *message,
		     struct row *row)
{
	const struct unix_diag_msg *diag = nl_body(message);
	struct estab_socket *sock = &row->sock;
	struct nl_attrs attrs;
	struct nl_attr attr;
	int r = 0;

	if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return DIAG_SKIP;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*diag)) || diag->udiag_family != AF_UNIX)
		return -EBADMSG;
	if (diag->udiag_state >= 32 || !(reading->states & BIT32(diag->udiag_state)))
		return DIAG_SKIP;

	row_reset(row, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX);
	sock->state = diag->udiag_state;
	sock->type = unix_type(diag->udiag_type);
	sock->inode = diag->udiag_ino;
	sock->netns = reading->netns;
	sock->has = reading->has | HAS_INODE | diag_set_cookie(sock, diag->udiag_cookie);
	attrs = nl_attrs_of(message, sizeof(*diag));
	while (r == 0 && nl_attr_next(&attrs, &attr))
		r = decode_attr(reading, &attr, row);
	return r;
}
