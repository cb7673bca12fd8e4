/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A network namespace of its own for a test program, with a loopback device that is up. */
#ifndef NETNS_H
#define NETNS_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns false where that is not permitted; a user namespace may permit it to anyone. */
static inline bool netns_enter(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	bool up;
	int fd;

	if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	request.ifr_flags = IFF_UP;
	up = ioctl(fd, SIOCSIFFLAGS, &request) == 0;
	close(fd);
	return up;
}

#endif
