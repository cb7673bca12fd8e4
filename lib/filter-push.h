/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A filter as the kernel can read it: inet_diag's bytecode. It lets through whatever matches, and
 * more; who asked looks again. A question that it can't be asked is taken for true.
 */
#ifndef ESTAB_FILTER_PUSH_H
#define ESTAB_FILTER_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include "bytecode.h"
#include "estab.h"

struct env;
struct estab_filter;

/* How much is asked of the kernel: each is for one that refused what stands above. */
enum push_level {
	PUSH_ALL,
	/* Not the mark, which takes CAP_NET_ADMIN, nor what came late: the device, and the cgroup
	 * (Linux 5.8). */
	PUSH_PLAIN,
	PUSH_NONE,
};

/* Who knows a device by its name: its index, 0 for none. */
struct push_devices {
	uint32_t (*index)(void *arg, const char *name);
	void *arg;
};

/* The ports that every socket has which matches; 0: not known to be the same. */
struct push_ports {
	uint16_t local;
	uint16_t peer;
};

/* Writes code for a table of IP sockets. Returns how long it is; 0: there is nothing that the kernel
 * could leave out. */
size_t filter_push(const struct estab_filter *filter, enum estab_proto proto, enum push_level level,
		   const struct push_devices *devices, uint8_t code[BYTECODE_ROOM]);
struct push_ports filter_push_ports(const struct estab_filter *filter, enum estab_proto proto);
/* The same for the filter of a plan, with the devices of the namespace that is read. 0 also where there
 * is no filter, or the kernel is not to be told. */
size_t filter_push_plan(const struct env *env, enum estab_proto proto, enum push_level level,
			uint8_t code[BYTECODE_ROOM]);
/* Those of a plan's filter that the kernel is told of: TCP's, which it compares before it runs the code, for
 * which it must fetch more of a socket. */
struct push_ports filter_push_plan_ports(const struct env *env, enum estab_proto proto);

#endif
