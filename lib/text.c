/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "text.h"

#include <string.h>
#include <time.h>

#include "util.h"

void text_char(struct text *text, char c)
{
	if (text->length < text->size)
		text->buffer[text->length] = c;
	text->length++;
}

void text_put(struct text *text, const char *string, size_t length)
{
	if (text->length < text->size)
		memcpy(text->buffer + text->length, string, MIN(length, text->size - text->length));
	text->length += length;
}

void text_str(struct text *text, const char *string)
{
	text_put(text, string, strlen(string));
}

static const char two_digits[] =
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	"40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	"8081828384858687888990919293949596979899";

/* Below 10000, without zeros at the front. */
static inline size_t few_digits(uint32_t value, char *buffer)
{
	uint32_t high = value / 100;
	size_t n = 0;

	if (high >= 10) {
		memcpy(buffer, two_digits + (size_t)high * 2, 2);
		n = 2;
	} else if (high > 0) {
		buffer[n++] = (char)('0' + high);
	} else if (value < 10) {
		*buffer = (char)('0' + value);
		return 1;
	}
	memcpy(buffer + n, two_digits + (size_t)(value % 100) * 2, 2);
	return n + 2;
}

static inline void four_digits(uint32_t value, char *buffer)
{
	memcpy(buffer, two_digits + (size_t)(value / 100) * 2, 2);
	memcpy(buffer + 2, two_digits + (size_t)(value % 100) * 2, 2);
}

size_t text_digits(uint64_t value, char buffer[20])
{
	size_t n;

	if (value < 10000)
		return few_digits((uint32_t)value, buffer);
	if (value < 100000000) {
		n = few_digits((uint32_t)value / 10000, buffer);
		four_digits((uint32_t)value % 10000, buffer + n);
		return n + 4;
	}
	n = text_digits(value / 100000000, buffer);
	four_digits((uint32_t)(value % 100000000) / 10000, buffer + n);
	four_digits((uint32_t)(value % 100000000) % 10000, buffer + n + 4);
	return n + 8;
}

void text_u64(struct text *text, uint64_t value)
{
	char digits[20];

	if (text->length < text->size && text->size - text->length >= sizeof(digits))
		text->length += text_digits(value, text->buffer + text->length);
	else
		text_put(text, digits, text_digits(value, digits));
}

void text_path(char *path, size_t size, const char *directory, const char *name)
{
	struct text text = { .buffer = path, .size = size - 1 };

	text_str(&text, directory);
	text_char(&text, '/');
	text_str(&text, name);
	path[MIN(text.length, text.size)] = '\0';
}

void text_i64(struct text *text, int64_t value)
{
	if (value < 0)
		text_char(text, '-');
	text_u64(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void text_f64(struct text *text, double value)
{
	uint64_t hundredths;

	/* Nothing that is measured here comes near: it only keeps the conversion defined. */
	if (!(value > -1e15 && value < 1e15))
		value = 0;
	if (value < 0) {
		text_char(text, '-');
		value = -value;
	}
	hundredths = (uint64_t)(value * 100 + 0.5);
	text_u64(text, hundredths / 100);
	text_char(text, '.');
	text_put(text, two_digits + hundredths % 100 * 2, 2);
}

static size_t put_inet(const uint8_t bytes[4], char *buffer)
{
	char *at = buffer;

	for (int i = 0; i < 4; i++) {
		uint8_t value = bytes[i];

		if (i > 0)
			*at++ = '.';
		if (value >= 100) {
			*at++ = (char)('0' + value / 100);
			value %= 100;
			memcpy(at, two_digits + value * 2, 2);
			at += 2;
		} else if (value >= 10) {
			memcpy(at, two_digits + value * 2, 2);
			at += 2;
		} else {
			*at++ = (char)('0' + value);
		}
	}
	return (size_t)(at - buffer);
}

static size_t put_group(uint16_t group, char *buffer)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (int shift = 12; shift >= 0; shift -= 4)
		if (group >> shift || shift == 0)
			buffer[n++] = hex[group >> shift & 15];
	return n;
}

/* The longest run of two or more zero groups, the first of equals: RFC 5952, 4.2. */
static void find_zero_run(const uint16_t groups[8], int *ret_start, int *ret_length)
{
	int best = -1;
	int best_length = 1;

	for (int i = 0; i < 8; i++) {
		int j = i;

		while (j < 8 && groups[j] == 0)
			j++;
		if (j - i > best_length) {
			best = i;
			best_length = j - i;
		}
		if (j > i)
			i = j;
	}
	*ret_start = best;
	*ret_length = best < 0 ? 0 : best_length;
}

static size_t put_inet6(const uint8_t bytes[16], char *buffer)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint16_t groups[8];
	int zero_start;
	int zero_length;
	size_t n = 0;

	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		memcpy(buffer, "::ffff:", 7);
		return 7 + put_inet(bytes + 12, buffer + 7);
	}
	for (int i = 0; i < 8; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	find_zero_run(groups, &zero_start, &zero_length);
	for (int i = 0; i < 8; i++) {
		if (i == zero_start) {
			buffer[n++] = ':';
			buffer[n++] = ':';
			i += zero_length - 1;
			continue;
		}
		if (n > 0 && buffer[n - 1] != ':')
			buffer[n++] = ':';
		n += put_group(groups[i], buffer + n);
	}
	return n;
}

size_t estab_addr_format(const struct estab_addr *addr, char buffer[46])
{
	return addr->family == ESTAB_FAMILY_INET6 ? put_inet6(addr->bytes, buffer)
						  : put_inet(addr->bytes, buffer);
}

void text_addr(struct text *text, const struct estab_addr *addr)
{
	char buffer[46];

	text_put(text, buffer, estab_addr_format(addr, buffer));
}

size_t utf8_next(const uint8_t *bytes, size_t length, uint32_t *ret_point)
{
	/* The lowest code point that needs so many bytes: anything below is overlong. */
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t point;
	size_t n;

	if (length == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_point = bytes[0];
		return 1;
	}
	if (bytes[0] >= 0xc2 && bytes[0] <= 0xdf)
		n = 2;
	else if ((bytes[0] & 0xf0) == 0xe0)
		n = 3;
	else if (bytes[0] >= 0xf0 && bytes[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (length < n)
		return 0;

	point = bytes[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	if (point < lowest[n] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return n;
}

/*
 * Characters that show nothing, or change how their neighbours are shown: controls, bidirectional
 * marks, zero-width characters, variation selectors, tags, private use and noncharacters. Looking
 * at a name must show what it is.
 */
bool utf8_is_deceptive(uint32_t point)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} ranges[] = {
		{ 0x00, 0x1f },       { 0x7f, 0x9f },        { 0xad, 0xad },
		{ 0x34f, 0x34f },     { 0x61c, 0x61c },      { 0x115f, 0x1160 },
		{ 0x17b4, 0x17b5 },   { 0x180b, 0x180f },    { 0x200b, 0x200f },
		{ 0x2028, 0x202e },   { 0x2060, 0x206f },    { 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff },   { 0xfdd0, 0xfdef },    { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },    { 0xfff0, 0xfffb },
		{ 0xfffe, 0xffff },   { 0x1bca0, 0x1bca3 },  { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
	};

	if (point >= 0x20 && point < 0x7f)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return (point & 0xfffe) == 0xfffe;
}

static size_t put_hex_byte(uint8_t byte, char *buffer)
{
	static const char hex[] = "0123456789abcdef";

	buffer[0] = '\\';
	buffer[1] = 'x';
	buffer[2] = hex[byte >> 4];
	buffer[3] = hex[byte & 15];
	return 4;
}

static size_t put_point(uint32_t point, char *buffer)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 3;
	int shift = 20;

	memcpy(buffer, "\\u{", 3);
	while (shift > 0 && point >> shift == 0)
		shift -= 4;
	for (; shift >= 0; shift -= 4)
		buffer[n++] = hex[point >> shift & 15];
	buffer[n++] = '}';
	return n;
}

/* Appends a piece that must not be torn: where it does not fit whole, blanks fill the window. */
static void put_whole(struct text *text, const char *piece, size_t length)
{
	if (text->length < text->size && text->length + length > text->size) {
		memset(text->buffer + text->length, ' ', text->size - text->length);
		text->size = text->length;
	}
	text_put(text, piece, length);
}

void text_escape(struct text *text, const void *bytes, size_t length)
{
	const uint8_t *at = bytes;
	const uint8_t *end = at + length;

	while (at < end) {
		char piece[12];
		uint32_t point;
		size_t n;

		if (*at >= 0x20 && *at < 0x7f && *at != '\\') {
			text_char(text, (char)*at++);
			continue;
		}
		n = utf8_next(at, (size_t)(end - at), &point);
		if (n == 0) {
			put_whole(text, piece, put_hex_byte(*at, piece));
			n = 1;
		} else if (point == '\\') {
			put_whole(text, "\\\\", 2);
		} else if (!utf8_is_deceptive(point)) {
			put_whole(text, (const char *)at, n);
		} else if (point < 0x80) {
			put_whole(text, piece, put_hex_byte(*at, piece));
		} else {
			put_whole(text, piece, put_point(point, piece));
		}
		at += n;
	}
}

size_t estab_text_escape(const void *bytes, size_t length, char *buffer, size_t size)
{
	struct text text = { .buffer = buffer, .size = size };

	text_escape(&text, bytes, length);
	return text.length;
}

/* So many digits, with zeros before them. */
static void put_digits(char *at, int width, unsigned int number)
{
	for (int i = width - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
}

bool text_time(uint64_t time_us, char buffer[TEXT_TIME])
{
	static const char form[TEXT_TIME] = "0000-00-00T00:00:00.000000Z";
	time_t seconds = (time_t)(time_us / 1000000);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
		return false;
	memcpy(buffer, form, sizeof(form));
	put_digits(buffer, 4, (unsigned int)tm.tm_year + 1900);
	put_digits(buffer + 5, 2, (unsigned int)tm.tm_mon + 1);
	put_digits(buffer + 8, 2, (unsigned int)tm.tm_mday);
	put_digits(buffer + 11, 2, (unsigned int)tm.tm_hour);
	put_digits(buffer + 14, 2, (unsigned int)tm.tm_min);
	put_digits(buffer + 17, 2, (unsigned int)tm.tm_sec);
	put_digits(buffer + 20, 6, (unsigned int)(time_us % 1000000));
	return true;
}
