/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the programs read of a netlink socket. */
#ifndef ESTAB_BPF_NETLINK_H
#define ESTAB_BPF_NETLINK_H

#include "socket.h"

/* net/netlink/af_netlink.h: the first is not told, the five behind it are as netlink_diag has them. */
enum { NETLINK_F_KERNEL_SOCKET = 1 << 0, NETLINK_F_TOLD = 0x3e };

/* Of the kernel's tables it is in: by its port id, or as a member of a group. */
ALWAYS_INLINE int netlink_is_listed(struct sock *sk)
{
	struct netlink_sock *nlk = (struct netlink_sock *)sk;
	uint32_t subscriptions = 0;
	_Bool bound = 0;

	PROBE(&bound, &nlk->bound);
	PROBE(&subscriptions, &nlk->subscriptions);
	return bound || subscriptions != 0;
}

ALWAYS_INLINE uint32_t netlink_flags(struct netlink_sock *nlk)
{
	const char *at = (const char *)nlk + __builtin_preserve_field_info(nlk->flags, 0);
	uint32_t flags = 0;

	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		at += __builtin_preserve_field_info(nlk->flags, 1) - sizeof(flags);
	PROBE(&flags, (const uint32_t *)at);
	return flags;
}

ALWAYS_INLINE void put_mem(struct sock *sk, uint32_t mem[9])
{
	mem[0] = (uint32_t)sk->sk_backlog.rmem_alloc.counter;
	mem[1] = (uint32_t)sk->sk_rcvbuf;
	mem[2] = (uint32_t)(sk->sk_wmem_alloc.refs.counter - 1); /* one is its own */
	mem[3] = (uint32_t)sk->sk_sndbuf;
	mem[4] = (uint32_t)sk->sk_forward_alloc;
	mem[5] = (uint32_t)sk->sk_wmem_queued;
	mem[6] = (uint32_t)sk->sk_omem_alloc.counter;
	mem[7] = (uint32_t)sk->sk_backlog.len;
	mem[8] = (uint32_t)sk->sk_drops.counter;
}

ALWAYS_INLINE void put_netlink(struct sock *sk, struct record *record, struct record_netlink *more)
{
	struct netlink_sock *nlk = (struct netlink_sock *)sk;
	uint32_t flags = netlink_flags(nlk);
	unsigned long *groups = 0;
	_Bool dumping = 0;

	record->type = (uint8_t)sk->sk_type;
	record->uid = sk->sk_uid.val;
	if (flags & NETLINK_F_KERNEL_SOCKET)
		record->flags |= RECORD_KERNEL;
	put_mem(sk, more->mem);
	record->recv_q = more->mem[0];
	record->send_q = more->mem[2];
	PROBE(&dumping, &nlk->cb_running);
	more->flags = (flags & NETLINK_F_TOLD) | (dumping ? 1 : 0);
	PROBE(&more->portid, &nlk->portid);
	PROBE(&more->dst_portid, &nlk->dst_portid);
	PROBE(&more->dst_group, &nlk->dst_group);
	PROBE(&groups, &nlk->groups);
	if (groups)
		PROBE(&more->n_groups, &nlk->ngroups);
}

/* All or nothing of it gets into the buffer. The array of groups may be another, and longer, by now. */
ALWAYS_INLINE void write_netlink(struct seq_file *seq, struct sock *sk, struct record *record)
{
	struct netlink_sock *nlk = (struct netlink_sock *)sk;
	struct record_netlink more = {};
	unsigned long *groups = 0;
	uint32_t n_longs;

	put_netlink(sk, record, &more);
	n_longs = more.n_groups / 64 + (more.n_groups % 64 != 0);
	if (n_longs > RECORD_GROUPS_MAX / 64)
		n_longs = RECORD_GROUPS_MAX / 64;
	record->kind = RECORD_NETLINK;
	record->size = (uint16_t)(sizeof(*record) + sizeof(more) + n_longs * 8);
	bpf_seq_write(seq, record, sizeof(*record));
	bpf_seq_write(seq, &more, sizeof(more));
	PROBE(&groups, &nlk->groups);
	for (uint32_t i = 0; i < RECORD_GROUPS_MAX / 64 && i < n_longs; i++) {
		unsigned long bits = 0;

		PROBE(&bits, groups + i);
		bpf_seq_write(seq, &bits, sizeof(bits));
	}
}

#endif
