/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network devices by namespace and index, in the namespace that is read; each asked for once. */
#ifndef ESTAB_NETDEV_H
#define ESTAB_NETDEV_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

struct netdev {
	size_t netns; /* env->netns_at */
	uint32_t index;
	char name[IF_NAMESIZE]; /* "": unknown */
};

struct netdevs {
	struct netdev *devs;
	size_t n_devs;
};

struct env;

void netdevs_free(struct netdevs *netdevs);
/* Returns the device's name, NULL when there is none of that index. Lent until the next call. */
const char *netdevs_name(struct env *env, uint32_t index);
/* Returns the index of the device of that name, 0 when there is none. */
uint32_t netdevs_index(const struct env *env, const char *name);

#endif
