/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Network namespaces that are mounted somewhere: nsfs in /proc/PID/mountinfo. */
#include "netns-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mountinfo.h"
#include "slurp.h"
#include "util.h"

enum {
	FILE_ROOM = 64 * 1024, /* at first */
	FILE_MAX = 64 * 1024 * 1024,
	DEPTH_MAX = 256,
	WAYPOINTS_MIN = 64,
};

/* The directories of ip-netns(8), and what it says there is a name. */
static const char *const name_directories[] = { "/run/netns/", "/var/run/netns/" };

/* What is known of one on the way to others. */
struct waypoint {
	uint64_t id;
	uint64_t parent;
	bool may_hang;
};

struct mount_search {
	struct netns_walk *walk;
	struct cursor text;
	uint32_t pid;
	bool ours;                  /* names are as our user knows them */
	struct waypoint *waypoints; /* by their ids */
	size_t n_waypoints;
};

static int slurp_all(int fd, char **ret_text, size_t *ret_length)
{
	size_t room = FILE_ROOM, length = 0;
	char *text = NULL;

	for (;;) {
		char *bigger = realloc(text, room);
		ssize_t n;

		if (!bigger) {
			free(text);
			return -ENOMEM;
		}
		text = bigger;
		n = slurp_fd(fd, text + length, room - length);
		if (n < 0) {
			free(text);
			return (int)n;
		}
		length += (size_t)n;
		if (length < room || room >= FILE_MAX)
			break;
		room *= 4;
	}
	*ret_text = text;
	*ret_length = length;
	return 0;
}

static int compare_waypoints(const void *left, const void *right)
{
	const struct waypoint *a = left;
	const struct waypoint *b = right;

	return (a->id > b->id) - (a->id < b->id);
}

/* Anyone may make a hundred thousand of them: each is looked up, but the text is read through once. */
static int note_waypoints(struct mount_search *mounts)
{
	struct cursor text = mounts->text;
	struct mountinfo mount;
	size_t room = 0;

	while (mountinfo_next(&text, &mount)) {
		if (mounts->n_waypoints == room) {
			struct waypoint *more;

			room = MAX(room * 2, (size_t)WAYPOINTS_MIN);
			more = reallocarray(mounts->waypoints, room, sizeof(*more));
			if (!more)
				return -ENOMEM;
			mounts->waypoints = more;
		}
		mounts->waypoints[mounts->n_waypoints++] = (struct waypoint){
			.id = mount.id,
			.parent = mount.parent,
			.may_hang = mountinfo_may_hang(mount.type),
		};
	}
	if (mounts->n_waypoints > 0)
		qsort(mounts->waypoints, mounts->n_waypoints, sizeof(*mounts->waypoints),
		      compare_waypoints);
	return 0;
}

static const struct waypoint *find_waypoint(const struct mount_search *mounts, uint64_t id)
{
	const struct waypoint wanted = { .id = id };

	return mounts->n_waypoints == 0 ? NULL
					: bsearch(&wanted, mounts->waypoints, mounts->n_waypoints,
						  sizeof(*mounts->waypoints), compare_waypoints);
}

/* Whether a file system on the way to it may keep us waiting. */
static bool may_hang(const struct mount_search *mounts, uint64_t parent)
{
	const struct waypoint *at = find_waypoint(mounts, parent);

	for (int i = 0; i < DEPTH_MAX && at && !at->may_hang && at->parent != at->id; i++)
		at = find_waypoint(mounts, at->parent);
	return at && at->may_hang;
}

/* "blue" for "/run/netns/blue"; NULL where that is no name. */
static const char *short_name(const struct mount_search *mounts, const char *path)
{
	for (size_t i = 0; mounts->ours && i < ARRAY_SIZE(name_directories); i++) {
		size_t length = strlen(name_directories[i]);

		if (strncmp(path, name_directories[i], length) == 0 && path[length] != '\0' &&
		    !strchr(path + length, '/'))
			return path + length;
	}
	return NULL;
}

static int name_mount(const struct mount_search *mounts, size_t index, const char *path)
{
	struct netns_list *list = mounts->walk->list;
	const char *name = short_name(mounts, path);
	_cleanup_(cleanup_free) char *whole = NULL;

	if (name)
		return netns_list_name(list, index, RANK_NAME, name, strlen(name));
	if (mounts->ours)
		return netns_list_name(list, index, RANK_MOUNT, path, strlen(path));
	/* As it can be reached from here. */
	if (asprintf(&whole, "%s/%u/root%s", mounts->walk->env->ctx->proc_path, mounts->pid, path) <
	    0) {
		whole = NULL;
		return -ENOMEM;
	}
	return netns_list_name(list, index, RANK_MOUNT, whole, strlen(whole));
}

static int note_mount(const struct mount_search *mounts, const struct mountinfo *mount,
		      uint64_t inode)
{
	_cleanup_(cleanup_free) char *path = malloc(mount->point.length + 1);
	struct netns_place place = { .kind = PLACE_MOUNT, .pid = mounts->pid, .path = path };
	size_t index;
	int r;

	if (!path)
		return -ENOMEM;
	path[mountinfo_unescape(mount->point, path)] = '\0';
	r = netns_list_add(mounts->walk->list, inode,
			   may_hang(mounts, mount->parent) ? NULL : &place, &index);
	return r < 0 ? r : name_mount(mounts, index, path);
}

static int note_mounts(struct mount_search *mounts)
{
	struct cursor text = mounts->text;
	struct mountinfo mount;
	uint64_t inode;
	int r;

	if (!memmem(text.at, (size_t)(text.end - text.at), " - nsfs ", strlen(" - nsfs ")))
		return 0;
	r = note_waypoints(mounts);
	while (r == 0 && mountinfo_next(&text, &mount))
		if (netns_parse_link(mount.root.at, mount.root.length, "net", &inode) == 0 &&
		    mount.type.length == 4 && memcmp(mount.type.at, "nsfs", 4) == 0)
			r = note_mount(mounts, &mount, inode);
	return r;
}

static int open_file(const struct estab_ctx *ctx, int dir_fd)
{
	char path[sizeof(ctx->net_dir) + 16] = "1/mountinfo";
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	const char *slash = strrchr(ctx->net_dir, '/');

	if (dir_fd >= 0)
		return openat(dir_fd, "mountinfo", flags);
	/* Beside "net": of whoever's tables are read when nobody asks for others. */
	if (slash)
		snprintf(path, sizeof(path), "%.*s/mountinfo", (int)(slash - ctx->net_dir),
			 ctx->net_dir);
	return openat(ctx->proc_fd, path, flags);
}

/* Whether that mount namespace was read; and where nobody tells which it is, the first ones do. */
static int check_seen(struct netns_walk *walk, uint32_t pid)
{
	const struct estab_ctx *ctx = walk->env->ctx;
	uint64_t inode = walk->mnt;

	if (pid == 0 && !ctx->capture)
		netns_read_link(ctx->proc_fd, "thread-self/ns/mnt", "mnt", &walk->own_mnt);
	if (pid == 0)
		inode = walk->own_mnt;
	if (inode == 0)
		return pid != 0;
	return idset_add(&walk->mounts, hash64(inode) | 1);
}

int netns_walk_mounts(struct netns_walk *walk, int dir_fd, uint32_t pid)
{
	_cleanup_(cleanup_close) int fd = -1;
	_cleanup_(cleanup_free) char *text = NULL;
	struct mount_search mounts = { .walk = walk, .pid = pid, .ours = pid == 0 };
	size_t length = 0;
	int r = check_seen(walk, pid);

	if (r != 0)
		return MIN(r, 0);
	fd = open_file(walk->env->ctx, dir_fd);
	if (fd < 0) {
		netns_note_error(walk, -errno);
		return 0;
	}
	r = slurp_all(fd, &text, &length);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	mounts.text = (struct cursor){ text, text + length };
	r = note_mounts(&mounts);
	free(mounts.waypoints);
	return r;
}
