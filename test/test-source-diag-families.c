/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Dumps that need more than one: netlink's and packet's, of a made-up kernel. */
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "diag-fixture.h"
#include "fake-netlink.h"
#include "nl.h"
#include "source.h"
#include "util.h"

static void fake_netlink_row(struct fake_answer *answer, uint32_t cookie)
{
	struct netlink_diag_msg diag = {
		.ndiag_family = AF_NETLINK,
		.ndiag_type = SOCK_RAW,
		.ndiag_state = ESTAB_STATE_UNCONNECTED,
		.ndiag_portid = cookie,
		.ndiag_ino = cookie,
		.ndiag_cookie = { cookie, 0 },
	};

	fake_message(answer, SOCK_DIAG_BY_FAMILY, &diag, sizeof(diag));
}

/* netlink_diag leaves out a socket where a datagram ends, and tells of some twice. */
static void test_source_leaky(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_NETLINK);
	const struct netlink_diag_req *request;
	struct fake_answer *answer;
	unsigned int rows;

	need_netlink();
	/* One datagram: all is there. */
	fake_begin();
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	answer = fake_datagram();
	for (uint32_t i = 1; i <= 3; i++)
		fake_netlink_row(answer, i);
	fake_netlink_row(answer, 2);
	fake_number(answer, NLMSG_DONE, 0);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 3);
	assert_int_equal(fixture->result.sources[0].rows, 3);
	assert_int_equal(fake.n_requests, 2);
	request = nl_body(fake_request(0));
	assert_int_equal(request->sdiag_protocol, NETLINK_UNUSED);
	request = nl_body(fake_request(1));
	assert_int_equal(request->sdiag_protocol, NDIAG_PROTO_ALL);

	/* Two: what the second dump has more of is given out, once. */
	fake_begin();
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	fake_netlink_row(fake_datagram(), 1);
	answer = fake_datagram();
	fake_netlink_row(answer, 3);
	fake_number(answer, NLMSG_DONE, 0);
	answer = fake_datagram();
	for (uint32_t i = 1; i <= 3; i++)
		fake_netlink_row(answer, i);
	fake_number(answer, NLMSG_DONE, 0);
	assert_int_equal(read_all(fixture, &job, &rows), 1);
	assert_int_equal(rows, 3);
	assert_int_equal(fixture->row.sock.cookie, 3);
	assert_int_equal(fake.n_requests, 3);
	assert_int_equal(fixture->result.n_losses, 0);

	/* That it is refused is a loss. */
	fake_begin();
	fake_number(fake_datagram(), NLMSG_ERROR, -ENOENT);
	fake_netlink_row(fake_datagram(), 1);
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	fake_number(fake_datagram(), NLMSG_ERROR, -EIO);
	assert_int_equal(read_all(fixture, &job, &rows), -EIO);
	assert_int_equal(rows, 1);
}

static void fake_packet_row(struct fake_answer *answer, uint32_t cookie, uint16_t type,
			    size_t length)
{
	struct {
		struct packet_diag_msg diag;
		struct nlattr attr;
		uint8_t data[128];
	} message = {
		.diag = { .pdiag_family = AF_PACKET,
			  .pdiag_type = SOCK_RAW,
			  .pdiag_cookie = { cookie, 0 } },
		.attr = { .nla_len = (uint16_t)(sizeof(struct nlattr) + length), .nla_type = type },
	};

	fake_message(answer, SOCK_DIAG_BY_FAMILY, &message,
		     sizeof(message.diag) + (type == 0 ? 0 : sizeof(message.attr) + length));
}

static uint32_t lists_number(const struct fixture *fixture, enum ext_kind kind)
{
	uint32_t number = UINT32_MAX;

	ext_read(fixture->row.sock.ext, kind, &number, sizeof(number));
	return number;
}

/* Filters and memberships may be too long for a dump: they come in one of their own. */
static void test_source_lists(void **state)
{
	struct fixture *fixture = *state;
	struct source_job job = make_job(ESTAB_PROTO_PACKET);
	struct source_cursor *cursor;
	struct fake_answer *answer;
	static const uint32_t members[] = { 2, 0, 0, UINT32_MAX };
	static const uint32_t filters[] = { 0, 3, UINT32_MAX, UINT32_MAX };

	need_netlink();
	fixture->env.plan.needs = NEED_PACKET_LISTS;
	fake_begin();
	fake_number(fake_datagram(), NLMSG_DONE, 0);
	answer = fake_datagram();
	fake_packet_row(answer, 1, PACKET_DIAG_MCLIST, 2 * sizeof(struct packet_diag_mclist));
	fake_packet_row(answer, 2, PACKET_DIAG_FILTER, 24);
	fake_packet_row(answer, 3, PACKET_DIAG_FILTER, 0);
	/* The fourth had one that is too long, and the kernel ended there. */
	fake_number(answer, NLMSG_DONE, 0);
	answer = fake_datagram();
	for (uint32_t i = 1; i <= 4; i++)
		fake_packet_row(answer, i, 0, 0);
	fake_number(answer, NLMSG_DONE, 0);

	assert_int_equal(source_diag.open(&fixture->env, &job, &fixture->result, &cursor), 0);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(source_diag.next(cursor, &fixture->row), 0);
		assert_int_equal(fixture->row.sock.cookie, i + 1);
		assert_int_equal(lists_number(fixture, EXT_PACKET_MEMBERS), members[i]);
		assert_int_equal(lists_number(fixture, EXT_PACKET_FILTER), filters[i]);
	}
	assert_int_equal(source_diag.next(cursor, &fixture->row), 1);
	source_diag.close(cursor);
	assert_int_equal(fake.n_requests, 3);
}

static int teardown_fake(void **state)
{
	fake_end();
	return teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_source_leaky, setup, teardown_fake),
		cmocka_unit_test_setup_teardown(test_source_lists, setup, teardown_fake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
