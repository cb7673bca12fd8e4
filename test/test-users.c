/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <sched.h>
#include <sys/mount.h>

#include "owner-fixture.h"
#include "users.h"

static void test_file(void **state)
{
	static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
				   "# comment:x:7:7\n"
				   "+nis:x:8:8::/:/bin/sh\n"
				   "\n"
				   "::9:9\n"
				   "no-uid:x:\n"
				   "only-a-name\n"
				   "cut:x:10\n"
				   "blank:x: 11:11::/:\n"
				   "minus:x:-1:1::/:\n"
				   "hex:x:0x10:1::/:\n"
				   "large:x:4294967296:1::/:\n"
				   "last:x:4294967295:1::/:\n"
				   "first:x:1000:1000::/:\n"
				   "second:x:1000:1000::/:\n"
				   "odd\x1bname:x:12:12::/:\n"
				   "no-newline:x:13:13";
	struct tree tree;
	char path[128];
	struct estab_ctx ctx = { .capture = true, .passwd_file = path };
	struct users users;

	(void)state;
	tree_make(&tree);
	tree_text(&tree, "passwd", text);
	snprintf(path, sizeof(path), "%s/passwd", tree.path);
	users_init(&users, &ctx);
	assert_string_equal(users_name(&users, 0), "root");
	assert_string_equal(users_name(&users, 1000), "first");
	assert_string_equal(users_name(&users, UINT32_MAX), "last");
	assert_string_equal(users_name(&users, 12), "odd\x1bname");
	assert_string_equal(users_name(&users, 13), "no-newline");
	for (uint32_t uid = 7; uid <= 11; uid++)
		assert_null(users_name(&users, uid));
	assert_null(users_name(&users, 1));
	assert_null(users_name(&users, 16));
	/* It is read once. */
	tree_text(&tree, "passwd", "other:x:0:0::/:\nnew:x:1:1::/:\n");
	assert_string_equal(users_name(&users, 0), "root");
	assert_null(users_name(&users, 1));
	users_free(&users);
	tree_remove(&tree);
}

static void test_file_large(void **state)
{
	enum { N = 5000 };
	struct tree tree;
	char path[128];
	char *text = malloc(N * 64);
	char expected[16];
	struct estab_ctx ctx = { .passwd_file = path };
	struct users users;
	size_t length = 0;

	(void)state;
	tree_make(&tree);
	for (unsigned int i = 0; i < N; i++)
		length += (size_t)snprintf(text + length, 64, "u%u:x:%u:1::/:\n", i, i * 64);
	tree_file(&tree, "passwd", text, length);
	snprintf(path, sizeof(path), "%s/passwd", tree.path);
	users_init(&users, &ctx);
	for (uint32_t i = 0; i < N; i++) {
		snprintf(expected, sizeof(expected), "u%u", i);
		assert_string_equal(users_name(&users, i * 64), expected);
		/* This host's users have no say. */
		assert_null(users_name(&users, i * 64 + 1));
	}
	users_free(&users);
	free(text);
	tree_remove(&tree);
}

static void test_file_missing(void **state)
{
	char path[] = "/nonexistent/passwd";
	struct estab_ctx ctx = { .passwd_file = path };
	struct users users;

	(void)state;
	users_init(&users, &ctx);
	assert_null(users_name(&users, 0));
	users_free(&users);
}

static void test_capture(void **state)
{
	struct estab_ctx ctx = { .capture = true };
	struct users users;

	(void)state;
	users_init(&users, &ctx);
	assert_null(users_name(&users, 0));
	users_free(&users);
}

static void test_host(void **state)
{
	enum { NOBODY = 3999999999 };
	struct estab_ctx ctx = { 0 };
	struct users users;
	const char *name;

	(void)state;
	users_init(&users, &ctx);
	name = users_name(&users, 0);
	assert_string_equal(name, "root");
	assert_ptr_equal(users_name(&users, 0), name);
	assert_null(users_name(&users, (uint32_t)NOBODY));
	/* That there is none is remembered too. */
	assert_int_equal(users.n_users, 2);
	assert_null(users_name(&users, (uint32_t)NOBODY));
	assert_int_equal(users.n_users, 2);
	users_free(&users);
}

/* An entry that does not fit the first buffer, in a mount namespace of our own. */
static bool long_entry(void *arg)
{
	const char *path = arg;
	struct estab_ctx ctx = { 0 };
	struct users users;
	const char *name;

	check(unshare(CLONE_NEWNS) == 0);
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	check(mount(path, "/etc/passwd", NULL, MS_BIND, NULL) == 0);
	users_init(&users, &ctx);
	name = users_name(&users, 3999999998);
	check(name && strcmp(name, "long") == 0);
	users_free(&users);
	return true;
}

static void test_long_entry(void **state)
{
	enum { N = 20000 };
	struct tree tree;
	char path[128];
	char *text;

	(void)state;
	if (geteuid() != 0)
		skip_because("only root can mount another /etc/passwd");
	text = malloc(N + 128);
	tree_make(&tree);
	snprintf(path, sizeof(path), "%s/passwd", tree.path);
	snprintf(text, N + 128,
		 "root:x:0:0:root:/root:/bin/sh\nlong:x:3999999998:1:%0*d:/:/bin/sh\n", N, 0);
	tree_text(&tree, "passwd", text);
	chmod(path, 0644);
	assert_true(in_child(long_entry, path));
	free(text);
	tree_remove(&tree);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),         cmocka_unit_test(test_file_large),
		cmocka_unit_test(test_file_missing), cmocka_unit_test(test_capture),
		cmocka_unit_test(test_host),         cmocka_unit_test(test_long_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
