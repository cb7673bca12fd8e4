/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * inet_diag's filter language (INET_DIAG_REQ_BYTECODE): what an instruction asks either holds, and
 * the next one follows, or does not, and it says where to go on. The kernel takes forward jumps only,
 * to the begin of an instruction. The end of the code lets a socket through, four bytes behind it is
 * how it is refused.
 */
#ifndef ESTAB_BYTECODE_H
#define ESTAB_BYTECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter-code.h"
#include "text.h"

enum {
	BYTECODE_ROOM = 4096,
	BYTECODE_OPS_MAX = BYTECODE_ROOM / 4,
	BYTECODE_DATA_MAX = 24,
	/* Targets: LEAF_ACCEPT, LEAF_REJECT, the number of a label, or this plus that of an op. */
	BYTECODE_OP = 1 << 16,
};

struct bytecode_op {
	uint8_t code;
	uint8_t size; /* with its head of four bytes */
	uint8_t data[BYTECODE_DATA_MAX];
	uint32_t no; /* a target */
};

struct bytecode {
	struct bytecode_op ops[BYTECODE_OPS_MAX];
	size_t n_ops;
	size_t size;
	bool full;                   /* it got too long: it is worth nothing */
	uint16_t labels[LEAVES_MAX]; /* ops */
};

/* Each adds an instruction, or two, that go on to no when what they ask does not hold. */
void bytecode_jump(struct bytecode *bytecode, uint32_t to);
void bytecode_family6(struct bytecode *bytecode, uint32_t no);
void bytecode_addr(struct bytecode *bytecode, bool local, const struct prefix *prefix, uint32_t no);
/* Not all ports. */
void bytecode_ports(struct bytecode *bytecode, bool local, const struct range *range, uint32_t no);
void bytecode_device(struct bytecode *bytecode, uint32_t index, uint32_t no);
void bytecode_mark(struct bytecode *bytecode, const struct mark *mark, uint32_t no);
void bytecode_cgroup(struct bytecode *bytecode, uint64_t id, uint32_t no);
void bytecode_autobound(struct bytecode *bytecode, uint32_t no);

/* Writes what was added. Returns its length, 0 when it got too long. */
size_t bytecode_write(const struct bytecode *bytecode, uint8_t code[BYTECODE_ROOM]);

/* Describes the instruction at an offset, in words. Returns its length; 0 at the end, and for what is
 * no such code. */
size_t bytecode_describe(const uint8_t *code, size_t length, size_t at, struct text *text);

#endif
