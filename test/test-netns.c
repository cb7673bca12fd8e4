/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Namespaces by name, and what is opened in them, seen from a process that must not notice. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "env.h"
#include "netns.h"
#include "owner-fixture.h"
#include "util.h"

enum { NOBODY = 65534 };

/* ---- a process in a network namespace of its own, with a listener there ---- */

struct holder {
	pid_t pid;
	int lifeline; /* it ends when this is closed */
	uint16_t port;
	uint64_t netns;
};

static uint16_t listen_anywhere(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t size = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
		return 0;
	return ntohs(addr.sin_port);
}

/* Makes its user that of number 0 in its user namespace, if it has one of its own. */
static void map_user(uid_t outside)
{
	int fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		dprintf(fd, "0 %u 1\n", outside);
	close(fd);
}

static _Noreturn void holder_run(int lifeline, int report)
{
	uid_t uid = geteuid();
	bool entered = netns_enter();
	uint16_t port;
	char byte;

	map_user(uid);
	port = entered ? listen_anywhere() : 0;
	/* A change of users makes a process one that its own user may not look into. */
	prctl(PR_SET_DUMPABLE, 1);
	if (write(report, &port, sizeof(port)) == sizeof(port))
		while (read(lifeline, &byte, 1) < 0 && errno == EINTR)
			continue;
	_exit(0);
}

static uint64_t netns_of(const char *process)
{
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/ns/net", process);
	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static void holder_kill(const struct holder *holder)
{
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
}

static void holder_stop(const struct holder *holder)
{
	close(holder->lifeline);
	waitpid(holder->pid, NULL, 0);
}

/* false: there may be no such namespaces here. */
static bool holder_start(struct holder *ret_holder)
{
	struct holder holder = { 0 };
	int lifeline[2], report[2];
	char name[16];
	ssize_t n;

	if (pipe2(lifeline, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
		abort();
	holder.pid = fork();
	if (holder.pid == 0) {
		close(lifeline[1]);
		close(report[0]);
		holder_run(lifeline[0], report[1]);
	}
	close(lifeline[0]);
	close(report[1]);
	holder.lifeline = lifeline[1];
	n = read(report[0], &holder.port, sizeof(holder.port));
	close(report[0]);
	snprintf(name, sizeof(name), "%d", holder.pid);
	holder.netns = netns_of(name);
	if (n != sizeof(holder.port) || holder.port == 0) {
		holder_stop(&holder);
		return false;
	}
	*ret_holder = holder;
	return true;
}

/* ---- the caller, and what it would notice ---- */

struct caller {
	struct estab_ctx *ctx;
	struct env *env;
	uint64_t netns;
	unsigned int n_fds;
	sigset_t signals;
};

static unsigned int count_entries(const char *path)
{
	unsigned int count = 0;
	DIR *dir = opendir(path);

	while (dir && readdir(dir))
		count++;
	if (dir)
		closedir(dir);
	return count;
}

static unsigned int n_sigchld; /* by a handler that takes all there is, as some programs have one */

static void on_sigchld(int signal)
{
	(void)signal;
	n_sigchld++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static bool caller_start(struct caller *caller, const char *proc_root, uint32_t flags)
{
	struct estab_ctx_options options = {
		.size = sizeof(options),
		.flags = flags,
		.proc_root = proc_root,
	};
	struct sigaction action = { .sa_handler = on_sigchld };

	sigaction(SIGCHLD, &action, NULL);
	n_sigchld = 0;
	caller->env = calloc(1, sizeof(*caller->env));
	if (!caller->env || estab_ctx_new(&options, &caller->ctx) < 0)
		return false;
	caller->env->ctx = caller->ctx;
	caller->netns = netns_of("thread-self");
	caller->n_fds = count_entries("/proc/self/fd");
	pthread_sigmask(SIG_SETMASK, NULL, &caller->signals);
	return true;
}

/* A thread that was joined may take a moment to leave. */
static bool is_alone(void)
{
	for (int i = 0; i < 200; i++) {
		if (count_entries("/proc/self/task") == 3) /* "." and ".." too */
			return true;
		poll(NULL, 0, 10);
	}
	return false;
}

/* Whether nothing that was done has left a trace in the caller. */
static bool caller_end(struct caller *caller)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t signals;

	netns_release(&caller->env->target);
	check(netns_of("thread-self") == caller->netns);
	check(netns_of("self") == caller->netns);
	check(count_entries("/proc/self/fd") == caller->n_fds);
	pthread_sigmask(SIG_SETMASK, NULL, &signals);
	for (int i = 1; i < NSIG; i++)
		check(sigismember(&signals, i) == sigismember(&caller->signals, i));
	check(is_alone());
	check(n_sigchld == 0);
	sigaction(SIGCHLD, &action, NULL);
	estab_ctx_unref(caller->ctx);
	free(caller->env);
	return true;
}

static int find(struct caller *caller, const char *name)
{
	return netns_find(caller->ctx, name, &caller->env->target);
}

static void name_process(pid_t pid, char name[32])
{
	snprintf(name, 32, "pid:%d", pid);
}

/* Whether the holder's listener answers to a socket from there. */
static bool connects(const struct env *env, const struct holder *holder)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	_cleanup_(cleanup_close) int fd = netns_socket(env, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	addr.sin_port = htons(holder->port);
	check(fd >= 0);
	check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
}

/* Whether the table of there has the holder's listener. */
static bool lists(const struct env *env, const struct holder *holder)
{
	_cleanup_(cleanup_close) int fd = netns_open(env, "tcp");
	char text[16384], wanted[32];
	size_t length = 0;
	ssize_t n;

	check(fd >= 0);
	check(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	while ((n = read(fd, text + length, sizeof(text) - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	snprintf(wanted, sizeof(wanted), "0100007F:%04X 00000000:0000 0A", holder->port);
	if (htonl(1) == 1)
		snprintf(wanted, sizeof(wanted), "7F000001:%04X 00000000:0000 0A", holder->port);
	return strstr(text, wanted) != NULL;
}

static bool opens_there(struct caller *caller, const struct holder *holder)
{
	check(connects(caller->env, holder));
	check(lists(caller->env, holder));
	check(netns_open(caller->env, "nope") == -ENOENT);
	check(netns_socket(caller->env, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 250) < 0);
	check(n_sigchld == 0);
	return true;
}

/* ---- names ---- */

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int error;
	} cases[] = {
		{ "", -EINVAL },
		{ "pid:", -EINVAL },
		{ "pid:0", -EINVAL },
		{ "pid:-1", -EINVAL },
		{ "pid: 1", -EINVAL },
		{ "pid:1x", -EINVAL },
		{ "pid:self", -EINVAL },
		{ "pid:4294967297", -EINVAL },
		{ "pid:2147483648", -EINVAL },
		{ "pid:2147483647", -ESRCH },
		{ "no-namespace-has-this-name", -ENOENT },
		{ "/", -EINVAL },
		{ "./no-such-file", -ENOENT },
		{ "/dev/null", -EINVAL },
		{ "/dev/null/net", -ENOTDIR },
		{ "/proc/self/status", -EINVAL },
		{ "/proc/self/exe", -EINVAL },
		{ "/proc/self/ns/mnt", -EINVAL },
	};
	struct caller caller;

	(void)state;
	assert_true(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = find(&caller, cases[i].name);

		if (r != cases[i].error)
			fail_msg("'%s': %d, not %d", cases[i].name, r, cases[i].error);
		assert_int_equal(caller.env->target.way, NETNS_OWN);
	}
	assert_true(caller_end(&caller));
}

static void test_long_name(void **state)
{
	struct caller caller;
	char name[5000];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_true(caller_start(&caller, NULL, 0));
	assert_int_equal(find(&caller, name), -ENAMETOOLONG);
	name[0] = '/';
	assert_int_equal(find(&caller, name), -ENAMETOOLONG);
	assert_true(caller_end(&caller));
}

/* Nobody ever writes to it: who opens it for reading waits. */
static void test_fifo(void **state)
{
	struct caller caller;
	struct tree tree = { .fd = -1 };
	char path[80];

	(void)state;
	tree_make(&tree);
	snprintf(path, sizeof(path), "%s/fifo", tree.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	assert_int_equal(find(&caller, path), -EINVAL);
	assert_true(caller_end(&caller));
	tree_remove(&tree);
}

static void test_dead_process(void **state)
{
	struct caller caller;
	char name[32];
	siginfo_t info;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	name_process(pid, name);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_true(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	assert_int_equal(find(&caller, name), -ESRCH);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(find(&caller, name), -ESRCH);
	assert_true(caller_end(&caller));
}

/* However it is called, the caller's own namespace needs no leave and no helper. */
static void test_own(void **state)
{
	struct caller caller;
	char name[32];

	(void)state;
	name_process(getpid(), name);
	assert_true(caller_start(&caller, NULL, 0));
	assert_int_equal(find(&caller, "/proc/self/ns/net"), 0);
	assert_int_equal(caller.env->target.way, NETNS_OWN);
	assert_int_equal(find(&caller, name), 0);
	assert_int_equal(caller.env->target.way, NETNS_OWN);
	assert_true(caller_end(&caller));
}

/* ---- namespaces that are entered ---- */

/* By a thread where that is allowed, else by a child; both must come to the same. */
static bool enter(void *arg)
{
	enum netns_way way = *(enum netns_way *)arg;
	struct holder holder;
	struct caller caller;
	char name[64];

	check(holder_start(&holder));
	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	name_process(holder.pid, name);
	for (int i = 0; i < 2; i++) {
		check(find(&caller, name) == 0);
		check(caller.env->target.way == way);
		check(caller.env->target.inode == holder.netns);
		check(holder.netns != caller.netns);
		check(opens_there(&caller, &holder));
		netns_release(&caller.env->target);
		/* Never in the caller's instead. */
		check(netns_socket(caller.env, AF_INET, SOCK_STREAM, 0) < 0);
		check(netns_open(caller.env, "tcp") < 0);
		snprintf(name, sizeof(name), "/proc/%d/ns/net", holder.pid);
	}
	/* It lives on without its process, as long as it is held. */
	check(find(&caller, name) == 0);
	holder_kill(&holder);
	check(netns_open(caller.env, "nope") == -ENOENT);
	check(find(&caller, name) == -ENOENT);
	n_sigchld = 0; /* that of the holder */
	check(caller_end(&caller));
	close(holder.lifeline);
	return true;
}

/* Becomes a user without privilege, who may look into himself. */
static bool be_nobody(void)
{
	check(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	check(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	check(prctl(PR_SET_DUMPABLE, 1) == 0);
	return true;
}

static bool has_userns(void *arg)
{
	(void)arg;
	return (geteuid() != 0 || be_nobody()) && unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

static bool enter_as_nobody(void *arg)
{
	check(geteuid() != 0 || be_nobody());
	return enter(arg);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip_because("needs root");
}

static void need_userns(void)
{
	if (!in_child(has_userns, NULL))
		skip_because("no user namespaces here");
}

static bool may_unshare(void *arg)
{
	(void)arg;
	return unshare(CLONE_NEWNET) == 0;
}

static void test_thread(void **state)
{
	enum netns_way way = NETNS_THREAD;

	(void)state;
	need_root();
	if (!in_child(may_unshare, NULL))
		skip_because("no network namespaces here");
	assert_true(in_child(enter, &way));
}

static void test_child(void **state)
{
	enum netns_way way = NETNS_CHILD;

	(void)state;
	need_userns();
	assert_true(in_child(enter_as_nobody, &way));
}

/* A program that wants no children to wait for. */
static bool enter_ignoring(void *arg)
{
	const struct sigaction action = { .sa_handler = SIG_IGN };
	struct holder holder;
	struct caller caller;
	char name[32];

	(void)arg;
	check(geteuid() != 0 || be_nobody());
	check(holder_start(&holder));
	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	sigaction(SIGCHLD, &action, NULL);
	name_process(holder.pid, name);
	check(find(&caller, name) == 0);
	check(caller.env->target.way == NETNS_CHILD);
	check(opens_there(&caller, &holder));
	check(caller_end(&caller));
	holder_stop(&holder);
	/* No child of the library's is left, whatever kind of waiting finds it. */
	check(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD);
	return true;
}

static void test_child_ignoring(void **state)
{
	(void)state;
	need_userns();
	assert_true(in_child(enter_ignoring, NULL));
}

/* ---- namespaces that can't be entered ---- */

static bool refused(struct caller *caller, const struct holder *holder, uint64_t inode)
{
	char name[64], dir[32];

	name_process(holder->pid, name);
	check(find(caller, name) == 0);
	check(caller->env->target.way == NETNS_PROCESS);
	check(caller->env->target.inode == inode);
	snprintf(dir, sizeof(dir), "%d/net", holder->pid);
	check(strcmp(netns_net_dir(caller->env), dir) == 0);
	check(netns_socket(caller->env, AF_INET, SOCK_STREAM, 0) == -EPERM);
	check(lists(caller->env, holder));
	check(netns_open(caller->env, "nope") == -ENOENT);
	netns_release(&caller->env->target);
	check(netns_open(caller->env, "tcp") == -EBADF);
	return true;
}

static bool without_leave(void *arg)
{
	struct holder holder;
	struct caller caller;
	char name[64];

	(void)arg;
	check(holder_start(&holder));
	check(caller_start(&caller, NULL, ESTAB_CTX_THREADS));
	check(refused(&caller, &holder, holder.netns));
	snprintf(name, sizeof(name), "/proc/%d/ns/net", holder.pid);
	check(find(&caller, name) == -EPERM);
	check(caller_end(&caller));
	holder_stop(&holder);
	return true;
}

static void test_without_leave(void **state)
{
	(void)state;
	need_userns();
	assert_true(in_child(without_leave, NULL));
}

/* What root holds, to nobody. */
static bool forbidden(void *arg)
{
	const struct holder *holder = arg;
	struct caller caller;
	char name[64];

	check(be_nobody());
	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	check(refused(&caller, holder, 0));
	snprintf(name, sizeof(name), "/proc/%d/ns/net", holder->pid);
	check(find(&caller, name) == -EACCES);
	/* The namespace of a process that can't be looked into may still be known for our own. */
	name_process(getppid(), name);
	check(netns_of("self") == caller.netns && find(&caller, name) == 0);
	check(caller.env->target.way == NETNS_OWN);
	check(caller_end(&caller));
	return true;
}

static void test_forbidden(void **state)
{
	struct holder holder;

	(void)state;
	need_root();
	if (!holder_start(&holder))
		skip_because("no network namespaces here");
	assert_true(in_child(forbidden, &holder));
	holder_stop(&holder);
}

/* A name that anyone may open, and only root may follow. */
static bool named(void *arg)
{
	struct holder holder;
	struct caller caller;
	char path[64];

	(void)arg;
	check(holder_start(&holder));
	check(unshare(CLONE_NEWNS) == 0);
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0);
	check(mkdir("/run/netns", 0755) == 0);
	close(open("/run/netns/blue", O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
	close(open("/run/netns/empty", O_WRONLY | O_CREAT | O_CLOEXEC, 0444));
	snprintf(path, sizeof(path), "/proc/%d/ns/net", holder.pid);
	check(mount(path, "/run/netns/blue", NULL, MS_BIND, NULL) == 0);

	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	check(find(&caller, "blue") == 0);
	check(caller.env->target.way == NETNS_THREAD);
	check(opens_there(&caller, &holder));
	netns_release(&caller.env->target);
	check(find(&caller, "empty") == -EINVAL);
	check(find(&caller, "green") == -ENOENT);
	check(find(&caller, "..") == -EINVAL);
	check(caller_end(&caller));

	check(be_nobody());
	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	check(find(&caller, "blue") == -EPERM);
	check(find(&caller, "/run/netns/blue") == -EPERM);
	check(caller_end(&caller));
	holder_stop(&holder);
	return true;
}

static void test_named(void **state)
{
	(void)state;
	need_root();
	if (!in_child(may_unshare, NULL))
		skip_because("no network namespaces here");
	assert_true(in_child(named, NULL));
}

/* ---- a saved /proc ---- */

static void test_capture(void **state)
{
	struct caller caller;
	struct tree tree = { .fd = -1 };
	char text[8] = "";
	int fd;

	(void)state;
	tree_make(&tree);
	tree_dir(&tree, "12");
	tree_dir(&tree, "12/net");
	tree_text(&tree, "12/net/tcp", "table");
	tree_dir(&tree, "13");
	assert_true(caller_start(&caller, tree.path, ESTAB_CTX_ENTER_NETNS));
	assert_int_equal(find(&caller, "pid:12"), 0);
	assert_int_equal(caller.env->target.way, NETNS_PROCESS);
	assert_int_equal(caller.env->target.inode, 0);
	assert_string_equal(netns_net_dir(caller.env), "12/net");
	fd = netns_open(caller.env, "tcp");
	assert_int_equal(read(fd, text, sizeof(text) - 1), 5);
	assert_string_equal(text, "table");
	close(fd);
	assert_int_equal(netns_open(caller.env, "udp"), -ENOENT);
	netns_release(&caller.env->target);
	assert_int_equal(find(&caller, "pid:13"), -ENOENT);
	assert_int_equal(find(&caller, "pid:14"), -ESRCH);
	assert_int_equal(find(&caller, "name"), -EINVAL);
	assert_int_equal(find(&caller, "/proc/self/ns/net"), -EINVAL);
	assert_true(caller_end(&caller));
	tree_remove(&tree);
}

/* ---- through the public calls ---- */

static bool holds_namespace(void)
{
	char target[64];

	for (int fd = 0; fd < 256; fd++) {
		char path[32];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target));
		if (n > 4 && memcmp(target, "net:", 4) == 0)
			return true;
	}
	return false;
}

static bool scans(struct caller *caller, const char *source, const struct holder *holder)
{
	struct estab_socket *copy = NULL;
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	uint64_t netns, port, uid;
	char name[32];
	int rows = 0;

	name_process(holder->pid, name);
	check(estab_query_new(caller->ctx, &query) == 0);
	check(estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP) == 0);
	check(estab_query_set_source(query, source) == 0);
	check(estab_query_set_netns(query, "no-namespace-has-this-name") == -ENOENT);
	check(estab_query_set_netns(query, name) == 0);
	check(!holds_namespace());
	check(estab_scan_open(query, &scan) == 0);
	estab_query_unref(query);
	check(holds_namespace());
	while (estab_scan_next(scan, &sock) == 0) {
		rows++;
		check(estab_socket_get_u64(sock, ESTAB_F_LOCAL_PORT, &port) == 0);
		check(port == holder->port);
		check(estab_socket_get_u64(sock, ESTAB_F_UID, &uid) == 0);
		check(uid == geteuid());
		check(!copy && estab_socket_copy(sock, &copy) == 0);
	}
	check(rows == 1);
	check(!holds_namespace());
	estab_scan_close(scan);
	check(estab_socket_get_u64(copy, ESTAB_F_NETNS, &netns) == 0 && netns == holder->netns);
	estab_socket_unref(copy);
	return true;
}

static bool asks_back(struct caller *caller, const struct holder *holder)
{
	struct estab_query *query;
	struct estab_snapshot *snapshot;
	char name[32];

	name_process(holder->pid, name);
	check(estab_query_new(caller->ctx, &query) == 0);
	check(estab_query_set_netns(query, name) == 0);
	check(estab_query_set_netns(query, NULL) == 0);
	check(estab_snapshot_take(query, &snapshot) == 0);
	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++) {
		uint64_t netns = 0;

		estab_socket_get_u64(estab_snapshot_get(snapshot, i), ESTAB_F_NETNS, &netns);
		check(netns == caller->netns);
	}
	estab_snapshot_unref(snapshot);
	/* It may have gone between the check and the reading. */
	check(estab_query_set_netns(query, name) == 0);
	holder_kill(holder);
	n_sigchld = 0; /* that of the holder */
	check(estab_snapshot_take(query, &snapshot) == -ESRCH);
	estab_query_unref(query);
	return true;
}

static bool through_query(void *arg)
{
	struct holder holder;
	struct caller caller;

	(void)arg;
	check(holder_start(&holder));
	check(caller_start(&caller, NULL, ESTAB_CTX_ENTER_NETNS));
	check(scans(&caller, "diag", &holder));
	check(scans(&caller, "procfs", &holder));
	check(asks_back(&caller, &holder));
	check(caller_end(&caller));
	close(holder.lifeline);
	return true;
}

static bool through_query_as_nobody(void *arg)
{
	check(be_nobody());
	return through_query(arg);
}

static void test_query(void **state)
{
	(void)state;
	need_userns();
	assert_true(in_child(through_query, NULL));
	if (geteuid() == 0)
		assert_true(in_child(through_query_as_nobody, NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),         cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_fifo),          cmocka_unit_test(test_dead_process),
		cmocka_unit_test(test_own),           cmocka_unit_test(test_thread),
		cmocka_unit_test(test_child),         cmocka_unit_test(test_child_ignoring),
		cmocka_unit_test(test_without_leave), cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_named),         cmocka_unit_test(test_capture),
		cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
