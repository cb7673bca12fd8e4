/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The head of a result: when and where it was read. */
#ifndef ESTAB_HEAD_H
#define ESTAB_HEAD_H

#include "env.h"
#include "result.h"

void head_fill(struct estab_result *result, const struct env *env);

#endif
