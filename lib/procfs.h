/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Lines of the text tables under /proc/net. The functions here are pure: they read one line, which
 * may come from anywhere, and touch nothing else.
 */
#ifndef ESTAB_PROCFS_H
#define ESTAB_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"
#include "record.h"

/* A line without its newline, as any of the tables has it. */
struct procfs_line {
	struct cursor text;
	bool cut; /* the newline was missing too: what stands at the end may be a part only */
};

/* At least one blank. */
static inline bool procfs_gap(struct cursor *cursor)
{
	const char *before = cursor->at;

	cursor_blanks(cursor);
	return cursor->at > before;
}

/* Whether a column ends here: a digit at the very end of a cut line may have had another. */
static inline bool procfs_column_end(const struct cursor *cursor, bool cut)
{
	if (cursor->at == cursor->end)
		return !cut;
	return cursor_is_blank(*cursor->at) || *cursor->at == '\r';
}

/* A decimal number of 32 bits: old kernels print some unsigned columns with a sign. */
static inline bool procfs_wrapped(struct cursor *cursor, uint32_t *ret_value)
{
	struct cursor before = *cursor;
	bool negative = cursor_char(cursor, '-');
	uint64_t value;

	if (cursor_decimal(cursor, &value) &&
	    value <= (negative ? UINT64_C(1) << 31 : UINT32_MAX)) {
		*ret_value = (uint32_t)(negative ? -value : value);
		return true;
	}
	*cursor = before;
	return false;
}

/*
 * The kernel's object that a line begins with: an address, whole, hashed or hidden. The number is 0
 * where it is hidden.
 */
bool procfs_object(struct cursor *cursor, uint64_t *ret_number);

/* What the lines of one table have in common. */
struct procfs_inet {
	enum estab_proto proto;
	bool v6;
	bool big_endian; /* of the machine that printed it */
	bool want_drops; /* tcp has none */
};

/*
 * Reads a line of tcp, udp, udplite, raw or icmp, or of their siblings with a 6, into the row. What
 * stands behind the inode may be missing or unreadable.
 * -EBADMSG: no such line, and the row is as it was; -ENOMEM.
 */
int procfs_inet_line(struct procfs_line line, const struct procfs_inet *how, struct row *row);

/* What is asked of the lines of other tables, and what tells a row apart that has no inode. */
struct procfs_how {
	uint64_t needs;
	uint64_t number; /* of the line */
};

/*
 * All four read a line of the table that they name into the row. -EBADMSG: no such line, and the row
 * may be anything; -ENOMEM.
 */
int procfs_netlink_line(struct procfs_line line, const struct procfs_how *how, struct row *row);
/* The device is an index only: EXT_IFINDEX. */
int procfs_packet_line(struct procfs_line line, const struct procfs_how *how, struct row *row);
int procfs_ax25_line(struct procfs_line line, const struct procfs_how *how, struct row *row);
int procfs_ipx_line(struct procfs_line line, const struct procfs_how *how, struct row *row);

/* A line of unix as it stands. */
struct procfs_unix {
	uint64_t address; /* of the kernel's object, zero or scrambled as the kernel wants it */
	uint64_t inode;   /* zero: a connection that nobody has accepted, or that is being closed */
	uint32_t references;
	uint8_t state; /* enum estab_state */
	uint8_t type;  /* enum estab_type */
	bool has_path;
	const char *path; /* within the line; starts with '@' when abstract */
	size_t path_length;
};

/*
 * Reads a line of unix, strictly as a kernel prints it: a name may hold a newline and anything
 * behind it, so what only looks like a line must not pass for one.
 * -EBADMSG: no such line.
 */
int procfs_unix_line(struct procfs_line line, struct procfs_unix *ret_entry);
/* Makes a row of it. -ENOMEM. */
int procfs_unix_row(const struct procfs_unix *from, bool want_name, struct row *row);

/*
 * Watches the lines of unix for forged ones: those that stand inside another socket's name. A name
 * has at most 108 bytes, so a line is beyond doubt unless it and all since the start of an earlier
 * line's name fit in that. No two sockets have one inode. So when an inode comes again in another
 * line, one of the two is forged: a doubtful line after one beyond doubt surely is. Else an earlier
 * line was, or nobody can tell; then both are given out, because a forger must not be able to make
 * the true one vanish.
 */
struct procfs_watch {
	struct procfs_seen *slots; /* open addressing: 8 bytes a line at most three quarters full */
	size_t n_slots;            /* a power of two, or 0 */
	size_t n_seen;
	size_t name_left; /* how much of the next lines an earlier name can hold; 0: nothing */
};

enum procfs_verdict {
	PROCFS_GENUINE,  /* as far as one can tell */
	PROCFS_AGAIN,    /* the same socket once more: the table moved while it was read */
	PROCFS_FORGED,   /* a part of a name */
	PROCFS_DISPUTED, /* this line or an earlier one is a part of a name */
};

void procfs_watch_free(struct procfs_watch *watch);
/* Says what a line is; length is the whole line's. -ENOMEM. Every line must be shown, in order. */
int procfs_watch_row(struct procfs_watch *watch, const struct procfs_unix *entry, size_t length,
		     enum procfs_verdict *ret_verdict);
/* A line that could not be read. Returns whether it may be a part of a name. */
bool procfs_watch_other(struct procfs_watch *watch, size_t length);

#endif
