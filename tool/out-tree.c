/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Sockets below the processes that hold them, and these below their container or unit where that is
 * known. A socket that several processes hold stands below each of them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "output.h"
#include "util.h"
#include "width.h"

enum { DEPTH_MAX = 2 };

static const char branch[] = "├─ ";
static const char last_branch[] = "└─ ";
static const char trunk[] = "│  ";
static const char no_trunk[] = "   ";

/* A socket below one of its owners. */
struct leaf {
	const struct estab_socket *sock;
	const struct estab_owner *owner; /* NULL: nobody has it */
	size_t at;                       /* the socket's place in the list */
};

struct tree {
	struct output *output;
	enum estab_field units[2]; /* what a process is below: the first that it has */
	struct columns columns;    /* without owners */
	struct leaf *leaves;
	size_t n;
};

struct name {
	const void *bytes;
	size_t length;
};

/* ---- order ---- */

static struct name owner_name(const struct estab_owner *owner, enum estab_field field)
{
	struct name name = { "", 0 };

	estab_owner_get_bytes(owner, field, &name.bytes, &name.length);
	return name;
}

/* The container or the unit; of a socket without an owner, why. */
static struct name top_name(const struct tree *tree, const struct leaf *leaf)
{
	struct name name = { "", 0 };

	if (!leaf->owner) {
		estab_socket_get_bytes(leaf->sock, ESTAB_F_NO_OWNER, &name.bytes, &name.length);
		return name;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tree->units) && name.length == 0; i++)
		name = owner_name(leaf->owner, tree->units[i]);
	return name;
}

static int compare_names(struct name a, struct name b)
{
	int order = memcmp(a.bytes, b.bytes, MIN(a.length, b.length));

	return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static uint64_t owner_number(const struct leaf *leaf, enum estab_field field)
{
	uint64_t number = 0;

	if (leaf->owner)
		estab_owner_get_u64(leaf->owner, field, &number);
	return number;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By process, as one line of the tree: 0 for the same one. */
static int compare_processes(const struct tree *tree, const struct leaf *a, const struct leaf *b)
{
	int order = compare_numbers(!a->owner, !b->owner);

	if (order == 0)
		order = compare_names(top_name(tree, a), top_name(tree, b));
	if (order == 0 && a->owner)
		order = compare_names(owner_name(a->owner, ESTAB_F_OWNER_COMM),
				      owner_name(b->owner, ESTAB_F_OWNER_COMM));
	if (order == 0)
		order = compare_numbers(owner_number(a, ESTAB_F_OWNER_PID),
					owner_number(b, ESTAB_F_OWNER_PID));
	if (order == 0)
		order = compare_numbers(owner_number(a, ESTAB_F_OWNER_TID),
					owner_number(b, ESTAB_F_OWNER_TID));
	return order;
}

static int compare_leaves(const void *left, const void *right, void *arg)
{
	const struct leaf *a = left;
	const struct leaf *b = right;
	int order = compare_processes(arg, a, b);

	if (order == 0)
		order = compare_numbers(a->at, b->at);
	if (order == 0)
		order = compare_numbers(owner_number(a, ESTAB_F_OWNER_FD),
					owner_number(b, ESTAB_F_OWNER_FD));
	return order;
}

/* ---- lines ---- */

static void put_coloured(const struct tree *tree, enum colour colour, const char *text,
			 size_t length)
{
	struct buf *buf = tree->output->buf;

	if (tree->output->term->colour)
		buf_str(buf, term_colour(colour));
	buf_put(buf, text, length);
	if (tree->output->term->colour)
		buf_str(buf, TERM_RESET);
}

static size_t put_scratch(struct tree *tree, const struct column *column,
			  const struct estab_socket *sock)
{
	struct buf *scratch = tree->output->scratch;

	scratch->used = 0;
	cell_put(scratch, column, sock);
	return text_width(scratch->data, scratch->used);
}

/* The line of what leaves are below, which is in scratch. */
static void put_line(struct tree *tree, const char *before)
{
	const struct buf *scratch = tree->output->scratch;

	buf_str(tree->output->buf, before);
	put_coloured(tree, COLOUR_HEADER, scratch->data, scratch->used);
	buf_char(tree->output->buf, '\n');
}

/* A unit. */
static void put_name(struct tree *tree, struct name name)
{
	tree->output->scratch->used = 0;
	buf_escape(tree->output->scratch, name.bytes, name.length);
	put_line(tree, "");
}

/* Why nobody has what stands below. */
static void put_reason(struct tree *tree, struct name reason)
{
	struct buf *scratch = tree->output->scratch;

	scratch->used = 0;
	buf_str(scratch, "no process");
	if (reason.length > 0) {
		buf_str(scratch, " (");
		buf_escape(scratch, reason.bytes, reason.length);
		buf_char(scratch, ')');
	}
	put_line(tree, "");
}

static void put_process(struct tree *tree, const char *before, const struct estab_owner *owner)
{
	tree->output->scratch->used = 0;
	cell_put_process(tree->output->scratch, owner);
	put_line(tree, before);
}

/* Returns how many leaves it was: the same socket again is another descriptor of the process. */
static size_t put_socket(struct tree *tree, size_t first, size_t end)
{
	struct buf *buf = tree->output->buf;
	const struct leaf *leaf = &tree->leaves[first];
	size_t n = 0;
	uint64_t fd;

	for (size_t i = 0; i < tree->columns.n; i++) {
		const struct column *column = &tree->columns.list[i];
		size_t width = put_scratch(tree, column, leaf->sock);

		if (i > 0)
			buf_blanks(buf, 2);
		buf_put(buf, tree->output->scratch->data, tree->output->scratch->used);
		if (i + 1 < tree->columns.n || leaf->owner)
			buf_blanks(buf, column->width > width ? column->width - width : 0);
	}
	for (; first + n < end && tree->leaves[first + n].at == leaf->at; n++) {
		const struct estab_owner *owner = tree->leaves[first + n].owner;

		if (!owner || estab_owner_get_u64(owner, ESTAB_F_OWNER_FD, &fd) < 0)
			continue;
		buf_str(buf, n == 0 ? "  fd " : ",");
		buf_u64(buf, fd);
	}
	buf_char(buf, '\n');
	return n;
}

static void put_sockets(struct tree *tree, size_t first, size_t end, const char *before)
{
	while (first < end) {
		size_t next = first;

		while (next < end && tree->leaves[next].at == tree->leaves[first].at)
			next++;
		buf_str(tree->output->buf, before);
		buf_str(tree->output->buf, next == end ? last_branch : branch);
		first += put_socket(tree, first, end);
	}
}

/* The first leaf from there on that is of another process. */
static size_t end_of_process(const struct tree *tree, size_t first)
{
	size_t end = first + 1;

	while (end < tree->n &&
	       compare_processes(tree, &tree->leaves[first], &tree->leaves[end]) == 0)
		end++;
	return end;
}

static size_t end_of_unit(const struct tree *tree, size_t first)
{
	struct name name = top_name(tree, &tree->leaves[first]);
	size_t end = first + 1;

	while (end < tree->n && !tree->leaves[end].owner == !tree->leaves[first].owner &&
	       compare_names(name, top_name(tree, &tree->leaves[end])) == 0)
		end++;
	return end;
}

static void put_processes(struct tree *tree, size_t first, size_t end, bool below)
{
	while (first < end) {
		size_t next = end_of_process(tree, first);
		bool last = next >= end;

		put_process(tree,
			    !below ? ""
			    : last ? last_branch
				   : branch,
			    tree->leaves[first].owner);
		put_sockets(tree, first, next, !below ? "" : last ? no_trunk : trunk);
		first = next;
	}
}

static void put_all(struct tree *tree)
{
	size_t end;

	for (size_t first = 0; first < tree->n && tree->output->buf->error == 0; first = end) {
		const struct leaf *leaf = &tree->leaves[first];
		struct name name = top_name(tree, leaf);

		end = end_of_unit(tree, first);
		if (!leaf->owner) {
			put_reason(tree, name);
			put_sockets(tree, first, end, "");
		} else if (name.length > 0) {
			put_name(tree, name);
			put_processes(tree, first, end, true);
		} else {
			put_processes(tree, first, end, false);
		}
	}
}

/* ---- the tree ---- */

static int plant(struct tree *tree, const struct estab_snapshot *snapshot)
{
	size_t count = estab_snapshot_count(snapshot);
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += MAX(estab_socket_owner_count(estab_snapshot_get(snapshot, i)), 1u);
	tree->leaves = calloc(MAX(room, (size_t)1), sizeof(*tree->leaves));
	if (!tree->leaves)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct estab_socket *sock = estab_snapshot_get(snapshot, i);
		uint32_t owners = estab_socket_owner_count(sock);

		for (uint32_t j = 0; j < MAX(owners, 1u); j++)
			tree->leaves[tree->n++] =
				(struct leaf){ sock, estab_socket_owner(sock, j), i };
	}
	qsort_r(tree->leaves, tree->n, sizeof(*tree->leaves), compare_leaves, tree);
	return 0;
}

static void choose_columns(struct tree *tree, const struct estab_snapshot *snapshot)
{
	const struct columns *all = tree->output->columns;

	for (size_t i = 0; i < all->n; i++)
		if (all->list[i].group != ESTAB_F_OWNERS)
			tree->columns.list[tree->columns.n++] = all->list[i];
	for (size_t i = 0; i < tree->columns.n; i++) {
		struct column *column = &tree->columns.list[i];

		column->width = 0;
		for (size_t j = 0; j < estab_snapshot_count(snapshot); j++)
			column->width =
				MAX(column->width,
				    put_scratch(tree, column, estab_snapshot_get(snapshot, j)));
	}
}

int output_tree(struct output *output, const struct estab_snapshot *snapshot)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	int error = tree ? 0 : -ENOMEM;

	if (error == 0) {
		tree->output = output;
		tree->units[0] = ESTAB_F_OWNER_CONTAINER;
		tree->units[1] = ESTAB_F_OWNER_UNIT;
		choose_columns(tree, snapshot);
		error = plant(tree, snapshot);
	}
	if (error == 0)
		put_all(tree);
	if (tree)
		free(tree->leaves);
	free(tree);
	return error;
}

int output_tree_ask(struct estab_query *query)
{
	static const enum estab_field fields[] = { ESTAB_F_OWNERS, ESTAB_F_OWNER_CONTAINER,
						   ESTAB_F_OWNER_UNIT };
	int error = 0;

	for (size_t i = 0; error == 0 && i < ARRAY_SIZE(fields); i++)
		error = estab_query_add_field(query, fields[i]);
	return error;
}
