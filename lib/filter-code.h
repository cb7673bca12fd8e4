/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * What a filter is once it was read: conditions ("leaves") in a row, each of which says where to go
 * on when it holds and when it does not. The way is always forward, and ends at one of two places.
 */
#ifndef ESTAB_FILTER_CODE_H
#define ESTAB_FILTER_CODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "field.h"
#include "subject.h"

enum {
	LEAVES_MAX = 1024,
	/* Where a leaf may lead besides another leaf. */
	LEAF_ACCEPT = 0xfffe,
	LEAF_REJECT = 0xffff,
};

/* What a leaf asks, and what it has in data, count times. */
enum leaf_kind {
	LEAF_EVERY,  /* nothing */
	LEAF_PROTO,  /* one of mask's bits */
	LEAF_FAMILY, /* the same */
	LEAF_TYPE,   /* the same */
	LEAF_STATE,  /* the same; LEAF_WORD: as ss(8) knows states */
	LEAF_NUMBER, /* struct range */
	LEAF_REAL,   /* struct real_range */
	LEAF_ADDR,   /* struct prefix */
	LEAF_TEXT,   /* struct word_list: the same bytes */
	LEAF_GLOB,   /* the pattern's bytes */
	LEAF_REGEX,  /* a regex_t */
	LEAF_EXISTS, /* the value is known */
	LEAF_FIELDS, /* field op other */
	LEAF_MARK,   /* one struct mark */
	LEAF_DEVICE, /* one struct device */
	LEAF_AUTOBOUND,
	LEAF_STATUS, /* a flow's: one of mask's bits */
};

enum {
	LEAF_NEGATE = 1 << 0,   /* the value is there, and is none of these */
	LEAF_NEGATIVE = 1 << 1, /* it stands below an odd number of nots */
	LEAF_WORD = 1 << 2,     /* "state W": takes the place of the states that would be read */
	LEAF_RAW = 1 << 3,      /* ss(8)'s reading: an IPv6 pattern is for IPv6 sockets only */
	LEAF_FOLD = 1 << 4,     /* without regard to case */
	LEAF_SHOWN = 1 << 5,    /* a unix name as tables show it: "@" before an abstract one */
	LEAF_EMPTY = 1 << 6,    /* no name is an empty one */
};

enum op {
	OP_NONE,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_GLOB,
	OP_NOT_GLOB,
	OP_REGEX,
	OP_IN,
	OP_NOT_IN,
};

/* Both ends belong to it. Signed numbers have their sign bit turned, so that they sort as these. */
struct range {
	uint64_t low;
	uint64_t high;
};

struct real_range {
	double low;
	double high;
	bool above_low; /* the end itself doesn't belong to it */
	bool below_high;
};

struct prefix {
	uint8_t bytes[16]; /* IPv4 uses the first four */
	uint8_t bits;
	bool v4;
};

/* Words one after another, each as a u32 length and its bytes, from a multiple of four on. */
struct word_list {
	uint32_t length;
	char bytes[];
};

struct mark {
	uint32_t value;
	uint32_t mask;
};

struct device {
	uint32_t index; /* 0: not bound to any */
	bool has_index;
	bool has_name;
	char name[18];
};

struct leaf {
	uint8_t kind; /* enum leaf_kind */
	uint8_t flags;
	uint8_t op; /* enum op */
	uint16_t yes;
	uint16_t no;
	uint64_t needs;  /* NEED_… */
	uint32_t at;     /* where it stands in the expression */
	uint32_t length; /* and how long */
	uint32_t mask;
	uint32_t count;
	uint32_t size; /* of data */
	const struct field *field;
	const struct field *other;
	const void *data;
};

struct estab_filter {
	atomic_uint refs;
	bool has_words;           /* state words: the states to be read are */
	uint32_t word_states;     /* these, and */
	uint32_t word_states_and; /* of those that would be read else, these */
	uint32_t n_leaves;        /* 0: everything matches */
	const struct row_subject *subject;
	const char *expression;
	struct leaf *leaves;
};

/* The first leaf, or where a filter without any leads. */
static inline uint16_t filter_entry(const struct estab_filter *filter)
{
	return filter->n_leaves > 0 ? 0 : LEAF_ACCEPT;
}

/* Where to go when nobody knows whether the leaf holds and nothing may be lost. */
static inline uint16_t leaf_way_out(const struct leaf *leaf)
{
	return leaf->flags & LEAF_NEGATIVE ? leaf->no : leaf->yes;
}

/* The next word of a list, and how long all of it is. */
static inline size_t word_list_step(const struct word_list *word)
{
	return sizeof(*word) + ((word->length + 3) & ~(size_t)3);
}

/* Whether the leaf is false for every socket of the protocol: it has no such field. */
bool leaf_is_foreign(const struct leaf *leaf, unsigned int proto);
/* NEED_… of the leaf, for a socket of that protocol. */
uint64_t leaf_needs(const struct leaf *leaf, unsigned int proto);

/* Whether an address is ::ffff:0:0/96. */
static inline bool is_mapped(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return __builtin_memcmp(bytes, mapped, sizeof(mapped)) == 0;
}

/* Whether the first bits are the same. */
static inline bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int bytes = bits / 8;

	if (__builtin_memcmp(a, b, bytes) != 0)
		return false;
	return bits % 8 == 0 || (a[bytes] ^ b[bytes]) >> (8 - bits % 8) == 0;
}

#endif
