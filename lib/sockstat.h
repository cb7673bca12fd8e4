/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* How many sockets the kernel counts in a network namespace: /proc/net/sockstat and sockstat6. */
#ifndef ESTAB_SOCKSTAT_H
#define ESTAB_SOCKSTAT_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"

struct env;

/* IPv4's and IPv6's together. Sockets of the kernel are in all but the first. */
struct sockstat {
	uint64_t used; /* of all families, bound or not, with a file or without */
	uint64_t tcp;  /* in the tables: listening, and with a peer */
	uint64_t time_wait;
	uint64_t udp;
	uint64_t udplite;
	uint64_t raw;
};

/* Adds what one of the files says. */
void sockstat_add(struct cursor text, struct sockstat *sockstat);
enum { SOCKSTAT_FILES = 2 };

/* Opens both below that path: "4711/net"; what is missing is a negative number. */
void sockstat_open_at(int dir_fd, const char *directory, int ret_fds[SOCKSTAT_FILES]);
/* Whether they tell, as often as they are asked. */
bool sockstat_read_files(const int fds[SOCKSTAT_FILES], struct sockstat *ret_sockstat);
void sockstat_close(int fds[SOCKSTAT_FILES]);
/* Whether the namespace that is read tells; sockstat6 is missing where there is no IPv6. */
bool sockstat_read(const struct env *env, struct sockstat *ret_sockstat);

#endif
