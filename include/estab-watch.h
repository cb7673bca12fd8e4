/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A part of <estab.h>, which includes it: to be told of what happens, instead of reading what there is. */
#ifndef ESTAB_WATCH_H
#define ESTAB_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "estab.h"

#ifdef __cplusplus
extern "C" {
#endif

struct estab_watch;

/* Events, for estab_watch_options.events. Of sockets there is DESTROY alone. Since 0.1. */
#define ESTAB_WATCH_NEW (1u << 0)
#define ESTAB_WATCH_UPDATE (1u << 1)
#define ESTAB_WATCH_DESTROY (1u << 2)

/* Zero is the default of every member; the size is set by the caller. Since 0.1. */
struct estab_watch_options {
	size_t size;
	uint32_t events; /* ESTAB_WATCH_…; 0: all that the query's filter leaves */
	/* How many bytes of events wait for their reader before others are lost; 0: 8 MiB. Who lacks
	 * CAP_NET_ADMIN in the first user namespace gets no more than net.core.rmem_max. */
	uint32_t buffer_bytes;
};

/*
 * Begins to be told of what the query is about, as far as it matches the filter, in the query's network
 * namespace. options may be NULL. A row has the fields that the query asks for, as far as the kernel tells
 * them with the event.
 *
 * Of sockets, those of TCP and UDP that end (sock_diag's groups; whoever asks): their ends, cookie, device
 * and tcp_info. States don't choose, since all that ended are closed.
 *
 * Of flows, those that come, change and go (ctnetlink); ESTAB_F_EVENT and ESTAB_F_TIME belong to the usual
 * fields. Flows that there are already are not told of: read them, once this has begun, with a scan. Where
 * nf_conntrack_events is 2, as it is since Linux 6.1, they have no events either, unless someone listened
 * when they came. Nothing is switched on: where it is 0 there are none at all, which the result says.
 *
 * -EINVAL: the query is about all namespaces, or an option is not known; -EPERM: CAP_NET_ADMIN over the
 * namespace is missing, which flows take; -ENOENT: there is no connection tracking, and asking would load
 * it; -EOPNOTSUPP: nothing is told of what the query is about, the context reads a copy, or the query is for
 * another source than the kernel's events, or for fields that take more than the event, as owners do; -ENOMEM, -EMFILE, and the errors of the namespace as estab_scan_open().
 * Since 0.1.
 */
ESTAB_PUBLIC int estab_watch_open(struct estab_query *query,
				  const struct estab_watch_options *options,
				  struct estab_watch **ret_watch);
/* A descriptor to poll(2) for reading, which belongs to the watch. When it is readable, call
 * estab_watch_next() until that returns 1. Since 0.1. */
ESTAB_PUBLIC int estab_watch_fd(const struct estab_watch *watch);
/* Never blocks. 0: *ret_row is the next one, lent until the next call; 1: there is none for now, poll
 * again; negative errno: the watch is of no more use. Since 0.1. */
ESTAB_PUBLIC int estab_watch_next(struct estab_watch *watch, const struct estab_socket **ret_row);
/* How many were given out, and what was lost: "events", "overrun" counts those that came faster than they
 * were read. It changes as the watch goes on. Lent. Since 0.1. */
ESTAB_PUBLIC const struct estab_result *estab_watch_result(const struct estab_watch *watch);
ESTAB_PUBLIC struct estab_watch *estab_watch_close(struct estab_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
