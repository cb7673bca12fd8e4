/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The language: golden cases, its limits, what is asked of a filter besides matching. */
#include "filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "filter-push.h"
#include "filter-rows.h"
#include "glob.h"
#include "parse.h"
#include "services.h"
#include "util.h"

/* ---- golden cases ---- */

enum { LINE_LENGTH = 1024 };

struct golden {
	FILE *file;
	unsigned int line;
	char expression[LINE_LENGTH];
	char rows[LINE_LENGTH];
	char expected[LINE_LENGTH];
};

static bool read_line(struct golden *golden, char line[LINE_LENGTH])
{
	size_t length;

	do {
		if (!fgets(line, LINE_LENGTH, golden->file))
			return false;
		golden->line++;
		length = strlen(line);
		assert_true(length > 0 && line[length - 1] == '\n');
		line[length - 1] = '\0';
	} while (*line == '\0' || *line == '#');
	return true;
}

static bool read_case(struct golden *golden)
{
	return read_line(golden, golden->expression) && read_line(golden, golden->rows) &&
	       read_line(golden, golden->expected);
}

/* Whether a list of words has this one; "all" has every one. */
static bool names(const char *list, const char *name)
{
	size_t length = strlen(name);

	if (strcmp(list, "all") == 0)
		return true;
	for (const char *at = list; (at = strstr(at, name)); at += length)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

static unsigned int check_error(const struct golden *golden, size_t position, const char *message)
{
	const char *expected = golden->expected;
	struct cursor cursor = { expected + 1, expected + strlen(expected) };
	uint64_t wanted;

	/* "! POSITION TEXT" */
	cursor_blanks(&cursor);
	if (cursor_decimal(&cursor, &wanted) && cursor_char(&cursor, ' ') && wanted == position &&
	    strstr(message, cursor.at))
		return 0;
	print_error("%u: %s\n  error at %zu: %s\n  wanted %s\n", golden->line, golden->expression,
		    position, message, golden->expected);
	return 1;
}

static unsigned int check_rows(const struct golden *golden, const struct estab_filter *filter,
			       const struct filter_rows *rows)
{
	unsigned int failures = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct filter_row *row = &rows->rows[i];
		bool wanted = names(golden->expected, row->name);

		if (!names(golden->rows, row->name) ||
		    filter_match(filter, &row->row.sock) == wanted)
			continue;
		print_error("%u: %s\n  %s should %smatch\n", golden->line, golden->expression,
			    row->name, wanted ? "" : "not ");
		failures++;
	}
	return failures;
}

static unsigned int run_case(const struct golden *golden, const struct filter_rows *rows)
{
	bool as_ss = strncmp(golden->expression, "ss: ", 4) == 0;
	const char *expression = golden->expression + (as_ss ? 4 : 0);
	struct estab_filter *filter = NULL;
	size_t position = 0;
	char *message = NULL;
	unsigned int failures;
	int r;

	r = filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS),
			 as_ss ? ESTAB_FILTER_SS : 0, &filter, &position, &message);
	if (*golden->expected == '!' && r == -EINVAL) {
		assert_null(filter);
		failures = check_error(golden, position, message);
	} else if (*golden->expected == '!' || r < 0) {
		print_error("%u: %s\n  %d at %zu: %s\n", golden->line, golden->expression, r,
			    position, message ? message : "no error");
		failures = 1;
	} else {
		failures = check_rows(golden, filter, rows);
	}
	filter_unref(filter);
	free(message);
	return failures;
}

static void test_golden(void **state)
{
	const struct filter_rows *rows = *state;
	struct golden golden = { .file = fopen("test/golden/filter-cases.txt", "r") };
	unsigned int n = 0;
	unsigned int failures = 0;

	assert_non_null(golden.file);
	for (; read_case(&golden); n++)
		failures += run_case(&golden, rows);
	fclose(golden.file);
	print_message("%u cases\n", n);
	assert_true(n > 500);
	assert_int_equal(failures, 0);
}

/* ---- the manual's examples ---- */

/* What is quoted in the lines of EXAMPLES that begin with "estab ". live/filter.sh runs them. */
static void test_manual(void **state)
{
	FILE *file = fopen("man/estab-filter.7.scd", "r");
	char line[LINE_LENGTH];
	bool examples = false;
	unsigned int n = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct estab_filter *filter;
		char *message = NULL;
		char *first, *last;

		examples = *line == '#' ? strcmp(line, "# EXAMPLES\n") == 0 : examples;
		first = strchr(line, '\'');
		last = strrchr(line, '\'');
		if (!examples || strncmp(line, "estab ", 6) != 0 || first == last)
			continue;
		*last = '\0';
		if (estab_filter_parse(first + 1, &filter, NULL, &message) < 0)
			fail_msg("%s: %s", first + 1, message);
		filter_unref(filter);
		n++;
	}
	fclose(file);
	assert_true(n >= 20);
}

/* ---- besides matching ---- */

static struct estab_filter *parse(const char *expression)
{
	struct estab_filter *filter = NULL;
	char *message = NULL;

	if (filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter, NULL,
			 &message) < 0)
		fail_msg("%s: %s", expression, message);
	return filter;
}

static void test_states(void **state)
{
	static const uint32_t others = BIT32(ESTAB_STATE_ESTABLISHED) | BIT32(ESTAB_STATE_LISTEN);
	static const uint32_t tw = BIT32(ESTAB_STATE_TIME_WAIT);
	static const struct {
		const char *expression;
		uint32_t states;
	} cases[] = {
		{ "sport 22", others },
		{ "state = time-wait", others },
		{ "state time-wait", tw },
		{ "sport 22 state time-wait", tw },
		{ "sport 22 and (dport 1 or dport 2) and state time-wait", tw },
		{ "exclude time-wait", ESTAB_STATES_ALL & ~tw },
		{ "not state time-wait", ESTAB_STATES_ALL & ~tw },
		{ "state time-wait or sport 22", tw | others },
		{ "not (state time-wait and sport 22)", (ESTAB_STATES_ALL & ~tw) | others },
		{ "not (exclude time-wait or sport 22)", tw },
		{ "state time-wait and state listen", 0 },
		{ "state time-wait state listen", tw | BIT32(ESTAB_STATE_LISTEN) },
		{ "(state time-wait or sport 22) and state big", others },
		{ "(state time-wait or sport 22) and (state syn-recv or dport 1)", others },
		{ "listening", BIT32(ESTAB_STATE_LISTEN) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = parse(cases[i].expression);

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_states(filter, others), cases[i].states);
		filter_unref(filter);
	}
}

#define PROTO(name) BIT64(ESTAB_PROTO_##name)

/* Only who says so means a listener. */
static void test_names_state(void **state)
{
	static const struct {
		const char *expression;
		bool listen;
		bool unconnected;
	} cases[] = {
		{ "state listen", true, false },
		{ "listening", true, false },
		{ "sport = 22 and ( state = established or state = listen )", true, false },
		{ "state in {listen, established}", true, false },
		{ "state unconnected", false, true },
		{ "sport = 22", false, false },
		{ "state all", false, false },
		{ "state connected", false, false },
		{ "exclude established", false, false },
		{ "not state established", false, false },
		{ "state != established", false, false },
		{ "not listening", false, false },
		{ "not state != listen", false, false },
		{ "process = listen", false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = NULL;

		if (filter_parse(cases[i].expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0,
				 &filter, NULL, NULL) < 0)
			fail_msg("%s", cases[i].expression);
		if (filter_names_state(filter, ESTAB_STATE_LISTEN) != cases[i].listen ||
		    filter_names_state(filter, ESTAB_STATE_UNCONNECTED) != cases[i].unconnected)
			fail_msg("%s", cases[i].expression);
		filter_unref(filter);
	}
}

static void test_narrow(void **state)
{
	static const uint64_t all = PROTO(TCP) | PROTO(UDP) | PROTO(UNIX) | PROTO(NETLINK);
	static const uint32_t inet = BIT32(ESTAB_FAMILY_INET), inet6 = BIT32(ESTAB_FAMILY_INET6),
			      others = BIT32(ESTAB_FAMILY_UNIX) | BIT32(ESTAB_FAMILY_NETLINK);
	static const struct {
		const char *expression;
		uint64_t protos;
		uint32_t families;
	} cases[] = {
		{ "uid = 0", all, inet | inet6 | others },
		{ "sport 22", PROTO(TCP) | PROTO(UDP), inet | inet6 },
		{ "not sport 22", all, inet | inet6 | others },
		{ "proto = tcp", PROTO(TCP), inet | inet6 },
		{ "proto != tcp", all & ~PROTO(TCP), inet | inet6 | others },
		{ "not proto = tcp and family = inet", PROTO(UDP), inet },
		{ "src /run/*", PROTO(UNIX), BIT32(ESTAB_FAMILY_UNIX) },
		{ "dst unix:* or tcp.rtt_us > 1", PROTO(UNIX) | PROTO(TCP),
		  inet | inet6 | BIT32(ESTAB_FAMILY_UNIX) },
		{ "tcp.rtt_us > 1 and not family = inet", PROTO(TCP), inet6 },
		{ "src netlink:route", PROTO(NETLINK), BIT32(ESTAB_FAMILY_NETLINK) },
		{ "proto = tcp and proto = udp", 0, 0 },
		{ "process = x", all, inet | inet6 | others },
		{ "sport 22 and local.path ~ *", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = parse(cases[i].expression);
		uint64_t protos = all;
		uint32_t families = UINT32_MAX;
		uint32_t states[PLAN_PROTOS];

		memset(states, 0xff, sizeof(states));
		print_message("%s\n", cases[i].expression);
		filter_narrow(filter, &protos, &families, states);
		assert_int_equal(protos, cases[i].protos);
		assert_int_equal(families, cases[i].families);
		filter_unref(filter);
	}
}

static void test_narrow_states(void **state)
{
	struct estab_filter *filter =
		parse("proto = tcp and state = listen or proto = udp and not state = established");
	uint64_t protos = PROTO(TCP) | PROTO(UDP) | PROTO(UNIX);
	uint32_t families = UINT32_MAX;
	uint32_t states[PLAN_PROTOS];

	(void)state;
	for (size_t i = 0; i < PLAN_PROTOS; i++)
		states[i] = ESTAB_STATES_ALL;
	filter_narrow(filter, &protos, &families, states);
	assert_int_equal(protos, PROTO(TCP) | PROTO(UDP));
	assert_int_equal(states[ESTAB_PROTO_TCP], BIT32(ESTAB_STATE_LISTEN));
	assert_int_equal(states[ESTAB_PROTO_UDP],
			 ESTAB_STATES_ALL & ~BIT32(ESTAB_STATE_ESTABLISHED));
	filter_unref(filter);
}

static void test_needs(void **state)
{
	static const struct {
		const char *expression;
		uint32_t tcp, local;
	} cases[] = {
		{ "sport 22 and src 10/8 and state listen", 0, 0 },
		{ "tcp.rtt_us > 1", NEED_TCP_INFO, 0 },
		{ "uid = 0", 0, NEED_UNIX_UID },
		{ "user = 0", 0, NEED_UNIX_UID },
		{ "user = root", NEED_USER, NEED_USER | NEED_UNIX_UID },
		{ "pid = 1", NEED_OWNERS, NEED_OWNERS },
		{ "process = x", NEED_OWNERS | NEED_COMM, NEED_OWNERS | NEED_COMM },
		{ "owner.uid = uid", NEED_OWNERS | NEED_OWNER_UID,
		  NEED_OWNERS | NEED_OWNER_UID | NEED_UNIX_UID },
		{ "dst unix:x", 0, NEED_UNIX_PEER_PATH },
		{ "dev lo", NEED_INTERFACE | NEED_IFNAME, NEED_INTERFACE | NEED_IFNAME },
		{ "dev 1", NEED_INTERFACE | NEED_IFNAME, NEED_INTERFACE | NEED_IFNAME },
		{ "dev 0", NEED_INTERFACE, NEED_INTERFACE },
		{ "fwmark 1", NEED_MARK, 0 },
		{ "autobound", 0, NEED_UNIX_NAME },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = parse(cases[i].expression);

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_needs(filter, PROTO(TCP)), cases[i].tcp);
		assert_int_equal(filter_needs(filter, PROTO(UNIX)), cases[i].local);
		filter_unref(filter);
	}
}

/* Without its owners a row is dropped only when no owner could save it. */
static void test_prematch(void **state)
{
	static const struct {
		const char *expression, *row;
		bool may;
	} cases[] = {
		{ "process = nginx", "web", true },
		{ "process = nginx", "slow", true },
		{ "sport 443 and process = nginx", "web", true },
		{ "sport 443 and process = nginx", "slow", false },
		{ "sport 443 or process = nginx", "slow", true },
		{ "not (sport 40000 or process = nginx)", "slow", false },
		{ "not (sport 443 or process = nginx)", "slow", true },
		{ "not (sport 40000 and process = nginx)", "slow", true },
		{ "not process = nginx", "web", true },
		{ "exists owners or sport 1", "slow", true },
		{ "peer ~ /run/*", "client", true },
		{ "peer ~ /run/*", "web", false },
		{ "no_owner = orphan and sport 1", "slow", false },
	};
	const struct filter_rows *rows = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = parse(cases[i].expression);
		struct estab_socket sock = *filter_rows_find(rows, cases[i].row);

		print_message("%s: %s\n", cases[i].expression, cases[i].row);
		sock.owners = NULL;
		assert_int_equal(filter_prematch(filter, &sock, NEED_OWNERS | NEED_UNIX_PEER_PATH),
				 cases[i].may);
		filter_unref(filter);
	}
}

/* Where the query is of one family, an end needs no name of it. */
static void test_default_family(void **state)
{
	static const struct {
		const char *expression;
		uint32_t flags;
		const char *row; /* NULL: none */
	} cases[] = {
		{ "src *docker*", ESTAB_FILTER_UNIX, "docker" },
		{ "src bus*", ESTAB_FILTER_UNIX, NULL },
		{ "src ?bus*", ESTAB_FILTER_UNIX, "abstract" },
		{ "src inet:127.0.0.53", ESTAB_FILTER_UNIX, "resolver" },
		{ "src genl", ESTAB_FILTER_NETLINK, "monitor" },
		{ "sport 4242", ESTAB_FILTER_NETLINK, "monitor" },
		{ "src all", ESTAB_FILTER_PACKET, "sniffer" },
		{ "sport 22 and src 10/8", ESTAB_FILTER_UNIX, NULL },
	};
	const struct filter_rows *rows = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter = NULL;

		print_message("%s\n", cases[i].expression);
		assert_int_equal(filter_parse(cases[i].expression,
					      subject_find(ESTAB_SUBJECT_SOCKETS), cases[i].flags,
					      &filter, NULL, NULL),
				 0);
		for (size_t j = 0; j < rows->n; j++)
			assert_int_equal(filter_match(filter, &rows->rows[j].row.sock),
					 cases[i].row &&
						 strcmp(rows->rows[j].name, cases[i].row) == 0);
		filter_unref(filter);
	}
}

/* ---- limits ---- */

static void expect_error(const char *expression, size_t position, const char *text)
{
	struct estab_filter *filter = NULL;
	size_t at = 0;
	char *message = NULL;

	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				      &at, &message),
			 -EINVAL);
	assert_int_equal(at, position);
	assert_non_null(strstr(message, text));
	free(message);
}

static char *repeat(const char *text, size_t times, const char *end)
{
	size_t length = strlen(text);
	char *all = malloc(length * times + strlen(end) + 1);

	assert_non_null(all);
	for (size_t i = 0; i < times; i++)
		memcpy(all + i * length, text, length);
	memcpy(all + times * length, end, strlen(end) + 1);
	return all;
}

static void test_limits(void **state)
{
	struct estab_filter *filter = NULL;
	char *expression;

	(void)state;
	expression = repeat("a", 40000, "");
	expect_error(expression, 32768, "at most 32768 bytes");
	free(expression);

	expression = repeat("(", 65, "sport 1");
	expect_error(expression, 64, "at most 64 deep");
	free(expression);
	expression = repeat("(", 64, "sport 1");
	expect_error(expression, strlen(expression), "expected )");
	free(expression);
	/* Nots are nothing to go deep into. */
	expression = repeat("not ", 5001, "sport 1");
	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				      NULL, NULL),
			 0);
	filter = filter_unref(filter);
	free(expression);

	expression = repeat("sport 1 ", 1025, "");
	expect_error(expression, 8 * 1024 + 8, "at most 1024 conditions");
	expression[8 * 1024] = '\0';
	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				      NULL, NULL),
			 0);
	filter = filter_unref(filter);
	free(expression);
	expression = repeat("sport 1 or ", 1023, "sport 1");
	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				      NULL, NULL),
			 0);
	filter = filter_unref(filter);
	free(expression);

	/* From the left, as ss(8) reads it, it is deep without parentheses. */
	expression = repeat("sport 1 or sport 1 and ", 400, "sport 1");
	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS),
				      ESTAB_FILTER_SS, &filter, NULL, NULL),
			 -EINVAL);
	assert_int_equal(filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter,
				      NULL, NULL),
			 0);
	filter = filter_unref(filter);
	free(expression);
}

/* What shows in an error is what a terminal may see. */
static void test_hostile_word(void **state)
{
	struct estab_filter *filter;
	char *message = NULL;

	(void)state;
	assert_int_equal(filter_parse("\033[2J\xff", subject_find(ESTAB_SUBJECT_SOCKETS), 0,
				      &filter, NULL, &message),
			 -EINVAL);
	assert_null(strchr(message, '\033'));
	assert_non_null(strstr(message, "\\x1b[2J\\xff"));
	free(message);
	assert_int_equal(
		filter_parse("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			     "\033\033\033",
			     subject_find(ESTAB_SUBJECT_SOCKETS), 0, &filter, NULL, &message),
		-EINVAL);
	assert_null(strchr(message, '\033'));
	free(message);
}

static void test_blank(void **state)
{
	const struct filter_rows *rows = *state;
	static const char *const blanks[] = { "", " ", " \t\r\n " };

	for (size_t i = 0; i < ARRAY_SIZE(blanks); i++) {
		struct estab_filter *filter = parse(blanks[i]);

		for (size_t j = 0; j < rows->n; j++)
			assert_true(filter_match(filter, &rows->rows[j].row.sock));
		assert_int_equal(filter_states(filter, 5), 5);
		filter_unref(filter);
	}
}

/* Only what every match has is asked of the kernel before anything else. */
static void test_ports(void **state)
{
	static const struct {
		const char *expression;
		struct push_ports ports;
	} cases[] = {
		{ "sport = 99", { 99, 0 } },
		{ "dport = 443", { 0, 443 } },
		{ "sport = 99 and dport = 443", { 99, 443 } },
		{ "dport = 443 and src 127.0.0.1 and sport = 99", { 99, 443 } },
		{ "not src 127.0.0.1 and sport = 99", { 99, 0 } },
		{ "process = x and sport = 99 and dport > 1000", { 99, 0 } },
		{ "not (not sport = 99 or dport = 1)", { 99, 0 } },
		{ "sport = 65535", { 65535, 0 } },
		{ "(dport = 1 or dport = 2) and sport = 99", { 0, 0 } },
		{ "port = 99", { 0, 0 } },
		{ "sport = 99 or dport = 443", { 0, 0 } },
		{ "sport = 99 or process = x", { 0, 0 } },
		{ "sport = 99 or sport = 100", { 0, 0 } },
		{ "not sport = 99", { 0, 0 } },
		{ "sport != 99", { 0, 0 } },
		{ "sport >= 99", { 0, 0 } },
		{ "sport = 0", { 0, 0 } },
		{ "state listening", { 0, 0 } },
		{ "", { 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_filter *filter;
		struct push_ports ports;

		assert_int_equal(estab_filter_parse(cases[i].expression, &filter, NULL, NULL), 0);
		ports = filter_push_ports(filter, ESTAB_PROTO_TCP);
		if (ports.local != cases[i].ports.local || ports.peer != cases[i].ports.peer)
			fail_msg("%s: %u and %u", cases[i].expression, ports.local, ports.peer);
		estab_filter_unref(filter);
	}
}

/* ---- the calls ---- */

static void test_calls(void **state)
{
	const struct filter_rows *rows = *state;
	const struct estab_socket *web = filter_rows_find(rows, "web");
	struct estab_filter *filter, *other;
	struct estab_query *query;

	assert_int_equal(
		estab_filter_parse("dport = 51000 and process = nginx", &filter, NULL, NULL), 0);
	assert_int_equal(estab_filter_match(filter, web), 1);
	assert_int_equal(estab_filter_match(filter, filter_rows_find(rows, "slow")), 0);
	assert_ptr_equal(estab_filter_ref(filter), filter);
	assert_null(estab_filter_unref(filter));
	assert_null(estab_filter_unref(NULL));

	assert_int_equal(estab_query_new(rows->ctx, &query), 0);
	assert_int_equal(estab_query_filter_protos(query), BIT64(ESTAB_PROTO_IPX + 1) - 1);
	assert_int_equal(estab_query_needs_owners(query), 0);
	assert_int_equal(estab_query_attach_filter(query, filter), 0);
	estab_filter_unref(filter);
	assert_int_equal(estab_query_needs_owners(query), 1);
	assert_int_equal(estab_query_filter_protos(query) & (PROTO(TCP) | PROTO(UNIX)), PROTO(TCP));
	assert_int_equal(estab_query_set_filter(query, "src *docker*", NULL, NULL), -EINVAL);
	assert_int_equal(estab_query_set_protos(query, PROTO(UNIX)), 0);
	assert_int_equal(estab_query_set_filter(query, "src *docker*", NULL, NULL), 0);
	assert_int_equal(estab_query_filter_protos(query), PROTO(UNIX));
	assert_int_equal(estab_query_set_pushdown(query, 0), 0);
	assert_int_equal(estab_query_attach_filter(query, NULL), 0);
	assert_int_equal(estab_query_needs_owners(query), 0);
	estab_query_unref(query);

	/* A socket that was read without what the filter looks at. */
	assert_int_equal(estab_filter_parse("process = nginx", &filter, NULL, NULL), 0);
	assert_int_equal(estab_filter_parse("peer.path ~ x or recv_q > 0", &other, NULL, NULL), 0);
	rows->env->plan.needs &= ~(uint32_t)(NEED_OWNERS | NEED_UNIX_PEER_PATH | NEED_UNIX_QUEUES);
	assert_int_equal(estab_filter_match(filter, web), -ENODATA);
	assert_int_equal(estab_filter_match(other, web), 0);
	assert_int_equal(estab_filter_match(other, filter_rows_find(rows, "client")), -ENODATA);
	rows->env->plan.needs |= NEED_OWNERS | NEED_UNIX_PEER_PATH | NEED_UNIX_QUEUES;
	estab_filter_unref(filter);
	estab_filter_unref(other);
}

/* ---- its parts ---- */

static void test_glob(void **state)
{
	static const struct {
		const char *pattern, *text;
		unsigned int flags;
		bool matches;
	} cases[] = {
		{ "", "", 0, true },
		{ "", "a", 0, false },
		{ "*", "", 0, true },
		{ "**", "ab", 0, true },
		{ "a*b", "ab", 0, true },
		{ "a*b", "aXXb", 0, true },
		{ "a*b", "aXXbc", 0, false },
		{ "a*b*c", "abbbc", 0, true },
		{ "*a*", "bab", 0, true },
		{ "?", "", 0, false },
		{ "??", "ab", 0, true },
		{ "[a-c]x", "bx", 0, true },
		{ "[a-c]x", "dx", 0, false },
		{ "[!a-c]x", "dx", 0, true },
		{ "[^a-c]x", "ax", 0, false },
		{ "[]]", "]", 0, true },
		{ "[!]]", "]", 0, false },
		{ "[]-a]", "^", 0, true },
		{ "[a-]", "-", 0, true },
		{ "[", "[", 0, true },
		{ "[a", "[a", 0, true },
		{ "[a", "a", 0, false },
		{ "a[", "a[", 0, true },
		{ "\\*", "*", 0, true },
		{ "\\*", "a", 0, false },
		{ "\\", "\\", 0, true },
		{ "[\\]]", "]", 0, true },
		{ "[[:digit:]]", "7", 0, true },
		{ "[[:digit:]]", "x", 0, false },
		{ "[[:upper:]x]", "x", 0, true },
		{ "[[:upper:]]", "a", 0, false },
		{ "[[:upper:]]", "a", GLOB_FOLD, true },
		{ "[[:nothing:]]", "a", 0, false },
		{ "ABC", "abc", 0, false },
		{ "ABC", "abc", GLOB_FOLD, true },
		{ "[A-C]", "b", GLOB_FOLD, true },
		{ "a[B]c", "AbC", GLOB_FOLD, true },
		{ "@a", "a", GLOB_AT, true },
		{ "*", "", GLOB_AT, true },
		{ "a", "a", GLOB_AT, false },
		{ "?a", "a", GLOB_AT, true },
		{ "\xff*", "\xff\xfe", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s %s\n", cases[i].pattern, cases[i].text);
		assert_int_equal(glob_match(cases[i].pattern, strlen(cases[i].pattern),
					    cases[i].text, strlen(cases[i].text), cases[i].flags),
				 cases[i].matches);
	}
	assert_true(glob_match("a b", 3, "a\0b", 3, GLOB_NULS));
	assert_false(glob_match("a b", 3, "a\0b", 3, 0));
	assert_true(glob_match("a?b", 3, "a\0b", 3, 0));
}

/* Many stars cost no more than a step for each pair of bytes. */
static void test_glob_many_stars(void **state)
{
	char *pattern = repeat("a*", 500, "b");
	char *text = repeat("a", 10000, "");

	(void)state;
	assert_false(glob_match(pattern, strlen(pattern), text, strlen(text), 0));
	free(pattern);
	free(text);
}

static void test_services(void **state)
{
	static const char text[] = "# comment\n"
				   "ssh\t\t22/tcp\t\t\t\t# login\n"
				   "domain 53/tcp dns-a dns-b\n"
				   "domain 53/udp\n"
				   "differs 1/tcp\ndiffers 2/udp\n"
				   "only-udp 7/udp\n"
				   "other 9/sctp\n"
				   "bad 0/tcp\nbad2 70000/tcp\nbad3 x/tcp\nbad4\n"
				   "twice 5/tcp\ntwice 6/tcp\n"
				   "late 8/tcp # alias\n"
				   "last 99/tcp";
	static const struct {
		const char *name;
		int port;
	} cases[] = {
		{ "ssh", 22 },
		{ "domain", 53 },
		{ "dns-b", 53 },
		{ "only-udp", 7 },
		{ "twice", 5 },
		{ "last", 99 },
		{ "differs", -ENOTUNIQ },
		{ "other", -ENOENT },
		{ "bad", -ENOENT },
		{ "bad2", -ENOENT },
		{ "bad3", -ENOENT },
		{ "bad4", -ENOENT },
		{ "alias", -ENOENT },
		{ "ss", -ENOENT },
		{ "sshx", -ENOENT },
		{ "#", -ENOENT },
		{ "", -ENOENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint16_t port = 4711;
		int r = services_find_in(text, cases[i].name, &port);

		print_message("%s\n", cases[i].name);
		assert_int_equal(r == 0 ? port : r, cases[i].port);
	}
}

static int setup(void **state)
{
	struct filter_rows *rows = calloc(1, sizeof(*rows));

	assert_non_null(rows);
	filter_rows_read(rows);
	*state = rows;
	return 0;
}

static int teardown(void **state)
{
	filter_rows_free(*state);
	free(*state);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),          cmocka_unit_test(test_manual),
		cmocka_unit_test(test_names_state),     cmocka_unit_test(test_states),
		cmocka_unit_test(test_narrow),          cmocka_unit_test(test_narrow_states),
		cmocka_unit_test(test_needs),           cmocka_unit_test(test_prematch),
		cmocka_unit_test(test_default_family),  cmocka_unit_test(test_limits),
		cmocka_unit_test(test_hostile_word),    cmocka_unit_test(test_blank),
		cmocka_unit_test(test_calls),           cmocka_unit_test(test_glob),
		cmocka_unit_test(test_glob_many_stars), cmocka_unit_test(test_services),
		cmocka_unit_test(test_ports),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
