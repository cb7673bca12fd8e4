/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Memory that runs out where a test wants it to. The linker leads every call of an allocating
 * function in the test program, and so in the static library, to the wrappers of alloc-fail.c
 * (test/meson.build lists them); what libc allocates within other calls is not seen.
 */
#ifndef ALLOC_FAIL_H
#define ALLOC_FAIL_H

#include <stdbool.h>

enum alloc_mode {
	ALLOC_FAIL_ONE,     /* this allocation, and no other */
	ALLOC_FAIL_FOLLOWS, /* this one and all behind it */
};

/* From now on allocations count from 0, and the one of this number fails. LONG_MAX: none does. */
void alloc_fail_arm(long number, enum alloc_mode mode);
/* Back to normal; returns how many allocations there were. */
long alloc_fail_disarm(void);
/* Whether one has failed since alloc_fail_arm(). */
bool alloc_has_failed(void);

/* How much memory is allocated now; 0 where nobody knows. */
long alloc_in_use(void);

#endif
