/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs know of the kernel: the types they look into, with the members they read and no
 * others (the loader finds where those stand in the running kernel), and the helpers they call.
 */
#ifndef ESTAB_BPF_KERNEL_H
#define ESTAB_BPF_KERNEL_H

typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long long uint64_t;
typedef uint32_t u32; /* the skeleton's generator repeats the names of variables' types */

#define SEC(name) __attribute__((section(name), used))
/* Whatever it finds out, the verifier goes on from there once, and not once for each way through it. */
#define VERIFIED_ONCE __attribute__((noinline))
/* The value is had here, and not read again in each place where it is used. */
#define KEEP(value) asm volatile("" : "+r"(value))
#define RELOCATED __attribute__((preserve_access_index))

enum {
	AF_UNIX = 1,
	AF_INET = 2,
	AF_INET6 = 10,
	AF_NETLINK = 16,
	AF_PACKET = 17,
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	IPPROTO_TCP = 6,
	IPPROTO_UDP = 17,
	IPPROTO_MPTCP = 262,
	TCP_SYN_RECV = 3,
	TCP_TIME_WAIT = 6,
	TCP_CLOSE = 7,
	TCP_LISTEN = 10,
	TCP_NEW_SYN_RECV = 12,
	NSFS_MAGIC = 0x6e736673,
	BPF_MAP_TYPE_HASH = 1,
	BPF_F_NO_PREALLOC = 1,
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	atomic_t refs;
} refcount_t;

typedef struct {
	uint32_t val;
} kuid_t;

struct in6_addr {
	uint8_t bytes[16];
};

struct ns_common {
	uint32_t inum;
} RELOCATED;

struct net {
	struct ns_common ns;
} RELOCATED;

typedef struct {
	struct net *net;
} RELOCATED possible_net_t;

struct sock_common {
	uint32_t skc_daddr;
	uint32_t skc_rcv_saddr;
	uint16_t skc_dport;
	uint16_t skc_num;
	uint16_t skc_family;
	uint8_t skc_state;
	uint8_t skc_ipv6only : 1;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
} RELOCATED;

struct kernfs_node {
	uint64_t id;
} RELOCATED;

struct cgroup {
	struct kernfs_node *kn;
} RELOCATED;

/* Before Linux 5.15 (8520e224f547) the pointer was part of a number: there it is left unknown. */
struct sock_cgroup_data {
	struct cgroup *cgroup;
} RELOCATED;

struct super_block {
	unsigned long s_magic;
} RELOCATED;

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
} RELOCATED;

typedef struct {
	atomic_long_t refcnt; /* 0: one reference */
} file_ref_t;

struct file {
	struct inode *f_inode;
	file_ref_t f_ref; /* since Linux 6.13 (90ee6ed776c0) */
} RELOCATED;

struct file___6_12 {
	atomic_long_t f_count;
} RELOCATED;

struct files_struct {
	atomic_t count; /* the first in all kernels, so that it needs no looking up: see below */
};

struct signal_struct {
	int nr_threads;
} RELOCATED;

struct sock;

struct socket {
	struct sock *sk;
} RELOCATED;

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
} RELOCATED;

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	kuid_t sk_uid;
	uint16_t sk_protocol; /* a bit field before Linux 5.6, when no iterator was */
	uint16_t sk_type;
	uint8_t sk_shutdown;
	uint32_t sk_ack_backlog;
	uint32_t sk_max_ack_backlog;
	uint32_t sk_mark;
	refcount_t sk_wmem_alloc;
	struct {
		atomic_t rmem_alloc;
		int len;
	} sk_backlog;
	int sk_rcvbuf;
	int sk_sndbuf;
	int sk_forward_alloc;
	int sk_wmem_queued;
	atomic_t sk_omem_alloc;
	atomic_t sk_drops;
	struct sock_cgroup_data sk_cgrp_data;
} RELOCATED;

struct request_sock_queue {
	atomic_t qlen;
} RELOCATED;

struct inet_connection_sock {
	struct request_sock_queue icsk_accept_queue;
} RELOCATED;

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	uint32_t rcv_nxt;
	uint32_t copied_seq;
	uint32_t write_seq;
	uint32_t snd_una;
} RELOCATED;

struct tcp_timewait_sock;

struct inet_timewait_sock {
	uint8_t tw_substate;
	uint32_t tw_mark; /* since Linux 5.0 */
} RELOCATED;

struct tcp_timewait_sock {
	struct inet_timewait_sock tw_sk;
} RELOCATED;

struct inet_request_sock {
	uint32_t ir_mark;
} RELOCATED;

struct tcp_request_sock {
	struct inet_request_sock req;
} RELOCATED;

struct udp_sock {
	int forward_deficit;
} RELOCATED;

struct netlink_sock {
	unsigned long flags; /* an int before Linux 6.6 (8fe08d70a2b6) */
	uint32_t portid;
	uint32_t dst_portid;
	uint32_t dst_group;
	uint32_t subscriptions;
	uint32_t ngroups;
	unsigned long *groups;
	_Bool bound;
	_Bool cb_running;
} RELOCATED;

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
} RELOCATED;

struct pid {
	uint32_t level;
	struct upid numbers[1];
} RELOCATED;

struct cred {
	kuid_t euid;
} RELOCATED;

struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	uint64_t start_boottime;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	const struct cred *real_cred;
	struct files_struct *files;
	struct signal_struct *signal;
} RELOCATED;

struct seq_file;

/*
 * What an iterator is given has one layout in all kernels. To look a type up among the kernel's takes half
 * a millisecond, though 31 of them are remembered, each in a place that its name chooses
 * (kernel/bpf/btf.c, bpf_core_find_cands()): a program should know of few types, and of none that drives
 * another from its place. Thus inode and net, sock and kernfs_node, file and cgroup, cred and
 * netlink_sock, files_struct and signal_struct are best kept apart. A pointer that is read through one
 * that the verifier trusts (what helpers return or the context holds, but for task_file's) costs up to
 * four searches for a name, of a third each (btf_nested_type_is_trusted()).
 */
struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	uint32_t fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__udp {
	struct bpf_iter_meta *meta;
	struct udp_sock *udp_sk;
};

struct bpf_iter__netlink {
	struct bpf_iter_meta *meta;
	struct netlink_sock *sk;
};

/* Helpers, by their numbers in the kernel's interface. */
static uint64_t (*bpf_get_socket_cookie)(void *sk) = (void *)46;
static long (*bpf_probe_read_kernel)(void *to, uint32_t size, const void *from) = (void *)113;
static long (*bpf_seq_write)(struct seq_file *seq, const void *data, uint32_t size) = (void *)127;
static struct tcp_sock *(*bpf_skc_to_tcp_sock)(void *sk) = (void *)137;
static struct tcp_timewait_sock *(*bpf_skc_to_tcp_timewait_sock)(void *sk) = (void *)138;
static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value,
				   uint64_t flags) = (void *)2;
static struct tcp_request_sock *(*bpf_skc_to_tcp_request_sock)(void *sk) = (void *)139;
static struct task_struct *(*bpf_get_current_task_btf)(void) = (void *)158;
static struct socket *(*bpf_sock_from_file)(struct file *file) = (void *)162; /* Linux 5.11 */

/* Reads through an address that the verifier takes no load from; not under a lockdown that keeps
 * the kernel's memory confidential. */
#define PROBE(to, from) bpf_probe_read_kernel((to), sizeof(*(to)), (from))

/* What the compiler leaves for the loader to fill in (enum bpf_field_info_kind of clang). */
#define FIELD_EXISTS(field) __builtin_preserve_field_info(field, 2)

#endif
