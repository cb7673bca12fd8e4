/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Unix sockets of every type and state. */
#include "mksock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

struct name {
	struct sockaddr_un addr;
	socklen_t len;
};

/* Abstract when the bytes begin with a NUL. Fills the array to the last byte if need be. */
static int set_name(struct mk_spec *spec, const void *bytes, size_t len, struct name *ret_name)
{
	if (len == 0 || len > sizeof(ret_name->addr.sun_path))
		return mk_failx(spec, ENAMETOOLONG, "unix name");
	memset(ret_name, 0, sizeof(*ret_name));
	ret_name->addr.sun_family = AF_UNIX;
	memcpy(ret_name->addr.sun_path, bytes, len);
	ret_name->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return 0;
}

/* A directory of this program's own for the sockets with a path; gone at the end. */
static int make_dir(struct mk_spec *spec)
{
	const char *under = mk_text(spec, "dir");
	char dir[sizeof(spec->dir)];

	if (spec->dir[0])
		return 0;
	if (snprintf(dir, sizeof(dir), "%s/mksock.XXXXXX", under ? under : "/tmp") >=
	    (int)sizeof(dir))
		return mk_failx(spec, ENAMETOOLONG, "dir");
	if (!mkdtemp(dir))
		return mk_fail(spec, "mkdtemp");
	memcpy(spec->dir, dir, sizeof(dir));
	return mk_unlink_later(spec, dir) < 0 ? mk_failx(spec, ENOMEM, "strdup") : 0;
}

/* path= or abstract= as they are (numbered from the second on), or a path of our own. */
static int choose_name(struct mk_spec *spec, struct name *ret_name)
{
	const char *path = mk_text(spec, "path"), *abstract = mk_text(spec, "abstract");
	char text[256], number[16] = "";
	int len, r = 0;

	if (spec->index)
		snprintf(number, sizeof(number), "%u", spec->index);
	if (abstract) {
		len = snprintf(text, sizeof(text), "%c%s%s", 0, abstract, number);
	} else if (path) {
		len = snprintf(text, sizeof(text), "%s%s", path, number);
	} else {
		r = make_dir(spec);
		len = snprintf(text, sizeof(text), "%s/%u", spec->dir, spec->index);
	}
	if (r < 0)
		return r;
	return set_name(spec, text, (size_t)len, ret_name);
}

static int unix_socket(struct mk_spec *spec, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0), r;

	if (fd < 0)
		return mk_fail(spec, "socket");
	r = mk_keep(spec, fd);
	return r < 0 ? mk_failx(spec, -r, "mk_keep") : fd;
}

static int bind_name(struct mk_spec *spec, int fd, const struct name *name)
{
	char path[sizeof(name->addr.sun_path) + 1];

	if (bind(fd, (const struct sockaddr *)&name->addr, name->len) < 0)
		return mk_fail(spec, "bind");
	if (name->addr.sun_path[0] == '\0')
		return 0;
	memcpy(path, name->addr.sun_path, sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	return mk_unlink_later(spec, path) < 0 ? mk_failx(spec, ENOMEM, "strdup") : 0;
}

static int listen_at(struct mk_spec *spec, int type, const struct name *name, int backlog)
{
	int fd = unix_socket(spec, type), r;

	if (fd < 0)
		return fd;
	r = bind_name(spec, fd, name);
	if (r < 0)
		return r;
	if (backlog >= 0 && listen(fd, backlog) < 0)
		return mk_fail(spec, "listen");
	return fd;
}

static int connect_to(struct mk_spec *spec, int type, const struct name *name)
{
	int fd = unix_socket(spec, type | SOCK_NONBLOCK);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&name->addr, name->len) < 0)
		return mk_fail(spec, "connect");
	return fd;
}

/* No system call tells a unix listener's queue: it is what was put there. */
static int tell_listener(struct mk_spec *spec, int fd, int64_t pending, int64_t limit)
{
	struct mk_sock sock;
	int r = mk_look(spec, fd, "unix", &sock);

	if (r < 0)
		return r;
	sock.backlog = pending;
	sock.backlog_limit = limit;
	mk_tell(spec, &sock);
	return 0;
}

/* Nobody accepted it: it has its listener's name, and the client cannot name its peer yet. */
static int tell_embryo(struct mk_spec *spec, int client, const char *type)
{
	struct mk_sock sock, embryo;
	int r = mk_look(spec, client, "unix", &sock);

	if (r < 0)
		return r;
	mk_sock_init(&embryo);
	embryo.proto = "unix";
	embryo.family = "unix";
	embryo.type = type;
	embryo.state = "established";
	embryo.local = sock.peer;
	embryo.inode = 0;
	embryo.peer_inode = sock.inode;
	embryo.no_owner = "pending-accept";
	sock.peer_inode = 0;
	mk_tell(spec, &embryo);
	mk_tell(spec, &sock);
	return 0;
}

static int listen_kind(struct mk_spec *spec, int type, const char *type_word)
{
	int64_t pending = (int64_t)mk_get(spec, "pending", 0);
	int64_t backlog = (int64_t)mk_get(spec, "backlog", pending > 128 ? (uint64_t)pending : 128);
	struct name name;
	int fd, client, r;

	r = choose_name(spec, &name);
	fd = r < 0 ? r : listen_at(spec, type, &name, (int)backlog);
	r = fd;
	for (int64_t i = 0; i < pending && r >= 0; i++) {
		client = connect_to(spec, type, &name);
		r = client < 0 ? client : tell_embryo(spec, client, type_word);
	}
	return r < 0 ? r : tell_listener(spec, fd, pending, backlog);
}

int mk_tell_unix_pair(struct mk_spec *spec, int a, int b)
{
	struct mk_sock sock_a, sock_b;
	int r = mk_look(spec, a, "unix", &sock_a);

	if (r < 0)
		return r;
	r = mk_look(spec, b, "unix", &sock_b);
	if (r < 0)
		return r;
	sock_a.peer_inode = sock_b.inode;
	sock_b.peer_inode = sock_a.inode;
	mk_tell(spec, &sock_a);
	mk_tell(spec, &sock_b);
	return 0;
}

static int put_unread(struct mk_spec *spec, int from)
{
	size_t bytes = mk_get(spec, "unread", 0);
	char *data = calloc(1, bytes + 1);
	ssize_t sent;

	if (!data)
		return mk_failx(spec, ENOMEM, "calloc");
	sent = bytes ? send(from, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
	free(data);
	return sent == (ssize_t)bytes ? 0 : mk_failx(spec, ENOBUFS, "unread");
}

/* A listener, its client, and what it accepted. */
static int connected_kind(struct mk_spec *spec, int type)
{
	struct name name;
	int listener, client, server, r;

	r = choose_name(spec, &name);
	if (r < 0)
		return r;
	listener = listen_at(spec, type, &name, 128);
	if (listener < 0)
		return listener;
	client = connect_to(spec, type, &name);
	if (client < 0)
		return client;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		return mk_fail(spec, "accept");
	r = mk_keep(spec, server);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	r = put_unread(spec, client);
	if (r >= 0)
		r = tell_listener(spec, listener, 0, 128);
	return r < 0 ? r : mk_tell_unix_pair(spec, client, server);
}

static int make_stream_listen(struct mk_spec *spec)
{
	return listen_kind(spec, SOCK_STREAM, "stream");
}

static int make_stream(struct mk_spec *spec)
{
	return connected_kind(spec, SOCK_STREAM);
}

static int make_seqpacket(struct mk_spec *spec)
{
	return mk_get(spec, "pending", 0) ? listen_kind(spec, SOCK_SEQPACKET, "seqpacket")
					  : connected_kind(spec, SOCK_SEQPACKET);
}

/* A bound receiver and a connected sender; only the latter has a peer. */
static int make_dgram(struct mk_spec *spec)
{
	struct mk_sock sock, receiver_sock;
	struct name name;
	int receiver, sender, r;

	r = choose_name(spec, &name);
	if (r < 0)
		return r;
	receiver = listen_at(spec, SOCK_DGRAM, &name, -1);
	if (receiver < 0)
		return receiver;
	sender = connect_to(spec, SOCK_DGRAM, &name);
	if (sender < 0)
		return sender;
	r = put_unread(spec, sender);
	if (r >= 0)
		r = mk_look(spec, receiver, "unix", &receiver_sock);
	if (r < 0)
		return r;
	r = mk_look(spec, sender, "unix", &sock);
	if (r >= 0) {
		sock.peer_inode = receiver_sock.inode;
		mk_tell(spec, &sock);
	}
	/* To be connected to is established, too (6.18; in 4.x no datagram socket ever was). */
	receiver_sock.state = "established";
	mk_tell(spec, &receiver_sock);
	return r;
}

/* As a log's, that everybody sends to and nobody connects to. */
static int make_bound(struct mk_spec *spec)
{
	struct name name;
	int fd, r = choose_name(spec, &name);

	fd = r < 0 ? r : listen_at(spec, SOCK_DGRAM, &name, -1);
	return fd < 0 ? fd : mk_look_tell(spec, fd, "unix");
}

static int make_pair(struct mk_spec *spec)
{
	const char *word = mk_text(spec, "type");
	int type = !word || strcmp(word, "stream") == 0 ? SOCK_STREAM
		   : strcmp(word, "dgram") == 0         ? SOCK_DGRAM
							: SOCK_SEQPACKET;
	int fd[2], r;

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fd) < 0)
		return mk_fail(spec, "socketpair");
	r = mk_keep(spec, fd[0]);
	if (r < 0) {
		close(fd[1]);
		return mk_failx(spec, -r, "mk_keep");
	}
	r = mk_keep(spec, fd[1]);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	r = put_unread(spec, fd[0]);
	return r < 0 ? r : mk_tell_unix_pair(spec, fd[0], fd[1]);
}

static const struct {
	const char *bytes;
	size_t len;
} odd_names[] = {
#define ODD(text)                      \
	{                              \
		text, sizeof(text) - 1 \
	}
	ODD("\0mksock-esc-\033[31mred\033]0;title\a"),
	ODD("\0mksock-newline-\nsecond line"),
	ODD("\0mksock-nul-\0inner\0\0end\0"),
	ODD("\0mksock-bad-utf8-\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80"),
	ODD("\0mksock-bidi-\xe2\x80\xae"
	    "cod\xe2\x81\xa6x\xe2\x80\x8b"),
	ODD("\0mksock-c1-\xc2\x9b"
	    "31m\x7f\r\t"),
	ODD("\0mksock quote \" back \\ slash 'single' ,;%n"),
	ODD("\0@mksock-at"),
	ODD("\0"),
};

static int odd_listener(struct mk_spec *spec, const void *bytes, size_t len)
{
	struct name name;
	int fd, r = set_name(spec, bytes, len, &name);

	fd = r < 0 ? r : listen_at(spec, SOCK_STREAM, &name, 5);
	return fd < 0 ? fd : tell_listener(spec, fd, 0, 5);
}

/* File names, too: a newline, an escape, and all 108 bytes without a NUL at the end. */
static int odd_paths(struct mk_spec *spec)
{
	char path[108];
	size_t len;
	int r = make_dir(spec);

	if (r < 0)
		return r;
	len = (size_t)snprintf(path, sizeof(path), "%s/a\nb\033[7m\xff c", spec->dir);
	r = odd_listener(spec, path, len);
	if (r < 0)
		return r;
	len = (size_t)snprintf(path, sizeof(path), "%s/", spec->dir);
	memset(path + len, 'x', sizeof(path) - len);
	return odd_listener(spec, path, sizeof(path));
}

static int make_odd(struct mk_spec *spec)
{
	unsigned char all[108];
	int r = 0;

	for (size_t i = 0; i < sizeof(odd_names) / sizeof(odd_names[0]) && r >= 0; i++)
		r = odd_listener(spec, odd_names[i].bytes, odd_names[i].len);
	if (r < 0)
		return r;
	all[0] = '\0';
	for (size_t i = 1; i < sizeof(all); i++)
		all[i] = (unsigned char)(i < 32 ? i : i + 127);
	r = odd_listener(spec, all, sizeof(all));
	return r < 0 ? r : odd_paths(spec);
}

/* The rest of the name reads like a row of its own in /proc/net/unix. */
static int make_forge(struct mk_spec *spec)
{
	static const char forged[] = "\0mksock-forge\n0000000000000000: 00000002 00000000 00010000 "
				     "0001 01  4242 /run/docker.sock";

	return odd_listener(spec, forged, sizeof(forged) - 1);
}

#define NAME_KEYS "path abstract dir count"

const struct mk_kind mk_kinds_unix[] = {
	{ "unix-stream-listen", NAME_KEYS " backlog pending",
	  "a listener; pending= connections that nobody accepted", make_stream_listen, 0 },
	{ "unix-stream", NAME_KEYS " unread", "a listener, a client, an accepted server",
	  make_stream, 0 },
	{ "unix-dgram", NAME_KEYS " unread", "a bound receiver and a connected sender", make_dgram,
	  0 },
	{ "unix-bound", NAME_KEYS, "a bound datagram socket without a peer", make_bound, 0 },
	{ "unix-seqpacket", NAME_KEYS " unread backlog pending",
	  "as unix-stream, or with pending= as unix-stream-listen", make_seqpacket, 0 },
	{ "unix-pair", "type count unread", "socketpair() of type= stream, dgram, seqpacket",
	  make_pair, 0 },
	{ "unix-odd", "dir", "listeners with hostile names and a path of 108 bytes", make_odd, 0 },
	{ "unix-forge", "", "an abstract name that forges a row of /proc/net/unix", make_forge, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
