/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "buf.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "util.h"

/* Most cells are formatted in place with no more room than this, and are never cut. */
enum { CELL_ROOM = 4096 };

void buf_init(struct buf *buf, int fd)
{
	*buf = (struct buf){ .fd = fd };
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->used = buf->size = 0;
}

static void fail(struct buf *buf, int error)
{
	if (buf->error == 0)
		buf->error = error;
	/* What can't be written is dropped, so that there is always room. */
	buf->used = 0;
}

void buf_flush(struct buf *buf)
{
	size_t done = 0;

	if (buf->fd == BUF_MEMORY)
		return;
	while (done < buf->used && buf->error == 0) {
		ssize_t n = write(buf->fd, buf->data + done, buf->used - done);

		if (n >= 0) {
			done += (size_t)n;
		} else if (errno == EPIPE) {
			signal(SIGPIPE, SIG_DFL);
			raise(SIGPIPE);
			fail(buf, -EPIPE);
		} else if (errno != EINTR) {
			fail(buf, -errno);
		}
	}
	buf->written += done;
	buf->used = 0;
}

static int grow(struct buf *buf, size_t size)
{
	char *data = realloc(buf->data, size);

	if (!data) {
		fail(buf, -ENOMEM);
		return -ENOMEM;
	}
	buf->data = data;
	buf->size = size;
	return 0;
}

int buf_reserve(struct buf *buf, size_t length)
{
	if (length <= buf->size - buf->used)
		return 0;
	if (buf->fd == BUF_MEMORY)
		return grow(buf, MAX(buf->size * 2, buf->used + length));
	buf_flush(buf);
	if (length <= buf->size)
		return 0;
	return grow(buf, MAX((size_t)BUF_SIZE, length));
}

void buf_blanks(struct buf *buf, size_t count)
{
	if (buf_reserve(buf, count) < 0)
		return;
	memset(buf->data + buf->used, ' ', count);
	buf->used += count;
}

void buf_u64(struct buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_put(buf, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *buf, int64_t value)
{
	if (value < 0)
		buf_char(buf, '-');
	buf_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void buf_escape(struct buf *buf, const void *bytes, size_t length)
{
	size_t whole;

	if (buf_reserve(buf, CELL_ROOM) < 0)
		return;
	whole = estab_text_escape(bytes, length, buf->data + buf->used, buf->size - buf->used);
	if (whole > buf->size - buf->used) {
		if (buf_reserve(buf, whole) < 0)
			return;
		whole = estab_text_escape(bytes, length, buf->data + buf->used,
					  buf->size - buf->used);
	}
	buf->used += whole;
}

typedef int fill_fn(const void *what, enum estab_field field, char *buffer, size_t size);

static int fill_socket(const void *what, enum estab_field field, char *buffer, size_t size)
{
	return estab_socket_format(what, field, buffer, size);
}

static int fill_owner(const void *what, enum estab_field field, char *buffer, size_t size)
{
	return estab_owner_format(what, field, buffer, size);
}

static int fill(struct buf *buf, fill_fn *fn, const void *what, enum estab_field field)
{
	int length = buf_reserve(buf, CELL_ROOM);

	if (length < 0)
		return length;
	length = fn(what, field, buf->data + buf->used, buf->size - buf->used);
	if (length > 0 && (size_t)length > buf->size - buf->used) {
		int error = buf_reserve(buf, (size_t)length);

		if (error < 0)
			return error;
		length = fn(what, field, buf->data + buf->used, buf->size - buf->used);
	}
	if (length < 0)
		return length;
	buf->used += (size_t)length;
	return 0;
}

int buf_socket(struct buf *buf, const struct estab_socket *sock, enum estab_field field)
{
	return fill(buf, fill_socket, sock, field);
}

int buf_owner(struct buf *buf, const struct estab_owner *owner, enum estab_field field)
{
	return fill(buf, fill_owner, owner, field);
}

int buf_write(void *arg, const char *text, size_t length)
{
	struct buf *buf = arg;

	buf_put(buf, text, length);
	return buf->error;
}
