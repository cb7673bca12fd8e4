/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "numdir.h"
#include "parse.h"
#include "plan.h"
#include "slurp.h"
#include "util.h"

enum {
	CONTEXT_MAX = 4096,
	COMM_MAX = 256,  /* the kernel has 15 bytes, and 63 for its own threads */
	STAT_MAX = 1024, /* all fields that are read stand well before */
	STATUS_MAX = 8192,
	STUCK_THREADS_MAX = 256,
	STUCK_STEP_MS = 2,
	STUCK_STEPS = 10,
};

#define KERNEL_THREAD UINT32_C(0x00200000) /* PF_KTHREAD */

void process_reader_init(struct process_reader *reader, struct arena *arena)
{
	*reader = (struct process_reader){ .arena = arena, .patience_ms = PROCESS_PATIENCE_MS };
}

void process_reader_free(struct process_reader *reader)
{
	free(reader->buffer);
	reader->buffer = NULL;
}

static bool skip_words(struct cursor *cursor, unsigned int count)
{
	const char *word;
	size_t length;

	while (count-- > 0) {
		cursor_blanks(cursor);
		if (!cursor_word(cursor, &word, &length))
			return false;
	}
	cursor_blanks(cursor);
	return true;
}

/* proc(5) numbers the fields from 1: the state is the third, and the start time the 22nd. */
static int parse_stat(const char *text, size_t length, struct process_stat *ret_stat)
{
	/* The name may hold blanks and parentheses, and what follows it can't. */
	const char *name_end = memrchr(text, ')', length);
	uint64_t ppid, pgid, flags, n_threads, start;
	const char *state;
	size_t state_length;

	if (!name_end)
		return -EBADMSG;

	struct cursor cursor = { name_end + 1, text + length };

	cursor_blanks(&cursor);
	if (!cursor_word(&cursor, &state, &state_length) || !skip_words(&cursor, 0) ||
	    !cursor_decimal(&cursor, &ppid) || !skip_words(&cursor, 0) ||
	    !cursor_decimal(&cursor, &pgid) || !skip_words(&cursor, 3) ||
	    !cursor_decimal(&cursor, &flags) || !skip_words(&cursor, 10) ||
	    !cursor_decimal(&cursor, &n_threads) || !skip_words(&cursor, 1) ||
	    !cursor_decimal(&cursor, &start))
		return -EBADMSG;
	*ret_stat = (struct process_stat){
		.state = state[0],
		.flags = (uint32_t)flags,
		.n_threads = (uint32_t)MIN(n_threads, UINT32_MAX),
		.ppid = (uint32_t)MIN(ppid, UINT32_MAX),
		.pgid = (uint32_t)MIN(pgid, UINT32_MAX),
		.start_ticks = start,
	};
	return 0;
}

int process_read_stat(int dir_fd, struct process_stat *ret_stat)
{
	char text[STAT_MAX];
	ssize_t n = slurp_at(dir_fd, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	return parse_stat(text, (size_t)n, ret_stat);
}

bool process_may_hold(int dir_fd)
{
	struct process_stat stat;

	if (process_read_stat(dir_fd, &stat) < 0)
		return true;
	if (stat.flags & KERNEL_THREAD)
		return false;
	return (stat.state != 'Z' && stat.state != 'X') || stat.n_threads > 1;
}

/* Returns what follows "\nNAME:" and its blanks in a file of such lines; at is NULL if none does.
 * The process's name, in the first line, can't forge one: the kernel escapes its newlines. */
static struct cursor status_line(const char *text, size_t length, const char *name)
{
	const char *at = memmem(text, length, name, strlen(name));
	struct cursor cursor = { NULL, NULL };

	if (at) {
		cursor = (struct cursor){ at + strlen(name), text + length };
		cursor_blanks(&cursor);
	}
	return cursor;
}

enum { UIDS = 4 }; /* real, effective, saved, file system */

/* Not the owner of the directory: that is root for a process that may not be dumped. */
static bool read_uids(int dir_fd, uint64_t uids[UIDS])
{
	char text[STATUS_MAX];
	ssize_t n = slurp_at(dir_fd, "status", text, sizeof(text));

	if (n < 0)
		return false;

	struct cursor cursor = status_line(text, (size_t)n, "\nUid:");

	for (size_t i = 0; i < UIDS; i++) {
		if (!cursor.at || !cursor_decimal(&cursor, &uids[i]) || uids[i] > UINT32_MAX)
			return false;
		cursor_blanks(&cursor);
	}
	return true;
}

bool process_belongs_to(int dir_fd, uint32_t uid)
{
	uint64_t uids[UIDS];

	if (!read_uids(dir_fd, uids))
		return false;
	for (size_t i = 0; i < UIDS; i++)
		if (uids[i] != uid)
			return false;
	return true;
}

static void read_uid(int dir_fd, struct process *process)
{
	uint64_t uids[UIDS];

	if (!read_uids(dir_fd, uids))
		return;
	process->uid = (uint32_t)uids[1];
	process->has |= PROCESS_HAS_UID;
}

static int read_comm(struct process_reader *reader, int dir_fd, struct process *process)
{
	char text[COMM_MAX];
	ssize_t n = slurp_at(dir_fd, "comm", text, sizeof(text));

	if (n < 0)
		return 0;
	/* One newline is the kernel's; others are the name's. */
	if (n > 0 && text[n - 1] == '\n')
		n--;
	process->comm = arena_text(reader->arena, text, (size_t)n);
	return process->comm ? 0 : -ENOMEM;
}

/* This takes no lock of the process's memory (since Linux 4.7), and so can't hang on it. */
static int read_exe(struct process_reader *reader, int dir_fd, struct process *process)
{
	char path[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, "exe", path, sizeof(path));

	if (n < 0)
		return 0;
	process->exe = arena_text(reader->arena, path, (size_t)n);
	return process->exe ? 0 : -ENOMEM;
}

/* SELinux ends it with a NUL, AppArmor with a newline. */
static int read_context(struct process_reader *reader, int dir_fd, struct process *process)
{
	char text[CONTEXT_MAX];
	ssize_t n = slurp_at(dir_fd, "attr/current", text, sizeof(text));

	/* Without such a module Linux says that the file can't be read so, or does not have it. */
	if (n == -EINVAL || n == -ENOENT)
		reader->contexts_missing++;
	while (n > 0 && (text[n - 1] == '\0' || text[n - 1] == '\n'))
		n--;
	if (n <= 0)
		return 0;
	process->context = arena_text(reader->arena, text, (size_t)n);
	return process->context ? 0 : -ENOMEM;
}

/* What the file "status" says of a thread's sleep. */
struct sleep {
	bool deep;         /* no signal wakes it */
	uint64_t switches; /* how often it went to sleep of its own will */
	uint64_t n_threads;
};

static struct sleep read_sleep(int dir_fd)
{
	struct sleep sleep = { .n_threads = 1 };
	char text[STATUS_MAX];
	ssize_t n = slurp_at(dir_fd, "status", text, sizeof(text));

	if (n < 0)
		return sleep;

	struct cursor state = status_line(text, (size_t)n, "\nState:");
	struct cursor switches = status_line(text, (size_t)n, "\nvoluntary_ctxt_switches:");
	struct cursor threads = status_line(text, (size_t)n, "\nThreads:");

	sleep.deep = state.at && cursor_char(&state, 'D');
	if (switches.at)
		cursor_decimal(&switches, &sleep.switches);
	if (threads.at)
		cursor_decimal(&threads, &sleep.n_threads);
	return sleep;
}

/* A thread that waits for a disk comes back soon, or sleeps again for the next block. */
static bool is_stuck(struct process_reader *reader, int dir_fd, const struct sleep *first)
{
	const struct timespec step = { .tv_nsec = STUCK_STEP_MS * 1000000 };
	struct sleep now = *first;

	for (int i = 0; i < STUCK_STEPS && now.deep && now.switches == first->switches; i++) {
		if (reader->patience_ms < STUCK_STEP_MS)
			break;
		reader->patience_ms -= STUCK_STEP_MS;
		nanosleep(&step, NULL);
		now = read_sleep(dir_fd);
	}
	return now.deep && now.switches == first->switches;
}

/*
 * The command line is read out of the process's memory, under a lock that a thread may hold or wait
 * for while it sleeps where nothing wakes it (on a dead file server, say); so would we. That it
 * falls asleep between the look and the read can't be excluded.
 */
static bool memory_is_stuck(struct process_reader *reader, int dir_fd)
{
	_cleanup_(cleanup_close) int task_fd = -1;
	_cleanup_(cleanup_free) struct numdir *threads = NULL;
	struct sleep sleep = read_sleep(dir_fd);
	const char *name;
	uint32_t tid;

	if (is_stuck(reader, dir_fd, &sleep))
		return true;
	if (sleep.n_threads <= 1)
		return false;
	task_fd = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	threads = task_fd < 0 ? NULL : malloc(sizeof(*threads));
	if (!threads)
		return false;
	numdir_start(threads, task_fd);
	for (int i = 0; i < STUCK_THREADS_MAX && numdir_next(threads, &tid, &name) == 0; i++) {
		_cleanup_(cleanup_close) int fd =
			openat(task_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		sleep = (struct sleep){ 0 };
		if (fd >= 0)
			sleep = read_sleep(fd);
		if (is_stuck(reader, fd, &sleep))
			return true;
	}
	return false;
}

static int make_buffer(struct process_reader *reader)
{
	if (!reader->buffer)
		reader->buffer = malloc(PROCESS_CMDLINE_MAX + 1);
	return reader->buffer ? 0 : -ENOMEM;
}

static int read_cmdline(struct process_reader *reader, int dir_fd, int memory_fd,
			struct process *process)
{
	char *copy;
	ssize_t n;

	if (memory_is_stuck(reader, dir_fd)) {
		reader->cmdlines_stuck++;
		return 0;
	}
	if (make_buffer(reader) < 0)
		return -ENOMEM;
	n = slurp_at(memory_fd, "cmdline", reader->buffer, PROCESS_CMDLINE_MAX + 1);
	if (n <= 0)
		return 0;
	if (n > PROCESS_CMDLINE_MAX) {
		n = PROCESS_CMDLINE_MAX;
		reader->cmdlines_cut++;
	}
	/* A process may write over its arguments and leave out the last NUL. */
	if (reader->buffer[n - 1] == '\0')
		n--;
	copy = arena_text(reader->arena, reader->buffer, (size_t)n);
	if (!copy)
		return -ENOMEM;
	process->cmdline = copy;
	process->cmdline_length = (uint32_t)n + 1;
	return 0;
}

/* The kernel writes a line for each hierarchy; what does not fit is no more than one path is long. */
static int read_cgroup(struct process_reader *reader, int dir_fd, struct process *process)
{
	ssize_t n;
	int r;

	r = make_buffer(reader);
	if (r < 0)
		return r;
	n = slurp_at(dir_fd, "cgroup", reader->buffer, PROCESS_CMDLINE_MAX);
	r = n < 0 ? (int)n
		  : cgroup_parse(reader->arena, reader->buffer, (size_t)n, &process->cgroup);
	if (r == -ENOMEM)
		return r;
	/* A process that has ended took it along. */
	if (r < 0 && r != -ESRCH && !(r == -ENOENT && faccessat(dir_fd, "stat", F_OK, 0) < 0))
		reader->cgroups_unread++;
	return 0;
}

static void read_stat(int dir_fd, uint64_t needs, struct process *process)
{
	struct process_stat stat;

	if (process_read_stat(dir_fd, &stat) < 0)
		return;
	if (needs & (NEED_START_TICKS | NEED_START_TIME)) {
		process->start_ticks = stat.start_ticks;
		process->has |= PROCESS_HAS_START;
	}
	if (needs & NEED_PPID) {
		process->ppid = stat.ppid;
		process->has |= PROCESS_HAS_PPID;
	}
	if (needs & NEED_PGID) {
		process->pgid = stat.pgid;
		process->has |= PROCESS_HAS_PGID;
	}
}

int process_read(struct process_reader *reader, int dir_fd, int memory_fd, uint64_t needs,
		 struct process *process)
{
	int r = 0;

	if (needs & (NEED_OWNER_UID | NEED_OWNER_USER))
		read_uid(dir_fd, process);
	if (needs & (NEED_START_TICKS | NEED_START_TIME | NEED_PPID | NEED_PGID))
		read_stat(dir_fd, needs, process);
	if (needs & NEED_COMM)
		r = read_comm(reader, dir_fd, process);
	if (r == 0 && needs & NEED_EXE)
		r = read_exe(reader, memory_fd, process);
	if (r == 0 && needs & NEED_CMDLINE)
		r = read_cmdline(reader, dir_fd, memory_fd, process);
	if (r == 0 && needs & NEED_CONTEXT)
		r = read_context(reader, dir_fd, process);
	if (r == 0 && needs & NEED_OWNER_CGROUP)
		r = read_cgroup(reader, dir_fd, process);
	return r;
}
