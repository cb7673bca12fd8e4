/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text of the connection table: the first byte says which (its low bit: the old one), the rest is
 * the file. */
#include "tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	bool old = input_byte(&input) & 1;
	struct estab_ctx *ctx;

	tree_write(old ? "net/ip_conntrack" : "net/nf_conntrack", input.at, input.left);
	ctx = tree_ctx(NULL);
	tree_check_flows(ctx);
	estab_ctx_unref(ctx);
	return 0;
}
