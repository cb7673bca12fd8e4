/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs write and the library reads: one record a socket and, in the walk over files,
 * one for each descriptor that refers to it. Both sides come from one build; the size that each
 * record begins with is checked all the same.
 */
#ifndef ESTAB_BPF_RECORDS_H
#define ESTAB_BPF_RECORDS_H

#ifndef __bpf__
#include <stdint.h>
#endif

/* Which sockets the walk over files writes, as bits. */
enum {
	WANT_UNIX = 1 << 0,
	WANT_NETLINK = 1 << 1,
	WANT_PACKET = 1 << 2,
	WANT_TCP = 1 << 3, /* MPTCP's too */
	WANT_UDP = 1 << 4,
	WANT_INET = 1 << 5, /* all other IP sockets */
	WANT_OTHER = 1 << 6,
};

/* What is put into rows when it is asked for: each is one more place in memory to look at. */
enum {
	PUT_MARK = 1 << 0,
	PUT_CGROUP_ID = 1 << 1,
};

/* Of record.flags. */
enum {
	RECORD_V6ONLY = 1 << 0,
	RECORD_MINISOCK = 1 << 1,  /* a time-wait or request socket */
	RECORD_CGROUP_ID = 1 << 2, /* cgroup_id is known */
	RECORD_REQUESTS = 1 << 3,  /* a listener that has requests (SYN_RECV) */
	RECORD_SOLE = 1 << 4,      /* this holder is the only one */
	RECORD_KERNEL = 1 << 5,    /* the kernel made it for itself */
};

/* Of record.kind. */
enum {
	RECORD_HOLDER = 1, /* ends before cgroup_id: the rest is not needed */
	RECORD_ROW = 2,
	RECORD_NETLINK = 3, /* behind it comes a struct record_netlink */
};

/* No holes, and the same on both sides. Ports and addresses are in network order, numbers in the
 * host's. */
struct record {
	uint16_t size; /* RECORD_HOLDER_SIZE, or of the whole and of what comes behind */
	uint8_t kind;
	uint8_t state; /* the kernel's */
	uint16_t family;
	uint16_t protocol;
	uint64_t cookie;
	uint64_t inode;

	/* The holder; pid 0: none. Numbers are those of the reader's pid namespace. */
	uint64_t start_ns; /* of the process, since the boot */
	uint32_t pid;
	uint32_t tid;
	uint32_t fd;
	uint32_t euid;
	char comm[16]; /* of the process; ends with a NUL */

	uint64_t cgroup_id;
	uint8_t local[16]; /* IPv4 uses the first four */
	uint8_t peer[16];
	uint32_t netns; /* 0, from a table: of the namespace that is read */
	uint32_t uid;
	uint32_t recv_q;
	uint32_t send_q;
	uint32_t ifindex;
	uint32_t mark;
	uint16_t local_port;
	uint16_t peer_port;
	uint8_t type;
	uint8_t shutdown;
	uint8_t flags;
	uint8_t reserved;
};

/* What only netlink sockets have. Behind it come so many groups as bits, from group 1 on, in the
 * kernel's longs; more than there are of any would be left out, and are counted. */
struct record_netlink {
	uint32_t portid;
	uint32_t dst_portid;
	uint32_t dst_group;
	uint32_t flags;  /* NDIAG_FLAG_… */
	uint32_t mem[9]; /* SK_MEMINFO_… */
	uint32_t n_groups;
};

enum { RECORD_GROUPS_MAX = 512 };

#define RECORD_HOLDER_SIZE __builtin_offsetof(struct record, cgroup_id)

#endif
