/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* /proc/net/ax25: net/ax25/af_ax25.c, ax25_info_show(); the same since Linux 2.4. */
#include "procfs.h"

#include <errno.h>
#include <string.h>

#include "rows.h"
#include "util.h"

enum {
	STATES = 5,
	OTHER_NUMBERS = 14, /* between V(R) and the queues: V(A), timers, limits */
};

struct word {
	const char *text;
	size_t length;
};

struct columns {
	uint64_t object;
	struct word device;
	struct word source;
	struct word destination; /* with the digipeaters behind it */
	uint32_t state;
	uint32_t vs;
	uint32_t vr;
	bool has_socket; /* "*" stands for all three where the connection has none */
	uint32_t send_q;
	uint32_t recv_q;
	uint64_t inode;
};

static bool read_word(struct cursor *cursor, struct word *ret_word)
{
	return procfs_gap(cursor) && cursor_word(cursor, &ret_word->text, &ret_word->length);
}

static bool read_number(struct cursor *cursor, uint32_t *ret_number)
{
	return procfs_gap(cursor) && procfs_wrapped(cursor, ret_number);
}

static bool skip_numbers(struct cursor *cursor, unsigned int n)
{
	uint64_t ignored;

	for (; n > 0; n--) {
		if (!procfs_gap(cursor))
			return false;
		cursor_char(cursor, '-');
		if (!cursor_decimal(cursor, &ignored))
			return false;
	}
	return true;
}

static bool read_socket(struct cursor *cursor, bool cut, struct columns *columns)
{
	struct cursor before = *cursor;

	if (procfs_gap(cursor) && cursor_char(cursor, '*') && procfs_gap(cursor) &&
	    cursor_char(cursor, '*') && procfs_gap(cursor) && cursor_char(cursor, '*'))
		return procfs_column_end(cursor, false);
	*cursor = before;
	columns->has_socket = true;
	return read_number(cursor, &columns->send_q) && read_number(cursor, &columns->recv_q) &&
	       procfs_gap(cursor) && cursor_decimal(cursor, &columns->inode) &&
	       procfs_column_end(cursor, cut);
}

static bool read_columns(struct cursor *cursor, bool cut, struct columns *columns)
{
	cursor_blanks(cursor);
	return procfs_object(cursor, &columns->object) && read_word(cursor, &columns->device) &&
	       read_word(cursor, &columns->source) && read_word(cursor, &columns->destination) &&
	       read_number(cursor, &columns->state) && columns->state < STATES &&
	       read_number(cursor, &columns->vs) && read_number(cursor, &columns->vr) &&
	       skip_numbers(cursor, OTHER_NUMBERS) && read_socket(cursor, cut, columns);
}

static bool is_word(struct word word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static int put_words(const struct columns *columns, struct row *row)
{
	int r = 0;

	if (!is_word(columns->device, "???"))
		r = row_put(row, EXT_IFNAME, columns->device.text, columns->device.length);
	if (r == 0 && !is_word(columns->source, "*"))
		r = row_put(row, EXT_LOCAL_NAME, columns->source.text, columns->source.length);
	if (r == 0 && !is_word(columns->destination, "*"))
		r = row_put(row, EXT_PEER_NAME, columns->destination.text,
			    columns->destination.length);
	return r;
}

int procfs_ax25_line(struct procfs_line line, const struct procfs_how *how, struct row *row)
{
	/* AX25_STATE_0 to 4 of include/net/ax25.h; the last is established, and recovers. A listener
	 * is in the first like any socket without a connection. */
	static const uint8_t states[STATES] = {
		ESTAB_STATE_UNCONNECTED, ESTAB_STATE_SYN_SENT,    ESTAB_STATE_FIN_WAIT_1,
		ESTAB_STATE_ESTABLISHED, ESTAB_STATE_ESTABLISHED,
	};
	struct cursor cursor = line.text;
	struct columns columns = { 0 };
	struct estab_socket *sock = &row->sock;
	struct row_numbers numbers = { 0 };
	int r;

	if (!read_columns(&cursor, line.cut, &columns))
		return -EBADMSG;
	row_reset(row, ESTAB_PROTO_AX25, ESTAB_FAMILY_AX25);
	sock->state = states[columns.state];
	sock->type = ESTAB_TYPE_SEQPACKET;
	sock->inode = columns.inode;
	sock->has = HAS_INODE;
	if (columns.has_socket) {
		sock->send_q = columns.send_q;
		sock->recv_q = columns.recv_q;
		sock->has |= HAS_QUEUES;
	}
	if (columns.inode == 0)
		sock->other.serial = columns.object ? columns.object : how->number;
	numbers_set(&numbers, NUMBER_AX25_STATE, columns.state);
	numbers_set(&numbers, NUMBER_AX25_VS, columns.vs);
	numbers_set(&numbers, NUMBER_AX25_VR, columns.vr);
	r = numbers_put(&numbers, row);
	return r == 0 ? put_words(&columns, row) : r;
}
