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

int buf_make_room(struct buf *buf, size_t length)
{
	if (buf->fd == BUF_MEMORY)
		return grow(buf, MAX(buf->size * 2, buf->used + length));
	buf_flush(buf);
	if (length <= buf->size)
		return 0;
	return grow(buf, MAX((size_t)BUF_SIZE, length));
}

void buf_many_blanks(struct buf *buf, size_t count)
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

/* What the library's formatting returned for the room there was: 0 when it fitted, or a negative
 * errno; 1 when it did not, and there is room for it now. */
static int take(struct buf *buf, int length)
{
	int error;

	if (length < 0)
		return length;
	if ((size_t)length <= buf->size - buf->used) {
		buf->used += (size_t)length;
		return 0;
	}
	error = buf_reserve(buf, (size_t)length);
	return error < 0 ? error : 1;
}

int buf_socket(struct buf *buf, const struct estab_socket *sock, enum estab_field field)
{
	int r = buf_reserve(buf, CELL_ROOM);

	if (r < 0)
		return r;
	do
		r = take(buf, estab_socket_format(sock, field, buf->data + buf->used,
						  buf->size - buf->used));
	while (r > 0);
	return r;
}

int buf_owner(struct buf *buf, const struct estab_owner *owner, enum estab_field field)
{
	int r = buf_reserve(buf, CELL_ROOM);

	if (r < 0)
		return r;
	do
		r = take(buf, estab_owner_format(owner, field, buf->data + buf->used,
						 buf->size - buf->used));
	while (r > 0);
	return r;
}

int buf_write(void *arg, const char *text, size_t length)
{
	struct buf *buf = arg;

	buf_put(buf, text, length);
	return buf->error;
}
