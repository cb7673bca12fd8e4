/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "sockstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "env.h"
#include "text.h"
#include "util.h"

enum { FILE_ROOM = 2048 }; /* each is of a few hundred bytes */

/* "TCP: inuse 1 orphan 0 tw 0 alloc 49 mem 265" */
static const struct {
	const char *group;
	const char *name;
	size_t offset;
} numbers[] = {
	{ "sockets:", "used", offsetof(struct sockstat, used) },
	{ "TCP:", "inuse", offsetof(struct sockstat, tcp) },
	{ "TCP6:", "inuse", offsetof(struct sockstat, tcp) },
	{ "TCP:", "tw", offsetof(struct sockstat, time_wait) },
	{ "UDP:", "inuse", offsetof(struct sockstat, udp) },
	{ "UDP6:", "inuse", offsetof(struct sockstat, udp) },
	{ "UDPLITE:", "inuse", offsetof(struct sockstat, udplite) },
	{ "UDPLITE6:", "inuse", offsetof(struct sockstat, udplite) },
	{ "RAW:", "inuse", offsetof(struct sockstat, raw) },
	{ "RAW6:", "inuse", offsetof(struct sockstat, raw) },
};

struct word {
	const char *text;
	size_t length;
};

static bool is_word(struct word word, const char *text)
{
	return word.length == strlen(text) && memcmp(word.text, text, word.length) == 0;
}

static void add_number(struct word group, struct word name, uint64_t value,
		       struct sockstat *sockstat)
{
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		if (is_word(group, numbers[i].group) && is_word(name, numbers[i].name))
			*(uint64_t *)(void *)((char *)sockstat + numbers[i].offset) += value;
}

void sockstat_add(struct cursor text, struct sockstat *sockstat)
{
	while (text.at < text.end) {
		const char *newline = memchr(text.at, '\n', (size_t)(text.end - text.at));
		struct cursor line = { text.at, newline ? newline : text.end };
		struct word group, name;
		uint64_t value;

		text.at = newline ? newline + 1 : text.end;
		if (!cursor_word(&line, &group.text, &group.length))
			continue;
		for (;;) {
			cursor_blanks(&line);
			if (!cursor_word(&line, &name.text, &name.length))
				break;
			cursor_blanks(&line);
			if (!cursor_decimal(&line, &value))
				break;
			add_number(group, name, value, sockstat);
		}
	}
}

static const char *const tables[SOCKSTAT_FILES] = { "sockstat", "sockstat6" };

/* It comes whole at the first read: no need to ask for its end. */
static ssize_t read_whole(int fd, char text[FILE_ROOM])
{
	ssize_t n;

	do
		n = pread(fd, text, FILE_ROOM, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

bool sockstat_read_files(const int fds[SOCKSTAT_FILES], struct sockstat *ret_sockstat)
{
	struct sockstat sockstat = { 0 };
	char text[FILE_ROOM];
	bool known = false;

	for (size_t i = 0; i < SOCKSTAT_FILES; i++) {
		ssize_t n = fds[i] < 0 ? fds[i] : read_whole(fds[i], text);

		if (n < 0)
			continue;
		known |= i == 0;
		sockstat_add((struct cursor){ text, text + n }, &sockstat);
	}
	if (known)
		*ret_sockstat = sockstat;
	return known;
}

void sockstat_close(int fds[SOCKSTAT_FILES])
{
	for (size_t i = 0; i < SOCKSTAT_FILES; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
		fds[i] = -1;
	}
}

void sockstat_open_at(int dir_fd, const char *directory, int ret_fds[SOCKSTAT_FILES])
{
	char path[64];

	for (size_t i = 0; i < SOCKSTAT_FILES; i++) {
		text_path(path, sizeof(path), directory, tables[i]);
		ret_fds[i] = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
}

bool sockstat_read(const struct env *env, struct sockstat *ret_sockstat)
{
	int fds[SOCKSTAT_FILES];

	bool known;

	netns_open_all(env, tables, SOCKSTAT_FILES, fds);
	known = sockstat_read_files(fds, ret_sockstat);
	sockstat_close(fds);
	return known;
}
