/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Texts in a filter: the same bytes, shell patterns, regular expressions. */
#include <regex.h>
#include <string.h>

#include "filter-parse.h"

enum {
	PATTERN_MAX = 1024,
	/* How often a regular expression may repeat a part by number, all such multiplied, and with
	 * each "+" behind a part that is one of several, or repeated, for twice: glibc copies it. */
	REPEATS_MAX = 1000,
	COMM_MAX = 15, /* TASK_COMM_LEN without its NUL */
};

/* One behind another, each from a multiple of four on. */
static struct node *word_list(struct filter_parser *parser, struct node *node,
			      const struct field *field, const struct values *values)
{
	size_t size = 0;
	char *data;

	for (size_t i = 0; i < values->count; i++)
		size += sizeof(struct word_list) + ((value_at(values, i)->length + 3) & ~3u);
	data = arena_alloc(&parser->arena, size);
	if (!data) {
		filter_fail_memory(parser);
		return NULL;
	}
	memset(data, 0, size);
	size = 0;
	for (size_t i = 0; i < values->count; i++) {
		const struct token *token = value_at(values, i);
		struct word_list *word = (struct word_list *)(void *)(data + size);

		word->length = token->length;
		/* The kernel keeps no more of a name. */
		if (field->get_owner == get_owner_comm)
			word->length = MIN(word->length, (uint32_t)COMM_MAX);
		memcpy(word->bytes, token->text, word->length);
		size += word_list_step(word);
	}
	return node_data(parser, node, data, size, values->count);
}

/* What a bracket expression holds is no operator; returns where it ends. */
static const char *skip_bracket(const char *at)
{
	at += at[1] == '^' ? 2 : 1;
	if (*at == ']')
		at++;
	while (*at != '\0' && *at != ']') {
		if (*at == '[' && at[1] != '\0' && strchr(".:=", at[1])) {
			char close[3] = { at[1], ']', '\0' };
			const char *end = strstr(at + 2, close);

			at = end ? end + 1 : at;
		}
		at++;
	}
	return *at == ']' ? at + 1 : at;
}

/* Multiplies *repeats by what "{m,n}" says; compound: of what "{m,}" makes one copy more. */
static const char *count_repeats(const char *at, bool compound, uint64_t *repeats)
{
	uint64_t most = 1;

	for (at++; *at != '\0' && *at != '}';) {
		uint64_t number = 0;

		for (; *at >= '0' && *at <= '9'; at++)
			number =
				MIN(number * 10 + (uint64_t)(*at - '0'), (uint64_t)REPEATS_MAX + 1);
		most = MAX(most, number);
		if (*at != '\0' && *at != '}')
			at++;
	}
	if (compound && at[-1] == ',')
		most++;
	*repeats = MIN(*repeats * most, (uint64_t)REPEATS_MAX + 1);
	return at;
}

/* What would take regcomp(3) or regexec(3) more time or memory than anyone means. NULL: nothing. */
static const char *find_excess(const char *pattern)
{
	bool compound = false; /* what stands before is a group, or repeated */
	uint64_t repeats = 1;
	const char *at = pattern;

	while (*at != '\0') {
		bool was_compound = compound;

		compound = strchr(")*+?}", *at) != NULL;
		switch (*at) {
		case '\\':
			if (at[1] >= '1' && at[1] <= '9')
				return "back references are not taken";
			at += at[1] == '\0' ? 1 : 2;
			break;
		case '[':
			at = skip_bracket(at);
			break;
		case '{':
			at = count_repeats(at, was_compound, &repeats);
			break;
		case '+':
			if (was_compound)
				repeats = MIN(repeats * 2, (uint64_t)REPEATS_MAX + 1);
			at++;
			break;
		default:
			at++;
			break;
		}
	}
	return repeats > REPEATS_MAX ? "the expression repeats too much" : NULL;
}

static struct node *regex_node(struct filter_parser *parser, const struct field *field,
			       const struct token *token)
{
	const char *excess = find_excess(token->text);
	char why[120];
	regex_t regex;
	int r;

	if (excess) {
		filter_fail(parser, token->at, "%s", excess);
		return NULL;
	}
	/* It is compiled again when the filter is made: only then is there a place for it. */
	r = regcomp(&regex, token->text, REG_EXTENDED | REG_NOSUB);
	if (r == REG_ESPACE) {
		filter_fail_memory(parser);
		return NULL;
	}
	if (r != 0) {
		regerror(r, &regex, why, sizeof(why));
		filter_fail(parser, token->at, "not a regular expression: %s", why);
		return NULL;
	}
	regfree(&regex);
	return node_data(parser, node_leaf(parser, LEAF_REGEX, field), token->text,
			 token->length + 1, 1);
}

struct node *filter_parse_text(struct filter_parser *parser, const struct field *field,
			       uint8_t flags, enum op op, const struct values *values)
{
	const struct token *token = values->first;
	struct node *node;

	if (token->length > PATTERN_MAX && (op == OP_GLOB || op == OP_NOT_GLOB || op == OP_REGEX)) {
		filter_fail(parser, token->at, "a pattern has at most %d bytes", PATTERN_MAX);
		return NULL;
	}
	switch (op) {
	case OP_EQ:
	case OP_NE:
	case OP_IN:
	case OP_NOT_IN:
		node = word_list(parser, node_leaf(parser, LEAF_TEXT, field), field, values);
		break;
	case OP_GLOB:
	case OP_NOT_GLOB:
		node = node_data(parser, node_leaf(parser, LEAF_GLOB, field), token->text,
				 token->length, 1);
		break;
	case OP_REGEX:
		node = regex_node(parser, field, token);
		break;
	default:
		filter_fail(parser, token->at, "%s is a text, compared with =, !=, in, ~ or =~",
			    field->name);
		return NULL;
	}
	if (node) {
		node->leaf.flags |= flags;
		if (op_turns(op) || op == OP_NOT_GLOB)
			node->leaf.flags |= LEAF_NEGATE;
	}
	return node;
}
