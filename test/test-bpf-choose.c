/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What old kernels, lockdowns and sandboxes refuse of bpf(), at each step and in each way that they have
 * of saying so: the other sources serve, and only the result and the log tell.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf.h"
#include "caps.h"
#include "estab.h"
#include "util.h"

enum {
	SOCKETS = 620, /* so many that BPF is what finds their owners */
	ALL_COMMANDS = -1,
	NO_COMMAND = -2,
	KERNEL_ENOTSUPP = 524,
};

/* What was seen at the end of a reading. */
struct seen {
	unsigned int listeners; /* that their holder was found of */
	unsigned int pending;
	unsigned int losses; /* of rows or owners */
	unsigned int logged;
	bool exact;
	int bpf_error; /* the first */
	bool bpf_served;
	bool diag_served;
	bool procfd_served;
};

static bool refuse(int command, int error)
{
	const struct sock_filter all[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_bpf, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, args[0]) +
				 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)command, 0,
			 command == ALL_COMMANDS ? 0 : 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter filter[ARRAY_SIZE(all)];
	const struct sock_fprog program = { ARRAY_SIZE(filter), filter };

	memcpy(filter, all, sizeof(filter));
	/* Any other system call goes on to the last line, which lets it pass. */
	filter[1].jf = 3;
	return command == NO_COMMAND || (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
					 prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void count_log(void *arg, int level, const char *text)
{
	struct seen *seen = arg;

	(void)level;
	seen->logged += strncmp(text, "bpf: ", strlen("bpf: ")) == 0;
}

static bool make_query(struct seen *seen, bool all_netns, struct estab_query **ret_query)
{
	const struct estab_ctx_options options = {
		.size = sizeof(options),
		.flags = ESTAB_CTX_BPF | ESTAB_CTX_ENTER_NETNS,
	};
	struct estab_ctx *ctx;
	bool made;

	if (estab_ctx_new(&options, &ctx) < 0)
		return false;
	estab_ctx_set_log(ctx, count_log, seen);
	made = estab_query_new(ctx, ret_query) == 0 &&
	       estab_query_set_protos(*ret_query, UINT64_C(1) << ESTAB_PROTO_TCP) == 0 &&
	       estab_query_add_field(*ret_query, ESTAB_F_OWNER_PID) == 0 &&
	       estab_query_add_field(*ret_query, ESTAB_F_INODE) == 0 &&
	       estab_query_add_field(*ret_query, ESTAB_F_STATE) == 0 &&
	       estab_query_set_all_netns(*ret_query, all_netns) == 0;
	estab_ctx_unref(ctx);
	return made;
}

static void note_row(const struct estab_socket *sock, struct seen *seen)
{
	uint64_t inode = 1;
	const char *state = "";

	estab_socket_get_u64(sock, ESTAB_F_INODE, &inode);
	estab_socket_get_str(sock, ESTAB_F_STATE, &state);
	if (strcmp(state, "listen") == 0)
		seen->listeners += estab_socket_owner_count(sock) > 0;
	else
		seen->pending += inode == 0;
}

static void note_result(const struct estab_result *result, struct seen *seen)
{
	for (size_t i = 0; i < estab_result_loss_count(result); i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		estab_result_get_loss(result, i, &loss);
		seen->losses += strcmp(loss.what, "rows") == 0 || strcmp(loss.what, "table") == 0 ||
				strcmp(loss.what, "owners") == 0;
	}
	for (size_t i = 0; i < estab_result_source_count(result); i++) {
		struct estab_source_info info = { .size = sizeof(info) };

		estab_result_get_source(result, i, &info);
		if (strcmp(info.source, "bpf") == 0 && info.error != 0 && seen->bpf_error == 0)
			seen->bpf_error = info.error;
		seen->bpf_served |= strcmp(info.source, "bpf") == 0 && info.error == 0;
		seen->diag_served |= strcmp(info.source, "diag") == 0 && info.error == 0;
		seen->procfd_served |= strcmp(info.source, "procfd") == 0 && info.error == 0;
	}
	seen->exact = estab_result_is_exact(result);
}

/* Reads, and what is refused is from the first or, "late", once the rows are about to come: 0, or the
 * line that went otherwise. */
static int read_refused(int command, int error, bool late, bool all_netns, struct seen *seen)
{
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	int r;

	if (!make_query(seen, all_netns, &query) || (!late && !refuse(command, error)))
		return __LINE__;
	if (estab_scan_open(query, &scan) < 0 || (late && !refuse(command, error)))
		return __LINE__;
	while ((r = estab_scan_next(scan, &sock)) == 0)
		note_row(sock, seen);
	note_result(estab_scan_result(scan), seen);
	estab_scan_close(scan);
	estab_query_unref(query);
	return r == 1 ? 0 : __LINE__;
}

/* Insisting on BPF, one gets the error itself. */
static int insist(int error)
{
	struct seen seen = { 0 };
	struct estab_query *query;
	struct estab_scan *scan;

	if (!make_query(&seen, false, &query) || estab_query_set_source(query, "bpf") < 0)
		return __LINE__;
	if (estab_scan_open(query, &scan) != error)
		return __LINE__;
	estab_query_unref(query);
	return 0;
}

#define NEED(condition)                  \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

/* A listener that has a connection which nobody has accepted, and many others: all in a namespace that
 * begins with none. */
static int make_sockets(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	socklen_t length = sizeof(address);
	struct rlimit limit;
	int listener, client;

	NEED(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = limit.rlim_max;
	NEED(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(listener >= 0 && client >= 0 && ioctl(client, SIOCSIFFLAGS, &lo) == 0);
	NEED(bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 4) == 0);
	NEED(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
	NEED(connect(client, (struct sockaddr *)&address, length) == 0);
	for (int i = 0; i < SOCKETS; i++) {
		int held = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		NEED(held >= 0);
	}
	return 0;
}

/* What the kernel says of itself: the steps of loading a program, of which the last two may come late. */
static const int commands[] = {
	ALL_COMMANDS,      BPF_MAP_CREATE,  BPF_MAP_UPDATE_ELEM, BPF_PROG_LOAD,
	BPF_PROG_TEST_RUN, BPF_LINK_CREATE, BPF_ITER_CREATE,
};

/* Permission, lockdown, an unknown command, flag, program or helper, no type information, a structure
 * longer than it knows, what it has not, and what it is short of. */
static const int errors[] = {
	EPERM,  EACCES, EINVAL, ENOENT, ESRCH,      E2BIG,  ENOSYS,
	ENOMEM, EMFILE, ENOSPC, EBUSY,  EOPNOTSUPP, EAGAIN, KERNEL_ENOTSUPP,
};

static int told(int error)
{
	return error == KERNEL_ENOTSUPP ? -ENOSYS : -error;
}

static int check_early(int command, int error)
{
	struct seen seen = { 0 };
	int line = read_refused(command, error, false, false, &seen);

	if (line != 0)
		return line;
	NEED(seen.listeners == 1 && seen.pending == 1 && seen.losses == 0);
	NEED(seen.diag_served && seen.procfd_served && !seen.bpf_served && !seen.exact);
	NEED(seen.bpf_error == told(error) && seen.logged == 1);
	return insist(told(error));
}

/* The pass over all files is under way: what it can't see comes from a dump. */
static int check_late(int command, int error)
{
	struct seen seen = { 0 };
	int line = read_refused(command, error, true, false, &seen);

	if (line != 0)
		return line;
	NEED(seen.listeners == 1 && seen.pending == 1 && seen.losses == 0);
	NEED(seen.bpf_served && seen.diag_served && !seen.exact);
	NEED(seen.bpf_error == told(error) && seen.logged == 1);
	return 0;
}

/* In all namespaces: the list of them too is made without. */
static int check_everywhere(int command, int error)
{
	struct seen seen = { 0 };
	int line = read_refused(command, error, false, true, &seen);

	if (line != 0)
		return line;
	NEED(seen.listeners >= 1 && seen.pending >= 1 && !seen.bpf_served);
	NEED(seen.bpf_error == told(error));
	return 0;
}

/* Where nothing is refused. */
static int check_none(int command, int error)
{
	struct seen seen = { 0 };
	int line = read_refused(command, error, false, false, &seen);

	if (line != 0)
		return line;
	NEED(seen.listeners == 1 && seen.pending == 1 && seen.losses == 0);
	NEED(seen.bpf_served && seen.bpf_error == 0 && seen.exact && seen.logged == 0);
	return 0;
}

/* A filter stays with the process that has it. */
static unsigned int fork_check(int (*check)(int command, int error), int command, int error)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		int line = check(command, error);

		if (line != 0)
			print_message("command %d, error %d: line %d\n", command, error, line);
		fflush(stdout);
		_exit(line != 0);
	}
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

/* With few processes to be looked through. */
static int enter_namespaces(void)
{
	NEED(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	NEED(mount("proc", "/proc", "proc", 0, NULL) == 0);
	return make_sockets();
}

static unsigned int check_all(void)
{
	int line = enter_namespaces();
	unsigned int failures = 0;

	if (line != 0) {
		print_message("sockets: line %d\n", line);
		return 1;
	}
	failures += fork_check(check_none, NO_COMMAND, 0);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		for (size_t k = 0; k < ARRAY_SIZE(errors); k++)
			failures += fork_check(check_early, commands[i], errors[k]);
	for (size_t k = 0; k < ARRAY_SIZE(errors); k++) {
		failures += fork_check(check_late, BPF_PROG_LOAD, errors[k]);
		failures += fork_check(check_late, BPF_ITER_CREATE, errors[k]);
	}
	failures += fork_check(check_everywhere, ALL_COMMANDS, EPERM);
	failures += fork_check(check_everywhere, BPF_ITER_CREATE, ENOMEM);
	return failures;
}

/* Whether this process may load programs; says why not. */
static bool may_load(void)
{
	const struct bpf_files_config config = { 0 };
	int fd = bpf_open_files(&config);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	print_message("skip: no programs here: %s\n", strerror(-fd));
	/* Where it is known to work it must. */
	assert_true(fd == -EOPNOTSUPP || !caps_have(CAP_SYS_ADMIN) ||
		    access("/sys/kernel/btf/vmlinux", R_OK) < 0);
	return false;
}

static void others_serve(void **state)
{
	int status = -1;
	pid_t pid;

	(void)state;
	if (!may_load())
		skip();
	pid = fork();
	if (pid == 0) {
		/* The next one is the first in a namespace of processes. */
		if (unshare(CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
			_exit(1);
		pid = fork();
		if (pid == 0)
			_exit(check_all() != 0);
		_exit(pid < 0 || waitpid(pid, &status, 0) != pid || status != 0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_serve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
