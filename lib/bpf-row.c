/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "diag.h"
#include "util.h"

uint32_t bpf_fields(const struct plan *plan)
{
	return (plan->needs & NEED_MARK ? PUT_MARK : 0u) |
	       (plan->needs & NEED_CGROUP_ID ? PUT_CGROUP_ID : 0u);
}

int bpf_record_proto(const struct record *record)
{
	if (record->kind == RECORD_NETLINK)
		return ESTAB_PROTO_NETLINK;
	if (record->kind != RECORD_ROW || (record->family != AF_INET && record->family != AF_INET6))
		return -1;
	if (record->protocol == IPPROTO_TCP && record->type == SOCK_STREAM)
		return ESTAB_PROTO_TCP;
	if (record->protocol == IPPROTO_UDP && record->type == SOCK_DGRAM)
		return ESTAB_PROTO_UDP;
	return -1;
}

unsigned int bpf_record_state(const struct record *record, enum estab_proto proto)
{
	/* As diag_netlink_decode() has it. */
	if (proto == ESTAB_PROTO_NETLINK)
		return record->state == NETLINK_CONNECTED ? ESTAB_STATE_ESTABLISHED
							  : ESTAB_STATE_UNCONNECTED;
	if (proto == ESTAB_PROTO_TCP && record->state == ESTAB_STATE_UNCONNECTED)
		return ESTAB_STATE_BOUND;
	return record->state & 31;
}

uint64_t bpf_record_identity(const struct record *record, bool bound)
{
	struct estab_socket sock = {
		.cookie = record->cookie,
		.has = HAS_COOKIE,
		.state = bound ? ESTAB_STATE_BOUND : ESTAB_STATE_ESTABLISHED,
	};

	return record_identity(&sock);
}

/* What rows of all kinds have; returns the presence bits. */
static unsigned int put_common(const struct record *record, struct estab_socket *sock)
{
	sock->cookie = record->cookie;
	sock->inode = record->inode;
	sock->netns = record->netns;
	sock->recv_q = record->recv_q;
	sock->send_q = record->send_q;
	/* What nobody opened has no user. */
	if (record->inode == 0 || record->flags & RECORD_KERNEL)
		return HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE;
	sock->uid = record->uid;
	return HAS_NETNS | HAS_INODE | HAS_QUEUES | HAS_COOKIE | HAS_UID;
}

/* Returns the presence bits. */
static unsigned int put_base(const struct record *record, struct estab_socket *sock)
{
	unsigned int has = put_common(record, sock) | SEEN_AS_ADMIN;
	size_t length = record->family == AF_INET ? 4 : 16;

	sock->type = record->type == SOCK_STREAM ? ESTAB_TYPE_STREAM : ESTAB_TYPE_DGRAM;
	memcpy(sock->inet.local, record->local, length);
	memcpy(sock->inet.peer, record->peer, length);
	sock->local_port = ntohs(record->local_port);
	sock->peer_port = ntohs(record->peer_port);
	if (sock->state == ESTAB_STATE_LISTEN)
		has |= HAS_BACKLOG_LIMIT;
	return record->flags & RECORD_MINISOCK ? has | IS_MINISOCK
					       : has | diag_shutdown_bits(record->shutdown);
}

size_t bpf_groups_length(const struct record_netlink *netlink)
{
	size_t n = MIN(netlink->n_groups, (uint32_t)RECORD_GROUPS_MAX);

	return (n + 63) / 64 * 8;
}

static int put_netlink(uint64_t needs, const struct record *record, struct row *row)
{
	const struct record_netlink *more = (const void *)(record + 1);
	const uint8_t *groups = (const void *)(more + 1);
	struct estab_socket *sock = &row->sock;
	int r = 0;

	row_reset(row, ESTAB_PROTO_NETLINK, ESTAB_FAMILY_NETLINK);
	sock->state = (uint8_t)bpf_record_state(record, ESTAB_PROTO_NETLINK);
	sock->type = record->type == SOCK_DGRAM ? ESTAB_TYPE_DGRAM : ESTAB_TYPE_RAW;
	sock->has = (uint16_t)put_common(record, sock);
	sock->netlink.protocol = (uint8_t)record->protocol;
	sock->netlink.portid = more->portid;
	sock->netlink.dst_portid = more->dst_portid;
	sock->netlink.dst_group = more->dst_group;
	if (needs & NEED_MEM)
		r = row_put(row, EXT_MEM, more->mem, sizeof(more->mem));
	if (r == 0 && needs & NEED_NETLINK)
		r = row_put(row, EXT_NETLINK_FLAGS, &more->flags, sizeof(more->flags));
	/* Better none than a part that passes for all. */
	if (more->n_groups > RECORD_GROUPS_MAX)
		needs &= ~NEED_NETLINK;
	return r == 0 ? diag_put_groups(needs, groups, bpf_groups_length(more), row) : r;
}

int bpf_record_row(struct env *env, const struct record *record, struct row *row)
{
	enum estab_proto proto = (enum estab_proto)bpf_record_proto(record);
	struct diag_reading reading = { .env = env, .needs = env->plan.needs };
	uint8_t v6only = (record->flags & RECORD_V6ONLY) != 0;
	int r;

	if (proto == ESTAB_PROTO_NETLINK)
		return put_netlink(reading.needs, record, row);
	row_reset(row, proto, record->family == AF_INET ? ESTAB_FAMILY_INET : ESTAB_FAMILY_INET6);
	row->sock.state = (uint8_t)bpf_record_state(record, proto);
	row->sock.has = (uint16_t)put_base(record, &row->sock);
	r = diag_put_device(&reading, record->ifindex, row);
	if (r == 0 && reading.needs & NEED_MARK)
		r = row_put(row, EXT_MARK, &record->mark, sizeof(record->mark));
	if (record->flags & RECORD_MINISOCK)
		return r;
	/* As sock_diag has it, and where it matters. */
	if (r == 0 && record->family == AF_INET6 &&
	    (record->state == ESTAB_STATE_LISTEN || record->state == ESTAB_STATE_UNCONNECTED))
		r = row_put(row, EXT_V6ONLY, &v6only, sizeof(v6only));
	if (r == 0 && reading.needs & NEED_CGROUP_ID && record->flags & RECORD_CGROUP_ID)
		r = row_put(row, EXT_CGROUP_ID, &record->cgroup_id, sizeof(record->cgroup_id));
	return r;
}
