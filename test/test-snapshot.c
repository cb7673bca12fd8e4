/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The whole library over the captures of test/golden: what was decoded by hand is what it says. */
#include "estab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "owner-fixture.h"
#include "util.h"

#include <stdio.h>

static struct estab_query *query_on(const char *capture, const char *passwd_file)
{
	struct estab_ctx_options options = { .size = sizeof(options),
					     .proc_root = capture,
					     .byte_order = ESTAB_BYTE_ORDER_LITTLE,
					     .passwd_file = passwd_file };
	struct estab_ctx *ctx;
	struct estab_query *query;

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP), 0);
	estab_ctx_unref(ctx); /* the query keeps it */
	return query;
}

/* One line of the columns that were decoded by hand. */
static void describe(const struct estab_socket *sock, char line[512])
{
	static const enum estab_field fields[] = { ESTAB_F_STATE,      ESTAB_F_LOCAL_ADDR,
						   ESTAB_F_LOCAL_PORT, ESTAB_F_PEER_ADDR,
						   ESTAB_F_PEER_PORT,  ESTAB_F_SEND_Q,
						   ESTAB_F_RECV_Q,     ESTAB_F_TIMER,
						   ESTAB_F_USER,       ESTAB_F_INODE };
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		int n = estab_socket_format(sock, fields[i], line + used, 500 - used);

		if (n == -ENODATA)
			line[used++] = '-';
		else
			used += (size_t)n;
		line[used++] = ' ';
	}
	line[used - 1] = '\0';
}

static const char *const decoded_2006[] = {
	"LISTEN 127.0.0.1 41760 0.0.0.0 0 - 0 off 105 10199",
	"LISTEN 127.0.0.1 47343 0.0.0.0 0 - 0 off 105 10210",
	"LISTEN 127.0.0.1 631 0.0.0.0 0 - 0 off 0 10292",
	"ESTABLISHED 203.229.213.133 46156 207.46.110.38 1863 0 0 off 1001 61497",
	"ESTABLISHED 203.229.213.133 52070 218.234.19.87 22 0 0 keepalive:5588.40s 1001 70721",
	"ESTABLISHED 203.229.213.133 50963 218.234.19.87 22 0 0 keepalive:5020.43s 1001 66949",
	"ESTABLISHED 127.0.0.1 41760 127.0.0.1 47122 0 0 off 105 10202",
	"ESTABLISHED 127.0.0.1 47122 127.0.0.1 41760 0 0 off 105 10216",
	"ESTABLISHED 203.229.213.133 44002 207.46.27.82 1863 0 0 off 1001 62217",
	"ESTABLISHED 203.229.213.133 57027 211.117.61.247 6667 0 0 keepalive:1732.49s 1001 21080",
};

static const char *const decoded_forum[] = {
	"LISTEN 127.0.1.1 53 0.0.0.0 0 - 0 off 0 11190",
	"ESTABLISHED 192.168.0.135 37372 10.0.2.15 5555 0 0 keepalive:28.06s 1000 5565254",
};

static void check_capture(const char *capture, const char *const *lines, size_t n_lines)
{
	struct estab_query *query = query_on(capture, NULL);
	struct estab_snapshot *snapshot;
	struct estab_scan *scan;
	const struct estab_socket *sock;
	char line[512];

	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_snapshot_count(snapshot), n_lines);
	for (size_t i = 0; i < n_lines; i++) {
		describe(estab_snapshot_get(snapshot, i), line);
		assert_string_equal(line, lines[i]);
	}
	assert_null(estab_snapshot_get(snapshot, n_lines));
	assert_true(estab_result_is_complete(estab_snapshot_result(snapshot)));
	assert_false(estab_result_is_exact(estab_snapshot_result(snapshot)));
	estab_snapshot_unref(snapshot);

	/* A scan says the same. */
	assert_int_equal(estab_scan_open(query, &scan), 0);
	for (size_t i = 0; i < n_lines; i++) {
		assert_int_equal(estab_scan_next(scan, &sock), 0);
		describe(sock, line);
		assert_string_equal(line, lines[i]);
	}
	assert_int_equal(estab_scan_next(scan, &sock), 1);
	assert_int_equal(estab_scan_next(scan, &sock), 1);
	assert_int_equal(estab_result_count(estab_scan_result(scan)), n_lines);
	estab_scan_close(scan);
	estab_query_unref(query);
}

/* Read again and united, it is the same, and what is lost is told once. */
static void test_consistent(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	struct estab_loss loss = { .size = sizeof(loss) };
	const struct estab_result *result;
	struct estab_snapshot *snapshot;
	char line[512];

	(void)state;
	assert_int_equal(estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP | 1 << ESTAB_PROTO_RAW),
			 0);
	assert_int_equal(estab_query_set_consistent(query, 1), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	result = estab_snapshot_result(snapshot);
	assert_int_equal(estab_result_pass_count(result), 2);
	assert_true(estab_result_is_stable(result));
	assert_false(estab_result_is_exact(result));
	assert_int_equal(estab_snapshot_count(snapshot), ARRAY_SIZE(decoded_2006));
	for (size_t i = 0; i < ARRAY_SIZE(decoded_2006); i++) {
		describe(estab_snapshot_get(snapshot, i), line);
		assert_string_equal(line, decoded_2006[i]);
	}
	assert_int_equal(estab_result_loss_count(result), 1);
	assert_int_equal(estab_result_get_loss(result, 0, &loss), 0);
	assert_string_equal(loss.detail, "raw");
	assert_int_equal(loss.count, 1);
	estab_snapshot_unref(snapshot);

	assert_int_equal(estab_query_set_consistent(query, 0), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_result_pass_count(estab_snapshot_result(snapshot)), 1);
	assert_false(estab_result_is_stable(estab_snapshot_result(snapshot)));
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
}

static void test_capture_2006(void **state)
{
	(void)state;
	check_capture("test/golden/proc-2006", decoded_2006, ARRAY_SIZE(decoded_2006));
}

static void test_capture_forum(void **state)
{
	(void)state;
	check_capture("test/golden/proc-forum", decoded_forum, ARRAY_SIZE(decoded_forum));
}

static void test_sort(void **state)
{
	/* uid 0; then 105 and 1001 with their ports falling, equal ports as they were read. */
	static const size_t expected[] = { 2, 1, 7, 0, 6, 9, 4, 5, 3, 8 };
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	struct estab_snapshot *snapshot;
	char line[512];

	(void)state;
	assert_int_equal(estab_query_add_sort(query, ESTAB_F_UID, 0), 0);
	assert_int_equal(estab_query_add_sort(query, ESTAB_F_LOCAL_PORT, 1), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		describe(estab_snapshot_get(snapshot, i), line);
		assert_string_equal(line, decoded_2006[expected[i]]);
	}
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
}

static void test_filter(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	struct estab_snapshot *snapshot;

	(void)state;
	assert_int_equal(estab_query_set_states(query, 1 << ESTAB_STATE_ESTABLISHED), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_snapshot_count(snapshot), 7);
	estab_snapshot_unref(snapshot);
	/* A state word takes the place of the query's states. */
	assert_int_equal(estab_query_set_filter(query, "state listen sport = :631", NULL, NULL), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_snapshot_count(snapshot), 1);
	estab_snapshot_unref(snapshot);
	assert_int_equal(estab_query_set_filter(query, "dst 218.234.19.0/24", NULL, NULL), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_snapshot_count(snapshot), 2);
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
}

/* Every row has its name: a user database that is read once and not rewound loses all but one. */
static void test_users_of_a_file(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", "test/golden/passwd");
	struct estab_snapshot *snapshot;
	size_t named = 0;

	(void)state;
	assert_int_equal(estab_query_add_field(query, ESTAB_F_USER), 0);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	for (size_t i = 0; i < estab_snapshot_count(snapshot); i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);
		const char *user;
		uint64_t uid;

		assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_UID, &uid), 0);
		if (uid == 1001) {
			assert_int_equal(estab_socket_get_str(sock, ESTAB_F_USER, &user), -ENODATA);
			continue;
		}
		assert_int_equal(estab_socket_get_str(sock, ESTAB_F_USER, &user), 0);
		assert_string_equal(user, uid == 0 ? "root" : "cupsd");
		named++;
	}
	assert_int_equal(named, 5);
	estab_snapshot_unref(snapshot);
	estab_query_unref(query);
}

static void test_copy_outlives(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", "test/golden/passwd");
	struct estab_socket *copies[10];
	const struct estab_socket *sock;
	struct estab_scan *scan;
	char line[512];

	(void)state;
	assert_int_equal(estab_scan_open(query, &scan), 0);
	for (size_t i = 0; estab_scan_next(scan, &sock) == 0; i++)
		assert_int_equal(estab_socket_copy(sock, &copies[i]), 0);
	estab_scan_close(scan);
	estab_query_unref(query);
	for (size_t i = 0; i < 10; i++) {
		describe(copies[i], line);
		assert_string_equal(line, decoded_2006[i]);
		assert_null(estab_socket_unref(copies[i]));
	}
	assert_null(estab_socket_unref(NULL));
}

/* Every text of an owner, too: nothing of the scan is left when they are looked at. */
static void test_copy_has_owners(void **state)
{
	static const struct {
		enum estab_field field;
		const char *text;
	} wanted[] = {
		{ ESTAB_F_OWNER_PID, "7" },
		{ ESTAB_F_OWNER_FD, "3" },
		{ ESTAB_F_OWNER_COMM, "sshd" },
		{ ESTAB_F_OWNER_EXE, "/usr/sbin/sshd" },
		{ ESTAB_F_OWNER_CMDLINE, "sshd -D" },
		{ ESTAB_F_OWNER_UID, "0" },
		{ ESTAB_F_OWNER_USER, "root" },
		{ ESTAB_F_OWNER_CONTEXT, "system_u:system_r:sshd_t:s0" },
	};
	struct estab_socket *copy = NULL;
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	struct tree tree;
	char text[128];

	(void)state;
	tree_make(&tree);
	tree_dir(&tree, "net");
	tree_text(&tree, "net/tcp",
		  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt\n"
		  "   0: 0100007F:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000 "
		  "0 0 11 1 0 100 0 0 10 0\n");
	tree_dir(&tree, "7");
	tree_dir(&tree, "7/fd");
	tree_dir(&tree, "7/attr");
	tree_link(&tree, "7/fd/3", "socket:[11]");
	tree_link(&tree, "7/exe", "/usr/sbin/sshd");
	tree_text(&tree, "7/comm", "sshd\n");
	tree_file(&tree, "7/cmdline", "sshd\0-D", 8);
	tree_text(&tree, "7/status", "Name:\tsshd\nUid:\t0\t0\t0\t0\n");
	tree_text(&tree, "7/attr/current", "system_u:system_r:sshd_t:s0\n");
	query = query_on(tree.path, "test/golden/passwd");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_int_equal(estab_query_add_field(query, wanted[i].field), 0);
	assert_int_equal(estab_scan_open(query, &scan), 0);
	assert_int_equal(estab_scan_next(scan, &sock), 0);
	assert_int_equal(estab_socket_copy(sock, &copy), 0);
	estab_scan_close(scan);
	estab_query_unref(query);
	assert_int_equal(estab_socket_owner_count(copy), 1);
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		int n = estab_owner_format(estab_socket_owner(copy, 0), wanted[i].field, text,
					   sizeof(text) - 1);

		assert_true(n > 0);
		text[n] = '\0';
		assert_string_equal(text, wanted[i].text);
	}
	assert_null(estab_socket_unref(copy));
	tree_remove(&tree);
}

/* What a capture lacks is lost, and said so; where nothing is left, that is the answer. */
static void test_absent_tables(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	struct estab_snapshot *snapshot = NULL;
	const struct estab_result *result;
	struct estab_loss loss = { .size = sizeof(loss) };
	struct estab_scan *scan = NULL;

	(void)state;
	estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP | 1 << ESTAB_PROTO_UDP);
	assert_int_equal(estab_snapshot_take(query, &snapshot), 0);
	assert_int_equal(estab_snapshot_count(snapshot), 10);
	result = estab_snapshot_result(snapshot);
	assert_false(estab_result_is_complete(result));
	assert_int_equal(estab_result_loss_count(result), 1);
	assert_int_equal(estab_result_get_loss(result, 0, &loss), 0);
	assert_string_equal(loss.what, "table");
	assert_string_equal(loss.why, "unavailable");
	assert_string_equal(loss.detail, "udp");
	estab_snapshot_unref(snapshot);

	snapshot = NULL;
	estab_query_set_protos(query, 1 << ESTAB_PROTO_UDP);
	assert_int_equal(estab_snapshot_take(query, &snapshot), -ENOENT);
	assert_null(snapshot);
	assert_int_equal(estab_scan_open(query, &scan), -ENOENT);
	assert_null(scan);
	estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP);
	estab_query_set_source(query, "diag");
	assert_int_equal(estab_scan_open(query, &scan), -EOPNOTSUPP);
	estab_query_unref(query);
}

static void test_cancel(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	const struct estab_socket *sock;
	struct estab_scan *scan;

	(void)state;
	assert_int_equal(estab_scan_open(query, &scan), 0);
	assert_int_equal(estab_scan_next(scan, &sock), 0);
	estab_scan_cancel(scan);
	assert_int_equal(estab_scan_next(scan, &sock), -ECANCELED);
	assert_int_equal(estab_scan_next(scan, &sock), -ECANCELED);
	estab_scan_close(scan);
	assert_null(estab_scan_close(NULL));
	assert_null(estab_snapshot_unref(NULL));
	estab_query_unref(query);
}

static void test_query_checks(void **state)
{
	struct estab_query *query = query_on("test/golden/proc-2006", NULL);
	size_t position = 0;
	char *message = NULL;

	(void)state;
	assert_int_equal(estab_query_set_protos(query, 0), -EINVAL);
	assert_int_equal(estab_query_set_protos(query, UINT64_C(1) << 40), -EINVAL);
	assert_int_equal(estab_query_set_states(query, 0), -EINVAL);
	assert_int_equal(estab_query_set_states(query, 1), -EINVAL);
	assert_int_equal(estab_query_set_types(query, 0), -EINVAL);
	assert_int_equal(estab_query_set_families(query, 0), -EINVAL);
	assert_int_equal(estab_query_set_proto_states(query, (enum estab_proto)99, 2), -EINVAL);
	assert_int_equal(estab_query_add_field(query, (enum estab_field)9999), -EINVAL);
	assert_int_equal(estab_query_add_sort(query, ESTAB_F_TCP, 0), -EINVAL);
	for (int i = 0; i < 4; i++)
		assert_int_equal(estab_query_add_sort(query, ESTAB_F_UID, 0), 0);
	assert_int_equal(estab_query_add_sort(query, ESTAB_F_UID, 0), -E2BIG);
	assert_int_equal(estab_query_set_source(query, "nothing"), -EINVAL);
	assert_int_equal(estab_query_set_source(query, "procfs"), 0);
	assert_int_equal(estab_query_set_filter(query, "sport = x", &position, &message), -EINVAL);
	assert_int_equal(position, 8);
	free(message);
	assert_null(estab_query_unref(query));
	assert_null(estab_query_unref(NULL));
}

static void test_ctx_checks(void **state)
{
	struct {
		struct estab_ctx_options options;
		uint64_t later;
	} newer = { .options = { .size = sizeof(newer) } };
	struct estab_ctx_options options = { .size = sizeof(options) };
	struct estab_ctx *ctx = NULL;

	(void)state;
	assert_int_equal(estab_ctx_new(&newer.options, &ctx), 0);
	ctx = estab_ctx_unref(ctx);
	newer.later = 1; /* a member that this version doesn't know is set */
	assert_int_equal(estab_ctx_new(&newer.options, &ctx), -EINVAL);
	options.flags = 1u << 31;
	assert_int_equal(estab_ctx_new(&options, &ctx), -EINVAL);
	options =
		(struct estab_ctx_options){ .size = sizeof(options), .proc_root = "/nonexistent" };
	assert_int_equal(estab_ctx_new(&options, &ctx), -ENOENT);
	options.proc_root = "meson.build";
	assert_int_equal(estab_ctx_new(&options, &ctx), -ENOTDIR);
	options = (struct estab_ctx_options){ .size = sizeof(options),
					      .passwd_file = "/nonexistent" };
	assert_int_equal(estab_ctx_new(&options, &ctx), -ENOENT);
	options = (struct estab_ctx_options){ .size = sizeof(options),
					      .byte_order = ESTAB_BYTE_ORDER_BIG };
	assert_int_equal(estab_ctx_new(&options, &ctx), -EINVAL);
	assert_null(ctx);
	assert_null(estab_ctx_unref(NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capture_2006),    cmocka_unit_test(test_consistent),
		cmocka_unit_test(test_capture_forum),   cmocka_unit_test(test_sort),
		cmocka_unit_test(test_filter),          cmocka_unit_test(test_users_of_a_file),
		cmocka_unit_test(test_copy_outlives),   cmocka_unit_test(test_absent_tables),
		cmocka_unit_test(test_cancel),          cmocka_unit_test(test_query_checks),
		cmocka_unit_test(test_copy_has_owners), cmocka_unit_test(test_ctx_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
