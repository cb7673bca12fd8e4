/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Numbers in a filter: with units, as ranges. */
#include <string.h>
#include <unistd.h>

#include "filter-parse.h"
#include "parse.h"

/* The wide type that no product of two 64-bit numbers leaves. */
typedef unsigned __int128 wide;

/* A decimal number as it was written, before its unit: whole + part / parts. */
struct decimal {
	uint64_t whole;
	uint64_t part;
	uint64_t parts;
};

/* What stands behind a number, and how many of the basic unit that is: microseconds, bytes, eighths
 * of bytes in a second; plain. */
enum measure { MEASURE_PLAIN, MEASURE_TIME, MEASURE_BITS, MEASURE_BYTES };

static const struct suffix {
	const char *text;
	enum measure measure;
	uint64_t factor;
} suffixes[] = {
	{ "us", MEASURE_TIME, 1 },
	{ "ms", MEASURE_TIME, 1000 },
	{ "s", MEASURE_TIME, 1000000 },
	{ "sec", MEASURE_TIME, 1000000 },
	{ "m", MEASURE_TIME, 60 * UINT64_C(1000000) },
	{ "min", MEASURE_TIME, 60 * UINT64_C(1000000) },
	{ "h", MEASURE_TIME, 3600 * UINT64_C(1000000) },
	{ "d", MEASURE_TIME, 86400 * UINT64_C(1000000) },
	{ "k", MEASURE_PLAIN, 1000 },
	{ "K", MEASURE_PLAIN, 1000 },
	{ "M", MEASURE_PLAIN, 1000000 },
	{ "G", MEASURE_PLAIN, 1000000000 },
	{ "T", MEASURE_PLAIN, UINT64_C(1000000000000) },
	{ "Ki", MEASURE_PLAIN, UINT64_C(1) << 10 },
	{ "Mi", MEASURE_PLAIN, UINT64_C(1) << 20 },
	{ "Gi", MEASURE_PLAIN, UINT64_C(1) << 30 },
	{ "Ti", MEASURE_PLAIN, UINT64_C(1) << 40 },
	{ "B", MEASURE_BYTES, 1 },
	{ "kB", MEASURE_BYTES, 1000 },
	{ "KB", MEASURE_BYTES, 1000 },
	{ "MB", MEASURE_BYTES, 1000000 },
	{ "GB", MEASURE_BYTES, 1000000000 },
	{ "TB", MEASURE_BYTES, UINT64_C(1000000000000) },
	{ "KiB", MEASURE_BYTES, UINT64_C(1) << 10 },
	{ "MiB", MEASURE_BYTES, UINT64_C(1) << 20 },
	{ "GiB", MEASURE_BYTES, UINT64_C(1) << 30 },
	{ "TiB", MEASURE_BYTES, UINT64_C(1) << 40 },
	{ "bit", MEASURE_BITS, 1 },
	{ "kbit", MEASURE_BITS, 1000 },
	{ "Mbit", MEASURE_BITS, 1000000 },
	{ "Gbit", MEASURE_BITS, 1000000000 },
};

/* A field's unit: how much of the basic one it is, and what may be written instead. */
static const struct unit {
	const char *name;
	bool time;
	bool bytes;
	bool rate;
	uint64_t us;
} units[] = {
	{ "us", true, false, false, 1 },      { "ms", true, false, false, 1000 },
	{ "s", true, false, false, 1000000 }, { "bytes", false, true, false, 0 },
	{ "bytes/s", false, true, true, 0 },  { "%", false, false, false, 0 },
};

static struct unit unit_of(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(units); i++)
		if (strcmp(units[i].name, name) == 0)
			return units[i];
	/* Of the kernel's USER_HZ. */
	if (name && strcmp(name, "ticks") == 0) {
		long hz = sysconf(_SC_CLK_TCK);

		return (struct unit){ name, true, false, false,
				      hz > 0 ? 1000000 / (uint64_t)hz : 10000 };
	}
	return (struct unit){ name, false, false, false, 0 };
}

bool filter_read_u64(const char *text, uint64_t *ret_value)
{
	struct cursor cursor = { text, text + strlen(text) };
	uint64_t value;
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	if (hex)
		cursor.at += 2;
	/* ss(8) takes "010" for 8, and hardly anyone means that. */
	else if (text[0] == '0' && text[1] != '\0')
		return false;
	if (hex ? !cursor_hex(&cursor, 16, &value) : !cursor_decimal(&cursor, &value))
		return false;
	if (cursor.at != cursor.end)
		return false;
	*ret_value = value;
	return true;
}

static bool read_decimal(struct cursor *cursor, struct decimal *ret_decimal)
{
	struct decimal decimal = { .parts = 1 };
	struct cursor digits;

	if (!cursor_decimal(cursor, &decimal.whole))
		return false;
	digits = *cursor;
	if (cursor_char(&digits, '.')) {
		const char *first = digits.at;

		if (!cursor_decimal(&digits, &decimal.part) || digits.at - first > 9)
			return false;
		for (; first < digits.at; first++)
			decimal.parts *= 10;
		*cursor = digits;
	}
	*ret_decimal = decimal;
	return true;
}

/* The decimal times factor over divisor, as a whole number. */
static bool scale(const struct decimal *decimal, uint64_t factor, uint64_t divisor,
		  uint64_t *ret_value)
{
	wide number = (wide)decimal->whole * decimal->parts + decimal->part;
	wide below = (wide)decimal->parts * divisor;

	if (number != 0 && factor > ~(wide)0 / number)
		return false;
	number *= factor;
	if (number % below != 0 || number / below > UINT64_MAX)
		return false;
	*ret_value = (uint64_t)(number / below);
	return true;
}

/* What a number's suffix makes of it: factor over divisor. NULL: it goes with the unit. */
static const char *read_suffix(const char *text, size_t length, const struct unit *unit,
			       uint64_t *ret_factor, uint64_t *ret_divisor)
{
	*ret_factor = *ret_divisor = 1;
	if (length == 0 || (length == 1 && *text == '%' && unit->name && *unit->name == '%'))
		return NULL;
	if (unit->rate && length > 2 && memcmp(text + length - 2, "/s", 2) == 0)
		length -= 2;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const struct suffix *suffix = &suffixes[i];

		if (strlen(suffix->text) != length || memcmp(suffix->text, text, length) != 0)
			continue;
		*ret_factor = suffix->factor;
		switch (suffix->measure) {
		case MEASURE_TIME:
			*ret_divisor = unit->us;
			return unit->time ? NULL : "the field is no time";
		case MEASURE_BITS:
			*ret_divisor = 8;
			return unit->rate ? NULL : "the field is no rate";
		case MEASURE_BYTES:
			return unit->bytes ? NULL : "the field does not count bytes";
		case MEASURE_PLAIN:
			return unit->time ? "the field is a time: us, ms, s, min, h, d" : NULL;
		}
	}
	return unit->time ? "expected a time, as 100ms or 2h"
			  : "expected a number, as 10, 64k or 1MiB";
}

/* How far a number goes, sign excluded: up to the "-" of a range or the end. */
static size_t number_length(const char *text)
{
	return strcspn(text, "-");
}

static int read_number(struct filter_parser *parser, const struct token *token, const char *text,
		       size_t length, const struct unit *unit, uint64_t *ret_value)
{
	struct cursor cursor = { text, text + length };
	struct decimal decimal;
	uint64_t factor, divisor;
	const char *why;

	if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		cursor.at += 2;
		if (!cursor_hex(&cursor, 16, ret_value) || cursor.at != cursor.end)
			return filter_fail(parser, token->at, "expected a number, as 0x1f");
		return 0;
	}
	if (!read_decimal(&cursor, &decimal))
		return filter_fail(parser, token->at,
				   unit->time ? "expected a time, as 100ms or 2h"
					      : "expected a number");
	if (length > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
		return filter_fail(parser, token->at,
				   "a number does not begin with 0 (write 0x for hexadecimal)");
	why = read_suffix(cursor.at, (size_t)(cursor.end - cursor.at), unit, &factor, &divisor);
	if (why)
		return filter_fail(parser, token->at, "%s", why);
	if (!scale(&decimal, factor, divisor, ret_value))
		return filter_fail(parser, token->at, "too large, or not a whole number%s%s",
				   unit->name ? " of " : "", unit->name ? unit->name : "");
	return 0;
}

/* The sign bit turned: negative numbers sort below the others. */
static int read_signed(struct filter_parser *parser, const struct token *token,
		       const struct unit *unit, uint64_t *ret_value)
{
	bool negative = token->text[0] == '-';
	uint64_t value = 0;

	if (read_number(parser, token, token->text + negative, token->length - negative, unit,
			&value) < 0)
		return parser->error;
	if (value > (uint64_t)INT64_MAX)
		return filter_fail(parser, token->at, "the number is too large");
	*ret_value = (negative ? 0 - value : value) ^ (UINT64_C(1) << 63);
	return 0;
}

static int read_bool(struct filter_parser *parser, const struct token *token,
		     struct range *ret_range)
{
	static const char *const words[] = { "false", "no", "off", "0", "true", "yes", "on", "1" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i], token->text) == 0) {
			*ret_range = (struct range){ i / 4, i / 4 };
			return 0;
		}
	}
	return filter_fail(parser, token->at, "expected true or false");
}

int filter_read_range(struct filter_parser *parser, const struct token *token,
		      const struct field *field, struct range *ret_range)
{
	const struct unit unit = unit_of(field->unit);
	size_t length = number_length(token->text);
	struct range range = { 0, 0 };

	if (field->id == ESTAB_F_LOCAL_PORT || field->id == ESTAB_F_PEER_PORT)
		return filter_read_ports(parser, token, token->text + (*token->text == ':'),
					 ret_range);
	if (field->kind == ESTAB_KIND_BOOL)
		return read_bool(parser, token, ret_range);
	if (field->kind == ESTAB_KIND_I64) {
		if (read_signed(parser, token, &unit, &range.low) < 0)
			return parser->error;
		range.high = range.low;
	} else {
		if (read_number(parser, token, token->text, length, &unit, &range.low) < 0)
			return parser->error;
		range.high = range.low;
		if (length < token->length &&
		    read_number(parser, token, token->text + length + 1, token->length - length - 1,
				&unit, &range.high) < 0)
			return parser->error;
	}
	if (range.low > range.high)
		return filter_fail(parser, token->at, "the range ends before it begins");
	*ret_range = range;
	return 0;
}

static int read_double(struct filter_parser *parser, const struct token *token, const char *text,
		       size_t length, const struct unit *unit, double *ret_value)
{
	struct cursor cursor = { text, text + length };
	struct decimal decimal;
	uint64_t factor, divisor;

	if (!read_decimal(&cursor, &decimal) ||
	    read_suffix(cursor.at, (size_t)(cursor.end - cursor.at), unit, &factor, &divisor))
		return filter_fail(parser, token->at, "expected a number, as 1.5");
	*ret_value = ((double)decimal.whole + (double)decimal.part / (double)decimal.parts) *
		     (double)factor / (double)divisor;
	return 0;
}

int filter_read_real(struct filter_parser *parser, const struct token *token, const char *unit_name,
		     struct real_range *ret_range)
{
	const struct unit unit = unit_of(unit_name);
	size_t length = number_length(token->text);
	struct real_range range = { 0 };

	if (read_double(parser, token, token->text, length, &unit, &range.low) < 0)
		return parser->error;
	range.high = range.low;
	if (length < token->length &&
	    read_double(parser, token, token->text + length + 1, token->length - length - 1, &unit,
			&range.high) < 0)
		return parser->error;
	if (range.low > range.high)
		return filter_fail(parser, token->at, "the range ends before it begins");
	*ret_range = range;
	return 0;
}
