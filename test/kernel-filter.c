/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "kernel-filter.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <string.h>
#include <sys/socket.h>

enum { BC_CGROUP_COND = 13, BC_S_EQ = 11, BC_D_EQ = 12 };

static struct inet_diag_bc_op head_at(const uint8_t *code)
{
	struct inet_diag_bc_op op;

	memcpy(&op, code, sizeof(op));
	return op;
}

/* The length that an instruction has at least; 0: it is none. */
static int least_length(const uint8_t *at, int left)
{
	struct inet_diag_bc_op op = head_at(at);
	struct inet_diag_hostcond host;
	int length = 0;

	switch (op.code) {
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		if (left < (int)(sizeof(op) + sizeof(host)))
			return 0;
		memcpy(&host, at + sizeof(op), sizeof(host));
		if (host.family == AF_INET)
			length = 4;
		else if (host.family == AF_INET6)
			length = 16;
		else if (host.family != AF_UNSPEC)
			return 0;
		if (host.prefix_len > 8 * length)
			return 0;
		return (int)(sizeof(op) + sizeof(host)) + length;
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
	case INET_DIAG_BC_DEV_COND:
	case BC_S_EQ:
	case BC_D_EQ:
		return 8;
	case INET_DIAG_BC_MARK_COND:
	case BC_CGROUP_COND:
		return 12;
	case INET_DIAG_BC_AUTO:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_NOP:
		return 4;
	default:
		return 0;
	}
}

/* Whether so many bytes before the end an instruction begins, by the way of those that hold. */
static bool begins_one(const uint8_t *code, int length, int left)
{
	while (length >= 0) {
		struct inet_diag_bc_op op;

		if (left > length)
			return false;
		if (left == length)
			return true;
		op = head_at(code);
		if (op.yes < 4 || op.yes & 3)
			return false;
		length -= op.yes;
		code += op.yes;
	}
	return false;
}

int kernel_filter_check(const uint8_t *code, size_t size, bool admin)
{
	const uint8_t *at = code;
	int left = (int)size;

	if (size < sizeof(struct inet_diag_bc_op))
		return -EINVAL;
	while (left > 0) {
		struct inet_diag_bc_op op;
		int least;

		if (left < (int)sizeof(op))
			return -EINVAL;
		op = head_at(at);
		least = least_length(at, left);
		if (op.code == INET_DIAG_BC_MARK_COND && !admin)
			return -EPERM;
		if (least == 0 || left < least)
			return -EINVAL;
		if (op.code != INET_DIAG_BC_NOP) {
			if (op.no < least || op.no > left + 4 || op.no & 3)
				return -EINVAL;
			if (op.no < left && !begins_one(code, (int)size, left - op.no))
				return -EINVAL;
		}
		if (op.yes < least || op.yes > left + 4 || op.yes & 3)
			return -EINVAL;
		at += op.yes;
		left -= op.yes;
	}
	return left == 0 ? 0 : -EINVAL;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
	for (int i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> (i % 8)))
			return false;
	return true;
}

static bool is_host(const uint8_t *data, const uint8_t *addr, uint16_t port,
		    const struct kernel_socket *sock)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct inet_diag_hostcond host;

	memcpy(&host, data, sizeof(host));
	data += sizeof(host);
	if (host.port != -1 && host.port != port)
		return false;
	if (host.family != AF_UNSPEC && host.family != sock->family)
		return sock->family == AF_INET6 && host.family == AF_INET &&
		       memcmp(addr, mapped, sizeof(mapped)) == 0 &&
		       same_bits(addr + 12, data, host.prefix_len);
	return same_bits(addr, data, host.prefix_len);
}

static bool holds(const uint8_t *at, const struct kernel_socket *sock)
{
	const uint8_t *data = at + sizeof(struct inet_diag_bc_op);
	struct inet_diag_bc_op operand;
	struct inet_diag_markcond mark;
	uint32_t device;
	uint64_t cgroup_id;

	switch (head_at(at).code) {
	case INET_DIAG_BC_NOP:
		return true;
	case INET_DIAG_BC_JMP:
		return false;
	case INET_DIAG_BC_S_GE:
		operand = head_at(data);
		return sock->local_port >= operand.no;
	case INET_DIAG_BC_S_LE:
		operand = head_at(data);
		return sock->local_port <= operand.no;
	case INET_DIAG_BC_D_GE:
		operand = head_at(data);
		return sock->peer_port >= operand.no;
	case INET_DIAG_BC_D_LE:
		operand = head_at(data);
		return sock->peer_port <= operand.no;
	case BC_S_EQ:
		operand = head_at(data);
		return sock->local_port == operand.no;
	case BC_D_EQ:
		operand = head_at(data);
		return sock->peer_port == operand.no;
	case INET_DIAG_BC_AUTO:
		return sock->chosen;
	case INET_DIAG_BC_S_COND:
		return is_host(data, sock->local, sock->local_port, sock);
	case INET_DIAG_BC_D_COND:
		return is_host(data, sock->peer, sock->peer_port, sock);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&device, data, sizeof(device));
		return sock->device == device;
	case INET_DIAG_BC_MARK_COND:
		memcpy(&mark, data, sizeof(mark));
		return (sock->mark & mark.mask) == mark.mark;
	case BC_CGROUP_COND:
		memcpy(&cgroup_id, data, sizeof(cgroup_id));
		return sock->cgroup_id == cgroup_id;
	default:
		return false;
	}
}

bool kernel_filter_run(const uint8_t *code, size_t length, const struct kernel_socket *sock)
{
	int left = (int)length;

	while (left > 0) {
		struct inet_diag_bc_op op = head_at(code);
		int step = holds(code, sock) ? op.yes : op.no;

		left -= step;
		code += step;
	}
	return left == 0;
}
