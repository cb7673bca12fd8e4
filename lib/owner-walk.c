/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "text.h"
#include "util.h"

enum { THREADS = 2, THREADED_PIDS_MIN = 64 };

static const struct {
	const char *what;
	const char *why;
	const char *detail;
} loss_words[WALK_LOSSES] = {
	[LOST_PERMISSION] = { "processes", "permission", NULL },
	[LOST_PROTECTED] = { "processes", "permission", "protected" },
	[LOST_VANISHED] = { "processes", "vanished", NULL },
	[LOST_UNAVAILABLE] = { "processes", "unavailable", NULL },
	[LOST_ERROR] = { "processes", "error", NULL },
	[LOST_UNREAD] = { "processes", "cut", NULL },
	[LOST_THREADS] = { "threads", "cut", NULL },
	[LOST_RINGS] = { "rings", "unavailable", NULL },
	[LOST_CMDLINE_CUT] = { "cmdline", "cut", NULL },
	[LOST_CMDLINE_STUCK] = { "cmdline", "stuck", NULL },
	[LOST_CONTEXT] = { "contexts", "unavailable", NULL },
	[LOST_CGROUP] = { "cgroups", "unavailable", NULL },
};

/* Counts a process that could not be read, or not whole. */
static void count_failure(struct walker *walker, int dir_fd, int error)
{
	enum walk_loss loss = LOST_ERROR;

	if (error == -EACCES || error == -EPERM)
		loss = LOST_PERMISSION;
	else if (error == -ENOENT || error == -ESRCH)
		loss = walker->walk->live ? LOST_VANISHED : LOST_UNAVAILABLE;
	/* Kernel threads and zombies look closed to an ordinary user, but there is nothing inside. */
	if (loss != LOST_ERROR && loss != LOST_VANISHED && dir_fd >= 0 && !process_may_hold(dir_fd))
		return;
	/* It may not be dumped, has more capabilities than we, or a security module shields it. Yama has
	 * no say here: looking is no attaching. */
	if (loss == LOST_PERMISSION && walker->walk->own_pids && dir_fd >= 0 &&
	    process_belongs_to(dir_fd, geteuid()))
		loss = LOST_PROTECTED;
	walker->lost[loss]++;
	/* What has ended holds nothing. */
	if (loss != LOST_VANISHED)
		walker->view.incomplete = true;
}

static void read_process(struct walker *walker, uint32_t pid)
{
	const struct owner_index *view = &walker->view;
	struct subject subject = { .pid = pid, .first = view->n_holdings };
	char name[20 + 1];
	int r;

	name[text_digits(pid, name)] = '\0';
	subject.dir_fd =
		openat(walker->walk->env->ctx->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A file with a number for a name is no process. */
	if (subject.dir_fd < 0 && errno == ENOTDIR)
		return;
	r = subject.dir_fd < 0 ? -errno : owner_read_tables(walker, &subject);
	if (r < 0)
		count_failure(walker, subject.dir_fd, r);
	if (subject.dir_fd >= 0)
		close(subject.dir_fd);
	if (view->enough && view->n_holdings > subject.first &&
	    view->enough(view->enough_arg, view, subject.first))
		atomic_store_explicit(&walker->walk->enough, true, memory_order_relaxed);
}

/* Takes processes one by one, so that a large one doesn't leave the other threads idle. */
static void *run_walker(void *arg)
{
	struct walker *walker = arg;
	struct walk *walk = walker->walk;

	while (walker->status == 0 && !atomic_load_explicit(&walk->enough, memory_order_relaxed)) {
		size_t i = atomic_fetch_add_explicit(&walk->next, 1, memory_order_relaxed);

		if (i >= walk->n_pids)
			break;
		walker->status = env_check(walk->env);
		if (walker->status == 0)
			read_process(walker, walk->pids[i]);
		if (walker->status < 0)
			walker->lost[LOST_UNREAD]++;
	}
	return NULL;
}

/* Lists the processes. Works on an offset of its own: the context's descriptor may be in use. */
static int list_processes(struct walk *walk, struct numdir *dir)
{
	_cleanup_(cleanup_close) int fd =
		openat(walk->env->ctx->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t room = 0;
	const char *name;
	uint32_t pid;
	int r;

	if (fd < 0)
		return -errno;
	numdir_start(dir, fd);
	while ((r = numdir_next(dir, &pid, &name)) == 0) {
		if (walk->n_pids == room) {
			room = room > 0 ? room * 2 : 256;

			uint32_t *pids = reallocarray(walk->pids, room, sizeof(*pids));

			if (!pids)
				return -ENOMEM;
			walk->pids = pids;
		}
		walk->pids[walk->n_pids++] = pid;
	}
	return r < 0 ? r : 0;
}

static struct walker *walker_new(struct walk *walk, const struct owner_index *index)
{
	struct walker *walker = calloc(1, sizeof(*walker));

	if (!walker)
		return NULL;
	walker->walk = walk;
	walker->no_kcmp = !walk->own_pids;
	owner_index_view(index, &walker->view);
	process_reader_init(&walker->reader, &walker->arena);
	return walker;
}

static void walker_free(struct walker *walker)
{
	if (!walker)
		return;
	process_reader_free(&walker->reader);
	arena_free(&walker->arena);
	free(walker->view.holdings);
	free(walker->tables);
	free(walker->ring_lines);
	free(walker);
}

/* The user database isn't ours to ask from two threads, nor are the tables of names. */
static void complete_processes(struct walker *walker, struct env *env)
{
	for (struct walk_process *item = walker->processes; item; item = item->next)
		process_complete(env, &item->process);
}

/* Moves what a walker found to where the caller has it. Returns why it ended early, if it did. */
static int gather(struct walker *walker, struct env *env, struct owner_index *index,
		  struct arena *arena, struct estab_result *result)
{
	int r;

	walker->lost[LOST_CMDLINE_CUT] = walker->reader.cmdlines_cut;
	walker->lost[LOST_CMDLINE_STUCK] = walker->reader.cmdlines_stuck;
	walker->lost[LOST_CONTEXT] = walker->reader.contexts_missing;
	walker->lost[LOST_CGROUP] = walker->reader.cgroups_unread;
	for (size_t i = 0; i < WALK_LOSSES; i++)
		if (walker->lost[i] > 0)
			result_add_loss(result, loss_words[i].what, loss_words[i].why,
					loss_words[i].detail, walker->lost[i]);
	complete_processes(walker, env);
	if (walker->status < 0)
		walker->view.incomplete = true;
	r = owner_index_merge(index, &walker->view);
	arena_merge(arena, &walker->arena);
	return walker->status < 0 ? walker->status : r;
}

/* Runs the second walker on a thread that no signal reaches, if one is to be had; and the first
 * here. */
static void run_walkers(struct walker *const walkers[THREADS])
{
	sigset_t all, before;
	pthread_t thread;
	bool helped = false;

	if (walkers[1]) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		helped = pthread_create(&thread, NULL, run_walker, walkers[1]) == 0;
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	run_walker(walkers[0]);
	if (helped)
		pthread_join(thread, NULL);
}

static int walk_all(struct walk *walk, struct env *env, struct owner_index *index,
		    struct arena *arena, struct estab_result *result)
{
	struct walker *walkers[THREADS] = { walker_new(walk, index) };
	int status = 0;

	if (!walkers[0])
		return -ENOMEM;
	status = list_processes(walk, &walkers[0]->descriptors);
	if (status < 0) {
		walker_free(walkers[0]);
		return status;
	}
	/* Without the memory for a second one, the first does it all. */
	if (env->ctx->flags & ESTAB_CTX_THREADS && walk->n_pids >= THREADED_PIDS_MIN)
		walkers[1] = walker_new(walk, index);
	run_walkers(walkers);
	for (size_t i = 0; i < THREADS; i++) {
		int r = walkers[i] ? gather(walkers[i], env, index, arena, result) : 0;

		if (r < 0)
			status = r;
		walker_free(walkers[i]);
	}
	/* What nobody wants to know is not lost. */
	if (atomic_load(&walk->enough))
		index->incomplete = true;
	else if (walk->n_pids > atomic_load(&walk->next))
		result_add_loss(result, loss_words[LOST_UNREAD].what, loss_words[LOST_UNREAD].why,
				NULL, walk->n_pids - atomic_load(&walk->next));
	return status;
}

int owner_walk(struct env *env, struct owner_index *index, struct arena *arena,
	       struct estab_result *result)
{
	const struct estab_ctx *ctx = env->ctx;
	struct walk walk = { .env = env, .own_pids = ctx_has_own_pids(ctx) };
	size_t before = index->n_holdings;
	struct statfs fs;
	int r;

	if (index->n_inodes == 0)
		return 0;
	walk.live = fstatfs(ctx->proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
	atomic_init(&walk.next, 0);
	atomic_init(&walk.enough, false);
	r = walk_all(&walk, env, index, arena, result);
	free(walk.pids);
	if (r < 0)
		index->incomplete = true;
	/* A copy of the tables alone, or no proc file system at all, tells of nobody. */
	if (r == 0 && walk.n_pids == 0) {
		result_add_loss(result, "owners", "unavailable", NULL, 0);
		index->incomplete = true;
	}
	/* How many are hidden nobody can tell us. */
	if (walk.live && procfs_hides(ctx->proc_fd)) {
		result_add_loss(result, "processes", "hidepid", NULL, 0);
		index->incomplete = true;
	}
	result_add_source(result, "procfd", "owners", ctx->proc_path, r)->rows =
		index->n_holdings - before;
	ctx_log(ctx, 7, "owners: %zu processes in %s, %zu descriptors of wanted sockets",
		walk.n_pids, ctx->proc_path, index->n_holdings - before);
	return r;
}
