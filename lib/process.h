/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What /proc says of one process. All is read through its open directory, so that a number that is
 * given to another process meanwhile yields errors and never the other's data.
 */
#ifndef ESTAB_PROCESS_H
#define ESTAB_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "cgroup.h"
#include "text.h"

struct container;

enum {
	PROCESS_HAS_UID = 1 << 0,
	PROCESS_HAS_START = 1 << 1, /* start_ticks */
	PROCESS_HAS_PPID = 1 << 2,
	PROCESS_HAS_AGE = 1 << 3,
	PROCESS_HAS_PGID = 1 << 4,
};

/* Shared by all its sockets. Texts are in the result's arena, NULL when unknown or not asked for. */
struct process {
	uint32_t pid;
	uint32_t uid;
	uint32_t has;
	uint32_t cmdline_length;
	uint64_t start_ticks;
	const char *comm; /* terminated, but may hold anything else */
	const char *exe;
	const char *cmdline; /* arguments, each followed by a NUL */
	const char *user;
	const char *context;
	const struct cgroup *cgroup;
	const struct container *container; /* lent by the result's env */
	uint64_t age_ms;
	uint32_t pgid;              /* known with the parent */
	uint32_t ppid;              /* 0: its parent is not in this pid namespace */
	char start_time[TEXT_TIME]; /* RFC 3339; empty: unknown */
};

enum {
	PROCESS_CMDLINE_MAX = 128 * 1024,
	PROCESS_PATIENCE_MS = 100,
};

/* Kept for a walk: what its reads share, and counts of what they lost. */
struct process_reader {
	struct arena *arena;
	char *buffer;         /* made at its first use */
	uint32_t patience_ms; /* left for waiting for processes that sleep on a disk */
	uint64_t cmdlines_cut;
	uint64_t cmdlines_stuck;
	uint64_t contexts_missing; /* no security module gives them */
	uint64_t cgroups_unread;
};

void process_reader_init(struct process_reader *reader, struct arena *arena);
void process_reader_free(struct process_reader *reader);

/*
 * Fills in what needs (NEED_COMM, NEED_EXE, …) asks for, but what process-more.c does. dir_fd is the process's
 * directory. memory_fd is that of one of its threads that lives, or the same: a leader that exited
 * has no command line. What can't be read stays unknown. -ENOMEM.
 */
int process_read(struct process_reader *reader, int dir_fd, int memory_fd, uint64_t needs,
		 struct process *process);

struct process_stat {
	char state;
	uint32_t flags; /* the kernel's PF_… */
	uint32_t n_threads;
	uint32_t ppid;
	uint32_t pgid;
	uint64_t start_ticks;
};

/* Reads the file "stat". -EBADMSG: it is malformed. */
int process_read_stat(int dir_fd, struct process_stat *ret_stat);
/* Whether all its user ids (real, effective, saved, file system) are that one. */
bool process_belongs_to(int dir_fd, uint32_t uid);
/* false: it is a kernel thread, or dead with all its threads, and so has no descriptors. */
bool process_may_hold(int dir_fd);

/* ---- process-more.c: what is known of a process by way of others than its own files ---- */

struct env;

/* What a clock says of the moment of reading; all zero: not yet asked. */
struct process_clock {
	bool asked;
	bool known;
	uint64_t boot_us; /* since 1970 */
	uint64_t up_us;
};

/* Fills in, after process_read(), what the env's plan asks for: the user's name, what the container is
 * called, when the process began. For the env's own thread only. */
void process_complete(struct env *env, struct process *process);

#endif
