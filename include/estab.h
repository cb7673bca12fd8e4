/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * libestab: what is connected to what on this host, in which state, and on whose behalf.
 *
 * Conventions, unless a comment says otherwise:
 *  - functions return 0 or a negative errno; ret_ outputs are untouched on failure;
 *  - _unref() and _close() accept NULL and return NULL;
 *  - what a socket lends (strings, owners, bytes) lives until the scan's next step, or as long as
 *    the snapshot it belongs to; estab_socket_copy() outlives both;
 *  - a context and all that was made from it belong to one thread at a time.
 */
#ifndef ESTAB_H
#define ESTAB_H

#include <stddef.h>
#include <stdint.h>

#include "estab-fields.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ESTAB_PUBLIC __attribute__((visibility("default")))

/* The version of the library this header came with; estab_version() tells the one in use. */
#define ESTAB_VERSION "0.1.0"

/* The number of the JSON schema that this library writes: estab-json(5). Since 0.1. */
#define ESTAB_SCHEMA 1

struct estab_ctx;
struct estab_destroyer;
struct estab_filter;
struct estab_query;
struct estab_scan;
struct estab_snapshot;
struct estab_socket;
struct estab_owner;
struct estab_result;
struct estab_lineage;
struct estab_waiter;

/* Returns the version of the library in use, as "0.1.0". Since 0.1. */
ESTAB_PUBLIC const char *estab_version(void);

/*
 * Protocols, as bits for estab_query_set_protos() (1 << ESTAB_PROTO_TCP). The numbers are the
 * library's own. Since 0.1.
 */
enum estab_proto {
	ESTAB_PROTO_TCP = 0,
	ESTAB_PROTO_UDP = 1,
	ESTAB_PROTO_UDPLITE = 2,
	ESTAB_PROTO_RAW = 3,
	ESTAB_PROTO_ICMP = 4,
	ESTAB_PROTO_MPTCP = 5,
	ESTAB_PROTO_UNIX = 6,
	ESTAB_PROTO_NETLINK = 7,
	ESTAB_PROTO_PACKET = 8,
	ESTAB_PROTO_AX25 = 9,
	ESTAB_PROTO_IPX = 10,
	ESTAB_PROTO_FORCE_WIDTH = 0x7fffffff,
};

/* Address families, as bits for estab_query_set_families(). Since 0.1. */
enum estab_family {
	ESTAB_FAMILY_INET = 0,
	ESTAB_FAMILY_INET6 = 1,
	ESTAB_FAMILY_UNIX = 2,
	ESTAB_FAMILY_NETLINK = 3,
	ESTAB_FAMILY_PACKET = 4,
	ESTAB_FAMILY_AX25 = 5,
	ESTAB_FAMILY_IPX = 6,
	ESTAB_FAMILY_FORCE_WIDTH = 0x7fffffff,
};

/* Socket types, as bits for estab_query_set_types(). Since 0.1. */
enum estab_type {
	ESTAB_TYPE_STREAM = 0,
	ESTAB_TYPE_DGRAM = 1,
	ESTAB_TYPE_SEQPACKET = 2,
	ESTAB_TYPE_RAW = 3,
	ESTAB_TYPE_FORCE_WIDTH = 0x7fffffff,
};

/*
 * Socket states, as bits for estab_query_set_states(). The numbers are the kernel's
 * (include/net/tcp_states.h), which it uses for every family. UNCONNECTED is the kernel's
 * TCP_CLOSE: a UDP, raw or unix socket without a peer. BOUND is a TCP socket that is bound but
 * neither listening nor connected (sock_diag shows those since Linux 6.8). Since 0.1.
 */
enum estab_state {
	ESTAB_STATE_ESTABLISHED = 1,
	ESTAB_STATE_SYN_SENT = 2,
	ESTAB_STATE_SYN_RECV = 3,
	ESTAB_STATE_FIN_WAIT_1 = 4,
	ESTAB_STATE_FIN_WAIT_2 = 5,
	ESTAB_STATE_TIME_WAIT = 6,
	ESTAB_STATE_UNCONNECTED = 7,
	ESTAB_STATE_CLOSE_WAIT = 8,
	ESTAB_STATE_LAST_ACK = 9,
	ESTAB_STATE_LISTEN = 10,
	ESTAB_STATE_CLOSING = 11,
	ESTAB_STATE_BOUND = 13,
	ESTAB_STATE_FORCE_WIDTH = 0x7fffffff,
};

/* Every state at once, for estab_query_set_states(). Since 0.1. */
#define ESTAB_STATES_ALL UINT32_C(0x2ffe)

/*
 * What a query is about. Rows of every subject are handed out as the same handle, struct estab_socket,
 * and have the fields of their subject. Since 0.1.
 */
enum estab_subject {
	ESTAB_SUBJECT_SOCKETS = 0,
	ESTAB_SUBJECT_FLOWS = 1,
	ESTAB_SUBJECT_ROUTES = 2,
	ESTAB_SUBJECT_INTERFACES = 3,
	ESTAB_SUBJECT_MEMBERSHIPS = 4,
	ESTAB_SUBJECT_STATS = 5,
	ESTAB_SUBJECT_FLOW_STATS = 6,   /* what connection tracking counts of itself */
	ESTAB_SUBJECT_EXPECTATIONS = 7, /* flows that its helpers wait for */
	ESTAB_SUBJECT_FORCE_WIDTH = 0x7fffffff,
};

/* The subject's name, "sockets", which is that of the array in JSON too; NULL: this library has no
 * such subject. Since 0.1. */
ESTAB_PUBLIC const char *estab_subject_name(enum estab_subject subject);
/* What one row of it is called in JSON Lines, "socket"; NULL as above. Since 0.1. */
ESTAB_PUBLIC const char *estab_subject_record(enum estab_subject subject);

/* What a field's value is. Since 0.1. */
enum estab_kind {
	ESTAB_KIND_U64 = 1,   /* estab_socket_get_u64() */
	ESTAB_KIND_I64 = 2,   /* estab_socket_get_i64() */
	ESTAB_KIND_BOOL = 3,  /* estab_socket_get_u64(): 0 or 1 */
	ESTAB_KIND_F64 = 4,   /* estab_socket_get_f64() */
	ESTAB_KIND_STR = 5,   /* estab_socket_get_str(): a word of a fixed set, or a name */
	ESTAB_KIND_BYTES = 6, /* estab_socket_get_bytes(): may hold anything, NUL too */
	ESTAB_KIND_ADDR = 7,  /* estab_socket_get_addr() */
	ESTAB_KIND_GROUP = 8, /* no value of its own: the fields below its name; see format */
	ESTAB_KIND_FORCE_WIDTH = 0x7fffffff,
};

/* estab_field_info.flags. Since 0.1. */
#define ESTAB_FIELD_OWNER (1u << 0)  /* belongs to an owner: ask estab_owner_get_…() */
#define ESTAB_FIELD_STRING (1u << 1) /* a number that JSON writes as a decimal string */
/* Read and written where no field of sockets was asked for. */
#define ESTAB_FIELD_DEFAULT (1u << 2)

/* The size is set by the caller, and tells which members it knows. */
struct estab_field_info {
	size_t size;
	enum estab_field id;
	enum estab_kind kind;
	uint32_t flags;
	const char *name;  /* "local.port" */
	const char *title; /* a table's heading, in capitals */
	const char *unit;  /* "us", "ms", "bytes", …; NULL where there is none */
	const char *help;  /* one line */
	uint32_t subjects; /* bits 1 << ESTAB_SUBJECT_…: whose rows have it */
	uint32_t defaults; /* of those, where it is read and written when no field was asked for */
	/* Of an owner's field, whose: ESTAB_F_OWNERS, ESTAB_F_PEER_OWNERS, …; else ESTAB_F_NONE. */
	enum estab_field group;
};

/* Returns the id of the field of that name, or of its short form ("pid", "process"); ESTAB_F_NONE
 * when there is none. Since 0.1. */
ESTAB_PUBLIC enum estab_field estab_field_from_name(const char *name);
/* Returns the field's name, or NULL for an unknown id. Since 0.1. */
ESTAB_PUBLIC const char *estab_field_name(enum estab_field field);
/* Fills *ret_info (whose size is set). -ENOENT: no such field. Since 0.1. */
ESTAB_PUBLIC int estab_field_get_info(enum estab_field field, struct estab_field_info *ret_info);
/* Returns the id after the given one in the table's order, the first after ESTAB_F_NONE, and
 * ESTAB_F_NONE after the last. Since 0.1. */
ESTAB_PUBLIC enum estab_field estab_field_next(enum estab_field field);

/* Words of the enums above ("tcp", "inet6", "time-wait"); NULL for an unknown number. Since 0.1. */
ESTAB_PUBLIC const char *estab_proto_name(enum estab_proto proto);
ESTAB_PUBLIC const char *estab_family_name(enum estab_family family);
ESTAB_PUBLIC const char *estab_type_name(enum estab_type type);
ESTAB_PUBLIC const char *estab_state_name(enum estab_state state);
/* The mask of states that one of ss(8)'s words means: a state's name (also "fin-wait-1",
 * "syn-rcv", "closed"), or a group: all, connected, synchronized, bucket, big, listening.
 * -EINVAL: no such word. Since 0.1. */
ESTAB_PUBLIC int estab_states_from_name(const char *name, uint32_t *ret_states);

/* ---- context ---- */

/* estab_ctx_options.flags: what the library may do on the caller's behalf. Since 0.1. */

/* Use helper threads: while a call runs, and to read ahead for a scan until that ends or is closed. No
 * signal reaches them. */
#define ESTAB_CTX_THREADS (1u << 0)
/* Enter other network namespaces: in a helper thread, or in a child, that ends before the call does.
 * No thread of the caller's leaves its namespace. Without it, fields of nat, and a flow's of its socket, know of
 * those that the query reads only. */
#define ESTAB_CTX_ENTER_NETNS (1u << 1)
/* Load BPF programs, where that needs no more than the caller has: CAP_BPF and CAP_PERFMON, or
 * CAP_SYS_ADMIN. They are gone when the call that needs them returns. */
#define ESTAB_CTX_BPF (1u << 2)

/* estab_ctx_options.byte_order. Since 0.1. */
#define ESTAB_BYTE_ORDER_NATIVE 0
#define ESTAB_BYTE_ORDER_LITTLE 1
#define ESTAB_BYTE_ORDER_BIG 2

/* Zero is the default of every member; the size is set by the caller. Since 0.1. */
struct estab_ctx_options {
	size_t size;
	uint32_t flags;      /* ESTAB_CTX_… */
	uint32_t byte_order; /* of a capture: ESTAB_BYTE_ORDER_… */
	/* Read this directory instead of this host's /proc: another host's or container's procfs,
	 * or a saved copy. No netlink then, and no local user names. NULL: this host. */
	const char *proc_root;
	/* Under proc_root: the process whose network namespace is read. 0: as documented in
	 * estab(1). */
	uint32_t proc_pid;
	uint32_t reserved;
	/* A file in passwd(5)'s format to take user names from, instead of the host's. */
	const char *passwd_file;
};

/*
 * Makes a context. options may be NULL.
 * -EINVAL: an option of an unknown kind or value is set; -ENOENT, -ENOTDIR, -EACCES: proc_root or
 * passwd_file can't be opened; -ENOMEM. Since 0.1.
 */
ESTAB_PUBLIC int estab_ctx_new(const struct estab_ctx_options *options, struct estab_ctx **ret_ctx);
ESTAB_PUBLIC struct estab_ctx *estab_ctx_ref(struct estab_ctx *ctx);
ESTAB_PUBLIC struct estab_ctx *estab_ctx_unref(struct estab_ctx *ctx);

/* Levels are those of syslog(3): 3 error, 4 warning, 6 info, 7 debug. The text has no newline, is
 * for people, and lives during the call only. Since 0.1. */
typedef void estab_log_fn(void *arg, int level, const char *text);
/* Sets who is told what the library does and why something was not to be had; NULL: nobody. */
ESTAB_PUBLIC void estab_ctx_set_log(struct estab_ctx *ctx, estab_log_fn *fn, void *arg);

struct estab_addr;

/* estab_names.flags. Since 0.1. */
#define ESTAB_NAMES_ENDS (1u << 0) /* ESTAB_F_LOCAL and ESTAB_F_PEER are formatted with names */

/*
 * Who knows the names of hosts and services: ESTAB_F_LOCAL_HOST, ESTAB_F_LOCAL_SERVICE and their
 * siblings of the peer. The library never resolves a name itself. Both functions are called while a
 * socket's value is read, formatted, written, filtered or sorted, by the thread that does so, as
 * often as that happens: what takes long is theirs to remember. They return a name that is lent as
 * long as the context, or NULL where there is none or it is not known; either may be NULL itself.
 * The size is set by the caller. Since 0.1.
 */
struct estab_names {
	size_t size;
	uint32_t flags; /* ESTAB_NAMES_… */
	uint32_t reserved;
	void *arg;
	/* Never asked for the wildcard address. */
	const char *(*host)(void *arg, const struct estab_addr *addr);
	/* Never asked for port 0, nor for protocols without ports. */
	const char *(*service)(void *arg, enum estab_proto proto, uint16_t port);
};

/* Sets who is asked for names; NULL: nobody, as at first. The struct is copied. -EINVAL: a flag or a
 * member that this library does not know is set. Since 0.1. */
ESTAB_PUBLIC int estab_ctx_set_names(struct estab_ctx *ctx, const struct estab_names *names);

/* ---- filter: estab-filter(7) ---- */

/*
 * Reads an expression; what has nothing in it matches everything. On -EINVAL the text of the error is
 * at *ret_message (free() it; what it has of the expression is escaped, so that it can be shown) and
 * the byte it is about at *ret_position; either may be NULL. Names of hosts and users are not looked up; names of ports are, in /etc/services,
 * and cgroups, in the file system. -ENOMEM. Since 0.1.
 */
ESTAB_PUBLIC int estab_filter_parse(const char *expression, struct estab_filter **ret_filter,
				    size_t *ret_position, char **ret_message);
/* How estab_filter_parse_as() reads an expression. Since 0.1. */
#define ESTAB_FILTER_SS (1u << 0) /* as ss(8): "and" and "or" bind alike, from the left */
/* What stands behind "src" and "dst" without a family is of this one; of IP without any. */
#define ESTAB_FILTER_UNIX (1u << 1)
#define ESTAB_FILTER_NETLINK (1u << 2)
#define ESTAB_FILTER_PACKET (1u << 3)
/* As estab_filter_parse(), read in another way: ESTAB_FILTER_…. -EINVAL without a message: a flag that
 * this library does not know. Since 0.1. */
ESTAB_PUBLIC int estab_filter_parse_as(const char *expression, uint32_t flags,
				       struct estab_filter **ret_filter, size_t *ret_position,
				       char **ret_message);
/* A filter may be used by several threads at once. Since 0.1. */
ESTAB_PUBLIC struct estab_filter *estab_filter_ref(struct estab_filter *filter);
ESTAB_PUBLIC struct estab_filter *estab_filter_unref(struct estab_filter *filter);
/*
 * 1: the socket matches; 0: it does not. -ENODATA: that takes something that the socket's query did
 * not ask for: estab_query_add_field() asks for it. Since 0.1.
 */
ESTAB_PUBLIC int estab_filter_match(const struct estab_filter *filter,
				    const struct estab_socket *sock);

/* ---- query ---- */

/* Makes a query for tcp, udp, raw and unix, in all states, no owners; other protocols are asked for
 * with estab_query_set_protos(). Since 0.1. */
ESTAB_PUBLIC int estab_query_new(struct estab_ctx *ctx, struct estab_query **ret_query);
ESTAB_PUBLIC struct estab_query *estab_query_unref(struct estab_query *query);

/*
 * Makes the query one about another subject, with all of its rows and its usual fields: to be called
 * before anything else is asked of it. Protocols, types and states are of sockets only.
 * -EINVAL: this library has no such subject. Since 0.1.
 */
ESTAB_PUBLIC int estab_query_set_subject(struct estab_query *query, enum estab_subject subject);
/* Bits 1 << ESTAB_PROTO_…; -EINVAL: none, or an unknown one. */
ESTAB_PUBLIC int estab_query_set_protos(struct estab_query *query, uint64_t protos);
/* Bits 1 << ESTAB_FAMILY_…: narrows tcp, udp, raw, … to IPv4 or IPv6. v4-mapped sockets are
 * ESTAB_FAMILY_INET6. */
ESTAB_PUBLIC int estab_query_set_families(struct estab_query *query, uint32_t families);
/* Bits 1 << ESTAB_TYPE_…: narrows unix and packet sockets. */
ESTAB_PUBLIC int estab_query_set_types(struct estab_query *query, uint32_t types);
/* Bits 1 << ESTAB_TYPE_…, for one of the two; before or after estab_query_set_types(). */
ESTAB_PUBLIC int estab_query_set_proto_types(struct estab_query *query, enum estab_proto proto,
					     uint32_t types);
/* Bits 1 << ESTAB_STATE_…; applies to every protocol. */
ESTAB_PUBLIC int estab_query_set_states(struct estab_query *query, uint32_t states);
/* Bits 1 << ESTAB_STATE_…, for one protocol; before or after estab_query_set_states(). */
ESTAB_PUBLIC int estab_query_set_proto_states(struct estab_query *query, enum estab_proto proto,
					      uint32_t states);
/*
 * Asks for a field: only what was asked for is read, and written by estab_socket_write_json(). A
 * group asks for all below its name. Without any, the default fields are read (estab-json(5)).
 * -EINVAL: no such field of the query's subject; -E2BIG: too many.
 */
ESTAB_PUBLIC int estab_query_add_field(struct estab_query *query, enum estab_field field);
/* Sorts a snapshot by this field (of any owner: the first). Rows without a value come last. May be
 * called again for a second key. -EINVAL, -E2BIG (four keys). A scan doesn't sort. */
ESTAB_PUBLIC int estab_query_add_sort(struct estab_query *query, enum estab_field field,
				      int descending);
/*
 * Keeps only what the expression matches; NULL or "": everything. Errors as estab_filter_parse().
 * Where the query is for unix, netlink or packet sockets alone, "src" and "dst" without a family mean
 * that one: set protocols before.
 */
ESTAB_PUBLIC int estab_query_set_filter(struct estab_query *query, const char *expression,
					size_t *ret_position, char **ret_message);
/* The same with a filter that is there already, and is shared; NULL: everything. -EINVAL: it is about
 * another subject. Since 0.1. */
ESTAB_PUBLIC int estab_query_attach_filter(struct estab_query *query, struct estab_filter *filter);
/* The protocols, as bits 1 << ESTAB_PROTO_…, that a socket which the query's filter matches can be of;
 * all without a filter. Since 0.1. */
ESTAB_PUBLIC uint64_t estab_query_filter_protos(const struct estab_query *query);
/*
 * 1: the query's filter asks for sockets of that state by its name ("listening", "state listen",
 * "state = listen"), alone or among a few; 0: it does not, though it may match such. For who does more
 * to sockets than look, and would not take a listener for a connection. Since 0.1.
 */
ESTAB_PUBLIC int estab_query_filter_names_state(const struct estab_query *query,
						enum estab_state state);
/* 0: the kernel is not told what the filter is about, and gives all sockets of a table. What it lets
 * through is looked at again anyway. 1: it is told, as at first. Since 0.1. */
ESTAB_PUBLIC int estab_query_set_pushdown(struct estab_query *query, int on);
/* 1 when the fields, the sort keys or the filter need owners; else 0. Since 0.1. */
ESTAB_PUBLIC int estab_query_needs_owners(const struct estab_query *query);
/*
 * 1: a dump may miss a socket that lives through it when others come and go meanwhile. All is kept, read
 * again and united until a reading finds nothing that another had missed, eight times at most; where
 * BPF may be used, its rows are exact at once. 0: one reading, as at first. Since 0.1.
 */
ESTAB_PUBLIC int estab_query_set_consistent(struct estab_query *query, int on);
/* Gives up after so many milliseconds with what there is by then, which the result says. 0: never. */
ESTAB_PUBLIC int estab_query_set_deadline_ms(struct estab_query *query, uint32_t ms);
/*
 * Reads through one source only ("diag", "procfs"; of routes and interfaces "rtnetlink", "procfs"), or
 * picks ("auto"). "bpf" insists on BPF for what
 * it can do, which is owners, and rows of TCP, UDP and netlink without the fields that only sock_diag has; for
 * the rest it picks. When it can't be had, estab_scan_open() and estab_snapshot_take() return -EPERM
 * (privileges, or ESTAB_CTX_BPF, are missing), -EOPNOTSUPP (nothing of the query is for BPF, or this
 * kernel or library has none) or what the kernel said. -EINVAL: no such source.
 */
ESTAB_PUBLIC int estab_query_set_source(struct estab_query *query, const char *name);
/*
 * Reads this network namespace instead of the calling thread's: "NAME" is that of ip-netns(8), in
 * /run/netns; "pid:N" that of process N; and what has a slash is a path to one. NULL: the caller's
 * again. It is looked up here for the errors' sake, again when reading begins, and is held no longer
 * than that lasts.
 *
 * Entering one needs ESTAB_CTX_ENTER_NETNS and CAP_SYS_ADMIN over it, which users have over those
 * of their own user namespaces. Where that is refused, "pid:N" is still read from the text files in
 * /proc/N/net: the result's sources say so, and the inode of the namespace may be unknown. Under
 * proc_root there is "pid:N" only, which takes the place of proc_pid.
 *
 * -EINVAL: none of these forms, or no network namespace; -ENOENT, -ESRCH: no such file or process;
 * -EACCES, -EPERM: not allowed; -ENAMETOOLONG, -ENOMEM, -EMFILE; -EAGAIN, -ETIMEDOUT: no helper was
 * to be had. estab_scan_open() and estab_snapshot_take() may then return the same. Since 0.1.
 */
ESTAB_PUBLIC int estab_query_set_netns(struct estab_query *query, const char *name);
/*
 * 1: reads all network namespaces that can be found, one after another, the calling thread's first:
 * those of processes and threads, mounted ones, and those that only a descriptor or, with privileges, a
 * socket keeps. What estab_query_set_netns() says of entering holds for each; one that can't be entered
 * is read as text where a process of it is in sight, and else is a loss, with what there is of its
 * inode and name. ESTAB_F_NETNS and ESTAB_F_NETNS_NAME tell a socket's. 0: only the one that
 * estab_query_set_netns() names, which switches this off, as this forgets that one. Since 0.1.
 */
ESTAB_PUBLIC int estab_query_set_all_netns(struct estab_query *query, int on);

/* ---- scan: a cursor ---- */

/*
 * Begins to read. Rows come in the kernel's order, each once as far as a window can tell. Memory
 * does not grow with the number of sockets unless owners (or a field that joins rows) were asked
 * for. -EACCES, -EPERM, -ENOENT, -EOPNOTSUPP: nothing that was asked for could be read;
 * -ENOMEM, -EMFILE. Since 0.1.
 */
ESTAB_PUBLIC int estab_scan_open(struct estab_query *query, struct estab_scan **ret_scan);
/* 0: *ret_socket is the next one, lent until the next call; 1: the end; negative errno. Since 0.1. */
ESTAB_PUBLIC int estab_scan_next(struct estab_scan *scan, const struct estab_socket **ret_socket);
/* What was read and what was lost; complete after estab_scan_next() returned 1. Lent. Since 0.1. */
ESTAB_PUBLIC const struct estab_result *estab_scan_result(const struct estab_scan *scan);
/* Ends a scan from a signal handler or another thread: the next step returns -ECANCELED.
 * Async-signal-safe. Since 0.1. */
ESTAB_PUBLIC void estab_scan_cancel(struct estab_scan *scan);
ESTAB_PUBLIC struct estab_scan *estab_scan_close(struct estab_scan *scan);

/* ---- snapshot: a scan kept ---- */

/* Reads everything, folds duplicates, sorts. Errors as estab_scan_open(). Since 0.1. */
ESTAB_PUBLIC int estab_snapshot_take(struct estab_query *query,
				     struct estab_snapshot **ret_snapshot);
ESTAB_PUBLIC size_t estab_snapshot_count(const struct estab_snapshot *snapshot);
/* Returns the socket at an index below the count, lent as long as the snapshot; else NULL. */
ESTAB_PUBLIC const struct estab_socket *estab_snapshot_get(const struct estab_snapshot *snapshot,
							   size_t index);
ESTAB_PUBLIC const struct estab_result *
estab_snapshot_result(const struct estab_snapshot *snapshot);
ESTAB_PUBLIC struct estab_snapshot *estab_snapshot_unref(struct estab_snapshot *snapshot);

/* ---- a socket's fields ---- */

/* An IPv4 or IPv6 address. bytes are in network order; IPv4 uses the first four. Since 0.1. */
struct estab_addr {
	uint8_t family; /* ESTAB_FAMILY_INET or ESTAB_FAMILY_INET6 */
	uint8_t reserved[3];
	uint32_t scope; /* interface index of a link-local address, else 0 */
	uint8_t bytes[16];
};

/*
 * Every getter: -ENODATA when the socket has no such value, it is unknown, or it was not asked
 * for; -EINVAL when the field is of another kind, or no field. Since 0.1.
 */
ESTAB_PUBLIC int estab_socket_get_u64(const struct estab_socket *sock, enum estab_field field,
				      uint64_t *ret_value);
ESTAB_PUBLIC int estab_socket_get_i64(const struct estab_socket *sock, enum estab_field field,
				      int64_t *ret_value);
ESTAB_PUBLIC int estab_socket_get_f64(const struct estab_socket *sock, enum estab_field field,
				      double *ret_value);
/* *ret_text is NUL-terminated and lent. */
ESTAB_PUBLIC int estab_socket_get_str(const struct estab_socket *sock, enum estab_field field,
				      const char **ret_text);
/* *ret_bytes is lent and not terminated. Serves ESTAB_KIND_STR too. */
ESTAB_PUBLIC int estab_socket_get_bytes(const struct estab_socket *sock, enum estab_field field,
					const void **ret_bytes, size_t *ret_length);
ESTAB_PUBLIC int estab_socket_get_addr(const struct estab_socket *sock, enum estab_field field,
				       struct estab_addr *ret_addr);
/*
 * Writes the field's value as a table shows it into buffer, at most size bytes and not terminated;
 * what is not printable is escaped, so it is safe for a terminal. Returns the length of the whole
 * text, which was cut when it is above size; -ENODATA and -EINVAL as the getters. ESTAB_F_LOCAL and
 * ESTAB_F_PEER give an end as "address:port", a path, "#inode", "route:1234", "ip:eth0"; other groups
 * (ESTAB_F_TIMER, ESTAB_F_MEM, ESTAB_F_TCP, ESTAB_F_NETLINK, …) give "name:value" words, without what
 * is false, and of tcp_info and its like without what is 0. ESTAB_F_PROTO of a TCP socket that is
 * known to be a subflow of an MPTCP connection is "tcp/mptcp". Since 0.1.
 */
ESTAB_PUBLIC int estab_socket_format(const struct estab_socket *sock, enum estab_field field,
				     char *buffer, size_t size);

/* The few that everyone wants, in one call. The size is set by the caller. Since 0.1. */
struct estab_tuple {
	size_t size;
	enum estab_proto proto;
	enum estab_state state;
	struct estab_addr local;
	struct estab_addr peer;
	uint16_t local_port;
	uint16_t peer_port;
	uint32_t reserved;
};
/* -ENODATA: not an IP socket. */
ESTAB_PUBLIC int estab_socket_get_tuple(const struct estab_socket *sock,
					struct estab_tuple *ret_tuple);

/* How many owners are known; 0 also when owners were not asked for. Since 0.1. */
ESTAB_PUBLIC uint32_t estab_socket_owner_count(const struct estab_socket *sock);
/* NULL: no owner of that index. Lent as the socket is. Since 0.1. */
ESTAB_PUBLIC const struct estab_owner *estab_socket_owner(const struct estab_socket *sock,
							  uint32_t index);
/* The same for any list of owners: ESTAB_F_OWNERS, ESTAB_F_PEER_OWNERS (those of the other end, where
 * that is on this host), ESTAB_F_LISTENER_OWNERS. 0 and NULL for anything else. Since 0.1. */
ESTAB_PUBLIC uint32_t estab_socket_group_count(const struct estab_socket *sock,
					       enum estab_field group);
ESTAB_PUBLIC const struct estab_owner *
estab_socket_group_owner(const struct estab_socket *sock, enum estab_field group, uint32_t index);
/* As the getters of a socket, for ESTAB_F_OWNER_…; those of other lists serve as well. Since 0.1. */
ESTAB_PUBLIC int estab_owner_get_u64(const struct estab_owner *owner, enum estab_field field,
				     uint64_t *ret_value);
ESTAB_PUBLIC int estab_owner_get_str(const struct estab_owner *owner, enum estab_field field,
				     const char **ret_text);
ESTAB_PUBLIC int estab_owner_get_bytes(const struct estab_owner *owner, enum estab_field field,
				       const void **ret_bytes, size_t *ret_length);
ESTAB_PUBLIC int estab_owner_format(const struct estab_owner *owner, enum estab_field field,
				    char *buffer, size_t size);

/* A copy that outlives its scan or snapshot; _unref() it. Since 0.1. */
ESTAB_PUBLIC int estab_socket_copy(const struct estab_socket *sock, struct estab_socket **ret_copy);
ESTAB_PUBLIC struct estab_socket *estab_socket_unref(struct estab_socket *copy);

/* ---- closing sockets, deleting flows ---- */

/*
 * Prepares to close sockets in the query's network namespace, in which it then stays; of the query
 * nothing else counts, but that what is read by it afterwards can be closed: call this before the scan
 * or the snapshot. Of a query about flows it deletes those, each named by its tuple, zones and id.
 * -EOPNOTSUPP: the context reads a copy; -EPROTONOSUPPORT: the kernel has no sock_diag; -ENOENT: no
 * connection tracking; -ENOMEM, -EMFILE, and the errors of the namespace as estab_scan_open(). Since 0.1.
 */
ESTAB_PUBLIC int estab_destroyer_open(struct estab_query *query,
				      struct estab_destroyer **ret_destroyer);
/*
 * Whether there is a way to close this socket: 0; -EPROTONOSUPPORT: of such (all but TCP, UDP and
 * UDP-Lite, and TCP that is only bound) none can be closed, or not by its cookie; -ENODATA: its cookie
 * is not known, or the flow's id (it was read from text); -EXDEV: it is in another network namespace. NULL:
 * whether any could be, -EPERM where CAP_NET_ADMIN is missing. Since 0.1.
 */
ESTAB_PUBLIC int estab_destroyer_check(const struct estab_destroyer *destroyer,
				       const struct estab_socket *sock);
/*
 * Closes this socket and no other: it is named by its cookie, so that one which has the same ends by
 * now is left alone. Its owners keep their descriptors, and get ECONNABORTED from them. A listener's
 * connections that wait to be accepted end with it; a UDP socket loses its peer and keeps the port
 * that it was bound to. The other end of a connection gets a reset.
 *
 * -ENOENT: it is gone; -EPERM: CAP_NET_ADMIN over the namespace is missing; -EOPNOTSUPP: not by this
 * kernel (built without CONFIG_INET_DIAG_DESTROY, or one that closes no time-wait socket); errors of
 * estab_destroyer_check(); -ETIMEDOUT: no answer. Since 0.1.
 */
ESTAB_PUBLIC int estab_destroyer_destroy(struct estab_destroyer *destroyer,
					 const struct estab_socket *sock);
ESTAB_PUBLIC struct estab_destroyer *estab_destroyer_close(struct estab_destroyer *destroyer);

/* ---- waiting ---- */

/* For estab_waiter_new(): until no socket matches any more. Since 0.1. */
#define ESTAB_WAIT_GONE (1u << 0)

/*
 * Prepares to wait until a socket matches the query, which must live as long and not be changed. The
 * sockets are read by what it says: fields that are asked for cost time. -EINVAL: unknown flags;
 * -ENOMEM, -EMFILE. Since 0.1.
 */
ESTAB_PUBLIC int estab_waiter_new(struct estab_query *query, uint32_t flags,
				  struct estab_waiter **ret_waiter);
/* A descriptor to poll(2) for reading, at once readable; when it is, call estab_waiter_process(). It
 * belongs to the waiter. Since 0.1. */
ESTAB_PUBLIC int estab_waiter_fd(const struct estab_waiter *waiter);
/*
 * Looks, if it is time to: never blocks but for that. 1: it is so, and waiting is over; 0: not yet.
 * -ENODATA: with ESTAB_WAIT_GONE, none is seen any more, but time and again not everything could be
 * read; errors as estab_scan_open(). Since 0.1.
 */
ESTAB_PUBLIC int estab_waiter_process(struct estab_waiter *waiter);
ESTAB_PUBLIC struct estab_waiter *estab_waiter_unref(struct estab_waiter *waiter);

/* ---- JSON: estab-json(5) ---- */

/* Takes a piece of output; a negative return ends the writing and is handed on. Since 0.1. */
typedef int estab_write_fn(void *arg, const char *text, size_t length);
/* Writes the socket as one JSON object without a newline: the fields that were asked for. */
ESTAB_PUBLIC int estab_socket_write_json(const struct estab_socket *sock, estab_write_fn *fn,
					 void *arg);
/* Writes the members of the head object ("schema":1,"version":…), without braces. */
ESTAB_PUBLIC int estab_result_write_json_head(const struct estab_result *result, estab_write_fn *fn,
					      void *arg);
/* Writes the members of the end object ("count":…,"complete":…), without braces. */
ESTAB_PUBLIC int estab_result_write_json_end(const struct estab_result *result, estab_write_fn *fn,
					     void *arg);

/*
 * Writes, for people, how the query would be answered: what the kernel is asked, what is read, and at
 * which step the filter's conditions are decided. The text is escaped, and may change. No socket is
 * read. -ENOMEM; what fn returned; errors of the network namespace as estab_scan_open(). Since 0.1.
 */
ESTAB_PUBLIC int estab_query_explain(const struct estab_query *query, estab_write_fn *fn,
				     void *arg);

/* ---- a process and its parents ---- */

/*
 * Reads a process, its parent, the parent's parent and so on, up to the first process, or to one that can't
 * be seen: of each what the query's fields of owners name. Nothing else of the query counts but its deadline;
 * no socket is read. -ESRCH: there is no such process; -ENOMEM; what /proc said. Since 0.1.
 */
ESTAB_PUBLIC int estab_lineage_read(const struct estab_query *query, uint32_t pid,
				    struct estab_lineage **ret_lineage);
/* How many processes, 1 or more. Since 0.1. */
ESTAB_PUBLIC size_t estab_lineage_count(const struct estab_lineage *lineage);
/* 0: the process itself, 1: its parent, …; NULL behind the last. It owns no descriptor, and lives as long
 * as the lineage. Since 0.1. */
ESTAB_PUBLIC const struct estab_owner *estab_lineage_get(const struct estab_lineage *lineage,
							 size_t index);
/* Writes one of them as a JSON object, with the keys of an owner. -EINVAL: no such index. Since 0.1. */
ESTAB_PUBLIC int estab_lineage_write_json(const struct estab_lineage *lineage, size_t index,
					  estab_write_fn *fn, void *arg);
ESTAB_PUBLIC struct estab_lineage *estab_lineage_unref(struct estab_lineage *lineage);

/* ---- result: what was read, what was lost ---- */

/* How many sockets were given out so far. Since 0.1. */
ESTAB_PUBLIC uint64_t estab_result_count(const struct estab_result *result);
/* 1 when nothing is known to be lost, else 0. Since 0.1. */
ESTAB_PUBLIC int estab_result_is_complete(const struct estab_result *result);
/* 1: every socket that lived through the whole read is there exactly once; 0: the kernel's dump
 * may have lost or doubled some under churn. Since 0.1. */
ESTAB_PUBLIC int estab_result_is_exact(const struct estab_result *result);
/* How many readings were united: 1 without estab_query_set_consistent(). Since 0.1. */
ESTAB_PUBLIC unsigned int estab_result_pass_count(const struct estab_result *result);
/* 1: exact, or the last of several readings found nothing that another had missed. Since 0.1. */
ESTAB_PUBLIC int estab_result_is_stable(const struct estab_result *result);

/* A table that was to be read, and through what it was. Strings are lent. Since 0.1. */
struct estab_source_info {
	size_t size;
	const char *source; /* "diag", "procfs", "procfd", "bpf" */
	const char *table;  /* "tcp", "unix", "owners", … */
	const char *path;   /* the file that was read, NULL for netlink */
	int32_t error;      /* 0: served; negative errno: why it did not */
	/* In how many network namespaces, where all are read: rows are of all these, and there is a path
	 * only where it is the same in all. Else 0. */
	uint32_t namespaces;
	uint64_t rows;
};
ESTAB_PUBLIC size_t estab_result_source_count(const struct estab_result *result);
ESTAB_PUBLIC int estab_result_get_source(const struct estab_result *result, size_t index,
					 struct estab_source_info *ret_info);

/* Something known to be missing. Strings are lent. Since 0.1. */
struct estab_loss {
	size_t size;
	const char *what;   /* "processes", "sockets", "table", "rows" */
	const char *why;    /* "permission", "vanished", "cut", "malformed", "unavailable", … */
	const char *detail; /* the table's name, …; NULL where there is none */
	uint64_t count;
	/* Where all namespaces are read, the one that it is of: its inode, 0 where that is unknown, and
	 * its name, NULL where it has none. Lent. */
	uint64_t netns;
	const char *netns_name;
};
ESTAB_PUBLIC size_t estab_result_loss_count(const struct estab_result *result);
ESTAB_PUBLIC int estab_result_get_loss(const struct estab_result *result, size_t index,
				       struct estab_loss *ret_loss);

/* ---- the kernel's own counts ---- */

/* estab_count.flags. Since 0.1. */
#define ESTAB_COUNT_HOST (1u << 0) /* of the whole host, whichever namespace was read */

/* One of them. The size is set by the caller. Since 0.1. */
struct estab_count {
	size_t size;
	const char *name; /* "tcp.inuse", "tcp6.inuse", "tcp.mem_pages", …; lent */
	uint64_t value;
	uint32_t flags; /* ESTAB_COUNT_… */
	uint32_t reserved;
};

struct estab_counts;

/*
 * Reads what the kernel itself counts in the query's network namespace: the files sockstat,
 * sockstat6, snmp and protocols in /proc/net. Sockets that no one has bound or connected, and such
 * as have no file any more, are counted differently from table to table: estab(1).
 * -ENOENT, -EACCES: none of them can be read; -ENOMEM. Since 0.1.
 */
ESTAB_PUBLIC int estab_counts_read(const struct estab_query *query,
				   struct estab_counts **ret_counts);
ESTAB_PUBLIC size_t estab_counts_number(const struct estab_counts *counts);
/* -ENOENT: no such index; -EINVAL: no such size. */
ESTAB_PUBLIC int estab_counts_get(const struct estab_counts *counts, size_t index,
				  struct estab_count *ret_count);
/* The value of that name. -ENODATA: the kernel does not tell. */
ESTAB_PUBLIC int estab_counts_find(const struct estab_counts *counts, const char *name,
				   uint64_t *ret_value);
ESTAB_PUBLIC struct estab_counts *estab_counts_unref(struct estab_counts *counts);

/* ---- probe: what can be read here, and why not more ---- */

/* Whether a source serves one family of a table. The size is set by the caller, strings are lent.
 * Since 0.1. */
struct estab_probe_table {
	size_t size;
	const char *table;  /* "tcp", "unix", …; "owners" */
	const char *family; /* "inet", "inet6", "unix", …; "all" of owners */
	const char *source; /* "diag", "procfs"; of owners "procfd", "bpf" */
	const char *path;   /* the file, NULL for netlink */
	int32_t error;      /* 0: it does; negative errno: why it does not */
	uint32_t reserved;
};

/* A circumstance that decides what can be seen, as "cap.net_admin". Since 0.1. */
struct estab_fact {
	size_t size;
	const char *name;
	enum estab_kind kind; /* ESTAB_KIND_U64, _BOOL or _STR */
	int32_t known;        /* 0: it has no value here */
	uint64_t number;      /* of the first two kinds */
	const char *text;     /* of the last; lent, may hold anything but NUL */
	const char *help;     /* one line */
};

struct estab_probe;

/*
 * Tries every source on every table, in the query's network namespace, without reading them
 * through, and looks at what decides on the rest; of the query nothing else counts. It changes
 * nothing: no module of the kernel is loaded but those that reading the tables loads too, and a BPF
 * program, which the context must allow, is gone again. -ENOMEM and the errors of the namespace;
 * what can't be read is a fact. Since 0.1.
 */
ESTAB_PUBLIC int estab_probe_run(const struct estab_query *query, struct estab_probe **ret_probe);
ESTAB_PUBLIC size_t estab_probe_table_count(const struct estab_probe *probe);
/* -ENOENT: no such index; -EINVAL: no such size. */
ESTAB_PUBLIC int estab_probe_get_table(const struct estab_probe *probe, size_t index,
				       struct estab_probe_table *ret_table);
ESTAB_PUBLIC size_t estab_probe_fact_count(const struct estab_probe *probe);
ESTAB_PUBLIC int estab_probe_get_fact(const struct estab_probe *probe, size_t index,
				      struct estab_fact *ret_fact);
/* Writes the members "facts":{…} and "tables":[…] of an object, without braces: estab-json(5). */
ESTAB_PUBLIC int estab_probe_write_json(const struct estab_probe *probe, estab_write_fn *fn,
					void *arg);
ESTAB_PUBLIC struct estab_probe *estab_probe_unref(struct estab_probe *probe);

/* ---- text ---- */

/* Writes an address in RFC 5952's form (mapped: "::ffff:192.0.2.1"), without scope or port, not
 * terminated. Returns its length, at most 45. Since 0.1. */
ESTAB_PUBLIC size_t estab_addr_format(const struct estab_addr *addr, char buffer[46]);
/*
 * Writes bytes so that no terminal can mistake them: printable UTF-8 as it is; C0, C1, DEL, invalid
 * UTF-8, bidirectional marks and invisible characters as \xNN or \u{…}, backslash doubled. At most
 * size bytes, never half an escape, not terminated. Returns the length of the whole text.
 * Since 0.1.
 */
ESTAB_PUBLIC size_t estab_text_escape(const void *bytes, size_t length, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#include "estab-watch.h"

#endif
