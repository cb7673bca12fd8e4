/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What can be read here. Whatever the rights are, what it says must be so. */
#include "estab.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "util.h"

static struct estab_probe *probe_of(const char *proc_root)
{
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = proc_root };
	struct estab_probe *probe;
	struct estab_query *query;
	struct estab_ctx *ctx;

	assert_int_equal(estab_ctx_new(&options, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_probe_run(query, &probe), 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	return probe;
}

static int error_of(const struct estab_probe *probe, const char *source, const char *table,
		    const char *family)
{
	struct estab_probe_table row = { .size = sizeof(row) };

	for (size_t i = 0; estab_probe_get_table(probe, i, &row) == 0; i++)
		if (strcmp(row.source, source) == 0 && strcmp(row.table, table) == 0 &&
		    strcmp(row.family, family) == 0)
			return row.error;
	fail_msg("%s, %s, %s was not tried", source, table, family);
	return 0;
}

static struct estab_fact fact_of(const struct estab_probe *probe, const char *name)
{
	struct estab_fact fact = { .size = sizeof(fact) };

	for (size_t i = 0; estab_probe_get_fact(probe, i, &fact) == 0; i++)
		if (strcmp(fact.name, name) == 0)
			return fact;
	fail_msg("there is no fact %s", name);
	return fact;
}

static void this_host(void **state)
{
	struct estab_probe *probe = probe_of(NULL);
	struct estab_fact fact = { .size = sizeof(fact) };

	(void)state;
	assert_int_equal(error_of(probe, "procfs", "tcp", "inet"), 0);
	assert_int_equal(fact_of(probe, "user.euid").number, geteuid());
	assert_int_equal(fact_of(probe, "proc.capture").number, 0);
	assert_true(fact_of(probe, "processes.readable").number >= 1);
	assert_true(fact_of(probe, "kernel.release").known);
	assert_string_equal(fact_of(probe, "proc.path").text, "/proc");
	for (size_t i = 0; estab_probe_get_fact(probe, i, &fact) == 0; i++) {
		assert_non_null(strchr(fact.name, '.'));
		assert_true(fact.help && fact.help[0] != '\0');
	}
	assert_int_equal(estab_probe_get_fact(probe, estab_probe_fact_count(probe), &fact),
			 -ENOENT);
	fact.size = sizeof(size_t);
	assert_int_equal(estab_probe_get_fact(probe, 0, &fact), -EINVAL);
	estab_probe_unref(probe);
	assert_null(estab_probe_unref(NULL));
}

static void a_capture(void **state)
{
	struct estab_probe *probe = probe_of("test/golden/proc-forum");
	struct estab_probe_table table = { .size = sizeof(size_t) };

	(void)state;
	assert_int_equal(error_of(probe, "procfs", "tcp", "inet"), 0);
	assert_int_equal(error_of(probe, "procfs", "udp", "inet"), -ENOENT);
	assert_int_equal(error_of(probe, "diag", "tcp", "inet"), -EOPNOTSUPP);
	assert_int_equal(fact_of(probe, "proc.capture").number, 1);
	assert_false(fact_of(probe, "kernel.release").known);
	assert_int_equal(estab_probe_get_table(probe, 0, &table), -EINVAL);
	assert_int_equal(estab_probe_get_table(probe, estab_probe_table_count(probe), &table),
			 -ENOENT);
	estab_probe_unref(probe);
}

struct text {
	char *data;
	size_t length;
};

static int append(void *arg, const char *piece, size_t length)
{
	struct text *text = arg;

	text->data = realloc(text->data, text->length + length + 1);
	assert_non_null(text->data);
	memcpy(text->data + text->length, piece, length);
	text->length += length;
	text->data[text->length] = '\0';
	return 0;
}

static int refuse(void *arg, const char *piece, size_t length)
{
	(void)arg;
	(void)piece;
	(void)length;
	return -EPIPE;
}

static void json_says_the_same(void **state)
{
	struct estab_probe *probe = probe_of(NULL);
	struct estab_fact fact = { .size = sizeof(fact) };
	struct text text = { NULL, 0 };
	json_error_t error;
	json_t *root;

	(void)state;
	append(&text, "{", 1);
	assert_int_equal(estab_probe_write_json(probe, append, &text), 0);
	append(&text, "}", 1);
	root = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(root);
	assert_int_equal(json_array_size(json_object_get(root, "tables")),
			 estab_probe_table_count(probe));
	for (size_t i = 0; estab_probe_get_fact(probe, i, &fact) == 0; i++) {
		const char *dot = strchr(fact.name, '.');
		char group[32] = "";
		json_t *value;

		memcpy(group, fact.name, (size_t)(dot - fact.name));
		value = json_object_get(json_object_get(json_object_get(root, "facts"), group),
					dot + 1);
		assert_non_null(value);
		if (!fact.known)
			assert_true(json_is_null(value));
		else if (fact.kind == ESTAB_KIND_STR)
			assert_true(json_is_string(value));
		else if (fact.kind == ESTAB_KIND_BOOL)
			assert_int_equal(json_is_true(value), fact.number);
		else
			assert_int_equal(json_integer_value(value), fact.number);
	}
	json_decref(root);
	free(text.data);
	assert_int_equal(estab_probe_write_json(probe, refuse, NULL), -EPIPE);
	estab_probe_unref(probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_host),
		cmocka_unit_test(a_capture),
		cmocka_unit_test(json_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
