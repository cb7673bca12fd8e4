/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "users.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "parse.h"
#include "util.h"

enum { SLOTS_MIN = 32, PASSWD_BUFFER = 1024, PASSWD_BUFFER_MAX = 1024 * 1024 };

void users_init(struct users *users, const struct estab_ctx *ctx)
{
	*users = (struct users){ .ctx = ctx };
}

void users_free(struct users *users)
{
	free(users->slots);
	free(users->used);
	arena_free(&users->names);
	*users = (struct users){ .ctx = users->ctx };
}

/* Returns the uid's slot, or the free one where it would go. */
static size_t slot_of(const struct users *users, uint32_t uid)
{
	size_t mask = users->n_slots - 1;
	size_t slot = hash64(uid) & mask;

	while (users->used[slot] && users->slots[slot].uid != uid)
		slot = (slot + 1) & mask;
	return slot;
}

static int grow(struct users *users)
{
	struct users bigger = *users;

	bigger.n_slots = users->n_slots ? users->n_slots * 2 : SLOTS_MIN;
	bigger.slots = calloc(bigger.n_slots, sizeof(*bigger.slots));
	bigger.used = calloc(bigger.n_slots, sizeof(*bigger.used));
	if (!bigger.slots || !bigger.used) {
		free(bigger.slots);
		free(bigger.used);
		return -ENOMEM;
	}
	for (size_t i = 0; i < users->n_slots; i++) {
		if (!users->used[i])
			continue;

		size_t slot = slot_of(&bigger, users->slots[i].uid);

		bigger.slots[slot] = users->slots[i];
		bigger.used[slot] = 1;
	}
	free(users->slots);
	free(users->used);
	*users = bigger;
	return 0;
}

/* Keeps what is known of a new uid; name is NULL when there is no such user. */
static const char *add(struct users *users, uint32_t uid, const char *name, size_t length)
{
	const char *copy = NULL;
	size_t slot;

	if ((users->n_users + 1) * 2 > users->n_slots && grow(users) < 0)
		return NULL;
	if (name) {
		copy = arena_text(&users->names, name, length);
		if (!copy)
			return NULL;
	}
	slot = slot_of(users, uid);
	users->slots[slot] = (struct user){ .uid = uid, .name = copy };
	users->used[slot] = 1;
	users->n_users++;
	return copy;
}

/* name:password:uid:…; what isn't of that form is passed over. The first line of a uid counts, as
 * it does for the host. */
static void add_line(struct users *users, const char *line, size_t length)
{
	const char *end = line + length;
	const char *name_end = memchr(line, ':', length);
	const char *password_end;
	uint64_t uid;

	if (!name_end || name_end == line || memchr(line, '\0', length) || strchr("#+-", line[0]))
		return;
	password_end = memchr(name_end + 1, ':', (size_t)(end - name_end - 1));
	if (!password_end)
		return;

	struct cursor cursor = { password_end + 1, end };

	if (!cursor_decimal(&cursor, &uid) || !cursor_char(&cursor, ':') || uid > UINT32_MAX)
		return;
	if (users->n_slots > 0 && users->used[slot_of(users, (uint32_t)uid)])
		return;
	add(users, (uint32_t)uid, line, (size_t)(name_end - line));
}

static void read_passwd_file(struct users *users)
{
	FILE *file = fopen(users->ctx->passwd_file, "re");
	_cleanup_(cleanup_free) char *line = NULL;
	size_t room = 0;
	ssize_t n;

	users->passwd_read = true;
	if (!file) {
		ctx_log(users->ctx, 4, "%s: %s", users->ctx->passwd_file, strerror(errno));
		return;
	}
	while ((n = getline(&line, &room, file)) >= 0)
		add_line(users, line, (size_t)n);
	fclose(file);
}

/* Asks the host's user database, which may be anything that nsswitch.conf(5) names. */
static const char *ask_host(struct users *users, uint32_t uid)
{
	for (size_t size = PASSWD_BUFFER; size <= PASSWD_BUFFER_MAX; size *= 4) {
		_cleanup_(cleanup_free) char *buffer = malloc(size);
		struct passwd entry;
		struct passwd *found = NULL;

		if (!buffer)
			return NULL;
		if (getpwuid_r(uid, &entry, buffer, size, &found) == ERANGE)
			continue;
		return add(users, uid, found ? found->pw_name : NULL,
			   found ? strlen(found->pw_name) : 0);
	}
	return add(users, uid, NULL, 0);
}

const char *users_name(struct users *users, uint32_t uid)
{
	if (users->ctx->passwd_file && !users->passwd_read)
		read_passwd_file(users);
	if (users->n_slots > 0) {
		size_t slot = slot_of(users, uid);

		if (users->used[slot])
			return users->slots[slot].name;
	}
	/* A capture's numbers mean nothing to this host. */
	if (users->ctx->passwd_file || users->ctx->capture)
		return NULL;
	return ask_host(users, uid);
}
