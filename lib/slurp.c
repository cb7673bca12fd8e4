/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "slurp.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "util.h"

ssize_t slurp_fd(int fd, char *buffer, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, buffer + length, size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	return (ssize_t)length;
}

ssize_t slurp_at(int dir_fd, const char *path, char *buffer, size_t size)
{
	_cleanup_(cleanup_close) int fd =
		openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);

	return fd < 0 ? -errno : slurp_fd(fd, buffer, size);
}
