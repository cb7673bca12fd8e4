/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What every spec needs: its keys, its addresses, its open files, and a reason when refused. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int mk_failx(struct mk_spec *spec, int error, const char *what)
{
	snprintf(spec->why, sizeof(spec->why), "%s: %s", what, strerror(error));
	return -error;
}

int mk_fail(struct mk_spec *spec, const char *what)
{
	return mk_failx(spec, errno ? errno : EIO, what);
}

bool mk_number(const char *text, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || number > UINT64_MAX / 10 - 1)
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret_number = number;
	return true;
}

uint64_t mk_get(const struct mk_spec *spec, const char *key, uint64_t otherwise)
{
	for (size_t i = 0; i < spec->n_keys; i++)
		if (strcmp(spec->keys[i].name, key) == 0)
			return spec->keys[i].number;
	return otherwise;
}

const char *mk_text(const struct mk_spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->n_keys; i++)
		if (strcmp(spec->keys[i].name, key) == 0)
			return spec->keys[i].text;
	return NULL;
}

/* Gives the spec a key that it was not told of. The name has to outlive it. */
int mk_default(struct mk_spec *spec, const char *key, const char *text)
{
	struct mk_key *added = &spec->keys[spec->n_keys];

	if (mk_text(spec, key))
		return 0;
	if (spec->n_keys == MK_KEYS_MAX)
		return mk_failx(spec, E2BIG, key);
	*added = (struct mk_key){ .name = key, .text = strdup(text) };
	if (!added->text)
		return mk_failx(spec, ENOMEM, "strdup");
	mk_number(text, &added->number);
	spec->n_keys++;
	return 0;
}

enum mk_family mk_family(const struct mk_spec *spec)
{
	const char *word = mk_text(spec, "family");

	if (spec->kind->flags & MK_ONLY_INET6)
		return MK_INET6;
	if (!word || strcmp(word, "inet") == 0)
		return MK_INET;
	return strcmp(word, "inet6") == 0 ? MK_INET6 : MK_MAPPED;
}

int mk_domain(const struct mk_spec *spec)
{
	return mk_family(spec) == MK_INET ? AF_INET : AF_INET6;
}

/* With count=, each of the sockets that cannot share a port takes the next one. */
uint16_t mk_port(const struct mk_spec *spec)
{
	uint64_t port = mk_get(spec, "port", 0);

	return (uint16_t)(port ? port + spec->index : 0);
}

/* addr NULL: the loopback address of the family. Returns 0 when addr is none of the family. */
socklen_t mk_addr(const struct mk_spec *spec, const char *addr, uint16_t port,
		  struct sockaddr_storage *ret_addr)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	enum mk_family family = mk_family(spec);
	char mapped[64];

	memset(ret_addr, 0, sizeof(*ret_addr));
	if (family == MK_INET) {
		if (inet_pton(AF_INET, addr ? addr : "127.0.0.1", &in.sin_addr) != 1)
			return 0;
		memcpy(ret_addr, &in, sizeof(in));
		return sizeof(in);
	}
	if (family == MK_MAPPED) {
		snprintf(mapped, sizeof(mapped), "%s%s",
			 addr && strchr(addr, ':') ? "" : "::ffff:", addr ? addr : "127.0.0.1");
		addr = mapped;
	}
	if (inet_pton(AF_INET6, addr ? addr : "::1", &in6.sin6_addr) != 1)
		return 0;
	memcpy(ret_addr, &in6, sizeof(in6));
	return sizeof(in6);
}

/* Keeps the file open until the end, or until its spec fails. Closes it when it can't. */
int mk_keep(struct mk_spec *spec, int fd)
{
	struct mk_ctx *ctx = spec->ctx;
	int *fds;

	if ((ctx->n_fds & (ctx->n_fds - 1)) == 0) {
		fds = realloc(ctx->fds, sizeof(*fds) * (ctx->n_fds ? ctx->n_fds * 2 : 1));
		if (!fds) {
			close(fd);
			return -ENOMEM;
		}
		ctx->fds = fds;
	}
	ctx->fds[ctx->n_fds++] = fd;
	return 0;
}

/* Closes a kept file now. */
void mk_drop(struct mk_spec *spec, int fd)
{
	struct mk_ctx *ctx = spec->ctx;

	for (size_t i = ctx->n_fds; i > 0; i--) {
		if (ctx->fds[i - 1] != fd)
			continue;
		ctx->fds[i - 1] = ctx->fds[--ctx->n_fds];
		break;
	}
	close(fd);
}

static void close_from_to(int from, int to)
{
	long max = sysconf(_SC_OPEN_MAX);

	if (from > to)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, to, 0) == 0)
		return;
#endif
	for (int fd = from; fd <= to && fd < (max > 0 ? max : 1024); fd++)
		close(fd);
}

/* In a table of its own (a child, an unshared thread): closes all but these and the first three. */
void mk_close_all(const int *keep, size_t n_keep)
{
	int from = 3, next;

	do {
		next = INT_MAX;
		for (size_t i = 0; i < n_keep; i++)
			if (keep[i] >= from && keep[i] < next)
				next = keep[i];
		close_from_to(from, next == INT_MAX ? INT_MAX : next - 1);
		from = next == INT_MAX ? INT_MAX : next + 1;
	} while (next != INT_MAX);
}

int mk_unlink_later(struct mk_spec *spec, const char *path)
{
	struct mk_ctx *ctx = spec->ctx;
	char **paths = realloc(ctx->paths, sizeof(*paths) * (ctx->n_paths + 1));

	if (!paths)
		return -ENOMEM;
	ctx->paths = paths;
	paths[ctx->n_paths] = strdup(path);
	if (!paths[ctx->n_paths])
		return -ENOMEM;
	ctx->n_paths++;
	return 0;
}

bool mk_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, value, len) == (ssize_t)len;
	close(fd);
	return good;
}

int64_t mk_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void mk_sleep_ms(unsigned ms)
{
	struct timespec span = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&span, NULL);
}

/* 0 when there is something to read, else a negative error. */
int mk_wait_readable(int fd, int timeout_ms)
{
	struct pollfd in = { .fd = fd, .events = POLLIN };
	int r = poll(&in, 1, timeout_ms);

	return r > 0 ? 0 : r == 0 ? -ETIMEDOUT : -errno;
}
