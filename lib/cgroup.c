/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "cgroup.h"

#include <errno.h>
#include <string.h>

#include "parse.h"
#include "util.h"

enum { ID_LENGTH = 64, UUID_LENGTH = 36, PLAIN_UUID_LENGTH = 32 };

const char *runtime_word(enum runtime runtime)
{
	static const char *const words[RUNTIMES] = {
		[RUNTIME_DOCKER] = "docker",
		[RUNTIME_PODMAN] = "podman",
		[RUNTIME_CONTAINERD] = "containerd",
		[RUNTIME_CRIO] = "cri-o",
		[RUNTIME_NERDCTL] = "nerdctl",
		[RUNTIME_ECS] = "ecs",
		[RUNTIME_LXC] = "lxc",
		[RUNTIME_NSPAWN] = "systemd-nspawn",
		[RUNTIME_MACHINE] = "machine",
	};

	return (unsigned int)runtime < RUNTIMES ? words[runtime] : NULL;
}

/* ---- pieces ---- */

static bool piece_is(struct piece piece, const char *text)
{
	return piece.length == strlen(text) && memcmp(piece.at, text, piece.length) == 0;
}

/* Takes the text off the front, or the end; false: it is not there, or nothing else is. */
static bool drop_prefix(struct piece *piece, const char *text)
{
	size_t length = strlen(text);

	if (piece->length <= length || memcmp(piece->at, text, length) != 0)
		return false;
	piece->at += length;
	piece->length -= length;
	return true;
}

static bool drop_suffix(struct piece *piece, const char *text)
{
	size_t length = strlen(text);

	if (piece->length <= length ||
	    memcmp(piece->at + piece->length - length, text, length) != 0)
		return false;
	piece->length -= length;
	return true;
}

/* What stands behind the last of these characters, which is dropped with it. */
static bool split_last(struct piece *piece, char separator, struct piece *ret_tail)
{
	const char *at = memrchr(piece->at, separator, piece->length);

	if (!at)
		return false;
	*ret_tail = (struct piece){ at + 1, (size_t)(piece->at + piece->length - at - 1) };
	piece->length = (size_t)(at - piece->at);
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(struct piece piece, size_t length)
{
	if (piece.length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (!is_hex(piece.at[i]))
			return false;
	return true;
}

/* As the kubelet knows a pod: 8-4-4-4-12, with underscores where a slice's name has no room for
 * dashes; a static pod's is a hash of 32 digits. */
static bool is_pod_uid(struct piece piece)
{
	if (all_hex(piece, PLAIN_UUID_LENGTH))
		return true;
	if (piece.length != UUID_LENGTH)
		return false;
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		char c = piece.at[i];

		if (dash ? c != '-' && c != '_' : !is_hex(c))
			return false;
	}
	return true;
}

/* ---- containers ---- */

static const struct {
	const char *prefix;
	enum runtime runtime;
} scopes[] = {
	{ "docker-", RUNTIME_DOCKER }, { "libpod-payload-", RUNTIME_PODMAN },
	{ "libpod-", RUNTIME_PODMAN }, { "cri-containerd-", RUNTIME_CONTAINERD },
	{ "crio-", RUNTIME_CRIO },     { "nerdctl-", RUNTIME_NERDCTL },
};

/* docker-ID.scope; conmon's, libpod-conmon-ID.scope, is of the process that minds the container. */
static bool look_at_scope(struct piece name, struct cgroup_look *look)
{
	drop_suffix(&name, ".scope");
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		struct piece id = name;

		if (!drop_prefix(&id, scopes[i].prefix) || !all_hex(id, ID_LENGTH))
			continue;
		look->container = id;
		look->runtime = scopes[i].runtime;
		return true;
	}
	return false;
}

/* systemd's form of a path that was taken for a cgroup's name: SLICE:PREFIX:ID. */
static bool look_at_mismatch(struct piece name, struct cgroup_look *look, struct piece *ret_slice)
{
	struct piece id, prefix;

	if (!split_last(&name, ':', &id) || !split_last(&name, ':', &prefix) ||
	    !all_hex(id, ID_LENGTH))
		return false;
	look->container = id;
	look->runtime = RUNTIME_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(scopes); i++) {
		struct piece known = { scopes[i].prefix, strlen(scopes[i].prefix) - 1 };

		if (known.length == prefix.length &&
		    memcmp(known.at, prefix.at, prefix.length) == 0)
			look->runtime = scopes[i].runtime;
	}
	*ret_slice = name;
	return true;
}

/* A directory that is named by the id alone, as cgroupfs drivers do: what is above it tells more. */
static bool look_at_id(struct piece name, struct piece parent, struct cgroup_look *look)
{
	static const struct {
		const char *parent;
		enum runtime runtime;
	} parents[] = {
		{ "docker", RUNTIME_DOCKER },        { "moby", RUNTIME_DOCKER },
		{ "libpod_parent", RUNTIME_PODMAN }, { "k8s.io", RUNTIME_CONTAINERD },
		{ "default", RUNTIME_CONTAINERD },
	};

	if (!all_hex(name, ID_LENGTH))
		return false;
	look->container = name;
	look->runtime = RUNTIME_UNKNOWN;
	for (size_t i = 0; parent.at && i < ARRAY_SIZE(parents); i++)
		if (piece_is(parent, parents[i].parent))
			look->runtime = parents[i].runtime;
	return true;
}

/* ecs/TASK/TASK-n, where n is a number. */
static bool look_at_ecs(struct piece name, struct piece parent, struct cgroup_look *look)
{
	struct piece task = name;
	struct piece number;

	if (!split_last(&task, '-', &number) || !all_hex(task, PLAIN_UUID_LENGTH) ||
	    task.length != parent.length || memcmp(task.at, parent.at, task.length) != 0 ||
	    number.length == 0)
		return false;
	for (size_t i = 0; i < number.length; i++)
		if (number.at[i] < '0' || number.at[i] > '9')
			return false;
	look->container = name;
	look->runtime = RUNTIME_ECS;
	return true;
}

/* Those whose name is all there is. */
static bool look_at_named(struct piece name, struct piece parent, struct cgroup_look *look)
{
	struct piece inner = name;

	if (drop_prefix(&inner, "lxc.payload.") ||
	    (parent.at && (piece_is(parent, "lxc") || piece_is(parent, "lxc.payload")))) {
		look->runtime = RUNTIME_LXC;
	} else if (drop_prefix(&inner, "systemd-nspawn@") && drop_suffix(&inner, ".service")) {
		look->runtime = RUNTIME_NSPAWN;
	} else {
		inner = name;
		if (!drop_prefix(&inner, "machine-") || !drop_suffix(&inner, ".scope"))
			return false;
		look->runtime = RUNTIME_MACHINE;
	}
	look->container = inner;
	return true;
}

/* ---- pods ---- */

/* machine-libpod_pod_ID.slice */
static bool look_at_podman_pod(struct piece name, struct cgroup_look *look)
{
	static const char mark[] = "libpod_pod_";
	const size_t mark_length = sizeof(mark) - 1;
	struct piece id = name;

	if (id.length < mark_length + ID_LENGTH)
		return false;
	id.at += id.length - ID_LENGTH;
	id.length = ID_LENGTH;
	if (!all_hex(id, ID_LENGTH) || memcmp(id.at - mark_length, mark, mark_length) != 0)
		return false;
	look->pod = id;
	return true;
}

/* podUID; [kubelet-]kubepods[-burstable|-besteffort]-podUID.slice */
static void look_at_pod(struct piece name, struct cgroup_look *look)
{
	struct piece uid = name;

	if (drop_suffix(&uid, ".slice")) {
		if (look_at_podman_pod(uid, look))
			return;
		drop_prefix(&uid, "kubelet-");
		if (!drop_prefix(&uid, "kubepods-"))
			return;
		if (!drop_prefix(&uid, "burstable-"))
			drop_prefix(&uid, "besteffort-");
	}
	if (drop_prefix(&uid, "pod") && is_pod_uid(uid))
		look->pod = uid;
}

/* ---- units ---- */

static bool is_unit(struct piece name)
{
	/* The kinds that have processes. */
	static const char *const suffixes[] = { ".service", ".scope", ".mount", ".swap",
						".socket" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (drop_suffix(&name, suffixes[i]))
			return true;
	return false;
}

/* user@UID.service runs a manager of its own, whose units are below it. */
static bool is_user_manager(struct piece name, uint32_t *ret_uid)
{
	struct cursor cursor;
	uint64_t uid;

	if (!drop_prefix(&name, "user@") || !drop_suffix(&name, ".service"))
		return false;
	cursor = (struct cursor){ name.at, name.at + name.length };
	if (!cursor_decimal(&cursor, &uid) || cursor.at != cursor.end || uid > UINT32_MAX)
		return false;
	*ret_uid = (uint32_t)uid;
	return true;
}

struct walk {
	struct piece parent; /* of the name at hand */
	struct piece slice;
	bool managed; /* below a user's manager */
	uint32_t uid;
};

static void look_at_unit(struct piece name, struct walk *walk, struct cgroup_look *look)
{
	struct piece stem = name;

	if (drop_suffix(&stem, ".slice")) {
		walk->slice = name;
		return;
	}
	if (!is_unit(name))
		return;
	look->unit = name;
	look->slice = walk->slice;
	look->has_uid = walk->managed;
	look->uid = walk->managed ? walk->uid : 0;
	if (is_user_manager(name, &walk->uid))
		walk->managed = true;
}

static void look_at_name(struct piece name, struct walk *walk, struct cgroup_look *look)
{
	struct piece slice = name;

	if (!look_at_scope(name, look) && !look_at_mismatch(name, look, &slice) &&
	    !look_at_id(name, walk->parent, look) && !look_at_ecs(name, walk->parent, look))
		look_at_named(name, walk->parent, look);
	look_at_pod(slice, look);
	look_at_unit(name, walk, look);
	walk->parent = name;
}

void cgroup_look(const char *path, size_t length, struct cgroup_look *ret_look)
{
	struct cgroup_look look = { 0 };
	struct walk walk = { 0 };
	struct piece whole = { path, length };

	/* A dead process's cgroup may be gone before it. */
	drop_suffix(&whole, " (deleted)");
	for (size_t at = 0; at < whole.length;) {
		const char *slash = memchr(path + at, '/', whole.length - at);
		struct piece name = { path + at,
				      slash ? (size_t)(slash - path) - at : whole.length - at };

		at += name.length + 1;
		/* Those of a cgroup namespace that is not ours lead up. */
		if (name.length > 0 && !piece_is(name, ".."))
			look_at_name(name, &walk, &look);
	}
	if (!look.unit.at) {
		look.unit = walk.slice;
		look.has_uid = walk.slice.at && walk.managed;
		look.uid = look.has_uid ? walk.uid : 0;
	}
	if (!look.slice.at)
		look.slice = walk.slice;
	*ret_look = look;
}

/* ---- the file ---- */

/* systemd writes \xNN for what a unit's name can't hold. The text does not grow. */
static const char *unescape(struct arena *arena, struct piece piece)
{
	char *text = arena_text(arena, piece.at, piece.length);
	size_t length = 0;

	for (size_t i = 0; text && i < piece.length; i++) {
		struct cursor digits = { piece.at + i + 2, piece.at + piece.length };
		uint32_t byte;

		text[length++] = piece.at[i];
		if (piece.at[i] != '\\' || i + 4 > piece.length || piece.at[i + 1] != 'x' ||
		    !cursor_hex_exact(&digits, 2, &byte) || byte == 0)
			continue;
		text[length - 1] = (char)byte;
		i += 3;
	}
	if (text)
		text[length] = '\0';
	return text;
}

/* With dashes, as the kubelet has it. */
static const char *copy_pod(struct arena *arena, struct piece piece)
{
	char *text = arena_text(arena, piece.at, piece.length);

	for (size_t i = 0; text && i < piece.length; i++)
		if (text[i] == '_')
			text[i] = '-';
	return text;
}

/* A line's path; NULL where it is none: "4:cpu,cpuacct:/path", "0::/path". */
static struct piece read_line(struct piece line, struct piece *ret_controllers)
{
	const char *end = line.at + line.length;
	const char *first = memchr(line.at, ':', line.length);
	const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;

	if (!second || second + 1 == end || second[1] != '/')
		return (struct piece){ 0 };
	*ret_controllers = (struct piece){ first + 1, (size_t)(second - first - 1) };
	return (struct piece){ second + 1, (size_t)(end - second - 1) };
}

/* What the lines of a file tell: the path to be shown, and the one that names a container. */
struct lines_told {
	struct piece path;
	unsigned int rank; /* of the path: the lowest wins */
	struct piece container;
};

enum { RANK_UNIFIED, RANK_SYSTEMD, RANK_OTHER, RANK_ROOT, RANK_NONE };

static void note_line(struct lines_told *told, struct piece controllers, struct piece path)
{
	unsigned int rank = RANK_OTHER;
	struct cgroup_look look;

	if (path.length == 1)
		rank = RANK_ROOT;
	else if (controllers.length == 0)
		rank = RANK_UNIFIED;
	else if (piece_is(controllers, "name=systemd"))
		rank = RANK_SYSTEMD;
	if (rank < told->rank) {
		told->rank = rank;
		told->path = path;
	}
	cgroup_look(path.at, path.length, &look);
	if (look.container.at && !told->container.at)
		told->container = path;
}

static int make(struct arena *arena, const struct lines_told *told,
		const struct cgroup **ret_cgroup)
{
	struct cgroup *cgroup = arena_alloc(arena, sizeof(*cgroup));
	struct cgroup_look look, other;

	if (!cgroup)
		return -ENOMEM;
	cgroup_look(told->path.at, told->path.length, &look);
	if (!look.container.at && told->container.at) {
		cgroup_look(told->container.at, told->container.length, &other);
		look.container = other.container;
		look.runtime = other.runtime;
		if (!look.pod.at)
			look.pod = other.pod;
	}
	*cgroup = (struct cgroup){
		.path = arena_text(arena, told->path.at, told->path.length),
		.unit = look.unit.at ? unescape(arena, look.unit) : NULL,
		.slice = look.slice.at ? unescape(arena, look.slice) : NULL,
		.container = look.container.at ? unescape(arena, look.container) : NULL,
		.pod = look.pod.at ? copy_pod(arena, look.pod) : NULL,
		.runtime = look.runtime,
		.has_uid = look.has_uid,
		.uid = look.uid,
	};
	if (!cgroup->path || (look.unit.at && !cgroup->unit) || (look.slice.at && !cgroup->slice) ||
	    (look.container.at && !cgroup->container) || (look.pod.at && !cgroup->pod))
		return -ENOMEM;
	*ret_cgroup = cgroup;
	return 0;
}

int cgroup_parse(struct arena *arena, const char *text, size_t length,
		 const struct cgroup **ret_cgroup)
{
	struct lines_told told = { .rank = RANK_NONE };

	for (size_t at = 0; at < length;) {
		const char *newline = memchr(text + at, '\n', length - at);
		struct piece line = { text + at,
				      newline ? (size_t)(newline - text) - at : length - at };
		struct piece controllers, path;

		at += line.length + 1;
		/* No name of a cgroup has a NUL. */
		if (memchr(line.at, '\0', line.length))
			continue;
		path = read_line(line, &controllers);
		if (path.at)
			note_line(&told, controllers, path);
	}
	if (told.rank == RANK_NONE)
		return -EBADMSG;
	return make(arena, &told, ret_cgroup);
}

const struct cgroup *cgroup_copy(struct arena *arena, const struct cgroup *cgroup)
{
	static const size_t texts[] = {
		offsetof(struct cgroup, path),  offsetof(struct cgroup, unit),
		offsetof(struct cgroup, slice), offsetof(struct cgroup, container),
		offsetof(struct cgroup, pod),
	};
	struct cgroup *copy = arena_copy(arena, cgroup, sizeof(*cgroup));

	for (size_t i = 0; copy && i < ARRAY_SIZE(texts); i++) {
		const char **text = (const char **)((char *)copy + texts[i]);

		if (*text)
			*text = arena_text(arena, *text, strlen(*text));
		/* What there was is there, or there was no memory. */
		if (!*text && *(const char *const *)((const char *)cgroup + texts[i]))
			return NULL;
	}
	return copy;
}
