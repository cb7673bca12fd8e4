/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The forms of the runtimes' files: anyone's text, taken apart without trust. */
#include <errno.h>
#include <string.h>

#include "container.h"
#include "json-read.h"
#include "util.h"

enum { KEY_MAX = 64 };

/* Keys of docker's labels, and of a bundle's annotations: those of the CRI plugin of containerd
 * (pkg/cri/annotations), of CRI-O (internal/annotations) and of nerdctl (pkg/labels). */
static const struct {
	const char *key;
	size_t offset;
} labels[] = {
	{ "io.kubernetes.cri.container-name", offsetof(struct container_file, name) },
	{ "io.kubernetes.cri.sandbox-name", offsetof(struct container_file, pod_name) },
	{ "io.kubernetes.cri.sandbox-namespace", offsetof(struct container_file, pod_namespace) },
	{ "io.kubernetes.container.name", offsetof(struct container_file, name) },
	{ "io.kubernetes.pod.name", offsetof(struct container_file, pod_name) },
	{ "io.kubernetes.pod.namespace", offsetof(struct container_file, pod_namespace) },
	{ "nerdctl/name", offsetof(struct container_file, name) },
};

/* A text of such a length at most; what is longer, empty or no string is none. */
static int read_text(struct cursor *cursor, char text[CONTAINER_NAME_MAX + 1])
{
	char found[CONTAINER_NAME_MAX + 1];
	int r;

	if (cursor->at == cursor->end || *cursor->at != '"')
		return json_read_skip(cursor);
	r = json_read_string(cursor, found, sizeof(found));
	if (r == 0 && found[0] != '\0')
		memcpy(text, found, sizeof(found));
	return r == -E2BIG ? 0 : r;
}

/* What to do with a member's value, which the cursor stands at. */
typedef int member_fn(struct cursor *cursor, const char *key, void *arg);

/* The members of an opened object: 0, or what ended the reading. */
static int read_members(struct json_reader *reader, member_fn *fn, void *arg)
{
	char key[KEY_MAX];
	int r;

	while ((r = json_read_member(reader, key, sizeof(key))) == 0) {
		r = fn(reader->cursor, key, arg);
		if (r < 0)
			return r;
	}
	return MIN(r, 0);
}

static int read_object(struct cursor *cursor, member_fn *fn, void *arg)
{
	struct json_reader reader;

	if (!json_read_open(cursor, '{', &reader))
		return json_read_skip(cursor);
	return read_members(&reader, fn, arg);
}

static int read_label(struct cursor *cursor, const char *key, void *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		if (strcmp(key, labels[i].key) == 0)
			return read_text(cursor, (char *)file + labels[i].offset);
	return json_read_skip(cursor);
}

/* docker's "Config", which has the labels. */
static int read_config(struct cursor *cursor, const char *key, void *file)
{
	if (strcmp(key, "Labels") == 0)
		return read_object(cursor, read_label, file);
	return json_read_skip(cursor);
}

struct bundle {
	struct container_file file;
	char name[CONTAINER_NAME_MAX + 1];
};

static int read_bundle(struct cursor *cursor, const char *key, void *arg)
{
	struct bundle *bundle = arg;

	if (strcmp(key, "Name") == 0)
		return read_text(cursor, bundle->name);
	if (strcmp(key, "annotations") == 0)
		return read_object(cursor, read_label, &bundle->file);
	if (strcmp(key, "Config") == 0)
		return read_object(cursor, read_config, &bundle->file);
	return json_read_skip(cursor);
}

int container_read_file(const char *text, size_t length, struct container_file *ret_file)
{
	struct cursor cursor = { text, text + length };
	struct bundle bundle = { 0 };
	struct json_reader reader;
	const char *name = bundle.name;

	if (!json_read_open(&cursor, '{', &reader))
		return -EBADMSG;
	/* What was read before the text went wrong counts. */
	read_members(&reader, read_bundle, &bundle);
	/* docker writes "/web"; what the kubelet calls a container is in its labels. */
	name += name[0] == '/';
	if (bundle.file.name[0] == '\0')
		memcpy(bundle.file.name, name, strlen(name) + 1);
	*ret_file = bundle.file;
	return 0;
}

/* The first of the names. */
static int read_names(struct cursor *cursor, char name[CONTAINER_NAME_MAX + 1])
{
	struct json_reader reader;
	int r;

	if (!json_read_open(cursor, '[', &reader))
		return json_read_skip(cursor);
	while ((r = json_read_element(&reader)) == 0) {
		r = name[0] == '\0' ? read_text(cursor, name) : json_read_skip(cursor);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

struct entry {
	char id[CONTAINER_NAME_MAX + 1];
	char name[CONTAINER_NAME_MAX + 1];
};

static int read_entry(struct cursor *cursor, const char *key, void *arg)
{
	struct entry *entry = arg;

	if (strcmp(key, "id") == 0)
		return read_text(cursor, entry->id);
	if (strcmp(key, "names") == 0)
		return read_names(cursor, entry->name);
	return json_read_skip(cursor);
}

int container_read_list(const char *text, size_t length, container_list_fn *fn, void *arg)
{
	struct cursor cursor = { text, text + length };
	struct json_reader reader;
	int r;

	if (!json_read_open(&cursor, '[', &reader))
		return -EBADMSG;
	while ((r = json_read_element(&reader)) == 0) {
		struct entry entry = { 0 };

		r = read_object(&cursor, read_entry, &entry);
		if (r == 0 && entry.id[0] != '\0' && entry.name[0] != '\0')
			r = fn(arg, entry.id, entry.name);
		if (r != 0)
			break;
	}
	return r == 1 ? 0 : r;
}

/* name:password:uid:gid:gecos:home:shell */
static bool read_home(const char *line, size_t length, uint32_t uid, char *home, size_t size)
{
	struct cursor cursor;
	const char *end = line + length;
	const char *fields[7] = { line };
	uint64_t number;

	for (size_t i = 1; i < ARRAY_SIZE(fields); i++) {
		const char *colon = memchr(fields[i - 1], ':', (size_t)(end - fields[i - 1]));

		if (!colon)
			return false;
		fields[i] = colon + 1;
	}
	cursor = (struct cursor){ fields[2], end };
	length = (size_t)(fields[6] - fields[5] - 1);
	if (!cursor_decimal(&cursor, &number) || cursor.at + 1 != fields[3] || number != uid ||
	    length == 0 || length >= size || fields[5][0] != '/' || memchr(fields[5], '\0', length))
		return false;
	memcpy(home, fields[5], length);
	home[length] = '\0';
	return true;
}

bool container_find_home(const char *text, size_t length, uint32_t uid, char *home, size_t size)
{
	for (size_t at = 0; at < length;) {
		const char *newline = memchr(text + at, '\n', length - at);
		size_t line = newline ? (size_t)(newline - text) - at : length - at;

		if (read_home(text + at, line, uid, home, size))
			return true;
		at += line + 1;
	}
	return false;
}
