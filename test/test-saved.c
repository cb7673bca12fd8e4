/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "../tool/saved.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../tool/compare.h"
#include "../tool/saved-asked.h"

#define BOOT "0fd1d1c6-0000-4000-8000-000000000001"
#define OTHER_BOOT "0fd1d1c6-0000-4000-8000-000000000002"
#define HEAD "\"schema\":1,\"version\":\"0.1.0\",\"boot_id\":\"" BOOT "\""
#define OTHER_HEAD "\"schema\":1,\"version\":\"0.1.0\",\"boot_id\":\"" OTHER_BOOT "\""
#define DOCUMENT(head, rows) \
	"{\"estab\":{" head "},\"sockets\":[" rows "],\"end\":{\"complete\":true}}\n"
#define TUPLE(port)                                                                                      \
	"\"local\":{\"addr\":\"127.0.0.1\",\"port\":80},\"peer\":{\"addr\":\"127.0.0.1\",\"port\":" port \
	"}"
#define ROW(state, port, more) \
	"{\"proto\":\"tcp\",\"family\":\"inet\",\"state\":\"" state "\"," TUPLE(port) more "}"

static void expect_bad(const char *text, const char *want)
{
	struct saved saved;
	char why[SAVED_WHY] = "";

	print_message("%s\n", text);
	assert_int_equal(saved_parse(text, strlen(text), &saved, why), -1);
	assert_string_equal(why, want);
	saved_free(&saved);
}

static void test_bad(void **state)
{
	static const char cut[] = "it was cut: its end is missing";

	(void)state;
	expect_bad("", "it is empty");
	expect_bad(" \n", "it is empty");
	expect_bad("[]", "it is no listing of estab's");
	expect_bad("nonsense", "it is no listing of estab's");
	expect_bad("{}", "it is not JSON");
	expect_bad("{\"a\":1}", "it is no listing of estab's");
	expect_bad("{\"estab\":{\"schema\":2}}", "it is of another schema than this estab's");
	expect_bad("{\"estab\":{\"schema\":\"1\"}}", "it is no listing of estab's");
	expect_bad("{\"estab\":{\"schema\":1}}", "it was cut: its end record is missing");
	expect_bad("{\"estab\":{\"schema\":1},\"sockets\":{}}", "its sockets are no array");
	expect_bad("{\"estab\":{\"schema\":1},\"sockets\":[1],\"end\":{}}",
		   "a socket in it is none");
	expect_bad(DOCUMENT(HEAD, "") "x", "something stands behind its end");
	expect_bad("{\"estab\":{\"schema\":1},\"sockets\":[{\"a\":1},", cut);
	expect_bad("{\"estab\":{\"schema\":1},\"sockets\":[{\"a\":", cut);
	expect_bad("{\"estab\":{\"schema\":1},\"sockets\":[", cut);
	expect_bad("{\"estab\":{\"schema\":1},", cut);
	expect_bad("{\"record\":\"start\",\"schema\":1}\n",
		   "it was cut: its end record is missing");
	expect_bad("{\"record\":\"start\",\"schema\":1}\n{\"record\":\"socket\",\"a\"", cut);
	expect_bad("{\"record\":\"start\",\"schema\":1}\n{\"x\":1}\n", "a line in it is no record");
	expect_bad("{\"record\":\"end\"}\n", "it is no listing of estab's");
	expect_bad("{\"estab\":{\"schema\":1},\"flows\":[],\"end\":{}}",
		   "it is a listing of something else than sockets");
	expect_bad("{\"record\":\"start\",\"schema\":1}\n{\"record\":\"flow\"}\n",
		   "it is a listing of something else than sockets");
	expect_bad(
		"{\"record\":\"start\",\"schema\":1}\n{\"record\":\"end\"}\n{\"record\":\"end\"}\n",
		"something stands behind its end");
}

/* Every beginning of a good one is a bad one. */
static void test_cut(void **state)
{
	static const char *const texts[] = {
		DOCUMENT(HEAD, ROW("listen", "0", ",\"cookie\":\"7\"") "," ROW("listen", "1", "")),
		"{\"record\":\"start\"," HEAD "}\n{\"record\":\"socket\",\"proto\":\"tcp\"}\n"
		"{\"record\":\"end\",\"complete\":true}\n",
	};
	char why[SAVED_WHY];
	struct saved saved;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(texts[i]);

		for (size_t n = 0; n + 1 < length; n++) {
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, texts[i], n);
			assert_int_equal(saved_parse(copy, n, &saved, why), -1);
			saved_free(&saved);
			free(copy);
		}
		assert_int_equal(saved_parse(texts[i], length, &saved, why), 0);
		assert_true(saved.complete);
		saved_free(&saved);
	}
}

/* "closed changed opened same". */
static void expect(const char *before, const char *after, const char *want)
{
	struct comparison comparison;
	struct saved saved[2];
	char why[SAVED_WHY];
	char got[64];

	print_message("%s%s", before, after);
	assert_int_equal(saved_parse(before, strlen(before), &saved[0], why), 0);
	assert_int_equal(saved_parse(after, strlen(after), &saved[1], why), 0);
	assert_int_equal(compare(&saved[0], &saved[1], &comparison), 0);
	snprintf(got, sizeof(got), "%zu %zu %zu %zu", comparison.counts[CHANGE_CLOSED],
		 comparison.counts[CHANGE_CHANGED], comparison.counts[CHANGE_OPENED],
		 comparison.same);
	assert_string_equal(got, want);
	compare_free(&comparison);
	saved_free(&saved[0]);
	saved_free(&saved[1]);
}

#define EXPECT(before, after, want) expect(DOCUMENT(HEAD, before), DOCUMENT(HEAD, after), want)

static void test_identity(void **state)
{
	(void)state;
	EXPECT(ROW("listen", "0", ""), ROW("listen", "0", ""), "0 0 0 1");
	EXPECT(ROW("listen", "0", ""), "", "1 0 0 0");
	EXPECT("", ROW("listen", "0", ""), "0 0 1 0");
	/* The same ends, and another socket. */
	EXPECT(ROW("established", "1", ",\"cookie\":\"7\""),
	       ROW("established", "1", ",\"cookie\":\"8\""), "1 0 1 0");
	EXPECT(ROW("established", "1", ",\"inode\":7"), ROW("established", "1", ",\"inode\":8"),
	       "1 0 1 0");
	/* The same socket, whatever it became. */
	EXPECT(ROW("established", "1", ",\"cookie\":\"7\""),
	       ROW("time-wait", "1", ",\"cookie\":\"7\""), "0 1 0 0");
	EXPECT(ROW("bound", "0", ",\"cookie\":\"7\""), ROW("established", "1", ",\"cookie\":\"7\""),
	       "0 1 0 0");
	/* One of the two knows less: text against sock_diag. */
	EXPECT(ROW("established", "1", ",\"cookie\":\"7\",\"inode\":9"),
	       ROW("established", "1", ",\"inode\":9"), "0 0 0 1");
	EXPECT(ROW("established", "1", ",\"inode\":9"), ROW("time-wait", "1", ",\"inode\":0"),
	       "0 1 0 0");
	/* A subflow has the inode of its connection. */
	EXPECT("{\"proto\":\"mptcp\",\"inode\":9},{\"proto\":\"tcp\",\"inode\":9}",
	       "{\"proto\":\"tcp\",\"inode\":9}", "1 0 0 1");
	/* What tells nothing is told apart by number. */
	EXPECT("{},{},{}", "{}", "2 0 0 1");
}

static void test_changes(void **state)
{
	static const char *const busy[] = { ",\"recv_q\":7", ",\"tcp\":{\"rtt_us\":7}",
					    ",\"timer\":{}", ",\"mem\":{}", ",\"drops\":7" };
	char row[512];

	(void)state;
	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++) {
		snprintf(row, sizeof(row), DOCUMENT(HEAD, ROW("listen", "0", ",\"recv_q\":1%s")),
			 busy[i]);
		expect(DOCUMENT(HEAD, ROW("listen", "0", ",\"recv_q\":1")), row, "0 0 0 1");
	}
	/* Owners have no order; what only one listing has is not compared. */
	EXPECT(ROW("listen", "0", ",\"owners\":[{\"pid\":1},{\"pid\":2}]"),
	       ROW("listen", "0", ",\"owners\":[{\"pid\":2},{\"pid\":1}]"), "0 0 0 1");
	EXPECT(ROW("listen", "0", ",\"owners\":[{\"pid\":1},{\"pid\":2}]"),
	       ROW("listen", "0", ",\"owners\":[{\"pid\":2}]"), "0 1 0 0");
	EXPECT(ROW("listen", "0", ",\"owners\":[{\"pid\":1}]"), ROW("listen", "0", ""), "0 0 0 1");
	EXPECT(ROW("listen", "0", ",\"uid\":0"), ROW("listen", "0", ",\"uid\":1"), "0 1 0 0");
	EXPECT(ROW("listen", "0", ",\"uid\":0"), ROW("listen", "0", ",\"uid\":null"), "0 0 0 1");
}

/* After a boot all numbers are others'. */
static void test_other_boot(void **state)
{
	(void)state;
	expect(DOCUMENT(
		       HEAD,
		       ROW("listen", "0",
			   ",\"cookie\":\"7\",\"inode\":1,\"owners\":[{\"pid\":1,\"comm\":\"a\"}]")),
	       DOCUMENT(
		       OTHER_HEAD,
		       ROW("listen", "0",
			   ",\"cookie\":\"8\",\"inode\":2,\"owners\":[{\"pid\":2,\"comm\":\"a\"}]")),
	       "0 0 0 1");
	expect(DOCUMENT(HEAD, ROW("listen", "0", ",\"cookie\":\"7\"")),
	       DOCUMENT(OTHER_HEAD, ROW("listen", "9", ",\"cookie\":\"7\"")), "1 0 1 0");
	expect(DOCUMENT(HEAD, ROW("listen", "0", ",\"owners\":[{\"pid\":1,\"comm\":\"a\"}]")),
	       DOCUMENT(OTHER_HEAD, ROW("listen", "0", ",\"owners\":[{\"pid\":1,\"comm\":\"b\"}]")),
	       "0 1 0 0");
}

static int ask(const char *asked)
{
	struct estab_query *query;
	struct estab_ctx *ctx;
	struct saved saved;
	char why[SAVED_WHY];
	char text[512];
	int r;

	snprintf(text, sizeof(text), DOCUMENT(HEAD "%s", ""), asked);
	assert_int_equal(estab_ctx_new(NULL, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(saved_parse(text, strlen(text), &saved, why), 0);
	r = saved_ask_again(&saved, query);
	saved_free(&saved);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return r;
}

static void test_ask(void **state)
{
	(void)state;
	assert_int_equal(ask(""), -ENODATA);
	assert_int_equal(ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[{\"proto\":\"tcp\","
			     "\"states\":[\"listen\"]}]}"),
			 0);
	assert_int_equal(
		ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[{\"proto\":\"unix\","
		    "\"states\":[\"listen\"],\"types\":[\"stream\"]}],\"filter\":\"uid = 0\"}"),
		0);
	assert_int_equal(ask(",\"asked\":{}"), -EINVAL);
	assert_int_equal(ask(",\"asked\":7"), -EINVAL);
	assert_int_equal(ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[]}"), -EINVAL);
	assert_int_equal(ask(",\"asked\":{\"families\":[\"x\"],\"tables\":[]}"), -EINVAL);
	assert_int_equal(ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[{\"proto\":\"x\","
			     "\"states\":[\"listen\"]}]}"),
			 -EINVAL);
	assert_int_equal(
		ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[{\"proto\":\"tcp\"}]}"),
		-EINVAL);
	assert_int_equal(ask(",\"asked\":{\"families\":[\"inet\"],\"tables\":[{\"proto\":\"tcp\","
			     "\"states\":[\"listen\"]}],\"filter\":\"((\"}"),
			 -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),        cmocka_unit_test(test_cut),
		cmocka_unit_test(test_identity),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_other_boot), cmocka_unit_test(test_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
