/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as ss(8): its options, and what its files share. */
#ifndef ESTAB_TOOL_COMPAT_SS_H
#define ESTAB_TOOL_COMPAT_SS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

#include "compat-names.h"
#include "compat-table.h"
#include "compat.h"

/* ss(8) ends with -1 where others say 1 or 2. */
enum { SS_OK = 0, SS_REFUSED = 1, SS_USAGE = 255 };

/* Its tables, in the order in which it lists them. */
enum ss_table {
	SS_NETLINK,
	SS_PACKET_RAW,
	SS_PACKET_DGRAM,
	SS_UNIX_STREAM,
	SS_UNIX_DGRAM,
	SS_UNIX_SEQPACKET,
	SS_RAW,
	SS_UDP,
	SS_TCP,
	SS_DCCP, /* from here to XDP estab knows no sockets of theirs */
	SS_SCTP,
	SS_VSOCK_STREAM,
	SS_VSOCK_DGRAM,
	SS_TIPC,
	SS_XDP,
	SS_MPTCP,
	SS_TABLES,
};

struct ss_options {
	/* what is listed */
	uint32_t tables;       /* 1 << SS_… */
	uint32_t families;     /* 1 << ESTAB_FAMILY_… */
	uint32_t states;       /* 1 << ESTAB_STATE_… */
	uint32_t state_filter; /* what -a, -l, -A and state words ask for; takes the place of states */
	bool chosen;           /* a table or family was named */
	bool saw_query;
	uint32_t reads; /* ESTAB_FILTER_… of the family that was named last */
	char *filter;   /* NULL: none */
	const char *file;
	const char *netns;

	/* how */
	bool help, version, summary, kill, events;
	bool numeric, resolve, no_header, no_queues, oneline;
	bool timers, details, memory, info, processes, threads, contexts, socket_contexts;
	bool bpf, cgroup, tos, sockopt;
};

/* 0, or the exit status after a complaint plus one; ss_options_free() in either case. */
int ss_options_parse(int argc, char **argv, struct ss_options *options);
void ss_options_free(struct ss_options *options);
void ss_usage_put(struct buf *buf);

/* The filter, with addresses in place of the names of hosts. */
void ss_put_filter_addresses(const struct ss_options *options, struct buf *buf);

/* Whether all devices that it names are there. */
bool ss_has_devices(const struct ss_options *options);

/* A listing under way. */
struct ss {
	struct ss_options options;
	struct compat_names names;
	struct compat_table table;
	struct buf out;
	struct estab_destroyer *destroyer; /* -K */
	bool refused;                      /* it may not close anything */
};

/* ---- compat-ss-end.c ---- */

/* -K: closes what is read, and shows what was closed. The exit status. */
int ss_kill(struct ss *ss, struct compat_reading *reading);
/* -E: shows sockets as they end, until it is ended itself. The exit status. */
int ss_follow(struct ss *ss, const struct compat_reading *reading);

/* ---- compat-ss.c ---- */

/* The columns, and the heads above them. */
void ss_make_table(struct ss *ss);
void ss_put_row(void *arg, enum estab_proto proto, const struct estab_socket *sock);
void ss_end_table(struct ss *ss);

/* ---- compat-ss-detail.c ---- */

/* What the last column shows: -p, and what -o, -e, -m, -i and their like ask for. */
void ss_put_details(const struct ss *ss, struct buf *buf, enum estab_proto proto,
		    const struct estab_socket *sock);
/* The fields that those look at. */
void ss_add_details(const struct ss_options *options, struct compat_reading *reading);
/* "\n\t", or a blank on one line. */
void ss_put_break(const struct ss *ss, struct buf *buf);

/* ---- compat-ss-packet.c ---- */

void ss_put_packet(const struct ss *ss, struct buf *buf, const struct estab_socket *sock);
/* -b */
void ss_put_filter(const struct ss *ss, struct buf *buf, const struct estab_socket *sock);

/* ---- compat-ss-info.c ---- */

/* What TCP and MPTCP know of a connection. */
void ss_put_tcp_info(const struct ss *ss, struct buf *buf, const struct estab_socket *sock);
void ss_put_mptcp_info(struct buf *buf, const struct estab_socket *sock);

#endif
