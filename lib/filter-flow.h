/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What of a filter ctnetlink can be told, and how. */
#ifndef ESTAB_FILTER_FLOW_H
#define ESTAB_FILTER_FLOW_H

#include <linux/netlink.h>
#include <stdint.h>

struct estab_filter;

/* What every flow that matches must have. The masks are 0 where nothing is said. */
struct flow_wants {
	uint32_t mark;
	uint32_t mark_mask;
	uint32_t status;
	uint32_t status_mask;
	uint16_t zone; /* 0: any: entries with a zone for one direction would hide behind it */
};

void filter_flow_wants(const struct estab_filter *filter, struct flow_wants *ret_wants);
/* Adds them to a dump's request, which must have room for 64 bytes. */
void filter_push_flows(const struct estab_filter *filter, struct nlmsghdr *request);

#endif
