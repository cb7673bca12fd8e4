/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>

#include "bpf.h"

#ifndef HAVE_BPF

int bpf_open_files(const struct bpf_files_config *config)
{
	(void)config;
	return -EOPNOTSUPP;
}

int bpf_open_netns(bool nested)
{
	(void)nested;
	return -EOPNOTSUPP;
}

int bpf_link_tcp(uint32_t states, uint32_t fields)
{
	(void)states;
	(void)fields;
	return -EOPNOTSUPP;
}

int bpf_link_udp(uint32_t states, uint32_t fields)
{
	(void)states;
	(void)fields;
	return -EOPNOTSUPP;
}

int bpf_link_netlink(void)
{
	return -EOPNOTSUPP;
}

#else

#include <fcntl.h>
#include <unistd.h>

#include "files.skel.h"
#include "netlink.skel.h"
#include "netns.skel.h"
#include "tcp.skel.h"
#include "udp.skel.h"

/* Each skeleton has functions and types of its own names. The link keeps the program: the rest may go. */
#define LOAD(name, skel)                                                       \
	({                                                                     \
		int r_ = name##__load(skel);                                   \
		if (r_ == 0)                                                   \
			r_ = name##__attach(skel);                             \
		if (r_ >= 0) {                                                 \
			r_ = fcntl((skel)->links.walk_fd, F_DUPFD_CLOEXEC, 0); \
			r_ = r_ < 0 ? -errno : r_;                             \
		}                                                              \
		r_;                                                            \
	})

/* What walks all files is the same wherever it is made. */
static int iterate(int link_fd)
{
	static const struct env anywhere = { .target.way = NETNS_OWN };
	int fd = link_fd < 0 ? link_fd : netns_iterate(&anywhere, link_fd);

	if (link_fd >= 0)
		close(link_fd);
	return fd;
}

int bpf_open_files(const struct bpf_files_config *config)
{
	struct files_bpf *skel = files_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->wanted = config->wanted;
	skel->rodata->tcp_states = config->tcp_states;
	skel->rodata->udp_states = config->udp_states;
	skel->rodata->netlink = config->netlink;
	skel->rodata->netns = config->netns;
	skel->rodata->fields = config->fields;
	skel->rodata->nested = config->nested;
	r = LOAD(files_bpf, skel);
	files_bpf__destroy(skel);
	return iterate(r);
}

int bpf_open_netns(bool nested)
{
	struct netns_bpf *skel = netns_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->nested = nested;
	r = LOAD(netns_bpf, skel);
	netns_bpf__destroy(skel);
	return iterate(r);
}

int bpf_link_tcp(uint32_t states, uint32_t fields)
{
	struct tcp_bpf *skel = tcp_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->states = states;
	skel->rodata->fields = fields;
	r = LOAD(tcp_bpf, skel);
	tcp_bpf__destroy(skel);
	return r;
}

int bpf_link_udp(uint32_t states, uint32_t fields)
{
	struct udp_bpf *skel = udp_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->states = states;
	skel->rodata->fields = fields;
	r = LOAD(udp_bpf, skel);
	udp_bpf__destroy(skel);
	return r;
}

int bpf_link_netlink(void)
{
	struct netlink_bpf *skel = netlink_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	r = LOAD(netlink_bpf, skel);
	netlink_bpf__destroy(skel);
	return r;
}

#endif
