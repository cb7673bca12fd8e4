/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Small things that every part of the command needs. */
#ifndef ESTAB_TOOL_UTIL_H
#define ESTAB_TOOL_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BIT32(n) (UINT32_C(1) << (n))
#define BIT64(n) (UINT64_C(1) << (n))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define _cleanup_(fn) __attribute__((cleanup(fn)))

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

#endif
