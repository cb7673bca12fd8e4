/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What the kernel tells by itself becomes rows as what it answers does. There is no dump, no join, and
 * nothing is folded.
 */
#ifndef ESTAB_WATCH_INTERNAL_H
#define ESTAB_WATCH_INTERNAL_H

#include "diag.h"
#include "env.h"
#include "flow.h"
#include "nl.h"
#include "record.h"
#include "result.h"

/* What takes a message apart: 0: watch->row is filled; 1: it is not; -EBADMSG: malformed. */
typedef int watch_take_fn(struct estab_watch *watch, const struct nlmsghdr *message);

struct watch_kind {
	const char *source;
	/* What is lost is of it. */
	const char *table;
	/* Opens the socket, and joins the groups of these events: as estab_watch_open(). */
	int (*open)(struct estab_watch *watch, uint32_t events, uint32_t buffer_bytes);
	watch_take_fn *take;
};

extern const struct watch_kind watch_flows;
extern const struct watch_kind watch_sockets;

struct estab_watch {
	struct env *env; /* owned reference */
	const struct watch_kind *kind;
	struct estab_result result;
	struct result_source *counts;
	struct nl nl;
	struct row row;
	union {
		struct flow_reading flows;
		struct {
			struct diag_reading tcp;
			struct diag_reading udp;
		} ended;
	};
};

#endif
