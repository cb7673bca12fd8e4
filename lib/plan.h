/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * From a query to what must be read for it: the only place that knows the whole. What no column,
 * filter or sort names is not needed, and so is not read.
 */
#ifndef ESTAB_PLAN_H
#define ESTAB_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"

/* What a field costs: a bit for every extension, walk or join. */
enum {
	NEED_TCP_INFO = 1 << 0,
	NEED_MEM = 1 << 1,
	NEED_CONGESTION = 1 << 2,
	NEED_TOS = 1 << 3,
	NEED_TCLASS = 1 << 4,
	NEED_MARK = 1 << 5,
	NEED_CGROUP_ID = 1 << 6,
	NEED_IFNAME = 1 << 7,
	NEED_SOCKOPT = 1 << 8,
	NEED_UNIX_NAME = 1 << 9,
	NEED_UNIX_VFS = 1 << 10,
	NEED_UNIX_PEER = 1 << 11,
	NEED_UNIX_QUEUES = 1 << 12,    /* netlink's too */
	NEED_UNIX_UID = 1 << 13,       /* a packet socket's too */
	NEED_UNIX_PEER_PATH = 1 << 14, /* a join over all unix sockets */
	NEED_USER = 1 << 15,
	NEED_OWNERS = 1 << 16,
	NEED_COMM = 1 << 17,
	NEED_CMDLINE = 1 << 18,
	NEED_EXE = 1 << 19,
	NEED_OWNER_UID = 1 << 20,
	NEED_OWNER_USER = 1 << 21,
	NEED_START_TICKS = 1 << 22,
	NEED_INTERFACE = 1 << 23, /* the bound device's index */
	NEED_CONTEXT = 1 << 24,
	NEED_ULP = 1 << 25, /* of TCP, the subflow too */
	NEED_MPTCP_INFO = 1 << 26,
	NEED_NETLINK = 1 << 27, /* groups and flags */
	NEED_PACKET = 1 << 28,  /* options, rings, fanout */
	/* A packet socket's memberships and filter: they may be longer than what a dump can hold. */
	NEED_PACKET_LISTS = 1 << 29,
	NEED_TIMER = 1 << 30,
};

enum {
	PLAN_SORT_MAX = 4,
	PLAN_PROTOS = ESTAB_PROTO_IPX + 1,
	PLAN_FIELDS_MAX = 512,
	PLAN_ASKED_MAX = 384
};

struct field;
struct estab_filter;

struct plan_sort {
	enum estab_field field;
	bool descending;
};

struct plan {
	uint64_t protos;
	uint32_t families;
	uint32_t types[PLAN_PROTOS];
	uint32_t states[PLAN_PROTOS];
	uint32_t needs;
	bool keep; /* rows are kept before they are handed out: owners, or a join over rows */
	const char *source; /* static text: "diag", "procfs", or NULL: whichever serves */
	bool only_bpf;      /* fail where BPF can't be used */
	uint32_t deadline_ms;
	uint64_t fields[PLAN_FIELDS_MAX / 64]; /* asked for, for JSON: a bit an id */
	size_t n_asked;
	const struct field *asked[PLAN_ASKED_MAX]; /* the same fields, in the table's order */
	size_t n_sort;
	struct plan_sort sort[PLAN_SORT_MAX];
	struct estab_filter *filter; /* owned reference; NULL: everything */
	bool pushdown;               /* the kernel is told of the filter */
};

struct estab_query;

/* The plan holds a reference to the query's filter: plan_free(). */
void plan_make(const struct estab_query *query, struct plan *ret_plan);
void plan_free(struct plan *plan);

/* Whether the field is read where none was asked for. */
bool plan_is_default(enum estab_field field);

/* Types narrow only the protocols that come in several. */
static inline bool plan_wants_type(const struct plan *plan, uint8_t proto, uint8_t type)
{
	return (proto != ESTAB_PROTO_UNIX && proto != ESTAB_PROTO_PACKET) ||
	       plan->types[proto] & (UINT32_C(1) << type);
}

static inline bool plan_has_field(const struct plan *plan, enum estab_field field)
{
	return plan->fields[field / 64] & (UINT64_C(1) << (field % 64));
}

#endif
