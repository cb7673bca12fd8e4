/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every program reads of a socket. */
#ifndef ESTAB_BPF_SOCKET_H
#define ESTAB_BPF_SOCKET_H

#include "kernel.h"
/* after the types */
#include "records.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* TCP_CLOSE of a TCP socket stands for "bound" in a set of states. */
enum { STATE_BOUND = 13 };

ALWAYS_INLINE uint32_t netns_of(struct sock_common *skc)
{
	return skc->skc_net.net->ns.inum;
}

ALWAYS_INLINE void put_ends(struct sock_common *skc, struct record *record)
{
	if (skc->skc_family == AF_INET) {
		*(uint32_t *)record->local = skc->skc_rcv_saddr;
		*(uint32_t *)record->peer = skc->skc_daddr;
	} else if (FIELD_EXISTS(skc->skc_v6_daddr)) {
		*(struct in6_addr *)record->local = skc->skc_v6_rcv_saddr;
		*(struct in6_addr *)record->peer = skc->skc_v6_daddr;
	}
	record->local_port = __builtin_bswap16(skc->skc_num);
	if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		record->local_port = skc->skc_num;
	record->peer_port = skc->skc_dport;
	record->ifindex = (uint32_t)skc->skc_bound_dev_if;
}

/* A bit field is read as a number of so many bytes, which is then shifted (kinds 0, 1, 4, 5). */
ALWAYS_INLINE uint64_t is_v6only(struct sock_common *skc)
{
	const uint8_t *at =
		(const uint8_t *)skc + __builtin_preserve_field_info(skc->skc_ipv6only, 0);
	uint64_t value = 0;

	/* Or the compiler would spread the address over the branches. */
	asm volatile("" : "+r"(at));
	switch (__builtin_preserve_field_info(skc->skc_ipv6only, 1)) {
	case 1:
		value = *at;
		break;
	case 2:
		value = *(const uint16_t *)at;
		break;
	case 4:
		value = *(const uint32_t *)at;
		break;
	case 8:
		value = *(const uint64_t *)at;
		break;
	}
	value <<= __builtin_preserve_field_info(skc->skc_ipv6only, 4);
	return value >> __builtin_preserve_field_info(skc->skc_ipv6only, 5);
}

/* What all full sockets have. */
ALWAYS_INLINE void put_full(struct sock *sk, uint32_t fields, struct record *record)
{
	put_ends(&sk->__sk_common, record);
	record->type = (uint8_t)sk->sk_type;
	record->uid = sk->sk_uid.val;
	record->shutdown = sk->sk_shutdown;
	if (fields & PUT_MARK)
		record->mark = sk->sk_mark;
	if (is_v6only(&sk->__sk_common))
		record->flags |= RECORD_V6ONLY;
	if (WITH_MORE && fields & PUT_CGROUP_ID && FIELD_EXISTS(sk->sk_cgrp_data.cgroup)) {
		struct cgroup *cgroup = sk->sk_cgrp_data.cgroup;

		/* A load through NULL would read as 0, but this is no id. */
		if (cgroup) {
			record->cgroup_id = cgroup->kn->id;
			record->flags |= RECORD_CGROUP_ID;
		}
	}
}

/* As tcp_diag tells them: a FIN and a SYN count as a byte each. */
ALWAYS_INLINE void put_tcp_queues(struct sock *sk, struct record *record)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	if (!tcp)
		return;
	if (record->state == TCP_LISTEN) {
		record->recv_q = sk->sk_ack_backlog;
		record->send_q = sk->sk_max_ack_backlog;
		if (tcp->inet_conn.icsk_accept_queue.qlen.counter > 0)
			record->flags |= RECORD_REQUESTS;
		return;
	}
	record->recv_q = tcp->rcv_nxt - tcp->copied_seq;
	if ((int)record->recv_q < 0)
		record->recv_q = 0;
	record->send_q = tcp->write_seq - tcp->snd_una;
}

/* As udp_diag tells them; the type of the socket is no other to the verifier than struct sock. */
ALWAYS_INLINE void put_udp_queues(struct sock *sk, struct record *record)
{
	int deficit = 0;

	PROBE(&deficit, &((struct udp_sock *)sk)->forward_deficit);
	record->recv_q = (uint32_t)(sk->sk_backlog.rmem_alloc.counter - deficit);
	/* One is the socket's own. */
	record->send_q = (uint32_t)(sk->sk_wmem_alloc.refs.counter - 1);
}

ALWAYS_INLINE uint64_t inode_of(const struct socket *socket)
{
	unsigned long inode = 0;

	PROBE(&inode, &((const struct socket_alloc *)socket)->vfs_inode.i_ino);
	return inode;
}

/* Of a socket that is not met through its file. */
ALWAYS_INLINE uint64_t inode_of_sock(const struct sock *sk)
{
	struct socket *socket = 0;

	PROBE(&socket, &sk->sk_socket);
	return socket ? inode_of(socket) : 0;
}

#endif
