/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All UDP sockets in the tables of the reader's network namespace: also what no process holds. WITH_MORE:
 * and their cgroups. */
#include "socket.h"

const volatile u32 states; /* as bits */
const volatile u32 fields; /* PUT_… */

SEC("iter/udp")
int walk(struct bpf_iter__udp *ctx)
{
	struct sock *sk = (struct sock *)ctx->udp_sk;
	struct seq_file *seq = ctx->meta->seq;
	struct record record = {};

	/* The last call has none. */
	if (!sk)
		return 0;
	KEEP(seq);
	record.protocol = sk->sk_protocol;
	record.state = sk->__sk_common.skc_state;
	/* UDP-Lite has its own table, which older kernels walk too. */
	if (record.protocol != IPPROTO_UDP || !(states >> (record.state & 31) & 1))
		return 0;
	record.kind = RECORD_ROW;
	record.size = sizeof(record);
	record.family = sk->__sk_common.skc_family;
	record.cookie = bpf_get_socket_cookie(sk);
	record.inode = inode_of_sock(sk);
	put_full(sk, fields, &record);
	put_udp_queues(sk, &record);
	bpf_seq_write(seq, &record, sizeof(record));
	return 0;
}

const char licence[] SEC("license") = "Dual BSD/GPL";
