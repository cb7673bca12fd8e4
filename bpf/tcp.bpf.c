/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All TCP sockets in the tables of the reader's network namespace: also what no process holds. WITH_MORE:
 * and their cgroups. */
#include "socket.h"

const volatile u32 states; /* as bits */
const volatile u32 fields; /* PUT_… */

/* What stands for a connection that ended, or that began: neither is a full socket. */
ALWAYS_INLINE void put_minisock(struct sock_common *skc, struct record *record)
{
	record->type = SOCK_STREAM;
	record->flags = RECORD_MINISOCK;
	if (record->state == TCP_TIME_WAIT) {
		struct tcp_timewait_sock *tw = bpf_skc_to_tcp_timewait_sock(skc);

		if (!tw)
			return;
		/* Of some the end has only begun. */
		record->state = tw->tw_sk.tw_substate;
		record->mark = tw->tw_sk.tw_mark;
	} else {
		struct tcp_request_sock *request = bpf_skc_to_tcp_request_sock(skc);

		record->state = TCP_SYN_RECV;
		if (request)
			record->mark = request->req.ir_mark;
	}
	put_ends(skc, record);
}

SEC("iter/tcp")
int walk(struct bpf_iter__tcp *ctx)
{
	struct sock_common *skc = ctx->sk_common;
	struct seq_file *seq = ctx->meta->seq;
	struct record record = {};
	struct sock *full;

	/* The last call has none. */
	if (!skc)
		return 0;
	KEEP(seq);
	record.kind = RECORD_ROW;
	record.size = sizeof(record);
	record.family = skc->skc_family;
	record.protocol = IPPROTO_TCP;
	record.state = skc->skc_state;
	if (record.state == TCP_TIME_WAIT || record.state == TCP_NEW_SYN_RECV)
		put_minisock(skc, &record);
	if (!(states >> (record.state & 31) & 1))
		return 0;
	record.cookie = bpf_get_socket_cookie(skc);
	if (!(record.flags & RECORD_MINISOCK)) {
		/* Of the types that the verifier knows of, only this one begins with struct sock. */
		full = (struct sock *)bpf_skc_to_tcp_sock(skc);
		if (!full)
			return 0;
		put_full(full, fields, &record);
		put_tcp_queues(full, &record);
		record.inode = inode_of_sock(full);
	}
	bpf_seq_write(seq, &record, sizeof(record));
	return 0;
}

const char licence[] SEC("license") = "Dual BSD/GPL";
