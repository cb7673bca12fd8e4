/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "cell.h"

#include <string.h>

enum {
	/* As many processes of one name are counted rather than listed. */
	FOLD_MIN = 3,
	FOLDS_MAX = 32, /* names; owners of others are listed */
};

/* "×" */
static const char times[] = " \u00d7";

/* A list of owners as a table shows it. */
struct list {
	const struct estab_socket *sock;
	enum estab_field group;
	uint32_t count;
	bool fold;
};

static const struct estab_owner *owner_at(const struct list *list, uint32_t index)
{
	return estab_socket_group_owner(list->sock, list->group, index);
}

void cell_put_process(struct buf *buf, const struct estab_owner *owner)
{
	uint64_t number;

	buf_owner(buf, owner, ESTAB_F_OWNER_COMM);
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &number) == 0) {
		buf_char(buf, '[');
		buf_u64(buf, number);
		buf_char(buf, ']');
	}
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_TID, &number) == 0) {
		buf_put(buf, " tid ", 5);
		buf_u64(buf, number);
	}
}

static void put_owner(struct buf *buf, const struct estab_owner *owner)
{
	const char *via;
	uint64_t number;

	cell_put_process(buf, owner);
	if (estab_owner_get_u64(owner, ESTAB_F_OWNER_FD, &number) == 0) {
		if (estab_owner_get_str(owner, ESTAB_F_OWNER_VIA, &via) == 0) {
			buf_char(buf, ' ');
			buf_str(buf, via);
		}
		buf_put(buf, " fd ", 4);
		buf_u64(buf, number);
	}
}

/* A name of several processes. */
struct fold {
	const void *name;
	size_t length;
	uint64_t last_pid; /* owners are listed by pid */
	uint32_t n;
	bool shown;
};

struct folds {
	size_t n;
	struct fold list[FOLDS_MAX];
};

/* The name's place; NULL where there are too many names. */
static struct fold *find_fold(struct folds *folds, const struct estab_owner *owner)
{
	const void *name = "";
	size_t length = 0;

	estab_owner_get_bytes(owner, ESTAB_F_OWNER_COMM, &name, &length);
	for (size_t i = 0; i < folds->n; i++)
		if (folds->list[i].length == length &&
		    memcmp(folds->list[i].name, name, length) == 0)
			return &folds->list[i];
	if (folds->n == FOLDS_MAX)
		return NULL;
	folds->list[folds->n] = (struct fold){ .name = name, .length = length };
	return &folds->list[folds->n++];
}

static void count_processes(const struct list *list, struct folds *folds)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct estab_owner *owner = owner_at(list, i);
		struct fold *fold = find_fold(folds, owner);
		uint64_t pid = 0;

		estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
		if (fold && (fold->n == 0 || fold->last_pid != pid)) {
			fold->last_pid = pid;
			fold->n++;
		}
	}
}

/* All of them, or of many of one name how many. */
static void put_list(struct buf *buf, const struct list *list)
{
	struct folds folds = { 0 };
	bool any = false;

	if (list->fold && list->count >= FOLD_MIN)
		count_processes(list, &folds);
	for (uint32_t i = 0; i < list->count; i++) {
		const struct estab_owner *owner = owner_at(list, i);
		struct fold *fold = folds.n > 0 ? find_fold(&folds, owner) : NULL;

		if (fold && fold->shown)
			continue;
		if (any)
			buf_put(buf, ", ", 2);
		any = true;
		if (!fold || fold->n < FOLD_MIN) {
			put_owner(buf, owner);
			continue;
		}
		buf_owner(buf, owner, ESTAB_F_OWNER_COMM);
		buf_str(buf, times);
		buf_u64(buf, fold->n);
		fold->shown = true;
	}
}

/* Who has the socket, or why nobody has. */
static void put_owners(struct buf *buf, const struct column *column,
		       const struct estab_socket *sock)
{
	const struct list list = {
		.sock = sock,
		.group = column->group,
		.count = estab_socket_group_count(sock, column->group),
		.fold = column->fold,
	};
	const char *reason;

	put_list(buf, &list);
	if (list.count == 0 && column->group == ESTAB_F_OWNERS &&
	    estab_socket_get_str(sock, ESTAB_F_NO_OWNER, &reason) == 0) {
		buf_char(buf, '(');
		buf_str(buf, reason);
		buf_char(buf, ')');
	}
}

static void put_owner_field(struct buf *buf, const struct column *column,
			    const struct estab_socket *sock)
{
	uint32_t count = estab_socket_group_count(sock, column->group);

	for (uint32_t i = 0; i < count; i++) {
		const struct estab_owner *owner = estab_socket_group_owner(sock, column->group, i);

		if (i > 0)
			buf_char(buf, ',');
		if (buf_owner(buf, owner, column->field) < 0)
			buf_char(buf, '-');
	}
}

void cell_put(struct buf *buf, const struct column *column, const struct estab_socket *sock)
{
	uint64_t before = buf_total(buf);

	switch (column->cell) {
	case CELL_SOCKET:
		buf_socket(buf, sock, column->field);
		break;
	case CELL_OWNERS:
		put_owners(buf, column, sock);
		break;
	case CELL_OWNER:
		put_owner_field(buf, column, sock);
		break;
	case CELL_WHERE:
		cell_put_where(buf, sock, column->field == ESTAB_F_OWNER_UNIT);
		break;
	}
	/* A reader that splits at blanks must find something in every cell. */
	if (buf_total(buf) == before)
		buf_char(buf, '-');
}
