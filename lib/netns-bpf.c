/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network namespaces that are kept by a descriptor or a socket, of all processes at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "netns-walk.h"
#include "util.h"

/* Files of namespaces look the same, whatever kind they are of. */
static bool is_network(const struct netns_walk *walk, const struct record *record)
{
	uint64_t inode;
	char path[64];

	if (record->family != 0)
		return true;
	snprintf(path, sizeof(path), "%u/task/%u/fd/%u", record->pid, record->tid, record->fd);
	return netns_read_link(walk->env->ctx->proc_fd, path, "net", &inode) == 0 &&
	       inode == record->netns;
}

static int note_record(struct netns_walk *walk, const struct record *record)
{
	const struct netns_place place = {
		.kind = record->family != 0 ? PLACE_SOCKET : PLACE_FD,
		.pid = record->pid,
		.fd = record->fd,
	};
	size_t index;
	int r;

	if (record->pid == 0 || !is_network(walk, record))
		return 0;
	r = netns_list_add(walk->list, record->netns, &place, &index);
	return r < 0 ? r
		     : netns_list_name_process(walk->list, index, RANK_HOLDER, record->comm,
					       strnlen(record->comm, sizeof(record->comm)),
					       record->pid);
}

static int note_records(struct netns_walk *walk, struct bpf_reader *reader, uint64_t *ret_count)
{
	const struct record *record;
	uint64_t count = 0;
	int r;

	while ((r = bpf_reader_next(reader, &record)) == 0) {
		r = note_record(walk, record);
		if (r < 0)
			return r;
		count++;
	}
	*ret_count = count;
	return MIN(r, 0);
}

int netns_walk_bpf(struct netns_walk *walk)
{
	const struct env *env = walk->env;
	struct bpf_reader *reader;
	uint64_t count = 0;
	int fd, r;

	if (env->plan.source || bpf_check(env) < 0)
		return 1;
	fd = bpf_open_netns(bpf_is_nested(env));
	if (fd < 0) {
		result_add_source(walk->result, "bpf", "netns", NULL, fd);
		return 1;
	}
	reader = bpf_reader_new(env, fd);
	if (!reader)
		return -ENOMEM;
	r = note_records(walk, reader, &count);
	bpf_reader_free(reader);
	result_add_source(walk->result, "bpf", "netns", NULL, r)->rows = count;
	if (r == -ENOMEM || r == -ECANCELED || r == -ETIME)
		return r;
	return r < 0;
}
