/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Child processes that hold sockets: made, heard, and ended together with this program. */
#include "mksock.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As fork(), but the child dies with its parent, and the parent remembers it. */
static pid_t fork_child(struct mk_spec *spec)
{
	struct mk_ctx *ctx = spec->ctx;
	pid_t parent = getpid(), pid;

	if (ctx->n_children == MK_CHILDREN_MAX)
		return (pid_t)mk_failx(spec, EAGAIN, "too many children");
	/* What is in a buffer now would be written twice. */
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return (pid_t)mk_fail(spec, "fork");
	if (pid > 0) {
		ctx->children[ctx->n_children++] = pid;
		return pid;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		_exit(1);
	return 0;
}

static void wait_for_kill(pid_t parent)
{
	/* A change of user clears the death signal, so it is asked for again. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		sleep(1);
	_exit(0);
}

/* The parent hears '+' and the accounts, or '!' and the reason why there are none. */
static void child_runs(struct mk_spec *spec, int to_parent, pid_t parent, const struct mk_job *job)
{
	int keep[3] = { job->keep[0], job->keep[1], to_parent }, r;
	FILE *to = fdopen(to_parent, "w");
	char *accounts = NULL;
	size_t len;

	mk_close_all(keep, 3);
	spec->ctx->n_fds = 0;
	spec->ctx->n_children = 0;
	spec->out = open_memstream(&accounts, &len);
	if (!to || !spec->out)
		_exit(1);
	r = job->make(spec, job->arg);
	fclose(spec->out);
	fprintf(to, "%c%s", r < 0 ? '!' : '+', r < 0 ? spec->why : accounts);
	free(accounts);
	if (fclose(to) != 0 || r < 0)
		_exit(1);
	wait_for_kill(parent);
}

static int hear_child(struct mk_spec *spec, int from_child)
{
	char verdict = '\0', buf[4096];
	size_t len, why_len = 0;
	FILE *from = fdopen(from_child, "r");

	if (!from) {
		close(from_child);
		return mk_failx(spec, ENOMEM, "fdopen");
	}
	if (fread(&verdict, 1, 1, from) == 1 && verdict == '+') {
		while ((len = fread(buf, 1, sizeof(buf), from)) > 0)
			fwrite(buf, 1, len, spec->out);
	} else if (verdict == '!') {
		why_len = fread(spec->why, 1, sizeof(spec->why) - 1, from);
		spec->why[why_len] = '\0';
	}
	fclose(from);
	if (verdict == '+')
		return 0;
	return verdict == '!' ? -EPERM : mk_failx(spec, ECHILD, "the child told nothing");
}

/* Runs the job in a child which then stays; its accounts become those of the spec. */
int mk_in_child(struct mk_spec *spec, const struct mk_job *job, pid_t *ret_pid)
{
	pid_t parent = getpid(), pid;
	int fds[2], r;

	if (pipe(fds) < 0)
		return mk_fail(spec, "pipe");
	pid = fork_child(spec);
	if (pid == 0)
		child_runs(spec, fds[1], parent, job);
	close(fds[1]);
	if (pid < 0) {
		close(fds[0]);
		return (int)pid;
	}
	r = hear_child(spec, fds[0]);
	if (r >= 0)
		*ret_pid = pid;
	return r;
}

void mk_end_children(struct mk_ctx *ctx, size_t from)
{
	for (size_t i = from; i < ctx->n_children; i++)
		kill(ctx->children[i], SIGKILL);
	for (; ctx->n_children > from; ctx->n_children--)
		while (waitpid(ctx->children[ctx->n_children - 1], NULL, 0) < 0 && errno == EINTR)
			;
}
