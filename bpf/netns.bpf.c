/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which namespaces are kept by an open file of some process: one of their own (of any kind of
 * namespace, told apart by their numbers), or a socket of a network namespace. One file of each.
 */
#include "socket.h"
#include "task.h"

const volatile u32 nested; /* the reader is in a pid namespace below the first */

struct {
	int (*type)[BPF_MAP_TYPE_HASH];
	int (*map_flags)[BPF_F_NO_PREALLOC];
	int (*max_entries)[65536];
	uint32_t *key; /* number of a namespace: its inode */
	uint8_t *value;
} seen SEC(".maps");

/* 0: it is no file of a namespace's. */
ALWAYS_INLINE uint32_t namespace_of(struct file *file, struct record *record)
{
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk;

	if (!socket) {
		if (file->f_inode->i_sb->s_magic != NSFS_MAGIC)
			return 0;
		return (uint32_t)file->f_inode->i_ino;
	}
	sk = socket->sk;
	if (!sk)
		return 0;
	record->family = sk->__sk_common.skc_family;
	return netns_of(&sk->__sk_common);
}

SEC("iter/task_file")
int walk(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct record record = {};
	uint8_t yes = 1;
	uint32_t netns;

	/* The last call has neither. */
	if (!file || !task)
		return 0;
	netns = namespace_of(file, &record);
	if (netns == 0 || bpf_map_lookup_elem(&seen, &netns))
		return 0;
	record.netns = netns;
	record.kind = RECORD_ROW;
	record.size = sizeof(record);
	put_holder(task, ctx->fd, nested, &record);
	/* Where the buffer ends, this file comes again. */
	if (bpf_seq_write(ctx->meta->seq, &record, sizeof(record)) == 0)
		bpf_map_update_elem(&seen, &netns, &yes, 0);
	return 0;
}

const char licence[] SEC("license") = "Dual BSD/GPL";
