/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Netlink, packet and MPTCP sockets as sock_diag tells of them. */
#include "diag.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "diag-fixture.h"
#include "field.h"
#include "idset.h"
#include "nl.h"
#include "subflow.h"

typedef int decode_fn(const struct diag_reading *reading, const struct nlmsghdr *message,
		      struct row *row);

static void begin_reading(struct fixture *fixture, enum estab_proto proto, uint64_t needs)
{
	struct source_job job = make_job(proto);

	fixture->env.plan.needs = needs;
	diag_reading_init(&fixture->reading, &fixture->env, &job, 0);
}

/* Leaves the row of this cookie in the fixture. */
static const struct estab_socket *find(struct fixture *fixture, decode_fn *decode, uint64_t cookie)
{
	const struct nlmsghdr *message;
	struct nl_walk walk;

	begin_walk(fixture, &walk);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE)
		if (decode(&fixture->reading, message, &fixture->row) == DIAG_ROW &&
		    fixture->row.sock.cookie == cookie)
			return &fixture->row.sock;
	fail_msg("no socket of cookie %llu", (unsigned long long)cookie);
	return NULL;
}

static unsigned int count_rows(struct fixture *fixture, decode_fn *decode, size_t *ret_distinct)
{
	const struct nlmsghdr *message;
	struct idset seen = { 0 };
	struct nl_walk walk;
	unsigned int n = 0;
	int r;

	begin_walk(fixture, &walk);
	while ((r = nl_walk_next(&walk, &message)) == NL_MESSAGE) {
		if (decode(&fixture->reading, message, &fixture->row) != DIAG_ROW)
			continue;
		n++;
		assert_true(idset_add(&seen, record_identity(&fixture->row.sock)) >= 0);
	}
	assert_int_equal(r, NL_END);
	assert_int_equal(fixture->result.n_losses, 0);
	*ret_distinct = seen.n;
	idset_free(&seen);
	return n;
}

/* The field as a table shows it; NULL: nothing, "?": it applies, but is not known. */
static void expect(const struct estab_socket *sock, enum estab_field id, const char *expected)
{
	char buffer[256];
	struct text text = { .buffer = buffer, .size = sizeof(buffer) - 1 };
	int r = field_format(field_find(id), sock, &text);
	const char *found = r == FIELD_NONE ? NULL : r == FIELD_UNKNOWN ? "?" : buffer;

	if (r == 0)
		buffer[MIN(text.length, sizeof(buffer) - 1)] = '\0';
	if ((found == NULL) != (expected == NULL) || (found && strcmp(found, expected) != 0))
		fail_msg("%s: '%s', expected '%s'", estab_field_name(id), found ? found : "(none)",
			 expected ? expected : "(none)");
}

/* ---- netlink ---- */

/* What the golden's makers had of their sockets: getsockname(), SO_COOKIE, fstat(). */
enum {
	ROUTE = 3490766, /* port 1001, groups 1, 5 and 33 */
	GENERIC = 3490767,
	NETFILTER = 3490768,
	UNBOUND = 3490769,  /* no port yet, group 2 */
	USERSOCK = 3490771, /* connected to 1003, group 5 */
	OPTIONS = 3490772,
};

static void test_netlink_golden(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	size_t distinct;

	load(fixture, "diag-netlink.bin");
	begin_reading(fixture, ESTAB_PROTO_NETLINK, NEED_NETLINK | NEED_MEM);
	/* The kernel says those in groups twice, when they have a port id. */
	assert_int_equal(count_rows(fixture, diag_netlink_decode, &distinct), 19);
	assert_int_equal(distinct, 16);

	sock = find(fixture, diag_netlink_decode, ROUTE);
	assert_int_equal(sock->inode, 11069522);
	assert_int_equal(sock->netns, NETNS);
	assert_int_equal(sock->has, HAS_COOKIE | HAS_INODE | HAS_NETNS | HAS_QUEUES);
	expect(sock, ESTAB_F_PROTO, "netlink");
	expect(sock, ESTAB_F_FAMILY, "netlink");
	expect(sock, ESTAB_F_TYPE, "raw");
	expect(sock, ESTAB_F_STATE, "UNCONNECTED");
	expect(sock, ESTAB_F_LOCAL, "route:1001");
	expect(sock, ESTAB_F_PEER, "*");
	expect(sock, ESTAB_F_PROTOCOL, "0");
	expect(sock, ESTAB_F_PROTOCOL_NAME, "route");
	expect(sock, ESTAB_F_NETLINK_PORTID, "1001");
	expect(sock, ESTAB_F_NETLINK_DST_PORTID, NULL);
	expect(sock, ESTAB_F_NETLINK_GROUPS, "1,5,33");
	expect(sock, ESTAB_F_NETLINK_GROUPS_MASK, "17");
	expect(sock, ESTAB_F_NETLINK_DUMPING, "no");
	expect(sock, ESTAB_F_MEM_RCVBUF, "212992");
	expect(sock, ESTAB_F_DROPS, "0");
	expect(sock, ESTAB_F_UID, "?");
	expect(sock, ESTAB_F_LOCAL_PORT, NULL);
	expect(sock, ESTAB_F_PACKET_VERSION, NULL);

	sock = find(fixture, diag_netlink_decode, GENERIC);
	expect(sock, ESTAB_F_TYPE, "dgram");
	expect(sock, ESTAB_F_LOCAL, "generic:1002");
	expect(sock, ESTAB_F_NETLINK_GROUPS, "");
	sock = find(fixture, diag_netlink_decode, UNBOUND);
	expect(sock, ESTAB_F_LOCAL, "route:*");
	expect(sock, ESTAB_F_NETLINK_GROUPS, "2");
	assert_int_equal(owner_reason(sock, false), NO_OWNER_NOT_VISIBLE);
	sock = find(fixture, diag_netlink_decode, USERSOCK);
	expect(sock, ESTAB_F_STATE, "ESTABLISHED");
	expect(sock, ESTAB_F_PEER, "1003/group5");
	expect(sock, ESTAB_F_NETLINK_DST_PORTID, "1003");
	expect(sock, ESTAB_F_NETLINK_DST_GROUP, "5");
	sock = find(fixture, diag_netlink_decode, OPTIONS);
	expect(sock, ESTAB_F_NETLINK,
	       "portid:1007 pktinfo broadcast_error no_enobufs listen_all_nsid cap_ack");
	/* The kernel's own, made when the namespace was. */
	sock = find(fixture, diag_netlink_decode, OPTIONS + 1);
	expect(sock, ESTAB_F_LOCAL, "route:kernel");
	assert_true(sock->inode != 0);
	assert_int_equal(owner_reason(sock, true), NO_OWNER_KERNEL);
}

static void test_netlink_cost(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;

	load(fixture, "diag-netlink.bin");
	begin_reading(fixture, ESTAB_PROTO_NETLINK, 0);
	sock = find(fixture, diag_netlink_decode, ROUTE);
	assert_int_equal(sock->ext->kinds, 0);
	assert_true(sock->netlink.in_groups);
	expect(sock, ESTAB_F_NETLINK_GROUPS, "?");
	expect(sock, ESTAB_F_NETLINK_GROUPS_MASK, "17");

	fixture->reading.states = BIT32(ESTAB_STATE_ESTABLISHED);
	sock = find(fixture, diag_netlink_decode, USERSOCK);
	expect(sock, ESTAB_F_STATE, "ESTABLISHED");
	fixture->reading.states = BIT32(ESTAB_STATE_LISTEN);
	assert_int_equal(diag_netlink_decode(&fixture->reading, (const void *)fixture->data,
					     &fixture->row),
			 DIAG_SKIP);
}

struct groups_message {
	struct nlmsghdr head;
	struct netlink_diag_msg body;
	struct nlattr attr;
	uint64_t words[1024];
};

static int decode_groups(struct fixture *fixture, struct groups_message *message, size_t length)
{
	message->head = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)(offsetof(struct groups_message, words) + length),
		.nlmsg_type = SOCK_DIAG_BY_FAMILY,
	};
	message->body = (struct netlink_diag_msg){ .ndiag_family = AF_NETLINK, .ndiag_state = 7 };
	message->attr.nla_len = (uint16_t)(sizeof(message->attr) + length);
	message->attr.nla_type = NETLINK_DIAG_GROUPS;
	return diag_netlink_decode(&fixture->reading, &message->head, &fixture->row);
}

static void test_netlink_groups(void **state)
{
	struct fixture *fixture = *state;
	struct groups_message *message = calloc(1, sizeof(*message));

	assert_non_null(message);
	begin_reading(fixture, ESTAB_PROTO_NETLINK, NEED_NETLINK);
	message->words[0] = UINT64_C(1) << 63 | UINT64_C(1) << 31;
	message->words[31] = UINT64_C(1) << 63;
	assert_int_equal(decode_groups(fixture, message, 32 * 8), DIAG_ROW);
	expect(&fixture->row.sock, ESTAB_F_NETLINK_GROUPS, "32,64,2048");
	expect(&fixture->row.sock, ESTAB_F_NETLINK_GROUPS_MASK, "2147483648");
	/* A piece of a word is none. */
	assert_int_equal(decode_groups(fixture, message, 31 * 8 + 7), DIAG_ROW);
	expect(&fixture->row.sock, ESTAB_F_NETLINK_GROUPS, "32,64");
	/* All that there is room for, and one that there is not: unknown, not a part. */
	memset(message->words, 0xff, 32 * 8);
	assert_int_equal(decode_groups(fixture, message, 32 * 8), DIAG_ROW);
	assert_true(ext_has(fixture->row.sock.ext, EXT_NETLINK_GROUPS));
	message->words[32] = 1;
	assert_int_equal(decode_groups(fixture, message, sizeof(message->words)), DIAG_ROW);
	expect(&fixture->row.sock, ESTAB_F_NETLINK_GROUPS, "?");
	free(message);
}

/* ---- packet ---- */

enum { RINGS = 3490782, DGRAM = 3490783, FANOUT = 3490784, CLOSED = 3490785, V3 = 3490786 };

static void test_packet_golden(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	size_t distinct;

	load(fixture, "diag-packet.bin");
	begin_reading(fixture, ESTAB_PROTO_PACKET, NEED_PACKET | NEED_MEM | NEED_INTERFACE);
	assert_int_equal(count_rows(fixture, diag_packet_decode, &distinct), 6);
	assert_int_equal(distinct, 6);

	sock = find(fixture, diag_packet_decode, RINGS);
	assert_int_equal(sock->inode, 11069530);
	assert_int_equal(sock->has, HAS_COOKIE | HAS_INODE | HAS_NETNS | HAS_QUEUES | HAS_UID);
	expect(sock, ESTAB_F_TYPE, "raw");
	expect(sock, ESTAB_F_STATE, "UNCONNECTED");
	/* The device's name was not asked for. */
	expect(sock, ESTAB_F_LOCAL, "0x88b5:if1");
	expect(sock, ESTAB_F_INTERFACE, "?");
	expect(sock, ESTAB_F_PEER, "*");
	expect(sock, ESTAB_F_PROTOCOL, "34997");
	expect(sock, ESTAB_F_PROTOCOL_NAME, NULL);
	expect(sock, ESTAB_F_PACKET,
	       "running version:2 reserve:32 rx_block_size:65536 rx_block_nr:2 rx_frame_size:2048 "
	       "rx_frame_nr:64 tx_block_size:4096 tx_block_nr:4 tx_frame_size:2048 tx_frame_nr:8");
	expect(sock, ESTAB_F_PACKET_FANOUT_ID, NULL);
	expect(sock, ESTAB_F_PACKET_FILTER_LENGTH, "?");

	sock = find(fixture, diag_packet_decode, DGRAM);
	expect(sock, ESTAB_F_TYPE, "dgram");
	expect(sock, ESTAB_F_PACKET,
	       "running auxdata origdev version:1 copy_thresh:9000 tstamp:64");
	expect(sock, ESTAB_F_PACKET_RX_BLOCK_NR, NULL);
	sock = find(fixture, diag_packet_decode, FANOUT);
	expect(sock, ESTAB_F_LOCAL, "arp:if1");
	expect(sock, ESTAB_F_UID, "1000");
	expect(sock, ESTAB_F_PACKET_FANOUT_ID, "7");
	expect(sock, ESTAB_F_PACKET_FANOUT_TYPE, "lb");
	sock = find(fixture, diag_packet_decode, CLOSED);
	expect(sock, ESTAB_F_LOCAL, "0x0000:*");
	expect(sock, ESTAB_F_INTERFACE, NULL);
	expect(sock, ESTAB_F_PACKET_RUNNING, "no");
	sock = find(fixture, diag_packet_decode, V3);
	expect(sock, ESTAB_F_PACKET_VERSION, "3");
	expect(sock, ESTAB_F_PACKET_RX_RETIRE_TMO_MS, "60");
	expect(sock, ESTAB_F_PACKET_RX_SIZEOF_PRIV, "16");
	expect(sock, ESTAB_F_PACKET_RX_FEATURES, "1");
	sock = find(fixture, diag_packet_decode, V3 + 1);
	expect(sock, ESTAB_F_PACKET, "running vnethdr loss version:1");
}

static void test_packet_cost(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;

	load(fixture, "diag-packet.bin");
	begin_reading(fixture, ESTAB_PROTO_PACKET, 0);
	sock = find(fixture, diag_packet_decode, RINGS);
	assert_int_equal(sock->ext->kinds, 0);
	expect(sock, ESTAB_F_PACKET_VERSION, "?");
	expect(sock, ESTAB_F_PACKET_FANOUT_TYPE, "?");
	expect(sock, ESTAB_F_PACKET_TX_FRAME_NR, "?");
}

/* ---- MPTCP ---- */

enum {
	CLIENT = 3490789,
	SERVER = 3490790,
	LISTENER6 = 3490791,
	FALLBACK = 3490792,
	CLIENT_TOKEN = 0xe5d9dc85,
	SERVER_TOKEN = 0x8991994b,
};

static void test_mptcp_golden(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	char expected[16];
	size_t distinct;

	load(fixture, "diag-mptcp4.bin");
	begin_reading(fixture, ESTAB_PROTO_MPTCP, NEED_MPTCP_INFO | NEED_TCP_INFO | NEED_MEM);
	assert_int_equal(count_rows(fixture, diag_inet_decode, &distinct), 4);
	assert_int_equal(distinct, 4);

	sock = find(fixture, diag_inet_decode, CLIENT);
	assert_int_equal(sock->inode, 11069540);
	assert_false(ext_has(sock->ext, EXT_TCP_INFO));
	expect(sock, ESTAB_F_PROTO, "mptcp");
	expect(sock, ESTAB_F_TYPE, "stream");
	expect(sock, ESTAB_F_LOCAL, "10.9.9.1:7100");
	expect(sock, ESTAB_F_PEER, "10.9.9.1:7000");
	/* As getsockopt(MPTCP_INFO) told the one who had it. */
	snprintf(expected, sizeof(expected), "%u", (unsigned int)CLIENT_TOKEN);
	expect(sock, ESTAB_F_MPTCP_TOKEN, expected);
	expect(sock, ESTAB_F_MPTCP_SUBFLOWS, "1");
	expect(sock, ESTAB_F_MPTCP_SUBFLOWS_MAX, "4");
	expect(sock, ESTAB_F_MPTCP_SUBFLOWS_TOTAL, "2");
	expect(sock, ESTAB_F_MPTCP_ADD_ADDR_ACCEPTED_MAX, "4");
	expect(sock, ESTAB_F_MPTCP_LOCAL_ADDR_USED, "1");
	expect(sock, ESTAB_F_MPTCP_LOCAL_ADDR_MAX, "1");
	expect(sock, ESTAB_F_MPTCP_REMOTE_KEY_RECEIVED, "yes");
	expect(sock, ESTAB_F_MPTCP_FALLBACK, "no");
	expect(sock, ESTAB_F_MPTCP_CSUM_ENABLED, "no");
	expect(sock, ESTAB_F_MPTCP_WRITE_SEQ, "797459754840547628");
	expect(sock, ESTAB_F_MPTCP_BYTES_SENT, "1000");
	expect(sock, ESTAB_F_MPTCP_BYTES_ACKED, "1000");
	expect(sock, ESTAB_F_MPTCP_BYTES_RECEIVED, "500");
	expect(sock, ESTAB_F_MPTCP_BYTES_RETRANS, "0");
	expect(sock, ESTAB_F_TCP_RTT_US, NULL);
	expect(sock, ESTAB_F_MPTCP_LOCAL_ID, NULL);

	sock = find(fixture, diag_inet_decode, FALLBACK);
	expect(sock, ESTAB_F_MPTCP_FALLBACK, "yes");
	expect(sock, ESTAB_F_MPTCP_REMOTE_KEY_RECEIVED, "no");
	load(fixture, "diag-mptcp6.bin");
	sock = find(fixture, diag_inet_decode, LISTENER6);
	expect(sock, ESTAB_F_STATE, "LISTEN");
	expect(sock, ESTAB_F_LOCAL, "[::1]:7001");
	expect(sock, ESTAB_F_SEND_Q, "5");
	expect(sock, ESTAB_F_MPTCP_TOKEN, NULL);
	expect(sock, ESTAB_F_MPTCP_SUBFLOWS, NULL);
	expect(sock, ESTAB_F_MPTCP_FALLBACK, NULL);
}

/* What later kernels added reads as unknown in what earlier ones say, padding or not. */
static void test_mptcp_info_by_length(void **state)
{
	static const struct {
		enum estab_field field;
		size_t since;
	} fields[] = {
		{ ESTAB_F_MPTCP_TOKEN, 40 },
		{ ESTAB_F_MPTCP_RCV_NXT, 40 },
		{ ESTAB_F_MPTCP_FALLBACK, 40 },
		{ ESTAB_F_MPTCP_LOCAL_ADDR_USED, 48 },
		{ ESTAB_F_MPTCP_CSUM_ENABLED, 48 },
		{ ESTAB_F_MPTCP_RETRANSMITS, 80 },
		{ ESTAB_F_MPTCP_BYTES_RETRANS, 80 },
		{ ESTAB_F_MPTCP_BYTES_ACKED, 80 },
		{ ESTAB_F_MPTCP_SUBFLOWS_TOTAL, 88 },
		{ ESTAB_F_MPTCP_LAST_DATA_SENT_MS, 96 },
		{ ESTAB_F_MPTCP_LAST_ACK_RECV_MS, 96 },
	};
	struct fixture *fixture = *state;
	uint8_t info[128] = { 0 };

	for (size_t length = 0; length <= sizeof(info); length++) {
		row_reset(&fixture->row, ESTAB_PROTO_MPTCP, ESTAB_FAMILY_INET);
		fixture->row.sock.state = ESTAB_STATE_ESTABLISHED;
		assert_int_equal(row_put(&fixture->row, EXT_MPTCP_INFO, info, length), 0);
		for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
			struct value value;

			assert_int_equal(field_get(field_find(fields[i].field), &fixture->row.sock,
						   &value),
					 length >= fields[i].since ? 0 : FIELD_UNKNOWN);
		}
	}
}

/* The row of these ends. */
static const struct estab_socket *find_tcp(struct fixture *fixture, const char *local,
					   const char *peer)
{
	const struct nlmsghdr *message;
	struct nl_walk walk;
	char text[2][64];

	begin_walk(fixture, &walk);
	while (nl_walk_next(&walk, &message) == NL_MESSAGE) {
		if (diag_inet_decode(&fixture->reading, message, &fixture->row) != DIAG_ROW)
			continue;
		for (int i = 0; i < 2; i++) {
			int n = estab_socket_format(&fixture->row.sock,
						    i == 0 ? ESTAB_F_LOCAL : ESTAB_F_PEER, text[i],
						    sizeof(text[i]) - 1);

			text[i][n] = '\0';
		}
		if (strcmp(text[0], local) == 0 && strcmp(text[1], peer) == 0)
			return &fixture->row.sock;
	}
	fail_msg("no socket %s %s", local, peer);
	return NULL;
}

static void expect_token(const struct estab_socket *sock, uint32_t token)
{
	uint64_t found = 0;

	assert_int_equal(estab_socket_get_u64(sock, ESTAB_F_MPTCP_TOKEN, &found), 0);
	assert_true(found == token);
}

static void test_subflows_golden(void **state)
{
	struct fixture *fixture = *state;
	const struct estab_socket *sock;
	char expected[16];

	load(fixture, "diag-subflows.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP, NEED_ULP);
	sock = find_tcp(fixture, "10.9.9.1:7100", "10.9.9.1:7000");
	expect_token(sock, CLIENT_TOKEN);
	assert_int_equal(sock->inode, 11069540);
	expect(sock, ESTAB_F_PROTO, "tcp/mptcp");
	expect(sock, ESTAB_F_TCP_ULP, "mptcp");
	expect(sock, ESTAB_F_MPTCP_REMOTE_TOKEN, "?");
	expect(sock, ESTAB_F_MPTCP_LOCAL_ID, "0");
	/* tcp_info came along, and was not asked for. */
	assert_false(ext_has(sock->ext, EXT_TCP_INFO));

	/* The second, made by the kernel from the client's other address. */
	sock = find_tcp(fixture, "10.9.9.1:7000", "10.9.9.2:34187");
	expect_token(sock, SERVER_TOKEN);
	assert_int_equal(sock->inode, 11069542);
	expect(sock, ESTAB_F_MPTCP_REMOTE_ID, "1");
	sock = find_tcp(fixture, "10.9.9.2:34187", "10.9.9.1:7000");
	expect_token(sock, CLIENT_TOKEN);
	snprintf(expected, sizeof(expected), "%u", (unsigned int)SERVER_TOKEN);
	expect(sock, ESTAB_F_MPTCP_REMOTE_TOKEN, expected);

	sock = find_tcp(fixture, "10.9.9.1:7000", "0.0.0.0:*");
	expect(sock, ESTAB_F_TCP_ULP, "mptcp");
	expect(sock, ESTAB_F_MPTCP_TOKEN, NULL);
	/* Plain TCP, read with CAP_NET_ADMIN: there is nothing above it. */
	sock = find_tcp(fixture, "127.0.0.1:7002", "0.0.0.0:*");
	expect(sock, ESTAB_F_PROTO, "tcp");
	expect(sock, ESTAB_F_TCP_ULP, NULL);
	expect(sock, ESTAB_F_MPTCP_TOKEN, NULL);
	/* Without it, nobody knows. */
	fixture->row.sock.has &= (uint16_t)~SEEN_AS_ADMIN;
	expect(sock, ESTAB_F_TCP_ULP, "?");
	expect(sock, ESTAB_F_MPTCP_TOKEN, "?");

	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	sock = find_tcp(fixture, "10.9.9.1:7100", "10.9.9.1:7000");
	assert_int_equal(sock->ext->kinds, 0);
}

/* The connections' rows tell which TCP sockets are theirs, whoever reads. */
static void test_subflows_by_inode(void **state)
{
	struct fixture *fixture = *state;
	struct subflows subflows = { 0 };
	const struct estab_socket *sock;

	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	load(fixture, "diag-subflows.bin");
	find_tcp(fixture, "10.9.9.2:34187", "10.9.9.1:7000");
	assert_int_equal(subflows_mark(&subflows, &fixture->row), 0);
	assert_int_equal(fixture->row.sock.ext->kinds, 0);

	load(fixture, "diag-mptcp4.bin");
	begin_reading(fixture, ESTAB_PROTO_MPTCP, NEED_MPTCP_INFO);
	find(fixture, diag_inet_decode, CLIENT);
	assert_int_equal(subflows_add(&subflows, &fixture->row.sock), 0);
	begin_reading(fixture, ESTAB_PROTO_MPTCP, 0);
	find(fixture, diag_inet_decode, SERVER);
	assert_int_equal(subflows_add(&subflows, &fixture->row.sock), 0);

	load(fixture, "diag-subflows.bin");
	begin_reading(fixture, ESTAB_PROTO_TCP, 0);
	sock = find_tcp(fixture, "10.9.9.2:34187", "10.9.9.1:7000");
	assert_int_equal(subflows_mark(&subflows, &fixture->row), 0);
	expect(&fixture->row.sock, ESTAB_F_PROTO, "tcp/mptcp");
	expect_token(&fixture->row.sock, CLIENT_TOKEN);
	expect(sock, ESTAB_F_MPTCP_LOCAL_ID, "?");
	find_tcp(fixture, "10.9.9.1:7000", "10.9.9.2:34187");
	assert_int_equal(subflows_mark(&subflows, &fixture->row), 0);
	expect(&fixture->row.sock, ESTAB_F_PROTO, "tcp/mptcp");
	sock = find_tcp(fixture, "127.0.0.1:7002", "0.0.0.0:*");
	assert_int_equal(subflows_mark(&subflows, &fixture->row), 0);
	expect(sock, ESTAB_F_PROTO, "tcp");

	/* Many, so that the table grows. */
	row_reset(&fixture->row, ESTAB_PROTO_MPTCP, ESTAB_FAMILY_INET);
	for (uint64_t inode = 1; inode <= 1000; inode++) {
		fixture->row.sock.inode = inode;
		assert_int_equal(subflows_add(&subflows, &fixture->row.sock), 0);
	}
	assert_int_equal(subflows.n, 1002);
	subflows_free(&subflows);
}

/* ---- requests ---- */

static void test_requests(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[DIAG_REQUEST_ROOM];
	struct fixture *fixture = *state;
	const struct netlink_diag_req *netlink;
	const struct packet_diag_req *packet;
	const struct inet_diag_req_v2 *inet;
	struct nlmsghdr *request;
	struct nl_attrs attrs;
	struct nl_attr attr;
	uint32_t protocol = 0;

	begin_reading(fixture, ESTAB_PROTO_NETLINK, NEED_TCP_INFO);
	request = diag_netlink_request(&fixture->reading, AF_NETLINK, buffer);
	netlink = mnl_nlmsg_get_payload(request);
	assert_int_equal(netlink->sdiag_family, AF_NETLINK);
	assert_int_equal(netlink->sdiag_protocol, NDIAG_PROTO_ALL);
	assert_int_equal(netlink->ndiag_show, NDIAG_SHOW_GROUPS);
	begin_reading(fixture, ESTAB_PROTO_NETLINK, NEED_NETLINK | NEED_UNIX_QUEUES);
	diag_netlink_request(&fixture->reading, AF_NETLINK, buffer);
	assert_int_equal(netlink->ndiag_show,
			 NDIAG_SHOW_GROUPS | NDIAG_SHOW_MEMINFO | NDIAG_SHOW_FLAGS);

	begin_reading(fixture, ESTAB_PROTO_PACKET, NEED_PACKET_LISTS);
	request = diag_packet_request(&fixture->reading, AF_PACKET, buffer);
	packet = mnl_nlmsg_get_payload(request);
	assert_int_equal(packet->sdiag_family, AF_PACKET);
	assert_int_equal(packet->sdiag_protocol, 0);
	/* They would end the dump. */
	assert_int_equal(packet->pdiag_show, 0);
	begin_reading(fixture, ESTAB_PROTO_PACKET, NEED_PACKET | NEED_MEM | NEED_PACKET_LISTS);
	diag_packet_request(&fixture->reading, AF_PACKET, buffer);
	assert_int_equal(packet->pdiag_show, PACKET_SHOW_INFO | PACKET_SHOW_RING_CFG |
						     PACKET_SHOW_FANOUT | PACKET_SHOW_MEMINFO);
	begin_reading(fixture, ESTAB_PROTO_PACKET, NEED_UNIX_UID);
	diag_packet_request(&fixture->reading, AF_PACKET, buffer);
	assert_int_equal(packet->pdiag_show, PACKET_SHOW_INFO);

	begin_reading(fixture, ESTAB_PROTO_MPTCP, NEED_TCP_INFO | NEED_ULP | NEED_CONGESTION);
	request = diag_mptcp_request(&fixture->reading, AF_INET6, buffer);
	inet = mnl_nlmsg_get_payload(request);
	assert_int_equal(inet->sdiag_family, AF_INET6);
	assert_int_equal(inet->sdiag_protocol, 0);
	assert_int_equal(inet->idiag_ext, 0);
	attrs = nl_attrs_of(request, sizeof(*inet));
	while (nl_attr_next(&attrs, &attr))
		if (attr.type == INET_DIAG_REQ_PROTOCOL && attr.length == sizeof(protocol))
			memcpy(&protocol, attr.data, sizeof(protocol));
	assert_int_equal(protocol, 262);
	begin_reading(fixture, ESTAB_PROTO_MPTCP, NEED_MPTCP_INFO);
	diag_mptcp_request(&fixture->reading, AF_INET6, buffer);
	assert_int_equal(inet->idiag_ext, 1 << (INET_DIAG_INFO - 1));
	/* What is above TCP comes with tcp_info only. */
	begin_reading(fixture, ESTAB_PROTO_TCP, NEED_ULP);
	diag_inet_request(&fixture->reading, AF_INET, buffer);
	assert_int_equal(inet->idiag_ext, 1 << (INET_DIAG_INFO - 1));
}

/* ---- hostile ---- */

/* Decodes a copy of its own, so that a read past the end is noticed. */
static void decode_copy(struct fixture *fixture, decode_fn *decode, const struct nlmsghdr *message,
			size_t length)
{
	struct nlmsghdr *copy = malloc(MAX(length, sizeof(*copy)));
	int r;

	assert_non_null(copy);
	memcpy(copy, message, length);
	copy->nlmsg_len = (uint32_t)length;
	r = decode(&fixture->reading, copy, &fixture->row);
	assert_true(r == DIAG_ROW || r == DIAG_SKIP || r == -EBADMSG);
	if (r == DIAG_ROW)
		assert_true(record_identity(&fixture->row.sock) != 0);
	free(copy);
}

static void decode_broken(struct fixture *fixture, decode_fn *decode, struct nlmsghdr *message)
{
	static const uint16_t lengths[] = { 0, 3, 4, 5, 8, 11, 27, 28, 65535 };
	uint8_t *bytes = (uint8_t *)message;

	for (size_t n = NLMSG_HDRLEN; n <= message->nlmsg_len; n++)
		decode_copy(fixture, decode, message, n);
	/* A wrong length at every place where an attribute, or one within one, may begin. */
	for (size_t at = NLMSG_HDRLEN; at + 4 <= message->nlmsg_len; at += 4) {
		uint16_t before;

		memcpy(&before, bytes + at, sizeof(before));
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			memcpy(bytes + at, &lengths[i], sizeof(lengths[i]));
			decode_copy(fixture, decode, message, message->nlmsg_len);
		}
		memcpy(bytes + at, &before, sizeof(before));
	}
	/* Another's answer. */
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY + 1;
	assert_int_equal(decode(&fixture->reading, message, &fixture->row), DIAG_SKIP);
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	bytes[NLMSG_HDRLEN] = AF_UNIX;
	assert_int_equal(decode(&fixture->reading, message, &fixture->row), -EBADMSG);
}

static void test_hostile(void **state)
{
	static const struct {
		const char *name;
		enum estab_proto proto;
		decode_fn *decode;
	} dumps[] = {
		{ "diag-netlink.bin", ESTAB_PROTO_NETLINK, diag_netlink_decode },
		{ "diag-packet.bin", ESTAB_PROTO_PACKET, diag_packet_decode },
		{ "diag-packet-lists.bin", ESTAB_PROTO_PACKET, diag_packet_decode },
		{ "diag-mptcp4.bin", ESTAB_PROTO_MPTCP, diag_inet_decode },
		{ "diag-subflows.bin", ESTAB_PROTO_TCP, diag_inet_decode },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(dumps); i++) {
		const struct nlmsghdr *message;
		struct nl_walk walk;

		load(fixture, dumps[i].name);
		begin_reading(fixture, dumps[i].proto, ~NEED_IFNAME);
		begin_walk(fixture, &walk);
		/* The walk is past each message before it is broken. */
		while (nl_walk_next(&walk, &message) == NL_MESSAGE)
			decode_broken(fixture, dumps[i].decode,
				      (void *)(fixture->data +
					       ((const uint8_t *)message - fixture->data)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_netlink_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netlink_cost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_netlink_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packet_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_packet_cost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mptcp_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mptcp_info_by_length, setup, teardown),
		cmocka_unit_test_setup_teardown(test_subflows_golden, setup, teardown),
		cmocka_unit_test_setup_teardown(test_subflows_by_inode, setup, teardown),
		cmocka_unit_test_setup_teardown(test_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
