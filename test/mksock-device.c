/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network devices: lo brought up, and a TUN device with a network in which nobody answers. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The kernel's struct in6_ifreq, whose header excludes <netinet/in.h>. */
struct address6 {
	struct in6_addr addr;
	uint32_t prefix_len;
	int ifindex;
};

static int set_up(int fd, const char *name)
{
	struct ifreq req = { 0 };

	memcpy(req.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(fd, SIOCGIFFLAGS, &req) < 0)
		return -errno;
	if (req.ifr_flags & IFF_UP)
		return 0;
	req.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &req) < 0 ? -errno : 0;
}

int mk_loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return -errno;
	r = set_up(fd, "lo");
	close(fd);
	return r;
}

static void addr_text(enum mk_family family, unsigned number, unsigned host, char ret_text[64])
{
	if (family == MK_INET6)
		snprintf(ret_text, 64, "2001:db8:%x::%u", number, host);
	else
		snprintf(ret_text, 64, "198.18.%u.%u", number & 255, host);
}

static int set_inet(int fd, const struct mk_peer *peer)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	struct ifreq req = { 0 };
	char text[64];

	addr_text(MK_INET, peer->number, 1, text);
	inet_pton(AF_INET, text, &addr.sin_addr);
	memcpy(req.ifr_name, peer->name, sizeof(peer->name));
	memcpy(&req.ifr_addr, &addr, sizeof(addr));
	if (ioctl(fd, SIOCSIFADDR, &req) < 0)
		return -errno;
	inet_pton(AF_INET, "255.255.255.0", &addr.sin_addr);
	memcpy(&req.ifr_netmask, &addr, sizeof(addr));
	return ioctl(fd, SIOCSIFNETMASK, &req) < 0 ? -errno : 0;
}

static int add_inet6(int fd, const struct mk_peer *peer, const char *text)
{
	struct address6 req = { .prefix_len = 64, .ifindex = (int)peer->ifindex };

	inet_pton(AF_INET6, text, &req.addr);
	return ioctl(fd, SIOCSIFADDR, &req) < 0 && errno != EEXIST ? -errno : 0;
}

/* An IPv6 address is usable only after the kernel's work queue came to it. */
static bool await_inet6(int fd, const struct mk_peer *peer, const char *text)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_scope_id = peer->ifindex };

	inet_pton(AF_INET6, text, &addr.sin6_addr);
	for (int i = 0; i < MK_WAIT_MS / 5; i++) {
		if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
			return true;
		mk_sleep_ms(5);
	}
	return false;
}

static bool set_inet6(const struct mk_peer *peer)
{
	char text[2][64] = { "fe80::1", "" };
	bool good = true;
	int fd;

	addr_text(MK_INET6, peer->number, 1, text[1]);
	for (int i = 0; i < 2 && good; i++) {
		fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			return false;
		good = add_inet6(fd, peer, text[i]) == 0 && await_inet6(fd, peer, text[i]);
		close(fd);
	}
	return good;
}

static int open_tun(struct mk_spec *spec, struct mk_peer *peer)
{
	struct ifreq req = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	uint64_t number = 0;

	peer->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (peer->fd < 0)
		return mk_fail(spec, "/dev/net/tun");
	memcpy(req.ifr_name, "mksock%d", 9);
	if (ioctl(peer->fd, TUNSETIFF, &req) < 0)
		return mk_fail(spec, "TUNSETIFF");
	memcpy(peer->name, req.ifr_name, sizeof(peer->name));
	peer->ifindex = if_nametoindex(peer->name);
	if (mk_number(peer->name + 6, &number))
		peer->number = (unsigned)number;
	return 0;
}

/* The device is made once, and serves all specs that need a peer. */
int mk_peer_open(struct mk_spec *spec, struct mk_peer **ret_peer)
{
	struct mk_peer *peer = spec->ctx->peer;
	int fd, r;

	if (peer) {
		*ret_peer = peer;
		return 0;
	}
	peer = calloc(1, sizeof(*peer));
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (!peer || fd < 0) {
		free(peer);
		return mk_fail(spec, "socket");
	}
	r = open_tun(spec, peer);
	if (r >= 0) {
		r = set_inet(fd, peer);
		if (r >= 0)
			r = set_up(fd, peer->name);
		if (r < 0)
			mk_failx(spec, -r, peer->name);
	}
	close(fd);
	if (r < 0) {
		mk_peer_close(peer);
		return r;
	}
	peer->inet6 = set_inet6(peer);
	/* An orphan that nobody answers would be gone within two minutes; best effort. */
	mk_sysctl("/proc/sys/net/ipv4/tcp_orphan_retries", "20");
	spec->ctx->peer = peer;
	*ret_peer = peer;
	return 0;
}

void mk_peer_close(struct mk_peer *peer)
{
	if (peer && peer->fd >= 0)
		close(peer->fd);
	free(peer);
}

/* The kernel's or the remote address on the device, in the family of the spec. */
int mk_peer_addr(struct mk_spec *spec, const struct mk_peer *peer, bool remote, uint16_t port,
		 struct sockaddr_storage *ret_addr, socklen_t *ret_len)
{
	char text[64];

	if (mk_family(spec) == MK_INET6 && !peer->inet6)
		return mk_failx(spec, EADDRNOTAVAIL, "no IPv6 address on the device");
	addr_text(mk_family(spec), peer->number, remote ? 2 : 1, text);
	*ret_len = mk_addr(spec, text, port, ret_addr);
	return 0;
}
