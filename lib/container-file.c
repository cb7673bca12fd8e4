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

static int read_labels(struct cursor *cursor, struct container_file *file)
{
	struct json_reader reader;
	char key[KEY_MAX];
	int r;

	if (!json_read_open(cursor, '{', &reader))
		return json_read_skip(cursor);
	while ((r = json_read_member(&reader, key, sizeof(key))) == 0) {
		char *text = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
			if (strcmp(key, labels[i].key) == 0)
				text = (char *)file + labels[i].offset;
		r = text ? read_text(cursor, text) : json_read_skip(cursor);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

/* docker's "Config", which has the labels. */
static int read_config(struct cursor *cursor, struct container_file *file)
{
	struct json_reader reader;
	char key[KEY_MAX];
	int r;

	if (!json_read_open(cursor, '{', &reader))
		return json_read_skip(cursor);
	while ((r = json_read_member(&reader, key, sizeof(key))) == 0) {
		if (strcmp(key, "Labels") == 0)
			r = read_labels(cursor, file);
		else
			r = json_read_skip(cursor);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

int container_read_file(const char *text, size_t length, struct container_file *ret_file)
{
	struct cursor cursor = { text, text + length };
	char name[CONTAINER_NAME_MAX + 1] = "";
	struct container_file file = { 0 };
	struct json_reader reader;
	char key[KEY_MAX];
	int r = 0;

	if (!json_read_open(&cursor, '{', &reader))
		return -EBADMSG;
	while (r == 0 && json_read_member(&reader, key, sizeof(key)) == 0) {
		if (strcmp(key, "Name") == 0)
			r = read_text(&cursor, name);
		else if (strcmp(key, "annotations") == 0)
			r = read_labels(&cursor, &file);
		else if (strcmp(key, "Config") == 0)
			r = read_config(&cursor, &file);
		else
			r = json_read_skip(&cursor);
	}
	/* docker writes "/web"; what the kubelet calls a container is in its labels. */
	if (file.name[0] == '\0')
		memcpy(file.name, name + (name[0] == '/'), strlen(name + (name[0] == '/')) + 1);
	*ret_file = file;
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

static int read_entry(struct cursor *cursor, char id[CONTAINER_NAME_MAX + 1],
		      char name[CONTAINER_NAME_MAX + 1])
{
	struct json_reader reader;
	char key[KEY_MAX];
	int r;

	if (!json_read_open(cursor, '{', &reader))
		return json_read_skip(cursor);
	while ((r = json_read_member(&reader, key, sizeof(key))) == 0) {
		if (strcmp(key, "id") == 0)
			r = read_text(cursor, id);
		else if (strcmp(key, "names") == 0)
			r = read_names(cursor, name);
		else
			r = json_read_skip(cursor);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

int container_read_list(const char *text, size_t length, container_list_fn *fn, void *arg)
{
	struct cursor cursor = { text, text + length };
	struct json_reader reader;
	int r;

	if (!json_read_open(&cursor, '[', &reader))
		return -EBADMSG;
	while ((r = json_read_element(&reader)) == 0) {
		char id[CONTAINER_NAME_MAX + 1] = "";
		char name[CONTAINER_NAME_MAX + 1] = "";

		r = read_entry(&cursor, id, name);
		if (r == 0 && id[0] != '\0' && name[0] != '\0')
			r = fn(arg, id, name);
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
