/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "procfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

enum {
	SUN_PATH_MAX = 108,
	ACCEPTING = 0x10000, /* column "Flags" of a listener, and nothing else */
};

/* Of column "St", made up by the kernel from the socket's state and from whether it has a file. */
enum { ST_UNCONNECTED = 1, ST_PENDING = 2, ST_CONNECTED = 3, ST_CLOSING = 4 };

/* A pointer of a 64-bit or of a 32-bit kernel. */
static bool read_address(struct cursor *cursor, uint64_t *ret_address)
{
	const char *from = cursor->at;
	uint64_t address;

	if (!cursor_hex(cursor, 16, &address) ||
	    (cursor->at - from != 16 && cursor->at - from != 8))
		return false;
	*ret_address = address;
	return true;
}

static bool read_column(struct cursor *cursor, unsigned int digits, uint32_t *ret_value)
{
	return cursor_hex_exact(cursor, digits, ret_value) && cursor_char(cursor, ' ');
}

/* Right-aligned in five columns, without leading zeros. */
static bool read_inode(struct cursor *cursor, uint64_t *ret_inode)
{
	const char *from = cursor->at;
	const char *digits;

	while (cursor_char(cursor, ' '))
		;
	digits = cursor->at;
	if (!cursor_decimal(cursor, ret_inode))
		return false;
	if (cursor->at - from != 5 && digits != from)
		return false;
	return cursor->at - from >= 5 && (*digits != '0' || cursor->at - digits == 1);
}

static bool read_state(uint32_t flags, uint32_t st, uint8_t *ret_state)
{
	if (flags != 0 && flags != ACCEPTING)
		return false;
	switch (st) {
	case ST_PENDING:
	case ST_CONNECTED:
		*ret_state = ESTAB_STATE_ESTABLISHED;
		break;
	case ST_UNCONNECTED:
	case ST_CLOSING:
		*ret_state = ESTAB_STATE_UNCONNECTED;
		break;
	default:
		return false;
	}
	if (flags == ACCEPTING)
		*ret_state = ESTAB_STATE_LISTEN;
	return true;
}

static bool read_type(uint32_t number, uint8_t *ret_type)
{
	switch (number) {
	case SOCK_STREAM:
		*ret_type = ESTAB_TYPE_STREAM;
		return true;
	case SOCK_DGRAM:
		*ret_type = ESTAB_TYPE_DGRAM;
		return true;
	case SOCK_SEQPACKET:
		*ret_type = ESTAB_TYPE_SEQPACKET;
		return true;
	default:
		return false;
	}
}

/* Exactly one blank, then the name as it is; the kernel prints a NUL within it as '@'. */
static bool read_path(struct cursor *cursor, struct procfs_unix *entry)
{
	if (cursor->at == cursor->end)
		return true;
	if (!cursor_char(cursor, ' '))
		return false;
	entry->has_path = true;
	entry->path = cursor->at;
	entry->path_length = (size_t)(cursor->end - cursor->at);
	return entry->path_length <= SUN_PATH_MAX && !memchr(entry->path, '\0', entry->path_length);
}

int procfs_unix_line(struct procfs_line line, struct procfs_unix *ret_entry)
{
	struct cursor cursor = line.text;
	struct procfs_unix entry = { 0 };
	uint32_t protocol;
	uint32_t flags;
	uint32_t type;
	uint32_t st;

	/* Nothing at the end tells a whole inode or name from one that was cut. */
	if (line.cut)
		return -EBADMSG;
	if (!read_address(&cursor, &entry.address) || !cursor_char(&cursor, ':') ||
	    !cursor_char(&cursor, ' '))
		return -EBADMSG;
	if (!read_column(&cursor, 8, &entry.references) || !read_column(&cursor, 8, &protocol) ||
	    !read_column(&cursor, 8, &flags) || !read_column(&cursor, 4, &type) ||
	    !read_column(&cursor, 2, &st) || !read_inode(&cursor, &entry.inode))
		return -EBADMSG;
	if (protocol != 0 || !read_state(flags, st, &entry.state) ||
	    !read_type(type, &entry.type) || !read_path(&cursor, &entry))
		return -EBADMSG;
	*ret_entry = entry;
	return 0;
}

int procfs_unix_row(const struct procfs_unix *from, bool want_name, struct row *row)
{
	const char *path = from->path;
	size_t length = from->path_length;
	struct estab_socket *sock = &row->sock;
	int r;

	row_reset(row, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX);
	sock->state = from->state;
	sock->type = from->type;
	sock->inode = from->inode;
	sock->has = HAS_INODE;
	if (from->inode == 0)
		sock->local.serial = from->address;
	if (!want_name || !from->has_path)
		return 0;

	/* A file named "@x" looks the same; such a name is rare, and an abstract one is not. */
	if (length > 0 && path[0] == '@') {
		r = row_put(row, EXT_ABSTRACT, NULL, 0);
		if (r < 0)
			return r;
		path++;
		length--;
	}
	return row_put(row, EXT_PATH, path, length);
}

/* A line that was met: socket inodes have 32 bits. Inode 0 is a free place. */
struct procfs_seen {
	uint32_t inode;
	uint32_t print; /* of the line, its lowest bit: the line may be a part of a name */
};

enum { SEEN_DOUBTFUL = 1, SEEN_FIRST_SLOTS = 256 };

void procfs_watch_free(struct procfs_watch *watch)
{
	free(watch->slots);
	*watch = (struct procfs_watch){ 0 };
}

static struct procfs_seen *watch_find(struct procfs_seen *slots, size_t n_slots, uint32_t inode)
{
	size_t at = hash64(inode) & (n_slots - 1);

	while (slots[at].inode != 0 && slots[at].inode != inode)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static int watch_grow(struct procfs_watch *watch)
{
	size_t n_slots = watch->n_slots > 0 ? watch->n_slots * 2 : SEEN_FIRST_SLOTS;
	struct procfs_seen *slots = calloc(n_slots, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < watch->n_slots; i++)
		if (watch->slots[i].inode != 0)
			*watch_find(slots, n_slots, watch->slots[i].inode) = watch->slots[i];
	free(watch->slots);
	watch->slots = slots;
	watch->n_slots = n_slots;
	return 0;
}

static uint32_t line_print(const struct procfs_unix *entry, bool doubtful)
{
	uint64_t hash = hash64(entry->address);

	hash = hash64(hash ^ (uint64_t)entry->type << 48 ^ (uint64_t)entry->state << 40 ^
		      entry->path_length << 1 ^ entry->has_path);
	for (size_t i = 0; i < entry->path_length; i++)
		hash = (hash ^ (uint8_t)entry->path[i]) * UINT64_C(0x100000001b3);
	return ((uint32_t)(hash >> 32) & ~(uint32_t)SEEN_DOUBTFUL) | (doubtful ? SEEN_DOUBTFUL : 0);
}

/* Takes a line off what the earlier name can hold. Returns whether it fitted. */
static bool watch_take(struct procfs_watch *watch, size_t length)
{
	bool fits = watch->name_left > length;

	watch->name_left = fits ? watch->name_left - length - 1 : 0;
	return fits;
}

bool procfs_watch_other(struct procfs_watch *watch, size_t length)
{
	return watch_take(watch, length);
}

static enum procfs_verdict judge_again(struct procfs_seen *seen, uint32_t print)
{
	bool doubtful = print & SEEN_DOUBTFUL;
	bool was_doubtful = seen->print & SEEN_DOUBTFUL;

	if ((seen->print | SEEN_DOUBTFUL) == (print | SEEN_DOUBTFUL))
		return PROCFS_AGAIN;
	/* Neither is a part of a name: the socket changed while the table was read. */
	if (!doubtful && !was_doubtful)
		return PROCFS_AGAIN;
	if (!was_doubtful)
		return PROCFS_FORGED;
	if (!doubtful)
		seen->print = print;
	return PROCFS_DISPUTED;
}

int procfs_watch_row(struct procfs_watch *watch, const struct procfs_unix *entry, size_t length,
		     enum procfs_verdict *ret_verdict)
{
	bool doubtful = watch_take(watch, length);
	size_t name_left = entry->has_path ? SUN_PATH_MAX - entry->path_length : 0;
	struct procfs_seen *seen;
	uint32_t print;
	int r;

	/* Either this line's own name goes on, or the one that it is a part of. */
	watch->name_left = MAX(watch->name_left, name_left);

	if (entry->inode == 0 || entry->inode > UINT32_MAX) {
		*ret_verdict = PROCFS_GENUINE;
		return 0;
	}
	if (watch->n_seen * 4 >= watch->n_slots * 3) {
		r = watch_grow(watch);
		if (r < 0)
			return r;
	}
	print = line_print(entry, doubtful);
	seen = watch_find(watch->slots, watch->n_slots, (uint32_t)entry->inode);
	if (seen->inode != 0) {
		*ret_verdict = judge_again(seen, print);
		return 0;
	}
	*seen = (struct procfs_seen){ (uint32_t)entry->inode, print };
	watch->n_seen++;
	*ret_verdict = PROCFS_GENUINE;
	return 0;
}
