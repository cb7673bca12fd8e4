/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The walk over trees that look like /proc. */
#include <errno.h>

#include "owner-fixture.h"

/* Makes the directories of a process, without threads. */
static void add_process(const struct tree *tree, uint32_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "%u", pid);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "%u/fd", pid);
	tree_dir(tree, path);
}

static void add_fd(const struct tree *tree, const char *dir, unsigned int fd, const char *target)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/fd/%u", dir, fd);
	tree_link(tree, path, target);
}

static void add_thread(const struct tree *tree, const char *dir)
{
	char path[96];

	tree_dir(tree, dir);
	snprintf(path, sizeof(path), "%s/fd", dir);
	tree_dir(tree, path);
}

static void test_many_owners(void **state)
{
	struct tree tree;
	struct setting setting;
	const struct owner_list *list;

	(void)state;
	tree_make(&tree);
	add_process(&tree, 10);
	add_process(&tree, 9);
	add_process(&tree, 2000);
	add_fd(&tree, "10", 7, "socket:[100]");
	add_fd(&tree, "10", 12, "socket:[100]");
	add_fd(&tree, "10", 3, "socket:[200]");
	add_fd(&tree, "10", 4, "socket:[300]");
	add_fd(&tree, "9", 3, "socket:[100]");
	add_fd(&tree, "2000", 0, "/dev/null");
	tree_text(&tree, "10/comm", "ten\n");
	tree_link(&tree, "10/exe", "/bin/ten");
	tree_text(&tree, "9/comm", "nine\n");
	setting_make(&setting, tree.fd, true, NEED_COMM);
	setting_want(&setting, 100);
	setting_want(&setting, 200);
	setting_want(&setting, 400);
	assert_int_equal(setting_walk(&setting), 0);

	list = owners_of(&setting, 100);
	assert_int_equal(list->count, 3);
	assert_true(owner_is(list, 0, 9, 0, 3));
	assert_true(owner_is(list, 1, 10, 0, 7));
	assert_true(owner_is(list, 2, 10, 0, 12));
	assert_string_equal(list->owners[0].process->comm, "nine");
	assert_string_equal(list->owners[1].process->comm, "ten");
	/* One record a process, and only what was asked for. */
	assert_ptr_equal(list->owners[1].process, list->owners[2].process);
	assert_ptr_equal(list->owners[1].process, owners_of(&setting, 200)->owners[0].process);
	assert_null(list->owners[1].process->exe);
	assert_int_equal(list->owners[1].process->has, 0);
	assert_int_equal(owners_of(&setting, 400)->count, 0);
	assert_int_equal(setting.index.n_found, 2);
	assert_false(setting.index.incomplete);
	assert_int_equal(setting.result.n_losses, 0);

	assert_int_equal(setting.result.n_sources, 1);
	assert_string_equal(setting.result.sources[0].source, "procfd");
	assert_string_equal(setting.result.sources[0].table, "owners");
	assert_string_equal(setting.result.sources[0].path, setting.path);
	assert_int_equal(setting.result.sources[0].error, 0);
	assert_int_equal(setting.result.sources[0].rows, 4);
	setting_free(&setting);
	tree_remove(&tree);
}

static void test_other_entries(void **state)
{
	static const char *const targets[] = {
		"socket:[]",
		"socket:[1",
		"socket:[1]x",
		"socket:[1x]",
		"socket:[-1]",
		"socket:",
		"socket:[99999999999999999999]",
		"Socket:[1]",
		"pipe:[1]",
		"socket:[ 1]",
		"/tmp/socket:[1]",
		"anon_inode:[1]",
		"socket:[000000000000000000000000000000000000001]",
	};
	struct tree tree;
	struct setting setting;

	(void)state;
	tree_make(&tree);
	add_process(&tree, 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++)
		add_fd(&tree, "1", i, targets[i]);
	tree_text(&tree, "1/fd/100", "no link");
	tree_link(&tree, "1/fd/x", "socket:[1]");
	tree_link(&tree, "1/fd/08", "socket:[1]");
	tree_link(&tree, "1/fd/4294967296", "socket:[1]");
	tree_link(&tree, "1/fd/4294967295", "socket:[1]");
	/* Not processes. */
	tree_dir(&tree, "007");
	tree_dir(&tree, "self");
	tree_dir(&tree, "1x");
	tree_dir(&tree, "99999999999");
	tree_text(&tree, "123", "a file");
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 1);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(setting.index.n_holdings, 0);
	assert_false(setting.index.incomplete);
	assert_int_equal(setting.result.n_losses, 0);
	setting_free(&setting);
	tree_remove(&tree);
}

/* A copy that holds no descriptors says nothing about owners. */
static void test_unavailable(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	tree_make(&tree);
	tree_dir(&tree, "1");
	tree_link(&tree, "2", "gone");
	/* A kernel thread has none to copy. */
	tree_dir(&tree, "3");
	tree_text(&tree, "3/stat", "3 (k) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5\n");
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 1);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(lost(&setting.result, "processes", "unavailable"), 2);
	assert_true(setting.index.incomplete);
	setting_free(&setting);
	tree_remove(&tree);
}

static bool walk_closed(void *arg)
{
	struct setting *setting = arg;

	/* For root the modes would not count; and this user owns nothing here. */
	if (geteuid() == 0)
		check(setuid(65534) == 0);
	check(setting_walk(setting) == 0);
	check(owners_of(setting, 1)->count == 1);
	check(owner_is(owners_of(setting, 1), 0, 1, 0, 3));
	check(owners_of(setting, 2)->count == 0);
	check(lost(&setting->result, "processes", "permission") == 3);
	check(setting->result.n_losses == 1);
	check(setting->index.incomplete);
	return true;
}

static void test_permission(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	tree_make(&tree);
	assert_int_equal(fchmod(tree.fd, 0755), 0);
	for (uint32_t pid = 1; pid <= 5; pid++)
		add_process(&tree, pid);
	add_fd(&tree, "1", 3, "socket:[1]");
	for (uint32_t pid = 2; pid <= 4; pid++) {
		char path[64];

		snprintf(path, sizeof(path), "%u", pid);
		add_fd(&tree, path, 3, "socket:[2]");
		snprintf(path, sizeof(path), "%u/fd", pid);
		assert_int_equal(fchmodat(tree.fd, path, 0, 0), 0);
	}
	/* A zombie: closed, but with nothing inside. */
	tree_text(&tree, "4/stat", "4 (z) Z 1 9 9 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 5\n");
	/* Not even to be entered. */
	assert_int_equal(fchmodat(tree.fd, "5", 0, 0), 0);
	tree_dir(&tree, "6");
	tree_text(&tree, "6/stat", "6 (k) S 2 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 5\n");
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 1);
	setting_want(&setting, 2);
	assert_true(in_child(walk_closed, &setting));
	setting_free(&setting);
	tree_remove(&tree);
}

/* The leader's table under 10; 11 shares it, 12 and 13 share another, 14 has none of ours. */
static void test_threads(void **state)
{
	struct tree tree;
	struct setting setting;
	const struct owner_list *list;

	(void)state;
	tree_make(&tree);
	add_process(&tree, 10);
	tree_dir(&tree, "10/task");
	for (unsigned int tid = 10; tid <= 14; tid++) {
		char path[64];

		snprintf(path, sizeof(path), "10/task/%u", tid);
		add_thread(&tree, path);
		if (tid < 14)
			add_fd(&tree, path, 3, "socket:[100]");
		if (tid < 12)
			add_fd(&tree, path, 4, "socket:[200]");
		if (tid == 12 || tid == 13)
			add_fd(&tree, path, 4, "socket:[300]");
		add_fd(&tree, path, 0, "/dev/null");
	}
	add_fd(&tree, "10", 4, "socket:[200]");
	add_fd(&tree, "10", 3, "socket:[100]");
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 100);
	setting_want(&setting, 200);
	setting_want(&setting, 300);
	assert_int_equal(setting_walk(&setting), 0);

	list = owners_of(&setting, 100);
	assert_int_equal(list->count, 2);
	assert_true(owner_is(list, 0, 10, 0, 3));
	/* Whichever the directory lists first stands for both. */
	assert_true(owner_is(list, 1, 10, 12, 3) || owner_is(list, 1, 10, 13, 3));
	list = owners_of(&setting, 200);
	assert_int_equal(list->count, 1);
	assert_true(owner_is(list, 0, 10, 0, 4));
	list = owners_of(&setting, 300);
	assert_int_equal(list->count, 1);
	assert_true(owner_is(list, 0, 10, 12, 4) || owner_is(list, 0, 10, 13, 4));
	assert_int_equal(setting.result.n_losses, 0);
	setting_free(&setting);
	tree_remove(&tree);
}

/* A leader that exited has an empty table and no memory. */
static void test_dead_leader(void **state)
{
	struct tree tree;
	struct setting setting;
	const struct process *process;

	(void)state;
	tree_make(&tree);
	add_process(&tree, 10);
	tree_text(&tree, "10/comm", "leader\n");
	tree_text(&tree, "10/cmdline", "");
	tree_text(&tree, "10/status", "Name:\tleader\nState:\tZ (zombie)\nUid:\t5\t6\t7\t8\n");
	tree_dir(&tree, "10/task");
	add_thread(&tree, "10/task/10");
	add_thread(&tree, "10/task/11");
	add_fd(&tree, "10/task/11", 3, "socket:[100]");
	tree_text(&tree, "10/task/11/comm", "thread\n");
	tree_text(&tree, "10/task/11/cmdline", "prog");
	tree_link(&tree, "10/task/11/exe", "/bin/prog");
	setting_make(&setting, tree.fd, true, NEED_COMM | NEED_CMDLINE | NEED_EXE | NEED_OWNER_UID);
	setting_want(&setting, 100);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(owners_of(&setting, 100)->count, 1);
	assert_true(owner_is(owners_of(&setting, 100), 0, 10, 11, 3));
	process = owners_of(&setting, 100)->owners[0].process;
	assert_string_equal(process->comm, "leader");
	assert_string_equal(process->cmdline, "prog");
	assert_string_equal(process->exe, "/bin/prog");
	assert_int_equal(process->uid, 6);
	setting_free(&setting);
	tree_remove(&tree);
}

static void test_user_names(void **state)
{
	struct tree tree;
	struct setting setting;
	char path[128];
	const struct process *process;

	(void)state;
	tree_make(&tree);
	tree_text(&tree, "passwd", "alice:x:6:6::/:\n");
	snprintf(path, sizeof(path), "%s/passwd", tree.path);
	add_process(&tree, 1);
	add_process(&tree, 2);
	add_fd(&tree, "1", 3, "socket:[1]");
	add_fd(&tree, "2", 3, "socket:[2]");
	tree_text(&tree, "1/status", "Name:\ta\nUid:\t5\t6\t7\t8\n");
	tree_text(&tree, "2/status", "Name:\tb\nUid:\t5\t7\t7\t8\n");
	setting_make(&setting, tree.fd, true, NEED_OWNER_USER);
	setting.ctx.passwd_file = path;
	setting_want(&setting, 1);
	setting_want(&setting, 2);
	assert_int_equal(setting_walk(&setting), 0);
	process = owners_of(&setting, 1)->owners[0].process;
	assert_string_equal(process->user, "alice");
	process = owners_of(&setting, 2)->owners[0].process;
	assert_int_equal(process->uid, 7);
	assert_null(process->user);
	setting_free(&setting);
	tree_remove(&tree);
}

static void test_nothing_wanted(void **state)
{
	struct setting setting;

	(void)state;
	/* /proc is not even touched. */
	setting_make(&setting, -1, true, 0);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(setting.result.n_sources, 0);
	setting_free(&setting);
}

static void test_no_proc(void **state)
{
	struct setting setting;

	(void)state;
	setting_make(&setting, -1, true, 0);
	setting_want(&setting, 1);
	assert_int_equal(setting_walk(&setting), -EBADF);
	assert_int_equal(setting.result.sources[0].error, -EBADF);
	assert_true(setting.index.incomplete);
	setting_free(&setting);
}

enum { CROWD = 150, CROWD_FDS = 20, CROWD_ROUNDS = 8 };

/* Every process holds sockets of its own and one that all share. */
static void make_crowd(struct tree *tree)
{
	tree_make(tree);
	for (uint32_t pid = 1; pid <= CROWD; pid++) {
		char text[64];

		add_process(tree, pid);
		for (uint32_t fd = 0; fd < CROWD_FDS; fd++) {
			char dir[16];

			snprintf(dir, sizeof(dir), "%u", pid);
			snprintf(text, sizeof(text), "socket:[%u]",
				 fd == 0 ? 1 : pid * CROWD_FDS + fd);
			add_fd(tree, dir, fd, text);
		}
		snprintf(text, sizeof(text), "%u/comm", pid);
		tree_text(tree, text, "member\n");
	}
}

static void walk_crowd(struct setting *setting, const struct tree *tree, uint32_t flags)
{
	setting_make(setting, tree->fd, true, NEED_COMM);
	setting->ctx.flags = flags;
	setting_want(setting, 1);
	for (uint32_t inode = CROWD_FDS; inode <= (CROWD + 1) * CROWD_FDS; inode++)
		setting_want(setting, inode);
	assert_int_equal(setting_walk(setting), 0);
}

static void check_crowd(const struct setting *setting)
{
	assert_int_equal(setting->result.n_losses, 0);
	assert_int_equal(setting->index.n_holdings, CROWD * CROWD_FDS);
	assert_int_equal(owners_of(setting, 1)->count, CROWD);
	for (uint32_t pid = 1; pid <= CROWD; pid++) {
		assert_true(owner_is(owners_of(setting, 1), pid - 1, pid, 0, 0));
		for (uint32_t fd = 1; fd < CROWD_FDS; fd++) {
			const struct owner_list *list = owners_of(setting, pid * CROWD_FDS + fd);

			assert_int_equal(list->count, 1);
			assert_true(owner_is(list, 0, pid, 0, (int32_t)fd));
			assert_string_equal(list->owners[0].process->comm, "member");
		}
	}
}

static void test_two_threads(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	make_crowd(&tree);
	walk_crowd(&setting, &tree, 0);
	check_crowd(&setting);
	setting_free(&setting);
	for (int i = 0; i < CROWD_ROUNDS; i++) {
		walk_crowd(&setting, &tree, ESTAB_CTX_THREADS);
		check_crowd(&setting);
		setting_free(&setting);
	}
	tree_remove(&tree);
}

/* Whoever finds the wanted one has it from the members that held something by then. */
static bool enough_of_one(void *arg, const struct owner_index *view, size_t first)
{
	atomic_uint *calls = arg;

	atomic_fetch_add(calls, 1);
	assert_int_equal(view->n_holdings - first, CROWD_FDS);
	return atomic_load(calls) >= 2;
}

static void test_enough(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	make_crowd(&tree);
	for (uint32_t flags = 0; flags <= ESTAB_CTX_THREADS; flags += ESTAB_CTX_THREADS) {
		atomic_uint calls = 0;

		setting_make(&setting, tree.fd, true, 0);
		setting.ctx.flags = flags;
		setting.index.enough = enough_of_one;
		setting.index.enough_arg = &calls;
		for (uint64_t inode = 1; inode < CROWD * CROWD_FDS * 2; inode++)
			setting_want(&setting, inode);
		assert_int_equal(setting_walk(&setting), 0);
		/* Each thread may be in one when it is said. */
		assert_true(atomic_load(&calls) >= 2 && atomic_load(&calls) <= 3);
		assert_int_equal(setting.index.n_holdings, atomic_load(&calls) * CROWD_FDS);
		assert_int_equal(setting.result.n_losses, 0);
		assert_true(setting.index.incomplete);
		setting_free(&setting);
	}
	tree_remove(&tree);
}

static void test_ended_early(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	make_crowd(&tree);
	for (uint32_t flags = 0; flags <= ESTAB_CTX_THREADS; flags += ESTAB_CTX_THREADS) {
		setting_make(&setting, tree.fd, true, 0);
		setting.ctx.flags = flags;
		setting.env.deadline_us = 1;
		setting_want(&setting, 1);
		assert_int_equal(setting_walk(&setting), -ETIME);
		assert_int_equal(lost(&setting.result, "processes", "cut"), CROWD);
		assert_int_equal(setting.result.sources[0].error, -ETIME);
		assert_true(setting.index.incomplete);
		setting_free(&setting);

		setting_make(&setting, tree.fd, true, 0);
		setting.ctx.flags = flags;
		atomic_store(&setting.env.cancelled, true);
		setting_want(&setting, 1);
		assert_int_equal(setting_walk(&setting), -ECANCELED);
		setting_free(&setting);
	}
	tree_remove(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_owners), cmocka_unit_test(test_other_entries),
		cmocka_unit_test(test_unavailable), cmocka_unit_test(test_permission),
		cmocka_unit_test(test_threads),     cmocka_unit_test(test_dead_leader),
		cmocka_unit_test(test_user_names),  cmocka_unit_test(test_nothing_wanted),
		cmocka_unit_test(test_no_proc),     cmocka_unit_test(test_two_threads),
		cmocka_unit_test(test_enough),      cmocka_unit_test(test_ended_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
