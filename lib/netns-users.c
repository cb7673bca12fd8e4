/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Who the users of a user namespace are outside of it. */
#include "netns.h"

#include <errno.h>
#include <stdbool.h>

#include "parse.h"
#include "record.h"
#include "util.h"

/* 340 lines (Linux 4.15), each of three numbers of ten digits at most. */
enum { UID_MAP_SIZE = 16 * 1024 };

static bool read_number(struct cursor *line, uint32_t *ret_number)
{
	uint64_t number;

	cursor_blanks(line);
	if (!cursor_decimal(line, &number) || number > UINT32_MAX)
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

static bool read_line(struct cursor *text, struct netns_users *ret_users)
{
	bool good = read_number(text, &ret_users->inside) &&
		    read_number(text, &ret_users->outside) && read_number(text, &ret_users->count);

	/* Whatever is wrong with it, it ends where the next one begins. */
	while (text->at < text->end && *text->at++ != '\n')
		continue;
	return good;
}

int netns_read_users(struct netns *netns, int fd)
{
	_cleanup_(cleanup_free) char *buffer = malloc(UID_MAP_SIZE);
	struct netns_users *users;
	struct cursor text;
	size_t length = 0;
	size_t lines = 1;
	ssize_t n;

	if (!buffer)
		return -ENOMEM;
	while ((n = read(fd, buffer + length, UID_MAP_SIZE - length)) > 0)
		length += (size_t)n;
	if (n < 0)
		return -errno;
	for (size_t i = 0; i < length; i++)
		lines += buffer[i] == '\n';
	users = calloc(lines, sizeof(*users));
	if (!users)
		return -ENOMEM;
	text = (struct cursor){ buffer, buffer + length };
	netns->n_users = 0;
	while (text.at < text.end)
		if (read_line(&text, &users[netns->n_users]))
			netns->n_users++;
	netns->users = users;
	return 0;
}

void netns_adopt_uid(const struct netns *netns, struct estab_socket *sock)
{
	if (netns->way != NETNS_CHILD || !(sock->has & HAS_UID))
		return;
	for (size_t i = 0; i < netns->n_users; i++) {
		const struct netns_users *users = &netns->users[i];
		uint32_t place = sock->uid - users->inside;

		if (sock->uid >= users->inside && place < users->count &&
		    users->outside != UINT32_MAX) {
			sock->uid = users->outside + place;
			return;
		}
	}
	/* The kernel puts one uid for all that have none there. */
	sock->has &= (uint16_t)~HAS_UID;
}
