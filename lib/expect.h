/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * One entry of the kernel's table of expectations: a flow that a helper waits for, as FTP's for the data
 * connection that its commands announce.
 */
#ifndef ESTAB_EXPECT_H
#define ESTAB_EXPECT_H

#include <stdint.h>

#include "flow.h"

enum expect_tuple {
	EXPECT_WHAT,   /* as far as it is known by then: 0 else */
	EXPECT_MASK,   /* which bits of it must be so */
	EXPECT_MASTER, /* the original direction of the flow that it belongs to */
	EXPECT_TUPLES,
};

enum {
	EXPECT_HAS_TIMEOUT = 1 << 0,
	EXPECT_HAS_ID = 1 << 1,
	EXPECT_HAS_CLASS = 1 << 2,
	/* What a tuple has is a bit for each. */
	EXPECT_HAS_TUPLE = 1 << 3,
};

struct expect {
	uint32_t has;
	uint32_t timeout_s;
	uint32_t id;
	uint32_t klass; /* of its helper's */
	struct flow_tuple tuples[EXPECT_TUPLES];
	uint16_t zone;
	uint8_t l4proto;
	uint8_t reserved;
} FLOW_PACKED;

/* Of a row of its kind. */
const struct expect *expect_of(const struct estab_socket *sock);

/* As ct_netlink_decode(); serial: of the row. */
int expect_netlink_decode(const struct nlmsghdr *message, uint32_t families, uint64_t serial,
			  struct row *row);
/* A line of /proc/net/nf_conntrack_expect, which has no mask, no master and no id. */
int expect_text_line(struct cursor line, uint32_t families, uint64_t serial, struct row *row);

#endif
