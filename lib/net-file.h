/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A file of /proc/net, as every source of text opens and notes it. */
#ifndef ESTAB_NET_FILE_H
#define ESTAB_NET_FILE_H

#include "env.h"
#include "result.h"

/* Returns a descriptor of the caller's, or a negative errno. -ENOENT: it is not there; -EINVAL: what is
 * there is no regular file, which a saved copy may put in its place. */
int net_file_open(const struct env *env, const char *name);
/* The result's record of it: table is "tcp", error what opening gave, 0 or above where it went well.
 * NULL: no memory. */
struct result_source *net_file_note(const struct env *env, struct estab_result *result,
				    const char *source, const char *table, const char *name,
				    int error);

#endif
