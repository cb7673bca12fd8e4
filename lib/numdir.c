/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "numdir.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parse.h"

/* The kernel's struct linux_dirent64, which libc doesn't have everywhere. */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

void numdir_start(struct numdir *dir, int fd)
{
	dir->fd = fd;
	dir->at = 0;
	dir->end = 0;
}

/* A number as the kernel writes it: "007" is no process. */
static int parse_name(const char *name, uint32_t *ret_number)
{
	if (name[0] == '0' && name[1] != '\0')
		return -EINVAL;
	return parse_u32(name, ret_number);
}

int numdir_next(struct numdir *dir, uint32_t *ret_number, const char **ret_name)
{
	for (;;) {
		if (dir->at >= dir->end) {
			/* Not readdir(): that costs as much again as the kernel's part. */
			long n = syscall(SYS_getdents64, dir->fd, dir->buffer, sizeof(dir->buffer));

			if (n < 0)
				return -errno;
			if (n == 0)
				return 1;
			dir->at = 0;
			dir->end = (size_t)n;
		}

		const struct entry *entry = (const void *)(dir->buffer + dir->at);

		dir->at += entry->length;
		if (entry->name[0] < '0' || entry->name[0] > '9')
			continue;
		if (parse_name(entry->name, ret_number) == 0) {
			*ret_name = entry->name;
			return 0;
		}
	}
}
