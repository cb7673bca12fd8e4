/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>

#include "bpf.h"

#ifndef HAVE_BPF

int bpf_open_files(const struct bpf_files_config *config)
{
	(void)config;
	return -EOPNOTSUPP;
}

int bpf_open_tcp(uint32_t states, uint32_t fields)
{
	(void)states;
	(void)fields;
	return -EOPNOTSUPP;
}

int bpf_open_udp(uint32_t states, uint32_t fields)
{
	(void)states;
	(void)fields;
	return -EOPNOTSUPP;
}

#else

#include <string.h>
#include <sys/syscall.h>

#include "files.skel.h"
#include "tcp.skel.h"
#include "udp.skel.h"

/* The iterator keeps the program: the rest may go. */
static int open_iterator(int link_fd)
{
	union bpf_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.iter_create.link_fd = (uint32_t)link_fd;
	fd = syscall(__NR_bpf, BPF_ITER_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}

/* Each skeleton has functions and types of its own names. */
#define LOAD(name, skel)                                             \
	({                                                           \
		int r_ = name##__load(skel);                         \
		if (r_ == 0)                                         \
			r_ = name##__attach(skel);                   \
		r_ >= 0 ? open_iterator((skel)->links.walk_fd) : r_; \
	})

int bpf_open_files(const struct bpf_files_config *config)
{
	struct files_bpf *skel = files_bpf__open();
	int r;

	if (!skel)
		return -ENOMEM;
	skel->rodata->wanted = config->wanted;
	skel->rodata->tcp_states = config->tcp_states;
	skel->rodata->udp_states = config->udp_states;
	skel->rodata->netns = config->netns;
	skel->rodata->fields = config->fields;
	skel->rodata->nested = config->nested;
	r = LOAD(files_bpf, skel);
	files_bpf__destroy(skel);
	return r;
}

int bpf_open_tcp(uint32_t states, uint32_t fields)
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

int bpf_open_udp(uint32_t states, uint32_t fields)
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

#endif
