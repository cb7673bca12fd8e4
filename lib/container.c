/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "container.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "ctx.h"
#include "slurp.h"
#include "text.h"
#include "util.h"

enum { ID_LENGTH = 64, PASSWD_MAX = 1 << 20, NAMESPACES_MAX = 64 };

enum form { FORM_FILE, FORM_LIST, FORM_NAMESPACES };

#define BY(name) BIT32(RUNTIME_##name)

/* Where the runtimes keep what they know of their containers. */
static const struct place {
	uint32_t runtimes;    /* whose containers may be there, as bits */
	enum runtime runtime; /* whose they are then */
	enum form form;
	bool home; /* below a user's home: that of the user whose unit holds the container */
	const char *before; /* the id, */
	const char *behind; /* and after it */
} places[] = {
	{ BY(DOCKER) | BY(UNKNOWN), RUNTIME_DOCKER, FORM_FILE, false, "/var/lib/docker/containers/",
	  "/config.v2.json" },
	{ BY(DOCKER) | BY(UNKNOWN), RUNTIME_DOCKER, FORM_FILE, true,
	  "/.local/share/docker/containers/", "/config.v2.json" },
	{ BY(PODMAN), RUNTIME_PODMAN, FORM_LIST, false,
	  "/var/lib/containers/storage/overlay-containers/containers.json", "" },
	/* Those that are gone with the next boot: podman run --rm. */
	{ BY(PODMAN), RUNTIME_PODMAN, FORM_LIST, false,
	  "/var/lib/containers/storage/overlay-containers/volatile-containers.json", "" },
	{ BY(PODMAN), RUNTIME_PODMAN, FORM_LIST, true,
	  "/.local/share/containers/storage/overlay-containers/containers.json", "" },
	{ BY(PODMAN), RUNTIME_PODMAN, FORM_LIST, true,
	  "/.local/share/containers/storage/overlay-containers/volatile-containers.json", "" },
	{ BY(CONTAINERD) | BY(UNKNOWN), RUNTIME_CONTAINERD, FORM_FILE, false,
	  "/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json" },
	{ BY(CONTAINERD) | BY(UNKNOWN), RUNTIME_CONTAINERD, FORM_FILE, false,
	  "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json" },
	{ BY(NERDCTL) | BY(CONTAINERD) | BY(UNKNOWN), RUNTIME_CONTAINERD, FORM_NAMESPACES, false,
	  "/run/containerd/io.containerd.runtime.v2.task/", "/config.json" },
	{ BY(CRIO) | BY(UNKNOWN), RUNTIME_CRIO, FORM_FILE, false,
	  "/run/containers/storage/overlay-containers/", "/userdata/config.json" },
	{ BY(CRIO) | BY(UNKNOWN), RUNTIME_CRIO, FORM_FILE, false,
	  "/var/lib/containers/storage/overlay-containers/", "/userdata/config.json" },
};

void containers_init(struct containers *containers, const struct estab_ctx *ctx)
{
	*containers =
		(struct containers){ .ctx = ctx, .root_fd = -1, .bytes_left = CONTAINER_BYTES_MAX };
}

void containers_free(struct containers *containers)
{
	if (containers->root_fd >= 0)
		close(containers->root_fd);
	arena_free(&containers->arena);
	row_index_free(&containers->by_id);
	idset_free(&containers->lists_read);
	slow_mounts_free(&containers->slow);
	free(containers->list);
	free(containers->buffer);
}

/* ---- files ---- */

/* Our own host's root, or that of another one's process 1. In a copy that may be a directory, but no link:
 * it would lead out of the copy. */
static int open_root(const struct estab_ctx *ctx)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	struct statfs fs;

	if (!ctx->capture)
		return open("/", flags);
	if (fstatfs(ctx->proc_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		flags |= O_NOFOLLOW;
	return openat(ctx->proc_fd, "1/root", flags);
}

/* A file whose server is dead would keep us for good: no name is worth that. */
static void begin(struct containers *containers)
{
	const struct estab_ctx *ctx = containers->ctx;
	int r;

	if (containers->root_opened)
		return;
	containers->root_opened = true;
	containers->root_fd = open_root(ctx);
	if (containers->root_fd < 0)
		return;
	r = slow_mounts_read(&containers->slow, ctx->proc_fd,
			     ctx->capture ? "1/mountinfo" : "self/mountinfo");
	/* A copy may lack it, and then is in one place. */
	if (r == 0 || (r == -ENOENT && ctx->capture))
		return;
	close(containers->root_fd);
	containers->root_fd = -1;
}

/* What links there are lead on within that root. Before Linux 5.6, and where a filter of system calls
 * doesn't know it, only our own root is safe without. */
static int open_in_root(struct containers *containers, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd;

	begin(containers);
	if (containers->root_fd < 0)
		return -ENOENT;
	if (slow_mounts_have(&containers->slow, path))
		return -EREMOTE;
	fd = syscall(SYS_openat2, containers->root_fd, path, &how, sizeof(how));
	if (fd < 0 && (errno == ENOSYS || errno == EPERM) && !containers->ctx->capture)
		fd = open(path, (int)how.flags);
	return fd < 0 ? -errno : (int)fd;
}

/* The whole of a regular file, in the buffer. -EFBIG: it is too long. */
static ssize_t read_file(struct containers *containers, const char *path, size_t most)
{
	_cleanup_(cleanup_close) int fd = -1;
	struct stat st;
	size_t size;

	fd = open_in_root(containers, path, O_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	size = (size_t)MAX(st.st_size, (off_t)0);
	if (size > most || size > containers->bytes_left)
		return -EFBIG;
	containers->bytes_left -= size;
	if (containers->buffer_size < size) {
		char *buffer = realloc(containers->buffer, size);

		if (!buffer)
			return -ENOMEM;
		containers->buffer = buffer;
		containers->buffer_size = size;
	}
	return size > 0 ? slurp_fd(fd, containers->buffer, size) : 0;
}

/* ---- the table ---- */

/* FNV-1a; never 0. */
static uint64_t key_of(const char *id)
{
	uint64_t key = UINT64_C(0xcbf29ce484222325);

	for (; *id; id++)
		key = (key ^ (uint8_t)*id) * UINT64_C(0x100000001b3);
	return key != 0 ? key : 1;
}

static struct container *find(const struct containers *containers, const char *id)
{
	for (uint64_t key = key_of(id);; key = key + 1 != 0 ? key + 1 : 1) {
		uint32_t place = row_index_find(&containers->by_id, key);

		if (place == ROW_NONE)
			return NULL;
		if (strcmp(containers->list[place]->id, id) == 0)
			return containers->list[place];
	}
}

static struct container *add(struct containers *containers, const char *id)
{
	struct container *container;
	uint64_t key = key_of(id);

	if (containers->n == CONTAINERS_MAX)
		return NULL;
	if (containers->n == containers->room) {
		size_t room = containers->room > 0 ? containers->room * 2 : 16;
		struct container **list = reallocarray(containers->list, room, sizeof(*list));

		if (!list)
			return NULL;
		containers->list = list;
		containers->room = room;
	}
	container = arena_alloc(&containers->arena, sizeof(*container));
	if (!container)
		return NULL;
	*container = (struct container){ .id = arena_text(&containers->arena, id, strlen(id)) };
	if (!container->id)
		return NULL;
	while (row_index_find(&containers->by_id, key) != ROW_NONE)
		key = key + 1 != 0 ? key + 1 : 1;
	if (row_index_add(&containers->by_id, key, (uint32_t)containers->n, NULL) < 0)
		return NULL;
	containers->list[containers->n++] = container;
	return container;
}

/* Without the memory for it, it stays unknown. */
static const char *keep(struct containers *containers, const char *text)
{
	return text[0] != '\0' ? arena_text(&containers->arena, text, strlen(text)) : NULL;
}

/* ---- looking up ---- */

struct path {
	char text[PATH_MAX];
	size_t length;
};

static bool path_add(struct path *path, const char *text)
{
	size_t length = strlen(text);

	if (length >= sizeof(path->text) - path->length)
		return false;
	memcpy(path->text + path->length, text, length + 1);
	path->length += length;
	return true;
}

/* Its place in the user's home, which the host's own file of users tells. */
static bool path_begin(struct containers *containers, const struct place *place,
		       const struct cgroup *cgroup, struct path *ret_path)
{
	ssize_t n;

	ret_path->length = 0;
	ret_path->text[0] = '\0';
	if (place->home) {
		if (!cgroup->has_uid)
			return false;
		n = read_file(containers, "/etc/passwd", PASSWD_MAX);
		if (n < 0 || !container_find_home(containers->buffer, (size_t)n, cgroup->uid,
						  ret_path->text, sizeof(ret_path->text)))
			return false;
		ret_path->length = strlen(ret_path->text);
	}
	return path_add(ret_path, place->before);
}

static bool try_file(struct containers *containers, struct container *container, struct path *path,
		     const struct place *place)
{
	struct container_file file;
	ssize_t n;

	if (!path_add(path, container->id) || !path_add(path, place->behind))
		return false;
	n = read_file(containers, path->text, CONTAINER_FILE_MAX);
	if (n < 0 || container_read_file(containers->buffer, (size_t)n, &file) < 0)
		return false;
	container->name = keep(containers, file.name);
	container->pod_name = keep(containers, file.pod_name);
	container->pod_namespace = keep(containers, file.pod_namespace);
	container->runtime = place->runtime;
	return true;
}

/* containerd has a directory for each of its namespaces. */
static bool try_namespaces(struct containers *containers, struct container *container,
			   const struct path *base, const struct place *place)
{
	int fd = open_in_root(containers, base->text, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool found = false;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (int i = 0; i < NAMESPACES_MAX && !found && (entry = readdir(dir)); i++) {
		struct path path = *base;

		if (entry->d_name[0] != '.' && path_add(&path, entry->d_name) &&
		    path_add(&path, "/"))
			found = try_file(containers, container, &path, place);
	}
	closedir(dir);
	return found;
}

static int list_entry(void *arg, const char *id, const char *name)
{
	struct containers *containers = arg;
	struct container *container = find(containers, id);

	if (!container)
		container = add(containers, id);
	if (container && !container->name)
		container->name = keep(containers, name);
	return 0;
}

/* A list is read once, whoever's it is, and has many. */
static bool try_list(struct containers *containers, struct container *container,
		     const struct path *path, const struct place *place,
		     const struct cgroup *cgroup)
{
	uint64_t list = (uint64_t)(place - places) << 33 | (uint64_t)place->home << 32 |
			(place->home ? cgroup->uid : 0);
	ssize_t n;

	if (idset_add(&containers->lists_read, list + 1) == 0) {
		n = read_file(containers, path->text, CONTAINER_LIST_MAX);
		if (n >= 0)
			container_read_list(containers->buffer, (size_t)n, list_entry, containers);
	}
	return container->name != NULL;
}

static void look_up(struct containers *containers, struct container *container,
		    const struct cgroup *cgroup)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const struct place *place = &places[i];
		struct path path;
		bool found;

		if (!(place->runtimes & BIT32(cgroup->runtime)) ||
		    !path_begin(containers, place, cgroup, &path))
			continue;
		if (place->form == FORM_FILE)
			found = try_file(containers, container, &path, place);
		else if (place->form == FORM_LIST)
			found = try_list(containers, container, &path, place, cgroup);
		else
			found = try_namespaces(containers, container, &path, place);
		if (found)
			return;
	}
}

/* It becomes a part of a path. */
static bool is_id(const char *id)
{
	return strlen(id) == ID_LENGTH && strspn(id, "0123456789abcdef") == ID_LENGTH;
}

const struct container *containers_find(struct containers *containers, const struct cgroup *cgroup)
{
	struct container *container;

	if (!cgroup || !cgroup->container)
		return NULL;
	container = find(containers, cgroup->container);
	if (container)
		return container;
	container = add(containers, cgroup->container);
	if (!container)
		return NULL;
	if (is_id(cgroup->container))
		look_up(containers, container, cgroup);
	else if (cgroup->runtime == RUNTIME_LXC || cgroup->runtime == RUNTIME_NSPAWN ||
		 cgroup->runtime == RUNTIME_MACHINE)
		/* Known by their names alone. */
		container->name = container->id;
	return container;
}
