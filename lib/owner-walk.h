/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Between the walk over the processes and the reading of one process's tables of descriptors. */
#ifndef ESTAB_OWNER_WALK_H
#define ESTAB_OWNER_WALK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lines.h"
#include "numdir.h"
#include "owner.h"
#include "process.h"

enum walk_loss {
	LOST_PERMISSION,
	LOST_PROTECTED, /* of the same user, and yet not to be read */
	LOST_VANISHED,
	LOST_UNAVAILABLE,
	LOST_ERROR,
	LOST_UNREAD,
	LOST_THREADS,
	LOST_RINGS,
	LOST_CMDLINE_CUT,
	LOST_CMDLINE_STUCK,
	LOST_CONTEXT,
	LOST_CGROUP,
	WALK_LOSSES,
};

/* What all threads of a walk share and none changes, but for the number of the next process. */
struct walk {
	const struct env *env;
	bool live;     /* a procfs, be it another host's: what is gone has ended */
	bool own_pids; /* its numbers are those that our system calls take */
	size_t n_pids;
	uint32_t *pids;
	atomic_size_t next;
	atomic_bool enough; /* nothing more is wanted */
};

struct walk_process {
	struct process process;
	struct walk_process *next;
};

/* One thread's share of a walk. */
struct walker {
	struct walk *walk;
	struct owner_index view;
	struct arena arena;
	struct process_reader reader;
	struct walk_process *processes; /* those that hold something, the last one first */
	uint32_t *tables; /* threads of the process at hand with a table of their own, see kcmp(2) */
	size_t n_tables;
	size_t tables_room;
	bool no_kcmp;
	uint32_t steps;
	int status; /* why the walk ends early: a negative errno */
	uint64_t lost[WALK_LOSSES];
	struct lines *ring_lines; /* made for the first ring */
	struct numdir descriptors;
	struct numdir threads;
};

/* The process at hand. */
struct subject {
	uint32_t pid;
	int dir_fd;             /* its directory */
	size_t first;           /* of its holdings in the view */
	struct process *record; /* NULL until it holds something */
};

/* What a descriptor's link leads to. */
enum walk_link { LINK_OTHER, LINK_SOCKET, LINK_RING };

enum { WALK_LINK_MAX = 40 }; /* "socket:[" and 20 digits fit; all else may be cut */

enum walk_link walk_read_link(const char *link, size_t length, uint64_t *ret_inode);
/* Opens the file that tells of a descriptor; table_fd is the directory of the process or the thread, name
 * the descriptor's number. */
int walk_open_fdinfo(int table_fd, const char *name);
/* Adds a holding of the process at hand, whose fd, tid and via are given. */
int walk_hold(struct walker *walker, struct subject *subject, int table_fd, uint64_t inode,
	      struct estab_owner owner);

/* Adds what a ring of the process at hand holds. Returns 0, or a negative errno when it could not be
 * read; what ends the whole walk goes to walker->status. */
int owner_read_ring(struct walker *walker, struct subject *subject, int table_fd, const char *name,
		    struct estab_owner ring);

/*
 * Adds what the process's descriptors hold, and those of its threads that have a table of their
 * own. Returns 0, or a negative errno when some of them could not be read; what ends the whole walk
 * goes to walker->status.
 */
int owner_read_tables(struct walker *walker, struct subject *subject);

/* Whether the procfs keeps processes of others from being seen at all by this one. */
bool procfs_hides(int proc_fd);
/* The options its mount has in common with all of that procfs, as "rw,hidepid=invisible"; NULL: not
 * known. free() it. */
char *procfs_options(int proc_fd);

#endif
