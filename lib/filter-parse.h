/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * From an expression to a tree. Every function here that returns a node or an error code fails with
 * the parser's error set; whatever is made lives in the parser's arena.
 */
#ifndef ESTAB_FILTER_PARSE_H
#define ESTAB_FILTER_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "filter-code.h"
#include "util.h"

enum {
	FILTER_LENGTH_MAX = 32 * 1024,
	FILTER_DEPTH_MAX = 64,
	FILTER_MESSAGE_MAX = 240,
};

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_OP,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_OPEN,    /* ( */
	TOKEN_CLOSE,   /* ) */
	TOKEN_BRACE,   /* { */
	TOKEN_UNBRACE, /* } */
	TOKEN_COMMA,
};

struct token {
	uint8_t kind;
	uint8_t op;
	bool quoted; /* some of it is: it is no keyword */
	uint32_t at;
	uint32_t end;
	uint32_t length;
	const char *text; /* of a word, without its quotes; terminated */
};

enum node_kind { NODE_LEAF, NODE_AND, NODE_OR, NODE_NOT };

struct node {
	enum node_kind kind;
	struct node *first; /* of its children */
	struct node *last;
	struct node *next; /* of its siblings */
	uint32_t depth;    /* of what is below */
	struct leaf leaf;
};

struct filter_parser {
	const char *expression;
	size_t length;
	const struct row_subject *subject;
	uint32_t flags; /* ESTAB_FILTER_… */
	struct arena arena;
	struct token *tokens; /* the last one is TOKEN_END */
	size_t at;
	unsigned int depth;
	uint32_t n_leaves;
	int error;
	size_t error_at;
	char message[FILTER_MESSAGE_MAX];
};

/* The values behind an operator: one word, or those of a set. */
struct values {
	const struct token *first;
	size_t count; /* every second token, for the commas between them */
};

static inline const struct token *value_at(const struct values *values, size_t index)
{
	return &values->first[2 * index];
}

/* ---- filter-error.c ---- */

/* A list of words, by index; NULL behind the last. */
typedef const char *filter_name_fn(const struct filter_parser *parser, size_t index);

/* Notes the first error only, and returns it. */
int filter_fail(struct filter_parser *parser, size_t at, const char *format, ...) _printf_(3, 4);
int filter_fail_memory(struct filter_parser *parser);
/* "WHAT "word"", with the name that was meant behind it if one of them is near. */
int filter_fail_name(struct filter_parser *parser, const struct token *token, const char *what,
		     filter_name_fn *name);

/* ---- filter-lex.c ---- */

int filter_lex(struct filter_parser *parser);

/* ---- filter-tree.c ---- */

struct node *node_leaf(struct filter_parser *parser, enum leaf_kind kind,
		       const struct field *field);
/* The leaf with a copy of count elements, size bytes in all. */
struct node *node_data(struct filter_parser *parser, struct node *node, const void *data,
		       size_t size, size_t count);
/* Either may be NULL: then, after an error, so is the result. */
struct node *node_join(struct filter_parser *parser, enum node_kind kind, struct node *a,
		       struct node *b);
struct node *node_not(struct filter_parser *parser, struct node *child);
struct node *node_mask(struct filter_parser *parser, enum leaf_kind kind, uint32_t mask);
struct node *node_number(struct filter_parser *parser, const struct field *field,
			 struct range range);
struct node *node_field(struct filter_parser *parser, enum leaf_kind kind, enum estab_field id);

/* ---- filter-parse.c ---- */

/* NULL: everything, or an error. */
struct node *filter_parse_tree(struct filter_parser *parser);
const struct token *filter_token(const struct filter_parser *parser);
const struct token *filter_take(struct filter_parser *parser);
/* Whether the token is this word, unquoted. */
bool token_is(const struct token *token, const char *word);
/* Takes an operator if there is one. */
enum op filter_take_op(struct filter_parser *parser);
/* Takes what an operator compares with; expected says what that is. */
int filter_take_values(struct filter_parser *parser, enum op op, const char *expected,
		       struct values *ret_values);
static inline bool op_turns(enum op op)
{
	return op == OP_NE || op == OP_NOT_IN;
}

/* ---- filter-word.c ---- */

/* A term that begins with one of the words that are no fields; false: it doesn't. */
bool filter_parse_word(struct filter_parser *parser, struct node **ret_node);
/* All words a term may begin with: those, and the subject's fields. */
filter_name_fn filter_word;
/* The subject's field of that name, or of its short form; NULL: it has none. */
const struct field *filter_find_field(const struct filter_parser *parser, const char *name);

/* ---- filter-host.c ---- */

/* What stands behind src, dst and addr; behind sport, dport and port. */
struct node *filter_parse_host(struct filter_parser *parser, bool local, enum op op,
			       const struct values *values);
struct node *filter_parse_port(struct filter_parser *parser, bool local, enum op op,
			       const struct values *values);
struct node *node_device(struct filter_parser *parser, const struct token *token, const char *text);

/* ---- filter-addr.c ---- */

/* Reads an address, with a prefix length behind it or not. raw: an IPv4-mapped one stays as it is.
 * false: it is none, *ret_why says why. */
bool filter_read_prefix(const char *text, bool raw, struct prefix *ret_prefix,
			const char **ret_why);

/* ---- filter-field.c ---- */

/* What stands behind a field's name. */
struct node *filter_parse_field(struct filter_parser *parser, const struct token *name,
				const struct field *field, bool op_optional);
/* Behind "local" and "peer" alone: an address, or a unix socket's name. */
struct node *filter_parse_end(struct filter_parser *parser, const struct token *name, bool local);
/* Behind "exists". */
struct node *filter_parse_exists(struct filter_parser *parser);

/* ---- filter-set.c ---- */

/* false: the field is not of those. */
bool filter_parse_set(struct filter_parser *parser, const struct field *field, enum op op,
		      const struct values *values, struct node **ret_node);

/* ---- filter-text.c ---- */

struct node *filter_parse_text(struct filter_parser *parser, const struct field *field,
			       uint8_t flags, enum op op, const struct values *values);

/* ---- filter-number.c ---- */

/* A number, or a range of them, in the field's unit. */
int filter_read_range(struct filter_parser *parser, const struct token *token,
		      const struct field *field, struct range *ret_range);
/* Decimal, or hexadecimal behind 0x; nothing else. */
bool filter_read_u64(const char *text, uint64_t *ret_value);
int filter_read_real(struct filter_parser *parser, const struct token *token, const char *unit,
		     struct real_range *ret_range);

/* ---- filter-range.c ---- */

/* A port, the name of a service, "*", or a range. */
int filter_read_ports(struct filter_parser *parser, const struct token *token, const char *text,
		      struct range *ret_range);
/* What an operator leaves of a range: "<", "<=", ">", ">=" take its value, which must be one. */
int filter_apply_op(struct filter_parser *parser, const struct token *token, enum op op,
		    struct range *range);
/* Sorts ranges and joins them; turns them around if told to, for which there must be room for one
 * more. Returns how many there are then. */
size_t ranges_settle(struct range *ranges, size_t n, bool turn);

#endif
