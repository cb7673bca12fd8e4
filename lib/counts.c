/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the kernel counts itself: sockstat and sockstat6, and of snmp and protocols what those lack.
 * Names are the kernel's in small letters, with the unit where there is one.
 */
#include <errno.h>
#include <string.h>

#include "env.h"
#include "netns-list.h"
#include "parse.h"
#include "query.h"
#include "slurp.h"
#include "util.h"

enum {
	COUNTS_MAX = 64,
	FILE_MAX = 64 * 1024, /* each is of a few kilobytes */
	NAME_ROOM = 32,
};

struct count {
	char name[NAME_ROOM];
	uint64_t value;
	bool host_wide;
};

struct estab_counts {
	size_t n;
	struct count counts[COUNTS_MAX];
};

struct word {
	const char *text;
	size_t length;
};

/* Of all network namespaces together, in whichever one reads them (net/ipv4/proc.c, Linux 6.18). */
static bool is_host_wide(const char *name)
{
	static const char *const names[] = { "tcp.orphan", "tcp.alloc", "tcp.mem_pages",
					     "udp.mem_pages" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static struct count *find_count(struct estab_counts *counts, const char *name)
{
	for (size_t i = 0; i < counts->n; i++)
		if (strcmp(counts->counts[i].name, name) == 0)
			return &counts->counts[i];
	return NULL;
}

/* Counts of one name add up, but for those that every namespace tells alike. */
static void add_count(struct estab_counts *counts, const char *name, uint64_t value)
{
	struct count *count = find_count(counts, name);

	if (count) {
		count->value = count->host_wide ? value : count->value + value;
		return;
	}
	if (counts->n == COUNTS_MAX || strlen(name) >= sizeof(count->name))
		return;
	count = &counts->counts[counts->n++];
	memcpy(count->name, name, strlen(name) + 1);
	count->value = value;
	count->host_wide = is_host_wide(name);
}

static bool is_word(struct word word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static bool next_line(struct cursor *file, struct cursor *ret_line)
{
	const char *newline;

	if (file->at == file->end)
		return false;
	newline = memchr(file->at, '\n', (size_t)(file->end - file->at));
	ret_line->at = file->at;
	ret_line->end = newline ? newline : file->end;
	file->at = newline ? newline + 1 : file->end;
	return true;
}

static bool next_word(struct cursor *line, struct word *ret_word)
{
	cursor_blanks(line);
	return cursor_word(line, &ret_word->text, &ret_word->length);
}

static bool to_number(struct word word, uint64_t *ret_value)
{
	struct cursor cursor = { word.text, word.text + word.length };

	/* A count may be below zero for a moment, being the sum of many. */
	if (cursor_char(&cursor, '-')) {
		*ret_value = 0;
		return true;
	}
	return cursor_decimal(&cursor, ret_value) && cursor.at == cursor.end;
}

/* Puts a word in small letters behind what is there; false where it is no part of a name. */
static bool put_word(char name[NAME_ROOM], size_t *length, struct word word)
{
	for (size_t i = 0; i < word.length; i++) {
		char c = word.text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
		if (*length == NAME_ROOM - 1)
			return false;
		name[(*length)++] = c;
	}
	name[*length] = '\0';
	return true;
}

/* "TCP" and "inuse" as "tcp.inuse"; false when that is no name. */
static bool make_name(struct word group, struct word item, char name[NAME_ROOM])
{
	struct word unit = { "", 0 };
	size_t length = 0;

	if (is_word(item, "mem"))
		unit = (struct word){ "_pages", 6 };
	else if (is_word(item, "memory"))
		unit = (struct word){ "_bytes", 6 };
	if (!put_word(name, &length, group) || length == NAME_ROOM - 1)
		return false;
	name[length++] = '.';
	return put_word(name, &length, item) && put_word(name, &length, unit);
}

/* "TCP: inuse 1 orphan 0 tw 0 alloc 49 mem 265" */
static void read_sockstat(struct cursor file, struct estab_counts *counts)
{
	struct cursor line;

	while (next_line(&file, &line)) {
		struct word group, item, number;
		uint64_t value;
		char name[NAME_ROOM];

		if (!next_word(&line, &group) || group.text[group.length - 1] != ':')
			continue;
		group.length--;
		while (next_word(&line, &item) && next_word(&line, &number))
			if (to_number(number, &value) && make_name(group, item, name))
				add_count(counts, name, value);
	}
}

/* "Tcp: NAMES" and, in the line below, "Tcp: NUMBERS". */
static void read_snmp(struct cursor file, struct estab_counts *counts)
{
	struct cursor names, numbers;
	struct word group, name, number;
	uint64_t value;

	while (next_line(&file, &names)) {
		if (!next_word(&names, &group) || !is_word(group, "Tcp:"))
			continue;
		if (!next_line(&file, &numbers) || !next_word(&numbers, &group) ||
		    !is_word(group, "Tcp:"))
			return;
		while (next_word(&names, &name) && next_word(&numbers, &number))
			if (is_word(name, "CurrEstab") && to_number(number, &value))
				add_count(counts, "tcp.curr_estab", value);
		return;
	}
}

/* A table of all kinds of sockets the kernel has: their name, size, and number in this namespace. */
static void read_protocols(struct cursor file, struct estab_counts *counts)
{
	static const struct {
		const char *protocol;
		const char *name;
	} names[] = {
		{ "UNIX", "unix.inuse" },     { "UNIX-STREAM", "unix.inuse" },
		{ "PING", "icmp.inuse" },     { "PINGv6", "icmp6.inuse" },
		{ "MPTCP", "mptcp.inuse" },   { "MPTCPv6", "mptcp6.inuse" },
		{ "PACKET", "packet.inuse" },
	};
	struct cursor line;

	while (next_line(&file, &line)) {
		struct word protocol, size, number;
		uint64_t value;

		if (!next_word(&line, &protocol) || !next_word(&line, &size) ||
		    !next_word(&line, &number) || !to_number(number, &value))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (is_word(protocol, names[i].protocol))
				add_count(counts, names[i].name, value);
	}
}

static int read_counts(const struct env *env, struct estab_counts *counts)
{
	static const char *const tables[] = { "sockstat", "sockstat6", "snmp", "protocols" };
	static void (*const readers[])(struct cursor file, struct estab_counts * counts) = {
		read_sockstat,
		read_sockstat,
		read_snmp,
		read_protocols,
	};
	_cleanup_(cleanup_free) char *buffer = malloc(FILE_MAX);
	int fds[ARRAY_SIZE(tables)];
	int error = 0;

	if (!buffer)
		return -ENOMEM;
	netns_open_all(env, tables, ARRAY_SIZE(tables), fds);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		_cleanup_(cleanup_close) int fd = fds[i];
		ssize_t n = fd < 0 ? fd : slurp_fd(fd, buffer, FILE_MAX);

		if (n >= 0)
			readers[i]((struct cursor){ buffer, buffer + n }, counts);
		else if (error == 0)
			error = (int)n;
	}
	return counts->n == 0 && error < 0 ? error : 0;
}

/* Of all of them together; one that can't be read counts nothing. */
static int read_all_counts(struct env *env, struct estab_counts *counts)
{
	struct estab_result *scratch = calloc(1, sizeof(*scratch));
	int error = 0;
	int r = scratch ? env_list_namespaces(env, scratch) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < env->namespaces->n; i++) {
		r = netns_list_enter(env, i);
		if (r == 0)
			r = read_counts(env, counts);
		if (r != -ENOMEM && r < 0) {
			error = error < 0 ? error : r;
			r = 0;
		}
	}
	if (scratch)
		result_clear(scratch);
	free(scratch);
	return r == 0 && counts->n == 0 ? error : r;
}

int estab_counts_read(const struct estab_query *query, struct estab_counts **ret_counts)
{
	struct estab_counts *counts = calloc(1, sizeof(*counts));
	struct env *env;
	int r;

	if (!counts)
		return -ENOMEM;
	r = env_new(query->ctx, query, &env);
	if (r == 0) {
		r = env->plan.all_netns ? read_all_counts(env, counts) : read_counts(env, counts);
		env_unref(env);
	}
	if (r < 0) {
		free(counts);
		return r;
	}
	*ret_counts = counts;
	return 0;
}

size_t estab_counts_number(const struct estab_counts *counts)
{
	return counts->n;
}

int estab_counts_get(const struct estab_counts *counts, size_t index, struct estab_count *ret_count)
{
	size_t size = ret_count->size;

	if (index >= counts->n)
		return -ENOENT;
	if (size <= sizeof(size))
		return -EINVAL;

	struct estab_count count = {
		.size = size,
		.name = counts->counts[index].name,
		.value = counts->counts[index].value,
		.flags = counts->counts[index].host_wide ? ESTAB_COUNT_HOST : 0,
	};

	memcpy(ret_count, &count, MIN(size, sizeof(count)));
	return 0;
}

int estab_counts_find(const struct estab_counts *counts, const char *name, uint64_t *ret_value)
{
	for (size_t i = 0; i < counts->n; i++) {
		if (strcmp(counts->counts[i].name, name) == 0) {
			*ret_value = counts->counts[i].value;
			return 0;
		}
	}
	return -ENODATA;
}

struct estab_counts *estab_counts_unref(struct estab_counts *counts)
{
	free(counts);
	return NULL;
}
