/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Random expressions: as text, and what they mean, worked out without the library. */
#ifndef ESTAB_TEST_FILTER_EXPR_H
#define ESTAB_TEST_FILTER_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter-model.h"

enum { EXPR_TEXT_MAX = 8192, EXPR_NODES_MAX = 256, EXPR_DEPTH_MAX = 5 };

enum kind {
	AND,
	OR,
	NOT,
	PORT,
	ADDR,
	STATE,
	PROTO,
	FAMILY,
	UID,
	RTT,
	MARK,
	FWMARK,
	CGROUP,
	DEV,
	INTERFACE,
	PID,
	COMM,
	COMM_GLOB,
	PATH,
	RECV_SEND,
	SAME_ADDR,
	OWNER_UID,
	EXISTS_UID,
	EXISTS_RTT,
	EXISTS_OWNERS,
	AUTOBOUND,
	KINDS,
};

enum { LOCAL = 1, PEER = 2, EITHER = 3 };
enum { EQ, NE, LT, LE, GT, GE };

struct expr {
	enum kind kind;
	int op;
	int ends;
	bool word; /* ss(8)'s own */
	uint32_t a, b;
	uint8_t addr[16];
	bool v4;
	const struct expr *left, *right;
};

struct writer {
	char text[EXPR_TEXT_MAX];
	size_t length;
	struct expr pool[EXPR_NODES_MAX];
	size_t n;
};

/* Lent until the next one. Its text is the writer's. */
const struct expr *expr_make(struct writer *writer);
bool expr_holds(const struct expr *expr, const struct model *model);

#endif
