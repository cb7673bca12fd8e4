/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Ranges of ports and of other numbers, and what an operator makes of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "filter-parse.h"
#include "services.h"

int filter_read_ports(struct filter_parser *parser, const struct token *token, const char *text,
		      struct range *ret_range)
{
	const char *dash = strchr(text, '-');
	struct range range;
	uint16_t port;
	int r;

	if (strcmp(text, "*") == 0) {
		*ret_range = (struct range){ 0, UINT16_MAX };
		return 0;
	}
	if (filter_read_u64(text, &range.low)) {
		range.high = range.low;
	} else if (dash && *text >= '0' && *text <= '9') {
		char first[24];
		size_t length = (size_t)(dash - text);

		if (length >= sizeof(first))
			length = 0;
		memcpy(first, text, length);
		first[length] = '\0';
		if (!filter_read_u64(first, &range.low) || !filter_read_u64(dash + 1, &range.high))
			return filter_fail(parser, token->at, "expected ports, as 8000-8999");
	} else if (*text == '\0' || (*text >= '0' && *text <= '9')) {
		return filter_fail(parser, token->at,
				   "expected a port, as 443, https or 8000-8999");
	} else {
		r = services_find(text, &port);
		if (r == -ENOTUNIQ)
			return filter_fail(parser, token->at,
					   "TCP and UDP have different ports of this name");
		if (r == -ENOMEM)
			return filter_fail_memory(parser);
		if (r < 0)
			return filter_fail(parser, token->at,
					   "expected a port; /etc/services has no such name");
		range.low = range.high = port;
	}
	if (range.high > UINT16_MAX)
		return filter_fail(parser, token->at, "expected a port from 0 to 65535");
	if (range.low > range.high)
		return filter_fail(parser, token->at, "the range ends before it begins");
	*ret_range = range;
	return 0;
}

int filter_apply_op(struct filter_parser *parser, const struct token *token, enum op op,
		    struct range *range)
{
	struct range empty = { 1, 0 };

	if (op == OP_EQ || op == OP_NE || op == OP_IN || op == OP_NOT_IN)
		return 0;
	if (range->low != range->high)
		return filter_fail(parser, token->at, "a range is compared with =, != or in");
	switch (op) {
	case OP_LT:
		*range = range->low == 0 ? empty : (struct range){ 0, range->low - 1 };
		return 0;
	case OP_LE:
		range->low = 0;
		return 0;
	case OP_GT:
		*range = range->high == UINT64_MAX ? empty
						   : (struct range){ range->high + 1, UINT64_MAX };
		return 0;
	case OP_GE:
		range->high = UINT64_MAX;
		return 0;
	default:
		return filter_fail(parser, token->at,
				   "a number is compared with =, !=, <, <=, >, >= or in");
	}
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *left = a;
	const struct range *right = b;

	return left->low < right->low ? -1 : left->low > right->low;
}

size_t ranges_settle(struct range *ranges, size_t n, bool turn)
{
	size_t kept = 0;
	uint64_t next = 0; /* what is not yet covered begins here */
	bool full = false;

	qsort(ranges, n, sizeof(*ranges), compare_ranges);
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].low > ranges[i].high)
			continue;
		if (kept > 0 && (ranges[kept - 1].high == UINT64_MAX ||
				 ranges[i].low <= ranges[kept - 1].high + 1))
			ranges[kept - 1].high = MAX(ranges[kept - 1].high, ranges[i].high);
		else
			ranges[kept++] = ranges[i];
	}
	if (!turn)
		return kept;
	/* The gaps: at most one more than there are ranges. */
	n = kept;
	kept = 0;
	for (size_t i = 0; i < n && !full; i++) {
		struct range range = ranges[i];

		if (range.low > next)
			ranges[kept++] = (struct range){ next, range.low - 1 };
		full = range.high == UINT64_MAX;
		next = range.high + 1;
	}
	if (!full)
		ranges[kept++] = (struct range){ next, UINT64_MAX };
	return kept;
}
