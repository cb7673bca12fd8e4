/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../bpf/records.h"
#include "bpf.h"
#include "owner.h"
#include "process.h"
#include "slurp.h"
#include "text.h"
#include "util.h"

enum { NS_PER_SECOND = 1000000000 };

/* A process that holds something. Stays where it is: owners point at what it begins with. */
struct subject {
	struct process process;
	uint64_t start_ns;
	uint32_t tid;    /* of a thread that lives: the leader may have exited */
	uint32_t tables; /* of threads that have one of their own */
	uint32_t room;
	uint32_t *tids;    /* a thread for each table, in the order of kcmp(2) */
	uint32_t last_tid; /* the last one that was looked at, */
	bool last_known;   /* and whether its table is another one's */
};

/* What does not go into a row's own list at once. */
struct further {
	uint64_t key; /* the row; the inode of an MPTCP connection */
	struct estab_owner owner;
};

struct furthers {
	struct further *items;
	size_t n;
	size_t room;
};

struct bpf_holders {
	struct store *store; /* borrowed */
	struct row_index by_pid;
	struct subject **subjects;
	size_t n_subjects;
	size_t room;
	struct subject *current;
	uint64_t needs; /* of what only /proc has */
	struct process_reader reader;
	uint64_t n_vanished;
	uint64_t n_holdings;
	struct furthers rows;
	struct furthers mptcp;
};

/* In a time namespace /proc counts from another moment than the kernel does. */
static bool time_is_shifted(const struct estab_ctx *ctx)
{
	char text[256] = "";

	return slurp_at(ctx->proc_fd, "self/timens_offsets", text, sizeof(text) - 1) > 0 &&
	       strpbrk(text, "123456789");
}

/* Reads what only /proc has. The process may have ended, and its number be another's. */
static int read_details(struct bpf_holders *holders, struct subject *subject)
{
	const struct env *env = holders->store->env;
	uint64_t needs = holders->needs;
	bool shifted = needs & NEED_START_TICKS;
	_cleanup_(cleanup_close) int thread_fd = -1;
	_cleanup_(cleanup_close) int dir_fd = -1;
	struct process_stat stat;
	char path[64] = "";
	struct text text = { path, sizeof(path) - 1, 0 };

	text_u64(&text, subject->process.pid);
	dir_fd = openat(env->ctx->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || process_read_stat(dir_fd, &stat) < 0 ||
	    (!shifted && stat.start_ticks != subject->process.start_ticks)) {
		holders->n_vanished++;
		return 0;
	}
	if (subject->tid == subject->process.pid)
		return process_read(&holders->reader, dir_fd, dir_fd, needs, &subject->process);
	memset(path, 0, sizeof(path));
	text = (struct text){ path, sizeof(path) - 1, 0 };
	text_str(&text, "task/");
	text_u64(&text, subject->tid);
	thread_fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return process_read(&holders->reader, dir_fd, thread_fd < 0 ? dir_fd : thread_fd, needs,
			    &subject->process);
}

struct bpf_holders *bpf_holders_new(struct store *store)
{
	const struct env *env = store->env;
	struct bpf_holders *holders = calloc(1, sizeof(*holders));

	if (!holders)
		return NULL;
	holders->store = store;
	holders->needs = env->plan.needs & (NEED_EXE | NEED_CMDLINE | NEED_CONTEXT |
					    NEED_OWNER_CGROUP | NEED_PPID | NEED_PGID);
	if (env->plan.needs & (NEED_START_TICKS | NEED_START_TIME) && time_is_shifted(env->ctx))
		holders->needs |= NEED_START_TICKS;
	process_reader_init(&holders->reader, &store->arena);
	return holders;
}

struct bpf_holders *bpf_holders_free(struct bpf_holders *holders)
{
	if (!holders)
		return NULL;
	for (size_t i = 0; i < holders->n_subjects; i++)
		free(holders->subjects[i]->tids);
	free(holders->subjects);
	free(holders->rows.items);
	free(holders->mptcp.items);
	row_index_free(&holders->by_pid);
	process_reader_free(&holders->reader);
	free(holders);
	return NULL;
}

static struct subject *make_subject(struct bpf_holders *holders, const struct record *record)
{
	struct subject *subject = arena_alloc(&holders->store->arena, sizeof(*subject));
	size_t length = strnlen(record->comm, sizeof(record->comm));
	long ticks = sysconf(_SC_CLK_TCK);

	if (!subject)
		return NULL;
	if (holders->n_subjects == holders->room) {
		size_t room = holders->room > 0 ? holders->room * 2 : 64;
		struct subject **subjects =
			reallocarray(holders->subjects, room, sizeof(*subjects));

		if (!subjects)
			return NULL;
		holders->subjects = subjects;
		holders->room = room;
	}
	*subject = (struct subject){
		.process = { .pid = record->pid,
			     .uid = record->euid,
			     .has = PROCESS_HAS_UID | PROCESS_HAS_START },
		.start_ns = record->start_ns,
		.tid = record->tid,
	};
	subject->process.start_ticks = record->start_ns / (uint64_t)(NS_PER_SECOND / ticks);
	if (holders->store->env->plan.needs & NEED_COMM) {
		subject->process.comm = arena_text(&holders->store->arena, record->comm, length);
		if (!subject->process.comm)
			return NULL;
	}
	if (holders->needs != 0 && read_details(holders, subject) == -ENOMEM)
		return NULL;
	process_complete(holders->store->env, &subject->process);
	holders->subjects[holders->n_subjects++] = subject;
	return subject;
}

/* A number that was given to another process meanwhile: that one takes the place for what follows. */
static int find_subject(struct bpf_holders *holders, const struct record *record)
{
	struct subject *subject = holders->current;
	uint32_t place;
	int r;

	if (subject && subject->process.pid == record->pid && subject->start_ns == record->start_ns)
		return 0;
	r = row_index_add(&holders->by_pid, record->pid, (uint32_t)holders->n_subjects, &place);
	if (r < 0)
		return r;
	subject = r == 1 ? holders->subjects[place] : NULL;
	if (!subject || subject->start_ns != record->start_ns)
		subject = make_subject(holders, record);
	if (!subject)
		return -ENOMEM;
	holders->current = subject;
	return 0;
}

static int note_table(struct subject *subject, uint32_t place, uint32_t tid)
{
	if (subject->tables == subject->room) {
		uint32_t room = subject->room > 0 ? subject->room * 2 : 4;
		uint32_t *tids = reallocarray(subject->tids, room, sizeof(*tids));

		if (!tids)
			return -ENOMEM;
		subject->tids = tids;
		subject->room = room;
	}
	memmove(subject->tids + place + 1, subject->tids + place,
		(subject->tables - place) * sizeof(*subject->tids));
	subject->tids[place] = tid;
	subject->tables++;
	return 0;
}

/*
 * Threads that share a table which is not their leader's are each walked: 1 when a thread before
 * had the same; 0 for a new one. Where kcmp(2) may not be asked, each counts as new.
 */
static int table_is_known(struct subject *subject, uint32_t tid)
{
	uint32_t low = 0;
	uint32_t high = subject->tables;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		long order = syscall(SYS_kcmp, (pid_t)subject->tids[middle], (pid_t)tid, KCMP_FILES,
				     0UL, 0UL);

		if (order == 0)
			return 1;
		if (order < 0)
			return 0;
		if (order == 1)
			low = middle + 1;
		else
			high = middle;
	}
	return note_table(subject, low, tid);
}

/* 0: it counts; 1: the descriptor was met in another thread. */
static int check_thread(struct subject *subject, const struct record *record)
{
	int r;

	if (record->tid == record->pid)
		return 0;
	if (subject->last_tid != record->tid) {
		r = table_is_known(subject, record->tid);
		if (r < 0)
			return r;
		subject->last_tid = record->tid;
		subject->last_known = r == 1;
	}
	return subject->last_known;
}

static int further_add(struct furthers *furthers, uint64_t key, const struct estab_owner *owner)
{
	if (furthers->n == furthers->room) {
		size_t room = furthers->room > 0 ? furthers->room * 2 : 64;
		struct further *items = reallocarray(furthers->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		furthers->items = items;
		furthers->room = room;
	}
	furthers->items[furthers->n++] = (struct further){ key, *owner };
	return 0;
}

/* The owner that a record names: 0; 1 when it is to be passed over. */
static int read_owner(struct bpf_holders *holders, const struct record *record,
		      struct estab_owner *ret_owner)
{
	int r = find_subject(holders, record);

	if (r == 0)
		r = check_thread(holders->current, record);
	if (r != 0)
		return r;
	*ret_owner = (struct estab_owner){
		.process = &holders->current->process,
		.fd = (int32_t)record->fd,
		.tid = record->tid == record->pid ? 0 : record->tid,
	};
	return 0;
}

/* Nearly all sockets have one: that is in place at once, and the others are gathered. */
static int hold(struct bpf_holders *holders, uint32_t row, const struct estab_owner *owner)
{
	struct estab_socket *sock = store_at(holders->store, row);
	struct owner_list *list;

	holders->n_holdings++;
	if (sock->owners)
		return further_add(&holders->rows, row, owner);
	list = arena_alloc(&holders->store->arena, sizeof(*list) + sizeof(*owner));
	if (!list)
		return -ENOMEM;
	list->count = 1;
	list->reserved = 0;
	list->owners[0] = *owner;
	sock->owners = list;
	return 0;
}

int bpf_holders_take(struct bpf_holders *holders, const struct record *record,
		     struct estab_owner *ret_owner)
{
	int r = read_owner(holders, record, ret_owner);

	holders->n_holdings += r == 0;
	return r;
}

int bpf_holders_add(struct bpf_holders *holders, uint32_t row, const struct record *record)
{
	struct estab_owner owner;
	int r = read_owner(holders, record, &owner);

	if (r == 0)
		r = hold(holders, row, &owner);
	return r < 0 ? r : 0;
}

int bpf_holders_add_mptcp(struct bpf_holders *holders, const struct record *record)
{
	struct estab_owner owner;
	int r = read_owner(holders, record, &owner);

	if (r == 0)
		r = further_add(&holders->mptcp, record->inode, &owner);
	return r < 0 ? r : 0;
}

static int compare_furthers(const void *left, const void *right)
{
	const struct further *a = left;
	const struct further *b = right;

	return (a->key > b->key) - (a->key < b->key);
}

/* The first item of that key or above. */
static size_t further_find(const struct furthers *furthers, uint64_t key)
{
	size_t low = 0;
	size_t high = furthers->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (furthers->items[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A subflow has the inode of its connection's socket, and no file. */
static int hold_subflows(struct bpf_holders *holders)
{
	const struct furthers *mptcp = &holders->mptcp;
	int r = 0;

	if (mptcp->n == 0)
		return 0;
	qsort(mptcp->items, mptcp->n, sizeof(*mptcp->items), compare_furthers);
	for (size_t i = 0; r == 0 && i < holders->store->count; i++) {
		const struct estab_socket *sock = store_at(holders->store, i);

		if (sock->proto != ESTAB_PROTO_TCP || sock->owners || sock->inode == 0)
			continue;
		for (size_t at = further_find(mptcp, sock->inode);
		     r == 0 && at < mptcp->n && mptcp->items[at].key == sock->inode; at++)
			r = hold(holders, (uint32_t)i, &mptcp->items[at].owner);
	}
	return r;
}

/* Makes the lists of those that have more than one owner. */
static int link_rows(struct bpf_holders *holders)
{
	const struct furthers *rows = &holders->rows;
	size_t end;

	if (rows->n > 0)
		qsort(rows->items, rows->n, sizeof(*rows->items), compare_furthers);
	for (size_t at = 0; at < rows->n; at = end) {
		struct estab_socket *sock = store_at(holders->store, rows->items[at].key);
		struct owner_list *list;

		for (end = at + 1; end < rows->n && rows->items[end].key == rows->items[at].key;)
			end++;
		list = arena_alloc(&holders->store->arena,
				   sizeof(*list) + (end - at + 1) * sizeof(list->owners[0]));
		if (!list)
			return -ENOMEM;
		list->count = 1;
		list->reserved = 0;
		list->owners[0] = sock->owners->owners[0];
		while (at < end)
			list->owners[list->count++] = rows->items[at++].owner;
		owner_list_sort(list);
		sock->owners = list;
	}
	return 0;
}

static void tell_losses(const struct bpf_holders *holders, struct estab_result *result)
{
	const struct {
		const char *what;
		const char *why;
		uint64_t count;
	} losses[] = {
		{ "processes", "vanished", holders->n_vanished },
		{ "cmdline", "cut", holders->reader.cmdlines_cut },
		{ "cmdline", "stuck", holders->reader.cmdlines_stuck },
		{ "contexts", "unavailable", holders->reader.contexts_missing },
		{ "cgroups", "unavailable", holders->reader.cgroups_unread },
	};

	for (size_t i = 0; i < ARRAY_SIZE(losses); i++)
		if (losses[i].count > 0)
			result_add_loss(result, losses[i].what, losses[i].why, NULL,
					losses[i].count);
}

int64_t bpf_holders_finish(struct bpf_holders *holders, struct estab_result *result,
			   bool incomplete)
{
	int r = hold_subflows(holders);

	if (r == 0)
		r = link_rows(holders);
	if (r < 0)
		return r;
	tell_losses(holders, result);
	for (size_t i = 0; i < holders->store->count; i++) {
		struct estab_socket *sock = store_at(holders->store, i);

		sock->has |= OWNERS_LOOKED;
		if (!sock->owners)
			sock->no_owner = (uint8_t)owner_reason(sock, incomplete);
		if (incomplete && sock->inode != 0)
			sock->has |= OWNERS_INCOMPLETE;
	}
	return (int64_t)holders->n_holdings;
}
