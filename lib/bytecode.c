/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "bytecode.h"

#include <linux/inet_diag.h>
#include <string.h>
#include <sys/socket.h>

#include "util.h"

enum {
	/* Not among the headers of every distribution we build on (Linux 5.8). */
	BC_CGROUP_COND = 13,
	ANY_PORT = -1,
};

static void put(struct bytecode *bytecode, uint8_t code, const void *data, size_t size, uint32_t no)
{
	struct bytecode_op *op = &bytecode->ops[bytecode->n_ops];

	if (bytecode->n_ops == BYTECODE_OPS_MAX || bytecode->size + 4 + size > BYTECODE_ROOM) {
		bytecode->full = true;
		return;
	}
	*op = (struct bytecode_op){ .code = code, .size = (uint8_t)(4 + size), .no = no };
	if (size > 0)
		memcpy(op->data, data, size);
	bytecode->size += op->size;
	bytecode->n_ops++;
}

static void put_host(struct bytecode *bytecode, bool local, uint8_t family, int port,
		     const struct prefix *prefix, uint32_t no)
{
	uint8_t data[BYTECODE_DATA_MAX] = { 0 };
	struct inet_diag_hostcond host = { .family = family, .port = port };
	size_t size = family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;

	if (prefix) {
		host.prefix_len = prefix->bits;
		memcpy(data + sizeof(host), prefix->bytes, size);
	}
	memcpy(data, &host, sizeof(host));
	put(bytecode, local ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND, data, sizeof(host) + size,
	    no);
}

static void put_bound(struct bytecode *bytecode, uint8_t code, uint64_t port, uint32_t no)
{
	struct inet_diag_bc_op operand = { .no = (uint16_t)port };

	put(bytecode, code, &operand, sizeof(operand), no);
}

void bytecode_jump(struct bytecode *bytecode, uint32_t to)
{
	put(bytecode, INET_DIAG_BC_JMP, NULL, 0, to);
}

void bytecode_family6(struct bytecode *bytecode, uint32_t no)
{
	put_host(bytecode, true, AF_INET6, ANY_PORT, NULL, no);
}

void bytecode_addr(struct bytecode *bytecode, bool local, const struct prefix *prefix, uint32_t no)
{
	put_host(bytecode, local, prefix->v4 ? AF_INET : AF_INET6, ANY_PORT, prefix, no);
}

/* A single port is asked for as a host of any family, as every kernel knows it: S_EQ is younger. */
void bytecode_ports(struct bytecode *bytecode, bool local, const struct range *range, uint32_t no)
{
	if (range->low == range->high) {
		put_host(bytecode, local, AF_UNSPEC, (int)range->low, NULL, no);
		return;
	}
	if (range->low > 0)
		put_bound(bytecode, local ? INET_DIAG_BC_S_GE : INET_DIAG_BC_D_GE, range->low, no);
	if (range->high < UINT16_MAX)
		put_bound(bytecode, local ? INET_DIAG_BC_S_LE : INET_DIAG_BC_D_LE, range->high, no);
}

void bytecode_device(struct bytecode *bytecode, uint32_t index, uint32_t no)
{
	put(bytecode, INET_DIAG_BC_DEV_COND, &index, sizeof(index), no);
}

void bytecode_mark(struct bytecode *bytecode, const struct mark *mark, uint32_t no)
{
	struct inet_diag_markcond cond = { .mark = mark->value, .mask = mark->mask };

	put(bytecode, INET_DIAG_BC_MARK_COND, &cond, sizeof(cond), no);
}

void bytecode_cgroup(struct bytecode *bytecode, uint64_t id, uint32_t no)
{
	put(bytecode, BC_CGROUP_COND, &id, sizeof(id), no);
}

void bytecode_autobound(struct bytecode *bytecode, uint32_t no)
{
	put(bytecode, INET_DIAG_BC_AUTO, NULL, 0, no);
}

/* From an op's own begin, with so many bytes from there to the end. */
static uint16_t distance(const struct bytecode *bytecode, const uint16_t *offsets, size_t op,
			 uint32_t target)
{
	uint16_t left = (uint16_t)(bytecode->size - offsets[op]);

	if (target == LEAF_ACCEPT)
		return left;
	if (target == LEAF_REJECT)
		return (uint16_t)(left + 4);
	target = target >= BYTECODE_OP ? target - BYTECODE_OP : bytecode->labels[target];
	return (uint16_t)(offsets[target] - offsets[op]);
}

size_t bytecode_write(const struct bytecode *bytecode, uint8_t code[BYTECODE_ROOM])
{
	/* One may go on behind the last. */
	uint16_t offsets[BYTECODE_OPS_MAX + 1];

	if (bytecode->full)
		return 0;
	offsets[0] = 0;
	for (size_t i = 0; i < bytecode->n_ops; i++)
		offsets[i + 1] = (uint16_t)(offsets[i] + bytecode->ops[i].size);
	for (size_t i = 0; i < bytecode->n_ops; i++) {
		const struct bytecode_op *op = &bytecode->ops[i];
		struct inet_diag_bc_op head = {
			.code = op->code,
			.yes = op->size,
			.no = distance(bytecode, offsets, i, op->no),
		};

		memcpy(code + offsets[i], &head, sizeof(head));
		memcpy(code + offsets[i] + sizeof(head), op->data, op->size - sizeof(head));
	}
	return bytecode->size;
}

/* ---- in words ---- */

static void describe_host(const uint8_t *data, size_t size, const char *end, struct text *text)
{
	struct inet_diag_hostcond host;
	struct estab_addr addr = { .family = ESTAB_FAMILY_INET6 };
	size_t length;

	if (size < sizeof(host))
		return;
	memcpy(&host, data, sizeof(host));
	length = host.family == AF_INET ? 4 : host.family == AF_INET6 ? 16 : 0;
	if (size < sizeof(host) + length)
		return;
	if (host.port != ANY_PORT) {
		text_str(text, end);
		text_str(text, " port = ");
		text_i64(text, host.port);
	}
	if (host.family == AF_UNSPEC)
		return;
	if (host.port != ANY_PORT)
		text_str(text, ", ");
	if (host.prefix_len == 0) {
		text_str(text, host.family == AF_INET ? "IPv4 or mapped" : "IPv6");
		return;
	}
	if (host.family == AF_INET)
		addr.family = ESTAB_FAMILY_INET;
	memcpy(addr.bytes, data + sizeof(host), length);
	text_str(text, end);
	text_str(text, " address in ");
	text_addr(text, &addr);
	text_char(text, '/');
	text_u64(text, host.prefix_len);
	if (host.family == AF_INET)
		text_str(text, ", mapped too");
}

static uint64_t read_number(const uint8_t *data, size_t size, size_t at, size_t bytes)
{
	uint32_t narrow = 0;
	uint64_t number = 0;

	if (size < at + bytes)
		return 0;
	if (bytes == sizeof(number)) {
		memcpy(&number, data + at, bytes);
		return number;
	}
	memcpy(&narrow, data + at, sizeof(narrow));
	return narrow;
}

static void describe_bound(const uint8_t *data, size_t size, const char *what, struct text *text)
{
	struct inet_diag_bc_op operand = { 0 };

	if (size >= sizeof(operand))
		memcpy(&operand, data, sizeof(operand));
	text_str(text, what);
	text_u64(text, operand.no);
}

static void describe_question(uint8_t code, const uint8_t *data, size_t size, struct text *text)
{
	switch (code) {
	case INET_DIAG_BC_S_GE:
		describe_bound(data, size, "local port >= ", text);
		break;
	case INET_DIAG_BC_S_LE:
		describe_bound(data, size, "local port <= ", text);
		break;
	case INET_DIAG_BC_D_GE:
		describe_bound(data, size, "peer port >= ", text);
		break;
	case INET_DIAG_BC_D_LE:
		describe_bound(data, size, "peer port <= ", text);
		break;
	case INET_DIAG_BC_AUTO:
		text_str(text, "the kernel chose the local port");
		break;
	case INET_DIAG_BC_S_COND:
		describe_host(data, size, "local", text);
		break;
	case INET_DIAG_BC_D_COND:
		describe_host(data, size, "peer", text);
		break;
	case INET_DIAG_BC_DEV_COND:
		text_str(text, "device = ");
		text_u64(text, read_number(data, size, 0, 4));
		break;
	case INET_DIAG_BC_MARK_COND:
		text_str(text, "mark & ");
		text_u64(text, read_number(data, size, 4, 4));
		text_str(text, " = ");
		text_u64(text, read_number(data, size, 0, 4));
		break;
	case BC_CGROUP_COND:
		text_str(text, "cgroup id = ");
		text_u64(text, read_number(data, size, 0, 8));
		break;
	default:
		text_str(text, "operation ");
		text_u64(text, code);
		break;
	}
}

static void describe_target(size_t length, size_t at, struct text *text)
{
	if (at < length) {
		text_str(text, "go to ");
		text_u64(text, at);
	} else {
		text_str(text, at == length ? "take it" : "leave it out");
	}
}

size_t bytecode_describe(const uint8_t *code, size_t length, size_t at, struct text *text)
{
	struct inet_diag_bc_op head;

	if (length < sizeof(head) || at > length - sizeof(head))
		return 0;
	memcpy(&head, code + at, sizeof(head));
	if (head.yes < sizeof(head) || head.yes > length - at)
		return 0;
	if (head.code != INET_DIAG_BC_JMP) {
		describe_question(head.code, code + at + sizeof(head), head.yes - sizeof(head),
				  text);
		text_str(text, ", else ");
	}
	describe_target(length, at + head.no, text);
	/* What falls out of the end is taken. */
	if (at + head.yes == length && head.code != INET_DIAG_BC_JMP)
		text_str(text, "; take it");
	return head.yes;
}
