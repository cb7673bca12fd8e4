/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "parse.h"
#include "util.h"

enum {
	STEPS_UNCHECKED = 1023,         /* descriptors between two looks at the clock, a mask */
	COMPARED_LINKS_MAX = 64 * 1024, /* of one process's threads: 0.3 s */
};

enum walk_link walk_read_link(const char *link, size_t length, uint64_t *ret_inode)
{
	static const char prefix[] = "socket:[";
	static const char ring[] = "anon_inode:[io_uring]";
	struct cursor cursor = { link, link + length };

	if (length == sizeof(ring) - 1 && memcmp(link, ring, length) == 0)
		return LINK_RING;
	if (length < sizeof(prefix) || memcmp(link, prefix, sizeof(prefix) - 1) != 0)
		return LINK_OTHER;
	cursor.at += sizeof(prefix) - 1;
	return cursor_decimal(&cursor, ret_inode) && cursor_char(&cursor, ']') &&
			       cursor.at == cursor.end
		       ? LINK_SOCKET
		       : LINK_OTHER;
}

/* Makes the process's record, with what the plan asks for, when its first holding is found. */
static int subject_record(struct walker *walker, struct subject *subject, int table_fd)
{
	struct walk_process *item;
	int r;

	if (subject->record)
		return 0;
	item = arena_alloc(&walker->arena, sizeof(*item));
	if (!item)
		return -ENOMEM;
	*item = (struct walk_process){ .process.pid = subject->pid };
	r = process_read(&walker->reader, subject->dir_fd, table_fd, walker->walk->env->plan.needs,
			 &item->process);
	if (r < 0)
		return r;
	item->next = walker->processes;
	walker->processes = item;
	subject->record = &item->process;
	return 0;
}

int walk_hold(struct walker *walker, struct subject *subject, int table_fd, uint64_t inode,
	      struct estab_owner owner)
{
	int64_t slot = owner_index_find(&walker->view, inode);
	int r;

	if (slot < 0)
		return 0;
	r = subject_record(walker, subject, table_fd);
	owner.process = subject->record;
	return r < 0 ? r : owner_index_add(&walker->view, (uint32_t)slot, &owner);
}

/* Looks at one descriptor: 0, or a negative errno when it could not be read. */
static int read_descriptor(struct walker *walker, struct subject *subject, int table_fd, int fd_dir,
			   uint32_t fd, const char *name, uint32_t tid)
{
	struct estab_owner owner = { .fd = (int32_t)fd, .tid = tid & OWNER_TID_MAX };
	char link[WALK_LINK_MAX];
	ssize_t n = readlinkat(fd_dir, name, link, sizeof(link));
	uint64_t inode;

	if (n < 0)
		/* Closed meanwhile; in a saved tree, no link; a file with a name above a page. */
		return errno == ENOENT || errno == EINVAL || errno == ENAMETOOLONG ? 0 : -errno;
	if (fd > INT32_MAX)
		return 0;
	switch (walk_read_link(link, (size_t)n, &inode)) {
	case LINK_SOCKET:
		walker->status = walk_hold(walker, subject, table_fd, inode, owner);
		return 0;
	case LINK_RING:
		owner.via = OWNER_VIA_IO_URING;
		return owner_read_ring(walker, subject, table_fd, name, owner);
	default:
		return 0;
	}
}

static int compare_fds(const void *left, const void *right)
{
	const struct owner_holding *a = left;
	const struct owner_holding *b = right;

	if (a->owner.fd != b->owner.fd)
		return a->owner.fd < b->owner.fd ? -1 : 1;
	return (a->slot > b->slot) - (a->slot < b->slot);
}

/* Between its two looks for the process, a procfs takes the end of it for a lack of permission. */
static bool has_ended(int table_fd)
{
	struct stat st;

	return fstatat(table_fd, "stat", &st, 0) < 0 && (errno == ENOENT || errno == ESRCH);
}

/* table_fd is the directory of the process (tid 0) or of its thread. Returns how many descriptors
 * there were, or a negative errno. */
static ssize_t read_table(struct walker *walker, struct subject *subject, int table_fd,
			  uint32_t tid)
{
	_cleanup_(cleanup_close) int fd_dir =
		openat(table_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t first = walker->view.n_holdings;
	int failure = 0;
	const char *name;
	ssize_t count = 0;
	uint32_t fd;
	int r;

	if (fd_dir < 0)
		return -errno;
	numdir_start(&walker->descriptors, fd_dir);
	while ((r = numdir_next(&walker->descriptors, &fd, &name)) == 0) {
		int error = read_descriptor(walker, subject, table_fd, fd_dir, fd, name, tid);

		count++;
		/* Who may list but not read them is refused at each. */
		if (error == -EACCES || error == -EPERM)
			return has_ended(table_fd) ? -ESRCH : error;
		if (error < 0)
			failure = error;
		if (walker->status == 0 && (++walker->steps & STEPS_UNCHECKED) == 0)
			walker->status = env_check(walker->walk->env);
		if (walker->status < 0)
			return 0;
	}
	/* A procfs lists them in order. */
	if (!walker->walk->live && walker->view.n_holdings > first)
		qsort(walker->view.holdings + first, walker->view.n_holdings - first,
		      sizeof(*walker->view.holdings), compare_fds);
	if (r < 0)
		return r;
	return failure < 0 ? failure : count;
}

static int note_table(struct walker *walker, size_t place, uint32_t tid)
{
	if (walker->n_tables == walker->tables_room) {
		size_t room = walker->tables_room > 0 ? walker->tables_room * 2 : 64;
		uint32_t *tables = reallocarray(walker->tables, room, sizeof(*tables));

		if (!tables)
			return -ENOMEM;
		walker->tables = tables;
		walker->tables_room = room;
	}
	memmove(walker->tables + place + 1, walker->tables + place,
		(walker->n_tables - place) * sizeof(*walker->tables));
	walker->tables[place] = tid;
	walker->n_tables++;
	return 0;
}

/*
 * Whether the thread shares a table that was read already: 1, or 0 after noting it as a new one.
 * kcmp(2) gives an order, so the tables are kept sorted: threads may have as many tables as they
 * like. -EPERM, -ENOSYS, …: the kernel doesn't say.
 */
static int table_is_known(struct walker *walker, uint32_t tid)
{
	size_t low = 0;
	size_t high = walker->n_tables;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		long order = syscall(SYS_kcmp, (pid_t)walker->tables[middle], (pid_t)tid,
				     KCMP_FILES, 0UL, 0UL);

		if (order == 0)
			return 1;
		if (order < 0 && errno == ESRCH)
			return 0; /* either is gone; if it is this one, there is nothing to read */
		if (order < 0)
			return -errno;
		if (order == 1)
			low = middle + 1;
		else
			high = middle;
	}
	return note_table(walker, low, tid);
}

static bool same_holdings(const struct owner_holding *a, const struct owner_holding *b,
			  size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].slot != b[i].slot || a[i].owner.fd != b[i].owner.fd ||
		    a[i].owner.via != b[i].owner.via)
			return false;
	return true;
}

/* Without kcmp: drops the holdings from first on if some table read before holds just the same. A
 * table that is an exact copy of another can't be told from it then. */
static void drop_known(struct walker *walker, const struct subject *subject, size_t first)
{
	const struct owner_holding *holdings = walker->view.holdings;
	size_t count = walker->view.n_holdings - first;
	size_t begin = subject->first;

	while (count > 0 && begin < first) {
		size_t end = begin + 1;

		while (end < first && holdings[end].owner.tid == holdings[begin].owner.tid)
			end++;
		if (end - begin == count &&
		    same_holdings(holdings + begin, holdings + first, count)) {
			walker->view.n_holdings = first;
			return;
		}
		begin = end;
	}
}

/* Reads the thread's table unless it is known. links: how many may still be read to compare. */
static int read_thread(struct walker *walker, struct subject *subject, int task_fd,
		       const char *name, uint32_t tid, ssize_t *links)
{
	_cleanup_(cleanup_close) int thread_fd = -1;
	size_t first = walker->view.n_holdings;
	ssize_t n;

	if (!walker->no_kcmp) {
		int known = table_is_known(walker, tid);

		if (known == -ENOMEM)
			walker->status = known;
		if (known == 1 || known == -ENOMEM)
			return 0;
		walker->no_kcmp = known < 0;
	}
	if (walker->no_kcmp && *links <= 0) {
		walker->lost[LOST_THREADS]++;
		walker->view.incomplete = true;
		return 0;
	}
	thread_fd = openat(task_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = thread_fd < 0 ? -errno : read_table(walker, subject, thread_fd, tid);
	if (n < 0)
		/* Threads come and go; one without a table of its own takes nothing with it. */
		return n == -ENOENT || n == -ESRCH ? 0 : (int)n;
	if (walker->no_kcmp) {
		*links -= n;
		drop_known(walker, subject, first);
	}
	return 0;
}

static int read_threads(struct walker *walker, struct subject *subject)
{
	_cleanup_(cleanup_close) int task_fd = -1;
	ssize_t links = COMPARED_LINKS_MAX;
	const char *name;
	struct stat st;
	int failure = 0;
	uint32_t tid;
	int r = 1;

	if (fstatat(subject->dir_fd, "task", &st, 0) < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	/* In a procfs the links of "task" are two and one a thread. */
	if (walker->walk->live && st.st_nlink <= 3)
		return 0;
	task_fd = openat(subject->dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (task_fd < 0)
		return errno == ENOENT || errno == ESRCH ? 0 : -errno;
	walker->n_tables = 0;
	walker->status = note_table(walker, 0, subject->pid);
	numdir_start(&walker->threads, task_fd);
	while (walker->status == 0 && (r = numdir_next(&walker->threads, &tid, &name)) == 0) {
		if (tid == subject->pid || tid > OWNER_TID_MAX)
			continue;
		r = read_thread(walker, subject, task_fd, name, tid, &links);
		if (r == -EACCES || r == -EPERM)
			return r;
		if (r < 0)
			failure = r;
		if (walker->status == 0)
			walker->status = env_check(walker->walk->env);
		r = 1;
	}
	return r < 0 && r != -ENOENT && r != -ESRCH ? r : failure;
}

/* To an ordinary user a leader that exited looks closed, and its threads may be open. */
static bool leader_is_dead(int dir_fd)
{
	struct process_stat stat;

	return process_read_stat(dir_fd, &stat) == 0 && stat.state == 'Z' && stat.n_threads > 1;
}

int owner_read_tables(struct walker *walker, struct subject *subject)
{
	ssize_t n = read_table(walker, subject, subject->dir_fd, 0);
	int r;

	if ((n == -EACCES || n == -EPERM) && leader_is_dead(subject->dir_fd))
		n = 0;
	/* Who may not read the leader's table may not read its threads' either. */
	if (n == -EACCES || n == -EPERM || n == -ENOENT || n == -ESRCH || walker->status < 0)
		return (int)MIN(n, 0);
	r = read_threads(walker, subject);
	return r < 0 ? r : (int)MIN(n, 0);
}
