/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "ctx.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "parse.h"

const char *estab_version(void)
{
	return ESTAB_VERSION;
}

void ctx_log(const struct estab_ctx *ctx, int level, const char *format, ...)
{
	char text[512];
	va_list args;

	if (!ctx->log_fn)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ctx->log_fn(ctx->log_arg, level, text);
}

bool ctx_has_own_pids(const struct estab_ctx *ctx)
{
	char link[16];
	ssize_t n;
	uint32_t pid;

	if (ctx->capture)
		return false;
	n = readlinkat(ctx->proc_fd, "self", link, sizeof(link) - 1);
	if (n < 0)
		return false;
	link[n] = '\0';
	return parse_u32(link, &pid) == 0 && pid == (uint32_t)getpid();
}

static bool is_directory_at(int fd, const char *path)
{
	struct stat st;

	return fstatat(fd, path, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Where the network tables stand. A live procfs's "net" is the reader's own namespace, whoever's
 * /proc it is: there, process 1 stands for the host. A copy most likely has what its maker read as
 * /proc/net.
 */
static int pick_net_dir(struct estab_ctx *ctx, uint32_t proc_pid)
{
	struct statfs fs;
	bool live;

	if (!ctx->capture && proc_pid == 0) {
		memcpy(ctx->net_dir, "thread-self/net", sizeof("thread-self/net"));
		return 0;
	}
	if (proc_pid != 0) {
		snprintf(ctx->net_dir, sizeof(ctx->net_dir), "%u/net", proc_pid);
		return 0;
	}
	if (fstatfs(ctx->proc_fd, &fs) < 0)
		return -errno;
	live = fs.f_type == PROC_SUPER_MAGIC;
	snprintf(ctx->net_dir, sizeof(ctx->net_dir), "%s",
		 live || !is_directory_at(ctx->proc_fd, "net") ? "1/net" : "net");
	return 0;
}

/* Copies what the caller's version of the struct has; what we don't know must be zero. */
static int read_options(const struct estab_ctx_options *options, struct estab_ctx_options *ret)
{
	if (options->size < offsetof(struct estab_ctx_options, flags))
		return -EINVAL;
	for (size_t i = sizeof(*ret); i < options->size; i++)
		if (((const char *)options)[i] != 0)
			return -EINVAL;
	memcpy(ret, options, MIN(options->size, sizeof(*ret)));
	if (ret->flags & ~(ESTAB_CTX_THREADS | ESTAB_CTX_ENTER_NETNS | ESTAB_CTX_BPF) ||
	    ret->byte_order > ESTAB_BYTE_ORDER_BIG || ret->reserved != 0 ||
	    ret->proc_pid > INT32_MAX)
		return -EINVAL;
	if (ret->byte_order != ESTAB_BYTE_ORDER_NATIVE && !ret->proc_root)
		return -EINVAL;
	return 0;
}

static int ctx_setup(struct estab_ctx *ctx, const struct estab_ctx_options *options)
{
	const char *path = options->proc_root ? options->proc_root : "/proc";

	ctx->refs = 1;
	ctx->flags = options->flags;
	ctx->capture = options->proc_root != NULL;
	ctx->big_endian = options->byte_order == ESTAB_BYTE_ORDER_NATIVE
				  ? __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
				  : options->byte_order == ESTAB_BYTE_ORDER_BIG;
	ctx->proc_path = strdup(path);
	if (!ctx->proc_path)
		return -ENOMEM;
	ctx->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ctx->proc_fd < 0)
		return -errno;
	if (options->passwd_file) {
		if (access(options->passwd_file, R_OK) < 0)
			return -errno;
		ctx->passwd_file = strdup(options->passwd_file);
		if (!ctx->passwd_file)
			return -ENOMEM;
	}
	return pick_net_dir(ctx, options->proc_pid);
}

int estab_ctx_new(const struct estab_ctx_options *options, struct estab_ctx **ret_ctx)
{
	struct estab_ctx_options known = { .size = sizeof(known) };
	struct estab_ctx *ctx;
	int r;

	if (options) {
		r = read_options(options, &known);
		if (r < 0)
			return r;
	}
	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return -ENOMEM;
	ctx->proc_fd = -1;
	r = ctx_setup(ctx, &known);
	if (r < 0) {
		ctx->refs = 1;
		estab_ctx_unref(ctx);
		return r;
	}
	*ret_ctx = ctx;
	return 0;
}

struct estab_ctx *estab_ctx_ref(struct estab_ctx *ctx)
{
	ctx->refs++;
	return ctx;
}

struct estab_ctx *estab_ctx_unref(struct estab_ctx *ctx)
{
	if (!ctx || --ctx->refs > 0)
		return NULL;
	if (ctx->proc_fd >= 0)
		close(ctx->proc_fd);
	free(ctx->proc_path);
	free(ctx->passwd_file);
	free(ctx);
	return NULL;
}

void estab_ctx_set_log(struct estab_ctx *ctx, estab_log_fn *fn, void *arg)
{
	ctx->log_fn = fn;
	ctx->log_arg = arg;
}

int estab_ctx_set_names(struct estab_ctx *ctx, const struct estab_names *names)
{
	struct estab_names known = { .size = sizeof(known) };

	if (names) {
		if (names->size <= sizeof(names->size))
			return -EINVAL;
		for (size_t i = sizeof(known); i < names->size; i++)
			if (((const char *)names)[i] != 0)
				return -EINVAL;
		memcpy(&known, names, MIN(names->size, sizeof(known)));
		if (known.flags & ~ESTAB_NAMES_ENDS || known.reserved != 0)
			return -EINVAL;
	}
	ctx->names = known;
	return 0;
}
