/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Who is at the other end, who let a connection in, and which way it went: joins over made-up rows. */
#include "ends.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field.h"
#include "join.h"
#include "plan.h"
#include "util.h"

struct setting {
	struct env env;
	struct estab_ctx ctx;
	struct store store;
	struct estab_result result;
	struct row row;
	uint32_t netns;
};

static int set_up(void **state)
{
	struct setting *setting = calloc(1, sizeof(*setting));
	struct plan *plan = &setting->env.plan;

	setting->env.ctx = &setting->ctx;
	setting->env.empty.env = &setting->env;
	setting->netns = 1;
	plan->protos = UINT64_MAX;
	plan->families = UINT32_MAX;
	plan->needs = NEED_ENDS;
	for (size_t i = 0; i < PLAN_PROTOS; i++)
		plan->states[i] = plan->types[i] = UINT32_MAX;
	store_init(&setting->store, &setting->env);
	assert_int_equal(ext_builder_init(&setting->row.ext, &setting->env), 0);
	*state = setting;
	return 0;
}

static int tear_down(void **state)
{
	struct setting *setting = *state;

	ext_builder_free(&setting->row.ext);
	store_free(&setting->store);
	netaddrs_free(&setting->env.netaddrs);
	free(setting);
	return 0;
}

static enum estab_family read_addr(const char *text, uint8_t bytes[16])
{
	bool v6 = strchr(text, ':') != NULL;

	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, bytes), 1);
	return v6 ? ESTAB_FAMILY_INET6 : ESTAB_FAMILY_INET;
}

/* What differs from row to row. */
struct made {
	enum estab_proto proto;
	enum estab_state state;
	const char *local;
	uint16_t local_port;
	const char *peer; /* NULL: none */
	uint16_t peer_port;
	uint32_t device;
	bool v6only;
	bool no_inode;
};

/* Begins a row. */
static void begin(struct setting *setting, enum estab_proto proto, enum estab_family family,
		  enum estab_state state)
{
	struct estab_socket *sock = &setting->row.sock;

	row_reset(&setting->row, proto, family);
	sock->state = (uint8_t)state;
	sock->netns = setting->netns;
	sock->inode = 1000 + setting->store.count;
	sock->cookie = 5000 + setting->store.count;
	sock->has = HAS_COOKIE | HAS_INODE | HAS_NETNS;
}

static uint32_t end(struct setting *setting)
{
	assert_int_equal(store_add(&setting->store, &setting->row), 0);
	return (uint32_t)setting->store.count - 1;
}

static uint32_t add(struct setting *setting, const struct made *made)
{
	struct row *row = &setting->row;
	uint8_t v6only = 1;
	uint8_t local[16] = { 0 };

	begin(setting, made->proto, read_addr(made->local, local), made->state);
	memcpy(row->sock.inet.local, local, sizeof(local));
	if (made->peer)
		assert_int_equal(read_addr(made->peer, row->sock.inet.peer), row->sock.family);
	row->sock.local_port = made->local_port;
	row->sock.peer_port = made->peer_port;
	if (made->no_inode)
		row->sock.inode = 0;
	if (made->device)
		assert_int_equal(row_put(row, EXT_IFINDEX, &made->device, sizeof(made->device)), 0);
	if (made->v6only)
		assert_int_equal(row_put(row, EXT_V6ONLY, &v6only, 1), 0);
	return end(setting);
}

static uint32_t tcp(struct setting *setting, const char *local, uint16_t local_port,
		    const char *peer, uint16_t peer_port, uint32_t device)
{
	return add(setting, &(struct made){ ESTAB_PROTO_TCP, ESTAB_STATE_ESTABLISHED, local,
					    local_port, peer, peer_port, device, false, false });
}

static uint32_t tcp_listen(struct setting *setting, const char *local, uint16_t port,
			   uint32_t device)
{
	return add(setting, &(struct made){ ESTAB_PROTO_TCP, ESTAB_STATE_LISTEN, local, port, NULL,
					    0, device, false, false });
}

static void own(struct setting *setting, uint32_t netns, const char *addr)
{
	struct netaddr_set set = { .netns = netns, .known = true };
	uint8_t bytes[16];

	assert_int_equal(netaddr_set_add(&set, bytes,
					 read_addr(addr, bytes) == ESTAB_FAMILY_INET ? 4 : 16),
			 0);
	assert_int_equal(netaddrs_add(&setting->env.netaddrs, &set), 0);
}

static uint32_t peer_of(struct setting *setting, uint32_t row)
{
	struct ends ends;
	uint32_t peer;

	assert_int_equal(ends_init(&ends, &setting->store), 0);
	peer = ends_peer(&ends, store_at(&setting->store, row));
	ends_free(&ends);
	return peer;
}

static uint32_t listener_of(struct setting *setting, uint32_t row)
{
	struct ends ends;
	uint32_t listener;

	assert_int_equal(ends_init(&ends, &setting->store), 0);
	listener = ends_listener(&ends, store_at(&setting->store, row));
	ends_free(&ends);
	return listener;
}

/* ---- directions ---- */

#define TCP ESTAB_PROTO_TCP
#define UDP ESTAB_PROTO_UDP
#define MPTCP ESTAB_PROTO_MPTCP
#define EST ESTAB_STATE_ESTABLISHED
#define LISTEN ESTAB_STATE_LISTEN
#define NONE ESTAB_STATE_UNCONNECTED

/* Two rows; the second one's direction. The namespace has 10.0.0.1 and no other address. */
static const struct direction_case {
	const char *what;
	struct made other;
	struct made row;
	const char *direction;
} direction_cases[] = {
	{ "a listener on the address",
	  { TCP, LISTEN, "10.0.0.1", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, false },
	  "in" },
	{ "a listener on any address",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, false },
	  "in" },
	{ "a listener on another address",
	  { TCP, LISTEN, "127.0.0.1", 40000, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "192.0.2.1", 80, 0, false, false },
	  "out" },
	{ "a listener on another port",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "192.0.2.1", 443, 0, false, false },
	  "out" },
	{ "a listener of another protocol",
	  { UDP, NONE, "0.0.0.0", 40000, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "192.0.2.1", 443, 0, false, false },
	  "out" },
	{ "IPv4 by way of an IPv6 listener",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "::ffff:10.0.0.1", 80, "::ffff:192.0.2.1", 50000, 0, false, false },
	  "in" },
	{ "an IPv6 listener that is for IPv6 alone",
	  { TCP, LISTEN, "::", 40000, NULL, 0, 0, true, false },
	  { TCP, EST, "::ffff:10.0.0.1", 40000, "::ffff:192.0.2.1", 443, 0, false, false },
	  "out" },
	{ "IPv6 at such a listener",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, true, false },
	  { TCP, EST, "2001:db8::1", 80, "2001:db8::2", 50000, 0, false, false },
	  "in" },
	{ "an IPv4 listener and IPv6",
	  { TCP, LISTEN, "0.0.0.0", 40000, NULL, 0, 0, false, false },
	  { TCP, EST, "2001:db8::1", 40000, "2001:db8::2", 443, 0, false, false },
	  "out" },
	{ "a listener on the same device",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 3, false, false },
	  { TCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 3, false, false },
	  "in" },
	{ "a listener on another device",
	  { TCP, LISTEN, "0.0.0.0", 40000, NULL, 0, 3, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "192.0.2.1", 443, 4, false, false },
	  "out" },
	{ "a listener on all devices",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 4, false, false },
	  "in" },
	{ "a listener on one device and a socket on none",
	  { TCP, LISTEN, "0.0.0.0", 40000, NULL, 0, 3, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "192.0.2.1", 443, 0, false, false },
	  "out" },
	{ "MPTCP",
	  { MPTCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { MPTCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, false },
	  "in" },
	{ "time-wait at a listener",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, ESTAB_STATE_TIME_WAIT, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, true },
	  "in" },
	{ "UDP at a bound socket",
	  { UDP, NONE, "0.0.0.0", 53, NULL, 0, 0, false, false },
	  { UDP, EST, "10.0.0.1", 53, "192.0.2.1", 50000, 0, false, false },
	  "in" },
	{ "UDP that is connected",
	  { UDP, NONE, "0.0.0.0", 53, NULL, 0, 0, false, false },
	  { UDP, EST, "10.0.0.1", 40000, "192.0.2.1", 53, 0, false, false },
	  "out" },
	{ "loopback, at the listener",
	  { TCP, LISTEN, "127.0.0.1", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "127.0.0.1", 80, "127.0.0.1", 50000, 0, false, false },
	  "local" },
	{ "loopback, all of 127/8",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 40000, "127.9.9.9", 80, 0, false, false },
	  "local" },
	{ "loopback, mapped",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "::ffff:127.0.0.1", 40000, "::ffff:127.0.0.2", 80, 0, false, false },
	  "local" },
	{ "IPv6 loopback",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "::1", 40000, "::1", 80, 0, false, false },
	  "local" },
	{ "one address to itself",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "192.0.2.7", 40000, "192.0.2.7", 80, 0, false, false },
	  "local" },
	{ "to another address of this host",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "192.0.2.7", 40000, "10.0.0.1", 80, 0, false, false },
	  "local" },
	{ "the same, mapped",
	  { TCP, LISTEN, "::", 80, NULL, 0, 0, false, false },
	  { TCP, EST, "::ffff:192.0.2.7", 40000, "::ffff:10.0.0.1", 80, 0, false, false },
	  "local" },
	{ "the other end is there",
	  { TCP, EST, "192.0.2.8", 80, "192.0.2.7", 40000, 0, false, false },
	  { TCP, EST, "192.0.2.7", 40000, "192.0.2.8", 80, 0, false, false },
	  "local" },
	{ "not accepted, its listener closed",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, true },
	  "in" },
	{ "a request",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, ESTAB_STATE_SYN_RECV, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, true },
	  "in" },
	{ "connecting from a port that is listened on",
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  { TCP, ESTAB_STATE_SYN_SENT, "10.0.0.1", 80, "192.0.2.1", 50000, 0, false, false },
	  "out" },
	{ "nobody listens, and the ports say otherwise",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 22, "192.0.2.1", 50000, 0, false, false },
	  NULL },
	{ "nobody listens, and neither port tells",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, EST, "10.0.0.1", 1022, "192.0.2.1", 22, 0, false, false },
	  "out" },
	{ "a listener",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, LISTEN, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  "listen" },
	{ "UDP that is bound",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { UDP, NONE, "0.0.0.0", 53, NULL, 0, 0, false, false },
	  "listen" },
	{ "TCP that is bound",
	  { TCP, LISTEN, "0.0.0.0", 81, NULL, 0, 0, false, false },
	  { TCP, ESTAB_STATE_BOUND, "0.0.0.0", 80, NULL, 0, 0, false, false },
	  NULL },
};

static void test_direction(void **state)
{
	struct setting *setting = *state;
	const struct field *field = field_find(ESTAB_F_DIRECTION);
	bool failed = false;

	own(setting, 1, "10.0.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(direction_cases); i++) {
		const struct direction_case *one = &direction_cases[i];
		struct value value = { .text = { "(none)", 6 } };
		const char *want = one->direction ? one->direction : "(none)";

		setting->store.count = 0;
		add(setting, &one->other);
		add(setting, &one->row);
		assert_int_equal(join_ends(&setting->store, &setting->result), 0);
		field_get(field, store_at(&setting->store, 1), &value);
		if (strcmp(value.text.data, want) != 0) {
			print_error("%s: %s, not %s\n", one->what, value.text.data, want);
			failed = true;
		}
	}
	assert_false(failed);
}

/* Where some listeners may be missing, "none" says nothing, and the ports are all there is. */
static void test_listeners_lost(void **state)
{
	static const struct {
		uint16_t local_port;
		uint16_t peer_port;
		enum direction direction;
	} cases[] = {
		{ 22, 50000, DIRECTION_IN },
		{ 50000, 22, DIRECTION_OUT },
		{ 50000, 50001, DIRECTION_UNDECIDED },
		{ 22, 23, DIRECTION_UNDECIDED },
	};
	struct setting *setting = *state;

	result_add_loss(&setting->result, "rows", "cut", "tcp", 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t row = tcp(setting, "10.0.0.1", cases[i].local_port, "192.0.2.1",
				   cases[i].peer_port, 0);

		assert_int_equal(join_ends(&setting->store, &setting->result), 0);
		assert_int_equal(store_at(&setting->store, row)->direction, cases[i].direction);
	}
}

/* Another namespace's listener is nobody's. */
static void test_direction_netns(void **state)
{
	struct setting *setting = *state;
	uint32_t row;

	setting->netns = 2;
	tcp_listen(setting, "0.0.0.0", 40000, 0);
	setting->netns = 1;
	row = tcp(setting, "10.0.0.1", 40000, "192.0.2.1", 443, 0);
	assert_int_equal(join_ends(&setting->store, &setting->result), 0);
	assert_int_equal(store_at(&setting->store, row)->direction, DIRECTION_OUT);
}

/* ---- other ends ---- */

static void test_pairs(void **state)
{
	static const char *const pairs[][2] = {
		{ "127.0.0.1", "127.0.0.1" }, { "::1", "::1" },
		{ "10.0.0.1", "10.0.0.2" },   { "::ffff:10.0.0.1", "::ffff:10.0.0.2" },
		{ "fe80::1", "fe80::2" },
	};
	struct setting *setting = *state;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		uint16_t port = (uint16_t)(40000 + i);
		uint32_t one = tcp(setting, pairs[i][0], port, pairs[i][1], 80, 0);
		uint32_t two = tcp(setting, pairs[i][1], 80, pairs[i][0], port, 0);

		assert_int_equal(peer_of(setting, one), two);
		assert_int_equal(peer_of(setting, two), one);
	}
}

/* A client of IPv4 and a server that has its addresses mapped. */
static void test_mapped(void **state)
{
	struct setting *setting = *state;
	uint32_t client = tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 80, 0);
	uint32_t server = tcp(setting, "::ffff:127.0.0.1", 80, "::ffff:127.0.0.1", 40000, 0);

	assert_int_equal(peer_of(setting, client), server);
	assert_int_equal(peer_of(setting, server), client);
}

static void test_none(void **state)
{
	struct setting *setting = *state;
	uint32_t row = tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 80, 0);

	/* Nearly. */
	tcp(setting, "127.0.0.1", 80, "127.0.0.1", 40001, 0);
	tcp(setting, "127.0.0.2", 80, "127.0.0.1", 40000, 0);
	tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 81, 0);
	tcp_listen(setting, "127.0.0.1", 80, 0);
	assert_int_equal(peer_of(setting, row), ROW_NONE);
	assert_int_equal(peer_of(setting, 4), ROW_NONE);
}

/* A socket that has connected to itself is its own peer. */
static void test_itself(void **state)
{
	struct setting *setting = *state;
	uint32_t row = tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 40000, 0);

	assert_int_equal(peer_of(setting, row), row);
}

/* Two VRFs with the same addresses; and a pair of devices. */
static void test_devices(void **state)
{
	struct setting *setting = *state;
	uint32_t red = tcp(setting, "10.0.0.1", 40000, "10.0.0.2", 80, 3);
	uint32_t blue_end = tcp(setting, "10.0.0.2", 80, "10.0.0.1", 40000, 4);
	uint32_t one, two, red_end;

	assert_int_equal(peer_of(setting, red), ROW_NONE);
	assert_int_equal(peer_of(setting, blue_end), ROW_NONE);
	red_end = tcp(setting, "10.0.0.2", 80, "10.0.0.1", 40000, 3);
	assert_int_equal(peer_of(setting, red), red_end);
	one = tcp(setting, "fe80::1", 40000, "fe80::2", 80, 5);
	two = tcp(setting, "fe80::2", 80, "fe80::1", 40000, 6);
	assert_int_equal(peer_of(setting, one), two);
	assert_int_equal(peer_of(setting, two), one);
}

static void test_udp(void **state)
{
	struct setting *setting = *state;
	uint32_t server =
		add(setting, &(struct made){ UDP, NONE, "::", 53, NULL, 0, 0, false, false });
	uint32_t client = add(setting, &(struct made){ UDP, EST, "127.0.0.1", 40000, "127.0.0.1",
						       53, 0, false, false });
	uint32_t away = add(setting, &(struct made){ UDP, EST, "10.0.0.1", 40001, "192.0.2.1", 53,
						     0, false, false });
	uint32_t back;

	assert_int_equal(peer_of(setting, client), server);
	assert_int_equal(peer_of(setting, server), ROW_NONE);
	assert_int_equal(peer_of(setting, away), ROW_NONE);
	back = add(setting, &(struct made){ UDP, EST, "127.0.0.1", 53, "127.0.0.1", 40000, 0, false,
					    false });
	assert_int_equal(peer_of(setting, client), back);
	assert_int_equal(peer_of(setting, back), client);
}

/* Across namespaces only what the addresses confirm. */
static void test_namespaces(void **state)
{
	struct setting *setting = *state;
	uint32_t client = tcp(setting, "10.0.0.1", 40000, "10.0.0.2", 80, 0);
	uint32_t server, other;

	setting->netns = 2;
	server = tcp(setting, "10.0.0.2", 80, "10.0.0.1", 40000, 0);
	assert_int_equal(peer_of(setting, client), ROW_NONE);
	own(setting, 1, "10.0.0.1");
	assert_int_equal(peer_of(setting, client), ROW_NONE);
	own(setting, 2, "10.0.0.2");
	assert_int_equal(peer_of(setting, client), server);
	assert_int_equal(peer_of(setting, server), client);
	/* A third one that looks the same: nobody knows which of them it is. */
	setting->netns = 3;
	own(setting, 3, "10.0.0.2");
	other = tcp(setting, "10.0.0.2", 80, "10.0.0.1", 40000, 0);
	assert_int_equal(peer_of(setting, client), ROW_NONE);
	assert_int_equal(peer_of(setting, other), ROW_NONE);
}

/* One host has the same addresses twice: a connection within the one is not the other's. */
static void test_same_addresses(void **state)
{
	struct setting *setting = *state;
	uint32_t one = tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 80, 0);
	uint32_t two;

	setting->netns = 2;
	two = tcp(setting, "127.0.0.1", 80, "127.0.0.1", 40000, 0);
	own(setting, 1, "127.0.0.1");
	own(setting, 2, "127.0.0.1");
	assert_int_equal(peer_of(setting, one), ROW_NONE);
	assert_int_equal(peer_of(setting, two), ROW_NONE);
}

/* ---- unix ---- */

static uint32_t unix_row(struct setting *setting, enum estab_state state, enum estab_type type,
			 const char *name, bool abstract)
{
	struct row *row = &setting->row;

	begin(setting, ESTAB_PROTO_UNIX, ESTAB_FAMILY_UNIX, state);
	row->sock.type = type;
	if (abstract)
		assert_int_equal(row_put(row, EXT_ABSTRACT, NULL, 0), 0);
	if (name)
		assert_int_equal(row_put(row, EXT_PATH, name, strlen(name)), 0);
	return end(setting);
}

static void connect_rows(struct setting *setting, uint32_t from, uint32_t to)
{
	store_at(&setting->store, from)->local.peer_inode = store_at(&setting->store, to)->inode;
	store_at(&setting->store, from)->has |= HAS_PEER_INODE;
}

static void test_unix(void **state)
{
	struct setting *setting = *state;
	uint32_t listener = unix_row(setting, LISTEN, ESTAB_TYPE_STREAM, "/run/x", false);
	uint32_t client = unix_row(setting, EST, ESTAB_TYPE_STREAM, NULL, false);
	uint32_t server = unix_row(setting, EST, ESTAB_TYPE_STREAM, "/run/x", false);
	uint32_t abstract = unix_row(setting, LISTEN, ESTAB_TYPE_STREAM, "/run/x", true);
	uint32_t log = unix_row(setting, NONE, ESTAB_TYPE_DGRAM, "/dev/log", false);
	uint32_t writer = unix_row(setting, NONE, ESTAB_TYPE_DGRAM, NULL, false);

	connect_rows(setting, client, server);
	connect_rows(setting, server, client);
	connect_rows(setting, writer, log);
	assert_int_equal(peer_of(setting, client), server);
	assert_int_equal(peer_of(setting, server), client);
	assert_int_equal(peer_of(setting, writer), log);
	assert_int_equal(peer_of(setting, log), ROW_NONE);
	assert_int_equal(listener_of(setting, server), listener);
	assert_int_equal(listener_of(setting, client), ROW_NONE);
	assert_int_equal(listener_of(setting, abstract), ROW_NONE);
	assert_int_equal(join_ends(&setting->store, &setting->result), 0);
	assert_int_equal(store_at(&setting->store, server)->direction, DIRECTION_LOCAL);
	assert_int_equal(store_at(&setting->store, writer)->direction, DIRECTION_LOCAL);
	assert_int_equal(store_at(&setting->store, log)->direction, DIRECTION_LISTEN);
}

/* A path that was bound again is another socket's. */
static void test_unix_again(void **state)
{
	struct setting *setting = *state;
	uint32_t before = unix_row(setting, LISTEN, ESTAB_TYPE_STREAM, "/run/x", false);
	uint32_t accepted = unix_row(setting, EST, ESTAB_TYPE_STREAM, "/run/x", false);
	uint32_t now = unix_row(setting, LISTEN, ESTAB_TYPE_STREAM, "/run/x", false);

	store_at(&setting->store, before)->local.vfs_inode = 7;
	store_at(&setting->store, before)->local.vfs_dev = 1;
	store_at(&setting->store, now)->local.vfs_inode = 8;
	store_at(&setting->store, now)->local.vfs_dev = 1;
	store_at(&setting->store, accepted)->local.vfs_inode = 8;
	store_at(&setting->store, accepted)->local.vfs_dev = 1;
	connect_rows(setting, accepted, before);
	assert_int_equal(listener_of(setting, accepted), now);
}

/* ---- what rows get ---- */

static const struct owner_list *owner(struct setting *setting, uint32_t row, uint32_t pid)
{
	struct process *process = arena_alloc(&setting->store.arena, sizeof(*process));
	struct owner_list *list =
		arena_alloc(&setting->store.arena, sizeof(*list) + sizeof(list->owners[0]));

	memset(process, 0, sizeof(*process));
	process->pid = pid;
	list->count = 1;
	list->owners[0] = (struct estab_owner){ .process = process, .fd = 5 };
	store_at(&setting->store, row)->owners = list;
	store_at(&setting->store, row)->has |= OWNERS_LOOKED;
	return list;
}

/* Nobody has accepted it: its owners will be the listener's. */
static void test_owners(void **state)
{
	struct setting *setting = *state;
	uint32_t listener = tcp_listen(setting, "127.0.0.1", 80, 0);
	uint32_t client = tcp(setting, "127.0.0.1", 40000, "127.0.0.1", 80, 0);
	uint32_t child = add(setting, &(struct made){ TCP, EST, "127.0.0.1", 80, "127.0.0.1", 40000,
						      0, false, true });
	struct estab_socket *copy;
	uint64_t number;

	owner(setting, listener, 11);
	owner(setting, client, 12);
	setting->env.plan.needs |= NEED_OWNERS;
	assert_int_equal(join_ends(&setting->store, &setting->result), 0);
	assert_int_equal(estab_socket_group_count(store_at(&setting->store, client),
						  ESTAB_F_PEER_OWNERS),
			 1);
	assert_int_equal(estab_socket_get_u64(store_at(&setting->store, client),
					      ESTAB_F_PEER_OWNER_PID, &number),
			 0);
	assert_int_equal(number, 11);
	assert_int_equal(estab_socket_get_u64(store_at(&setting->store, child),
					      ESTAB_F_LISTENER_OWNER_PID, &number),
			 0);
	assert_int_equal(number, 11);
	assert_int_equal(estab_socket_get_u64(store_at(&setting->store, child),
					      ESTAB_F_LISTENER_COOKIE, &number),
			 0);
	assert_int_equal(number, store_at(&setting->store, listener)->cookie);
	assert_int_equal(estab_socket_get_u64(store_at(&setting->store, listener),
					      ESTAB_F_LISTENER_INODE, &number),
			 -ENODATA);
	setting->env.refs = 1;
	assert_int_equal(estab_socket_copy(store_at(&setting->store, child), &copy), 0);
	/* The copy has owners of its own. */
	store_free(&setting->store);
	store_init(&setting->store, &setting->env);
	assert_int_equal(estab_socket_get_u64(copy, ESTAB_F_PEER_OWNER_PID, &number), 0);
	assert_int_equal(number, 12);
	estab_socket_unref(copy);
}

/* What is neither wanted nor needed goes before anyone looks for its owners. */
static void test_keep(void **state)
{
	struct setting *setting = *state;
	uint32_t wanted = add(setting, &(struct made){ TCP, EST, "127.0.0.1", 40000, "127.0.0.1",
						       80, 0, false, false });
	uint64_t cookie = store_at(&setting->store, wanted)->cookie;

	tcp(setting, "127.0.0.1", 40001, "127.0.0.1", 81, 0);
	tcp_listen(setting, "127.0.0.1", 82, 0);
	add(setting, &(struct made){ TCP, ESTAB_STATE_CLOSE_WAIT, "127.0.0.1", 80, "127.0.0.1",
				     40000, 0, false, true });
	tcp_listen(setting, "127.0.0.1", 80, 0);
	/* Only one of them is wanted: the others have another family. */
	for (uint32_t i = 1; i < setting->store.count; i++)
		assert_int_equal(store_at(&setting->store, i)->family, ESTAB_FAMILY_INET);
	setting->env.plan.states[TCP] = BIT32(EST);
	setting->env.plan.needs = NEED_PEER_SOCKET | NEED_OWNERS;
	store_at(&setting->store, 1)->state = ESTAB_STATE_FIN_WAIT_1;
	assert_int_equal(join_ends_keep(&setting->store), 0);
	assert_int_equal(setting->store.count, 3);
	assert_int_equal(store_at(&setting->store, 0)->cookie, cookie);
	assert_int_equal(store_at(&setting->store, 1)->state, ESTAB_STATE_CLOSE_WAIT);
	assert_int_equal(store_at(&setting->store, 2)->local_port, 80);
}

/* Many sockets of one tuple, and of many: each look-up stays short. */
static void test_many(void **state)
{
	struct setting *setting = *state;
	struct ends ends;

	for (uint32_t i = 0; i < 20000; i++) {
		char addr[INET_ADDRSTRLEN];
		struct in_addr bytes = { htonl(0x0a000000 + i) };

		inet_ntop(AF_INET, &bytes, addr, sizeof(addr));
		tcp(setting, "10.200.0.1", 80, addr, 40000, 0);
		tcp(setting, addr, 40000, "10.200.0.1", 80, 0);
	}
	for (uint32_t i = 0; i < 20000; i++)
		tcp(setting, "10.201.0.1", 80, "10.201.0.2", 40000, i + 1);
	assert_int_equal(ends_init(&ends, &setting->store), 0);
	for (uint32_t i = 0; i < 40000; i++)
		assert_int_equal(ends_peer(&ends, store_at(&setting->store, i)), i ^ 1);
	assert_true(ends.n_used <= 40001);
	ends_free(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_direction, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_listeners_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_direction_netns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pairs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_mapped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_devices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_udp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_namespaces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_same_addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unix_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owners, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_keep, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
