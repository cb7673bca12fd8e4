/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All netlink sockets in the tables of the reader's network namespace: also the kernel's own. */
#include "netlink.h"

SEC("iter/netlink")
int walk(struct bpf_iter__netlink *ctx)
{
	struct sock *sk = (struct sock *)ctx->sk;
	struct record record = {};

	/* The last call has none. */
	if (!sk)
		return 0;
	record.family = AF_NETLINK;
	record.protocol = sk->sk_protocol;
	record.state = sk->__sk_common.skc_state;
	record.cookie = bpf_get_socket_cookie(sk);
	record.inode = inode_of_sock(sk);
	write_netlink(ctx->meta->seq, sk, &record);
	return 0;
}

const char licence[] SEC("license") = "Dual BSD/GPL";
