/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-subject.h"

#include <regex.h>
#include <string.h>

#include "glob.h"

enum { REGEX_TEXT_MAX = 4096 };

static char subject_byte(const struct subject *subject, size_t index)
{
	char c;

	if (subject->at && index-- == 0)
		return '@';
	c = subject->data[index];
	return c == '\0' && subject->nuls ? ' ' : c;
}

static bool is_word(const struct subject *subject, const struct word_list *word)
{
	if (subject->length + subject->at != word->length)
		return false;
	if (!subject->at && !subject->nuls)
		return memcmp(subject->data, word->bytes, word->length) == 0;
	for (uint32_t i = 0; i < word->length; i++)
		if (subject_byte(subject, i) != word->bytes[i])
			return false;
	return true;
}

static bool in_words(const struct leaf *leaf, const struct subject *subject)
{
	const struct word_list *word = leaf->data;

	for (uint32_t i = 0; i < leaf->count; i++) {
		if (is_word(subject, word))
			return true;
		word = (const void *)((const char *)word + word_list_step(word));
	}
	return false;
}

static bool matches_regex(const struct leaf *leaf, const struct subject *subject)
{
	const regex_t *regex = leaf->data;
	char copy[REGEX_TEXT_MAX];
	size_t length = 0;

#ifdef REG_STARTEND
	if (!subject->at && !subject->nuls) {
		regmatch_t all = { .rm_so = 0, .rm_eo = (regoff_t)subject->length };

		return regexec(regex, subject->data, 1, &all, REG_STARTEND) == 0;
	}
#endif
	while (length < subject->length + subject->at && length < sizeof(copy) - 1) {
		copy[length] = subject_byte(subject, length);
		length++;
	}
	copy[length] = '\0';
	return regexec(regex, copy, 0, NULL, 0) == 0;
}

bool subject_matches(const struct leaf *leaf, const struct subject *subject)
{
	unsigned int flags = 0;

	switch (leaf->kind) {
	case LEAF_TEXT:
		return in_words(leaf, subject);
	case LEAF_REGEX:
		return matches_regex(leaf, subject);
	default:
		if (leaf->flags & LEAF_FOLD)
			flags |= GLOB_FOLD;
		if (subject->at)
			flags |= GLOB_AT;
		if (subject->nuls)
			flags |= GLOB_NULS;
		return glob_match(leaf->data, leaf->size, subject->data, subject->length, flags);
	}
}
