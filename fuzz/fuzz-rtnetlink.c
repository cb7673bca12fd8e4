/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Messages about routes, interfaces and addresses, one after the other, as rtnetlink dumps have them. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "fuzz.h"
#include "rtnetlink.h"
#include "util.h"

enum { ADDRESSES = 16, HOPS = 64 };

struct reading {
	struct env *env;
	struct row row;
	struct rt_address addresses[ADDRESSES];
	size_t n_addresses;
	uint64_t serial;
};

static int by_interface(const void *a, const void *b)
{
	const struct rt_address *x = a;
	const struct rt_address *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

static void read_message(struct reading *reading, const struct nlmsghdr *message)
{
	struct row *row = &reading->row;
	struct rt_address address;
	struct rt_link_cut cut;
	int r = RT_ROW;

	for (unsigned int hop = 0; hop < HOPS && r == RT_ROW; hop++) {
		r = rt_route_decode(reading->env, message, hop, ++reading->serial, row);
		must(r == RT_ROW || r == RT_SKIP);
		if (r == RT_ROW)
			check_socket(&row->sock);
	}
	r = rt_address_decode(message, &address);
	must(r == RT_ROW || r == RT_SKIP);
	if (r == RT_ROW && reading->n_addresses < ADDRESSES) {
		must(memchr(address.label, '\0', sizeof(address.label)));
		reading->addresses[reading->n_addresses++] = address;
		qsort(reading->addresses, reading->n_addresses, sizeof(address), by_interface);
	}
	r = rt_link_decode(message, reading->addresses, reading->n_addresses, ++reading->serial,
			   row, &cut);
	must(r == RT_ROW || r == RT_SKIP);
	if (r == RT_ROW)
		check_socket(&row->sock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct reading *reading = calloc(1, sizeof(*reading));
	enum estab_subject subject =
		input_byte(&input) & 1 ? ESTAB_SUBJECT_INTERFACES : ESTAB_SUBJECT_ROUTES;
	struct estab_query *query;
	struct estab_ctx *ctx;

	must(reading && estab_ctx_new(NULL, &ctx) == 0 && estab_query_new(ctx, &query) == 0);
	must(estab_query_set_subject(query, subject) == 0);
	must(env_new(ctx, query, &reading->env) == 0 &&
	     ext_builder_init(&reading->row.ext, reading->env) == 0);
	while (input.left >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;
		void *message;

		memcpy(&head, input.at, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > input.left)
			break;
		/* So long and no longer: what is read beyond it, a sanitizer sees. */
		message = fuzz_copy(input.at, head.nlmsg_len);
		read_message(reading, message);
		free(message);
		head.nlmsg_len = MIN((uint32_t)NLMSG_ALIGN(head.nlmsg_len), (uint32_t)input.left);
		input.at += head.nlmsg_len;
		input.left -= head.nlmsg_len;
	}
	ext_builder_free(&reading->row.ext);
	env_unref(reading->env);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	free(reading);
	return 0;
}
