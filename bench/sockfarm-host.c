/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "sockfarm.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t digits_read(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		uint64_t digit = (uint64_t)(text[n] - '0');

		if (value > (max - digit) / 10)
			return 0;
		value = value * 10 + digit;
	}
	if (n > 0)
		*ret_value = value;
	return n;
}

int farm_number(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value;
	size_t n = digits_read(text, max, &value);

	if (n == 0 || text[n] != '\0')
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int farm_memory_available(uint64_t *ret_bytes)
{
	static const char key[] = "MemAvailable:";
	char text[4096];
	const char *at;
	uint64_t kib;
	ssize_t n;
	int fd;

	fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	text[n] = '\0';
	at = strstr(text, key);
	if (!at)
		return -ENODATA;
	at += sizeof(key) - 1;
	at += strspn(at, " ");
	if (digits_read(at, UINT64_MAX / 1024, &kib) == 0)
		return -EBADMSG;
	*ret_bytes = kib * 1024;
	return 0;
}

int farm_files_raise(uint64_t *ret_limit)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	*ret_limit = limit.rlim_max;
	return 0;
}

/* The machine's own namespace is not for farming: its sysctls and ports belong to others. It has
 * what no other has, the global knobs; a container's is known by the container's first process. */
int farm_netns_is_ours(void)
{
	struct stat self, first;

	if (access("/proc/sys/net/core/netdev_budget", F_OK) == 0)
		return 0;
	if (stat("/proc/self/ns/net", &self) < 0)
		return -errno;
	if (stat("/proc/1/ns/net", &first) < 0)
		return 1;
	return self.st_dev != first.st_dev || self.st_ino != first.st_ino;
}

static int sysctl_write(const char *path, const char *value)
{
	size_t len = strlen(value);
	ssize_t n;
	int fd, r = 0;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, len);
	if (n < 0)
		r = -errno;
	else if ((size_t)n != len)
		r = -EIO;
	close(fd);
	return r;
}

static int loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd, r = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) {
		r = -errno;
	} else {
		request.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
			r = -errno;
	}
	close(fd);
	return r;
}

int farm_netns_prepare(void)
{
	char range[32];
	int r;

	r = loopback_up();
	if (r < 0)
		return r;
	snprintf(range, sizeof(range), "%d %d", FARM_PORT_EPHEMERAL, FARM_PORT_LAST);
	r = sysctl_write("/proc/sys/net/ipv4/ip_local_port_range", range);
	if (r < 0)
		return r;
	/* What churn closes politely lingers for a minute: keep that bounded. */
	r = sysctl_write("/proc/sys/net/ipv4/tcp_max_tw_buckets", "65536");
	if (r < 0)
		return r;
	return sysctl_write("/proc/sys/net/core/somaxconn", "4096");
}
