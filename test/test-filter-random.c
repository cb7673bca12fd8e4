/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Random expressions and random sockets. What an expression means is worked out a second time, from
 * what it was made of, by code that shares nothing with the library; and what the kernel would let
 * through by a copy of its rules. The seed is printed: ESTAB_SEED=N runs the same again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "env.h"
#include "filter-expr.h"
#include "filter-model.h"
#include "filter-push.h"
#include "filter.h"
#include "kernel-filter.h"
#include "parse.h"
#include "util.h"

enum { EXPRESSIONS = 24000, SOCKETS = 10 };

/* ---- the trial ---- */

static uint32_t index_of(void *arg, const char *name)
{
	(void)arg;
	return strcmp(name, "lo") == 0     ? 1
	       : strcmp(name, "eth0") == 0 ? 2
	       : strcmp(name, "eth1") == 0 ? 3
					   : 0;
}

static struct {
	unsigned int matches, trials, pushed, refused, saved, by_port;
} counts;

/* The kernel must let through whatever matches, and take the code at all. */
static void check_kernel(const struct writer *writer, const struct estab_filter *filter,
			 const struct model *model, bool matches)
{
	static const struct push_devices devices = { index_of, NULL };
	struct kernel_socket sock = {
		.family = model->family == ESTAB_FAMILY_INET ? AF_INET : AF_INET6,
		.local_port = model->local_port,
		.peer_port = model->peer_port,
		.device = model->device,
		.mark = model->kernel_mark,
		.cgroup_id = model->cgroup,
		.chosen = model->chosen,
	};
	struct push_ports ports = filter_push_ports(filter, model->proto);

	memcpy(sock.local, model->local, 16);
	memcpy(sock.peer, model->peer, 16);
	if (matches) {
		assert_true(ports.local == 0 || ports.local == model->local_port);
		assert_true(ports.peer == 0 || ports.peer == model->peer_port);
	}
	counts.by_port += ports.local != 0 || ports.peer != 0;
	for (enum push_level level = PUSH_ALL; level < PUSH_NONE; level++) {
		uint8_t code[BYTECODE_ROOM];
		size_t length = filter_push(filter, model->proto, level, &devices, code);
		bool passes;

		if (length == 0)
			continue;
		assert_int_equal(kernel_filter_check(code, length, level == PUSH_ALL), 0);
		passes = kernel_filter_run(code, length, &sock);
		if (matches && !passes)
			fail_msg("%s\nis refused by the kernel", writer->text);
		counts.pushed++;
		counts.refused += !passes;
	}
}

static void check_narrow(const struct estab_filter *filter, const struct model *model, bool matches)
{
	uint64_t protos = BIT64(model->proto);
	uint32_t families = BIT32(model->family);
	uint32_t states[PLAN_PROTOS] = { 0 };

	states[model->proto] = BIT32(model->state);
	filter_narrow(filter, &protos, &families, states);
	if (matches)
		assert_true(protos != 0 && families != 0 && states[model->proto] != 0);
	/* What would be read anyway, and matches, is still read. */
	if (matches)
		assert_true(filter_states(filter, BIT32(model->state)) & BIT32(model->state));
}

static void check(const struct writer *writer, const struct expr *expr,
		  const struct estab_filter *filter, struct row *row)
{
	struct {
		struct owner_list list;
		struct estab_owner room[MODEL_OWNERS_MAX];
	} owners = { 0 };
	struct model model;
	struct estab_socket before;
	bool wanted, may;

	model_make(&model);
	model_row(row, &model, &owners.list);
	wanted = expr_holds(expr, &model);
	counts.trials++;
	counts.matches += wanted;
	if (filter_match(filter, &row->sock) != wanted)
		fail_msg("%s\nshould %smatch %s %s %s:%u", writer->text, wanted ? "" : "not ",
			 word_proto(model.proto), word_state(model.state),
			 word_family(model.family), model.local_port);
	assert_true(filter_prematch(filter, &row->sock, 0) == wanted);
	before = row->sock;
	before.owners = NULL;
	may = filter_prematch(filter, &before, NEED_OWNERS | NEED_UNIX_PEER_PATH);
	if (!may && wanted)
		fail_msg("%s\nis dropped before its owners are known", writer->text);
	counts.saved += !may;
	check_narrow(filter, &model, wanted);
	if (model.proto != ESTAB_PROTO_UNIX)
		check_kernel(writer, filter, &model, wanted);
}

static struct env *make_env(struct estab_ctx *ctx)
{
	enum estab_field field = ESTAB_F_NONE;
	struct estab_query *query;
	struct env *env;

	assert_int_equal(estab_query_new(ctx, &query), 0);
	/* Those that are not a socket's are refused. */
	while ((field = estab_field_next(field)) != ESTAB_F_NONE)
		estab_query_add_field(query, field);
	assert_int_equal(env_new(ctx, query, &env), 0);
	estab_query_unref(query);
	return env;
}

static void test_random(void **state)
{
	const char *given = getenv("ESTAB_SEED");
	uint64_t seed;
	struct writer *writer = malloc(sizeof(*writer));
	struct estab_ctx *ctx;
	struct env *env;
	struct row row = { 0 };

	(void)state;
	seed = (uint64_t)time(NULL);
	if (given)
		assert_int_equal(parse_u64(given, &seed), 0);
	print_message("ESTAB_SEED=%llu\n", (unsigned long long)seed);
	chance_begin(seed);
	assert_non_null(writer);
	assert_int_equal(estab_ctx_new(NULL, &ctx), 0);
	env = make_env(ctx);
	assert_int_equal(ext_builder_init(&row.ext, env), 0);
	for (unsigned int i = 0; i < EXPRESSIONS; i++) {
		struct estab_filter *filter;
		const struct expr *expr;
		char *message = NULL;

		expr = expr_make(writer);
		if (filter_parse(writer->text, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				 NULL, &message) < 0)
			fail_msg("%s\n%s", writer->text, message);
		for (unsigned int j = 0; j < SOCKETS; j++)
			check(writer, expr, filter, &row);
		filter_unref(filter);
	}
	ext_builder_free(&row.ext);
	env_unref(env);
	estab_ctx_unref(ctx);
	free(writer);
	print_message("%u trials, %u match; the kernel was asked %u times and refused %u; %u were "
		      "dropped before owners\n",
		      counts.trials, counts.matches, counts.pushed, counts.refused, counts.saved);
	/* It was a trial of something. */
	assert_true(counts.matches > counts.trials / 10);
	assert_true(counts.matches < counts.trials - counts.trials / 10);
	assert_true(counts.refused > counts.pushed / 10);
	assert_true(counts.saved > counts.trials / 10);
	assert_true(counts.by_port > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
