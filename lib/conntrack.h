/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a namespace's connection tracking is set to, and how much it has. Nothing is ever set. */
#ifndef ESTAB_CONNTRACK_H
#define ESTAB_CONNTRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "env.h"

/* Whether the host tracks connections at all: asking for the table where it does not would load it. */
bool conntrack_is_here(const struct env *env);
/* Of the namespace that is read: "nf_conntrack_count", "nf_conntrack_acct". -1: there is none, or it can't be
 * seen. */
int64_t conntrack_setting(const struct env *env, const char *name);

#endif
