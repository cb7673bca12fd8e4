/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Expectations: ctnetlink's messages and the text. */
#include "expect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

enum { BOTH = 1 << ESTAB_FAMILY_INET | 1 << ESTAB_FAMILY_INET6, MESSAGE_MAX = 1024 };

struct output {
	size_t length;
	char text[4096];
};

static int put(void *arg, const char *text, size_t length)
{
	struct output *output = arg;

	assert_true(output->length + length < sizeof(output->text));
	memcpy(output->text + output->length, text, length);
	output->length += length;
	output->text[output->length] = '\0';
	return 0;
}

struct fixture {
	struct env *env;
	struct row row;
	struct output output;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct estab_query *query;
	struct estab_ctx *ctx;

	assert_non_null(fixture);
	assert_int_equal(estab_ctx_new(NULL, &ctx), 0);
	assert_int_equal(estab_query_new(ctx, &query), 0);
	assert_int_equal(estab_query_set_subject(query, ESTAB_SUBJECT_EXPECTATIONS), 0);
	assert_int_equal(env_new(ctx, query, &fixture->env), 0);
	assert_int_equal(ext_builder_init(&fixture->row.ext, fixture->env), 0);
	estab_query_unref(query);
	estab_ctx_unref(ctx);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ext_builder_free(&fixture->row.ext);
	env_unref(fixture->env);
	free(fixture);
	return 0;
}

static const char *json_of(struct fixture *fixture)
{
	fixture->output.length = 0;
	assert_int_equal(estab_socket_write_json(&fixture->row.sock, put, &fixture->output), 0);
	return fixture->output.text;
}

static void put_tuple(struct nlmsghdr *message, uint16_t type, uint16_t port)
{
	struct nlattr *tuple = mnl_attr_nest_start(message, type);
	struct nlattr *nest = mnl_attr_nest_start(message, CTA_TUPLE_IP);

	mnl_attr_put_u32(message, CTA_IP_V4_SRC, htonl(0xc0000200 + type));
	mnl_attr_put_u32(message, CTA_IP_V4_DST, htonl(0xc6336400 + type));
	mnl_attr_nest_end(message, nest);
	nest = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(message, CTA_PROTO_NUM, 6);
	mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(port));
	mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons((uint16_t)(port + 1)));
	mnl_attr_nest_end(message, nest);
	mnl_attr_nest_end(message, tuple);
}

static struct nlmsghdr *make_message(void *buffer)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *body;

	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK_EXP << 8 | IPCTNL_MSG_EXP_NEW;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->nfgen_family = AF_INET;
	put_tuple(message, CTA_EXPECT_MASTER, 20);
	put_tuple(message, CTA_EXPECT_TUPLE, 30);
	put_tuple(message, CTA_EXPECT_MASK, 40);
	mnl_attr_put_u32(message, CTA_EXPECT_TIMEOUT, htonl(299));
	mnl_attr_put_u32(message, CTA_EXPECT_ID, htonl(0xfedcba98));
	mnl_attr_put_u32(message, CTA_EXPECT_FLAGS, htonl(1 | 4 | 1 << 20));
	mnl_attr_put_u32(message, CTA_EXPECT_CLASS, htonl(2));
	mnl_attr_put_u16(message, CTA_EXPECT_ZONE, htons(7));
	mnl_attr_put_strz(message, CTA_EXPECT_HELP_NAME, "sip\033[2J");
	mnl_attr_put_strz(message, CTA_EXPECT_FN, "nat-follow-master");
	return message;
}

static void test_netlink(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX];
	struct nlmsghdr *message = make_message(buffer);
	struct fixture *fixture = *state;

	assert_int_equal(expect_netlink_decode(message, BOTH, 1, &fixture->row), FLOW_ROW);
	assert_string_equal(
		json_of(fixture),
		"{\"family\":\"inet\",\"netns\":null,\"expect\":{\"proto\":\"tcp\",\"l4proto\":6,\"timeout_s\":299,"
		"\"zone\":7,\"id\":4275878552,\"class\":2,\"flags\":[\"permanent\",\"userspace\"],"
		"\"helper\":\"sip\\u001b[2J\",\"function\":\"nat-follow-master\","
		"\"src\":{\"addr\":\"192.0.2.2\",\"port\":30},\"dst\":{\"addr\":\"198.51.100.2\",\"port\":31},"
		"\"mask\":{\"src\":{\"addr\":\"192.0.2.3\",\"port\":40},\"dst\":{\"addr\":\"198.51.100.3\","
		"\"port\":41}},\"master\":{\"src\":{\"addr\":\"192.0.2.1\",\"port\":20},"
		"\"dst\":{\"addr\":\"198.51.100.1\",\"port\":21}}}}");
	assert_int_equal(expect_netlink_decode(message, BIT32(ESTAB_FAMILY_INET6), 1,
					       &fixture->row),
			 FLOW_SKIP);
	message->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_EXP_NEW;
	assert_int_equal(expect_netlink_decode(message, BOTH, 1, &fixture->row), FLOW_SKIP);
}

/* Cut anywhere: nothing is read that isn't there. */
static void test_cut(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t buffer[MESSAGE_MAX];
	uint32_t whole = make_message(buffer)->nlmsg_len;
	struct fixture *fixture = *state;

	for (uint32_t length = NLMSG_HDRLEN; length < whole; length++) {
		struct nlmsghdr *copy = malloc(length);
		int r;

		assert_non_null(copy);
		memcpy(copy, buffer, length);
		copy->nlmsg_len = length;
		r = expect_netlink_decode(copy, BOTH, 1, &fixture->row);
		assert_int_equal(r, length < NLMSG_LENGTH(sizeof(struct nfgenmsg)) ? -EBADMSG
										   : FLOW_ROW);
		if (r == FLOW_ROW)
			json_of(fixture);
		free(copy);
	}
}

static int read_line(struct fixture *fixture, const char *line)
{
	return expect_text_line((struct cursor){ line, line + strlen(line) }, BOTH, 1,
				&fixture->row);
}

static void test_text(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(read_line(fixture, "299 l3proto = 2 proto=6 src=127.0.0.1 dst=127.0.0.2 "
					    "sport=0 dport=5150 ftp"),
			 FLOW_ROW);
	assert_non_null(strstr(json_of(fixture), "\"timeout_s\":299,"));
	assert_non_null(strstr(json_of(fixture),
			       "\"helper\":\"ftp\",\"src\":{\"addr\":\"127.0.0.1\","
			       "\"port\":0},\"dst\":{\"addr\":\"127.0.0.2\","
			       "\"port\":5150},\"mask\":{\"src\":{\"addr\":null"));
	assert_int_equal(
		read_line(fixture,
			  "- l3proto = 10 proto=17 src=2001:0db8:0000:0000:0000:0000:0000:0001 "
			  "dst=0000:0000:0000:0000:0000:0000:0000:0001 sport=1 dport=2 "
			  "PERMANENT,USERSPACE sip/signalling"),
		FLOW_ROW);
	assert_null(strstr(json_of(fixture), "timeout_s"));
	assert_non_null(strstr(json_of(fixture),
			       "\"flags\":[\"permanent\",\"userspace\"],"
			       "\"helper\":\"sip\",\"src\":{\"addr\":\"2001:db8::1\""));
	/* Neither ports nor a helper; and one that is over. */
	assert_int_equal(read_line(fixture, "-1 l3proto = 2 proto=47 src=1.1.1.1 dst=2.2.2.2 "),
			 FLOW_ROW);
	assert_non_null(strstr(json_of(fixture), "\"timeout_s\":0,"));
	assert_null(strstr(json_of(fixture), "helper"));
}

static void test_bad_text(void **state)
{
	static const char *const lines[] = {
		"",
		"1",
		"1 l3proto = 3 proto=6 src=1.1.1.1 dst=2.2.2.2",
		"1 l3proto = 2 proto=256 src=1.1.1.1 dst=2.2.2.2",
		"1 l3proto = 2 proto=6 src=1.1.1 dst=2.2.2.2",
		"1 l3proto = 10 proto=6 src=1.1.1.1 dst=2.2.2.2",
		"1 l3proto = 2 proto=6 dst=2.2.2.2 src=1.1.1.1",
		"1 l3proto = 2 proto=6 src=1.1.1.1 dst=2.2.2.2 sport=1",
		"1 l3proto = 2 proto=6 src=1.1.1.1 dst=2.2.2.2 sport=1 dport=65536",
		"99999999999 l3proto = 2 proto=6 src=1.1.1.1 dst=2.2.2.2",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		print_message("%s\n", lines[i]);
		assert_int_equal(read_line(fixture, lines[i]), -EBADMSG);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_netlink, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_text, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
