/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "conntrack.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "netns.h"
#include "parse.h"
#include "util.h"

bool conntrack_is_here(const struct env *env)
{
	return faccessat(env->ctx->proc_fd, "sys/net/netfilter/nf_conntrack_count", F_OK, 0) == 0;
}

int64_t conntrack_setting(const struct env *env, const char *name)
{
	char path[64], text[24];
	_cleanup_(cleanup_close) int fd = -1;
	struct cursor cursor;
	uint64_t value;
	ssize_t n;

	snprintf(path, sizeof(path), "sys/net/netfilter/%s", name);
	fd = netns_open_sysctl(env, path);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	cursor = (struct cursor){ text, text + MAX(n, (ssize_t)0) };
	return cursor_decimal(&cursor, &value) && value <= INT64_MAX ? (int64_t)value : -1;
}
