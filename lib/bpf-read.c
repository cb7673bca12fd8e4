/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "pump.h"
#include "util.h"

enum {
	FILLS_ALONE = 8,  /* what is shorter is not worth a thread */
	REST_ROOM = 1024, /* more than any record takes */
};

_Static_assert(sizeof(struct record) + sizeof(struct record_netlink) + RECORD_GROUPS_MAX / 8 <=
		       REST_ROOM,
	       "the rest of a record finds room");

struct bpf_reader *bpf_reader_new(const struct env *env, int fd)
{
	struct bpf_reader *reader = malloc(sizeof(*reader));

	if (!reader) {
		close(fd);
		return NULL;
	}
	reader->env = env;
	reader->fd = fd;
	reader->n_fills = 0;
	reader->pump = NULL;
	reader->data = reader->buffer;
	reader->at = 0;
	reader->end = 0;
	return reader;
}

struct bpf_reader *bpf_reader_free(struct bpf_reader *reader)
{
	if (reader) {
		pump_stop(reader->pump);
		close(reader->fd);
		free(reader);
	}
	return NULL;
}

/* How much of the last record is still to come; 0: nothing, or these are no records. */
static size_t rest_of_last(const uint8_t *buffer, size_t length)
{
	const struct record *record;

	for (size_t at = 0; length - at >= sizeof(record->size); at += record->size) {
		record = (const void *)(buffer + at);
		if (record->size < RECORD_HOLDER_SIZE || record->size > REST_ROOM)
			return 0;
		if (record->size > length - at)
			return record->size - (length - at);
	}
	return 0;
}

/*
 * 0, or 1 at the end; -EAGAIN: again. The kernel gathers whole records in eight pages: where a page is
 * larger than 4 KiB that is more than we take at once, and the last is cut (kernel/bpf/bpf_iter.c,
 * bpf_seq_read()). The next reading would begin with its rest, and have nothing else.
 */
static int read_some(int fd, uint8_t *buffer, size_t room, size_t *ret_length)
{
	const size_t most = room - REST_ROOM;
	ssize_t n = read(fd, buffer, most);
	size_t rest;

	if (n > 0)
		*ret_length = (size_t)n;
	rest = n == (ssize_t)most ? rest_of_last(buffer, most) : 0;
	if (rest > 0 && read(fd, buffer + most, rest) == (ssize_t)rest)
		*ret_length += rest;
	if (n >= 0)
		return n == 0;
	/* After a million objects of which nothing was written the kernel takes a breath. */
	return errno == EINTR ? -EAGAIN : -errno;
}

static int read_ahead(void *arg, struct pump_chunk *chunk)
{
	const struct bpf_reader *reader = arg;

	chunk->length = 0;
	return read_some(reader->fd, chunk->data, sizeof(chunk->data), &chunk->length);
}

static int fill_from_pump(struct bpf_reader *reader)
{
	const struct pump_chunk *chunk;
	int r = pump_next(reader->pump, &chunk);

	if (r != 0)
		return r;
	reader->data = chunk->data;
	reader->end = chunk->length;
	return chunk->length > 0 ? 0 : -EAGAIN;
}

static int fill(struct bpf_reader *reader)
{
	int r = -EAGAIN;

	if (reader->env && reader->env->ctx->flags & ESTAB_CTX_THREADS &&
	    ++reader->n_fills == FILLS_ALONE)
		pump_start(read_ahead, reader, &reader->pump);
	reader->at = 0;
	reader->end = 0;
	while (r == -EAGAIN) {
		r = reader->env ? env_check(reader->env) : 0;
		if (r < 0)
			return r;
		r = reader->pump ? fill_from_pump(reader)
				 : read_some(reader->fd, reader->buffer, sizeof(reader->buffer),
					     &reader->end);
	}
	return r;
}

const struct record *bpf_reader_peek(const struct bpf_reader *reader)
{
	if (reader->end - reader->at < RECORD_HOLDER_SIZE)
		return NULL;
	return (const void *)(reader->data + reader->at);
}

/* Whether it has the size of its kind; so much is there. */
static bool is_whole(const struct record *record, size_t there)
{
	const struct record_netlink *netlink = (const void *)(record + 1);

	if (record->size > there)
		return false;
	switch (record->kind) {
	case RECORD_HOLDER:
		return record->size == RECORD_HOLDER_SIZE;
	case RECORD_ROW:
		return record->size == sizeof(*record);
	case RECORD_NETLINK:
		return record->size >= sizeof(*record) + sizeof(*netlink) &&
		       record->size ==
			       sizeof(*record) + sizeof(*netlink) + bpf_groups_length(netlink);
	default:
		return false;
	}
}

int bpf_reader_next(struct bpf_reader *reader, const struct record **ret_record)
{
	const struct record *record;
	size_t left;

	if (reader->at == reader->end) {
		int r = fill(reader);

		if (r != 0)
			return r;
	}
	record = (const void *)(reader->data + reader->at);
	left = reader->end - reader->at;
	if (left < RECORD_HOLDER_SIZE || !is_whole(record, left))
		return -EBADMSG;
	reader->at += record->size;
	*ret_record = record;
	return 0;
}
