/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * All output goes through one of these: a buffer in front of write(2), or, without a file
 * descriptor, text kept in memory. Errors stick in it; nothing that is put has to be checked.
 */
#ifndef ESTAB_TOOL_BUF_H
#define ESTAB_TOOL_BUF_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <estab.h>

enum { BUF_SIZE = 64 * 1024, BUF_MEMORY = -1 };

struct buf {
	int fd;    /* BUF_MEMORY: keeps everything */
	int error; /* 0, or the negative errno of the first failure */
	char *data;
	size_t used;
	size_t size;
	uint64_t written; /* bytes that left the buffer */
};

void buf_init(struct buf *buf, int fd);
void buf_free(struct buf *buf);
/* Writes out what is there. The reader's going away ends the program by SIGPIPE, as it does where
 * the signal is not ignored. */
void buf_flush(struct buf *buf);
/* As buf_reserve(), where there is no room yet. */
int buf_make_room(struct buf *buf, size_t length);

/* Makes room for so many bytes; they can then be put at data + used. Returns 0 or the error. */
static inline int buf_reserve(struct buf *buf, size_t length)
{
	return length <= buf->size - buf->used ? 0 : buf_make_room(buf, length);
}

/* Bytes put so far, written out or not. */
static inline uint64_t buf_total(const struct buf *buf)
{
	return buf->written + buf->used;
}

static inline void buf_char(struct buf *buf, char c)
{
	if (buf->used < buf->size || buf_reserve(buf, 1) == 0)
		buf->data[buf->used++] = c;
}

static inline void buf_put(struct buf *buf, const char *text, size_t length)
{
	if (length > buf->size - buf->used && buf_reserve(buf, length) < 0)
		return;
	/* memcpy() from nowhere is undefined even for no bytes. */
	if (length > 0)
		memcpy(buf->data + buf->used, text, length);
	buf->used += length;
}

static inline void buf_str(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

/* The same as buf_blanks(), for any number of them. */
void buf_many_blanks(struct buf *buf, size_t count);

static inline void buf_blanks(struct buf *buf, size_t count)
{
	static const char blanks[32] = "                                ";

	/* A copy of a fixed size is two instructions, where there is room for it. */
	if (count <= sizeof(blanks) && buf->size - buf->used >= sizeof(blanks)) {
		memcpy(buf->data + buf->used, blanks, sizeof(blanks));
		buf->used += count;
	} else if (count > 0) {
		buf_many_blanks(buf, count);
	}
}

void buf_u64(struct buf *buf, uint64_t value);
void buf_i64(struct buf *buf, int64_t value);
/* As estab_text_escape(). */
void buf_escape(struct buf *buf, const void *bytes, size_t length);
/* As estab_socket_format() and estab_owner_format(), whose error it returns; then nothing is put. */
int buf_socket(struct buf *buf, const struct estab_socket *sock, enum estab_field field);
int buf_owner(struct buf *buf, const struct estab_owner *owner, enum estab_field field);
/* An estab_write_fn; arg is the buffer. */
int buf_write(void *arg, const char *text, size_t length);

#endif
