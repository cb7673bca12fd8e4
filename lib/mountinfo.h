/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The lines of /proc/PID/mountinfo: proc(5). */
#ifndef ESTAB_MOUNTINFO_H
#define ESTAB_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/* A piece of the text; paths are as the kernel escaped them. */
struct mountinfo_text {
	const char *at;
	size_t length;
};

struct mountinfo {
	uint64_t id;
	uint64_t parent;
	struct mountinfo_text root; /* "net:[4026531840]" of a namespace */
	struct mountinfo_text point;
	struct mountinfo_text type; /* of the file system */
};

/* Takes the next line that is one off the front; false at the end. */
bool mountinfo_next(struct cursor *text, struct mountinfo *ret_mount);
/* Undoes the escapes ("\040"); returns how many bytes it wrote, at most as many as there were. */
size_t mountinfo_unescape(struct mountinfo_text text, char *buffer);
/* Whether looking up a name in such a file system may take for ever: it asks a server, or a user's
 * program. */
bool mountinfo_may_hang(struct mountinfo_text type);

#endif
