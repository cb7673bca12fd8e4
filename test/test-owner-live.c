/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The walk over this host's /proc. */
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "owner-fixture.h"
#include "owner-walk.h"

/* Two connected unix sockets: no network is touched. */
static void make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		abort();
}

static void live_setting(struct setting *setting, bool capture, uint64_t needs)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		abort();
	setting_make(setting, fd, capture, needs);
}

static void live_free(struct setting *setting)
{
	close(setting->ctx.proc_fd);
	setting_free(setting);
}

/* Others may lack nothing for this to hold: our own processes we can always read. */
static uint32_t count_of(const struct setting *setting, uint64_t inode, uint32_t pid, uint32_t tid,
			 int32_t fd)
{
	const struct owner_list *list = owners_of(setting, inode);
	uint32_t count = 0;

	for (uint32_t i = 0; i < list->count; i++)
		count += owner_is(list, i, pid, tid, fd);
	return count;
}

static pid_t fork_sleeper(void)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	if (waitpid(pid, NULL, 0) != pid)
		abort();
}

static void test_fork_and_dup(void **state)
{
	struct setting setting;
	uint32_t self = (uint32_t)getpid();
	int pair[2], copy;
	uint64_t inode;
	pid_t child;

	(void)state;
	make_pair(pair);
	inode = inode_of(pair[0]);
	copy = fcntl(pair[0], F_DUPFD_CLOEXEC, 700);
	child = fork_sleeper();
	live_setting(&setting, false, NEED_COMM | NEED_EXE | NEED_OWNER_UID | NEED_START_TICKS);
	setting_want(&setting, inode);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(owners_of(&setting, inode)->count, 4);
	assert_int_equal(count_of(&setting, inode, self, 0, pair[0]), 1);
	assert_int_equal(count_of(&setting, inode, self, 0, copy), 1);
	assert_int_equal(count_of(&setting, inode, (uint32_t)child, 0, pair[0]), 1);
	assert_int_equal(count_of(&setting, inode, (uint32_t)child, 0, copy), 1);
	for (uint32_t i = 0; i < 4; i++) {
		const struct process *process = owners_of(&setting, inode)->owners[i].process;

		assert_string_equal(process->comm, "test-owner-live");
		assert_non_null(strstr(process->exe, "test-owner-live"));
		assert_int_equal(process->has, PROCESS_HAS_UID | PROCESS_HAS_START);
		assert_int_equal(process->uid, geteuid());
	}
	end_child(child);
	close(copy);
	close(pair[0]);
	close(pair[1]);
	live_free(&setting);
}

static void pass_fd(int channel, int fd)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte = 'x';
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(channel, &message, 0) != 1)
		abort();
}

static int take_fd(int channel)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(channel, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* The child gets a socket that it did not inherit, and the parent closes its own. */
static void test_passed(void **state)
{
	struct setting setting;
	int channel[2], pair[2], child_fd;
	uint64_t inode;
	pid_t child;

	(void)state;
	make_pair(channel);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int fd = take_fd(channel[1]);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(channel[1], &fd, sizeof(fd)) != sizeof(fd))
			_exit(1);
		for (;;)
			pause();
	}
	make_pair(pair);
	inode = inode_of(pair[0]);
	pass_fd(channel[0], pair[0]);
	close(pair[0]);
	assert_int_equal(read(channel[0], &child_fd, sizeof(child_fd)), sizeof(child_fd));
	assert_true(child_fd >= 0);
	live_setting(&setting, false, 0);
	setting_want(&setting, inode);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(owners_of(&setting, inode)->count, 1);
	assert_true(owner_is(owners_of(&setting, inode), 0, (uint32_t)child, 0, child_fd));
	end_child(child);
	close(pair[1]);
	close(channel[0]);
	close(channel[1]);
	live_free(&setting);
}

/* What a helper thread does, and when. */
struct helper {
	pthread_t thread;
	pthread_barrier_t ready;
	pthread_barrier_t done;
	bool own_table;
	uint32_t tid;
	int pair[2];
};

static void *help(void *arg)
{
	struct helper *helper = arg;

	helper->tid = (uint32_t)syscall(SYS_gettid);
	if (helper->own_table && unshare(CLONE_FILES) < 0)
		abort();
	make_pair(helper->pair);
	pthread_barrier_wait(&helper->ready);
	pthread_barrier_wait(&helper->done);
	close(helper->pair[0]);
	close(helper->pair[1]);
	return NULL;
}

static uint64_t start_helper(struct helper *helper, bool own_table)
{
	char path[96];
	struct stat st;

	helper->own_table = own_table;
	pthread_barrier_init(&helper->ready, NULL, 2);
	pthread_barrier_init(&helper->done, NULL, 2);
	if (pthread_create(&helper->thread, NULL, help, helper) != 0)
		abort();
	pthread_barrier_wait(&helper->ready);
	/* Its descriptor may mean nothing in our table. */
	snprintf(path, sizeof(path), "/proc/self/task/%u/fd/%d", helper->tid, helper->pair[0]);
	if (stat(path, &st) < 0)
		abort();
	return st.st_ino;
}

static void end_helper(struct helper *helper)
{
	pthread_barrier_wait(&helper->done);
	pthread_join(helper->thread, NULL);
	pthread_barrier_destroy(&helper->ready);
	pthread_barrier_destroy(&helper->done);
}

/* Once with kcmp(2), and once as if this were another host's /proc, where it can't be used. */
static void check_threads(bool capture)
{
	struct helper shared, own;
	struct setting setting;
	uint32_t self = (uint32_t)getpid();
	uint64_t ours, of_shared, of_own;
	int pair[2];

	make_pair(pair);
	ours = inode_of(pair[0]);
	of_shared = start_helper(&shared, false);
	of_own = start_helper(&own, true);
	live_setting(&setting, capture, 0);
	setting_want(&setting, ours);
	setting_want(&setting, of_shared);
	setting_want(&setting, of_own);
	assert_int_equal(setting_walk(&setting), 0);
	/* The copy of the table holds what the original does. */
	assert_int_equal(owners_of(&setting, ours)->count, 2);
	assert_int_equal(count_of(&setting, ours, self, 0, pair[0]), 1);
	assert_int_equal(count_of(&setting, ours, self, own.tid, pair[0]), 1);
	assert_int_equal(owners_of(&setting, of_shared)->count, 2);
	assert_int_equal(count_of(&setting, of_shared, self, 0, shared.pair[0]), 1);
	assert_int_equal(count_of(&setting, of_shared, self, own.tid, shared.pair[0]), 1);
	assert_int_equal(owners_of(&setting, of_own)->count, 1);
	assert_int_equal(count_of(&setting, of_own, self, own.tid, own.pair[0]), 1);
	end_helper(&own);
	end_helper(&shared);
	live_free(&setting);
	close(pair[0]);
	close(pair[1]);
}

static void test_threads(void **state)
{
	(void)state;
	check_threads(false);
	check_threads(true);
}

/* Many tables, and threads that share each of them: every table once. */
static void test_many_tables(void **state)
{
	enum { TABLES = 20 };
	static struct helper helpers[TABLES];
	struct setting setting;
	uint32_t self = (uint32_t)getpid();
	uint64_t inodes[TABLES];

	(void)state;
	live_setting(&setting, false, 0);
	for (int i = 0; i < TABLES; i++) {
		inodes[i] = start_helper(&helpers[i], i % 2 == 0);
		setting_want(&setting, inodes[i]);
	}
	assert_int_equal(setting_walk(&setting), 0);
	for (int i = 0; i < TABLES; i++) {
		const struct helper *helper = &helpers[i];
		/* The odd ones are in our table, and in each copy that was made later. */
		uint32_t expected = i % 2 == 0 ? 1 : 1 + (TABLES - 1 - (uint32_t)i) / 2;

		assert_int_equal(owners_of(&setting, inodes[i])->count, expected);
		assert_int_equal(count_of(&setting, inodes[i], self, i % 2 == 0 ? helper->tid : 0,
					  helper->pair[0]),
				 1);
	}
	for (int i = 0; i < TABLES; i++)
		end_helper(&helpers[i]);
	live_free(&setting);
}

static void *outlive(void *arg)
{
	int *ready = arg;

	/* The leader's end is seen when it is a zombie. */
	usleep(50000);
	if (write(*ready, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
	return NULL;
}

/* The leader ends, its two threads live on and share a table. */
static pid_t fork_headless(int ready)
{
	pid_t pid = fork();

	if (pid < 0)
		abort();
	if (pid == 0) {
		static int fd;
		pthread_t threads[2];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = ready;
		for (int i = 0; i < 2; i++)
			if (pthread_create(&threads[i], NULL, outlive, &fd) != 0)
				_exit(1);
		syscall(SYS_exit, 0);
	}
	return pid;
}

static bool finds_headless(pid_t child, uint64_t inode, int fd, bool capture)
{
	const struct owner_list *list;
	struct setting setting;

	live_setting(&setting, capture, NEED_COMM | NEED_EXE | NEED_CMDLINE);
	setting_want(&setting, inode);
	check(setting_walk(&setting) == 0);
	list = owners_of(&setting, inode);
	check(list->count == 1);
	check(list->owners[0].process->pid == (uint32_t)child);
	check(list->owners[0].fd == fd);
	check(list->owners[0].tid != 0 && list->owners[0].tid != (uint32_t)child);
	check(strcmp(list->owners[0].process->comm, "test-owner-live") == 0);
	check(list->owners[0].process->exe);
	check(list->owners[0].process->cmdline);
	live_free(&setting);
	return true;
}

static bool check_headless(void *arg)
{
	int pair[2], ready[2];
	uint64_t inode;
	pid_t child;
	char two[2];

	(void)arg;
	make_pair(pair);
	make_pair(ready);
	inode = inode_of(pair[0]);
	child = fork_headless(ready[1]);
	check(recv(ready[0], two, 2, MSG_WAITALL) == 2);
	close(pair[0]);
	check(finds_headless(child, inode, pair[0], false));
	check(finds_headless(child, inode, pair[0], true));
	end_child(child);
	close(pair[1]);
	close(ready[0]);
	close(ready[1]);
	return true;
}

static void test_dead_leader(void **state)
{
	(void)state;
	assert_true(check_headless(NULL));
}

/* Gives up root for good. Its group goes too: a procfs exempts group 0 from hiding. */
static bool become_nobody(void)
{
	return setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0;
}

static bool check_headless_as_nobody(void *arg)
{
	check(become_nobody());
	/* As every program is that did not change its user. */
	check(prctl(PR_SET_DUMPABLE, 1) == 0);
	return check_headless(arg);
}

static void test_dead_leader_of_nobody(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become another user");
	assert_true(in_child(check_headless_as_nobody, NULL));
}

/* Reads the tables of one process whose directory is open already. */
static int read_subject(const struct setting *setting, struct subject *subject)
{
	struct walk walk = { .env = &setting->env, .live = true, .own_pids = true };
	struct walker *walker = calloc(1, sizeof(*walker));
	int r;

	assert_non_null(walker);
	walker->walk = &walk;
	owner_index_view(&setting->index, &walker->view);
	r = owner_read_tables(walker, subject);
	assert_int_equal(walker->status, 0);
	free(walker->tables);
	free(walker);
	return r;
}

static void open_subject(struct subject *subject, pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	*subject = (struct subject){ .pid = (uint32_t)pid };
	subject->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(subject->dir_fd >= 0);
}

/* A process that ends between two steps of the walk is told from one that can't be read. */
static void test_vanished(void **state)
{
	struct setting setting;
	struct subject subject;
	pid_t child = fork_sleeper();
	int r;

	(void)state;
	open_subject(&subject, child);
	end_child(child);
	live_setting(&setting, false, 0);
	setting_want(&setting, 1);
	r = read_subject(&setting, &subject);
	assert_true(r == -ENOENT || r == -ESRCH);
	close(subject.dir_fd);
	live_free(&setting);
}

/* Ends a process after a while. */
struct killing {
	pid_t pid;
	useconds_t delay_us;
};

static void *kill_later(void *arg)
{
	const struct killing *killing = arg;

	usleep(killing->delay_us);
	kill(killing->pid, SIGKILL);
	return NULL;
}

/* And one that ends in the middle of its descriptors. */
static void test_vanishes_within(void **state)
{
	enum { ROUNDS = 40, FDS = 4000, STEP_US = 500 };
	struct setting setting;
	int vanished = 0;
	int null;

	(void)state;
	live_setting(&setting, false, 0);
	setting_want(&setting, 1);
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int fd = 100; fd < 100 + FDS; fd++)
		if (dup3(null, fd, O_CLOEXEC) < 0)
			break;
	/* Nobody waits for the children: they are gone at once. */
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < ROUNDS; i++) {
		struct killing killing = { fork_sleeper(), (useconds_t)i * STEP_US };
		struct subject subject;
		pthread_t thread;
		int r;

		open_subject(&subject, killing.pid);
		assert_int_equal(pthread_create(&thread, NULL, kill_later, &killing), 0);
		r = read_subject(&setting, &subject);
		if (r != 0 && r != -ENOENT && r != -ESRCH)
			fail_msg("round %d: %s", i, strerror(-r));
		vanished += r != 0;
		pthread_join(thread, NULL);
		close(subject.dir_fd);
	}
	signal(SIGCHLD, SIG_DFL);
	for (int fd = 100; fd < 100 + FDS; fd++)
		close(fd);
	close(null);
	assert_true(vanished > 0);
	live_free(&setting);
}

/* Processes come and go all the time; what stays is always found. */
static void test_churn(void **state)
{
	struct setting setting;
	int pair[2];
	pid_t churn;
	long closed;

	(void)state;
	make_pair(pair);
	/* Even to root some may be closed: those with more capabilities. */
	live_setting(&setting, false, 0);
	setting_want(&setting, inode_of(pair[1]));
	assert_int_equal(setting_walk(&setting), 0);
	closed = lost(&setting.result, "processes", "permission");
	live_free(&setting);
	churn = fork();
	assert_true(churn >= 0);
	if (churn == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			pid_t pids[16];

			for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
				pids[i] = fork();
				if (pids[i] == 0)
					_exit(0);
			}
			for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
				if (pids[i] > 0)
					waitpid(pids[i], NULL, 0);
		}
	}
	for (int i = 0; i < 200; i++) {
		live_setting(&setting, false, NEED_COMM | NEED_CMDLINE | NEED_OWNER_UID);
		setting.ctx.flags = i % 2 == 0 ? 0 : ESTAB_CTX_THREADS;
		setting_want(&setting, inode_of(pair[1]));
		assert_int_equal(setting_walk(&setting), 0);
		assert_int_equal(
			count_of(&setting, inode_of(pair[1]), (uint32_t)getpid(), 0, pair[1]), 1);
		assert_int_equal(count_of(&setting, inode_of(pair[1]), (uint32_t)churn, 0, pair[1]),
				 1);
		/* What has ended is never taken for what is closed. */
		if (geteuid() == 0) {
			assert_int_equal(lost(&setting.result, "processes", "permission"), closed);
			assert_int_equal(setting.index.incomplete, closed > 0);
		}
		assert_int_equal(lost(&setting.result, "processes", "error"), -1);
		live_free(&setting);
	}
	end_child(churn);
	close(pair[0]);
	close(pair[1]);
}

/* As an ordinary user: the parent, which is root, can't be read; that is no proof of absence. */
static bool walk_as_nobody(void *arg)
{
	const uint64_t *inode = arg;
	struct setting setting;
	int pair[2];

	check(become_nobody());
	make_pair(pair);
	live_setting(&setting, false, NEED_COMM | NEED_EXE | NEED_CMDLINE);
	setting_want(&setting, *inode);
	setting_want(&setting, inode_of(pair[0]));
	check(setting_walk(&setting) == 0);
	check(owners_of(&setting, *inode)->count == 0);
	check(lost(&setting.result, "processes", "permission") > 0);
	check(lost(&setting.result, "processes", "hidepid") == -1);
	check(setting.index.incomplete);
	/* A process that has changed its user may not be read by its new equals, but by itself. */
	check(owners_of(&setting, inode_of(pair[0]))->count == 1);
	live_free(&setting);
	return true;
}

static void test_permission(void **state)
{
	uint64_t inode;
	int pair[2];
	bool good;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become another user");
	make_pair(pair);
	inode = inode_of(pair[0]);
	fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	/* The child must not hold it: another process makes the holding. */
	pid_t holder = fork_sleeper();
	close(pair[0]);
	close(pair[1]);
	good = in_child(walk_as_nobody, &inode);
	end_child(holder);
	assert_true(good);
}

/* One's own process that may not be read is told apart: no other user's right is missing. */
static bool walk_protected(void *arg)
{
	struct setting setting;
	pid_t child;
	bool told = false;

	(void)arg;
	check(become_nobody());
	/* It lost its dumpability with its user. */
	child = fork_sleeper();
	live_setting(&setting, false, 0);
	setting_want(&setting, 1);
	check(setting_walk(&setting) == 0);
	end_child(child);
	for (size_t i = 0; i < setting.result.n_losses; i++) {
		const struct result_loss *loss = &setting.result.losses[i];

		told |= loss->detail && strcmp(loss->what, "processes") == 0 &&
			strcmp(loss->why, "permission") == 0 &&
			strcmp(loss->detail, "protected") == 0;
	}
	check(told);
	check(setting.index.incomplete);
	live_free(&setting);
	return true;
}

static void test_protected(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root can become another user");
	assert_true(in_child(walk_protected, NULL));
}

struct hidden {
	char options[24];
	bool hides;
	struct tree tree;
};

/* A procfs that hides others' processes, in a mount namespace of its own. */
static bool walk_hidden(void *arg)
{
	const struct hidden *hidden = arg;
	struct setting setting;
	int fd;

	check(unshare(CLONE_NEWNS) == 0);
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(mount("proc", hidden->tree.path, "proc", 0, hidden->options) == 0);
	fd = open(hidden->tree.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(fd >= 0);
	check(!procfs_hides(fd));
	check(become_nobody());
	check(procfs_hides(fd) == hidden->hides);
	setting_make(&setting, fd, false, 0);
	setting_want(&setting, 1);
	check(setting_walk(&setting) == 0);
	check(lost(&setting.result, "processes", "hidepid") == (hidden->hides ? 0 : -1));
	check(hidden->hides || lost(&setting.result, "processes", "permission") > 0);
	check(setting.index.incomplete);
	setting_free(&setting);
	return true;
}

static void test_hidepid(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip_because("only root can mount a procfs");
	for (int level = 0; level <= 2; level++) {
		struct hidden hidden = { .hides = level == 2 };

		tree_make(&hidden.tree);
		snprintf(hidden.options, sizeof(hidden.options), "hidepid=%d", level);
		assert_true(in_child(walk_hidden, &hidden));
		tree_remove(&hidden.tree);
	}
}

/* The descriptor of the context is left where it stood, and no descriptor is left open. */
static void test_leaves_no_trace(void **state)
{
	struct setting setting;
	int before, after;

	(void)state;
	live_setting(&setting, false, NEED_COMM | NEED_EXE | NEED_CMDLINE | NEED_OWNER_UID);
	setting.ctx.flags = ESTAB_CTX_THREADS;
	setting_want(&setting, 1);
	before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	assert_int_equal(lseek(setting.ctx.proc_fd, 0, SEEK_CUR), 0);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(lseek(setting.ctx.proc_fd, 0, SEEK_CUR), 0);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
	live_free(&setting);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_and_dup),
		cmocka_unit_test(test_passed),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_many_tables),
		cmocka_unit_test(test_dead_leader),
		cmocka_unit_test(test_dead_leader_of_nobody),
		cmocka_unit_test(test_vanished),
		cmocka_unit_test(test_vanishes_within),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_permission),
		cmocka_unit_test(test_protected),
		cmocka_unit_test(test_hidepid),
		cmocka_unit_test(test_leaves_no_trace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
