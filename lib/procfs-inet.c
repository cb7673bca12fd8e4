/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "procfs.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "util.h"

/* The kernel's own numbers, where they differ from those of enum estab_state. */
enum { TCP_CLOSE = 7, TCP_NEW_SYN_RECV = 12 };

/* Columns "when" and "tm" count in hundredths of a second, whatever the kernel's HZ. */
enum { MS_PER_TICK = 10 };

/* A line's columns up to the inode, as they stand. */
struct columns {
	uint32_t local_port;
	uint32_t peer_port;
	uint32_t state;
	uint32_t send_q;
	uint32_t recv_q;
	uint32_t timer;
	uint64_t expires;
	uint32_t retransmits;
	uint32_t uid;
	uint32_t probes; /* column "timeout" */
	uint64_t inode;
	uint8_t local[16];
	uint8_t peer[16];
};

/* The kernel prints each 32-bit word of an address, which it holds in network order, as if it were
 * a number of its own. */
static inline bool read_addr(struct cursor *cursor, const struct procfs_inet *how, uint8_t addr[16])
{
	unsigned int words = how->v6 ? 4 : 1;

	for (unsigned int i = 0; i < words; i++) {
		uint32_t word;

		if (!cursor_hex_exact(cursor, 8, &word))
			return false;
		word = how->big_endian ? htobe32(word) : htole32(word);
		memcpy(addr + 4 * (size_t)i, &word, 4);
	}
	return true;
}

static inline bool read_end(struct cursor *cursor, const struct procfs_inet *how, uint8_t addr[16],
			    uint32_t *ret_port)
{
	return read_addr(cursor, how, addr) && cursor_char(cursor, ':') &&
	       cursor_hex_exact(cursor, 4, ret_port) && procfs_gap(cursor);
}

/* The time is a long: a negative one has sixteen digits on a 64-bit machine. */
static inline bool read_time(struct cursor *cursor, uint64_t *ret_ticks)
{
	struct cursor before = *cursor;
	uint32_t ticks;

	if (cursor_hex_exact(cursor, 8, &ticks) && procfs_gap(cursor)) {
		*ret_ticks = ticks;
		return true;
	}
	*cursor = before;
	return cursor_hex(cursor, 16, ret_ticks) && procfs_gap(cursor);
}

static bool read_columns(struct cursor *cursor, const struct procfs_inet *how, bool cut,
			 struct columns *columns)
{
	uint64_t slot;

	cursor_blanks(cursor);
	if (!cursor_decimal(cursor, &slot) || !cursor_char(cursor, ':') || !procfs_gap(cursor))
		return false;
	if (!read_end(cursor, how, columns->local, &columns->local_port) ||
	    !read_end(cursor, how, columns->peer, &columns->peer_port))
		return false;
	if (!cursor_hex_exact(cursor, 2, &columns->state) || !procfs_gap(cursor))
		return false;
	if (!cursor_hex_exact(cursor, 8, &columns->send_q) || !cursor_char(cursor, ':') ||
	    !cursor_hex_exact(cursor, 8, &columns->recv_q) || !procfs_gap(cursor))
		return false;
	if (!cursor_hex_exact(cursor, 2, &columns->timer) || !cursor_char(cursor, ':') ||
	    !read_time(cursor, &columns->expires))
		return false;
	if (!cursor_hex_exact(cursor, 8, &columns->retransmits) || !procfs_gap(cursor))
		return false;
	if (!procfs_wrapped(cursor, &columns->uid) || !procfs_gap(cursor) ||
	    !procfs_wrapped(cursor, &columns->probes) || !procfs_gap(cursor))
		return false;
	return cursor_decimal(cursor, &columns->inode) && procfs_column_end(cursor, cut);
}

/* Returns the state, 0 when there is none of that number. */
static uint8_t read_state(const struct columns *columns, enum estab_proto proto)
{
	switch (columns->state) {
	case TCP_NEW_SYN_RECV:
		return ESTAB_STATE_SYN_RECV;
	case TCP_CLOSE:
		return proto == ESTAB_PROTO_TCP && columns->local_port != 0
			       ? ESTAB_STATE_BOUND
			       : ESTAB_STATE_UNCONNECTED;
	default:
		return columns->state < TCP_NEW_SYN_RECV || columns->state == ESTAB_STATE_BOUND
			       ? (uint8_t)columns->state
			       : 0;
	}
}

static uint8_t socket_type(enum estab_proto proto)
{
	switch (proto) {
	case ESTAB_PROTO_TCP:
		return ESTAB_TYPE_STREAM;
	case ESTAB_PROTO_RAW:
		return ESTAB_TYPE_RAW;
	default:
		return ESTAB_TYPE_DGRAM;
	}
}

static uint32_t ticks_to_ms(uint64_t ticks)
{
	/* Above any timer the kernel sets: a time that was over, which old kernels print as the negative
	 * number it is, of 32 or of 64 bits. */
	if (ticks > INT32_MAX)
		return 0;
	return ticks > UINT32_MAX / MS_PER_TICK ? UINT32_MAX : (uint32_t)ticks * MS_PER_TICK;
}

/* Column "tr" has the numbers of enum timer_kind. The count is the one that sock_diag gives: of the
 * timer that runs. */
static void set_timer(struct estab_socket *sock, const struct columns *columns)
{
	uint32_t count = 0;

	if (columns->timer >= TIMER_KINDS)
		return;
	if (columns->timer == TIMER_RETRANSMIT)
		count = columns->retransmits;
	else if (columns->timer == TIMER_KEEPALIVE || columns->timer == TIMER_PROBE)
		count = columns->probes;

	sock->timer_kind = columns->timer & 0xf;
	sock->timer_retransmits = (uint8_t)MIN(count, (uint32_t)UINT8_MAX);
	if (columns->timer != TIMER_OFF)
		sock->timer_ms = ticks_to_ms(columns->expires);
	sock->has |= HAS_TIMER;
}

/* Requests and time-waits have no socket, and so no inode. A FIN_WAIT2 is of either kind, and so
 * is a SYN_RECV (of TCP Fast Open). */
static bool is_minisock(const struct columns *columns, uint8_t state)
{
	if (columns->inode != 0)
		return false;
	return state == ESTAB_STATE_TIME_WAIT || state == ESTAB_STATE_SYN_RECV ||
	       (state == ESTAB_STATE_FIN_WAIT_2 && columns->timer == TIMER_TIME_WAIT);
}

static void fill_row(struct row *row, const struct procfs_inet *how, const struct columns *columns,
		     uint8_t state)
{
	struct estab_socket *sock = &row->sock;

	row_reset(row, how->proto, how->v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET);
	sock->state = state;
	sock->type = socket_type(how->proto);
	memcpy(sock->inet.local, columns->local, how->v6 ? 16 : 4);
	memcpy(sock->inet.peer, columns->peer, how->v6 ? 16 : 4);
	sock->local_port = (uint16_t)columns->local_port;
	sock->peer_port = (uint16_t)columns->peer_port;
	sock->send_q = columns->send_q;
	sock->recv_q = columns->recv_q;
	sock->inode = columns->inode;
	sock->has = HAS_QUEUES | HAS_INODE;
	/* Without an inode the kernel says 0 for want of a user; a request has its listener's. */
	if (columns->inode != 0 ||
	    (state == ESTAB_STATE_SYN_RECV && how->proto == ESTAB_PROTO_TCP)) {
		sock->uid = columns->uid;
		sock->has |= HAS_UID;
	}
	if (how->proto == ESTAB_PROTO_TCP) {
		set_timer(sock, columns);
		if (is_minisock(columns, state))
			sock->has |= IS_MINISOCK;
	}
}

/* What datagram sockets have behind the inode: references, address, drops. Kernels before 2.6.27
 * have less. */
static bool read_drops(struct cursor *cursor, bool cut, uint32_t *ret_drops)
{
	uint32_t drops;
	const char *word;
	size_t length;

	for (int i = 0; i < 2; i++) {
		cursor_blanks(cursor);
		if (!cursor_word(cursor, &word, &length))
			return false;
	}
	cursor_blanks(cursor);
	if (!procfs_wrapped(cursor, &drops) || !procfs_column_end(cursor, cut))
		return false;
	*ret_drops = drops;
	return true;
}

int procfs_inet_line(struct procfs_line line, const struct procfs_inet *how, struct row *row)
{
	struct cursor cursor = line.text;
	struct columns columns;
	uint8_t state;
	uint32_t drops;
	int r = 0;

	if (!read_columns(&cursor, how, line.cut, &columns))
		return -EBADMSG;
	state = read_state(&columns, how->proto);
	if (state == 0)
		return -EBADMSG;
	fill_row(row, how, &columns, state);

	/* As in sock_diag, the port of a raw socket is its protocol; one above 255 has no octet. */
	if (how->proto == ESTAB_PROTO_RAW && columns.local_port <= UINT8_MAX) {
		uint8_t protocol = (uint8_t)columns.local_port;

		r = row_put(row, EXT_PROTOCOL, &protocol, sizeof(protocol));
	}
	if (r == 0 && how->want_drops && how->proto != ESTAB_PROTO_TCP &&
	    read_drops(&cursor, line.cut, &drops))
		r = row_put(row, EXT_DROPS, &drops, sizeof(drops));
	return r;
}
