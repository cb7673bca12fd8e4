/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Conditions that begin with one of ss(8)'s words, or an everyday one, that is no field's name. */
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "filter-parse.h"
#include "plan.h"

enum { LOCAL_END = 1 << 0, PEER_END = 1 << 1, EITHER_END = LOCAL_END | PEER_END };

/* The operator may be left out, and stands for "=". */
static enum op take_op_or_equal(struct filter_parser *parser)
{
	enum op op = filter_take_op(parser);

	return op == OP_NONE ? OP_EQ : op;
}

static int refuse_op(struct filter_parser *parser, const struct token *word, enum op op)
{
	if (op == OP_EQ || op == OP_NE)
		return 0;
	return filter_fail(parser, word->end, "expected = or != behind %s", word->text);
}

/* The words that "state" takes, for what may have been meant. */
static const char *state_word(const struct filter_parser *parser, size_t index)
{
	static const char *const groups[] = {
		"all",       "connected", "synchronized", "bucket",         "big",
		"listening", "syn-rcv",   "closed",       "bound-inactive", "close",
	};

	(void)parser;
	for (unsigned int state = 0; state < 32; state++)
		if (word_state(state) && index-- == 0)
			return word_state(state);
	return index < ARRAY_SIZE(groups) ? groups[index] : NULL;
}

static bool read_states(const struct token *token, uint32_t *ret_states)
{
	char name[32];

	if (token->kind != TOKEN_WORD || token->length >= sizeof(name))
		return false;
	/* ss(8) takes capitals too. */
	for (size_t i = 0; i <= token->length; i++) {
		char c = token->text[i];

		name[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
	}
	return estab_states_from_name(name, ret_states) == 0;
}

static struct node *state_leaf(struct filter_parser *parser, uint32_t states)
{
	struct node *node = node_mask(parser, LEAF_STATE, states);

	if (node)
		node->leaf.flags = LEAF_WORD;
	return node;
}

static struct node *parse_state(struct filter_parser *parser, const struct token *word, int exclude)
{
	const struct token *token = filter_take(parser);
	uint32_t states;

	(void)word;
	if (!read_states(token, &states)) {
		if (token->kind == TOKEN_WORD)
			filter_fail_name(parser, token, "no such state", state_word);
		else
			filter_fail(parser, token->at, "expected a state, as listen or connected");
		return NULL;
	}
	return state_leaf(parser, exclude ? ESTAB_STATES_ALL & ~states : states);
}

static struct node *parse_listening(struct filter_parser *parser, const struct token *word, int arg)
{
	uint32_t states = 0;

	(void)arg;
	read_states(word, &states);
	return state_leaf(parser, states);
}

typedef struct node *end_fn(struct filter_parser *parser, bool local, enum op op,
			    const struct values *values);

/* What is said of one end, or of either. That it is not so means: of neither. */
static struct node *parse_ends(struct filter_parser *parser, int ends, const char *expected,
			       end_fn *fn)
{
	enum op op = take_op_or_equal(parser);
	struct values values;
	struct node *local;
	struct node *peer;

	if (filter_take_values(parser, op, expected, &values) < 0)
		return NULL;
	if (ends != EITHER_END) {
		/* The node copies what it needs of the values. */
		/* cppcheck-suppress returnDanglingLifetime */
		return fn(parser, ends == LOCAL_END, op, &values);
	}
	local = fn(parser, true, op, &values);
	peer = local ? fn(parser, false, op, &values) : NULL;
	return node_join(parser, op_turns(op) ? NODE_AND : NODE_OR, local, peer);
}

static struct node *parse_host(struct filter_parser *parser, const struct token *word, int ends)
{
	(void)word;
	return parse_ends(parser, ends, "an address, as 192.0.2.1, 10.0.0.0/8 or [2001:db8::1]:22",
			  filter_parse_host);
}

static struct node *parse_port(struct filter_parser *parser, const struct token *word, int ends)
{
	(void)word;
	return parse_ends(parser, ends, "a port, as 443, https or 8000-8999", filter_parse_port);
}

/* What is bound to no device is not bound to this one, as in ss(8). */
static struct node *parse_dev(struct filter_parser *parser, const struct token *word, int arg)
{
	enum op op = take_op_or_equal(parser);
	struct values values;
	struct node *node = NULL;
	struct node *known;

	(void)arg;
	if (op != OP_IN && op != OP_NOT_IN && refuse_op(parser, word, op) < 0)
		return NULL;
	if (filter_take_values(parser, op, "a device, as eth0 or 2", &values) < 0)
		return NULL;
	for (size_t i = 0; i < values.count; i++) {
		const struct token *token = value_at(&values, i);
		struct node *next = node_device(parser, token, token->text);

		node = i == 0 ? next : node_join(parser, NODE_OR, node, next);
	}
	if (!node || !op_turns(op))
		return node;
	/* It is known whether there is any, and it is not this one. */
	known = node_leaf(parser, LEAF_DEVICE, NULL);
	return node_join(parser, NODE_AND, known, node_not(parser, node));
}

static struct node *parse_mark(struct filter_parser *parser, const struct token *word, int arg)
{
	enum op op = take_op_or_equal(parser);
	struct mark mark = { .mask = UINT32_MAX };
	struct values values;
	const struct token *token;
	struct node *node;
	uint64_t value;
	uint64_t mask = UINT32_MAX;
	char *text;
	char *slash;

	(void)arg;
	if (refuse_op(parser, word, op) < 0 ||
	    filter_take_values(parser, op, "a mark, as 0x10 or 0x10/0xff", &values) < 0)
		return NULL;
	token = values.first;
	text = arena_text(&parser->arena, token->text, token->length);
	if (!text) {
		filter_fail_memory(parser);
		return NULL;
	}
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (!filter_read_u64(text, &value) || value > UINT32_MAX ||
	    (slash && (!filter_read_u64(slash, &mask) || mask > UINT32_MAX))) {
		filter_fail(parser, token->at, "expected a mark, as 0x10 or 0x10/0xff");
		return NULL;
	}
	mark.value = (uint32_t)value;
	mark.mask = (uint32_t)mask;
	node = node_field(parser, LEAF_MARK, ESTAB_F_MARK);
	if (node && op == OP_NE)
		node->leaf.flags |= LEAF_NEGATE;
	return node_data(parser, node, &mark, sizeof(mark), 1);
}

/* The number of a cgroup is the inode of its directory. 0: there is none. */
static uint64_t find_cgroup(const char *path)
{
	static const char *const mounts[] = { "", "/sys/fs/cgroup/", "/sys/fs/cgroup/unified/" };

	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
		char full[4096];
		struct statfs fs;
		struct stat st;
		int length = snprintf(full, sizeof(full), "%s%s", mounts[i], path);

		if (length > 0 && (size_t)length < sizeof(full) && statfs(full, &fs) == 0 &&
		    fs.f_type == CGROUP2_SUPER_MAGIC && stat(full, &st) == 0)
			return st.st_ino;
	}
	return 0;
}

static struct node *parse_cgroup(struct filter_parser *parser, const struct token *word, int arg)
{
	enum op op = take_op_or_equal(parser);
	struct range range;
	struct values values;
	struct node *node;
	uint64_t id;

	(void)arg;
	if (refuse_op(parser, word, op) < 0 ||
	    filter_take_values(parser, op, "the path of a cgroup, as /system.slice/ssh.service",
			       &values) < 0)
		return NULL;
	id = find_cgroup(values.first->text);
	if (id == 0) {
		filter_fail(parser, values.first->at,
			    "no such cgroup (of version 2), as it is or below /sys/fs/cgroup");
		return NULL;
	}
	range = (struct range){ id, id };
	node = node_number(parser, field_find(ESTAB_F_CGROUP_ID), range);
	if (op == OP_EQ)
		return node;
	/* As ss(8) has it: what is in none, or closed, is not in this one. */
	return node_join(parser, NODE_AND,
			 node_mask(parser, LEAF_FAMILY,
				   BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6)),
			 node_not(parser, node));
}

static struct node *parse_autobound(struct filter_parser *parser, const struct token *word, int arg)
{
	struct node *node = node_leaf(parser, LEAF_AUTOBOUND, NULL);

	(void)word;
	(void)arg;
	if (node)
		node->leaf.needs = NEED_UNIX_NAME;
	return node;
}

static struct node *parse_exists(struct filter_parser *parser, const struct token *word, int arg)
{
	(void)word;
	(void)arg;
	return filter_parse_exists(parser);
}

static struct node *parse_end(struct filter_parser *parser, const struct token *word, int local)
{
	return filter_parse_end(parser, word, local);
}

/* A field whose operator may be left out. */
static struct node *parse_field(struct filter_parser *parser, const struct token *word, int field)
{
	return filter_parse_field(parser, word, field_find((enum estab_field)field), true);
}

enum { NOT_BEFORE_OP = 1 }; /* before an operator it is the field of that name */

#define FLOWS BIT64(ROW_FLOW)

static const struct word {
	const char *name;
	struct node *(*parse)(struct filter_parser *parser, const struct token *word, int arg);
	int arg;
	int flags;
	uint64_t rows; /* the kinds of rows that it is for */
} words[] = {
	{ "state", parse_state, false, NOT_BEFORE_OP, ROWS_SOCKETS },
	{ "exclude", parse_state, true, 0, ROWS_SOCKETS },
	{ "excl", parse_state, true, 0, ROWS_SOCKETS },
	{ "listening", parse_listening, 0, 0, ROWS_SOCKETS },
	{ "connected", parse_listening, 0, 0, ROWS_SOCKETS },
	{ "src", parse_host, LOCAL_END, 0, ROWS_SOCKETS | FLOWS },
	{ "dst", parse_host, PEER_END, 0, ROWS_SOCKETS | FLOWS },
	{ "addr", parse_host, EITHER_END, 0, ROWS_SOCKETS | FLOWS },
	{ "sport", parse_port, LOCAL_END, 0, ROWS_SOCKETS | FLOWS },
	{ "dport", parse_port, PEER_END, 0, ROWS_SOCKETS | FLOWS },
	{ "port", parse_port, EITHER_END, 0, ROWS_SOCKETS | FLOWS },
	{ "dev", parse_dev, 0, 0, ROWS_SOCKETS },
	{ "fwmark", parse_mark, 0, 0, ROWS_SOCKETS | FLOWS },
	{ "cgroup", parse_cgroup, 0, 0, ROWS_SOCKETS },
	{ "autobound", parse_autobound, 0, 0, ROWS_SOCKETS },
	{ "exists", parse_exists, 0, 0, UINT64_MAX },
	{ "local", parse_end, true, 0, ROWS_SOCKETS },
	{ "peer", parse_end, false, 0, ROWS_SOCKETS },
	{ "user", parse_field, ESTAB_F_USER, 0, ROWS_SOCKETS },
	{ "process", parse_field, ESTAB_F_OWNER_COMM, 0, ROWS_SOCKETS },
	{ "pid", parse_field, ESTAB_F_OWNER_PID, 0, ROWS_SOCKETS },
};

const struct field *filter_find_field(const struct filter_parser *parser, const char *name)
{
	const struct field *field = field_find(estab_field_from_name(name));

	return field && field->protos & parser->subject->rows ? field : NULL;
}

const char *filter_word(const struct filter_parser *parser, size_t index)
{
	uint64_t rows = parser->subject->rows;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].rows & rows && index-- == 0)
			return words[i].name;
	for (const struct field *field = field_after(NULL); field; field = field_after(field))
		if (field->protos & rows && index-- == 0)
			return field->name;
	return NULL;
}

/* Whether an operator stands behind the word. */
static bool has_op(struct filter_parser *parser)
{
	size_t before = parser->at;
	enum op op;

	parser->at++;
	op = filter_take_op(parser);
	parser->at = before;
	return op != OP_NONE;
}

bool filter_parse_word(struct filter_parser *parser, struct node **ret_node)
{
	const struct token *token = filter_token(parser);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (!(words[i].rows & parser->subject->rows) || !token_is(token, words[i].name))
			continue;
		if (words[i].flags & NOT_BEFORE_OP && has_op(parser))
			return false;
		parser->at++;
		*ret_node = words[i].parse(parser, token, words[i].arg);
		return true;
	}
	return false;
}
