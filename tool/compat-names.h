/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Names as the old tools look them up: services and protocols at once, from the host's databases;
 * hosts no longer than all of them may take together. */
#ifndef ESTAB_TOOL_COMPAT_NAMES_H
#define ESTAB_TOOL_COMPAT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <estab.h>

struct resolver;
struct compat_network;

struct compat_names {
	bool services;
	bool hosts;
	bool loaded;
	struct resolver *resolver;
	char **tcp; /* 65536 names, or NULL */
	char **udp;
	struct compat_network *networks;
	size_t n_networks;
	bool networks_loaded;
};

void compat_names_free(struct compat_names *names);
/* NULL: it has none, or none are wanted. */
const char *compat_service(struct compat_names *names, enum estab_proto proto, uint16_t port);
const char *compat_host(struct compat_names *names, const struct estab_addr *addr);
/* The name of an IPv4 network, whatever its mask. */
const char *compat_network(struct compat_names *names, const struct estab_addr *addr);
/* The name of an IP protocol, as "icmp". */
const char *compat_protocol(const struct compat_names *names, uint16_t number);

#endif
