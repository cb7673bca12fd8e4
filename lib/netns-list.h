/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The network namespaces that can be known of, each once: those of processes and threads, mounted
 * ones, those that descriptors or sockets keep. None is held open: each is looked up again where it
 * was met when its turn has come, and must be the same then.
 */
#ifndef ESTAB_NETNS_LIST_H
#define ESTAB_NETNS_LIST_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "netns.h"
#include "row-index.h"
#include "sockstat.h"

struct estab_result;

/* The first that there is serves best. */
enum netns_place_kind {
	PLACE_PROCESS, /* a process of it, or a thread */
	PLACE_MOUNT,
	PLACE_FD,     /* a process has it open */
	PLACE_SOCKET, /* a process has a socket of it */
	PLACE_ID,     /* listns(2) knows it */
};

struct netns_place {
	enum netns_place_kind kind;
	uint32_t pid;     /* PLACE_MOUNT: whose mounts; 0: ours */
	uint32_t tid;     /* PLACE_PROCESS: a thread that is elsewhere than its process; 0: none */
	uint32_t fd;      /* PLACE_FD, PLACE_SOCKET */
	const char *path; /* PLACE_MOUNT */
	uint64_t id;      /* PLACE_ID */
};

/* What a namespace is named by: the last that there is. */
enum netns_rank {
	RANK_NONE,
	RANK_HOLDER,
	RANK_MOUNT,
	RANK_PROCESS,
	RANK_CONTAINER,
	RANK_NAME,
};

enum { NETNS_PLACES = 6 };

/* What the kernel counts there, and what of it was met. */
struct netns_tally {
	struct sockstat before; /* when it was looked at first */
	struct sockstat met;    /* by a walk over all files */
	bool counted;           /* before is known */
	bool requests;          /* some listener has any */
};

struct netns_item {
	uint64_t inode;     /* 0: unknown, its processes are closed to us */
	uint64_t tables;    /* number of its /proc/PID/net/dev; 0: unknown */
	const char *name;   /* NULL: it has none */
	uint8_t rank;       /* enum netns_rank */
	uint32_t named_pid; /* the process that it is named by; 0: none */
	bool own;           /* the caller's; always the first */
	bool unwanted;      /* no socket of it can match */
	bool lost;          /* it could not be read, and that is told */
	uint8_t n_places;
	struct netns_place places[NETNS_PLACES];
	struct netns_tally tally;
	bool counted_ahead; /* this and those below are netns-count.c's */
	struct sockstat ahead;
	bool files_open;
	int files[SOCKSTAT_FILES];
};

struct netns_list {
	struct arena arena; /* names and paths */
	struct netns_item *items;
	size_t n;
	size_t room;
	struct row_index by_inode;
	struct row_index by_tables;
	bool known; /* we may enter them all, as was seen */
};

#define NETNS_NONE SIZE_MAX

/*
 * Finds all that can be known of; what was tried and what is closed goes to the result. The caller's own is the first, the others come by inode. -ENOMEM, or what
 * env_check() says but -ETIME, which is a loss; netns_list_free() it in any case.
 */
int netns_list_read(struct env *env, struct estab_result *result, struct netns_list *ret_list);
void netns_list_free(struct netns_list *list);

/* The place in the list of the namespace with that inode; NETNS_NONE. */
size_t netns_list_find(const struct netns_list *list, uint64_t inode);

/* ---- netns-visit.c: going there ---- */

/*
 * Makes that namespace of env->namespaces the one that is read: env->target, env->netns; the one
 * before is given up. When that fails it is the caller's own: -EPERM, -EACCES; -ESTALE: it is gone;
 * -ENOMEM, -EMFILE, …
 */
int netns_list_enter(struct env *env, size_t index);
/* Back to the caller's own. */
void netns_list_leave(struct env *env);

/* Of a process or thread: its directory below /proc, and what is below that. */
void netns_place_path(const struct netns_place *place, const char *below, char *path, size_t size);
/* Whether the process or thread is still in that namespace; another one that is now is as good. */
bool netns_place_is_there(const struct estab_ctx *ctx, const struct netns_item *item,
			  const struct netns_place *place);

/* ---- netns-count.c ---- */

/* Reads what the kernel counts there, without going there where a process of it is in sight; else it is
 * entered. 0; 1: it does not tell; errors as netns_list_enter(). */
int netns_list_count(struct env *env, size_t index, struct sockstat *ret_sockstat);
/* The same before anything else is read: into the item's tally. 0, also when it does not tell. */
int netns_list_count_first(struct env *env, size_t index);
/* Closes what was kept open for being asked a second time. */
void netns_list_drop_files(struct netns_list *list);

/*
 * Counts in all of them that need not be entered, on a thread of its own, while the caller loads programs; and on
 * the caller's as well, at the end. What was found is what the next count of each gives. The list must not change
 * meanwhile. again: it is the second look.
 */
struct netns_counting {
	struct env *env;
	pthread_t thread;
	atomic_size_t next;
	bool again;
	bool started;
};
void netns_count_start(struct env *env, bool again, struct netns_counting *counting);
void netns_count_end(struct netns_counting *counting);

/* ---- for those who find them ---- */

/* Adds a namespace, or a place where it can be found; ret_index may be NULL. -ENOMEM. */
int netns_list_add(struct netns_list *list, uint64_t inode, const struct netns_place *place,
		   size_t *ret_index);
/* The same, known by the number of its tables; inode 0: unknown. */
int netns_list_add_tables(struct netns_list *list, uint64_t inode, uint64_t tables,
			  const struct netns_place *place, size_t *ret_index);
/* Names it, unless it has a name of that rank or a better one. -ENOMEM. */
int netns_list_name(struct netns_list *list, size_t index, enum netns_rank rank, const void *name,
		    size_t length);
/* The same with "COMM[PID]". */
int netns_list_name_process(struct netns_list *list, size_t index, enum netns_rank rank,
			    const char *comm, size_t length, uint32_t pid);

#endif
