/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* snmp, netstat, sctp/snmp and snmp6: the kernel's counters, a row each. */
#include <errno.h>
#include <string.h>

#include "nettext.h"
#include "rows.h"
#include "subject.h"
#include "util.h"

void nettext_begin(struct nettext *text)
{
	text->device[0] = text->section[0] = '\0';
	text->index = 0;
	text->head_length = 0;
	text->names = text->values = (struct cursor){ text->head, text->head };
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* A counter; some limits are -1. */
static bool take_value(struct cursor *cursor, uint64_t *ret_value)
{
	bool negative = cursor_char(cursor, '-');

	if (!cursor_decimal(cursor, ret_value))
		return false;
	if (negative)
		*ret_value = -*ret_value;
	return true;
}

static int put_row(struct nettext *text, enum estab_family family, struct cursor section,
		   struct cursor name, uint64_t value, struct row *row)
{
	struct row_numbers numbers = { 0 };
	char lowered[NETTEXT_SECTION];
	size_t length = (size_t)(section.end - section.at);
	int r;

	if (length == 0 || length > sizeof(lowered))
		return -EBADMSG;
	for (size_t i = 0; i < length; i++)
		lowered[i] = lower(section.at[i]);
	rows_begin(row, ROW_STAT, family, ++text->serial);
	numbers_set(&numbers, NUMBER_VALUE, value);
	r = row_put(row, EXT_SECTION, lowered, length);
	if (r == 0)
		r = row_put(row, EXT_NAME, name.at, (size_t)(name.end - name.at));
	return r == 0 ? numbers_put(&numbers, row) : r;
}

int nettext_more(struct nettext *text, struct row *row)
{
	const struct cursor section = { text->section, text->section + strlen(text->section) };
	struct cursor name;
	const char *word;
	size_t length;
	uint64_t value;

	cursor_blanks(&text->names);
	cursor_blanks(&text->values);
	if (!cursor_word(&text->names, &word, &length) || !take_value(&text->values, &value))
		return 1;
	name = (struct cursor){ word, word + length };
	return put_row(text, ESTAB_FAMILY_INET, section, name, value, row);
}

/* "Tcp: RtoAlgorithm RtoMin …", and below it "Tcp: 1 200 …". */
int nettext_snmp(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	const char *word;
	size_t length;

	if (!cursor_word(&cursor, &word, &length) || length < 2 || word[length - 1] != ':' ||
	    length > sizeof(text->section))
		return -EBADMSG;
	length--;
	cursor_blanks(&cursor);
	if (text->head_length > 0 && strlen(text->section) == length &&
	    memcmp(text->section, word, length) == 0) {
		text->names = (struct cursor){ text->head, text->head + text->head_length };
		text->values = cursor;
		text->head_length = 0;
		return nettext_more(text, row);
	}
	memcpy(text->section, word, length);
	text->section[length] = '\0';
	if ((size_t)(cursor.end - cursor.at) > sizeof(text->head))
		return -EBADMSG;
	text->head_length = (size_t)(cursor.end - cursor.at);
	memcpy(text->head, cursor.at, text->head_length);
	return 1;
}

/* "Ip6InReceives   123": the protocol ends with the 6. */
int nettext_snmp6(struct nettext *text, struct procfs_line line, struct row *row)
{
	struct cursor cursor = line.text;
	const char *word, *six;
	size_t length;
	uint64_t value;

	if (!cursor_word(&cursor, &word, &length))
		return -EBADMSG;
	six = memchr(word, '6', length);
	cursor_blanks(&cursor);
	if (!six || six + 1 == word + length || !take_value(&cursor, &value) ||
	    !procfs_column_end(&cursor, line.cut))
		return -EBADMSG;
	return put_row(text, ESTAB_FAMILY_INET6, (struct cursor){ word, six + 1 },
		       (struct cursor){ six + 1, word + length }, value, row);
}

/* "SctpCurrEstab   1": net/sctp/proc.c. */
int nettext_sctp(struct nettext *text, struct procfs_line line, struct row *row)
{
	static const char prefix[] = "Sctp";
	struct cursor cursor = line.text;
	size_t skip = sizeof(prefix) - 1, length;
	const char *word;
	uint64_t value;

	if (!cursor_word(&cursor, &word, &length) || length <= skip ||
	    memcmp(word, prefix, skip) != 0)
		return -EBADMSG;
	cursor_blanks(&cursor);
	if (!take_value(&cursor, &value) || !procfs_column_end(&cursor, line.cut))
		return -EBADMSG;
	return put_row(text, ESTAB_FAMILY_INET, (struct cursor){ prefix, prefix + skip },
		       (struct cursor){ word + skip, word + length }, value, row);
}
