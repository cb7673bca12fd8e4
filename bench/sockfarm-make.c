/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "sockfarm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BATCH = 128, /* connections opened before they are accepted */
	BACKLOG = 1024,
	PER_SOURCE = 4096, /* connections from one source address */
	UDP_PER_ADDRESS = 60000,
	MEMORY_CHECK_EVERY = 4096,
};

/* Below this much free memory a farm stops growing rather than wake the OOM killer. */
#define MEMORY_FLOOR (UINT64_C(512) << 20)

struct sockaddr_in farm_address(unsigned int net, unsigned int index, unsigned int port)
{
	uint32_t address = UINT32_C(127) << 24 | net << 16 | (index + 1);

	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(address),
	};
}

static int option_on(int fd, int level, int name)
{
	int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) < 0 ? -errno : 0;
}

/* Closing resets, so that a farm that ends, however it ends, leaves no TIME_WAIT behind.
 * Accepted sockets inherit this from their listener. */
static int reset_on_close(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0 ? -errno : 0;
}

static int listener_setup(int fd, const struct sockaddr_in *address, bool reuseport, int backlog)
{
	int r;

	r = option_on(fd, SOL_SOCKET, reuseport ? SO_REUSEPORT : SO_REUSEADDR);
	if (r < 0)
		return r;
	r = reset_on_close(fd);
	if (r < 0)
		return r;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	return listen(fd, backlog) < 0 ? -errno : 0;
}

int farm_listen(struct sockaddr_in address, bool reuseport, int backlog, int *ret_fd)
{
	int fd, r;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = listener_setup(fd, &address, reuseport, backlog);
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int farm_connect(struct sockaddr_in source, struct sockaddr_in target, int *ret_fd)
{
	int fd, r;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* The port is chosen at connect, against the whole tuple: many can share one. */
	r = option_on(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
	if (r == 0)
		r = reset_on_close(fd);
	if (r == 0 && bind(fd, (struct sockaddr *)&source, sizeof(source)) < 0)
		r = -errno;
	if (r == 0 && connect(fd, (struct sockaddr *)&target, sizeof(target)) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int accept_batch(int listener, unsigned int n)
{
	while (n-- > 0)
		if (accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0)
			return -errno;
	return 0;
}

static int memory_check(void)
{
	uint64_t bytes;
	int r = farm_memory_available(&bytes);

	if (r < 0)
		return r;
	return bytes < MEMORY_FLOOR ? -ENOMEM : 0;
}

static int make_tcp(const struct farm_share *share, uint64_t *made)
{
	struct sockaddr_in target = farm_address(
		FARM_NET_SERVER, share->index, FARM_PORT_SERVER + share->index % FARM_PORT_SERVERS);
	unsigned int done = 0;
	int listener = -1, r;

	if (share->connections == 0)
		return 0;
	r = farm_listen(target, false, BACKLOG, &listener);
	if (r < 0)
		return r;
	while (done < share->connections) {
		unsigned int left = share->connections - done;
		unsigned int batch = left < BATCH ? left : BATCH;

		if (done % MEMORY_CHECK_EVERY == 0) {
			r = memory_check();
			if (r < 0)
				return r;
		}
		for (unsigned int i = done; i < done + batch; i++) {
			int fd;

			r = farm_connect(farm_address(FARM_NET_CLIENT + i / PER_SOURCE,
						      share->index, 0),
					 target, &fd);
			if (r < 0)
				return r;
		}
		r = accept_batch(listener, batch);
		if (r < 0)
			return r;
		done += batch;
		*made += 2 * (uint64_t)batch;
	}
	return 0;
}

static int make_listeners(const struct farm_share *share)
{
	int fd, r = 0;

	for (unsigned int i = 0; i < share->listeners && r == 0; i++) {
		struct sockaddr_in address =
			share->reuseport ? farm_address(FARM_NET_REUSEPORT, 0, FARM_PORT_REUSEPORT)
					 : farm_address(FARM_NET_LISTENER, share->index,
							FARM_PORT_FIRST + i);

		r = farm_listen(address, share->reuseport, BACKLOG, &fd);
	}
	return r;
}

static int make_udp(const struct farm_share *share)
{
	for (unsigned int i = 0; i < share->udp; i++) {
		struct sockaddr_in address = farm_address(FARM_NET_UDP, share->index,
							  FARM_PORT_FIRST + i % UDP_PER_ADDRESS);
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
			return -errno;
	}
	return 0;
}

static int make_unix(const struct farm_share *share)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned int done = 0;
	socklen_t len;
	int listener, n;

	if (share->unix_pairs == 0)
		return 0;
	n = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "sockfarm/%u",
		     share->index);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(listener, BACKLOG) < 0)
		return -errno;
	while (done < share->unix_pairs) {
		unsigned int left = share->unix_pairs - done;
		unsigned int batch = left < BATCH ? left : BATCH;
		int r;

		for (unsigned int i = 0; i < batch; i++) {
			int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

			if (fd < 0 || connect(fd, (struct sockaddr *)&address, len) < 0)
				return -errno;
		}
		r = accept_batch(listener, batch);
		if (r < 0)
			return r;
		done += batch;
	}
	return 0;
}

int farm_make(const struct farm_share *share, struct farm_report *report)
{
	const char *what = "listening sockets";
	int r;

	r = make_listeners(share);
	if (r == 0) {
		what = "TCP connections";
		r = make_tcp(share, &report->made);
	}
	if (r == 0) {
		what = "UDP sockets";
		r = make_udp(share);
	}
	if (r == 0) {
		what = "unix sockets";
		r = make_unix(share);
	}
	snprintf(report->what, sizeof(report->what), "%s", what);
	return r;
}
