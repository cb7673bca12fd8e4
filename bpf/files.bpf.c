/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All open files of all processes of the reader's pid namespace: every socket among them with who
 * holds it, and, where rows are wanted, with what is known of it. The kernel looks up each type that
 * the program knows of, used or not, so that it is built in four sizes: WITH_ROWS, with WITH_NETLINK
 * besides, with WITH_MORE (cgroups) besides. The last takes longest to load, and is the one that goes
 * without bpf_probe_read_kernel(), which a lockdown of the kernel forbids.
 */
#include "netlink.h"
#include "task.h"

/* Filled in before the program is loaded; what is not wanted is not even verified. */
const volatile u32 wanted;     /* WANT_… */
const volatile u32 tcp_states; /* as bits; not 0: TCP sockets become whole rows */
const volatile u32 udp_states; /* the same */
const volatile u32 netlink;    /* not 0: netlink sockets become whole rows */
const volatile u32 netns;      /* 0: any */
const volatile u32 fields;     /* PUT_… of rows */
const volatile u32 nested;     /* the reader is in a pid namespace below the first */

VERIFIED_ONCE uint32_t class_of(uint16_t family, uint16_t type, uint16_t protocol)
{
	switch (family) {
	case AF_UNIX:
		return WANT_UNIX;
	case AF_NETLINK:
		return WANT_NETLINK;
	case AF_PACKET:
		return WANT_PACKET;
	case AF_INET:
	case AF_INET6:
		break;
	default:
		return WANT_OTHER;
	}
	/* A raw socket may have any protocol. */
	if (type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP))
		return WANT_TCP;
	if (type == SOCK_DGRAM && protocol == IPPROTO_UDP)
		return WANT_UDP;
	return WANT_INET;
}

VERIFIED_ONCE int is_row(uint32_t kind, uint32_t protocol, uint32_t state, uint32_t num)
{
	state &= 31;
	if (protocol == IPPROTO_MPTCP || num == 0)
		return 0;
	if (kind == WANT_TCP)
		return tcp_states >> (state == TCP_CLOSE ? STATE_BOUND : state) & 1;
	return kind == WANT_UDP && udp_states >> state & 1;
}

/*
 * One reference is the descriptor's, and one the iterator's. A table that is one process's has as many
 * sharers as that has threads: unless some have their own, and as many strangers share the leader's.
 */
ALWAYS_INLINE int is_sole(struct task_struct *task, struct file *file)
{
	int sharers;

	if (FIELD_EXISTS(file->f_ref)) {
		if (file->f_ref.refcnt.counter != 1)
			return 0;
	} else if (((struct file___6_12 *)file)->f_count.counter != 2) {
		return 0;
	}
	sharers = task->files->count.counter;
	return sharers == 1 || (task->pid == task->tgid && sharers == task->signal->nr_threads);
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct seq_file *seq = ctx->meta->seq;
	struct record record = {};
	struct socket *socket;
	struct sock *sk;
	uint32_t kind;

	/* The last call has neither. */
	if (!file || !task)
		return 0;
	KEEP(seq);
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk)
		return 0;
	record.netns = netns_of(&sk->__sk_common);
	if (netns && record.netns != netns)
		return 0;
	record.family = sk->__sk_common.skc_family;
	record.protocol = sk->sk_protocol;
	kind = class_of(record.family, sk->sk_type, record.protocol);
	if (!(wanted & kind))
		return 0;

	record.state = sk->__sk_common.skc_state;
	record.inode = WITH_MORE ? file->f_inode->i_ino : inode_of(socket);
	record.cookie = bpf_get_socket_cookie(sk);
	put_holder(task, ctx->fd, nested, &record);
	if (WITH_NETLINK && netlink && kind == WANT_NETLINK) {
		if (!netlink_is_listed(sk))
			return 0;
		if (is_sole(task, file))
			record.flags |= RECORD_SOLE;
		write_netlink(seq, sk, &record);
		return 0;
	}
	if (!WITH_ROWS || (!tcp_states && !udp_states) ||
	    !is_row(kind, record.protocol, record.state, sk->__sk_common.skc_num)) {
		/* What a row table does not want needs no owner either. */
		if ((kind == WANT_TCP && tcp_states && record.protocol == IPPROTO_TCP) ||
		    (kind == WANT_UDP && udp_states))
			return 0;
		record.kind = RECORD_HOLDER;
		record.size = RECORD_HOLDER_SIZE;
		bpf_seq_write(seq, &record, RECORD_HOLDER_SIZE);
		return 0;
	}
	record.kind = RECORD_ROW;
	record.size = sizeof(record);
	if (is_sole(task, file))
		record.flags |= RECORD_SOLE;
	put_full(sk, fields, &record);
	if (kind == WANT_TCP)
		put_tcp_queues(sk, &record);
	else if (udp_states)
		put_udp_queues(sk, &record);
	bpf_seq_write(seq, &record, sizeof(record));
	return 0;
}

const char licence[] SEC("license") = "Dual BSD/GPL";
