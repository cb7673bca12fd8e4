/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The text table of unix sockets: the input is the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "env.h"
#include "procfs.h"
#include "tree.h"
#include "util.h"

enum { NAME_MAX_LENGTH = 108 };

static void check_entry(const struct procfs_unix *entry, const char *text, size_t length)
{
	must(entry->type <= ESTAB_TYPE_RAW);
	must(ESTAB_STATES_ALL & BIT32(entry->state));
	if (!entry->has_path)
		return;
	must(entry->path >= text && entry->path + entry->path_length == text + length);
	must(entry->path_length <= NAME_MAX_LENGTH);
	must(!memchr(entry->path, '\0', entry->path_length));
}

static void check_line(struct input line, bool cut, struct procfs_watch *watch, struct row *row)
{
	char *text = fuzz_copy(line.at, line.left);
	struct procfs_line given = { { text, text + line.left }, cut };
	enum procfs_verdict verdict = PROCFS_FORGED;
	struct procfs_unix entry;
	size_t length;
	const char *path;
	int r = procfs_unix_line(given, &entry);

	must(r == 0 || r == -EBADMSG);
	if (r < 0) {
		procfs_watch_other(watch, line.left);
		free(text);
		return;
	}
	check_entry(&entry, text, line.left);
	must(procfs_watch_row(watch, &entry, line.left, &verdict) == 0);
	must(procfs_unix_row(&entry, true, row) == 0);
	path = ext_get(row->sock.ext, EXT_PATH, &length);
	must((path != NULL) == entry.has_path);
	must(!path || entry.path_length - length == ext_has(row->sock.ext, EXT_ABSTRACT));
	must(row->sock.inode == entry.inode && record_identity(&row->sock) != 0);
	free(text);
}

static void check_lines(struct input input)
{
	struct env *env = calloc(1, sizeof(*env));
	struct procfs_watch watch = { 0 };
	struct row row = { 0 };

	must(env);
	must(ext_builder_init(&row.ext, env) == 0);
	while (input.left > 0) {
		bool cut = !memchr(input.at, '\n', input.left);

		check_line(input_until(&input, '\n'), cut, &watch, &row);
	}
	procfs_watch_free(&watch);
	ext_builder_free(&row.ext);
	free(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct estab_ctx *ctx;

	check_lines(input);
	tree_write("net/unix", data, size);
	ctx = tree_ctx(NULL);
	tree_check(ctx, BIT64(ESTAB_PROTO_UNIX));
	estab_ctx_unref(ctx);
	return 0;
}
