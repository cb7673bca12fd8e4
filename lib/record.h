/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * One socket. The record is multiplied by a million, so it holds what nearly every row has, and
 * everything else stands in an extension chunk made of small tagged entries. Presence bits tell a
 * zero from an unknown.
 */
#ifndef ESTAB_RECORD_H
#define ESTAB_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estab.h"
#include "subject.h"

struct env;
struct owner_list;

enum {
	HAS_COOKIE = 1 << 0,
	HAS_INODE = 1 << 1, /* zero means: none */
	HAS_UID = 1 << 2,
	HAS_QUEUES = 1 << 3,
	HAS_BACKLOG_LIMIT = 1 << 4, /* a listener's send_q is its backlog limit */
	HAS_TIMER = 1 << 5,
	HAS_SHUTDOWN = 1 << 6,
	SHUT_RECEIVE = 1 << 7,
	SHUT_SEND = 1 << 8,
	HAS_PEER_INODE = 1 << 9, /* unix; zero means: none */
	HAS_NETNS = 1 << 10,
	IS_MINISOCK = 1 << 11,       /* a time-wait or request socket: has no file, no tcp_info */
	OWNERS_LOOKED = 1 << 12,     /* owners were looked for */
	OWNERS_INCOMPLETE = 1 << 13, /* others may exist */
	SEEN_AS_ADMIN = 1 << 14, /* the kernel told what needs CAP_NET_ADMIN, if there was any */
};

enum timer_kind {
	TIMER_OFF,
	TIMER_RETRANSMIT,
	TIMER_KEEPALIVE,
	TIMER_TIME_WAIT,
	TIMER_PROBE,
	TIMER_DELACK,
	TIMER_KINDS,
};

/* Why a socket has no owner: DESIGN's no_owner. */
enum no_owner {
	NO_OWNER_NONE, /* it has one, or nobody looked, or undecided */
	NO_OWNER_TIME_WAIT,
	NO_OWNER_SYN_RECV,
	NO_OWNER_PENDING_ACCEPT,
	NO_OWNER_ORPHAN,
	NO_OWNER_KERNEL,
	NO_OWNER_IN_FLIGHT,
	NO_OWNER_PERMISSION,
	NO_OWNER_NOT_VISIBLE,
	NO_OWNER_REASONS,
};

/* Who began it: the field direction. */
enum direction {
	DIRECTION_UNDECIDED,
	DIRECTION_IN,
	DIRECTION_OUT,
	DIRECTION_LOCAL,
	DIRECTION_LISTEN,
	DIRECTION_FORWARD, /* of a flow: neither end is on this host */
	DIRECTIONS,
};

/* What an extension chunk may hold, one entry of a kind at most. */
enum ext_kind {
	EXT_TCP_INFO,      /* struct tcp_info, as long as the kernel made it */
	EXT_MEM,           /* SKMEMINFO: up to nine u32 */
	EXT_CONGESTION,    /* name */
	EXT_TOS,           /* u8 */
	EXT_TCLASS,        /* u8 */
	EXT_CLASS_ID,      /* u32 */
	EXT_MARK,          /* u32 */
	EXT_CGROUP_ID,     /* u64 */
	EXT_IFINDEX,       /* u32: the bound device, never 0 */
	EXT_IFNAME,        /* name */
	EXT_SOCKOPT,       /* up to two bytes: struct inet_diag_sockopt */
	EXT_PROTOCOL,      /* u8: a raw socket's IP protocol */
	EXT_V6ONLY,        /* u8 */
	EXT_DROPS,         /* u32, where there is no EXT_MEM */
	EXT_PATH,          /* unix: name without a leading or trailing NUL; may be empty */
	EXT_ABSTRACT,      /* unix, no data: the name is abstract */
	EXT_PEER_PATH,     /* unix */
	EXT_PEER_ABSTRACT, /* unix, no data */
	EXT_LOCAL_NAME,    /* ax25, ipx: an address as the kernel writes it */
	EXT_PEER_NAME,
	EXT_ULP,            /* name of the protocol above TCP */
	EXT_SUBFLOW,        /* struct subflow, its first member alone, or all before the map */
	EXT_MPTCP_INFO,     /* struct mptcp_info, as long as the kernel made it */
	EXT_NETLINK_GROUPS, /* text: "1,5,33"; empty: in none */
	EXT_NETLINK_FLAGS,  /* u32: NDIAG_FLAG_… */
	EXT_PACKET_INFO,    /* struct packet_diag_info */
	EXT_PACKET_RX_RING, /* struct packet_diag_ring */
	EXT_PACKET_TX_RING, /* the same */
	EXT_PACKET_FANOUT,  /* u32: id | type << 16; ~0: in none */
	EXT_PACKET_MEMBERS, /* u32: how many memberships */
	EXT_PACKET_FILTER,  /* u32: how many instructions, 0: no filter */
	EXT_FLOW,           /* struct flow */
	EXT_FLOW_STATUS,    /* text: words with commas between */
	EXT_FLOW_LABELS,    /* text: numbers with commas between */
	EXT_FLOW_HELPER,    /* name */
	EXT_FLOW_SECCTX,    /* name */
	EXT_FLOW_START,     /* text: a time */
	EXT_FLOW_STOP,
	EXT_NAT,             /* struct nat */
	EXT_PEER_SOCKET,     /* struct other_end */
	EXT_LISTENER,        /* the same */
	EXT_BBR,             /* struct tcp_bbr_info */
	EXT_DCTCP,           /* struct tcp_dctcp_info */
	EXT_REFERENCES,      /* u32: unix, from text only */
	EXT_KERNEL_ADDRESS,  /* u64: the same */
	EXT_PACKET_CODE,     /* a packet socket's filter: struct sock_filter each */
	EXT_NUMBERS,         /* of rows that are no sockets: rows.h */
	EXT_FLAGS,           /* text */
	EXT_GATEWAY,         /* u8 family, and an address of a family that is not the row's */
	EXT_SOURCE,          /* an address */
	EXT_FROM,            /* the same */
	EXT_HWADDR,          /* text */
	EXT_ADDRESSES,       /* text: with their prefixes, commas between */
	EXT_QDISC,           /* name */
	EXT_SECTION,         /* name */
	EXT_NAME,            /* name */
	EXT_FLOW_TIME,       /* text: a time */
	EXT_ADDRESS_DETAILS, /* text: the same in words */
	EXT_FLOW_SOCKET,     /* struct flow_socket */
	EXT_IN_DEVICE,       /* name; empty: unknown */
	EXT_OUT_DEVICE,      /* the same */
	EXT_FLOW_STATS,      /* struct flow_stats */
	EXT_TLS,             /* struct tls_state */
	EXT_EXPECT,          /* struct expect */
	EXT_KINDS,
};

/* Which subflow of an MPTCP connection a TCP socket is. */
struct subflow {
	uint32_t token; /* of the connection, at this end */
	uint32_t remote_token;
	uint32_t flags;
	uint8_t local_id;
	uint8_t remote_id;
	/* What follows is there only for who has CAP_NET_ADMIN. */
	uint16_t map_length;
	uint32_t map_subflow_seq;
	uint32_t ssn_offset;
	uint64_t map_seq;
};

/* What the kernel's TLS is doing, by its numbers; 0: not set up. */
struct tls_state {
	uint16_t version;
	uint16_t cipher;
	uint16_t tx; /* TLS_CONF_… */
	uint16_t rx;
	uint8_t zc_ro_tx;
	uint8_t no_pad_rx;
};

/* What a row has of another one, which may not be among those that are handed out. */
struct other_end {
	const struct owner_list *owners; /* NULL: none known */
	uint64_t cookie;
	uint64_t inode;
	uint32_t netns;
	uint32_t has; /* HAS_COOKIE, HAS_INODE, HAS_NETNS */
};

/* Its members, as the field table names them. */
enum { OTHER_END_INODE, OTHER_END_COOKIE, OTHER_END_NETNS };

/* Entries are { u16 kind, u16 length, data, one to four NULs up to a multiple of 4 }, and are read
 * with memcpy. */
struct ext {
	struct env *env; /* of the result it belongs to; lends names */
	uint64_t kinds;  /* a bit for each entry */
	uint32_t size;   /* bytes of data */
	uint32_t reserved;
	uint8_t data[];
};

struct estab_socket {
	const struct ext *ext;           /* never NULL */
	const struct owner_list *owners; /* NULL: none known */
	uint64_t cookie;                 /* of a flow: what tells it from others */
	uint64_t inode;
	union {
		struct {
			uint8_t local[16]; /* network order; IPv4 uses the first four */
			uint8_t peer[16];
		} inet;
		struct {
			uint64_t peer_inode;
			uint32_t vfs_inode; /* the low 32 bits */
			uint32_t vfs_dev;   /* the kernel's own: major << 20 | minor; 0: unknown */
			uint64_t serial;    /* tells apart where the inode is 0 or doubtful */
		} local;                    /* a unix socket */
		struct {
			uint64_t serial; /* as above; only where there is no inode */
			uint32_t portid;
			uint32_t dst_portid;
			uint32_t dst_group;
			uint32_t groups; /* the first 32, as bits */
			uint8_t protocol;
			bool from_text; /* which has neither state nor type */
			bool in_groups; /* in any */
		} netlink;
		struct {
			uint64_t serial;
			uint16_t protocol; /* ethertype, host order */
			bool from_text;    /* which has no send queue */
			bool running_known;
			bool running;
		} packet;
		struct {
			uint64_t serial;
		} other; /* ax25, ipx */
	};
	uint32_t netns; /* inode; without HAS_NETNS its place in env->namespaces, counted from 1 */
	uint32_t uid;
	uint32_t recv_q; /* a listener's backlog */
	uint32_t send_q; /* a listener's backlog limit, with HAS_BACKLOG_LIMIT */
	uint32_t timer_ms;
	uint16_t local_port; /* host order */
	uint16_t peer_port;
	uint8_t proto;      /* enum estab_proto, or enum row_kind */
	uint8_t family : 4; /* enum estab_family */
	uint8_t type : 4;   /* enum estab_type */
	uint8_t state;      /* enum estab_state */
	uint8_t direction;  /* enum direction */
	uint8_t timer_kind : 4;
	uint8_t no_owner : 4;
	uint8_t timer_retransmits;
	uint16_t has;
};

_Static_assert(sizeof(struct estab_socket) <= 96, "the record is multiplied by a million");

static inline bool record_is_inet(const struct estab_socket *sock)
{
	return sock->family <= ESTAB_FAMILY_INET6 && sock->proto < ROW_SOCKETS;
}

static inline bool record_has_send_q(const struct estab_socket *sock)
{
	return sock->has & HAS_QUEUES &&
	       !(sock->family == ESTAB_FAMILY_PACKET && sock->packet.from_text);
}

static inline bool record_is_listener(const struct estab_socket *sock)
{
	return sock->state == ESTAB_STATE_LISTEN;
}

/*
 * What a socket can be told apart by within one reading: its cookie, else its inode, else its
 * namespace and tuple (a time-wait or request socket read from text has nothing else). The subflows of an MPTCP
 * connection share its inode, so that TCP takes both. Never 0.
 */
uint64_t record_identity(const struct estab_socket *sock);

/* An extension chunk that grows: one is kept for a scan, and overwritten by every row. */
struct ext_builder {
	struct ext *ext;
	uint32_t room; /* bytes of data that fit */
};

int ext_builder_init(struct ext_builder *builder, struct env *env);
void ext_builder_free(struct ext_builder *builder);
void ext_clear(struct ext_builder *builder);
static inline bool ext_has(const struct ext *ext, enum ext_kind kind)
{
	return ext->kinds & (UINT64_C(1) << kind);
}

/* Returns the entry's data and its length, NULL when there is none of that kind. */
const void *ext_get(const struct ext *ext, enum ext_kind kind, size_t *ret_length);
/* Copies min(size, length) bytes to value, which must be cleared before; false when absent. */
bool ext_read(const struct ext *ext, enum ext_kind kind, void *value, size_t size);

/* The row that a source fills and a scan hands out. */
struct row {
	struct estab_socket sock;
	struct ext_builder ext;
};

/* Makes the row an empty one of that protocol and family, with no presence bit set. */
void row_reset(struct row *row, unsigned int proto, enum estab_family family);
/* Takes over the entries of a chunk; the row must have none. -ENOMEM. */
int row_adopt(struct row *row, const struct ext *ext);
/* Adds an extension entry; a second one of the same kind is ignored. -ENOMEM, -E2BIG (64 KiB). */
int row_put(struct row *row, enum ext_kind kind, const void *data, size_t length);

#endif
