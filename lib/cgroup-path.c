/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "cgroup-path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mounts.h"
#include "text.h"
#include "util.h"

/* FILEID_KERNFS of include/linux/exportfs.h: the id is all there is in such a handle. */
enum { FILEID_KERNFS = 0xfe };

static int keep(struct cgroup_paths *paths, uint64_t id, const char *path)
{
	int r;

	if (paths->n == paths->room) {
		size_t room = paths->room > 0 ? paths->room * 2 : 32;
		const char **list = reallocarray(paths->paths, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		paths->paths = list;
		paths->room = room;
	}
	r = row_index_add(&paths->by_id, id, (uint32_t)paths->n, NULL);
	if (r == 0)
		paths->paths[paths->n++] = path;
	return r < 0 ? r : 0;
}

/* The cgroup's path, of a place below the mount. */
static const char *whole_path(struct cgroup_paths *paths, const char *below)
{
	size_t root = strlen(paths->root);
	size_t length = strlen(below);
	char *path;

	if (root + length == 0)
		return "/";
	path = arena_alloc(&paths->arena, root + length + 1);
	if (!path)
		return NULL;
	memcpy(path, paths->root, root);
	memcpy(path + root, below, length + 1);
	return path;
}

/* One whose root is above that of our cgroup namespace would need names that we don't know. */
static bool is_useful(const struct mount *mount)
{
	return strcmp(mount->type, "cgroup2") == 0 && strncmp(mount->root, "/..", 3) != 0;
}

static void open_mount(struct cgroup_paths *paths, int proc_fd)
{
	struct mounts mounts;
	struct mount mount;

	paths->opened = true;
	paths->mount_fd = -1;
	if (mounts_open(&mounts, proc_fd, "self/mountinfo") < 0)
		return;
	while (paths->mount_fd < 0 && mounts_next(&mounts, &mount)) {
		if (!is_useful(&mount))
			continue;
		paths->mount_fd = open(mount.point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (paths->mount_fd < 0)
			continue;
		free(paths->point);
		free(paths->root);
		paths->point = strdup(mount.point);
		paths->root = strdup(strcmp(mount.root, "/") == 0 ? "" : mount.root);
	}
	mounts_close(&mounts);
	if (paths->mount_fd >= 0 && (!paths->point || !paths->root)) {
		close(paths->mount_fd);
		paths->mount_fd = -1;
	}
}

/* ---- by id ---- */

static int open_by_id(int mount_fd, uint64_t id)
{
	union {
		struct file_handle handle;
		uint8_t room[sizeof(struct file_handle) + sizeof(id)];
	} whole = { .room = { 0 } };

	whole.handle.handle_bytes = sizeof(id);
	whole.handle.handle_type = FILEID_KERNFS;
	memcpy(whole.room + offsetof(struct file_handle, f_handle), &id, sizeof(id));
	return open_by_handle_at(mount_fd, &whole.handle, O_PATH | O_CLOEXEC);
}

/* What is open has a name, which leads through the mount. */
static const char *name_of(struct cgroup_paths *paths, int proc_fd, int fd)
{
	size_t length = strcmp(paths->point, "/") == 0 ? 0 : strlen(paths->point);
	char link[32] = "";
	char path[PATH_MAX];
	struct text text = { link, sizeof(link) - 1, 0 };
	ssize_t n;

	text_str(&text, "self/fd/");
	text_u64(&text, (uint64_t)fd);
	n = readlinkat(proc_fd, link, path, sizeof(path) - 1);
	if (n < (ssize_t)length)
		return NULL;
	path[n] = '\0';
	if (memcmp(path, paths->point, length) != 0 ||
	    (path[length] != '/' && path[length] != '\0'))
		return NULL;
	return whole_path(paths,
			  path[length] == '/' && path[length + 1] == '\0' ? "" : path + length);
}

/* ---- by a walk ---- */

/* A directory of the walk. */
struct level {
	DIR *dir;
	size_t length; /* of the path up to it */
};

struct tree {
	struct cgroup_paths *paths;
	struct level levels[CGROUP_DEPTH_MAX];
	size_t depth;
	char path[PATH_MAX];
};

static int enter(struct tree *tree, int dir_fd, const char *name, size_t length)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -errno;
	}
	tree->levels[tree->depth++] = (struct level){ dir, length };
	return 0;
}

static int note_entry(struct tree *tree, const struct dirent *entry)
{
	struct level *level = &tree->levels[tree->depth - 1];
	size_t length = strlen(entry->d_name);
	const char *path;
	int r;

	if (level->length + length + 2 > sizeof(tree->path))
		return 0;
	tree->path[level->length] = '/';
	memcpy(tree->path + level->length + 1, entry->d_name, length + 1);
	path = whole_path(tree->paths, tree->path);
	r = path ? keep(tree->paths, entry->d_ino, path) : -ENOMEM;
	if (r < 0)
		return r;
	/* What can't be entered has no names below it for us. */
	if (tree->depth < CGROUP_DEPTH_MAX)
		enter(tree, dirfd(level->dir), entry->d_name, level->length + 1 + length);
	return 0;
}

/* A directory's inode is the cgroup's id (kernfs, since Linux 5.5, where inodes have 64 bits). */
static void walk(struct cgroup_paths *paths)
{
	struct tree *tree = calloc(1, sizeof(*tree));
	struct stat st;
	int r = 0;

	if (!tree)
		return;
	tree->paths = paths;
	if (fstat(paths->mount_fd, &st) == 0)
		r = keep(paths, st.st_ino, whole_path(paths, ""));
	if (r == 0)
		r = enter(tree, paths->mount_fd, ".", 0);
	while (r == 0 && tree->depth > 0 && paths->n < CGROUPS_MAX) {
		const struct dirent *entry = readdir(tree->levels[tree->depth - 1].dir);

		if (!entry)
			closedir(tree->levels[--tree->depth].dir);
		else if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
			 strcmp(entry->d_name, "..") != 0)
			r = note_entry(tree, entry);
	}
	while (tree->depth > 0)
		closedir(tree->levels[--tree->depth].dir);
	free(tree);
}

/* ---- both ---- */

static const char *look_up(struct cgroup_paths *paths, int proc_fd, uint64_t id)
{
	const char *path;
	int fd = open_by_id(paths->mount_fd, id);

	/* Only who may read everything may open so; a filter of system calls may know nothing of it. */
	if (fd < 0 && errno != ESTALE && errno != ENOENT && errno != EMFILE && errno != ENFILE) {
		paths->refused = true;
		walk(paths);
		return NULL;
	}
	if (fd < 0)
		return NULL;
	path = name_of(paths, proc_fd, fd);
	close(fd);
	return path;
}

const char *cgroup_paths_find(struct cgroup_paths *paths, int proc_fd, uint64_t id)
{
	uint32_t place = row_index_find(&paths->by_id, id);
	const char *path;

	if (place != ROW_NONE)
		return paths->paths[place];
	if (!paths->opened)
		open_mount(paths, proc_fd);
	if (paths->mount_fd < 0 || paths->refused || id == 0)
		return NULL;
	path = look_up(paths, proc_fd, id);
	if (paths->refused) {
		place = row_index_find(&paths->by_id, id);
		return place == ROW_NONE ? NULL : paths->paths[place];
	}
	keep(paths, id, path);
	return path;
}

void cgroup_paths_free(struct cgroup_paths *paths)
{
	if (paths->opened && paths->mount_fd >= 0)
		close(paths->mount_fd);
	free(paths->point);
	free(paths->root);
	free(paths->paths);
	row_index_free(&paths->by_id);
	arena_free(&paths->arena);
}
