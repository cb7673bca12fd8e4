/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#ifndef ESTAB_TOOL_HELP_H
#define ESTAB_TOOL_HELP_H

#include "buf.h"

void help_put(struct buf *buf);

#endif
