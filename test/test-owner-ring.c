/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What is held, or carried, without a descriptor: the fdinfo of rings and of unix sockets. */
#include <errno.h>

#include "owner-fixture.h"

/* Makes the directories of a process or a thread. */
static void add_table(const struct tree *tree, const char *dir)
{
	char path[64];

	tree_dir(tree, dir);
	snprintf(path, sizeof(path), "%s/fd", dir);
	tree_dir(tree, path);
	snprintf(path, sizeof(path), "%s/fdinfo", dir);
	tree_dir(tree, path);
}

/* info: NULL for none. */
static void add_fd(const struct tree *tree, const char *dir, unsigned int fd, const char *target,
		   const char *info)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/fd/%u", dir, fd);
	tree_link(tree, path, target);
	snprintf(path, sizeof(path), "%s/fdinfo/%u", dir, fd);
	if (info)
		tree_text(tree, path, info);
}

#define RING "anon_inode:[io_uring]"
#define HEAD "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t9\nSqMask:\t0x1\nSQEs:\t0\nCQEs:\t0\n"
#define TAIL "UserBufs:\t1\n    0: socket:[300]\nPollList:\n"

static bool is_ring(const struct owner_list *list, uint32_t i, uint32_t pid, uint32_t tid,
		    int32_t fd)
{
	return owner_is(list, i, pid, tid, fd) && list->owners[i].via == OWNER_VIA_IO_URING;
}

static void test_ring(void **state)
{
	struct tree tree;
	struct setting setting;
	const struct owner_list *list;

	(void)state;
	tree_make(&tree);
	add_table(&tree, "10");
	tree_text(&tree, "10/comm", "ten\n");
	/* Registered twice, and open besides. */
	add_fd(&tree, "10", 7, RING,
	       HEAD "UserFiles:\t6\n    0: socket:[100]\n    1: <none>\n    2: /tmp/socket:[200]\n"
		    "    3: socket:[100]\n    4: socket:[400]\n100000: socket:[500]\n" TAIL);
	add_fd(&tree, "10", 5, "socket:[100]", NULL);
	add_fd(&tree, "10", 9, RING, HEAD "UserFiles:\t0\n" TAIL);
	setting_make(&setting, tree.fd, true, NEED_COMM);
	for (uint64_t inode = 100; inode <= 600; inode += 100)
		setting_want(&setting, inode);
	assert_int_equal(setting_walk(&setting), 0);

	list = owners_of(&setting, 100);
	assert_int_equal(list->count, 2);
	assert_true(owner_is(list, 0, 10, 0, 5));
	assert_int_equal(list->owners[0].via, OWNER_VIA_FD);
	assert_true(is_ring(list, 1, 10, 0, 7));
	assert_ptr_equal(list->owners[0].process, list->owners[1].process);
	assert_true(is_ring(owners_of(&setting, 400), 0, 10, 0, 7));
	assert_true(is_ring(owners_of(&setting, 500), 0, 10, 0, 7));
	/* A path that looks so, and what stands behind the list. */
	assert_int_equal(owners_of(&setting, 200)->count, 0);
	assert_int_equal(owners_of(&setting, 300)->count, 0);
	assert_int_equal(setting.result.n_losses, 0);
	assert_false(setting.index.incomplete);
	setting_free(&setting);
	tree_remove(&tree);
}

static void test_ring_of_thread(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	tree_make(&tree);
	add_table(&tree, "10");
	tree_dir(&tree, "10/task");
	add_table(&tree, "10/task/11");
	add_fd(&tree, "10/task/11", 7, RING, HEAD "UserFiles:\t1\n    0: socket:[100]\n" TAIL);
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 100);
	assert_int_equal(setting_walk(&setting), 0);
	assert_int_equal(owners_of(&setting, 100)->count, 1);
	assert_true(is_ring(owners_of(&setting, 100), 0, 10, 11, 7));
	setting_free(&setting);
	tree_remove(&tree);
}

/* What a ring holds may not be told: others may hold any socket then. */
static void test_ring_untold(void **state)
{
	static const char *const infos[] = {
		NULL,     /* no such file */
		"", HEAD, /* the ring was busy, or the kernel is old */
		HEAD "UserFiles:\t1\n    0: TCP\n" TAIL, /* a kernel that gives names only */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		struct setting setting;
		struct tree tree;

		tree_make(&tree);
		add_table(&tree, "10");
		add_fd(&tree, "10", 7, RING, infos[i]);
		add_fd(&tree, "10", 8, "socket:[100]", NULL);
		setting_make(&setting, tree.fd, true, 0);
		setting_want(&setting, 100);
		setting_want(&setting, 200);
		assert_int_equal(setting_walk(&setting), 0);
		assert_int_equal(owners_of(&setting, 100)->count, 1);
		assert_int_equal(owners_of(&setting, 200)->count, 0);
		assert_int_equal(lost(&setting.result, "rings", "unavailable"), 1);
		assert_true(setting.index.incomplete);
		setting_free(&setting);
		tree_remove(&tree);
	}
}

/* Hostile and cut lists. */
static void test_ring_odd(void **state)
{
	static const char *const infos[] = {
		HEAD "UserFiles:\t1\n    0: socket:[100",
		HEAD "UserFiles:\t1\n    0: socket:[100]x\n",
		HEAD "UserFiles:\t1\n    0:socket:[100]\n",
		HEAD "UserFiles:\t1\n    -1: socket:[100]\n",
		HEAD "UserFiles:\t1\n    0: socket:[]\n    1: socket:[99999999999999999999]\n",
		HEAD "UserFiles:\t1\n\n    0: socket:[100]\n",
		"socket:[100]\n    0: socket:[100]\nUserFiles:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		struct setting setting;
		struct tree tree;

		tree_make(&tree);
		add_table(&tree, "10");
		add_fd(&tree, "10", 7, RING, infos[i]);
		setting_make(&setting, tree.fd, true, 0);
		setting_want(&setting, 100);
		assert_int_equal(setting_walk(&setting), 0);
		assert_int_equal(owners_of(&setting, 100)->count, 0);
		setting_free(&setting);
		tree_remove(&tree);
	}
}

/* A descriptor of a ring is no link into a ring. */
static void test_other_links(void **state)
{
	static const char *const targets[] = { "anon_inode:[io_uring]x", "anon_inode:[io_urin",
					       "/anon_inode:[io_uring]", "anon_inode:[eventpoll]" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct setting setting;
		struct tree tree;

		tree_make(&tree);
		add_table(&tree, "10");
		add_fd(&tree, "10", 7, targets[i],
		       HEAD "UserFiles:\t1\n    0: socket:[100]\n" TAIL);
		setting_make(&setting, tree.fd, true, 0);
		setting_want(&setting, 100);
		assert_int_equal(setting_walk(&setting), 0);
		assert_int_equal(owners_of(&setting, 100)->count, 0);
		assert_int_equal(setting.result.n_losses, 0);
		setting_free(&setting);
		tree_remove(&tree);
	}
}

static uint64_t carried(const struct setting *setting, uint64_t enough)
{
	uint64_t count = 0;

	assert_int_equal(owner_count_carried(&setting->env, &setting->index, enough, &count), 0);
	return count;
}

static void test_carried(void **state)
{
	struct tree tree;
	struct setting setting;

	(void)state;
	tree_make(&tree);
	add_table(&tree, "10");
	add_table(&tree, "11");
	add_fd(&tree, "10", 3, "socket:[100]", "pos:\t0\nino:\t100\nscm_fds: 0\n");
	add_fd(&tree, "10", 4, "socket:[200]", "pos:\t0\nino:\t200\nscm_fds: 2\n");
	/* The same one again. */
	add_fd(&tree, "10", 5, "socket:[200]", "pos:\t0\nino:\t200\nscm_fds: 2\n");
	add_fd(&tree, "11", 4, "socket:[200]", "pos:\t0\nino:\t200\nscm_fds: 2\n");
	add_fd(&tree, "11", 5, "socket:[300]", "pos:\t0\nino:\t300\nscm_fds:\t3\n");
	/* No socket, no number, none, and no file. */
	add_fd(&tree, "11", 6, "pipe:[400]", "pos:\t0\nino:\t400\nscm_fds: 5\n");
	add_fd(&tree, "11", 7, "socket:[500]", "pos:\t0\nino:\t500\nscm_fds: -5\n");
	add_fd(&tree, "11", 8, "socket:[600]", "pos:\t0\nino:\t600\nscm_fds: 99999999999\n");
	add_fd(&tree, "11", 9, "socket:[700]", "pos:\t0\nino:\t700\nscm_fds:");
	add_fd(&tree, "11", 10, "socket:[800]", NULL);
	setting_make(&setting, tree.fd, true, 0);
	setting_want(&setting, 300);
	assert_int_equal(carried(&setting, 100), 5);
	/* A socket that is known not to be a unix one isn't asked. */
	setting.index.marks[owner_index_find(&setting.index, 300)] |= SLOT_NO_CARRIER;
	assert_int_equal(carried(&setting, 100), 2);
	/* It ends when there are enough. */
	setting.index.marks[owner_index_find(&setting.index, 300)] = 0;
	assert_in_range(carried(&setting, 1), 2, 3);
	setting_free(&setting);
	tree_remove(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ring),        cmocka_unit_test(test_ring_of_thread),
		cmocka_unit_test(test_ring_untold), cmocka_unit_test(test_ring_odd),
		cmocka_unit_test(test_other_links), cmocka_unit_test(test_carried),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
