/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Run a command with its output in a pipe, as `command | cat >/dev/null` would, and print one line:
 * wall microseconds, CPU microseconds, peak resident KiB, lines, bytes, exit status (128 + the
 * signal that killed it, or 124 when it took too long). */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct drained {
	uint64_t bytes;
	uint64_t lines;
	int late;
};

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t cpu_us(const struct rusage *usage)
{
	return (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

static uint64_t lines_count(const char *text, size_t len)
{
	const char *end = text + len;
	uint64_t n = 0;

	while ((text = memchr(text, '\n', (size_t)(end - text)))) {
		n++;
		text++;
	}
	return n;
}

static pid_t command_start(char **argv, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (r != 0)
		errx(127, "%s: %s", argv[0], strerror(r));
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static void drain(int fd, int64_t deadline, struct drained *drained)
{
	char text[128 * 1024];

	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now_us();
		ssize_t n;

		/* A command that falls silent must not hang us. */
		if (left <= 0 || poll(&ready, 1, (int)(left / 1000) + 1) == 0) {
			drained->late = 1;
			return;
		}
		n = read(fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		drained->bytes += (uint64_t)n;
		drained->lines += lines_count(text, (size_t)n);
	}
}

static int seconds_read(const char *text)
{
	int value = 0;

	for (; *text >= '0' && *text <= '9' && value < 100000; text++)
		value = value * 10 + (*text - '0');
	return *text == '\0' ? value : 0;
}

int main(int argc, char **argv)
{
	struct drained drained = { 0 };
	int fds[2], seconds, status;
	struct rusage usage;
	int64_t begin, wall;
	pid_t pid;

	seconds = argc > 2 ? seconds_read(argv[1]) : 0;
	if (seconds == 0)
		errx(2, "usage: peak SECONDS COMMAND [ARGUMENT...]");
	if (pipe2(fds, O_CLOEXEC) < 0)
		err(1, "pipe2");
	begin = now_us();
	pid = command_start(argv + 2, fds[1]);
	close(fds[1]);
	drain(fds[0], begin + (int64_t)seconds * 1000000, &drained);
	if (drained.late)
		kill(pid, SIGKILL);
	if (wait4(pid, &status, 0, &usage) < 0)
		err(1, "wait4");
	wall = now_us() - begin;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("%" PRId64 " %" PRId64 " %ld %" PRIu64 " %" PRIu64 " %d\n", wall, cpu_us(&usage),
	       usage.ru_maxrss, drained.lines, drained.bytes, drained.late ? 124 : status);
	return 0;
}
