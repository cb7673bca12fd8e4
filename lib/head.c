/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "head.h"

#include <fcntl.h>
#include <time.h>

#include "util.h"

/* Only what looks like one is taken: a capture may hold anything. */
static void read_boot_id(struct estab_result *result, const struct env *env)
{
	char buffer[64];
	_cleanup_(cleanup_close) int fd =
		openat(env->ctx->proc_fd, "sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof(buffer));
	size_t length = sizeof(result->boot_id) - 1;

	if (n < (ssize_t)length)
		return;
	for (size_t i = 0; i < length; i++)
		if (!strchr("0123456789abcdef-", buffer[i]) || buffer[i] == '\0')
			return;
	memcpy(result->boot_id, buffer, length);
}

void head_fill(struct estab_result *result, const struct env *env)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	result->time_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	result->netns = env->netns;
	result->capture = env->ctx->capture;
	result->plan = &env->plan;
	read_boot_id(result, env);
}
