/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The numbered entries of a directory: processes, their threads, their descriptors. */
#ifndef ESTAB_NUMDIR_H
#define ESTAB_NUMDIR_H

#include <stddef.h>
#include <stdint.h>

/* Large: not for a thread's stack. */
struct numdir {
	int fd;
	size_t at;
	size_t end;
	_Alignas(8) char buffer[32 * 1024];
};

/* Reads from where the descriptor's offset stands; the descriptor stays the caller's. */
void numdir_start(struct numdir *dir, int fd);
/* 0: *ret_number is the next, and *ret_name its text, lent until the next call; 1: the end; negative
 * errno. Other entries are passed over. */
int numdir_next(struct numdir *dir, uint32_t *ret_number, const char **ret_name);

#endif
