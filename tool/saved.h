/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * A listing that was saved as JSON or JSON Lines, read back. It may come from anyone: nothing in it
 * is believed. Rows stay text; of each is kept what tells it apart.
 */
#ifndef ESTAB_TOOL_SAVED_H
#define ESTAB_TOOL_SAVED_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct saved_row {
	const char *text; /* a JSON object */
	uint32_t length;
	bool matched;  /* for compare.c */
	bool has_null; /* something that is compared is unknown */
	uint64_t cookie;
	uint64_t inode;
	uint64_t proto;  /* hashes: of the protocol, */
	uint64_t ends;   /* of that and both ends, */
	uint64_t values; /* and of all that is compared; */
	uint64_t keys;   /* and of what of that is there */
};

struct saved {
	json_t *head; /* the head's members */
	struct saved_row *rows;
	size_t n_rows;
	size_t room;
	bool has_owners; /* in any row */
	bool complete;   /* nothing is known to be missing */
	bool ended;
};

enum { SAVED_WHY = 160 };

/* Reads a text, which must live as long. 0, or -1 with the reason in why; saved_free() in either
 * case. */
int saved_parse(const char *text, size_t length, struct saved *saved, char why[SAVED_WHY]);
void saved_free(struct saved *saved);
/* The row as an object of the caller's; NULL: out of memory. */
json_t *saved_row_load(const struct saved_row *row);

/* Whether a member of a row says what a socket is, and not how much it is doing. */
bool saved_is_compared(const char *key);

#endif
