/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What the kernel does with inet_diag's bytecode: the same questions, asked of a socket that is given. */
#ifndef ESTAB_TEST_KERNEL_FILTER_H
#define ESTAB_TEST_KERNEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_socket {
	int family; /* AF_INET, AF_INET6 */
	uint8_t local[16];
	uint8_t peer[16];
	uint16_t local_port;
	uint16_t peer_port;
	uint32_t device;
	uint32_t mark;
	uint64_t cgroup_id;
	bool chosen; /* the local port, by the kernel */
};

/* Whether the kernel would take the code at all: 0, -EINVAL, or -EPERM without CAP_NET_ADMIN. */
int kernel_filter_check(const uint8_t *code, size_t size, bool admin);
/* Whether it lets the socket through; the code was checked. */
bool kernel_filter_run(const uint8_t *code, size_t length, const struct kernel_socket *sock);

#endif
