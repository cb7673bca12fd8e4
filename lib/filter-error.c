/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What is wrong with an expression, and what may have been meant. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "filter-parse.h"
#include "text.h"

int filter_fail(struct filter_parser *parser, size_t at, const char *format, ...)
{
	va_list args;

	if (parser->error < 0)
		return parser->error;
	parser->error = -EINVAL;
	parser->error_at = at;
	va_start(args, format);
	vsnprintf(parser->message, sizeof(parser->message), format, args);
	va_end(args);
	return parser->error;
}

int filter_fail_memory(struct filter_parser *parser)
{
	if (parser->error == 0)
		parser->error = -ENOMEM;
	return parser->error;
}

enum { NAME_MAX_COMPARED = 48 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = MIN(a, b);

	return MIN(ab, c);
}

/* How many bytes must be put in, left out, changed or swapped with the next (Damerau, without
 * changing what was swapped). */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t rows[3][NAME_MAX_COMPARED + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least(last[j] + 1, now[j - 1] + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = MIN(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[m];
}

/* Whether the word is all that stands behind the name's last dot. */
static bool is_last_part(const char *word, const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot + 1, word) == 0;
}

static size_t common_begin(const char *a, const char *b)
{
	size_t n = 0;

	while (a[n] != '\0' && a[n] == b[n])
		n++;
	return n;
}

/* The name next to the word, NULL when none is near. */
static const char *find_nearest(const struct filter_parser *parser, const char *word,
				filter_name_fn *name)
{
	size_t length = strlen(word);
	size_t best = 1 + length / 4;
	size_t common = 0; /* of equally near ones, that with the longest common begin is meant */
	const char *nearest = NULL;
	const char *candidate;

	if (length == 0 || length > NAME_MAX_COMPARED)
		return NULL;
	for (size_t i = 0; (candidate = name(parser, i)); i++) {
		size_t n = strlen(candidate);
		size_t d, begin;

		if (is_last_part(word, candidate))
			return candidate;
		if (n > NAME_MAX_COMPARED || n > length + best || length > n + best)
			continue;
		d = distance(word, length, candidate, n);
		begin = 1 + common_begin(word, candidate);
		/* A word of which nothing is left is no word that was meant. */
		if (d >= length || d >= n)
			continue;
		if (d < best || (d == best && begin > common)) {
			best = d;
			common = begin;
			nearest = candidate;
		}
	}
	return nearest;
}

int filter_fail_name(struct filter_parser *parser, const struct token *token, const char *what,
		     filter_name_fn *name)
{
	const char *nearest = find_nearest(parser, token->text, name);
	char shown[64] = { 0 };
	struct text text = { .buffer = shown, .size = sizeof(shown) };
	int length;

	text_escape(&text, token->text, token->length);
	/* An escape is never cut in half. */
	length = (int)MIN(text.length, text.size);
	while (text.length > text.size && length > 0 && shown[length - 1] == '\0')
		length--;
	if (nearest)
		return filter_fail(parser, token->at, "%s \"%.*s\"; did you mean %s?", what, length,
				   shown, nearest);
	return filter_fail(parser, token->at, "%s \"%.*s\"", what, length, shown);
}
