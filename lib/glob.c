/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "glob.h"

#include <stdint.h>
#include <string.h>

struct subject {
	const char *text;
	size_t length; /* with the "@" */
	unsigned int flags;
};

static unsigned char fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static unsigned char byte_at(const struct subject *subject, size_t index)
{
	unsigned char c;

	if (subject->flags & GLOB_AT) {
		if (index == 0)
			return '@';
		index--;
	}
	c = (unsigned char)subject->text[index];
	return c == '\0' && subject->flags & GLOB_NULS ? ' ' : c;
}

/* Whether a class like "alpha" has the byte; ASCII only, whatever the locale is. */
static bool in_class(const char *name, size_t length, unsigned char c)
{
	static const struct {
		const char *name;
		const char *ranges; /* pairs */
	} classes[] = {
		{ "alnum", "09AZaz" },   { "alpha", "AZaz" },
		{ "blank", "  \t\t" },   { "cntrl", "\1\037\177\177" },
		{ "digit", "09" },       { "graph", "!~" },
		{ "lower", "az" },       { "print", " ~" },
		{ "punct", "!/:@[`{~" }, { "space", "  \t\r" },
		{ "upper", "AZ" },       { "xdigit", "09AFaf" },
	};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (strlen(classes[i].name) != length || memcmp(classes[i].name, name, length) != 0)
			continue;
		for (const char *at = classes[i].ranges; *at; at += 2)
			if (c >= (unsigned char)at[0] && c <= (unsigned char)at[1])
				return true;
	}
	return false;
}

/* A bracket expression at pattern[at] == '['. Returns where it ends, 0 when it never does: then the
 * bracket is a plain byte. */
static size_t match_bracket(const char *pattern, size_t n, size_t at, unsigned char c, bool folded,
			    bool *ret_matched)
{
	bool negate = false;
	bool matched = false;
	size_t first = at + 1;

	if (first < n && (pattern[first] == '!' || pattern[first] == '^')) {
		negate = true;
		first++;
	}
	for (size_t i = first; i < n;) {
		unsigned char low = (unsigned char)pattern[i];
		unsigned char high;
		const char *end;

		if (low == ']' && i > first) {
			*ret_matched = matched != negate;
			return i + 1;
		}
		if (low == '[' && i + 1 < n && pattern[i + 1] == ':' &&
		    (end = memmem(pattern + i + 2, n - i - 2, ":]", 2))) {
			const char *name = pattern + i + 2;
			size_t length = (size_t)(end - name);

			matched |= in_class(name, length, c);
			if (folded && c >= 'a' && c <= 'z')
				matched |= in_class(name, length, (unsigned char)(c - ('a' - 'A')));
			i = (size_t)(end - pattern) + 2;
			continue;
		}
		if (low == '\\' && i + 1 < n)
			low = (unsigned char)pattern[++i];
		i++;
		high = low;
		if (i + 1 < n && pattern[i] == '-' && pattern[i + 1] != ']') {
			i++;
			if (pattern[i] == '\\' && i + 1 < n)
				i++;
			high = (unsigned char)pattern[i++];
		}
		if (folded) {
			low = fold(low);
			high = fold(high);
		}
		matched |= c >= low && c <= high;
	}
	return 0;
}

/* One byte against what stands at the pattern's place; moves it on when it matches. */
static bool match_one(const char *pattern, size_t n, size_t *at, unsigned char c, bool folded)
{
	unsigned char wanted = (unsigned char)pattern[*at];
	bool matched;
	size_t end;

	if (folded)
		c = fold(c);
	switch (wanted) {
	case '?':
		++*at;
		return true;
	case '[':
		end = match_bracket(pattern, n, *at, c, folded, &matched);
		if (end == 0)
			break;
		if (matched)
			*at = end;
		return matched;
	case '\\':
		if (*at + 1 < n) {
			wanted = (unsigned char)pattern[*at + 1];
			if ((folded ? fold(wanted) : wanted) != c)
				return false;
			*at += 2;
			return true;
		}
		break;
	default:
		break;
	}
	if ((folded ? fold(wanted) : wanted) != c)
		return false;
	++*at;
	return true;
}

/* Of several stars only the last one is ever tried again: what stands before it has matched as
 * early as it could. */
bool glob_match(const char *pattern, size_t n, const char *text, size_t length, unsigned int flags)
{
	struct subject subject = { text, length + (flags & GLOB_AT ? 1 : 0), flags };
	bool folded = flags & GLOB_FOLD;
	size_t star = SIZE_MAX;
	size_t star_at = 0;
	size_t p = 0;
	size_t t = 0;

	while (t < subject.length) {
		if (p < n && pattern[p] == '*') {
			star = ++p;
			star_at = t;
		} else if (p < n && match_one(pattern, n, &p, byte_at(&subject, t), folded)) {
			t++;
		} else if (star != SIZE_MAX) {
			p = star;
			t = ++star_at;
		} else {
			return false;
		}
	}
	while (p < n && pattern[p] == '*')
		p++;
	return p == n;
}
