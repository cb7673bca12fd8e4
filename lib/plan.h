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
#include "subject.h"

/* What a field costs: a bit for every extension, walk or join. */
#define NEED_TCP_INFO (UINT64_C(1) << 0)
#define NEED_MEM (UINT64_C(1) << 1)
#define NEED_CONGESTION (UINT64_C(1) << 2)
#define NEED_TOS (UINT64_C(1) << 3)
#define NEED_TCLASS (UINT64_C(1) << 4)
#define NEED_MARK (UINT64_C(1) << 5)
#define NEED_CGROUP_ID (UINT64_C(1) << 6)
#define NEED_IFNAME (UINT64_C(1) << 7)
#define NEED_SOCKOPT (UINT64_C(1) << 8)
#define NEED_UNIX_NAME (UINT64_C(1) << 9)
#define NEED_UNIX_VFS (UINT64_C(1) << 10)
#define NEED_UNIX_PEER (UINT64_C(1) << 11)
#define NEED_UNIX_QUEUES (UINT64_C(1) << 12)    /* netlink's too */
#define NEED_UNIX_UID (UINT64_C(1) << 13)       /* a packet socket's too */
#define NEED_UNIX_PEER_PATH (UINT64_C(1) << 14) /* a join over all unix sockets */
#define NEED_USER (UINT64_C(1) << 15)
#define NEED_OWNERS (UINT64_C(1) << 16)
#define NEED_COMM (UINT64_C(1) << 17)
#define NEED_CMDLINE (UINT64_C(1) << 18)
#define NEED_EXE (UINT64_C(1) << 19)
#define NEED_OWNER_UID (UINT64_C(1) << 20)
#define NEED_OWNER_USER (UINT64_C(1) << 21)
#define NEED_START_TICKS (UINT64_C(1) << 22)
#define NEED_INTERFACE (UINT64_C(1) << 23) /* the bound device's index */
#define NEED_CONTEXT (UINT64_C(1) << 24)
#define NEED_ULP (UINT64_C(1) << 25) /* of TCP, the subflow too */
#define NEED_MPTCP_INFO (UINT64_C(1) << 26)
#define NEED_NETLINK (UINT64_C(1) << 27) /* groups and flags */
#define NEED_PACKET (UINT64_C(1) << 28)  /* options, rings, fanout */
/* A packet socket's memberships and filter: they may be longer than what a dump can hold. */
#define NEED_PACKET_LISTS (UINT64_C(1) << 29)
#define NEED_TIMER (UINT64_C(1) << 30)
#define NEED_NETNS_NAME (UINT64_C(1) << 31) /* a search for all namespaces */
#define NEED_OWNER_CGROUP (UINT64_C(1) << 34)
#define NEED_CONTAINER (UINT64_C(1) << 35)   /* what the runtimes' files say of it */
#define NEED_CGROUP_PATH (UINT64_C(1) << 36) /* the socket's: found by its id */
#define NEED_PPID (UINT64_C(1) << 37)
#define NEED_START_TIME (UINT64_C(1) << 38) /* as a time of day, and how long ago */
/* Joins over the rows of a protocol, and of those that the query does not list too. */
#define NEED_DIRECTION (UINT64_C(1) << 40)
#define NEED_PEER_SOCKET (UINT64_C(1) << 41)
#define NEED_LISTENER (UINT64_C(1) << 42)
#define NEED_ENDS (NEED_DIRECTION | NEED_PEER_SOCKET | NEED_LISTENER)
/* Of flows: what is made of them only where it is asked for. */
#define NEED_FLOW_STATUS (UINT64_C(1) << 45) /* its words */
#define NEED_FLOW_TEXTS (UINT64_C(1) << 46)  /* labels, helper, security context */
#define NEED_FLOW_TIMES (UINT64_C(1) << 47)
#define NEED_FLOW_COUNTERS (UINT64_C(1) << 48)
/* Of sockets: a join with the connection table. */
#define NEED_NAT (UINT64_C(1) << 49)
/* Of flows: which sockets of this host have their tuples; and by which devices they come and go. */
#define NEED_FLOW_SOCKET (UINT64_C(1) << 58)
#define NEED_FLOW_DEVICES (UINT64_C(1) << 59)
/* Of joins: whose an address is, in every namespace that is read. */
#define NEED_ADDRESSES (UINT64_C(1) << 57)
#define NEED_FLOW_EVENT_TIME (UINT64_C(1) << 50)
#define NEED_CONGESTION_INFO (UINT64_C(1) << 51) /* what BBR and DCTCP know */
#define NEED_REFERENCES (UINT64_C(1) << 53)
#define NEED_PGID (UINT64_C(1) << 54)
#define NEED_KERNEL_ADDRESS (UINT64_C(1) << 55)
#define NEED_PACKET_CODE (UINT64_C(1) << 52) /* the filter itself, not its length alone */

/* Of owners, and of ends: what is asked of a flow's socket rather than of the flow. 40 to 44 and 60 to 63 are theirs. */
#define NEEDS_OF_SOCKETS                                                                        \
	(NEED_OWNERS | NEED_COMM | NEED_CMDLINE | NEED_EXE | NEED_OWNER_UID | NEED_OWNER_USER | \
	 NEED_START_TICKS | NEED_CONTEXT | NEED_OWNER_CGROUP | NEED_CONTAINER | NEED_PPID |     \
	 NEED_START_TIME | NEED_PGID | UINT64_C(0x1f) << 40 | UINT64_C(0xf) << 60)

enum {
	PLAN_SORT_MAX = 4,
	PLAN_PROTOS = ROW_KINDS, /* of sockets, and other kinds of rows */
	PLAN_FIELDS_MAX = 1024,
	PLAN_ASKED_MAX = 768,
	PLAN_GROUPS_MAX = 40,
};

struct field;
struct estab_filter;

struct plan_sort {
	enum estab_field field;
	bool descending;
};

/* A field's key in JSON: its name behind the last dot; and the object that it is in. */
struct plan_key {
	uint8_t at;
	uint8_t length;
	uint16_t object; /* which of those that are asked for; 0: none but the row's */
};

/* What is the same for all rows. */
struct plan_group {
	const struct field *group;
	const struct field *end; /* field_group_end() */
};

struct plan {
	const struct row_subject *subject;
	uint64_t protos;
	uint32_t families;
	uint32_t types[PLAN_PROTOS];
	uint32_t states[PLAN_PROTOS];
	/* What is read: more than the above where a join needs rows that are not wanted. */
	uint32_t read_families;
	uint32_t read_states[PLAN_PROTOS];
	uint64_t needs;
	uint64_t socket_needs; /* of flows: the same of the sockets that they are of */
	bool joins; /* a row may need all others: they are kept before any is handed out */
	bool keep;  /* the same, or for owners: those that can have but one may go at once */
	const char *source; /* static text: "diag", "procfs", or NULL: whichever serves */
	bool only_bpf;      /* fail where BPF can't be used */
	bool all_netns;     /* one namespace after another */
	bool consistent;    /* read again what may have been missed */
	uint32_t deadline_ms;
	uint64_t fields[PLAN_FIELDS_MAX / 64]; /* asked for, for JSON: a bit an id */
	size_t n_asked;
	size_t n_groups;
	size_t n_sort;
	struct plan_sort sort[PLAN_SORT_MAX];
	struct estab_filter *filter; /* owned reference; NULL: everything */
	bool pushdown;               /* the kernel is told of the filter */
	bool owners_only_decide;     /* nobody but the filter asks for them */
	/* The last, and not cleared: there are as many as are counted above. */
	const struct field *asked[PLAN_ASKED_MAX]; /* those fields, in the table's order */
	struct plan_key keys[PLAN_ASKED_MAX];      /* theirs */
	struct plan_group groups[PLAN_GROUPS_MAX]; /* those among them */
};

struct estab_query;

/* The plan holds a reference to the query's filter: plan_free(). */
void plan_make(const struct estab_query *query, struct plan *plan);
void plan_free(struct plan *plan);

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
