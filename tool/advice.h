/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What would let more be seen. */
#ifndef ESTAB_TOOL_ADVICE_H
#define ESTAB_TOOL_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

enum { ADVICE_MAX = 24, ADVICE_ROOM = 240 };

struct advice {
	size_t n;
	char lines[ADVICE_MAX][ADVICE_ROOM]; /* printable ASCII */
};

/* unseen: sockets whose owners can't be seen for want of rights. */
void advice_give(struct advice *advice, const struct estab_probe *probe, uint64_t unseen);

/* The probe's fact of that name; false when it is not known. */
bool advice_fact(const struct estab_probe *probe, const char *name, struct estab_fact *ret_fact);

#endif
