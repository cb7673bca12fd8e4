/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as ss(8): one row a socket. */
#include "compat-ss.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "util.h"

/* "/etc/services contains so much that nobody means": ports that the kernel gives out by itself have
 * no names. Linux's own choice of them. */
enum { EPHEMERAL_MIN = 32768, EPHEMERAL_MAX = 60999 };

enum {
	COLUMN_NETID,
	COLUMN_STATE,
	COLUMN_RECV_Q,
	COLUMN_SEND_Q,
	COLUMN_LOCAL,
	COLUMN_LOCAL_PORT,
	COLUMN_PEER,
	COLUMN_PEER_PORT,
	COLUMN_PROCESS,
	N_COLUMNS,
};

static const struct {
	const char *title;
	const char *before;
	bool right;
} columns[N_COLUMNS] = {
	{ "Netid", "", false },         { "State", " ", false },         { "Recv-Q", " ", false },
	{ "Send-Q", " ", false },       { "Local Address:", " ", true }, { "Port", "", false },
	{ "Peer Address:", " ", true }, { "Port", "", false },           { "Process", "", false },
};

static const char *const state_words[] = {
	[ESTAB_STATE_ESTABLISHED] = "ESTAB",     [ESTAB_STATE_SYN_SENT] = "SYN-SENT",
	[ESTAB_STATE_SYN_RECV] = "SYN-RECV",     [ESTAB_STATE_FIN_WAIT_1] = "FIN-WAIT-1",
	[ESTAB_STATE_FIN_WAIT_2] = "FIN-WAIT-2", [ESTAB_STATE_TIME_WAIT] = "TIME-WAIT",
	[ESTAB_STATE_UNCONNECTED] = "UNCONN",    [ESTAB_STATE_CLOSE_WAIT] = "CLOSE-WAIT",
	[ESTAB_STATE_LAST_ACK] = "LAST-ACK",     [ESTAB_STATE_LISTEN] = "LISTEN",
	[ESTAB_STATE_CLOSING] = "CLOSING",       [ESTAB_STATE_BOUND] = "UNCONN",
};

/* NETLINK_… as iproute2 calls them. */
static const char *const netlink_words[] = {
	"rtnl",  "unused", "usersock",   "fw",        "tcpdiag", "nflog",  "xfrm",   "selinux",
	"iscsi", "audit",  "fiblookup",  "connector", "nft",     "ip6fw",  "dec-rt", "uevent",
	"genl",  NULL,     "scsi-trans", "ecryptfs",  "rdma",    "crypto",
};

static void put_queues(struct ss *ss, uint64_t received, uint64_t sent)
{
	struct buf *cell = compat_table_cell(&ss->table);
	const uint64_t queues[] = { received, sent };

	for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
		uint64_t start = buf_total(cell);

		if (!ss->options.no_queues) {
			/* The kernel counts one that ends down to -1. */
			buf_i64(cell, (int32_t)queues[i]);
			compat_pad(cell, start, 6);
		}
		compat_table_next(&ss->table);
	}
}

/* The columns up to the addresses. */
static void put_head(struct ss *ss, const char *netid, const struct estab_socket *sock)
{
	struct buf *cell = compat_table_cell(&ss->table);
	enum estab_state state = compat_state(sock);
	bool listening = state == ESTAB_STATE_LISTEN;

	if (!ss->table.columns[COLUMN_NETID].hidden)
		buf_str(cell, netid);
	compat_table_next(&ss->table);
	if (!ss->table.columns[COLUMN_STATE].hidden)
		buf_str(cell, state_words[state]);
	compat_table_next(&ss->table);
	put_queues(ss, compat_u64(sock, listening ? ESTAB_F_BACKLOG : ESTAB_F_RECV_Q, 0),
		   compat_u64(sock, listening ? ESTAB_F_BACKLOG_LIMIT : ESTAB_F_SEND_Q, 0));
}

static void put_host(struct ss *ss, const struct estab_addr *addr, bool v6only)
{
	struct buf *cell = compat_table_cell(&ss->table);
	const char *name;

	if (addr->family == ESTAB_FAMILY_INET6 && !v6only && compat_is_any(addr)) {
		buf_char(cell, '*');
		return;
	}
	name = ss->names.hosts && !compat_is_any(addr) ? compat_host(&ss->names, addr) : NULL;
	if (name) {
		buf_escape(cell, name, strlen(name));
		return;
	}
	if (addr->family == ESTAB_FAMILY_INET6)
		buf_char(cell, '[');
	compat_put_addr(cell, addr);
	if (addr->family == ESTAB_FAMILY_INET6)
		buf_char(cell, ']');
}

static void put_port(struct ss *ss, enum estab_proto proto, uint16_t port)
{
	struct buf *cell = compat_table_cell(&ss->table);
	const char *name = NULL;

	if (port == 0) {
		buf_char(cell, '*');
		return;
	}
	if (proto == ESTAB_PROTO_RAW)
		name = compat_protocol(&ss->names, port);
	else if (port < EPHEMERAL_MIN || port > EPHEMERAL_MAX)
		name = compat_service(&ss->names, proto, port);
	if (name) {
		buf_escape(cell, name, strlen(name));
		return;
	}
	if (proto == ESTAB_PROTO_RAW && !ss->options.numeric)
		buf_str(cell, "ipproto-");
	buf_u64(cell, port);
}

static void put_ip_ends(struct ss *ss, enum estab_proto proto, const struct estab_socket *sock)
{
	struct buf *cell = compat_table_cell(&ss->table);
	struct estab_tuple tuple = { .size = sizeof(tuple) };
	const char *device = compat_str(sock, ESTAB_F_INTERFACE);
	bool v6only = compat_u64(sock, ESTAB_F_V6ONLY, 0) != 0;

	estab_socket_get_tuple(sock, &tuple);
	put_host(ss, &tuple.local, v6only);
	if (device) {
		buf_char(cell, '%');
		buf_escape(cell, device, strlen(device));
	}
	buf_char(cell, ':');
	compat_table_next(&ss->table);
	put_port(ss, proto, tuple.local_port);
	compat_table_next(&ss->table);
	put_host(ss, &tuple.peer, v6only);
	buf_char(cell, ':');
	compat_table_next(&ss->table);
	put_port(ss, proto, tuple.peer_port);
	compat_table_next(&ss->table);
}

/* ---- unix, netlink, packet ---- */

static void put_no_peer(struct ss *ss)
{
	buf_char(compat_table_cell(&ss->table), '*');
	compat_table_next(&ss->table);
	compat_table_next(&ss->table);
}

/* An abstract name has an @ for each of its NULs. */
static void put_unix_name(struct buf *cell, const struct estab_socket *sock)
{
	const void *path;
	const char *bytes;
	size_t length;

	if (estab_socket_get_bytes(sock, ESTAB_F_LOCAL_PATH, &path, &length) < 0) {
		buf_char(cell, '*');
		return;
	}
	if (compat_u64(sock, ESTAB_F_LOCAL_ABSTRACT, 0) == 0) {
		buf_escape(cell, path, length);
		return;
	}
	buf_char(cell, '@');
	bytes = path;
	while (length > 0) {
		const char *nul = memchr(bytes, '\0', length);
		size_t part = nul ? (size_t)(nul - bytes) : length;

		buf_escape(cell, bytes, part);
		if (!nul)
			break;
		buf_char(cell, '@');
		bytes += part + 1;
		length -= part + 1;
	}
}

static void put_unix_ends(struct ss *ss, const struct estab_socket *sock)
{
	struct buf *cell = compat_table_cell(&ss->table);

	put_unix_name(cell, sock);
	buf_char(cell, ' ');
	compat_table_next(&ss->table);
	buf_u64(cell, compat_u64(sock, ESTAB_F_INODE, 0));
	compat_table_next(&ss->table);
	buf_str(cell, "* ");
	compat_table_next(&ss->table);
	buf_u64(cell, compat_u64(sock, ESTAB_F_PEER_INODE, 0));
	compat_table_next(&ss->table);
}

/* The number is a process's own more often than not. */
static void put_portid(struct ss *ss, const struct estab_socket *sock)
{
	struct buf *cell = compat_table_cell(&ss->table);
	int32_t portid = (int32_t)compat_u64(sock, ESTAB_F_NETLINK_PORTID, 0);

	if (portid == -1) {
		buf_char(cell, '*');
		return;
	}
	if (portid == 0 && !ss->options.numeric) {
		buf_str(cell, "kernel");
		return;
	}
	for (uint32_t i = 0; portid > 0 && i < estab_socket_owner_count(sock); i++) {
		const struct estab_owner *owner = estab_socket_owner(sock, i);
		uint64_t pid;

		if (ss->options.numeric ||
		    estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid) < 0 ||
		    pid != (uint64_t)portid)
			continue;
		buf_owner(cell, owner, ESTAB_F_OWNER_COMM);
		buf_char(cell, '/');
		break;
	}
	buf_i64(cell, portid);
}

static void put_netlink_ends(struct ss *ss, const struct estab_socket *sock)
{
	struct buf *cell = compat_table_cell(&ss->table);
	uint64_t protocol = compat_u64(sock, ESTAB_F_PROTOCOL, 0);

	if (!ss->options.numeric && protocol < ARRAY_SIZE(netlink_words) && netlink_words[protocol])
		buf_str(cell, netlink_words[protocol]);
	else
		buf_u64(cell, protocol);
	buf_char(cell, ':');
	compat_table_next(&ss->table);
	put_portid(ss, sock);
	compat_table_next(&ss->table);
	if (compat_state(sock) != ESTAB_STATE_ESTABLISHED) {
		put_no_peer(ss);
		return;
	}
	buf_u64(cell, compat_u64(sock, ESTAB_F_NETLINK_DST_GROUP, 0));
	buf_char(cell, ':');
	compat_table_next(&ss->table);
	buf_i64(cell, (int32_t)compat_u64(sock, ESTAB_F_NETLINK_DST_PORTID, 0));
	compat_table_next(&ss->table);
}

static void put_packet_ends(struct ss *ss, const struct estab_socket *sock)
{
	enum { ETHERTYPE_ALL = 3 };
	struct buf *cell = compat_table_cell(&ss->table);
	uint64_t protocol = compat_u64(sock, ESTAB_F_PROTOCOL, 0);
	const char *name = compat_str(sock, ESTAB_F_PROTOCOL_NAME);
	const char *device = compat_str(sock, ESTAB_F_INTERFACE);

	if (protocol == ETHERTYPE_ALL) {
		buf_char(cell, '*');
	} else if (name) {
		buf_str(cell, name);
	} else {
		buf_char(cell, '[');
		buf_u64(cell, protocol);
		buf_char(cell, ']');
	}
	buf_char(cell, ':');
	compat_table_next(&ss->table);
	if (device)
		buf_escape(cell, device, strlen(device));
	else
		buf_char(cell, '*');
	compat_table_next(&ss->table);
	put_no_peer(ss);
}

/* ---- rows ---- */

static const char *netid_of(enum estab_proto proto, const struct estab_socket *sock)
{
	const char *type;

	if (proto != ESTAB_PROTO_UNIX && proto != ESTAB_PROTO_PACKET)
		return proto == ESTAB_PROTO_NETLINK ? "nl" : estab_proto_name(proto);
	type = compat_str(sock, ESTAB_F_TYPE);
	if (!type)
		type = "dgram";
	if (proto == ESTAB_PROTO_PACKET)
		return strcmp(type, "raw") == 0 ? "p_raw" : "p_dgr";
	if (strcmp(type, "stream") == 0)
		return "u_str";
	return strcmp(type, "seqpacket") == 0 ? "u_seq" : "u_dgr";
}

void ss_put_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct ss *ss = arg;

	put_head(ss, netid_of(proto, sock), sock);
	if (proto == ESTAB_PROTO_UNIX)
		put_unix_ends(ss, sock);
	else if (proto == ESTAB_PROTO_NETLINK)
		put_netlink_ends(ss, sock);
	else if (proto == ESTAB_PROTO_PACKET)
		put_packet_ends(ss, sock);
	else
		put_ip_ends(ss, proto, sock);
	ss_put_details(ss, compat_table_cell(&ss->table), proto, sock);
	compat_table_next(&ss->table);
}

/* ss(8) asks the terminal alone, whatever the environment says. */
static size_t screen_width(void)
{
	struct winsize size;

	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
										     : 0;
}

void ss_make_table(struct ss *ss)
{
	const struct ss_options *options = &ss->options;

	compat_table_init(&ss->table, &ss->out);
	ss->table.n_columns = N_COLUMNS;
	ss->table.padded = true;
	ss->table.screen = screen_width();
	for (size_t i = 0; i < N_COLUMNS; i++) {
		ss->table.columns[i].before = columns[i].before;
		ss->table.columns[i].right = columns[i].right;
	}
	/* What can only be one thing is not shown. */
	ss->table.columns[COLUMN_NETID].hidden = !(options->tables & (options->tables - 1));
	ss->table.columns[COLUMN_STATE].hidden = !(options->states & (options->states - 1));
	ss->table.columns[COLUMN_RECV_Q].hidden = options->no_queues;
	ss->table.columns[COLUMN_SEND_Q].hidden = options->no_queues;
	for (size_t i = 0; !options->no_header && i < N_COLUMNS; i++) {
		if (!ss->table.columns[i].hidden)
			buf_str(compat_table_cell(&ss->table), columns[i].title);
		compat_table_next(&ss->table);
	}
}

void ss_end_table(struct ss *ss)
{
	compat_table_flush(&ss->table);
	compat_table_free(&ss->table);
}
