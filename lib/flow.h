/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * One entry of the kernel's connection table. Its row has the addresses and ports of the original
 * direction where a socket has its ends (inet.local is the source), and the rest in one extension entry.
 */
#ifndef ESTAB_FLOW_H
#define ESTAB_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "env.h"
#include "nl.h"
#include "parse.h"
#include "record.h"
#include "text.h"

enum flow_dir { FLOW_ORIG, FLOW_REPLY, FLOW_DIRS };

/* What is known of a flow: struct flow.has. */
enum {
	FLOW_HAS_TIMEOUT = 1 << 0, /* not of an offloaded one */
	FLOW_HAS_STATE = 1 << 1,
	FLOW_HAS_MARK = 1 << 2,
	FLOW_HAS_ID = 1 << 3,
	FLOW_HAS_USE = 1 << 4,
	FLOW_HAS_ZONE = 1 << 5,
	FLOW_HAS_START = 1 << 6,
	FLOW_HAS_STOP = 1 << 7,
	FLOW_HAS_DURATION = 1 << 8,
	FLOW_HAS_SECCTX = 1 << 9,
	FLOW_FROM_TEXT = 1 << 10, /* which tells of some status bits only */
	/* Of an event, which of them it is. */
	FLOW_EVENT_NEW = 1 << 11,
	FLOW_EVENT_UPDATE = 1 << 12,
	FLOW_EVENT_DESTROY = 1 << 13,
};

/* enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h), and one of our own. */
enum {
	FLOW_SEEN_REPLY = 1 << 1,
	FLOW_ASSURED = 1 << 2,
	FLOW_CONFIRMED = 1 << 3,
	FLOW_SRC_NAT = 1 << 4,
	FLOW_DST_NAT = 1 << 5,
	FLOW_SRC_NAT_DONE = 1 << 7,
	FLOW_DST_NAT_DONE = 1 << 8,
	FLOW_OFFLOAD = 1 << 14,
	FLOW_HW_OFFLOAD = 1 << 15,
	FLOW_UNREPLIED = 1 << 30, /* not FLOW_SEEN_REPLY: what people ask for */
};

/* What /proc/net/nf_conntrack tells of them. */
#define FLOW_TEXT_STATUS \
	(FLOW_SEEN_REPLY | FLOW_UNREPLIED | FLOW_ASSURED | FLOW_OFFLOAD | FLOW_HW_OFFLOAD)

enum { TUPLE_HAS_PORTS = 1 << 0, TUPLE_HAS_ICMP = 1 << 1, TUPLE_HAS_ZONE = 1 << 2 };

/* Extension entries stand at multiples of four, and are read in place. */
#define FLOW_PACKED __attribute__((packed, aligned(4)))

struct flow_tuple {
	uint8_t src[16]; /* network order; IPv4 uses the first four */
	uint8_t dst[16];
	uint16_t src_port; /* host order; of GRE, a key */
	uint16_t dst_port;
	uint16_t icmp_id;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint16_t zone;
	uint8_t has; /* TUPLE_HAS_… */
	uint8_t reserved;
} FLOW_PACKED;

struct flow_counts {
	bool known;
	uint64_t packets;
	uint64_t bytes;
} FLOW_PACKED;

struct flow {
	uint32_t has;
	uint32_t status;
	uint32_t status_known; /* which bits of it are */
	uint32_t timeout_s;
	uint32_t mark;
	uint32_t id;
	uint32_t use;
	uint32_t duration_s;
	uint64_t start_ns; /* CLOCK_REALTIME */
	uint64_t stop_ns;
	struct flow_counts counts[FLOW_DIRS];
	struct flow_tuple tuples[FLOW_DIRS];
	uint16_t zone;
	uint8_t l4proto; /* IPPROTO_… */
	uint8_t state;   /* of its protocol: flow_state_word() */
} FLOW_PACKED;

/* NULL: the row is no flow. */
const struct flow *flow_of(const struct estab_socket *sock);

/* Of a tuple's addresses and ports. */
uint64_t flow_tuple_hash(const struct flow_tuple *tuple, uint8_t l4proto);
bool flow_tuple_same(const struct flow_tuple *a, const struct flow_tuple *b);

/*
 * Whether a flow in that state (FLOW_ANY_STATE: unknown) may be of a TCP socket in that one (0: unknown). An
 * entry outlives its connection, and the tuple may be used again: a socket that has a connection, and a flow
 * that has none yet or any more, are not of one.
 */
bool flow_fits_state(uint8_t l4proto, unsigned int state, uint8_t tcp_state);
enum { FLOW_ANY_STATE = UINT8_MAX + 1 };

/* ---- flow-word.c ---- */

/* "tcp", "icmpv6", as the kernel calls it; NULL: it has no name for it. */
const char *flow_proto_word(unsigned int l4proto);
/* NULL: the protocol has no such state, or none at all. */
const char *flow_state_word(unsigned int l4proto, unsigned int state);
/* The number of a state as the kernel writes it; false: the protocol has none such. */
bool flow_state_find(unsigned int l4proto, const char *word, size_t length, uint8_t *ret_state);
/* "new", "update", "destroy"; NULL: it is no event. */
const char *flow_event_word(const struct flow *flow);
/* The word for a bit of the status, by number; NULL: there is none. */
const char *flow_status_word(unsigned int bit);
/* What the address translation did: NULL: nothing. */
const char *flow_nat_word(const struct flow *flow);
/* Words of these bits of its status, with commas between. */
void flow_put_status(const struct flow *flow, uint32_t bits, struct text *text);

/* ---- ct-netlink.c, ct-text.c ---- */

/* What is the same for all rows of a table. */
struct flow_reading {
	uint64_t needs;
	uint32_t netns; /* 0: unknown */
	uint32_t families;
	uint64_t now_ns;
	bool events; /* messages are events, not a table's entries */
};

/* Makes the row of what was decoded: the entry in its extension, and what a table tells apart by. */
int flow_fill(const struct flow_reading *reading, enum estab_family family, const struct flow *flow,
	      struct row *row);
/* Adds a time as RFC 3339 has it. */
int flow_put_time(struct row *row, enum ext_kind kind, uint64_t ns);

enum { FLOW_ROW = 0, FLOW_SKIP = 1 };

/* Fills the row from a message that stands complete in memory: FLOW_ROW, or FLOW_SKIP (a message of
 * another kind, or a family that isn't wanted); -EBADMSG; -ENOMEM. */
int ct_netlink_decode(const struct flow_reading *reading, const struct nlmsghdr *message,
		      struct row *row);
/* Reads a nested tuple; what it has not is left alone. */
void ct_netlink_tuple(const struct nl_attr *outer, bool v6, struct flow_tuple *tuple,
		      uint8_t *l4proto);
/* The same from a line of /proc/net/nf_conntrack, or of the older ip_conntrack. */
int ct_text_line(const struct flow_reading *reading, struct cursor text, struct row *row);

/* ---- flow-delete.c ---- */

/* Completes a request, made by nl_dump_request() with room for 256 bytes and the body of nfnetlink, that
 * deletes this flow and no other: 0; -EPROTONOSUPPORT: it is no flow; -ENODATA: its id is not known. */
int flow_delete_request(const struct estab_socket *sock, struct nlmsghdr *request);

#endif
