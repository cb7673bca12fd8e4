/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the tests of sock_diag share: a result to read into, without a query. */
#ifndef DIAG_FIXTURE_H
#define DIAG_FIXTURE_H

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <stdint.h>
#include <stdlib.h>

#include "diag.h"
#include "source.h"
#include "util.h"

enum { NETNS = 4026531999u & 0x7fffffff, COOKIE = 77 };

struct fixture {
	struct estab_ctx ctx;
	struct estab_result result;
	struct row row;
	struct diag_reading reading;
	_Alignas(8) uint8_t data[32768]; /* a recorded or hand-made dump */
	size_t length;
	struct env env; /* the last: it ends in a flexible array */
};

static inline int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	if (!fixture)
		return -1;
	fixture->env.ctx = &fixture->ctx;
	fixture->env.netns = NETNS;
	*state = fixture;
	return ext_builder_init(&fixture->row.ext, &fixture->env);
}

static inline int teardown(void **state)
{
	struct fixture *fixture = *state;

	ext_builder_free(&fixture->row.ext);
	netdevs_free(&fixture->env.netdevs);
	result_clear(&fixture->result);
	free(fixture);
	return 0;
}

static inline struct source_job make_job(enum estab_proto proto)
{
	return (struct source_job){
		.proto = proto,
		.table = "table",
		.families = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6),
		.states = ESTAB_STATES_ALL,
	};
}

static inline struct inet_diag_msg established(void)
{
	return (struct inet_diag_msg){
		.idiag_family = AF_INET,
		.idiag_state = ESTAB_STATE_ESTABLISHED,
		.id = { .idiag_sport = htons(80),
			.idiag_dport = htons(1024),
			.idiag_src = { htonl(0x01020304), 0xdead, 0xdead, 0xdead },
			.idiag_dst = { htonl(0x05060708), 0xdead, 0xdead, 0xdead },
			.idiag_cookie = { COOKIE, 1 } },
		.idiag_uid = 1000,
		.idiag_inode = 4242,
	};
}

#endif
