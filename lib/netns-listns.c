/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * listns(2), since Linux 6.19: the namespaces that are in use by a process, a mount, or a descriptor of
 * their own file, as far as the caller may know of them. It gives numbers, by which they can be opened as
 * files by their handle.
 */
#include "netns-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util.h"

enum {
	SYSCALL_LISTNS = 470,  /* on every architecture */
	HANDLE_NSFS = 0xf1,    /* FILEID_NSFS */
	NSFS_ROOT_FD = -10003, /* FD_NSFS_ROOT: stands for nsfs, which is mounted nowhere */
	IDS_AT_ONCE = 256,
};

/* The kernel's struct ns_id_req. */
struct request {
	uint32_t size;
	uint32_t spare;
	uint64_t last;
	uint32_t types;
	uint32_t spare2;
	uint64_t user_namespace; /* 0: whoever owns them */
};

/* The kernel's struct nsfs_file_handle; zeros but for the number: whatever they are. */
struct handle {
	uint64_t id;
	uint32_t type;
	uint32_t inode;
};

static ssize_t list_ids(void *arg, uint64_t last, uint64_t *ids, size_t room)
{
	const struct request request = {
		.size = sizeof(request),
		.last = last,
		.types = CLONE_NEWNET,
	};
	long n = syscall(SYSCALL_LISTNS, &request, ids, room, 0);

	(void)arg;
	return n < 0 ? -errno : n;
}

static int open_id(void *arg, uint64_t id)
{
	_Alignas(
		struct file_handle) char memory[sizeof(struct file_handle) + sizeof(struct handle)];
	struct file_handle *handle = (struct file_handle *)(void *)memory;
	const struct handle body = { .id = id };
	int fd;

	(void)arg;
	handle->handle_bytes = sizeof(body);
	handle->handle_type = HANDLE_NSFS;
	memcpy(handle->f_handle, &body, sizeof(body));
	fd = open_by_handle_at(NSFS_ROOT_FD, handle, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

const struct netns_kernel netns_kernel = { .list = list_ids, .open = open_id };

static int note_id(struct netns_walk *walk, const struct netns_kernel *kernel, uint64_t id)
{
	const struct netns_place place = { .kind = PLACE_ID, .id = id };
	int fd = kernel->open(kernel->arg, id);
	struct stat st;
	int r;

	/* It is gone, or not ours to open. */
	if (fd < 0) {
		netns_note_error(walk, fd);
		return 0;
	}
	r = fstat(fd, &st) < 0 ? 0 : netns_list_add(walk->list, st.st_ino, &place, NULL);
	close(fd);
	return r;
}

int netns_walk_kernel(struct netns_walk *walk, const struct netns_kernel *kernel)
{
	uint64_t ids[IDS_AT_ONCE];
	uint64_t last = 0;
	uint64_t count = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = kernel->list(kernel->arg, last, ids, IDS_AT_ONCE)) > 0) {
		for (ssize_t i = 0; r == 0 && i < n; i++)
			r = note_id(walk, kernel, ids[i]);
		count += (uint64_t)n;
		/* They come in order; else it might never end. */
		if (ids[n - 1] <= last)
			break;
		last = ids[n - 1];
		if (r == 0)
			r = env_check(walk->env);
	}
	if (r < 0)
		return r;
	result_add_source(walk->result, "listns", "netns", NULL, n < 0 ? (int)n : 0)->rows = count;
	return n < 0;
}
