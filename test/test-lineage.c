/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>

#include "estab.h"
#include "owner-fixture.h"

struct subject {
	struct tree tree;
	struct estab_ctx *ctx;
	struct estab_query *query;
};

static int setup(void **state)
{
	struct subject *subject = calloc(1, sizeof(*subject));
	struct estab_ctx_options options = { .size = sizeof(options) };

	tree_make(&subject->tree);
	options.proc_root = subject->tree.path;
	assert_int_equal(estab_ctx_new(&options, &subject->ctx), 0);
	assert_int_equal(estab_query_new(subject->ctx, &subject->query), 0);
	assert_int_equal(estab_query_add_field(subject->query, ESTAB_F_OWNER_PID), 0);
	assert_int_equal(estab_query_add_field(subject->query, ESTAB_F_OWNER_COMM), 0);
	assert_int_equal(estab_query_add_field(subject->query, ESTAB_F_OWNER_PPID), 0);
	*state = subject;
	return 0;
}

static int teardown(void **state)
{
	struct subject *subject = *state;

	estab_query_unref(subject->query);
	estab_ctx_unref(subject->ctx);
	tree_remove(&subject->tree);
	free(subject);
	return 0;
}

static void put(struct subject *subject, unsigned int pid, unsigned int ppid, unsigned int start)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "%u", pid);
	mkdirat(subject->tree.fd, path, 0755);
	snprintf(path, sizeof(path), "%u/stat", pid);
	snprintf(text, sizeof(text),
		 "%u (x) S %u 2 3 -1 -1 0 7 8 9 10 11 12 13 14 20 0 1 0 %u 17\n", pid, ppid, start);
	tree_text(&subject->tree, path, text);
	snprintf(path, sizeof(path), "%u/comm", pid);
	snprintf(text, sizeof(text), "c%u\n", pid);
	tree_text(&subject->tree, path, text);
}

/* The process ids, each with a blank behind it. */
static void expect(struct subject *subject, uint32_t pid, const char *expected)
{
	struct estab_lineage *lineage = NULL;
	char got[512] = "";

	assert_int_equal(estab_lineage_read(subject->query, pid, &lineage), 0);
	for (size_t i = 0; i < estab_lineage_count(lineage); i++) {
		size_t length = strlen(got);
		uint64_t number;

		assert_int_equal(estab_owner_get_u64(estab_lineage_get(lineage, i),
						     ESTAB_F_OWNER_PID, &number),
				 0);
		snprintf(got + length, sizeof(got) - length, "%u ", (unsigned int)number);
	}
	assert_string_equal(got, expected);
	assert_null(estab_lineage_get(lineage, estab_lineage_count(lineage)));
	assert_null(estab_lineage_unref(lineage));
}

static void test_line(void **state)
{
	struct subject *subject = *state;
	struct estab_lineage *lineage = NULL;

	put(subject, 1, 0, 0);
	put(subject, 20, 1, 100);
	put(subject, 300, 20, 100);
	expect(subject, 300, "300 20 1 ");
	expect(subject, 1, "1 ");
	assert_int_equal(estab_lineage_read(subject->query, 4, &lineage), -ESRCH);
	assert_null(lineage);
	assert_null(estab_lineage_unref(NULL));
}

static void test_ends(void **state)
{
	struct subject *subject = *state;
	char expected[512] = "";

	/* a parent that is not there; one that is younger, and so another process */
	put(subject, 5, 4, 10);
	expect(subject, 5, "5 ");
	put(subject, 4, 0, 11);
	expect(subject, 5, "5 ");
	put(subject, 4, 0, 10);
	expect(subject, 5, "5 4 ");
	/* a ring; and a line without an end */
	put(subject, 7, 8, 10);
	put(subject, 8, 7, 10);
	expect(subject, 7, "7 8 ");
	put(subject, 9, 9, 10);
	expect(subject, 9, "9 ");
	for (unsigned int pid = 100; pid < 180; pid++)
		put(subject, pid, pid + 1, 10);
	for (unsigned int pid = 100; pid < 164; pid++) {
		size_t length = strlen(expected);

		snprintf(expected + length, sizeof(expected) - length, "%u ", pid);
	}
	expect(subject, 100, expected);
}

static int append(void *arg, const char *text, size_t length)
{
	strncat(arg, text, length);
	return 0;
}

static void test_json(void **state)
{
	struct subject *subject = *state;
	struct estab_lineage *lineage = NULL;
	char text[256] = "";

	put(subject, 1, 0, 0);
	put(subject, 20, 1, 100);
	assert_int_equal(estab_lineage_read(subject->query, 20, &lineage), 0);
	assert_int_equal(estab_lineage_write_json(lineage, 0, append, text), 0);
	assert_string_equal(text, "{\"pid\":20,\"comm\":\"c20\",\"ppid\":1}");
	assert_int_equal(estab_lineage_write_json(lineage, 2, append, text), -EINVAL);
	estab_lineage_unref(lineage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = { TEST(test_line), TEST(test_ends),
						   TEST(test_json) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
