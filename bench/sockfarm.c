/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A farm of idle sockets shared out over processes: something to measure socket listers on. */
#include "sockfarm.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	FILES_SPARE = 16, /* standard streams, pipes, the farm's own listeners */
	CHURN_SECONDS = 60,
	NUMBER_MAX = 2000000, /* milliseconds of so many seconds still fit an int */
};

/* One loopback TCP end, with its file and inode, was seen to cost 3.8 KiB: this leaves room. */
#define BYTES_PER_SOCKET UINT64_C(5120)

struct plan {
	uint64_t sockets;
	uint64_t processes;
	uint64_t unix_sockets;
	uint64_t udp;
	uint64_t listeners;
	uint64_t seconds; /* 0: no limit */
	bool churn;
	bool namespaces;
};

struct farm {
	const struct plan *plan;
	pid_t *pids;
	size_t n_pids;
	int stop[2]; /* its end of file tells the children that it is over */
	int reports[2];
	int signals;
	sigset_t blocked;
};

static const char usage[] =
	"Usage: sockfarm --sockets N --processes P [option...]\n"
	"Make N loopback TCP sockets (both ends counted) in P processes, print \"ready N\",\n"
	"and keep them until end of file on standard input, SIGINT or SIGTERM.\n"
	"\n"
	"  --sockets N    connected TCP sockets, an even number\n"
	"  --processes P  processes that share them (default 1); each also has one listener\n"
	"  --unix N       connected unix sockets, an even number\n"
	"  --udp N        bound UDP sockets\n"
	"  --listeners N  more listening TCP sockets, which nobody connects to\n"
	"  --churn        besides, one process (sockfarm-churn) opens and closes connections all\n"
	"                 the time, and listeners on the one port that --listeners then share;\n"
	"                 prints \"churned N\" at the end\n"
	"  --namespaces   each process is in a network namespace of its own\n"
	"  --seconds S    end after S seconds (default: 60 with --churn, else never)\n"
	"\n"
	"Run it in a network namespace of its own: unshare --net sockfarm ...\n";

static void option_number(const char *name, const char *text, uint64_t max, uint64_t *ret_value)
{
	if (farm_number(text, max, ret_value) < 0)
		errx(2, "--%s: '%s' is not a number up to %" PRIu64, name, text, max);
}

static void plan_parse(int argc, char **argv, struct plan *plan)
{
	static const struct option options[] = {
		{ "sockets", required_argument, NULL, 's' },
		{ "processes", required_argument, NULL, 'p' },
		{ "unix", required_argument, NULL, 'x' },
		{ "udp", required_argument, NULL, 'u' },
		{ "listeners", required_argument, NULL, 'l' },
		{ "seconds", required_argument, NULL, 't' },
		{ "churn", no_argument, NULL, 'c' },
		{ "namespaces", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	uint64_t *const numbers[256] = {
		['s'] = &plan->sockets, ['p'] = &plan->processes, ['x'] = &plan->unix_sockets,
		['u'] = &plan->udp,     ['l'] = &plan->listeners, ['t'] = &plan->seconds,
	};
	int c, which;

	while ((c = getopt_long(argc, argv, "", options, &which)) != -1) {
		if (c == 'h') {
			fputs(usage, stdout);
			exit(0);
		} else if (c == 'c') {
			plan->churn = true;
		} else if (c == 'n') {
			plan->namespaces = true;
		} else if (c > 0 && c < 256 && numbers[c]) {
			option_number(options[which].name, optarg, NUMBER_MAX, numbers[c]);
		} else {
			exit(2);
		}
	}
	if (optind < argc)
		errx(2, "unexpected argument '%s'", argv[optind]);
	if (plan->churn && plan->seconds == 0)
		plan->seconds = CHURN_SECONDS;
}

static uint64_t ceil_div(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static void plan_check(const struct plan *plan)
{
	uint64_t all = plan->sockets + plan->unix_sockets + plan->udp + plan->listeners;
	uint64_t limit, memory, p = plan->processes, per_process;
	int r;

	if (p == 0 || p > FARM_PROCESSES_MAX)
		errx(2, "--processes: between 1 and %d", FARM_PROCESSES_MAX);
	if (all == 0)
		errx(2, "nothing to make: --sockets, --unix, --udp or --listeners (see --help)");
	if (plan->sockets % 2 || plan->unix_sockets % 2)
		errx(2, "--sockets and --unix count both ends: they must be even");
	r = farm_files_raise(&limit);
	if (r < 0)
		errx(1, "can't raise the limit of open files: %s", strerror(-r));
	per_process = 2 * (ceil_div(plan->sockets / 2, p) + ceil_div(plan->unix_sockets / 2, p)) +
		      ceil_div(plan->udp, p) + ceil_div(plan->listeners, p) + FILES_SPARE;
	if (per_process > limit)
		errx(1,
		     "%" PRIu64 " open files a process needed, %" PRIu64 " allowed: "
		     "use more --processes",
		     per_process, limit);
	if (!plan->churn && ceil_div(plan->listeners, p) > FARM_PORT_EPHEMERAL - FARM_PORT_FIRST)
		errx(1, "too many listeners a process: use more --processes");
	r = farm_memory_available(&memory);
	if (r < 0)
		errx(1, "can't tell how much memory is free: %s", strerror(-r));
	if (all * BYTES_PER_SOCKET > memory / 10 * 9)
		errx(1, "%" PRIu64 " sockets need about %" PRIu64 " MiB, %" PRIu64 " MiB are free",
		     all, all * BYTES_PER_SOCKET >> 20, memory >> 20);
}

static uint64_t share_of(uint64_t total, uint64_t processes, size_t index)
{
	return total / processes + (index < total % processes);
}

static void report_send(const struct farm *farm, const struct farm_report *report)
{
	/* A parent that is gone no longer reads, and this process is ending anyway. */
	if (write(farm->reports[1], report, sizeof(*report)) != sizeof(*report))
		_exit(1);
}

static void child_setup(const struct farm *farm)
{
	int fd;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, &farm->blocked, NULL);
	close(farm->stop[1]);
	close(farm->reports[0]);
	close(farm->signals);
	/* Should memory run out after all, the farm goes first. */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "1000", 4) != 4)
			warn("oom_score_adj");
		close(fd);
	}
}

static void child_stay(const struct farm *farm)
{
	char byte;

	while (read(farm->stop[0], &byte, 1) < 0 && errno == EINTR)
		;
}

static _Noreturn void child_farm(const struct farm *farm, size_t index)
{
	const struct plan *plan = farm->plan;
	struct farm_report report = { .index = (uint32_t)index };
	struct farm_share share = {
		.index = (unsigned int)index,
		.connections = (unsigned int)share_of(plan->sockets / 2, plan->processes, index),
		.unix_pairs =
			(unsigned int)share_of(plan->unix_sockets / 2, plan->processes, index),
		.udp = (unsigned int)share_of(plan->udp, plan->processes, index),
		.listeners = (unsigned int)share_of(plan->listeners, plan->processes, index),
		.reuseport = plan->churn,
	};

	child_setup(farm);
	if (plan->namespaces) {
		snprintf(report.what, sizeof(report.what), "network namespace");
		report.error = unshare(CLONE_NEWNET) < 0 ? -errno : farm_netns_prepare();
	}
	if (report.error == 0)
		report.error = farm_make(&share, &report);
	report_send(farm, &report);
	if (report.error == 0)
		child_stay(farm);
	_exit(report.error != 0);
}

static _Noreturn void child_churn(const struct farm *farm, size_t index)
{
	struct farm_report report = { .index = (uint32_t)index };

	child_setup(farm);
	prctl(PR_SET_NAME, "sockfarm-churn");
	report.error = farm_churn(farm->stop[0], &report);
	report_send(farm, &report);
	_exit(report.error != 0);
}

/* Every child is killed by its pid: nothing it holds wants more care than closing does. */
static void farm_end(struct farm *farm)
{
	for (size_t i = 0; i < farm->n_pids; i++)
		kill(farm->pids[i], SIGKILL);
	for (size_t i = 0; i < farm->n_pids; i++)
		while (waitpid(farm->pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	farm->n_pids = 0;
}

static int farm_spawn(struct farm *farm, void (*run)(const struct farm *, size_t))
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		run(farm, farm->n_pids);
	farm->pids[farm->n_pids++] = pid;
	return 0;
}

static int farm_open(struct farm *farm, const struct plan *plan)
{
	farm->plan = plan;
	farm->pids = calloc(plan->processes + 1, sizeof(*farm->pids));
	if (!farm->pids)
		return -ENOMEM;
	sigemptyset(&farm->blocked);
	sigaddset(&farm->blocked, SIGINT);
	sigaddset(&farm->blocked, SIGTERM);
	sigaddset(&farm->blocked, SIGHUP);
	sigaddset(&farm->blocked, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &farm->blocked, NULL) < 0)
		return -errno;
	farm->signals = signalfd(-1, &farm->blocked, SFD_CLOEXEC);
	if (farm->signals < 0 || pipe2(farm->stop, O_CLOEXEC) < 0 ||
	    pipe2(farm->reports, O_CLOEXEC) < 0)
		return -errno;
	return 0;
}

/* Nobody stops a child but farm_end(): one that ends before, ends badly. */
static int signal_take(const struct farm *farm)
{
	struct signalfd_siginfo info;

	if (read(farm->signals, &info, sizeof(info)) != sizeof(info))
		return -EIO;
	if (info.ssi_signo != SIGCHLD)
		return 0;
	warnx("process %" PRIu32 " of the farm died", info.ssi_pid);
	return -ECHILD;
}

/* 1 when a report came, 0 when it is time to end. */
static int farm_wait(const struct farm *farm, int timeout, struct farm_report *ret_report)
{
	struct pollfd fds[] = {
		{ .fd = farm->reports[0], .events = POLLIN },
		{ .fd = farm->signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char ignored[256];

	for (;;) {
		int n = poll(fds, 3, timeout);

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		/* Reports first: a child that fails says why before it ends. */
		if (fds[0].revents)
			return read(farm->reports[0], ret_report, sizeof(*ret_report)) ==
					       sizeof(*ret_report)
				       ? 1
				       : -EIO;
		if (fds[1].revents)
			return signal_take(farm);
		if (fds[2].revents && read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
			return 0;
	}
}

static int report_failed(const struct farm_report *report)
{
	warnx("process %" PRIu32 ": %s: %s", report->index, report->what, strerror(-report->error));
	return report->error;
}

/* 1 when all is made, 0 when told to end before. */
static int farm_collect(struct farm *farm, uint64_t *ret_made)
{
	struct farm_report report = { 0 };
	uint64_t made = 0;

	for (size_t i = 0; i < farm->plan->processes; i++) {
		int r = farm_wait(farm, -1, &report);

		if (r <= 0)
			return r;
		if (report.error < 0)
			return report_failed(&report);
		made += report.made;
	}
	if (made != farm->plan->sockets)
		return -EIO;
	*ret_made = made;
	return 1;
}

static int farm_churned(struct farm *farm)
{
	struct farm_report report = { 0 };

	if (read(farm->reports[0], &report, sizeof(report)) != sizeof(report))
		return -EIO;
	if (report.error < 0)
		return report_failed(&report);
	printf("churned %" PRIu64 "\n", report.made);
	return 0;
}

static int farm_run(struct farm *farm)
{
	const struct plan *plan = farm->plan;
	struct farm_report report = { 0 };
	uint64_t made = 0;
	int r;

	for (size_t i = 0; i < plan->processes; i++) {
		r = farm_spawn(farm, child_farm);
		if (r < 0)
			return r;
	}
	r = farm_collect(farm, &made);
	if (r <= 0)
		return r;
	if (plan->churn) {
		r = farm_spawn(farm, child_churn);
		if (r < 0)
			return r;
	}
	printf("ready %" PRIu64 "\n", made);
	fflush(stdout);
	/* With everything made, only a churn that failed has something to report. */
	r = farm_wait(farm, plan->seconds ? (int)plan->seconds * 1000 : -1, &report);
	if (r < 0)
		return r;
	if (r > 0)
		return report_failed(&report);
	close(farm->stop[1]);
	return plan->churn ? farm_churned(farm) : 0;
}

int main(int argc, char **argv)
{
	struct plan plan = { .processes = 1 };
	struct farm farm = { 0 };
	int r;

	plan_parse(argc, argv, &plan);
	plan_check(&plan);
	r = farm_netns_is_ours();
	if (r < 0)
		errx(1, "can't tell which network namespace this is: %s", strerror(-r));
	if (r == 0)
		errx(1, "this is the machine's network namespace: run under unshare --net");
	r = farm_netns_prepare();
	if (r < 0)
		errx(1, "can't set up the network namespace: %s", strerror(-r));
	r = farm_open(&farm, &plan);
	if (r == 0)
		r = farm_run(&farm);
	farm_end(&farm);
	free(farm.pids);
	if (r < 0)
		errx(1, "%s", strerror(-r));
	return 0;
}
