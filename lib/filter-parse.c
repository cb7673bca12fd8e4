/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The grammar: what stands between the conditions. */
#include "filter-parse.h"

#include <string.h>

#include "filter.h"
#include "plan.h"

const struct token *filter_token(const struct filter_parser *parser)
{
	return &parser->tokens[parser->at];
}

const struct token *filter_take(struct filter_parser *parser)
{
	const struct token *token = filter_token(parser);

	if (token->kind != TOKEN_END)
		parser->at++;
	return token;
}

bool token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_WORD && !token->quoted && strcmp(token->text, word) == 0;
}

enum op filter_take_op(struct filter_parser *parser)
{
	static const struct {
		const char *word;
		enum op op;
	} words[] = {
		{ "eq", OP_EQ }, { "ne", OP_NE },  { "neq", OP_NE }, { "gt", OP_GT },
		{ "lt", OP_LT }, { "ge", OP_GE },  { "geq", OP_GE }, { "le", OP_LE },
		{ "in", OP_IN }, { "leq", OP_LE },
	};
	const struct token *token = filter_token(parser);

	if (token->kind == TOKEN_OP) {
		parser->at++;
		return (enum op)token->op;
	}
	if (token->kind == TOKEN_NOT && token_is(token + 1, "in")) {
		parser->at += 2;
		return OP_NOT_IN;
	}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (token_is(token, words[i].word)) {
			parser->at++;
			return words[i].op;
		}
	}
	return OP_NONE;
}

int filter_take_values(struct filter_parser *parser, enum op op, const char *expected,
		       struct values *ret_values)
{
	const struct token *token = filter_take(parser);
	bool set = token->kind == TOKEN_BRACE;

	if (set && op != OP_IN && op != OP_NOT_IN)
		return filter_fail(parser, token->at, "a set stands behind \"in\"; expected %s",
				   expected);
	if (set)
		token = filter_take(parser);
	*ret_values = (struct values){ token, 1 };
	for (;;) {
		if (token->kind != TOKEN_WORD)
			return filter_fail(
				parser, token->at, "expected %s%s", expected,
				token->kind == TOKEN_END
					? ""
					: " (a value that is a keyword or a sign is quoted)");
		if (!set)
			return 0;
		token = filter_take(parser);
		if (token->kind == TOKEN_UNBRACE)
			return 0;
		if (token->kind != TOKEN_COMMA)
			return filter_fail(parser, token->at, "expected , or }");
		token = filter_take(parser);
		ret_values->count++;
	}
}

/* What is wrong, and what a state word inside a condition's place is told. */
static struct node *fail_term(struct filter_parser *parser, const struct token *token)
{
	if (token->kind == TOKEN_WORD && !token->quoted)
		filter_fail_name(parser, token, "no such field or word", filter_word);
	else
		filter_fail(parser, token->at,
			    "expected a condition: a field or a word as dport, src, state");
	return NULL;
}

/* Every leaf knows what it was made from. */
static void mark_source(struct node *node, uint32_t at, uint32_t end)
{
	if (node->kind == NODE_LEAF) {
		node->leaf.at = at;
		node->leaf.length = end - at;
	}
	for (struct node *child = node->first; child; child = child->next)
		mark_source(child, at, end);
}

static struct node *parse_term(struct filter_parser *parser)
{
	const struct token *token = filter_token(parser);
	struct node *node = NULL;
	const struct field *field;

	if (token->kind != TOKEN_WORD || token->quoted)
		return fail_term(parser, token);
	if (!filter_parse_word(parser, &node)) {
		field = filter_find_field(parser, token->text);
		if (!field)
			return fail_term(parser, token);
		parser->at++;
		node = filter_parse_field(parser, token, field, false);
	}
	if (node)
		mark_source(node, token->at, parser->tokens[parser->at - 1].end);
	return node;
}

static struct node *parse_or(struct filter_parser *parser);

static struct node *parse_parentheses(struct filter_parser *parser)
{
	struct node *node;

	parser->at++;
	node = parse_or(parser);
	if (!node)
		return NULL;
	if (filter_token(parser)->kind != TOKEN_CLOSE) {
		filter_fail(parser, filter_token(parser)->at, "expected ) or another condition");
		return NULL;
	}
	parser->at++;
	return node;
}

/* One condition, with the nots before it, or what is in parentheses. */
static struct node *parse_unary(struct filter_parser *parser)
{
	bool negated = false;
	struct node *node;

	while (filter_token(parser)->kind == TOKEN_NOT) {
		negated = !negated;
		parser->at++;
	}
	if (filter_token(parser)->kind == TOKEN_OPEN) {
		if (++parser->depth > FILTER_DEPTH_MAX) {
			filter_fail(parser, filter_token(parser)->at,
				    "parentheses within parentheses: at most %d deep",
				    FILTER_DEPTH_MAX);
			return NULL;
		}
		node = parse_parentheses(parser);
		parser->depth--;
	} else {
		node = parse_term(parser);
	}
	return negated ? node_not(parser, node) : node;
}

static bool begins_term(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_NOT || token->kind == TOKEN_OPEN;
}

/* Not one in parentheses, nor behind a not. */
static bool is_state_word(const struct token *first, const struct node *node)
{
	return first->kind == TOKEN_WORD && node->kind == NODE_LEAF && node->leaf.flags & LEAF_WORD;
}

/* State words that stand side by side are one, as in ss(8): "state A state B" is either. Returns
 * whether the second was taken up by the first. */
static bool join_states(const struct filter_parser *parser, struct node *before,
			const struct token *word, const struct node *node)
{
	struct leaf *leaf = before ? &before->leaf : NULL;

	if (!leaf || !is_state_word(word, node))
		return false;
	/* The mask of "exclude" is what it leaves. */
	if (token_is(word, "exclude") || token_is(word, "excl"))
		leaf->mask &= node->leaf.mask;
	else
		leaf->mask |= node->leaf.mask;
	leaf->length = parser->tokens[parser->at - 1].end - leaf->at;
	return true;
}

/*
 * Conditions with nothing between them. The first state word takes up those that follow in the row,
 * whatever stands between.
 */
static struct node *parse_row(struct filter_parser *parser)
{
	struct node *states = NULL;
	struct node *node = NULL;

	do {
		const struct token *word = filter_token(parser);
		struct node *next = parse_unary(parser);

		if (!next)
			return NULL;
		if (join_states(parser, states, word, next))
			continue;
		if (!states && is_state_word(word, next))
			states = next;
		node = node ? node_join(parser, NODE_AND, node, next) : next;
	} while (node && begins_term(filter_token(parser)));
	return node;
}

static struct node *parse_and(struct filter_parser *parser)
{
	struct node *node = parse_row(parser);

	while (node && filter_token(parser)->kind == TOKEN_AND) {
		parser->at++;
		node = node_join(parser, NODE_AND, node, parse_row(parser));
	}
	return node;
}

/* ss(8) reads "a or b and c" as "(a or b) and c", and a condition without anything before it as one
 * behind "and". */
static struct node *parse_alike(struct filter_parser *parser)
{
	struct node *node = parse_row(parser);

	while (node) {
		enum token_kind kind = filter_token(parser)->kind;

		if (kind == TOKEN_AND || kind == TOKEN_OR)
			parser->at++;
		else if (!begins_term(filter_token(parser)))
			break;
		node = node_join(parser, kind == TOKEN_OR ? NODE_OR : NODE_AND, node,
				 parse_unary(parser));
	}
	return node;
}

static struct node *parse_or(struct filter_parser *parser)
{
	struct node *node;

	if (parser->flags & ESTAB_FILTER_SS)
		return parse_alike(parser);
	node = parse_and(parser);
	while (node && filter_token(parser)->kind == TOKEN_OR) {
		parser->at++;
		node = node_join(parser, NODE_OR, node, parse_and(parser));
	}
	return node;
}

struct node *filter_parse_tree(struct filter_parser *parser)
{
	const struct token *token;
	struct node *node;

	if (filter_lex(parser) < 0 || filter_token(parser)->kind == TOKEN_END)
		return NULL;
	node = parse_or(parser);
	token = filter_token(parser);
	if (node && token->kind != TOKEN_END) {
		filter_fail(parser, token->at,
			    token->kind == TOKEN_CLOSE ? "there is no ( for this )"
						       : "expected and, or, or a condition");
		return NULL;
	}
	return node;
}
