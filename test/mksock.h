/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * mksock makes any socket on request and tells what it made.
 *
 * What it tells comes from system calls on its own sockets only, never from /proc/net or
 * sock_diag: it is the oracle that those are compared with.
 */
#ifndef MKSOCK_H
#define MKSOCK_H

/* accept4(), ppoll(), unshare(): this header is the first that is included. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#define MK_KEYS_MAX 16
#define MK_CHILDREN_MAX 256
#define MK_OWNERS_MAX 1024
#define MK_WAIT_MS 3000

struct mk_peer;

enum mk_family { MK_INET, MK_INET6, MK_MAPPED };

/* What outlives a spec: all of it is let go of at the end. */
struct mk_ctx {
	pid_t children[MK_CHILDREN_MAX];
	size_t n_children;
	char **paths;
	size_t n_paths;
	int *fds;
	size_t n_fds;
	struct mk_peer *peer;
};

struct mk_key {
	const char *name;
	char *text;
	uint64_t number;
};

struct mk_spec {
	struct mk_ctx *ctx;
	const struct mk_kind *kind;
	const char *text;
	struct mk_key keys[MK_KEYS_MAX];
	size_t n_keys;
	char dir[80];   /* made for its sockets with a path */
	unsigned index; /* which of count= this is */
	FILE *out;      /* accounts, held back until the spec is known to have worked */
	char why[256];
};

#define MK_OWN_COUNT 1u /* count= means something else than "this many times" */
#define MK_ONLY_INET6 2u

struct mk_kind {
	const char *name;
	const char *keys;
	const char *help;
	int (*make)(struct mk_spec *spec);
	unsigned flags;
};

struct mk_owner {
	pid_t pid, tid;
	int fd;
};

struct mk_end {
	bool set;
	char addr[64];
	char scope[32];
	unsigned port;
	bool has_path;
	bool abstract;
	size_t path_len;
	unsigned char path[128];
};

/* An account. NULL, an empty string and a negative number mean: does not apply, or not known. */
struct mk_sock {
	const char *proto, *family, *type, *state, *no_owner, *timer;
	struct mk_end local, peer;
	char interface[32];
	int64_t recv_q, send_q, backlog, backlog_limit;
	int64_t inode, peer_inode, uid, mark, v6only, shutdown, protocol;
	uint64_t cookie;
	bool subflow;
	bool no_fd;        /* owned by nobody, or not through a file descriptor */
	const char *extra; /* more members, as JSON text */
	struct mk_owner *owners;
	size_t n_owners;
};

/* mksock-util.c */
int mk_fail(struct mk_spec *spec, const char *what);
int mk_failx(struct mk_spec *spec, int error, const char *what);
bool mk_number(const char *text, uint64_t *ret_number);
uint64_t mk_get(const struct mk_spec *spec, const char *key, uint64_t otherwise);
const char *mk_text(const struct mk_spec *spec, const char *key);
int mk_default(struct mk_spec *spec, const char *key, const char *text);
enum mk_family mk_family(const struct mk_spec *spec);
int mk_domain(const struct mk_spec *spec);
uint16_t mk_port(const struct mk_spec *spec);
socklen_t mk_addr(const struct mk_spec *spec, const char *addr, uint16_t port,
		  struct sockaddr_storage *ret_addr);
int mk_keep(struct mk_spec *spec, int fd);
void mk_drop(struct mk_spec *spec, int fd);
void mk_close_all(const int *keep, size_t n_keep);
int mk_unlink_later(struct mk_spec *spec, const char *path);
bool mk_sysctl(const char *path, const char *value);
int mk_wait_readable(int fd, int timeout_ms);
void mk_sleep_ms(unsigned ms);
int64_t mk_now_ms(void);

/* mksock-child.c */
struct mk_job {
	int (*make)(struct mk_spec *spec, const void *arg);
	const void *arg;
	int keep[2]; /* files that the child has from its parent; -1: none */
};

int mk_in_child(struct mk_spec *spec, const struct mk_job *job, pid_t *ret_pid);
void mk_end_children(struct mk_ctx *ctx, size_t from);

/* mksock-account.c */
void mk_sock_init(struct mk_sock *ret_sock);
int mk_look(struct mk_spec *spec, int fd, const char *proto, struct mk_sock *ret_sock);
void mk_look_end(const struct sockaddr_storage *addr, socklen_t len, struct mk_end *ret_end);
void mk_tell(struct mk_spec *spec, struct mk_sock *sock);
int mk_look_tell(struct mk_spec *spec, int fd, const char *proto);
void mk_put_text(FILE *out, const char *text);
void mk_put_hex(FILE *out, const void *bytes, size_t len);

/* mksock-unix.c */
int mk_tell_unix_pair(struct mk_spec *spec, int a, int b);

/* mksock-inet.c */
int mk_inet_socket(struct mk_spec *spec, int type, int protocol);
int mk_inet_bind(struct mk_spec *spec, int fd, uint16_t port);
int mk_inet_fill(struct mk_spec *spec, int from, int to, size_t bytes);

/* mksock-tcp.c */
struct mk_pair {
	int listener, client, server;
};

int mk_tcp_listener(struct mk_spec *spec);
int mk_tcp_listen(struct mk_spec *spec, int protocol, int backlog);
int mk_tcp_connect(struct mk_spec *spec, int protocol, int listener);
int mk_tcp_pair(struct mk_spec *spec, int protocol, struct mk_pair *ret_pair);
int mk_tcp_await(struct mk_spec *spec, int fd, int state);
int mk_tcp_state(int fd);

/* mksock-closing.c */
int mk_time_wait(struct mk_spec *spec);

/* mksock-device.c: a TUN device, and this program as the only host behind it */
struct mk_peer {
	int fd;
	unsigned ifindex;
	unsigned number;
	char name[16];
	bool inet6;
};

int mk_loopback_up(void);
int mk_peer_open(struct mk_spec *spec, struct mk_peer **ret_peer);
void mk_peer_close(struct mk_peer *peer);
int mk_peer_addr(struct mk_spec *spec, const struct mk_peer *peer, bool remote, uint16_t port,
		 struct sockaddr_storage *ret_addr, socklen_t *ret_len);

/* mksock-segment.c: hand-made TCP segments through that device */
struct mk_flow {
	struct mk_peer *peer;
	bool inet6;
	uint8_t local_ip[16], remote_ip[16]; /* local: the kernel's end */
	uint16_t local_port, remote_port;
	uint32_t snd_nxt, rcv_nxt; /* as the remote end counts */
};

#define MK_FIN 0x01u
#define MK_SYN 0x02u
#define MK_ACK 0x10u

void mk_flow_init(struct mk_flow *ret_flow, struct mk_peer *peer,
		  const struct sockaddr_storage *local, const struct sockaddr_storage *remote);
int mk_flow_send(struct mk_flow *flow, uint8_t flags);
int mk_flow_recv(struct mk_flow *flow, uint8_t flags, uint32_t *ret_end_seq);

/* tables of kinds, each ended by a row without a name */
extern const struct mk_kind mk_kinds_tcp[], mk_kinds_pending[], mk_kinds_closing[], mk_kinds_peer[],
	mk_kinds_inet[];
extern const struct mk_kind mk_kinds_unix[], mk_kinds_owner[], mk_kinds_netns[], mk_kinds_misc[];

#endif
