/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP listeners that differ in who holds them, and how. */
#include "mksock.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COMM_LEN 16

static int nothing(struct mk_spec *spec, const void *arg)
{
	(void)spec;
	(void)arg;
	return 0;
}

/* This process and count= children have it twice each. */
static int make_many_owners(struct mk_spec *spec)
{
	uint64_t count = mk_get(spec, "count", 3);
	int fd = mk_tcp_listener(spec), second, r;
	struct mk_owner *owners;
	struct mk_sock sock;
	pid_t pid = getpid();

	if (fd < 0)
		return fd;
	if (count > MK_CHILDREN_MAX)
		return mk_failx(spec, ERANGE, "count");
	second = dup(fd);
	if (second < 0)
		return mk_fail(spec, "dup");
	r = mk_keep(spec, second);
	if (r >= 0)
		r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return mk_failx(spec, -r, "looking at it");
	owners = realloc(sock.owners, (count + 1) * 2 * sizeof(*owners));
	if (!owners) {
		free(sock.owners);
		return mk_failx(spec, ENOMEM, "realloc");
	}
	sock.owners = owners;
	sock.n_owners = 0;
	for (uint64_t i = 0; i <= count && r >= 0; i++) {
		const struct mk_job job = { .make = nothing, .keep = { fd, second } };

		if (i > 0)
			r = mk_in_child(spec, &job, &pid);
		owners[sock.n_owners++] = (struct mk_owner){ .pid = pid, .fd = fd };
		owners[sock.n_owners++] = (struct mk_owner){ .pid = pid, .fd = second };
	}
	if (r < 0)
		free(sock.owners);
	else
		mk_tell(spec, &sock);
	return r;
}

struct thread {
	struct mk_spec *spec;
	pthread_mutex_t lock;
	pthread_cond_t told;
	bool done;
	int r;
};

static int listen_in_thread(struct mk_spec *spec)
{
	size_t n_fds = spec->ctx->n_fds;
	struct mk_sock sock;
	int fd, r;

	if (unshare(CLONE_FILES) < 0)
		return mk_fail(spec, "unshare");
	mk_close_all(NULL, 0);
	fd = mk_tcp_listener(spec);
	/* Its number means something else to the rest of the program. */
	spec->ctx->n_fds = n_fds;
	r = fd < 0 ? fd : mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	sock.owners[0].tid = (pid_t)syscall(SYS_gettid);
	mk_tell(spec, &sock);
	return 0;
}

static void *thread_runs(void *arg)
{
	struct thread *thread = arg;
	int r = listen_in_thread(thread->spec);

	pthread_mutex_lock(&thread->lock);
	thread->r = r;
	thread->done = true;
	pthread_cond_signal(&thread->told);
	pthread_mutex_unlock(&thread->lock);
	if (r < 0)
		return NULL;
	/* The thread's end would be its table's end: it stays as long as the program. */
	for (;;)
		pause();
}

/* The leader's table, which /proc/PID/fd shows, doesn't have it. */
static int make_unshared_thread(struct mk_spec *spec)
{
	struct thread thread = { .spec = spec,
				 .lock = PTHREAD_MUTEX_INITIALIZER,
				 .told = PTHREAD_COND_INITIALIZER };
	pthread_t id;
	int r = pthread_create(&id, NULL, thread_runs, &thread);

	if (r != 0)
		return mk_failx(spec, r, "pthread_create");
	pthread_mutex_lock(&thread.lock);
	while (!thread.done)
		pthread_cond_wait(&thread.told, &thread.lock);
	pthread_mutex_unlock(&thread.lock);
	if (thread.r < 0)
		pthread_join(id, NULL);
	else
		pthread_detach(id);
	return thread.r;
}

static int listen_as(struct mk_spec *spec, const void *arg)
{
	const uid_t *uid = arg;
	int fd;

	if (seteuid(*uid) < 0)
		return mk_fail(spec, "seteuid");
	fd = mk_tcp_listener(spec);
	return fd < 0 ? fd : mk_look_tell(spec, fd, "tcp");
}

static int make_user(struct mk_spec *spec)
{
	uid_t uid = (uid_t)mk_get(spec, "uid", 65534);
	const struct mk_job job = { .make = listen_as, .arg = &uid, .keep = { -1, -1 } };
	pid_t pid;

	return mk_in_child(spec, &job, &pid);
}

static int listen_named(struct mk_spec *spec, const void *arg)
{
	char comm[COMM_LEN] = "", extra[64] = "\"comm_hex\":\"";
	struct mk_sock sock;
	int fd, r;

	if (prctl(PR_SET_NAME, arg) < 0 || prctl(PR_GET_NAME, comm) < 0)
		return mk_fail(spec, "PR_SET_NAME");
	fd = mk_tcp_listener(spec);
	r = fd < 0 ? fd : mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	for (size_t i = 0, at = strlen(extra); i < sizeof(comm) && comm[i]; i++, at += 2)
		snprintf(extra + at, sizeof(extra) - at, "%02x", (unsigned char)comm[i]);
	extra[strlen(extra) + 1] = '\0';
	extra[strlen(extra)] = '"';
	sock.extra = extra;
	mk_tell(spec, &sock);
	return 0;
}

static int make_odd_comm(struct mk_spec *spec)
{
	static const char *const comms[] = {
		"a) R 1 (",
		"new\nline 1 2 3",
		"\033[31mred\033[0m",
		"\xff\xfe\xc3\x28 \xed\xa0\x80",
		"",
		" ",
		"\xe2\x80\xaegnp.exe",
		"\"),(\"x\",pid=1",
		"socket:[4242]",
		"x\ty\rz\a\b\x7f",
		"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
	};
	const char *comm = mk_text(spec, "comm");
	struct mk_job job = { .make = listen_named, .arg = comm, .keep = { -1, -1 } };
	pid_t pid;
	int r = 0;

	if (comm)
		return mk_in_child(spec, &job, &pid);
	for (size_t i = 0; i < sizeof(comms) / sizeof(comms[0]) && r >= 0; i++) {
		job.arg = comms[i];
		spec->index = (unsigned)i;
		r = mk_in_child(spec, &job, &pid);
	}
	return r;
}

static int send_fd(struct mk_spec *spec, int over, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec data = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &data,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&msg);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(over, &msg, 0) == 1 ? 0 : mk_fail(spec, "sendmsg");
}

/* Sent away and not yet received: open, but nobody's. */
static int make_in_flight(struct mk_spec *spec)
{
	int carrier[2], fd, r;
	struct mk_sock sock;
	struct stat st;
	char extra[64];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, carrier) < 0)
		return mk_fail(spec, "socketpair");
	r = mk_keep(spec, carrier[0]);
	if (r >= 0)
		r = mk_keep(spec, carrier[1]);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	fd = mk_tcp_listener(spec);
	r = fd < 0 ? fd : send_fd(spec, carrier[0], fd);
	if (r >= 0)
		r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	mk_drop(spec, fd);
	sock.no_owner = "in-flight";
	if (fstat(carrier[1], &st) == 0) {
		snprintf(extra, sizeof(extra), "\"carrier_inode\":%llu",
			 (unsigned long long)st.st_ino);
		sock.extra = extra;
	}
	mk_tell(spec, &sock);
	return mk_tell_unix_pair(spec, carrier[0], carrier[1]);
}

/* Held by a ring, not by a file descriptor: owners is empty, and ring says where it is. */
static int make_io_uring(struct mk_spec *spec)
{
	struct io_uring_params params = { 0 };
	struct mk_sock sock;
	char extra[96];
	int ring, fd, r;

	ring = (int)syscall(SYS_io_uring_setup, 2, &params);
	if (ring < 0)
		return mk_fail(spec, "io_uring_setup");
	r = mk_keep(spec, ring);
	if (r < 0)
		return mk_failx(spec, -r, "mk_keep");
	fd = mk_tcp_listener(spec);
	if (fd < 0)
		return fd;
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) < 0)
		return mk_fail(spec, "IORING_REGISTER_FILES");
	r = mk_look(spec, fd, "tcp", &sock);
	if (r < 0)
		return r;
	mk_drop(spec, fd);
	snprintf(extra, sizeof(extra), "\"ring\":{\"pid\":%d,\"fd\":%d}", (int)getpid(), ring);
	sock.no_fd = true;
	sock.extra = extra;
	mk_tell(spec, &sock);
	return 0;
}

#define KEYS "family addr port mark device v6only"

const struct mk_kind mk_kinds_owner[] = {
	{ "tcp-many-owners", KEYS " count", "one listener, held twice by this and count= children",
	  make_many_owners, MK_OWN_COUNT },
	{ "tcp-unshared-thread", KEYS, "a listener in the table of one thread only",
	  make_unshared_thread, 0 },
	{ "tcp-user", KEYS " count uid", "a listener of uid= (65534), in a child", make_user, 0 },
	{ "odd-comm", KEYS " comm",
	  "listeners of children whose command is hostile, or comm=", make_odd_comm, MK_OWN_COUNT },
	{ "in-flight", KEYS " count", "a listener under way in SCM_RIGHTS, and its carriers",
	  make_in_flight, 0 },
	{ "io-uring", KEYS " count", "a listener that only an io_uring holds", make_io_uring, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
