/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "procfs.h"

bool procfs_object(struct cursor *cursor, uint64_t *ret_number)
{
	struct cursor hex;
	const char *word;
	size_t length;

	if (!cursor_word(cursor, &word, &length))
		return false;
	hex = (struct cursor){ word, word + length };
	if (cursor_hex(&hex, 16, ret_number) && hex.at == hex.end)
		return true;
	/* "(null)", "(ptrval)": a kernel that hides it. */
	*ret_number = 0;
	return *word == '(';
}
