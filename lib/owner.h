/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Who holds a socket. The index is made of the sockets that want an owner; a walk then adds a
 * holding for each file descriptor that refers to one of them; linking sorts the holdings into a
 * list for each socket. Linear in sockets and descriptors.
 */
#ifndef ESTAB_OWNER_H
#define ESTAB_OWNER_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "env.h"
#include "process.h"
#include "record.h"
#include "result.h"

enum owner_via {
	OWNER_VIA_FD,
	OWNER_VIA_IO_URING, /* registered with a ring: fd is the ring's */
};

/* The kernel has no process id above 2^22. */
enum { OWNER_TID_MAX = (1 << 24) - 1 };

struct estab_owner {
	const struct process *process;
	int32_t fd;
	uint32_t tid : 24; /* 0: the process's own table; else a thread that has one of its own */
	uint32_t via : 8;  /* enum owner_via */
};

struct owner_list {
	uint32_t count;
	uint32_t reserved;
	struct estab_owner owners[];
};

/* By pid, tid and fd. */
void owner_list_sort(struct owner_list *list);

struct owner_holding {
	uint32_t slot;
	uint32_t reserved;
	struct estab_owner owner;
};

enum {
	SLOT_FOUND = 1 << 0,
	SLOT_NO_CARRIER = 1 << 1, /* no unix socket: nothing is under way in it */
};

struct owner_index;

/* Whether what was found is enough, and the walk may end: called for every process that holds something,
 * from any thread of the walk; its holdings in the view begin at first. */
typedef bool owner_enough_fn(void *arg, const struct owner_index *view, size_t first);

struct owner_index {
	uint64_t *inodes; /* open addressing; 0: free */
	size_t n_slots;   /* a power of two */
	size_t n_inodes;
	owner_enough_fn *enough; /* NULL: nothing is */
	void *enough_arg;
	size_t n_found; /* inodes with at least one holding */
	uint8_t *marks; /* SLOT_… of each slot; NULL in a view */
	struct owner_holding *holdings;
	size_t n_holdings;
	size_t room;
	bool incomplete; /* some process could not be read: others may hold any of them */
};

/* Makes room for so many inodes; more may come. */
int owner_index_init(struct owner_index *index, size_t n_sockets);
void owner_index_free(struct owner_index *index);
/* Adds a wanted inode (not 0). -ENOMEM. */
int owner_index_want(struct owner_index *index, uint64_t inode);
/* Returns the slot of a wanted inode, or -1. */
int64_t owner_index_find(const struct owner_index *index, uint64_t inode);
/* Notes who holds it. -ENOMEM. */
int owner_index_add(struct owner_index *index, uint32_t slot, const struct estab_owner *owner);
/* A view of the same wanted inodes with holdings of its own, for one thread of a walk. Nothing may
 * be added to the index meanwhile. */
void owner_index_view(const struct owner_index *index, struct owner_index *ret_view);
/* Moves the view's holdings to the index. The view is freed in any case. -ENOMEM. */
int owner_index_merge(struct owner_index *index, struct owner_index *view);
/* Makes the lists, in the arena, each sorted by pid, tid and fd and without doubles: lists[slot], NULL
 * for a slot without a holding. The array is the caller's to free. */
int owner_index_link(struct owner_index *index, struct arena *arena,
		     const struct owner_list ***ret_lists);

/*
 * Walks every process and thread that /proc shows and adds their holdings; what could not be read
 * goes to the result. Processes and texts are made in the arena. -ENOMEM, what env_check()
 * says (what was found by then stands), or why /proc itself can't be read.
 */
int owner_walk(struct env *env, struct owner_index *index, struct arena *arena,
	       struct estab_result *result);

/*
 * Counts the files that are under way over unix sockets (SCM_RIGHTS) as far as there are descriptors of
 * those that will receive them, until there are enough. -ENOMEM, or what env_check() says; whatever else
 * can't be read is not counted.
 */
int owner_count_carried(const struct env *env, const struct owner_index *index, uint64_t enough,
			uint64_t *ret_count);

/* Why a socket without an owner has none; incomplete: some processes could not be read. */
enum no_owner owner_reason(const struct estab_socket *sock, bool incomplete);

#endif
