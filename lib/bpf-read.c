/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "util.h"

struct bpf_reader *bpf_reader_new(const struct env *env, int fd)
{
	struct bpf_reader *reader = malloc(sizeof(*reader));

	if (!reader) {
		close(fd);
		return NULL;
	}
	reader->env = env;
	reader->fd = fd;
	reader->at = 0;
	reader->end = 0;
	return reader;
}

struct bpf_reader *bpf_reader_free(struct bpf_reader *reader)
{
	if (reader) {
		close(reader->fd);
		free(reader);
	}
	return NULL;
}

/* 0, or 1 at the end. A record is never cut in two: the kernel keeps what doesn't fit. */
static int fill(struct bpf_reader *reader)
{
	for (;;) {
		int r = reader->env ? env_check(reader->env) : 0;
		ssize_t n;

		if (r < 0)
			return r;
		n = read(reader->fd, reader->buffer, sizeof(reader->buffer));
		if (n > 0) {
			reader->at = 0;
			reader->end = (size_t)n;
			return 0;
		}
		if (n == 0)
			return 1;
		/* After a million objects of which nothing was written the kernel takes a breath. */
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}

const struct record *bpf_reader_peek(const struct bpf_reader *reader)
{
	if (reader->end - reader->at < RECORD_HOLDER_SIZE)
		return NULL;
	return (const void *)(reader->buffer + reader->at);
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
	record = (const void *)(reader->buffer + reader->at);
	left = reader->end - reader->at;
	if (left < RECORD_HOLDER_SIZE || record->size > left ||
	    record->size != (record->kind == RECORD_ROW ? sizeof(*record) : RECORD_HOLDER_SIZE) ||
	    (record->kind != RECORD_ROW && record->kind != RECORD_HOLDER))
		return -EBADMSG;
	reader->at += record->size;
	*ret_record = record;
	return 0;
}
