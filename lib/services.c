/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "services.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parse.h"
#include "util.h"

enum { SERVICES_MAX = 4 * 1024 * 1024 };

static bool is_name(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && memcmp(word, name, length) == 0;
}

/* "name port/protocol alias…": the port, when the name is one of them and the protocol is TCP (*ret_udp
 * false) or UDP. */
static bool read_line(struct cursor line, const char *name, uint16_t *ret_port, bool *ret_udp)
{
	const char *word;
	size_t length;
	uint64_t port;
	bool found;

	cursor_blanks(&line);
	if (!cursor_word(&line, &word, &length))
		return false;
	found = is_name(word, length, name);
	cursor_blanks(&line);
	if (!cursor_decimal(&line, &port) || port == 0 || port > UINT16_MAX ||
	    !cursor_char(&line, '/') || !cursor_word(&line, &word, &length))
		return false;
	*ret_udp = is_name(word, length, "udp");
	if (!*ret_udp && !is_name(word, length, "tcp"))
		return false;
	*ret_port = (uint16_t)port;
	for (;;) {
		cursor_blanks(&line);
		if (found || !cursor_word(&line, &word, &length))
			return found;
		found = is_name(word, length, name);
	}
}

int services_find_in(const char *text, const char *name, uint16_t *ret_port)
{
	uint32_t ports[2] = { 0, 0 };

	while (*text != '\0') {
		size_t length = strcspn(text, "\n");
		size_t code = strcspn(text, "#\n");
		uint16_t port;
		bool udp;

		/* The first of a name counts, as for getservbyname(3). */
		if (read_line((struct cursor){ text, text + code }, name, &port, &udp) &&
		    ports[udp] == 0)
			ports[udp] = port;
		text += length;
		text += *text == '\n';
	}
	if (ports[0] == 0 && ports[1] == 0)
		return -ENOENT;
	if (ports[0] != 0 && ports[1] != 0 && ports[0] != ports[1])
		return -ENOTUNIQ;
	*ret_port = (uint16_t)(ports[0] != 0 ? ports[0] : ports[1]);
	return 0;
}

int services_find(const char *name, uint16_t *ret_port)
{
	_cleanup_(cleanup_close) int fd = open("/etc/services", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_(cleanup_free) char *text = NULL;
	size_t length = 0;
	size_t room = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t n;

		if (room - length < 2) {
			char *more = room >= SERVICES_MAX
					     ? NULL
					     : realloc(text, room == 0 ? 32 * 1024 : room * 2);

			if (!more)
				return -ENOMEM;
			text = more;
			room = room == 0 ? 32 * 1024 : room * 2;
		}
		n = read(fd, text + length, room - length - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		length += (size_t)n;
	}
	text[length] = '\0';
	return services_find_in(text, name, ret_port);
}
