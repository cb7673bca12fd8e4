/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "sockfarm.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	LIVE = 512,    /* connections open at any moment */
	ACCEPTORS = 4, /* listeners that share the port of the churned connections */
	PASSING = 32,  /* listeners that come and go on the stable ones' port */
	SOURCES = 16,
	POLITE_EVERY = 64, /* closes that leave a TIME_WAIT rather than a reset */
	PASSING_EVERY = 8,
	LOOK_EVERY = 64,
};

struct churn {
	int clients[LIVE];
	int servers[LIVE];
	int passing[PASSING];
	struct pollfd acceptors[ACCEPTORS];
};

static void slot_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int acceptors_open(struct churn *churn)
{
	for (unsigned int i = 0; i < ACCEPTORS; i++) {
		int r = farm_listen(farm_address(FARM_NET_REUSEPORT, 0, FARM_PORT_CHURN), true,
				    LIVE, &churn->acceptors[i].fd);

		if (r < 0)
			return r;
		churn->acceptors[i].events = POLLIN;
	}
	return 0;
}

/* Which of the listeners got the connection is the kernel's choice. */
static int accept_any(struct churn *churn, int *ret_fd)
{
	int fd;

	if (poll(churn->acceptors, ACCEPTORS, 1000) < 0)
		return -errno;
	for (unsigned int i = 0; i < ACCEPTORS; i++) {
		if (!(churn->acceptors[i].revents & POLLIN))
			continue;
		fd = accept4(churn->acceptors[i].fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			return -errno;
		*ret_fd = fd;
		return 0;
	}
	return -ETIMEDOUT;
}

static int connection_replace(struct churn *churn, uint64_t turn)
{
	unsigned int slot = (unsigned int)(turn % LIVE);
	int r;

	if (churn->clients[slot] >= 0 && turn % POLITE_EVERY == 0) {
		struct linger off = { 0 };

		setsockopt(churn->clients[slot], SOL_SOCKET, SO_LINGER, &off, sizeof(off));
		setsockopt(churn->servers[slot], SOL_SOCKET, SO_LINGER, &off, sizeof(off));
	}
	slot_close(&churn->clients[slot]);
	slot_close(&churn->servers[slot]);
	r = farm_connect(farm_address(FARM_NET_CHURN, (unsigned int)(turn % SOURCES), 0),
			 farm_address(FARM_NET_REUSEPORT, 0, FARM_PORT_CHURN),
			 &churn->clients[slot]);
	if (r < 0)
		return r;
	return accept_any(churn, &churn->servers[slot]);
}

/* Nobody ever connects to this port: these only stir the bucket that the stable ones are in. */
static int listener_replace(struct churn *churn, uint64_t turn)
{
	int *fd = &churn->passing[turn / PASSING_EVERY % PASSING];

	slot_close(fd);
	return farm_listen(farm_address(FARM_NET_REUSEPORT, 0, FARM_PORT_REUSEPORT), true, 1, fd);
}

static bool told_to_stop(int stop_fd)
{
	struct pollfd stop = { .fd = stop_fd, .events = POLLIN };

	return poll(&stop, 1, 0) != 0;
}

int farm_churn(int stop_fd, struct farm_report *report)
{
	struct churn churn;
	int r;

	memset(&churn, 0xff, sizeof(churn)); /* every descriptor -1 */
	snprintf(report->what, sizeof(report->what), "churned connections");
	r = acceptors_open(&churn);
	for (uint64_t turn = 0; r == 0; turn++) {
		if (turn % LOOK_EVERY == 0 && told_to_stop(stop_fd))
			break;
		r = connection_replace(&churn, turn);
		if (r == 0 && turn % PASSING_EVERY == 0)
			r = listener_replace(&churn, turn);
		if (r == 0)
			report->made++;
	}
	return r;
}
