/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "alloc-fail.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

struct mnl_socket;

static struct {
	atomic_bool armed;
	atomic_bool failed;
	atomic_long count;
	long number;
	enum alloc_mode mode;
} state;

/* Of the sanitizers: exact, where they are. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

void alloc_fail_arm(long number, enum alloc_mode mode)
{
	state.number = number;
	state.mode = mode;
	atomic_store(&state.count, 0);
	atomic_store(&state.failed, false);
	atomic_store(&state.armed, true);
}

long alloc_fail_disarm(void)
{
	atomic_store(&state.armed, false);
	return atomic_load(&state.count);
}

bool alloc_has_failed(void)
{
	return atomic_load(&state.failed);
}

long alloc_in_use(void)
{
	return __sanitizer_get_current_allocated_bytes
		       ? (long)__sanitizer_get_current_allocated_bytes()
		       : 0;
}

/* Whether the allocation at hand is one that fails; errno says so. */
static bool fails(void)
{
	long number;

	if (!atomic_load(&state.armed))
		return false;
	number = atomic_fetch_add(&state.count, 1);
	if (number != state.number && (state.mode == ALLOC_FAIL_ONE || number < state.number))
		return false;
	atomic_store(&state.failed, true);
	errno = ENOMEM;
	return true;
}

/* The wrapper of a function that returns NULL, or what else says that there is no memory. */
#define WRAP(type, failure, name, parameters, arguments) \
	type __real_##name parameters;                   \
	type __wrap_##name parameters;                   \
	type __wrap_##name parameters                    \
	{                                                \
		if (fails())                             \
			return failure;                  \
		return __real_##name arguments;          \
	}

WRAP(void *, NULL, malloc, (size_t size), (size))
WRAP(void *, NULL, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, NULL, realloc, (void *memory, size_t size), (memory, size))
WRAP(void *, NULL, reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))
WRAP(void *, NULL, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAP(char *, NULL, strdup, (const char *text), (text))
WRAP(char *, NULL, strndup, (const char *text, size_t length), (text, length))
WRAP(char *, NULL, realpath, (const char *path, char *buffer), (path, buffer))
WRAP(FILE *, NULL, fopen, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, NULL, fopen64, (const char *path, const char *mode), (path, mode))
WRAP(FILE *, NULL, fdopen, (int fd, const char *mode), (fd, mode))
WRAP(FILE *, NULL, open_memstream, (char **text, size_t *length), (text, length))
WRAP(void *, NULL, opendir, (const char *path), (path))
WRAP(void *, NULL, fdopendir, (int fd), (fd))
WRAP(ssize_t, -1, getline, (char **line, size_t *room, FILE *file), (line, room, file))
WRAP(ssize_t, -1, getdelim, (char **line, size_t *room, int delimiter, FILE *file),
     (line, room, delimiter, file))
/* What the inline getline() of libc's headers calls. */
WRAP(ssize_t, -1, __getdelim, (char **line, size_t *room, int delimiter, FILE *file),
     (line, room, delimiter, file))
WRAP(int, ENOMEM, getpwuid_r,
     (uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **ret),
     (uid, entry, buffer, size, ret))
WRAP(struct mnl_socket *, NULL, mnl_socket_open, (int bus), (bus))
WRAP(struct mnl_socket *, NULL, mnl_socket_open2, (int bus, int flags), (bus, flags))
WRAP(struct mnl_socket *, NULL, mnl_socket_fdopen, (int fd), (fd))
/* It allocates a stack. */
WRAP(int, EAGAIN, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg),
     (thread, attr, run, arg))

/* On failure its output is not defined: nobody may look at it. */
#define UNDEFINED ((char *)(uintptr_t)1)

int __wrap_vasprintf(char **ret_text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
int __real_vasprintf(char **ret_text, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
int __wrap_asprintf(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));

int __wrap_vasprintf(char **ret_text, const char *format, va_list args)
{
	if (fails()) {
		*ret_text = UNDEFINED;
		return -1;
	}
	return __real_vasprintf(ret_text, format, args);
}

int __wrap_asprintf(char **ret_text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = __wrap_vasprintf(ret_text, format, args);
	va_end(args);
	return n;
}
