/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* A user database that was named: the input is the file. */
#include "users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctx.h"
#include "parse.h"
#include "tree.h"
#include "util.h"

enum { NUMBERS_MAX = 32 };

/* Whether some line begins with the name and, two colons on, the number. */
static bool has_line(struct input input, const char *name, uint32_t uid)
{
	size_t length = strlen(name);

	while (input.left > 0) {
		struct input line = input_until(&input, '\n');
		struct input field = input_until(&line, ':');
		struct cursor cursor;
		uint64_t number;

		if (field.left != length || memcmp(field.at, name, length) != 0)
			continue;
		input_until(&line, ':');
		cursor =
			(struct cursor){ (const char *)line.at, (const char *)line.at + line.left };
		if (cursor_decimal(&cursor, &number) && cursor_char(&cursor, ':') && number == uid)
			return true;
	}
	return false;
}

static void check_user(struct users *users, struct input input, uint32_t uid)
{
	const char *name = users_name(users, uid);

	must(users_name(users, uid) == name);
	if (!name)
		return;
	must(*name && !strpbrk(name, ":\n"));
	must(has_line(input, name, uid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct estab_ctx ctx = { .capture = true };
	struct cursor cursor = { (const char *)data, (const char *)data + size };
	struct users users;
	char path[300];

	tree_write("passwd", data, size);
	snprintf(path, sizeof(path), "%s/passwd", tree_path());
	ctx.passwd_file = path;
	users_init(&users, &ctx);
	check_user(&users, input, 0);
	check_user(&users, input, UINT32_MAX);
	/* The numbers that stand in it. */
	for (int n = 0; n < NUMBERS_MAX && cursor.at < cursor.end;) {
		uint64_t number;

		if (cursor_decimal(&cursor, &number)) {
			check_user(&users, input, (uint32_t)number);
			n++;
		} else {
			cursor.at++;
		}
	}
	users_free(&users);
	return 0;
}
