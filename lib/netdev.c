/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "netdev.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "env.h"
#include "util.h"

void netdevs_free(struct netdevs *netdevs)
{
	free(netdevs->devs);
	*netdevs = (struct netdevs){ 0 };
}

/* Returns where the device stands among the sorted ones, or would. */
static size_t place_of(const struct netdevs *netdevs, size_t netns, uint32_t index)
{
	size_t low = 0;
	size_t high = netdevs->n_devs;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (netdevs->devs[middle].netns < netns ||
		    (netdevs->devs[middle].netns == netns && netdevs->devs[middle].index < index))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Not if_indextoname(): that knows the caller's namespace only. */
static bool ask_kernel(const struct env *env, struct netdev *dev)
{
	_cleanup_(cleanup_close) int fd = netns_socket(env, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_ifindex = (int)dev->index };

	if (fd < 0 || ioctl(fd, SIOCGIFNAME, &request) < 0)
		return false;
	memcpy(dev->name, request.ifr_name, sizeof(dev->name));
	return true;
}

const char *netdevs_name(struct env *env, uint32_t index)
{
	struct netdevs *netdevs = &env->netdevs;
	size_t place = place_of(netdevs, env->netns_at, index);
	struct netdev *dev = netdevs->devs ? &netdevs->devs[place] : NULL;

	if (!dev || place == netdevs->n_devs || dev->netns != env->netns_at ||
	    dev->index != index) {
		struct netdev *devs =
			reallocarray(netdevs->devs, netdevs->n_devs + 1, sizeof(*devs));

		if (!devs)
			return NULL;
		netdevs->devs = devs;
		dev = &devs[place];
		memmove(dev + 1, dev, (netdevs->n_devs - place) * sizeof(*dev));
		netdevs->n_devs++;
		*dev = (struct netdev){ .netns = env->netns_at, .index = index };
		/* There is no device 0; a missing one is remembered as such. */
		if (index == 0 || !ask_kernel(env, dev))
			dev->name[0] = '\0';
	}
	return dev->name[0] != '\0' ? dev->name : NULL;
}

uint32_t netdevs_index(const struct env *env, const char *name)
{
	_cleanup_(cleanup_close) int fd = netns_socket(env, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(name);
	struct ifreq request = { 0 };

	if (fd < 0 || length >= sizeof(request.ifr_name))
		return 0;
	memcpy(request.ifr_name, name, length);
	return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? 0 : (uint32_t)request.ifr_ifindex;
}
