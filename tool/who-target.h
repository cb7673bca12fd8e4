/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Whom estab who asks for: from its words to a filter, and the tables that can have such sockets. */
#ifndef ESTAB_TOOL_WHO_TARGET_H
#define ESTAB_TOOL_WHO_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct options;

/*
 * ":8080", "8080", "HOST:PORT", "PATH", "@ABSTRACT", "pid:N", "NAME"; several of them, with blanks between, but for
 * a path, which may hold some. Puts the filter; *ret_tables are SELECT_…. 0, or the exit status after a
 * complaint.
 */
int who_target(const struct options *options, struct buf *filter, uint32_t *ret_tables);

/* The next "pid:N" of such words, that who_target() took, from *words on, which moves behind it. false: there is
 * none left. */
bool who_target_next_pid(const char **words, uint32_t *ret_pid);

#endif
