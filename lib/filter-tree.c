/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <string.h>

#include "filter-parse.h"
#include "plan.h"

static struct node *node_new(struct filter_parser *parser, enum node_kind kind)
{
	struct node *node = parser->error < 0 ? NULL : arena_alloc(&parser->arena, sizeof(*node));

	if (!node) {
		filter_fail_memory(parser);
		return NULL;
	}
	*node = (struct node){ .kind = kind };
	return node;
}

struct node *node_leaf(struct filter_parser *parser, enum leaf_kind kind, const struct field *field)
{
	struct node *node;

	if (parser->n_leaves == LEAVES_MAX) {
		filter_fail(parser, filter_token(parser)->at, "a filter has at most %d conditions",
			    LEAVES_MAX);
		return NULL;
	}
	node = node_new(parser, NODE_LEAF);
	if (!node)
		return NULL;
	parser->n_leaves++;
	node->leaf = (struct leaf){
		.kind = (uint8_t)kind,
		.field = field,
		.needs = field ? field->needs : 0,
	};
	return node;
}

struct node *node_data(struct filter_parser *parser, struct node *node, const void *data,
		       size_t size, size_t count)
{
	if (!node)
		return NULL;
	node->leaf.data = arena_copy(&parser->arena, data, size);
	node->leaf.size = (uint32_t)size;
	node->leaf.count = (uint32_t)count;
	if (!node->leaf.data) {
		filter_fail_memory(parser);
		return NULL;
	}
	return node;
}

static void node_add(struct node *parent, struct node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->depth = MAX(parent->depth, child->depth + 1);
}

struct node *node_join(struct filter_parser *parser, enum node_kind kind, struct node *a,
		       struct node *b)
{
	struct node *node = a;

	if (!a || !b)
		return NULL;
	if (a->kind != kind) {
		node = node_new(parser, kind);
		if (!node)
			return NULL;
		node_add(node, a);
	}
	node_add(node, b);
	/* Only ss(8)'s reading can go this deep without parentheses. */
	if (node->depth > 4 * FILTER_DEPTH_MAX) {
		filter_fail(parser, filter_token(parser)->at, "and and or alternate too often");
		return NULL;
	}
	return node;
}

struct node *node_not(struct filter_parser *parser, struct node *child)
{
	struct node *node = child ? node_new(parser, NODE_NOT) : NULL;

	if (node)
		node_add(node, child);
	return node;
}

struct node *node_mask(struct filter_parser *parser, enum leaf_kind kind, uint32_t mask)
{
	struct node *node = node_leaf(parser, kind, NULL);

	if (node)
		node->leaf.mask = mask;
	return node;
}

struct node *node_field(struct filter_parser *parser, enum leaf_kind kind, enum estab_field id)
{
	return node_leaf(parser, kind, field_find(id));
}

struct node *node_number(struct filter_parser *parser, const struct field *field,
			 struct range range)
{
	struct node *node = node_leaf(parser, LEAF_NUMBER, field);

	return node_data(parser, node, &range, sizeof(range), 1);
}
