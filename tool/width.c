/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "width.h"

#include <locale.h>
#include <wchar.h>

void wide_begin(void)
{
	static locale_t wide;

	if (wide)
		return;
	wide = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!wide)
		wide = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (wide)
		uselocale(wide);
}

void wide_begin_filter(const char *filter)
{
	if (filter && strchr(filter, '~'))
		wide_begin();
}

/* Decodes one character; a byte that begins none counts as one of its own. */
static size_t next_character(const char *text, size_t length, wchar_t *ret_character)
{
	uint8_t first = (uint8_t)text[0];
	size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
	uint32_t point;

	if (size > length)
		size = 1;
	if (size == 1) {
		*ret_character = first < 0x80 ? (wchar_t)first : L'?';
		return 1;
	}
	point = first & (0xffu >> (size + 1));
	for (size_t i = 1; i < size; i++)
		point = point << 6 | ((uint8_t)text[i] & 0x3fu);
	*ret_character = (wchar_t)point;
	return size;
}

static size_t character_width(wchar_t character)
{
	int columns;

	if (character < 0x7f)
		return 1;
	wide_begin();
	columns = wcwidth(character);
	/* Unknown to this locale: most characters are one column wide. */
	return columns < 0 ? 1 : (size_t)columns;
}

size_t text_width(const char *text, size_t length)
{
	size_t columns = 0;

	if (text_is_ascii(text, length))
		return length;
	for (size_t i = 0; i < length;) {
		wchar_t character;

		i += next_character(text + i, length - i, &character);
		columns += character_width(character);
	}
	return columns;
}

size_t text_fit(const char *text, size_t length, size_t columns)
{
	size_t used = 0;

	for (size_t i = 0; i < length;) {
		wchar_t character;
		size_t size = next_character(text + i, length - i, &character);

		used += character_width(character);
		if (used > columns)
			return i;
		i += size;
	}
	return length;
}
