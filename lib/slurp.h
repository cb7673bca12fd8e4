/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Small files, read whole. */
#ifndef ESTAB_SLURP_H
#define ESTAB_SLURP_H

#include <stddef.h>
#include <sys/types.h>

/* Both return how many bytes there were, at most size, or a negative errno. */
ssize_t slurp_fd(int fd, char *buffer, size_t size);
/* Of a saved /proc, which may hold anything: follows no link, waits for no FIFO. */
ssize_t slurp_at(int dir_fd, const char *path, char *buffer, size_t size);

#endif
