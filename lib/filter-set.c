/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Fields whose value is one of a few words, which are known when the filter is read. */
#include <string.h>
#include <strings.h>

#include "filter-parse.h"
#include "flow.h"

struct word_set {
	enum estab_field field;
	enum leaf_kind kind;
	const char *(*word)(unsigned int number);
	const char *what;
	filter_name_fn *name; /* the same words, without gaps */
};

static const char *nth_word(const char *(*word)(unsigned int number), size_t index)
{
	for (unsigned int number = 0; number < 32; number++)
		if (word(number) && index-- == 0)
			return word(number);
	return NULL;
}

static const char *nth_proto(const struct filter_parser *parser, size_t index)
{
	(void)parser;
	return nth_word(word_proto, index);
}

static const char *nth_family(const struct filter_parser *parser, size_t index)
{
	(void)parser;
	return nth_word(word_family, index);
}

static const char *nth_type(const struct filter_parser *parser, size_t index)
{
	(void)parser;
	return nth_word(word_type, index);
}

static const char *nth_state(const struct filter_parser *parser, size_t index)
{
	(void)parser;
	return nth_word(word_state, index);
}

static const char *nth_status(const struct filter_parser *parser, size_t index)
{
	(void)parser;
	return nth_word(flow_status_word, index);
}

static const struct word_set word_sets[] = {
	{ ESTAB_F_PROTO, LEAF_PROTO, word_proto, "no such protocol", nth_proto },
	{ ESTAB_F_FAMILY, LEAF_FAMILY, word_family, "no such family", nth_family },
	{ ESTAB_F_TYPE, LEAF_TYPE, word_type, "no such type", nth_type },
	{ ESTAB_F_STATE, LEAF_STATE, word_state, "no such state", nth_state },
	{ ESTAB_F_FLOW_STATUS, LEAF_STATUS, flow_status_word, "no such status", nth_status },
};

static struct node *parse_word_set(struct filter_parser *parser, const struct word_set *set,
				   enum op op, const struct values *values)
{
	const struct field *field = field_find(set->field);
	uint32_t mask = 0;
	struct node *node;

	if (op != OP_EQ && op != OP_IN && !op_turns(op))
		return filter_parse_text(parser, field, 0, op, values);
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);
		unsigned int number = 0;

		while (number < 32 &&
		       !(set->word(number) && strcasecmp(set->word(number), token->text) == 0))
			number++;
		if (number == 32) {
			filter_fail_name(parser, token, set->what, set->name);
			return NULL;
		}
		mask |= BIT32(number);
	}
	/* A flow has several at once: it is asked for the bits, and its words need not be made. */
	if (set->kind == LEAF_STATUS) {
		node = node_mask(parser, set->kind, mask);
		if (node && op_turns(op))
			node->leaf.flags |= LEAF_NEGATE;
		return node;
	}
	node = node_mask(parser, set->kind, op_turns(op) ? ~mask : mask);
	if (node)
		node->leaf.needs = field->needs;
	return node;
}

bool filter_parse_set(struct filter_parser *parser, const struct field *field, enum op op,
		      const struct values *values, struct node **ret_node)
{
	/* A flow's protocol is any number. */
	if (field->id == ESTAB_F_PROTO && parser->subject->id != ESTAB_SUBJECT_SOCKETS)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(word_sets); i++) {
		if (word_sets[i].field == field->id) {
			*ret_node = parse_word_set(parser, &word_sets[i], op, values);
			return true;
		}
	}
	return false;
}
