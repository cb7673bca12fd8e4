/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The saved /proc that memory runs out over. */
#ifndef ESTAB_TEST_OOM_TREE_H
#define ESTAB_TEST_OOM_TREE_H

#include <stddef.h>

#include "owner-fixture.h"

extern const char oom_udp6_table[];

/* Tables of sockets and flows, and so many processes that hold some of the sockets. */
void oom_tree_make(struct tree *tree, unsigned int processes);
/* Reads a golden file, which must fit; its length. */
size_t oom_golden(const char *name, void *buffer, size_t room);

#endif
