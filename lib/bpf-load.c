/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include <errno.h>

#include "../bpf/records.h"
#include "bpf.h"

/* The kernel's ENOTSUPP, which has no name out here. */
enum { KERNEL_ENOTSUPP = 524 };

int bpf_named_error(int r)
{
	return r == -KERNEL_ENOTSUPP ? -ENOSYS : r;
}

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
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "files-more.skel.h"
#include "files-netlink.skel.h"
#include "files.skel.h"
#include "holders.skel.h"
#include "netlink.skel.h"
#include "netns.skel.h"
#include "tcp-more.skel.h"
#include "tcp.skel.h"
#include "udp-more.skel.h"
#include "udp.skel.h"

/* The verifier gives up, and says -EAGAIN, where a signal is pending. */
static void hold_signals(sigset_t *ret_before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

/*
 * Loads a program and returns its link; each skeleton has functions and types of its own names. The link
 * keeps the program: the rest may go. "set" fills in the constants of skel_.
 */
#define LOAD(name, set)                                                                        \
	({                                                                                     \
		struct name *skel_ = name##__open();                                           \
		sigset_t before_;                                                              \
		int r_ = -ENOMEM;                                                              \
		if (skel_) {                                                                   \
			set;                                                                   \
			hold_signals(&before_);                                                \
			r_ = name##__load(skel_);                                              \
			pthread_sigmask(SIG_SETMASK, &before_, NULL);                          \
			if (r_ >= 0) /* unlike the one before, it leaves the error in errno */ \
				r_ = name##__attach(skel_) < 0 ? -errno : 0;                   \
			if (r_ >= 0) {                                                         \
				r_ = fcntl(skel_->links.walk_fd, F_DUPFD_CLOEXEC, 0);          \
				r_ = r_ < 0 ? -errno : r_;                                     \
			}                                                                      \
			name##__destroy(skel_);                                                \
		}                                                                              \
		bpf_named_error(r_);                                                           \
	})

/* What walks all files is the same wherever it is made. */
static int iterate(int link_fd)
{
	static const struct env anywhere = { .target.way = NETNS_OWN };
	int fd = link_fd < 0 ? link_fd : netns_iterate(&anywhere, link_fd);

	if (link_fd >= 0)
		close(link_fd);
	return bpf_named_error(fd);
}

#define SET_FILES                                               \
	({                                                      \
		skel_->rodata->wanted = config->wanted;         \
		skel_->rodata->tcp_states = config->tcp_states; \
		skel_->rodata->udp_states = config->udp_states; \
		skel_->rodata->netlink = config->netlink;       \
		skel_->rodata->netns = config->netns;           \
		skel_->rodata->fields = config->fields;         \
		skel_->rodata->nested = config->nested;         \
	})

#define SET_TABLE                               \
	({                                      \
		skel_->rodata->states = states; \
		skel_->rodata->fields = fields; \
	})

/* The smallest that can do it, as it is loaded soonest; and if there is a lockdown, the one that may. */
int bpf_open_files(const struct bpf_files_config *config)
{
	bool rows = config->tcp_states != 0 || config->udp_states != 0;
	int fd;

	if (config->fields & PUT_CGROUP_ID)
		fd = -EPERM;
	else if (config->netlink)
		fd = LOAD(files_netlink_bpf, SET_FILES);
	else if (rows)
		fd = LOAD(files_bpf, SET_FILES);
	else
		fd = LOAD(holders_bpf, SET_FILES);
	if (fd == -EPERM || fd == -EINVAL)
		fd = LOAD(files_more_bpf, SET_FILES);
	return iterate(fd);
}

int bpf_open_netns(bool nested)
{
	return iterate(LOAD(netns_bpf, skel_->rodata->nested = nested));
}

int bpf_link_tcp(uint32_t states, uint32_t fields)
{
	if (fields & PUT_CGROUP_ID)
		return LOAD(tcp_more_bpf, SET_TABLE);
	return LOAD(tcp_bpf, SET_TABLE);
}

int bpf_link_udp(uint32_t states, uint32_t fields)
{
	if (fields & PUT_CGROUP_ID)
		return LOAD(udp_more_bpf, SET_TABLE);
	return LOAD(udp_bpf, SET_TABLE);
}

int bpf_link_netlink(void)
{
	return LOAD(netlink_bpf, (void)0);
}

#endif
