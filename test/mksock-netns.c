/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* TCP sockets in network namespaces that no process is in. */
#include "mksock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static int open_own(struct mk_spec *spec)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? mk_fail(spec, "own network namespace") : fd;
}

static int go_away(struct mk_spec *spec)
{
	if (unshare(CLONE_NEWNET) < 0)
		return mk_fail(spec, "unshare");
	return mk_loopback_up() < 0 ? mk_fail(spec, "lo") : 0;
}

/* Does it in a new namespace, and comes back. */
static int make_away(struct mk_spec *spec, int (*make)(struct mk_spec *spec))
{
	int own = open_own(spec);
	int r = own < 0 ? own : go_away(spec);

	if (r >= 0)
		r = make(spec);
	if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
		r = mk_fail(spec, "setns");
	if (own >= 0)
		close(own);
	return r;
}

static int listen_here(struct mk_spec *spec)
{
	int fd = mk_tcp_listener(spec);

	return fd < 0 ? fd : mk_look_tell(spec, fd, "tcp");
}

static int make_foreign(struct mk_spec *spec)
{
	return make_away(spec, listen_here);
}

static int leave_here(struct mk_spec *spec)
{
	int fd = open_own(spec);
	int r = fd < 0 ? fd : mk_keep(spec, fd);

	return r < 0 ? r : mk_time_wait(spec);
}

static int make_kept(struct mk_spec *spec)
{
	return make_away(spec, leave_here);
}

/* The client goes away, and the kernel makes the accepted end where the client is. */
static int make_unix(struct mk_spec *spec)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = mk_text(spec, "path");
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int own = open_own(spec);
	int client = -1, server = -1, r;

	if (!path || strlen(path) >= sizeof(addr.sun_path))
		return mk_failx(spec, EINVAL, "path");
	memcpy(addr.sun_path, path, strlen(path));
	if (listener < 0 || bind(listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(listener, 1) < 0)
		return mk_fail(spec, "listener");
	r = own < 0 ? own : go_away(spec);
	if (r >= 0) {
		client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (client < 0 || connect(client, (struct sockaddr *)&addr, sizeof(addr)) < 0)
			r = mk_fail(spec, "connect");
	}
	if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
		r = mk_fail(spec, "setns");
	close(own);
	if (r < 0)
		return r;
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (server < 0)
		return mk_fail(spec, "accept");
	r = mk_keep(spec, listener);
	if (r >= 0)
		r = mk_keep(spec, client);
	if (r >= 0)
		r = mk_keep(spec, server);
	return r < 0 ? mk_failx(spec, -r, "mk_keep") : mk_tell_unix_pair(spec, client, server);
}

struct thread {
	struct mk_spec *spec;
	int done[2];
	int r;
};

static void *thread_runs(void *arg)
{
	struct thread *thread = arg;
	int r = go_away(thread->spec);

	thread->r = r < 0 ? r : listen_here(thread->spec);
	r = thread->r;
	close(thread->done[1]);
	if (r < 0)
		return NULL;
	/* Its end would be the namespace's, but for the socket. */
	for (;;)
		pause();
}

static int make_in_thread(struct mk_spec *spec)
{
	struct thread thread = { .spec = spec };
	pthread_t id;
	char byte;
	int r;

	if (pipe2(thread.done, O_CLOEXEC) < 0)
		return mk_fail(spec, "pipe");
	r = pthread_create(&id, NULL, thread_runs, &thread);
	if (r != 0) {
		close(thread.done[1]);
		r = mk_failx(spec, r, "pthread_create");
	} else {
		while (read(thread.done[0], &byte, sizeof(byte)) < 0 && errno == EINTR)
			continue;
		pthread_detach(id);
		r = thread.r;
	}
	close(thread.done[0]);
	return r;
}

#define KEYS "family addr port mark"

const struct mk_kind mk_kinds_netns[] = {
	{ "netns-socket", KEYS " count", "a listener in a network namespace that only it keeps",
	  make_foreign, 0 },
	{ "netns-fd", KEYS, "a time-wait in a network namespace that only a descriptor keeps",
	  make_kept, 0 },
	{ "netns-thread", KEYS, "a listener in the network namespace of one thread only",
	  make_in_thread, 0 },
	{ "netns-unix", "path",
	  "a listener here, and both ends of a connection in another namespace", make_unix, 0 },
	{ NULL, NULL, NULL, NULL, 0 },
};
