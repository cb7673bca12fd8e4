/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "net-file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

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
	_cleanup_(cleanup_free) char *path = NULL;

	if (asprintf(&path, "%s/%s/%s", env->ctx->proc_path, netns_net_dir(env), name) < 0)
		path = NULL;
	return result_add_source(result, source, table, path, MIN(error, 0));
}
