/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Conditions on fields, by what kind a field is of. */
#include <string.h>

#include "filter-parse.h"
#include "plan.h"

/* Kinds that can be compared with one another. */
enum sort_of_value { SORT_NONE, SORT_NUMBER, SORT_TEXT, SORT_ADDR };

static enum sort_of_value sort_of(const struct field *field)
{
	switch (field->kind) {
	case ESTAB_KIND_U64:
	case ESTAB_KIND_I64:
	case ESTAB_KIND_BOOL:
	case ESTAB_KIND_F64:
		return SORT_NUMBER;
	case ESTAB_KIND_STR:
	case ESTAB_KIND_BYTES:
		return SORT_TEXT;
	case ESTAB_KIND_ADDR:
		return SORT_ADDR;
	default:
		return SORT_NONE;
	}
}

/* ---- numbers ---- */

static struct node *parse_reals(struct filter_parser *parser, const struct field *field, enum op op,
				const struct values *values)
{
	struct node *node = node_leaf(parser, LEAF_REAL, field);
	struct real_range *ranges = arena_alloc(&parser->arena, values->count * sizeof(*ranges));

	if (!ranges) {
		filter_fail_memory(parser);
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);
		struct real_range *range = &ranges[i];

		if (filter_read_real(parser, token, field->unit, range) < 0)
			return NULL;
		if (op == OP_EQ || op == OP_IN || op_turns(op))
			continue;
		if (range->low < range->high || op == OP_GLOB || op == OP_NOT_GLOB ||
		    op == OP_REGEX) {
			filter_fail(parser, token->at,
				    "a number is compared with =, !=, <, <=, >, >= or in");
			return NULL;
		}
		range->below_high = op == OP_LT;
		range->above_low = op == OP_GT;
		if (op == OP_LT || op == OP_LE)
			range->low = -__builtin_inf();
		else
			range->high = __builtin_inf();
	}
	if (node && op_turns(op))
		node->leaf.flags |= LEAF_NEGATE;
	return node_data(parser, node, ranges, values->count * sizeof(*ranges), values->count);
}

static struct node *parse_numbers(struct filter_parser *parser, const struct field *field,
				  enum op op, const struct values *values)
{
	struct node *node;
	struct range *ranges;
	size_t n;

	if (field->kind == ESTAB_KIND_F64)
		return parse_reals(parser, field, op, values);
	if (field->kind == ESTAB_KIND_BOOL && op != OP_EQ && op != OP_NE) {
		filter_fail(parser, values->first->at,
			    "%s is true or false: compare with = or !=", field->name);
		return NULL;
	}
	node = node_leaf(parser, LEAF_NUMBER, field);
	ranges = arena_alloc(&parser->arena, (values->count + 1) * sizeof(*ranges));
	if (!ranges) {
		filter_fail_memory(parser);
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);

		if (filter_read_range(parser, token, field, &ranges[i]) < 0 ||
		    filter_apply_op(parser, token, op, &ranges[i]) < 0)
			return NULL;
	}
	n = ranges_settle(ranges, values->count, op_turns(op));
	return node_data(parser, node, ranges, n * sizeof(*ranges), n);
}

/* ---- addresses ---- */

static struct node *parse_addrs(struct filter_parser *parser, const struct field *field, enum op op,
				const struct values *values)
{
	struct node *node = node_leaf(parser, LEAF_ADDR, field);
	struct prefix *prefixes = arena_alloc(&parser->arena, values->count * sizeof(*prefixes));

	if (!prefixes) {
		filter_fail_memory(parser);
		return NULL;
	}
	if (op != OP_EQ && op != OP_IN && !op_turns(op)) {
		filter_fail(parser, values->first->at, "an address is compared with =, != or in");
		return NULL;
	}
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);
		const char *why;

		if (!filter_read_prefix(token->text, false, &prefixes[i], &why)) {
			filter_fail(parser, token->at, "%s", why);
			return NULL;
		}
	}
	if (node && op_turns(op))
		node->leaf.flags |= LEAF_NEGATE;
	return node_data(parser, node, prefixes, values->count * sizeof(*prefixes), values->count);
}

/* ---- users ---- */

static bool is_number(const struct token *token)
{
	return !token->quoted && token->length > 0 &&
	       token->text[strspn(token->text, "0123456789")] == '\0';
}

static enum estab_field uid_of(enum estab_field user)
{
	switch (user) {
	case ESTAB_F_OWNER_USER:
		return ESTAB_F_OWNER_UID;
	case ESTAB_F_PEER_OWNER_USER:
		return ESTAB_F_PEER_OWNER_UID;
	case ESTAB_F_LISTENER_OWNER_USER:
		return ESTAB_F_LISTENER_OWNER_UID;
	default:
		return ESTAB_F_UID;
	}
}

/* A number is a user id, and needs no name. */
static struct node *parse_users(struct filter_parser *parser, const struct field *field, enum op op,
				const struct values *values)
{
	const struct field *uid = field_find(uid_of(field->id));
	enum node_kind join = op_turns(op) ? NODE_AND : NODE_OR;
	struct node *node = NULL;
	bool numbers = false;

	for (size_t i = 0; i < values->count; i++)
		numbers |= is_number(value_at(values, i));
	if (!numbers || op == OP_GLOB || op == OP_NOT_GLOB || op == OP_REGEX)
		return filter_parse_text(parser, field, 0, op, values);
	if (values->count == 1)
		return parse_numbers(parser, uid, op, values);
	for (size_t i = 0; i < values->count; i++) {
		struct values one = { value_at(values, i), 1 };
		struct node *next = is_number(one.first)
					    ? parse_numbers(parser, uid, op, &one)
					    : filter_parse_text(parser, field, 0, op, &one);

		node = i == 0 ? next : node_join(parser, join, node, next);
	}
	return node;
}

/* ---- two fields ---- */

/* The field that a value names, of the same sort as this one; NULL: it is a plain value. */
static const struct field *other_field(const struct filter_parser *parser,
				       const struct field *field, const struct values *values)
{
	const struct field *other;
	const struct token *token = values->first;

	if (values->count != 1 || token->quoted)
		return NULL;
	if (sort_of(field) == SORT_ADDR && token_is(token, "local"))
		return filter_find_field(parser, "local.addr");
	if (sort_of(field) == SORT_ADDR && token_is(token, "peer"))
		return filter_find_field(parser, "peer.addr");
	other = filter_find_field(parser, token->text);
	return other && sort_of(other) == sort_of(field) ? other : NULL;
}

static struct node *fields_node(struct filter_parser *parser, const struct token *at,
				const struct field *field, enum op op, const struct field *other)
{
	bool number = sort_of(field) == SORT_NUMBER;
	struct node *node;

	if (op != OP_EQ && op != OP_NE && (!number || op < OP_LT || op > OP_GE)) {
		filter_fail(parser, at->at, "%s is a field: compare with = or !=%s (or quote it)",
			    other->name, number ? ", <, <=, >, >=" : "");
		return NULL;
	}
	if (field->unit && other->unit && strcmp(field->unit, other->unit) != 0) {
		filter_fail(parser, at->at, "%s counts %s and %s %s", field->name, field->unit,
			    other->name, other->unit);
		return NULL;
	}
	node = node_leaf(parser, LEAF_FIELDS, field);
	if (node) {
		node->leaf.other = other;
		node->leaf.op = (uint8_t)op;
		node->leaf.needs |= other->needs;
	}
	return node;
}

/* ---- any field ---- */

static const char *expected_value(const struct field *field)
{
	switch (sort_of(field)) {
	case SORT_ADDR:
		return "an address, as 192.0.2.1 or 10.0.0.0/8";
	case SORT_NUMBER:
		return field->kind == ESTAB_KIND_BOOL ? "true or false" : "a number";
	default:
		return "a text";
	}
}

/* A field of another sort is nothing to compare with, and no value either. The name of a service may
 * be any word. */
static bool refuse_other_sort(struct filter_parser *parser, const struct field *field,
			      const struct values *values)
{
	const struct token *token = values->first;
	const struct field *other;

	if (values->count != 1 || token->quoted || sort_of(field) == SORT_TEXT ||
	    field->id == ESTAB_F_LOCAL_PORT || field->id == ESTAB_F_PEER_PORT)
		return false;
	other = filter_find_field(parser, token->text);
	if (!other)
		return false;
	filter_fail(parser, token->at, "%s is not %s, as %s is", other->name,
		    sort_of(field) == SORT_ADDR ? "an address" : "a number", field->name);
	return true;
}

static struct node *compare(struct filter_parser *parser, const struct field *field, enum op op,
			    const struct values *values)
{
	const struct field *other = other_field(parser, field, values);
	struct node *node;

	if (other && op != OP_GLOB && op != OP_NOT_GLOB && op != OP_REGEX)
		return fields_node(parser, values->first, field, op, other);
	if (!other && refuse_other_sort(parser, field, values))
		return NULL;
	if (filter_parse_set(parser, field, op, values, &node))
		return node;
	if (field->id == ESTAB_F_USER || field->get_owner == get_owner_user)
		return parse_users(parser, field, op, values);
	switch (sort_of(field)) {
	case SORT_NUMBER:
		return parse_numbers(parser, field, op, values);
	case SORT_ADDR:
		return parse_addrs(parser, field, op, values);
	default:
		return filter_parse_text(parser, field, 0, op, values);
	}
}

struct node *filter_parse_field(struct filter_parser *parser, const struct token *name,
				const struct field *field, bool op_optional)
{
	struct values values;
	enum op op;

	if (sort_of(field) == SORT_NONE) {
		filter_fail(parser, name->at, "%s has no value of its own: name a field below it",
			    field->name);
		return NULL;
	}
	op = filter_take_op(parser);
	if (op == OP_NONE && field->kind == ESTAB_KIND_BOOL)
		return node_number(parser, field, (struct range){ 1, 1 });
	if (op == OP_NONE && !op_optional) {
		filter_fail(parser, filter_token(parser)->at, "expected an operator behind %s",
			    field->name);
		return NULL;
	}
	if (op == OP_NONE)
		op = OP_EQ;
	if (filter_take_values(parser, op, expected_value(field), &values) < 0)
		return NULL;
	return compare(parser, field, op, &values);
}

/* ---- ends ---- */

static bool looks_like_addr(const struct values *values)
{
	struct prefix prefix;
	const char *why;

	return filter_read_prefix(values->first->text, false, &prefix, &why);
}

struct node *filter_parse_end(struct filter_parser *parser, const struct token *name, bool local)
{
	const struct field *addr = field_find(local ? ESTAB_F_LOCAL_ADDR : ESTAB_F_PEER_ADDR);
	const struct field *path = field_find(local ? ESTAB_F_LOCAL_PATH : ESTAB_F_PEER_PATH);
	enum op op = filter_take_op(parser);
	struct values values;
	const char *text;

	if (op == OP_NONE) {
		filter_fail(parser, filter_token(parser)->at, "expected an operator behind %s",
			    name->text);
		return NULL;
	}
	if (filter_take_values(parser, op, "an address, or a unix socket's name", &values) < 0)
		return NULL;
	text = values.first->text;
	if ((op == OP_EQ || op == OP_NE) && values.count == 1 && !values.first->quoted &&
	    (strcmp(text, "local") == 0 || strcmp(text, "peer") == 0)) {
		bool other = strcmp(text, "local") == 0;
		struct node *addrs =
			fields_node(parser, values.first, addr, op,
				    field_find(other ? ESTAB_F_LOCAL_ADDR : ESTAB_F_PEER_ADDR));

		return node_join(
			parser, NODE_OR, addrs,
			fields_node(parser, values.first, path, op,
				    field_find(other ? ESTAB_F_LOCAL_PATH : ESTAB_F_PEER_PATH)));
	}
	if (op != OP_GLOB && op != OP_NOT_GLOB && op != OP_REGEX) {
		bool named = values.first->quoted || *text == '/' || *text == '@';

		if (other_field(parser, addr, &values) || !named || looks_like_addr(&values))
			return compare(parser, addr, op, &values);
	}
	return filter_parse_text(parser, path, LEAF_SHOWN, op, &values);
}

static struct node *exists_leaf(struct filter_parser *parser, enum estab_field id)
{
	return node_field(parser, LEAF_EXISTS, id);
}

struct node *filter_parse_exists(struct filter_parser *parser)
{
	const struct token *token = filter_take(parser);
	const struct field *field;

	if (token->kind != TOKEN_WORD || token->quoted) {
		filter_fail(parser, token->at, "expected a field");
		return NULL;
	}
	field = filter_find_field(parser, token->text);
	if (!field) {
		filter_fail_name(parser, token, "no such field", filter_word);
		return NULL;
	}
	switch (field->id) {
	case ESTAB_F_OWNERS:
		return exists_leaf(parser, ESTAB_F_OWNER_PID);
	case ESTAB_F_PEER_OWNERS:
		return exists_leaf(parser, ESTAB_F_PEER_OWNER_PID);
	case ESTAB_F_LISTENER_OWNERS:
		return exists_leaf(parser, ESTAB_F_LISTENER_OWNER_PID);
	case ESTAB_F_LOCAL:
		return node_join(parser, NODE_OR, exists_leaf(parser, ESTAB_F_LOCAL_ADDR),
				 exists_leaf(parser, ESTAB_F_LOCAL_PATH));
	case ESTAB_F_PEER:
		return node_join(parser, NODE_OR, exists_leaf(parser, ESTAB_F_PEER_ADDR),
				 exists_leaf(parser, ESTAB_F_PEER_PATH));
	default:
		break;
	}
	if (sort_of(field) == SORT_NONE) {
		filter_fail(parser, token->at, "%s has no value of its own: name a field below it",
			    token->text);
		return NULL;
	}
	return exists_leaf(parser, field->id);
}
