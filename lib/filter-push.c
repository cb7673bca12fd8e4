/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-push.h"

#include <stdlib.h>
#include <string.h>

#include "bytecode.h"
#include "env.h"
#include "filter-code.h"
#include "util.h"

/* What the kernel's answer to a leaf is worth. */
enum answer {
	ANSWER_UNKNOWN,
	ANSWER_FALSE,
	ANSWER_TRUE,
	ANSWER_EXACT,
	ANSWER_MORE, /* it holds for more sockets than the leaf does */
};

struct pusher {
	const struct estab_filter *filter;
	const struct push_devices *devices;
	enum estab_proto proto;
	enum push_level level;
	uint8_t answers[LEAVES_MAX];
	uint16_t targets[LEAVES_MAX]; /* the leaf that is asked instead, or where it leads */
	struct bytecode bytecode;
};

/* ---- what the kernel knows ---- */

static bool all_single(const struct leaf *leaf)
{
	const struct range *ranges = leaf->data;

	for (uint32_t i = 0; i < leaf->count; i++)
		if (ranges[i].low != ranges[i].high)
			return false;
	return true;
}

static enum answer answer_number(const struct pusher *pusher, const struct leaf *leaf)
{
	const struct range *ranges = leaf->data;

	switch (leaf->field->id) {
	case ESTAB_F_LOCAL_PORT:
	case ESTAB_F_PEER_PORT:
		if (leaf->count == 0 || ranges[0].low > UINT16_MAX)
			return ANSWER_FALSE;
		if (ranges[0].low == 0 && ranges[0].high >= UINT16_MAX)
			return ANSWER_TRUE;
		return ANSWER_EXACT;
	case ESTAB_F_MARK:
	case ESTAB_F_CGROUP_ID:
		/* It knows them of sockets of which it doesn't tell them. */
		return pusher->level == PUSH_ALL && leaf->count > 0 && all_single(leaf)
			       ? ANSWER_MORE
			       : ANSWER_UNKNOWN;
	default:
		return ANSWER_UNKNOWN;
	}
}

static enum answer answer_addr(const struct leaf *leaf)
{
	static const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff };
	const struct prefix *prefixes = leaf->data;
	enum answer answer = ANSWER_EXACT;

	if (leaf->field->id != ESTAB_F_LOCAL_ADDR && leaf->field->id != ESTAB_F_PEER_ADDR)
		return ANSWER_UNKNOWN;
	/* To the kernel a mapped address is an IPv6 one too. */
	for (uint32_t i = 0; i < leaf->count; i++)
		if (!prefixes[i].v4 && !(leaf->flags & LEAF_RAW) &&
		    same_bits(prefixes[i].bytes, mapped, MIN(prefixes[i].bits, 96)))
			answer = ANSWER_MORE;
	return answer;
}

static uint32_t device_index(const struct pusher *pusher, const char *name, size_t length)
{
	char text[sizeof(((struct device *)0)->name)];

	if (length >= sizeof(text))
		return 0;
	memcpy(text, name, length);
	text[length] = '\0';
	return pusher->devices->index(pusher->devices->arg, text);
}

static enum answer answer_device(const struct pusher *pusher, const struct leaf *leaf)
{
	const struct device *device = leaf->data;

	/* Of a socket without a cookie we don't know what it does. */
	if (leaf->count == 0)
		return leaf->flags & LEAF_NEGATIVE ? ANSWER_UNKNOWN : ANSWER_TRUE;
	if (pusher->level != PUSH_ALL ||
	    (!device->has_index && device_index(pusher, device->name, strlen(device->name)) == 0))
		return ANSWER_UNKNOWN;
	return ANSWER_MORE;
}

static enum answer answer_interface(const struct pusher *pusher, const struct leaf *leaf)
{
	const struct word_list *word = leaf->data;

	if (pusher->level != PUSH_ALL || leaf->field->id != ESTAB_F_INTERFACE)
		return ANSWER_UNKNOWN;
	for (uint32_t i = 0; i < leaf->count; i++) {
		if (device_index(pusher, word->bytes, word->length) == 0)
			return ANSWER_UNKNOWN;
		word = (const void *)((const char *)word + word_list_step(word));
	}
	return ANSWER_MORE;
}

static enum answer answer_exists(const struct leaf *leaf)
{
	switch (leaf->field->id) {
	case ESTAB_F_LOCAL_ADDR:
	case ESTAB_F_LOCAL_PORT:
	case ESTAB_F_PEER_ADDR:
	case ESTAB_F_PEER_PORT:
		return ANSWER_TRUE;
	default:
		return ANSWER_UNKNOWN;
	}
}

/* Without regard to LEAF_NEGATE. */
static enum answer answer_plain(const struct pusher *pusher, const struct leaf *leaf)
{
	const uint32_t both = BIT32(ESTAB_FAMILY_INET) | BIT32(ESTAB_FAMILY_INET6);

	switch (leaf->kind) {
	case LEAF_EVERY:
		return ANSWER_TRUE;
	case LEAF_PROTO:
		return leaf->mask & BIT32(pusher->proto) ? ANSWER_TRUE : ANSWER_FALSE;
	case LEAF_FAMILY:
		if ((leaf->mask & both) == both)
			return ANSWER_TRUE;
		return leaf->mask & both ? ANSWER_EXACT : ANSWER_FALSE;
	case LEAF_NUMBER:
		return answer_number(pusher, leaf);
	case LEAF_ADDR:
		return answer_addr(leaf);
	case LEAF_MARK:
		return pusher->level == PUSH_ALL ? ANSWER_MORE : ANSWER_UNKNOWN;
	case LEAF_DEVICE:
		return answer_device(pusher, leaf);
	case LEAF_TEXT:
		return answer_interface(pusher, leaf);
	case LEAF_EXISTS:
		return answer_exists(leaf);
	case LEAF_AUTOBOUND:
		/* Only the kernel knows who chose the port: it may decide, but not that nobody did. */
		return ANSWER_MORE;
	default:
		return ANSWER_UNKNOWN;
	}
}

static enum answer answer_leaf(const struct pusher *pusher, const struct leaf *leaf)
{
	bool negative = leaf->flags & LEAF_NEGATIVE;
	enum answer answer;

	if (leaf_is_foreign(leaf, pusher->proto))
		return ANSWER_FALSE;
	answer = answer_plain(pusher, leaf);
	if (leaf->flags & LEAF_NEGATE) {
		/* Addresses are always there; of nothing else is it known that it is. */
		if (leaf->kind != LEAF_ADDR)
			return ANSWER_UNKNOWN;
		negative = !negative;
	}
	/* What holds for more fails for less. */
	return answer == ANSWER_MORE && negative ? ANSWER_UNKNOWN : answer;
}

/* ---- code ---- */

/* How many of its elements can be asked: those that no port can have are none. */
static uint32_t count_terms(const struct leaf *leaf)
{
	const struct range *ranges = leaf->data;
	uint32_t n = leaf->count;

	if (leaf->kind == LEAF_FAMILY || leaf->kind == LEAF_AUTOBOUND)
		return 1;
	if (leaf->kind == LEAF_DEVICE) {
		const struct device *device = leaf->data;

		return device->has_index && device->has_name ? 2 : 1;
	}
	if (leaf->kind == LEAF_NUMBER && leaf->field->id != ESTAB_F_MARK &&
	    leaf->field->id != ESTAB_F_CGROUP_ID)
		while (n > 0 && ranges[n - 1].low > UINT16_MAX)
			n--;
	return n;
}

static void put_number(struct pusher *pusher, const struct leaf *leaf, uint32_t term, uint32_t no)
{
	const struct range *range = (const struct range *)leaf->data + term;
	struct mark mark = { (uint32_t)range->low, UINT32_MAX };

	switch (leaf->field->id) {
	case ESTAB_F_MARK:
		bytecode_mark(&pusher->bytecode, &mark, no);
		break;
	case ESTAB_F_CGROUP_ID:
		bytecode_cgroup(&pusher->bytecode, range->low, no);
		break;
	default:
		bytecode_ports(&pusher->bytecode, leaf->field->id == ESTAB_F_LOCAL_PORT, range, no);
		break;
	}
}

/* A number may also be a name. */
static uint32_t device_of(const struct pusher *pusher, const struct device *device, uint32_t term)
{
	uint32_t index = 0;

	if (device->has_name && (term == 1 || !device->has_index))
		index = device_index(pusher, device->name, strlen(device->name));
	return index != 0 ? index : device->index;
}

/* The term-th element of the leaf: goes on when it holds, else to no. */
static void put_term(struct pusher *pusher, const struct leaf *leaf, uint32_t term, uint32_t no)
{
	struct bytecode *bytecode = &pusher->bytecode;
	const struct prefix *prefix = leaf->data;
	const struct word_list *word = leaf->data;

	switch (leaf->kind) {
	case LEAF_FAMILY:
		bytecode_family6(bytecode, no);
		break;
	case LEAF_NUMBER:
		put_number(pusher, leaf, term, no);
		break;
	case LEAF_ADDR:
		bytecode_addr(bytecode, leaf->field->id == ESTAB_F_LOCAL_ADDR, &prefix[term], no);
		break;
	case LEAF_MARK:
		bytecode_mark(bytecode, leaf->data, no);
		break;
	case LEAF_DEVICE:
		bytecode_device(bytecode, device_of(pusher, leaf->data, term), no);
		break;
	case LEAF_TEXT:
		for (; term > 0; term--)
			word = (const void *)((const char *)word + word_list_step(word));
		bytecode_device(bytecode, device_index(pusher, word->bytes, word->length), no);
		break;
	default:
		bytecode_autobound(bytecode, no);
		break;
	}
}

/* Any of the terms will do. next is the leaf that will stand behind this one, or LEAF_ACCEPT. */
static void put_leaf(struct pusher *pusher, const struct leaf *leaf, uint16_t yes, uint16_t no,
		     uint16_t next)
{
	struct bytecode *bytecode = &pusher->bytecode;
	uint32_t n = count_terms(leaf);
	bool inet_only = leaf->kind == LEAF_FAMILY && !(leaf->mask & BIT32(ESTAB_FAMILY_INET6));

	/* There is no way to ask for IPv4 without what is mapped, but for its contrary. */
	if (inet_only != !!(leaf->flags & LEAF_NEGATE)) {
		uint16_t swap = yes;

		yes = no;
		no = swap;
	}
	for (uint32_t term = 0; term < n && !bytecode->full; term++) {
		size_t first = bytecode->n_ops;

		put_term(pusher, leaf, term, no);
		if (term + 1 == n)
			break;
		bytecode_jump(bytecode, yes);
		/* One that fails goes on to the next. */
		for (size_t i = first; i + 1 < bytecode->n_ops; i++)
			bytecode->ops[i].no = (uint32_t)(BYTECODE_OP + bytecode->n_ops);
	}
	if (yes != next)
		bytecode_jump(bytecode, yes);
}

static uint16_t resolve(const struct pusher *pusher, uint16_t target)
{
	return target < pusher->filter->n_leaves ? pusher->targets[target] : target;
}

/* From the last leaf to the first: which are asked at all, and which only lead on. */
static void resolve_leaves(struct pusher *pusher)
{
	for (uint32_t i = pusher->filter->n_leaves; i-- > 0;) {
		const struct leaf *leaf = &pusher->filter->leaves[i];
		uint16_t yes = resolve(pusher, leaf->yes);
		uint16_t no = resolve(pusher, leaf->no);

		pusher->answers[i] = (uint8_t)answer_leaf(pusher, leaf);
		switch (pusher->answers[i]) {
		case ANSWER_UNKNOWN:
			pusher->targets[i] = resolve(pusher, leaf_way_out(leaf));
			break;
		case ANSWER_FALSE:
			/* Without the field it is false whatever else it says. */
			pusher->targets[i] = no;
			break;
		case ANSWER_TRUE:
			pusher->targets[i] = leaf->flags & LEAF_NEGATE ? no : yes;
			break;
		default:
			pusher->targets[i] = yes == no ? yes : (uint16_t)i;
			break;
		}
	}
}

static void put_leaves(struct pusher *pusher)
{
	const struct estab_filter *filter = pusher->filter;
	bool reached[LEAVES_MAX] = { false };
	uint16_t at = resolve(pusher, 0);

	if (at < filter->n_leaves)
		reached[at] = true;
	while (at < filter->n_leaves) {
		const struct leaf *leaf = &filter->leaves[at];
		uint16_t yes = resolve(pusher, leaf->yes);
		uint16_t no = resolve(pusher, leaf->no);
		uint16_t next = (uint16_t)(at + 1);

		if (yes < filter->n_leaves)
			reached[yes] = true;
		if (no < filter->n_leaves)
			reached[no] = true;
		while (next < filter->n_leaves && !reached[next])
			next++;
		if (next == filter->n_leaves)
			next = LEAF_ACCEPT;
		pusher->bytecode.labels[at] = (uint16_t)pusher->bytecode.n_ops;
		put_leaf(pusher, leaf, yes, no, next);
		at = next;
	}
}

/* NULL: there is no memory; it is only a help. */
static struct pusher *pusher_new(const struct estab_filter *filter, enum estab_proto proto,
				 enum push_level level, const struct push_devices *devices)
{
	struct pusher *pusher = malloc(sizeof(*pusher));

	if (!pusher)
		return NULL;
	pusher->filter = filter;
	pusher->devices = devices;
	pusher->proto = proto;
	pusher->level = level;
	pusher->bytecode.n_ops = 0;
	pusher->bytecode.size = 0;
	pusher->bytecode.full = false;
	resolve_leaves(pusher);
	return pusher;
}

size_t filter_push(const struct estab_filter *filter, enum estab_proto proto, enum push_level level,
		   const struct push_devices *devices, uint8_t code[BYTECODE_ROOM])
{
	struct pusher *pusher;
	size_t size;

	if (filter->n_leaves == 0 || level == PUSH_NONE)
		return 0;
	pusher = pusher_new(filter, proto, level, devices);
	if (!pusher)
		return 0;
	put_leaves(pusher);
	if (resolve(pusher, 0) == LEAF_REJECT)
		bytecode_jump(&pusher->bytecode, LEAF_REJECT);
	size = bytecode_write(&pusher->bytecode, code);
	free(pusher);
	return size;
}

static void note_port(const struct leaf *leaf, struct push_ports *ports)
{
	const struct range *range = leaf->data;

	if (leaf->kind != LEAF_NUMBER || leaf->count != 1 || range->low != range->high)
		return;
	if (leaf->field->id == ESTAB_F_LOCAL_PORT)
		ports->local = (uint16_t)range->low;
	else if (leaf->field->id == ESTAB_F_PEER_PORT)
		ports->peer = (uint16_t)range->low;
}

struct push_ports filter_push_ports(const struct estab_filter *filter, enum estab_proto proto)
{
	struct push_ports ports = { 0 };
	struct pusher *pusher;
	uint16_t at;

	if (filter->n_leaves == 0)
		return ports;
	pusher = pusher_new(filter, proto, PUSH_PLAIN, NULL);
	if (!pusher)
		return ports;
	/* As long as there is but one way that is not refused. */
	for (at = resolve(pusher, 0); at < filter->n_leaves;) {
		const struct leaf *leaf = &filter->leaves[at];
		uint16_t yes = resolve(pusher, leaf->yes);
		uint16_t no = resolve(pusher, leaf->no);

		if (yes != LEAF_REJECT && no != LEAF_REJECT)
			break;
		if (no == LEAF_REJECT)
			note_port(leaf, &ports);
		at = no == LEAF_REJECT ? yes : no;
	}
	free(pusher);
	return ports;
}

static uint32_t find_device(void *arg, const char *name)
{
	return netdevs_index(arg, name);
}

size_t filter_push_plan(const struct env *env, enum estab_proto proto, enum push_level level,
			uint8_t code[BYTECODE_ROOM])
{
	const struct push_devices devices = { find_device, (void *)(uintptr_t)env };

	if (!env->plan.filter || !env->plan.pushdown)
		return 0;
	return filter_push(env->plan.filter, proto, level, &devices, code);
}

struct push_ports filter_push_plan_ports(const struct env *env, enum estab_proto proto)
{
	if (proto != ESTAB_PROTO_TCP || !env->plan.filter || !env->plan.pushdown)
		return (struct push_ports){ 0 };
	return filter_push_ports(env->plan.filter, proto);
}
