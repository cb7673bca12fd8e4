/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "ahead.h"

/* Waits for the first one's names, if need be. */
static void write_first(struct ahead *ahead)
{
	struct estab_socket *sock = ahead->rows[ahead->first];

	ahead->format->row(ahead->output, sock);
	estab_socket_unref(sock);
	ahead->first = (ahead->first + 1) % AHEAD_ROWS;
	ahead->n--;
}

void ahead_put(struct ahead *ahead, const struct estab_socket *sock)
{
	struct estab_socket *copy;
	bool settled = names_ask(ahead->names, sock);

	while (ahead->n > 0 && names_ask(ahead->names, ahead->rows[ahead->first]))
		write_first(ahead);
	if (ahead->n == 0 && settled) {
		ahead->format->row(ahead->output, sock);
		return;
	}
	if (estab_socket_copy(sock, &copy) < 0) {
		ahead_end(ahead);
		ahead->format->row(ahead->output, sock);
		return;
	}
	if (ahead->n == AHEAD_ROWS)
		write_first(ahead);
	ahead->rows[(ahead->first + ahead->n++) % AHEAD_ROWS] = copy;
}

void ahead_end(struct ahead *ahead)
{
	while (ahead->n > 0)
		write_first(ahead);
}
