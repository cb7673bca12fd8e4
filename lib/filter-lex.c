/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* An expression cut into tokens. */
#include <string.h>

#include "filter-parse.h"

struct lexer {
	struct filter_parser *parser;
	const char *at;
	const char *end;
	char *room; /* for the words */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What means something by itself, wherever it stands. */
static bool is_special(char c)
{
	return c != '\0' && strchr("(){},=<>&|~", c);
}

static const struct {
	const char *text;
	uint8_t kind;
	uint8_t op;
} signs[] = {
	/* The longer ones first. */
	{ "==", TOKEN_OP, OP_EQ },       { "=~", TOKEN_OP, OP_REGEX },
	{ "=", TOKEN_OP, OP_EQ },        { "!=", TOKEN_OP, OP_NE },
	{ "!~", TOKEN_OP, OP_NOT_GLOB }, { "!", TOKEN_NOT, OP_NONE },
	{ "<=", TOKEN_OP, OP_LE },       { "<", TOKEN_OP, OP_LT },
	{ ">=", TOKEN_OP, OP_GE },       { ">", TOKEN_OP, OP_GT },
	{ "~", TOKEN_OP, OP_GLOB },      { "&&", TOKEN_AND, OP_NONE },
	{ "&", TOKEN_AND, OP_NONE },     { "||", TOKEN_OR, OP_NONE },
	{ "|", TOKEN_OR, OP_NONE },      { "(", TOKEN_OPEN, OP_NONE },
	{ ")", TOKEN_CLOSE, OP_NONE },   { "{", TOKEN_BRACE, OP_NONE },
	{ "}", TOKEN_UNBRACE, OP_NONE }, { ",", TOKEN_COMMA, OP_NONE },
};

static const struct {
	const char *text;
	uint8_t kind;
} keywords[] = {
	{ "and", TOKEN_AND },
	{ "or", TOKEN_OR },
	{ "not", TOKEN_NOT },
};

static bool lex_sign(struct lexer *lexer, struct token *token)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		size_t length = strlen(signs[i].text);

		if ((size_t)(lexer->end - lexer->at) >= length &&
		    memcmp(lexer->at, signs[i].text, length) == 0) {
			token->kind = signs[i].kind;
			token->op = signs[i].op;
			lexer->at += length;
			return true;
		}
	}
	return false;
}

/* What is between quotes; "…" knows \" and \\, '…' nothing. */
static int lex_quoted(struct lexer *lexer, char **out)
{
	const char *start = lexer->at;
	char quote = *lexer->at++;

	for (;; lexer->at++) {
		if (lexer->at == lexer->end)
			return filter_fail(lexer->parser,
					   (size_t)(start - lexer->parser->expression),
					   "expected a closing %c", quote);
		if (*lexer->at == quote)
			break;
		if (quote == '"' && *lexer->at == '\\' && lexer->at + 1 < lexer->end &&
		    (lexer->at[1] == '"' || lexer->at[1] == '\\'))
			lexer->at++;
		*(*out)++ = *lexer->at;
	}
	lexer->at++;
	return 0;
}

static bool ends_word(const struct lexer *lexer)
{
	const char *at = lexer->at;

	if (at == lexer->end || is_blank(*at) || is_special(*at))
		return true;
	return *at == '!' && at + 1 < lexer->end && (at[1] == '=' || at[1] == '~');
}

static int lex_word(struct lexer *lexer, struct token *token)
{
	char *text = lexer->room;
	char *out = text;

	while (!ends_word(lexer)) {
		char c = *lexer->at;

		if (c == '"' || c == '\'') {
			token->quoted = true;
			if (lex_quoted(lexer, &out) < 0)
				return lexer->parser->error;
			continue;
		}
		/* A backslash that makes the next byte a plain one is not part of the word; any
		 * other may be a pattern's. */
		if (c == '\\' && lexer->at + 1 < lexer->end &&
		    (is_blank(lexer->at[1]) || is_special(lexer->at[1]) ||
		     strchr("'\"!", lexer->at[1])))
			c = *++lexer->at;
		*out++ = c;
		lexer->at++;
	}
	*out = '\0';
	lexer->room = out + 1;
	token->kind = TOKEN_WORD;
	token->text = text;
	token->length = (uint32_t)(out - text);
	for (size_t i = 0; !token->quoted && i < ARRAY_SIZE(keywords); i++)
		if (strcmp(text, keywords[i].text) == 0)
			token->kind = keywords[i].kind;
	return 0;
}

int filter_lex(struct filter_parser *parser)
{
	struct lexer lexer = {
		.parser = parser,
		.at = parser->expression,
		.end = parser->expression + parser->length,
	};
	size_t n = 0;

	if (parser->length > FILTER_LENGTH_MAX)
		return filter_fail(parser, FILTER_LENGTH_MAX, "a filter has at most %d bytes",
				   FILTER_LENGTH_MAX);
	/* A token takes a byte at least; a word is never longer than what it is made of, and has a
	 * NUL besides. */
	parser->tokens = arena_alloc(&parser->arena, (parser->length + 1) * sizeof(struct token));
	lexer.room = arena_alloc(&parser->arena, 2 * parser->length + 1);
	if (!parser->tokens || !lexer.room)
		return filter_fail_memory(parser);
	for (;;) {
		struct token *token = &parser->tokens[n++];

		while (lexer.at < lexer.end && is_blank(*lexer.at))
			lexer.at++;
		*token = (struct token){ .at = (uint32_t)(lexer.at - parser->expression) };
		if (lexer.at < lexer.end && !lex_sign(&lexer, token) && lex_word(&lexer, token) < 0)
			return parser->error;
		token->end = (uint32_t)(lexer.at - parser->expression);
		if (token->kind == TOKEN_END)
			return 0;
	}
}
