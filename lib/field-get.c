/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of the fields that every family may have, and of owners. */
#include <netinet/in.h>
#include <string.h>

#include "env.h"
#include "getter.h"
#include "netns-list.h"
#include "subject.h"
#include "util.h"

static int give_ext_text(const struct estab_socket *sock, enum ext_kind kind, struct value *ret)
{
	size_t length;
	const char *data = ext_get(sock->ext, kind, &length);

	if (!data)
		return FIELD_NONE;
	ret->text.data = data;
	ret->text.length = length;
	return 0;
}

GETTER(ext_text)
{
	return give_ext_text(sock, (enum ext_kind)field->offset, ret);
}

GETTER(proto)
{
	if (sock->proto == ROW_FLOW)
		return flow_give_proto(sock, ret);
	return give_text(word_proto(sock->proto), FIELD_UNKNOWN, ret);
}

GETTER(family)
{
	return give_text(word_family(sock->family), FIELD_UNKNOWN, ret);
}

GETTER(type)
{
	if (sock->family == ESTAB_FAMILY_NETLINK && sock->netlink.from_text)
		return FIELD_UNKNOWN;
	return give_text(word_type(sock->type), FIELD_UNKNOWN, ret);
}

GETTER(state)
{
	if (sock->family == ESTAB_FAMILY_NETLINK && sock->netlink.from_text)
		return FIELD_UNKNOWN;
	return give_text(word_state(sock->state), FIELD_UNKNOWN, ret);
}

static int give_addr(const struct estab_socket *sock, const uint8_t bytes[16], struct value *ret)
{
	memset(&ret->addr, 0, sizeof(ret->addr));
	ret->addr.family = sock->family;
	memcpy(ret->addr.bytes, bytes, sizeof(ret->addr.bytes));
	if (sock->family == ESTAB_FAMILY_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)(const void *)ret->addr.bytes))
		ext_read(sock->ext, EXT_IFINDEX, &ret->addr.scope, sizeof(ret->addr.scope));
	return 0;
}

GETTER(local_addr)
{
	return give_addr(sock, sock->inet.local, ret);
}

GETTER(peer_addr)
{
	return give_addr(sock, sock->inet.peer, ret);
}

GETTER(local_port)
{
	return give_number(sock->local_port, ret);
}

GETTER(peer_port)
{
	return give_number(sock->peer_port, ret);
}

static int give_scope(const struct estab_socket *sock, const uint8_t bytes[16], struct value *ret)
{
	struct in6_addr addr;

	memcpy(&addr, bytes, sizeof(addr));
	if (sock->family != ESTAB_FAMILY_INET6 ||
	    !(IN6_IS_ADDR_LINKLOCAL(&addr) || IN6_IS_ADDR_MC_LINKLOCAL(&addr)))
		return FIELD_NONE;
	return give_ext_text(sock, EXT_IFNAME, ret) == 0 ? 0 : FIELD_UNKNOWN;
}

GETTER(local_scope)
{
	return give_scope(sock, sock->inet.local, ret);
}

GETTER(peer_scope)
{
	return give_scope(sock, sock->inet.peer, ret);
}

GETTER(local_path)
{
	return give_ext_text(sock, EXT_PATH, ret);
}

GETTER(peer_path)
{
	return give_ext_text(sock, EXT_PEER_PATH, ret);
}

GETTER(local_abstract)
{
	if (!ext_has(sock->ext, EXT_PATH))
		return FIELD_NONE;
	return give_number(ext_has(sock->ext, EXT_ABSTRACT), ret);
}

GETTER(peer_abstract)
{
	if (!ext_has(sock->ext, EXT_PEER_PATH))
		return FIELD_NONE;
	return give_number(ext_has(sock->ext, EXT_PEER_ABSTRACT), ret);
}

GETTER(peer_inode)
{
	/* An unconnected socket has none; a connected one whose peer is 0 isn't accepted yet. */
	if (sock->state != ESTAB_STATE_ESTABLISHED &&
	    !(sock->has & HAS_PEER_INODE && sock->local.peer_inode != 0))
		return FIELD_NONE;
	if (!(sock->has & HAS_PEER_INODE) || sock->local.peer_inode == 0)
		return FIELD_UNKNOWN;
	return give_number(sock->local.peer_inode, ret);
}

GETTER(interface)
{
	int r = give_ext_text(sock, EXT_IFNAME, ret);

	/* Bound to one whose name was not to be had. */
	return r < 0 && ext_has(sock->ext, EXT_IFINDEX) ? FIELD_UNKNOWN : r;
}

GETTER(recv_q)
{
	if (record_is_listener(sock))
		return FIELD_NONE;
	return sock->has & HAS_QUEUES ? give_number(sock->recv_q, ret) : FIELD_UNKNOWN;
}

GETTER(send_q)
{
	if (record_is_listener(sock))
		return FIELD_NONE;
	return record_has_send_q(sock) ? give_number(sock->send_q, ret) : FIELD_UNKNOWN;
}

GETTER(backlog)
{
	if (!record_is_listener(sock))
		return FIELD_NONE;
	return sock->has & HAS_QUEUES ? give_number(sock->recv_q, ret) : FIELD_UNKNOWN;
}

GETTER(backlog_limit)
{
	if (!record_is_listener(sock))
		return FIELD_NONE;
	return sock->has & HAS_BACKLOG_LIMIT ? give_number(sock->send_q, ret) : FIELD_UNKNOWN;
}

GETTER(uid)
{
	return sock->has & HAS_UID ? give_number(sock->uid, ret) : FIELD_UNKNOWN;
}

GETTER(user)
{
	struct env *env = sock->ext->env;
	const char *name;

	if (!(sock->has & HAS_UID) || !(env->plan.needs & NEED_USER))
		return FIELD_UNKNOWN;
	name = users_name(&env->users, sock->uid);
	return give_text(name, FIELD_UNKNOWN, ret);
}

GETTER(inode)
{
	return sock->has & HAS_INODE ? give_number(sock->inode, ret) : FIELD_UNKNOWN;
}

GETTER(cookie)
{
	return sock->has & HAS_COOKIE ? give_number(sock->cookie, ret) : FIELD_UNKNOWN;
}

GETTER(netns)
{
	return sock->has & HAS_NETNS ? give_number(sock->netns, ret) : FIELD_UNKNOWN;
}

int netns_give_name(const struct env *env, bool known, uint32_t netns, struct value *ret)
{
	const struct netns_list *list = env->namespaces;
	size_t index = NETNS_NONE;

	if (list && known)
		index = netns_list_find(list, netns);
	else if (list && netns != 0)
		index = netns - 1;
	if (index == NETNS_NONE)
		return FIELD_UNKNOWN;
	return give_text(list->items[index].name, FIELD_UNKNOWN, ret);
}

GETTER(netns_name)
{
	return netns_give_name(sock->ext->env, sock->has & HAS_NETNS, sock->netns, ret);
}

GETTER(ext_number)
{
	union {
		uint8_t u8;
		uint32_t u32;
		uint64_t u64;
	} number = { .u64 = 0 };

	if (sock->proto == ROW_FLOW)
		return flow_give_mark(sock, ret);
	/* A minisock keeps nearly nothing of what its socket had. */
	if (!ext_read(sock->ext, (enum ext_kind)field->offset, &number, field->size))
		return sock->has & IS_MINISOCK || field->id == ESTAB_F_TCLASS ? FIELD_NONE
									      : FIELD_UNKNOWN;
	if (field->size == 1)
		return give_number(number.u8, ret);
	return give_number(field->size == 4 ? number.u32 : number.u64, ret);
}

GETTER(shutdown)
{
	static const char *const words[] = { "none", "receive", "send", "both" };

	if (!(sock->has & HAS_SHUTDOWN))
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	return give_text(words[!!(sock->has & SHUT_RECEIVE) + 2 * !!(sock->has & SHUT_SEND)],
			 FIELD_UNKNOWN, ret);
}

GETTER(direction)
{
	static const char *const words[DIRECTIONS] = {
		[DIRECTION_IN] = "in",           [DIRECTION_OUT] = "out",
		[DIRECTION_LOCAL] = "local",     [DIRECTION_LISTEN] = "listen",
		[DIRECTION_FORWARD] = "forward",
	};

	return give_text(words[sock->direction], FIELD_UNKNOWN, ret);
}

GETTER(other_end)
{
	struct other_end end;

	if (!ext_read(sock->ext, (enum ext_kind)field->offset, &end, sizeof(end)))
		return FIELD_NONE;
	switch (field->size) {
	case OTHER_END_INODE:
		return end.has & HAS_INODE ? give_number(end.inode, ret) : FIELD_UNKNOWN;
	case OTHER_END_COOKIE:
		return end.has & HAS_COOKIE ? give_number(end.cookie, ret) : FIELD_UNKNOWN;
	default:
		return end.has & HAS_NETNS ? give_number(end.netns, ret) : FIELD_UNKNOWN;
	}
}

GETTER(v6only)
{
	uint8_t v6only = 0;

	if (sock->family != ESTAB_FAMILY_INET6 || !ext_read(sock->ext, EXT_V6ONLY, &v6only, 1))
		return FIELD_NONE;
	return give_number(v6only != 0, ret);
}

enum { MEM_DROPS = 8 };

static int give_mem(const struct estab_socket *sock, unsigned int word, struct value *ret)
{
	uint32_t number;
	size_t length;
	const uint8_t *data = ext_get(sock->ext, EXT_MEM, &length);

	if (!data)
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	if (length < (word + 1) * sizeof(number))
		return FIELD_UNKNOWN;
	memcpy(&number, data + word * sizeof(number), sizeof(number));
	return give_number(number, ret);
}

GETTER(mem)
{
	return give_mem(sock, field->offset, ret);
}

GETTER(drops)
{
	uint32_t drops = 0;

	if (ext_read(sock->ext, EXT_DROPS, &drops, sizeof(drops)))
		return give_number(drops, ret);
	return give_mem(sock, MEM_DROPS, ret);
}

/* The kernel's own dev_t: MINORBITS is 20 (include/linux/kdev_t.h). */
enum { MINOR_BITS = 20 };

GETTER(vfs_dev_major)
{
	return sock->local.vfs_dev == 0 ? FIELD_NONE
					: give_number(sock->local.vfs_dev >> MINOR_BITS, ret);
}

GETTER(vfs_dev_minor)
{
	return sock->local.vfs_dev == 0
		       ? FIELD_NONE
		       : give_number(sock->local.vfs_dev & (BIT32(MINOR_BITS) - 1), ret);
}

GETTER(vfs_inode)
{
	return sock->local.vfs_dev == 0 ? FIELD_NONE : give_number(sock->local.vfs_inode, ret);
}

GETTER(sockopt)
{
	uint8_t bits[2] = { 0, 0 };

	if (!ext_read(sock->ext, EXT_SOCKOPT, bits, sizeof(bits)))
		return sock->has & IS_MINISOCK ? FIELD_NONE : FIELD_UNKNOWN;
	/* The kernel's bit fields: the first is the lowest bit, but on a big-endian machine. */
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return give_number(bits[field->size / 8] >> (7 - field->size % 8) & 1, ret);
	return give_number(bits[field->size / 8] >> field->size % 8 & 1, ret);
}

GETTER(owners_complete)
{
	if (!(sock->has & OWNERS_LOOKED))
		return FIELD_UNKNOWN;
	return give_number(!(sock->has & OWNERS_INCOMPLETE), ret);
}

GETTER(no_owner)
{
	static const char *const words[] = {
		[NO_OWNER_TIME_WAIT] = "time-wait",
		[NO_OWNER_SYN_RECV] = "syn-recv",
		[NO_OWNER_PENDING_ACCEPT] = "pending-accept",
		[NO_OWNER_ORPHAN] = "orphan",
		[NO_OWNER_KERNEL] = "kernel",
		[NO_OWNER_IN_FLIGHT] = "in-flight",
		[NO_OWNER_PERMISSION] = "permission",
		[NO_OWNER_NOT_VISIBLE] = "not-visible",
	};

	if (!(sock->has & OWNERS_LOOKED))
		return FIELD_UNKNOWN;
	if (sock->no_owner == NO_OWNER_NONE)
		return FIELD_NONE;
	return give_text(words[sock->no_owner], FIELD_UNKNOWN, ret);
}

GETTER(timer_kind)
{
	static const char *const words[TIMER_KINDS] = { "off",       "retransmit", "keepalive",
							"time-wait", "probe",      "delack" };

	if (!(sock->has & HAS_TIMER))
		return FIELD_UNKNOWN;
	return give_text(sock->timer_kind < TIMER_KINDS ? words[sock->timer_kind] : NULL,
			 FIELD_UNKNOWN, ret);
}

GETTER(timer_expires)
{
	if (!(sock->has & HAS_TIMER))
		return FIELD_UNKNOWN;
	return sock->timer_kind == TIMER_OFF ? FIELD_NONE : give_number(sock->timer_ms, ret);
}

GETTER(timer_retransmits)
{
	if (!(sock->has & HAS_TIMER))
		return FIELD_UNKNOWN;
	return give_number(sock->timer_retransmits, ret);
}

#define OWNER_GETTER(name) int get_owner_##name(const struct estab_owner *owner, struct value *ret)

OWNER_GETTER(pid)
{
	return give_number(owner->process->pid, ret);
}

OWNER_GETTER(tid)
{
	return owner->tid == 0 ? FIELD_NONE : give_number(owner->tid, ret);
}

OWNER_GETTER(fd)
{
	/* Held without a descriptor of its own. */
	return owner->fd < 0 ? FIELD_NONE : give_number((uint64_t)owner->fd, ret);
}

OWNER_GETTER(via)
{
	return give_text(owner->via == OWNER_VIA_IO_URING ? "io_uring" : NULL, FIELD_NONE, ret);
}

OWNER_GETTER(comm)
{
	return give_text(owner->process->comm, FIELD_UNKNOWN, ret);
}

OWNER_GETTER(uid)
{
	if (!(owner->process->has & PROCESS_HAS_UID))
		return FIELD_UNKNOWN;
	return give_number(owner->process->uid, ret);
}

OWNER_GETTER(user)
{
	return give_text(owner->process->user, FIELD_UNKNOWN, ret);
}

OWNER_GETTER(exe)
{
	return give_text(owner->process->exe, FIELD_UNKNOWN, ret);
}

OWNER_GETTER(cmdline)
{
	if (!owner->process->cmdline)
		return FIELD_UNKNOWN;
	ret->text.data = owner->process->cmdline;
	ret->text.length = owner->process->cmdline_length;
	return 0;
}

OWNER_GETTER(pgid)
{
	if (!(owner->process->has & PROCESS_HAS_PGID))
		return FIELD_UNKNOWN;
	return give_number(owner->process->pgid, ret);
}

OWNER_GETTER(start_ticks)
{
	if (!(owner->process->has & PROCESS_HAS_START))
		return FIELD_UNKNOWN;
	return give_number(owner->process->start_ticks, ret);
}

OWNER_GETTER(context)
{
	return give_text(owner->process->context, FIELD_UNKNOWN, ret);
}
