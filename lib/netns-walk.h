/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The ways in which network namespaces are found: between netns-list.c and its helpers. */
#ifndef ESTAB_NETNS_WALK_H
#define ESTAB_NETNS_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "env.h"
#include "idset.h"
#include "netns-list.h"
#include "numdir.h"

struct netns_walk {
	struct env *env; /* of which only the table of containers grows */
	struct netns_list *list;
	struct estab_result *result;
	bool live;    /* a procfs: its files have numbers that mean something */
	bool fds;     /* descriptors are looked at, one by one */
	bool tables;  /* some process may be closed to us: what it shows is told by its tables */
	bool sockets; /* of sockets, too, it is asked where they are */
	uint64_t own_mnt;    /* our mount namespace; 0: unknown */
	uint64_t mnt;        /* that of the process at hand; 0: unknown */
	uint64_t netns;      /* the network namespace of the process at hand; 0: unknown */
	uint64_t own_cookie; /* of our network namespace, as sockets tell it; 0: not asked yet */
	uint64_t unasked;    /* processes whose sockets can't be asked where they are */
	uint64_t unknown;    /* namespaces of sockets that do not tell which they are */
	uint64_t shut;       /* processes that can't be looked into */
	uint64_t unopened; /* processes that no descriptor was left for, to look into them whole */
	struct idset mounts;  /* mount namespaces that were read */
	struct idset cookies; /* namespaces of sockets that were asked */
	char *cgroup_text;    /* made at its first use */
	struct numdir processes;
	struct numdir threads;
	struct numdir descriptors;
};

/* All return 0, -ENOMEM, or what env_check() says; what can't be read is not found. */

/* Notes why something could not be opened, where that hides what is there. */
void netns_note_error(struct netns_walk *walk, int error);

/* netns-walk.c: processes, threads, and through them all else but what is below. */
int netns_walk_processes(struct netns_walk *walk);
/* Reads the number in a link like "net:[4026531840]"; -EBADMSG: it is another one. */
int netns_read_link(int dir_fd, const char *path, const char *type, uint64_t *ret_inode);
/* "net:[4026531840]" */
int netns_parse_link(const char *link, size_t length, const char *type, uint64_t *ret_inode);

/* A file's number: those of a namespace's tables are its own. 0: not to be had. */
uint64_t netns_file_number(int dir_fd, const char *path);

/* netns-name.c: names it, should nothing better turn up, after the process or thread whose directory that is. */
int netns_name_by_process(struct netns_walk *walk, size_t index, int dir_fd, uint32_t pid);

/* netns-mounts.c: what is mounted where that process is; pid 0: where we are. */
int netns_walk_mounts(struct netns_walk *walk, int dir_fd, uint32_t pid);

/* netns-fds.c: what the process has open. */
int netns_walk_fds(struct netns_walk *walk, int dir_fd, uint32_t pid);
/* The namespace of the process's socket, as a descriptor, or a negative errno. */
int netns_of_socket(uint32_t pid, uint32_t fd);

/* netns-bpf.c: the same for all processes at once. 0; 1: it is not to be had. */
int netns_walk_bpf(struct netns_walk *walk);

/* netns-listns.c: what the kernel lists itself (Linux 6.19). */
struct netns_kernel {
	/* As listns(2): how many numbers there are behind *last, or a negative errno. */
	ssize_t (*list)(void *arg, uint64_t last, uint64_t *ids, size_t room);
	/* The namespace of that number as a descriptor, or a negative errno. */
	int (*open)(void *arg, uint64_t id);
	void *arg;
};
extern const struct netns_kernel netns_kernel;
/* 0; 1: this kernel has no such call, or we may not. */
int netns_walk_kernel(struct netns_walk *walk, const struct netns_kernel *kernel);

#endif
