/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "owner-fixture.h"
#include "process.h"

#define STAT_TAIL " S 1 2 3 -1 -1 4194304 7 8 9 10 11 12 13 14 20 0 3 0 987654321 17 18 19\n"

static const uint64_t all_needs =
	NEED_COMM | NEED_CMDLINE | NEED_EXE | NEED_OWNER_UID | NEED_START_TICKS;

struct subject {
	struct tree tree;
	struct arena arena;
	struct process_reader reader;
	struct process process;
};

static int setup(void **state)
{
	struct subject *subject = calloc(1, sizeof(*subject));

	tree_make(&subject->tree);
	process_reader_init(&subject->reader, &subject->arena);
	*state = subject;
	return 0;
}

static int teardown(void **state)
{
	struct subject *subject = *state;

	process_reader_free(&subject->reader);
	arena_free(&subject->arena);
	tree_remove(&subject->tree);
	free(subject);
	return 0;
}

static const struct process *read_again(struct subject *subject, uint64_t needs)
{
	subject->process = (struct process){ .pid = 1 };
	assert_int_equal(process_read(&subject->reader, subject->tree.fd, subject->tree.fd, needs,
				      &subject->process),
			 0);
	return &subject->process;
}

static void test_stat(void **state)
{
	static const char *const names[] = {
		"(cat)", "()", "() R 1 ()", "(a b)", "(a\n) Z 9 9 (\n)", "(\xff\xfe)"
	};
	struct subject *subject = *state;
	struct process_stat stat;
	char text[256];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(text, sizeof(text), "1234 %s" STAT_TAIL, names[i]);
		tree_text(&subject->tree, "stat", text);
		assert_int_equal(process_read_stat(subject->tree.fd, &stat), 0);
		assert_int_equal(stat.state, 'S');
		assert_int_equal(stat.flags, 4194304);
		assert_int_equal(stat.n_threads, 3);
		assert_int_equal(stat.start_ticks, 987654321);
	}
	assert_int_equal(read_again(subject, NEED_START_TICKS)->start_ticks, 987654321);
	assert_int_equal(subject->process.has, PROCESS_HAS_START);
	/* Its parent, and its group. */
	assert_int_equal(read_again(subject, NEED_PGID)->pgid, 2);
	assert_true(subject->process.has & PROCESS_HAS_PGID);
}

static void test_stat_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"1234",
		"1234 (cat",
		"1234 (cat)",
		"1234 (cat) ",
		"1234 (cat) S 1 2 3 4 5 6",
		"1234 (cat) S 1 2 3 4 5 x 7 8 9 10 11 12 13 14 20 0 3 0 987654321",
		"1234 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 -3 0 987654321",
		"1234 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 3 0 -1",
		"1234 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 3 0 99999999999999999999",
		"1234 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0 3 0",
	};
	struct subject *subject = *state;
	struct process_stat stat = { .state = '?' };

	assert_int_equal(process_read_stat(subject->tree.fd, &stat), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_text(&subject->tree, "stat", texts[i]);
		assert_int_equal(process_read_stat(subject->tree.fd, &stat), -EBADMSG);
	}
	assert_int_equal(stat.state, '?');
	assert_int_equal(read_again(subject, NEED_START_TICKS)->has, 0);
}

static void test_may_hold(void **state)
{
	struct subject *subject = *state;
	static const struct {
		const char *text;
		bool may;
	} cases[] = {
		{ "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5\n", false },
		{ "9 (bash) S 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5\n", true },
		{ "9 (gone) Z 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5\n", false },
		{ "9 (lead) Z 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 2 0 5\n", true },
		{ "nonsense", true },
	};

	assert_true(process_may_hold(subject->tree.fd));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_text(&subject->tree, "stat", cases[i].text);
		assert_int_equal(process_may_hold(subject->tree.fd), cases[i].may);
	}
}

static void test_comm(void **state)
{
	static const char *const cases[][2] = {
		{ "cat\n", "cat" },
		{ "a\nb\n", "a\nb" },
		{ "a\n\n", "a\n" },
		{ "\n", "" },
		{ "", "" },
		{ "no end", "no end" },
		{ ") R 1 (\n", ") R 1 (" },
	};
	struct subject *subject = *state;

	assert_null(read_again(subject, NEED_COMM)->comm);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_text(&subject->tree, "comm", cases[i][0]);
		assert_string_equal(read_again(subject, NEED_COMM)->comm, cases[i][1]);
	}
}

/* A saved tree may come from anyone. */
static void test_traps(void **state)
{
	struct subject *subject = *state;

	tree_link(&subject->tree, "comm", "/etc/passwd");
	assert_int_equal(mkfifoat(subject->tree.fd, "cmdline", 0644), 0);
	tree_dir(&subject->tree, "status");
	tree_link(&subject->tree, "stat", "/dev/zero");
	tree_text(&subject->tree, "exe", "no link");
	read_again(subject, all_needs);
	assert_null(subject->process.comm);
	assert_null(subject->process.cmdline);
	assert_null(subject->process.exe);
	assert_int_equal(subject->process.has, 0);
}

static void test_uid(void **state)
{
	struct subject *subject = *state;

	tree_text(&subject->tree, "status",
		  "Name:\tcat\\nUid:\t6\t6\t6\t6\nUmask:\t0022\nState:\tS (sleeping)\n"
		  "Uid:\t1000\t4294967294\t0\t0\nGid:\t1\t1\t1\t1\n");
	assert_int_equal(read_again(subject, NEED_OWNER_USER)->uid, 4294967294);
	assert_int_equal(subject->process.has, PROCESS_HAS_UID);
	assert_int_equal(read_again(subject, NEED_COMM | NEED_EXE)->has, 0);
	tree_text(&subject->tree, "status", "Name:\tcat\nUid:\t1000\n");
	assert_int_equal(read_again(subject, NEED_OWNER_UID)->has, 0);
	tree_text(&subject->tree, "status", "Name:\tcat\nUid:\t0\t4294967296\t0\t0\n");
	assert_int_equal(read_again(subject, NEED_OWNER_UID)->has, 0);
}

static void test_exe(void **state)
{
	struct subject *subject = *state;

	assert_null(read_again(subject, NEED_EXE)->exe);
	tree_link(&subject->tree, "exe", "/usr/bin/x y (deleted)");
	assert_string_equal(read_again(subject, NEED_EXE)->exe, "/usr/bin/x y (deleted)");
	assert_null(read_again(subject, NEED_COMM)->exe);
}

static void expect_cmdline(struct subject *subject, const char *data, size_t length,
			   const char *expected, size_t expected_length)
{
	tree_file(&subject->tree, "cmdline", data, length);
	read_again(subject, NEED_CMDLINE);
	if (!expected) {
		assert_null(subject->process.cmdline);
		return;
	}
	assert_int_equal(subject->process.cmdline_length, expected_length);
	assert_memory_equal(subject->process.cmdline, expected, expected_length);
}

/* As SELinux, AppArmor and Smack end it; nothing of it where there is none. */
static void test_context(void **state)
{
	struct subject *subject = *state;

	assert_null(read_again(subject, NEED_CONTEXT)->context);
	assert_int_equal(subject->reader.contexts_missing, 1);
	assert_int_equal(mkdirat(subject->tree.fd, "attr", 0755), 0);
	tree_file(&subject->tree, "attr/current", "system_u:system_r:sshd_t:s0\0", 28);
	assert_string_equal(read_again(subject, NEED_CONTEXT)->context,
			    "system_u:system_r:sshd_t:s0");
	tree_text(&subject->tree, "attr/current", "docker-default (enforce)\n");
	assert_string_equal(read_again(subject, NEED_CONTEXT)->context, "docker-default (enforce)");
	tree_text(&subject->tree, "attr/current", "_");
	assert_string_equal(read_again(subject, NEED_CONTEXT)->context, "_");
	tree_text(&subject->tree, "attr/current", "\n");
	assert_null(read_again(subject, NEED_CONTEXT)->context);
	assert_int_equal(subject->reader.contexts_missing, 1);
	assert_null(read_again(subject, NEED_COMM)->context);
}

static void test_cmdline(void **state)
{
	struct subject *subject = *state;
	char *huge = malloc(2 * PROCESS_CMDLINE_MAX);

	assert_null(read_again(subject, NEED_CMDLINE)->cmdline);
	expect_cmdline(subject, "", 0, NULL, 0);
	expect_cmdline(subject, "ls\0-l\0\0", 7, "ls\0-l\0\0", 7);
	expect_cmdline(subject, "nginx: master", 13, "nginx: master\0", 14);
	expect_cmdline(subject, "\0", 1, "\0", 1);
	memset(huge, 'x', 2 * PROCESS_CMDLINE_MAX);
	huge[PROCESS_CMDLINE_MAX] = '\0';
	expect_cmdline(subject, huge, PROCESS_CMDLINE_MAX, huge, PROCESS_CMDLINE_MAX + 1);
	assert_int_equal(subject->reader.cmdlines_cut, 0);
	expect_cmdline(subject, huge, PROCESS_CMDLINE_MAX + 1, huge, PROCESS_CMDLINE_MAX + 1);
	assert_int_equal(subject->reader.cmdlines_cut, 1);
	expect_cmdline(subject, huge, 2 * PROCESS_CMDLINE_MAX, huge, PROCESS_CMDLINE_MAX + 1);
	assert_int_equal(subject->reader.cmdlines_cut, 2);
	free(huge);
}

static long ms_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
}

/* A thread asleep where nothing wakes it, as the files show it. */
static void test_stuck(void **state)
{
	struct subject *subject = *state;
	struct timespec begin;

	tree_text(&subject->tree, "cmdline", "ls");
	tree_text(&subject->tree, "status",
		  "Name:\tls\nState:\tD (disk sleep)\nvoluntary_ctxt_switches:\t9\n");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < 100; i++)
		assert_null(read_again(subject, NEED_CMDLINE)->cmdline);
	assert_int_equal(subject->reader.cmdlines_stuck, 100);
	/* The waiting is bounded for a whole walk. */
	assert_int_equal(subject->reader.patience_ms, 0);
	assert_true(ms_since(&begin) < 5000);
	tree_text(&subject->tree, "status", "Name:\tState:\tD\nState:\tS (sleeping)\n");
	assert_non_null(read_again(subject, NEED_CMDLINE)->cmdline);
	/* One of its threads will do. */
	tree_text(&subject->tree, "status", "Name:\tls\nState:\tS (sleeping)\nThreads:\t2\n");
	tree_dir(&subject->tree, "task");
	tree_dir(&subject->tree, "task/1");
	tree_dir(&subject->tree, "task/2");
	tree_text(&subject->tree, "task/1/status", "Name:\tls\nState:\tS (sleeping)\n");
	tree_text(&subject->tree, "task/2/status", "Name:\tls\nState:\tD (disk sleep)\n");
	assert_null(read_again(subject, NEED_CMDLINE)->cmdline);
}

/* The parent of vfork() sleeps like that until its child calls exec. */
static void test_stuck_live(void **state)
{
	struct subject *subject = *state;
	struct process process = { 0 };
	char path[32];
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid == 0) {
		/* Not by libc: sanitizers turn its vfork() into fork(). */
		pid_t self = getpid();

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (getppid() == self)
				pause();
		}
		_exit(0);
	}
	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < 500; i++) {
		struct process_stat stat;

		assert_int_equal(process_read_stat(fd, &stat), 0);
		if (stat.state == 'D')
			break;
		usleep(10000);
	}
	assert_int_equal(process_read(&subject->reader, fd, fd, all_needs, &process), 0);
	assert_int_equal(subject->reader.cmdlines_stuck, 1);
	assert_null(process.cmdline);
	/* The rest can be had. */
	assert_non_null(process.comm);
	assert_non_null(process.exe);
	assert_int_equal(process.has, PROCESS_HAS_UID | PROCESS_HAS_START);
	close(fd);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_self(void **state)
{
	struct subject *subject = *state;
	struct process process = { 0 };
	struct process_stat stat;
	char exe[4096] = "";
	int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(prctl(PR_SET_NAME, ") R 1 (\n\xff"), 0);
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	assert_int_equal(process_read(&subject->reader, fd, fd, all_needs, &process), 0);
	assert_string_equal(process.comm, ") R 1 (\n\xff");
	assert_string_equal(process.exe, exe);
	assert_int_equal(process.uid, geteuid());
	assert_int_equal(process.has, PROCESS_HAS_UID | PROCESS_HAS_START);
	assert_non_null(strstr(process.cmdline, "test-process"));
	assert_int_equal(process.cmdline[process.cmdline_length - 1], '\0');
	assert_int_equal(process_read_stat(fd, &stat), 0);
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.n_threads, 1);
	assert_int_equal(stat.start_ticks, process.start_ticks);
	assert_true(stat.start_ticks > 0);
	assert_true(process_may_hold(fd));
	close(fd);
}

/* What was opened stays the process that it was. */
static void test_gone(void **state)
{
	struct subject *subject = *state;
	struct process process = { 0 };
	char path[32];
	pid_t pid = fork();
	int fd;

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_read(&subject->reader, fd, fd, all_needs, &process), 0);
	assert_null(process.comm);
	assert_null(process.cmdline);
	assert_null(process.exe);
	assert_int_equal(process.has, 0);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_stat),       TEST(test_stat_malformed), TEST(test_may_hold),
		TEST(test_comm),       TEST(test_traps),          TEST(test_uid),
		TEST(test_exe),        TEST(test_cmdline),        TEST(test_stuck),
		TEST(test_stuck_live), TEST(test_self),           TEST(test_gone),
		TEST(test_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
