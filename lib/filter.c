/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* From an expression, by way of a tree, to leaves in one piece of memory. */
#include "filter.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "filter-parse.h"
#include "util.h"

/* What the leaves point at stands behind them, each from a multiple of this on. */
enum { DATA_ALIGN = 16 };

/* Who names more states than these at once means no one of them. */
enum { STATES_NAMED = 4 };

struct compiler {
	struct estab_filter *filter;
	uint8_t *data;
	uint32_t n_leaves;
};

static size_t aligned(size_t size)
{
	return (size + DATA_ALIGN - 1) & ~(size_t)(DATA_ALIGN - 1);
}

static size_t data_size(const struct leaf *leaf)
{
	return leaf->kind == LEAF_REGEX ? sizeof(regex_t) : leaf->size;
}

static uint32_t count_leaves(const struct node *node, size_t *data)
{
	uint32_t n = 0;

	if (node->kind == NODE_LEAF) {
		*data += aligned(data_size(&node->leaf));
		return 1;
	}
	for (const struct node *child = node->first; child; child = child->next)
		n += count_leaves(child, data);
	return n;
}

static int place_leaf(struct compiler *compiler, const struct leaf *from, uint16_t yes, uint16_t no,
		      bool negative)
{
	struct estab_filter *filter = compiler->filter;
	struct leaf *leaf = &filter->leaves[compiler->n_leaves];

	*leaf = *from;
	leaf->yes = yes;
	leaf->no = no;
	if (negative)
		leaf->flags |= LEAF_NEGATIVE;
	leaf->data = compiler->data;
	if (leaf->kind == LEAF_REGEX) {
		/* It was compiled before, so only memory can be missing. */
		if (regcomp((regex_t *)(void *)compiler->data, from->data,
			    REG_EXTENDED | REG_NOSUB) != 0)
			return -ENOMEM;
	} else if (leaf->size > 0) {
		memcpy(compiler->data, from->data, leaf->size);
	}
	compiler->data += aligned(data_size(leaf));
	compiler->n_leaves++;
	/* Only what is counted is ever freed. */
	filter->n_leaves = compiler->n_leaves;
	return 0;
}

/* The children of a node come one after another; all but the last go on to the next one. */
static int place(struct compiler *compiler, const struct node *node, uint16_t yes, uint16_t no,
		 bool negative)
{
	int r = 0;

	if (node->kind == NODE_LEAF)
		return place_leaf(compiler, &node->leaf, yes, no, negative);
	if (node->kind == NODE_NOT)
		return place(compiler, node->first, no, yes, !negative);
	for (const struct node *child = node->first; r == 0 && child; child = child->next) {
		size_t data = 0;
		uint16_t next = (uint16_t)(compiler->n_leaves + count_leaves(child, &data));
		bool all = node->kind == NODE_AND;

		r = place(compiler, child, all && child->next ? next : yes,
			  !all && child->next ? next : no, negative);
	}
	return r;
}

/* ---- states ---- */

/* The states that an expression leaves: these, and of those that would be read otherwise these. */
struct states {
	bool has; /* a state word at all */
	uint32_t own;
	uint32_t of_others;
};

static struct states states_of_row(const struct node *node, bool negative);

static struct states states_of(const struct node *node, bool negative)
{
	const struct leaf *leaf = &node->leaf;

	switch (node->kind) {
	case NODE_LEAF:
		if (!(leaf->flags & LEAF_WORD))
			return (struct states){ false, 0, ESTAB_STATES_ALL };
		return (struct states){ true,
					negative ? ESTAB_STATES_ALL & ~leaf->mask : leaf->mask, 0 };
	case NODE_NOT:
		return states_of(node->first, !negative);
	default:
		return states_of_row(node, negative);
	}
}

/* Below a not, "and" is "or" of what is not. */
static struct states states_of_row(const struct node *node, bool negative)
{
	bool both = (node->kind == NODE_AND) != negative;
	struct states all = states_of(node->first, negative);

	for (const struct node *child = node->first->next; child; child = child->next) {
		struct states one = states_of(child, negative);

		if (!both) {
			all.own |= one.own;
			all.of_others |= one.of_others;
		} else if (all.has && one.has) {
			all.of_others = (all.own & one.of_others) | (all.of_others & one.own) |
					(all.of_others & one.of_others);
			all.own &= one.own;
		} else if (one.has) {
			all = one;
		}
		all.has |= one.has;
	}
	return all;
}

/* ---- making one ---- */

static int compile(const struct filter_parser *parser, const struct node *root,
		   struct estab_filter **ret_filter)
{
	size_t data = 0;
	uint32_t n_leaves = root ? count_leaves(root, &data) : 0;
	size_t head = aligned(sizeof(struct estab_filter));
	size_t leaves = aligned(n_leaves * sizeof(struct leaf));
	uint8_t *memory = calloc(1, head + leaves + data + parser->length + 1);
	struct estab_filter *filter = (void *)memory;
	struct compiler compiler = { .filter = filter };
	struct states states;
	char *expression;
	int r;

	if (!memory)
		return -ENOMEM;
	atomic_init(&filter->refs, 1);
	filter->leaves = (void *)(memory + head);
	compiler.data = memory + head + leaves;
	expression = (char *)memory + head + leaves + data;
	memcpy(expression, parser->expression, parser->length);
	filter->expression = expression;
	filter->subject = parser->subject;
	if (root) {
		r = place(&compiler, root, LEAF_ACCEPT, LEAF_REJECT, false);
		if (r < 0) {
			filter_unref(filter);
			return r;
		}
		states = states_of(root, false);
		filter->has_words = states.has;
		filter->word_states = states.own;
		filter->word_states_and = states.of_others;
	}
	*ret_filter = filter;
	return 0;
}

static int give_error(const struct filter_parser *parser, size_t *ret_position, char **ret_message)
{
	char *message = ret_message ? strdup(parser->message) : NULL;

	if (ret_message && !message)
		return -ENOMEM;
	if (ret_message)
		*ret_message = message;
	if (ret_position)
		*ret_position = parser->error_at;
	return -EINVAL;
}

int filter_parse(const char *expression, const struct row_subject *subject, uint32_t flags,
		 struct estab_filter **ret_filter, size_t *ret_position, char **ret_message)
{
	struct filter_parser parser = {
		.expression = expression,
		.length = strlen(expression),
		.subject = subject,
		.flags = flags,
	};
	struct node *root = filter_parse_tree(&parser);
	int r = parser.error;

	if (r == 0)
		r = compile(&parser, root, ret_filter);
	if (r == -EINVAL)
		r = give_error(&parser, ret_position, ret_message);
	arena_free(&parser.arena);
	return r;
}

struct estab_filter *filter_ref(struct estab_filter *filter)
{
	atomic_fetch_add_explicit(&filter->refs, 1, memory_order_relaxed);
	return filter;
}

struct estab_filter *filter_unref(struct estab_filter *filter)
{
	if (!filter || atomic_fetch_sub_explicit(&filter->refs, 1, memory_order_acq_rel) > 1)
		return NULL;
	for (uint32_t i = 0; i < filter->n_leaves; i++) {
		const struct leaf *leaf = &filter->leaves[i];

		if (leaf->kind == LEAF_REGEX)
			regfree((regex_t *)(uintptr_t)leaf->data);
	}
	free(filter);
	return NULL;
}

const char *filter_expression(const struct estab_filter *filter)
{
	return filter->expression;
}

const struct row_subject *filter_subject(const struct estab_filter *filter)
{
	return filter->subject;
}

uint64_t filter_needs(const struct estab_filter *filter, uint64_t protos)
{
	uint64_t needs = 0;

	for (uint32_t i = 0; i < filter->n_leaves; i++)
		for (unsigned int proto = 0; proto < PLAN_PROTOS; proto++)
			if (protos & BIT64(proto))
				needs |= leaf_needs(&filter->leaves[i], proto);
	return needs;
}

uint32_t filter_states(const struct estab_filter *filter, uint32_t states)
{
	if (!filter->has_words)
		return states;
	return filter->word_states | (states & filter->word_states_and);
}

bool filter_names_state(const struct estab_filter *filter, enum estab_state state)
{
	for (uint32_t i = 0; i < filter->n_leaves; i++) {
		const struct leaf *leaf = &filter->leaves[i];

		/* "all", "connected" and what a not leaves over name none. */
		if (leaf->kind == LEAF_STATE && !(leaf->flags & (LEAF_NEGATE | LEAF_NEGATIVE)) &&
		    leaf->mask & BIT32(state) && __builtin_popcount(leaf->mask) <= STATES_NAMED)
			return true;
	}
	return false;
}

/* Whether the field is read from the row and its owners alone: of others, names may be looked up. */
static bool is_plain(const struct field *field)
{
	switch (field->id) {
	case ESTAB_F_LOCAL_ADDR:
	case ESTAB_F_LOCAL_PORT:
	case ESTAB_F_LOCAL_PATH:
	case ESTAB_F_PEER_ADDR:
	case ESTAB_F_PEER_PORT:
	case ESTAB_F_PEER_PATH:
	case ESTAB_F_UID:
	case ESTAB_F_INODE:
	case ESTAB_F_OWNER_PID:
	case ESTAB_F_OWNER_TID:
	case ESTAB_F_OWNER_FD:
	case ESTAB_F_OWNER_COMM:
	case ESTAB_F_OWNER_UID:
	case ESTAB_F_OWNER_EXE:
	case ESTAB_F_OWNER_CMDLINE:
		return true;
	default:
		return false;
	}
}

bool filter_may_settle(const struct estab_filter *filter)
{
	for (uint32_t i = 0; i < filter->n_leaves; i++) {
		const struct leaf *leaf = &filter->leaves[i];

		if ((leaf->field && !is_plain(leaf->field)) ||
		    (leaf->other && !is_plain(leaf->other)))
			return false;
		/* Any owner will do, unless it stands below a not. */
		if (leaf->needs & NEED_OWNERS && leaf->flags & LEAF_NEGATIVE)
			return false;
	}
	return true;
}

bool filter_needs_auto_ports(const struct estab_filter *filter)
{
	for (uint32_t i = 0; i < filter->n_leaves; i++)
		if (filter->leaves[i].kind == LEAF_AUTOBOUND)
			return true;
	return false;
}

/* ---- for callers ---- */

int estab_filter_parse(const char *expression, struct estab_filter **ret_filter,
		       size_t *ret_position, char **ret_message)
{
	return filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), 0, ret_filter,
			    ret_position, ret_message);
}

int estab_filter_parse_as(const char *expression, uint32_t flags, struct estab_filter **ret_filter,
			  size_t *ret_position, char **ret_message)
{
	static const uint32_t known =
		ESTAB_FILTER_SS | ESTAB_FILTER_UNIX | ESTAB_FILTER_NETLINK | ESTAB_FILTER_PACKET;

	if (flags & ~known)
		return -EINVAL;
	return filter_parse(expression, subject_find(ESTAB_SUBJECT_SOCKETS), flags, ret_filter,
			    ret_position, ret_message);
}

int estab_filter_match(const struct estab_filter *filter, const struct estab_socket *sock)
{
	uint64_t has = sock->ext->env->plan.needs | sock->ext->env->plan.socket_needs;

	for (uint32_t i = 0; i < filter->n_leaves; i++)
		if (leaf_needs(&filter->leaves[i], sock->proto) & ~has)
			return -ENODATA;
	return filter_match(filter, sock);
}

struct estab_filter *estab_filter_ref(struct estab_filter *filter)
{
	return filter_ref(filter);
}

struct estab_filter *estab_filter_unref(struct estab_filter *filter)
{
	return filter_unref(filter);
}
