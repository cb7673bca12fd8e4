/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "mountinfo.h"
#include "util.h"

int mounts_open(struct mounts *mounts, int dir_fd, const char *path)
{
	int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	FILE *file;

	if (fd < 0)
		return -errno;
	file = fdopen(fd, "r");
	if (!file) {
		int r = -errno;

		close(fd);
		return r;
	}
	*mounts = (struct mounts){ .file = file };
	return 0;
}

void mounts_close(struct mounts *mounts)
{
	fclose(mounts->file);
	free(mounts->line);
}

/* Unescapes a piece of the line where it stands; what is behind it was a blank. */
static char *cut_out(struct mounts *mounts, struct mountinfo_text text)
{
	char *at = mounts->line + (text.at - mounts->line);

	at[mountinfo_unescape(text, at)] = '\0';
	return at;
}

bool mounts_next(struct mounts *mounts, struct mount *ret_mount)
{
	ssize_t n;

	while ((n = getline(&mounts->line, &mounts->room, mounts->file)) > 0) {
		struct cursor cursor = { mounts->line, mounts->line + n };
		struct mountinfo info;

		if (!mountinfo_next(&cursor, &info))
			continue;
		*ret_mount = (struct mount){
			.root = cut_out(mounts, info.root),
			.point = cut_out(mounts, info.point),
			.may_hang = mountinfo_may_hang(info.type),
			.type = cut_out(mounts, info.type),
		};
		return true;
	}
	return false;
}

struct slow_mount {
	char *point;
	size_t length;
	bool slow;
};

enum { SLOW_MAX = 4096 };

static bool is_below(const char *path, const char *point, size_t length)
{
	return strncmp(path, point, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The mount of the list that the path is on: the deepest, and of several in one place the last. */
static const struct slow_mount *find(const struct slow_mounts *mounts, const char *path)
{
	const struct slow_mount *found = NULL;

	for (size_t i = 0; i < mounts->n; i++) {
		const struct slow_mount *mount = &mounts->list[i];

		if ((!found || mount->length >= found->length) &&
		    is_below(path, mount->point, mount->length))
			found = mount;
	}
	return found;
}

/* What is not slow matters only where it hides what is. */
static int note(struct slow_mounts *mounts, const struct mount *mount)
{
	/* The root itself is the beginning of all. */
	size_t length = strcmp(mount->point, "/") == 0 ? 0 : strlen(mount->point);
	/* Where that is slow, so is all else: we too. */
	bool slow = length > 0 && mount->may_hang;
	char *point;

	if (!slow && !find(mounts, mount->point))
		return 0;
	if (mounts->n == SLOW_MAX)
		return -E2BIG;
	if (mounts->n == mounts->room) {
		size_t room = mounts->room > 0 ? mounts->room * 2 : 8;
		struct slow_mount *list = reallocarray(mounts->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		mounts->list = list;
		mounts->room = room;
	}
	point = strdup(mount->point);
	if (!point)
		return -ENOMEM;
	mounts->list[mounts->n++] = (struct slow_mount){ point, length, slow };
	return 0;
}

int slow_mounts_read(struct slow_mounts *mounts, int dir_fd, const char *mountinfo)
{
	struct mounts all;
	struct mount mount;
	int r = mounts_open(&all, dir_fd, mountinfo);

	if (r < 0)
		return r;
	while (r == 0 && mounts_next(&all, &mount))
		r = note(mounts, &mount);
	mounts_close(&all);
	return r;
}

bool slow_mounts_have(const struct slow_mounts *mounts, const char *path)
{
	const struct slow_mount *mount = find(mounts, path);

	return mount && mount->slow;
}

void slow_mounts_free(struct slow_mounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++)
		free(mounts->list[i].point);
	free(mounts->list);
	*mounts = (struct slow_mounts){ 0 };
}
