/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "owner-fixture.h"

static struct owner_index index_of(size_t n)
{
	struct owner_index index;

	assert_int_equal(owner_index_init(&index, n), 0);
	return index;
}

static void test_index(void **state)
{
	struct owner_index index = index_of(4);

	(void)state;
	/* Far more than was announced, each twice. */
	for (int round = 0; round < 2; round++)
		for (uint64_t inode = 1; inode <= 10000; inode++)
			assert_int_equal(owner_index_want(&index, inode * 7), 0);
	assert_int_equal(index.n_inodes, 10000);
	assert_true(index.n_slots >= 2 * index.n_inodes);
	for (uint64_t inode = 1; inode <= 70000; inode++) {
		int64_t slot = owner_index_find(&index, inode);

		assert_int_equal(slot >= 0, inode % 7 == 0);
		if (slot >= 0)
			assert_int_equal(index.inodes[slot], inode);
	}
	assert_int_equal(owner_index_find(&index, 0), -1);
	assert_int_equal(owner_index_find(&index, UINT64_MAX), -1);
	assert_int_equal(owner_index_want(&index, UINT64_MAX), 0);
	assert_true(owner_index_find(&index, UINT64_MAX) >= 0);
	owner_index_free(&index);
}

static void hold(struct owner_index *index, uint64_t inode, const struct process *process,
		 int32_t fd, uint32_t tid)
{
	const struct estab_owner owner = {
		.process = process,
		.fd = fd,
		.tid = tid & OWNER_TID_MAX,
	};
	int64_t slot = owner_index_find(index, inode);

	assert_true(slot >= 0);
	assert_int_equal(owner_index_add(index, (uint32_t)slot, &owner), 0);
}

static void test_link(void **state)
{
	static const struct process one = { .pid = 1 }, two = { .pid = 2 };
	struct owner_index index = index_of(3);
	struct arena arena = { 0 };
	const struct owner_list **lists;
	const struct owner_list *list;

	(void)state;
	for (uint64_t inode = 1; inode <= 3; inode++)
		assert_int_equal(owner_index_want(&index, inode), 0);
	hold(&index, 1, &two, 4, 0);
	hold(&index, 2, &one, 9, 0);
	hold(&index, 1, &one, 8, 5);
	hold(&index, 1, &one, 7, 0);
	hold(&index, 1, &one, 3, 0);
	assert_int_equal(index.n_found, 2);
	assert_int_equal(owner_index_link(&index, &arena, &lists), 0);
	list = lists[owner_index_find(&index, 1)];
	assert_int_equal(list->count, 4);
	assert_true(owner_is(list, 0, 1, 0, 3));
	assert_true(owner_is(list, 1, 1, 0, 7));
	assert_true(owner_is(list, 2, 1, 5, 8));
	assert_true(owner_is(list, 3, 2, 0, 4));
	list = lists[owner_index_find(&index, 2)];
	assert_int_equal(list->count, 1);
	assert_true(owner_is(list, 0, 1, 0, 9));
	assert_null(lists[owner_index_find(&index, 3)]);
	free(lists);
	owner_index_free(&index);
	arena_free(&arena);
}

static void test_link_empty(void **state)
{
	struct owner_index index = index_of(0);
	struct arena arena = { 0 };
	const struct owner_list **lists;

	(void)state;
	assert_int_equal(owner_index_want(&index, 5), 0);
	assert_int_equal(owner_index_link(&index, &arena, &lists), 0);
	for (size_t i = 0; i < index.n_slots; i++)
		assert_null(lists[i]);
	free(lists);
	owner_index_free(&index);
}

/* A listener that a thousand workers inherited. */
static void test_link_many(void **state)
{
	enum { N = 1000 };
	static struct process processes[N];
	struct owner_index index = index_of(1);
	struct arena arena = { 0 };
	const struct owner_list **lists;
	const struct owner_list *list;

	(void)state;
	assert_int_equal(owner_index_want(&index, 42), 0);
	for (uint32_t i = 0; i < N; i++) {
		/* 7 and 1000 have no common factor: every pid once, out of order. */
		processes[i].pid = 1 + i * 7 % N;
		hold(&index, 42, &processes[i], 3, 0);
	}
	assert_int_equal(owner_index_link(&index, &arena, &lists), 0);
	list = lists[owner_index_find(&index, 42)];
	assert_int_equal(list->count, N);
	for (uint32_t i = 0; i < N; i++)
		assert_true(owner_is(list, i, i + 1, 0, 3));
	free(lists);
	owner_index_free(&index);
	arena_free(&arena);
}

static void test_views(void **state)
{
	static const struct process one = { .pid = 1 }, two = { .pid = 2 };
	struct owner_index index = index_of(2);
	struct owner_index a, b, c;
	struct arena arena = { 0 };
	const struct owner_list **lists;

	(void)state;
	assert_int_equal(owner_index_want(&index, 1), 0);
	assert_int_equal(owner_index_want(&index, 2), 0);
	owner_index_view(&index, &a);
	owner_index_view(&index, &b);
	owner_index_view(&index, &c);
	hold(&a, 1, &two, 3, 0);
	for (int32_t fd = 0; fd < 1000; fd++)
		hold(&b, 1, &one, fd, 0);
	hold(&b, 2, &one, 1000, 0);
	b.incomplete = true;
	assert_int_equal(owner_index_merge(&index, &c), 0);
	assert_int_equal(owner_index_merge(&index, &a), 0);
	assert_false(index.incomplete);
	assert_int_equal(index.n_found, 1);
	assert_int_equal(owner_index_merge(&index, &b), 0);
	assert_true(index.incomplete);
	assert_int_equal(index.n_found, 2);
	assert_int_equal(index.n_holdings, 1002);
	assert_int_equal(owner_index_link(&index, &arena, &lists), 0);
	assert_int_equal(lists[owner_index_find(&index, 1)]->count, 1001);
	assert_true(owner_is(lists[owner_index_find(&index, 1)], 1000, 2, 0, 3));
	free(lists);
	owner_index_free(&index);
	arena_free(&arena);
}

static void test_arena_merge(void **state)
{
	struct arena to = { 0 }, from = { 0 };
	char *texts[3];

	(void)state;
	arena_merge(&to, &from);
	assert_null(to.blocks);
	texts[0] = arena_text(&from, "first", 5);
	arena_merge(&to, &from);
	assert_null(from.blocks);
	texts[1] = arena_text(&from, "second", 6);
	/* More than one block on either side. */
	assert_non_null(arena_alloc(&from, 100000));
	assert_non_null(arena_alloc(&to, 100000));
	arena_merge(&to, &from);
	texts[2] = arena_text(&to, "third", 5);
	assert_string_equal(texts[0], "first");
	assert_string_equal(texts[1], "second");
	assert_string_equal(texts[2], "third");
	arena_free(&to);
}

static void test_reason(void **state)
{
	enum { NO_INODE, ZERO, SOME };
	static const struct {
		uint8_t proto, state, inode, timer_kind;
		bool incomplete;
		enum no_owner reason;
	} cases[] = {
		{ ESTAB_PROTO_TCP, ESTAB_STATE_TIME_WAIT, ZERO, TIMER_TIME_WAIT, true,
		  NO_OWNER_TIME_WAIT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_TIME_WAIT, NO_INODE, TIMER_OFF, false,
		  NO_OWNER_TIME_WAIT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_FIN_WAIT_2, ZERO, TIMER_TIME_WAIT, false,
		  NO_OWNER_TIME_WAIT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_FIN_WAIT_2, ZERO, TIMER_KEEPALIVE, false,
		  NO_OWNER_ORPHAN },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_SYN_RECV, ZERO, TIMER_RETRANSMIT, true,
		  NO_OWNER_SYN_RECV },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_ESTABLISHED, ZERO, TIMER_OFF, true,
		  NO_OWNER_PENDING_ACCEPT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_CLOSE_WAIT, ZERO, TIMER_OFF, false,
		  NO_OWNER_PENDING_ACCEPT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_FIN_WAIT_1, ZERO, TIMER_PROBE, false,
		  NO_OWNER_ORPHAN },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_LAST_ACK, ZERO, TIMER_RETRANSMIT, false,
		  NO_OWNER_ORPHAN },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_CLOSING, ZERO, TIMER_OFF, false, NO_OWNER_ORPHAN },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_LISTEN, ZERO, TIMER_OFF, false, NO_OWNER_KERNEL },
		{ ESTAB_PROTO_UDP, ESTAB_STATE_UNCONNECTED, ZERO, TIMER_OFF, true,
		  NO_OWNER_KERNEL },
		{ ESTAB_PROTO_UDP, ESTAB_STATE_ESTABLISHED, ZERO, TIMER_OFF, false,
		  NO_OWNER_KERNEL },
		{ ESTAB_PROTO_NETLINK, ESTAB_STATE_UNCONNECTED, ZERO, TIMER_OFF, false,
		  NO_OWNER_KERNEL },
		{ ESTAB_PROTO_UNIX, ESTAB_STATE_ESTABLISHED, ZERO, TIMER_OFF, false,
		  NO_OWNER_PENDING_ACCEPT },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_ESTABLISHED, SOME, TIMER_OFF, true,
		  NO_OWNER_PERMISSION },
		{ ESTAB_PROTO_UNIX, ESTAB_STATE_ESTABLISHED, SOME, TIMER_OFF, false,
		  NO_OWNER_NOT_VISIBLE },
		{ ESTAB_PROTO_TCP, ESTAB_STATE_ESTABLISHED, NO_INODE, TIMER_OFF, true,
		  NO_OWNER_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct estab_socket sock = {
			.proto = cases[i].proto,
			.state = cases[i].state,
			.inode = cases[i].inode == SOME ? 4711 : 0,
			.timer_kind = cases[i].timer_kind & 15U,
			.has = (uint16_t)(HAS_TIMER | (cases[i].inode != NO_INODE ? HAS_INODE : 0)),
		};

		if (owner_reason(&sock, cases[i].incomplete) != cases[i].reason)
			fail_msg("case %zu: %d", i, owner_reason(&sock, cases[i].incomplete));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_index),      cmocka_unit_test(test_link),
		cmocka_unit_test(test_link_empty), cmocka_unit_test(test_link_many),
		cmocka_unit_test(test_views),      cmocka_unit_test(test_arena_merge),
		cmocka_unit_test(test_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
