/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-flow.h"

#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "filter-code.h"
#include "flow.h"

/* Whether no flow matches for which the leaf does not hold: with its way out closed, none gets through. */
static bool is_necessary(const struct estab_filter *filter, uint32_t wanted)
{
	bool reached[LEAVES_MAX] = { [0] = true };

	for (uint32_t at = 0; at < filter->n_leaves; at++) {
		const struct leaf *leaf = &filter->leaves[at];

		if (!reached[at])
			continue;
		if (leaf->no == LEAF_ACCEPT || (at != wanted && leaf->yes == LEAF_ACCEPT))
			return false;
		if (leaf->no < filter->n_leaves)
			reached[leaf->no] = true;
		if (at != wanted && leaf->yes < filter->n_leaves)
			reached[leaf->yes] = true;
	}
	return true;
}

/* The one number that the leaf asks of the field. */
static bool is_one_number(const struct leaf *leaf, enum estab_field field, uint64_t *ret_number)
{
	const struct range *range = leaf->data;

	if (leaf->kind != LEAF_NUMBER || leaf->field->id != field || leaf->count != 1 ||
	    leaf->flags & LEAF_NEGATE || range->low != range->high)
		return false;
	*ret_number = range->low;
	return true;
}

/* One bit, or its absence: of several, any one would do. */
static void want_status(const struct leaf *leaf, struct flow_wants *wants)
{
	uint32_t bit = leaf->mask;
	bool set = !(leaf->flags & LEAF_NEGATE);

	if (bit == 0 || (bit & (bit - 1)) != 0)
		return;
	if (bit == FLOW_UNREPLIED) {
		bit = FLOW_SEEN_REPLY;
		set = !set;
	}
	if (wants->status_mask & bit)
		return;
	wants->status_mask |= bit;
	if (set)
		wants->status |= bit;
}

void filter_flow_wants(const struct estab_filter *filter, struct flow_wants *ret_wants)
{
	struct flow_wants wants = { 0 };

	for (uint32_t i = 0; i < filter->n_leaves; i++) {
		const struct leaf *leaf = &filter->leaves[i];
		uint64_t number;

		if (!is_necessary(filter, i))
			continue;
		if (leaf->kind == LEAF_STATUS) {
			want_status(leaf, &wants);
		} else if (leaf->kind == LEAF_MARK && !(leaf->flags & LEAF_NEGATE)) {
			const struct mark *mark = leaf->data;

			wants.mark = mark->value;
			wants.mark_mask = mark->mask;
		} else if (is_one_number(leaf, ESTAB_F_MARK, &number) && number <= UINT32_MAX) {
			wants.mark = (uint32_t)number;
			wants.mark_mask = UINT32_MAX;
		} else if (is_one_number(leaf, ESTAB_F_ZONE, &number) && number <= UINT16_MAX) {
			wants.zone = (uint16_t)number;
		}
	}
	*ret_wants = wants;
}

void filter_push_flows(const struct estab_filter *filter, struct nlmsghdr *request)
{
	struct flow_wants wants;

	filter_flow_wants(filter, &wants);
	if (wants.mark_mask != 0) {
		mnl_attr_put_u32(request, CTA_MARK, htobe32(wants.mark));
		mnl_attr_put_u32(request, CTA_MARK_MASK, htobe32(wants.mark_mask));
	}
	/* Linux 5.15; an older one has no such attributes, and passes over them. */
	if (wants.status_mask != 0) {
		mnl_attr_put_u32(request, CTA_STATUS, htobe32(wants.status));
		mnl_attr_put_u32(request, CTA_STATUS_MASK, htobe32(wants.status_mask));
	}
	/* Linux 6.8. */
	if (wants.zone != 0)
		mnl_attr_put_u16(request, CTA_ZONE, htobe16(wants.zone));
}
