/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the tests of sock_diag share: a result to read into, without a query. */
#ifndef DIAG_FIXTURE_H
#define DIAG_FIXTURE_H

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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

/* A recorded dump: test/golden/README.md. */
static inline void load(struct fixture *fixture, const char *name)
{
	const char *root = getenv("ESTAB_SRCDIR");
	char path[512];
	ssize_t n;
	int fd;

	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) {
		printf("SKIP: the recorded dumps are little-endian\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/test/golden/%s", root ? root : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, fixture->data, sizeof(fixture->data));
	close(fd);
	assert_in_range(n, 1, sizeof(fixture->data) - 1);
	fixture->length = (size_t)n;
}

static inline void begin_walk(struct fixture *fixture, struct nl_walk *walk)
{
	const struct nlmsghdr *first = (const void *)fixture->data;

	nl_walk_begin(walk, &fixture->result, "table", first->nlmsg_seq, first->nlmsg_pid);
	nl_walk_feed(walk, fixture->data, fixture->length, false);
}

static inline void need_netlink(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (fd < 0) {
		printf("SKIP: no netlink socket here: %s\n", strerror(errno));
		skip();
	}
	close(fd);
}

/* Reads to the end; returns how it ended. */
static inline int read_all(struct fixture *fixture, const struct source_job *job,
			   unsigned int *ret_rows)
{
	struct source_cursor *cursor = NULL;
	int r = source_diag.open(&fixture->env, job, &fixture->result, &cursor);

	*ret_rows = 0;
	if (r < 0) {
		assert_null(cursor);
		return r;
	}
	while ((r = source_diag.next(cursor, &fixture->row)) == 0)
		++*ret_rows;
	assert_null(source_diag.close(cursor));
	return r;
}

#endif
