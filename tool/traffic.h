/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What some sockets have to do, in a line: how many are connected, to whom most of them. */
#ifndef ESTAB_TOOL_TRAFFIC_H
#define ESTAB_TOOL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>

#include <estab.h>

#include "buf.h"

/* Whether someone may still come in: a listener, or a UDP socket that takes from anyone. */
bool traffic_is_listener(const struct estab_socket *sock);
/* Connections by who is at the other end: those that came in by its address, others by address and port, and
 * by the process where that is on this host. Nothing where there are none. */
void traffic_put(struct buf *buf, const struct estab_socket *const *rows, size_t n);
/* How many there are of what is neither. */
void traffic_put_others(struct buf *buf, const struct estab_socket *const *rows, size_t n);

#endif
