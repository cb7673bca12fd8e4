/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "net-file.h"

#include <errno.h>
#include <sys/stat.h>

#include "text.h"
#include "util.h"

int net_file_open(const struct env *env, const char *name)
{
	struct stat st;
	int fd = netns_open(env, name);

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -EINVAL;
	}
	return fd;
}

struct result_source *net_file_note(const struct env *env, struct estab_result *result,
				    const char *source, const char *table, const char *name,
				    int error)
{
	char below[sizeof(env->target.net_dir) + 32];
	size_t size = strlen(env->ctx->proc_path) + sizeof(below) + 1;
	_cleanup_(cleanup_free) char *path = malloc(size);

	text_path(below, sizeof(below), netns_net_dir(env), name);
	if (path)
		text_path(path, size, env->ctx->proc_path, below);
	return result_add_source(result, source, table, path, MIN(error, 0));
}
