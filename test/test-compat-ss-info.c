/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What ss -i prints of the protocol above TCP, made by hand: few kernels have TLS. */
#include <linux/sock_diag.h>
#include <linux/tls.h>

#include <linux/mptcp.h>

#include "diag-fixture.h"

#include "../tool/compat-ss.h"

/* compat.c names them all; none is run here. */
int compat_ss(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int compat_netstat(int argc, char **argv)
{
	(void)argv;
	return argc;
}

int compat_lsof(int argc, char **argv)
{
	(void)argv;
	return argc;
}

static struct nlattr *put(struct fixture *fixture, uint16_t type, const void *data, size_t length)
{
	struct nlattr *attr = (void *)(fixture->data + fixture->length);

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + length);
	if (length > 0)
		memcpy(attr + 1, data, length);
	fixture->length += NLA_ALIGN(attr->nla_len);
	return attr;
}

static void put_u16(struct fixture *fixture, uint16_t type, uint16_t value)
{
	put(fixture, type, &value, sizeof(value));
}

static void end(struct fixture *fixture, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(fixture->data + fixture->length - (uint8_t *)nest);
	nest->nla_type |= NLA_F_NESTED;
}

/* A connection with something above TCP; what that tells comes next. */
static struct nlattr *begin(struct fixture *fixture, const char *name)
{
	struct nlmsghdr *message = (void *)fixture->data;
	struct inet_diag_msg diag = established();
	struct source_job job = make_job(ESTAB_PROTO_TCP);
	struct nlattr *nest;

	memset(fixture->data, 0, sizeof(fixture->data));
	fixture->env.plan.needs = NEED_ULP;
	diag_reading_init(&fixture->reading, &fixture->env, &job, 0);
	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	memcpy(message + 1, &diag, sizeof(diag));
	fixture->length = NLMSG_LENGTH(sizeof(diag));
	nest = put(fixture, INET_DIAG_ULP_INFO, NULL, 0);
	put(fixture, INET_ULP_INFO_NAME, name, strlen(name) + 1);
	return nest;
}

static void expect(struct fixture *fixture, struct nlattr *nest, const char *text)
{
	struct nlmsghdr *message = (void *)fixture->data;
	struct ss ss = { 0 };
	struct buf buf;

	end(fixture, nest);
	message->nlmsg_len = (uint32_t)fixture->length;
	assert_int_equal(diag_inet_decode(&fixture->reading, message, &fixture->row), DIAG_ROW);
	buf_init(&buf, BUF_MEMORY);
	ss_put_tcp_info(&ss, &buf, &fixture->row.sock);
	buf_char(&buf, '\0');
	assert_string_equal(buf.data, text);
	buf_free(&buf);
}

static void test_tls(void **state)
{
	struct fixture *fixture = *state;
	struct nlattr *ulp = begin(fixture, "tls");
	struct nlattr *tls = put(fixture, INET_ULP_INFO_TLS, NULL, 0);

	put_u16(fixture, TLS_INFO_VERSION, TLS_1_2_VERSION + 1);
	put_u16(fixture, TLS_INFO_CIPHER, TLS_CIPHER_AES_GCM_256);
	put_u16(fixture, TLS_INFO_TXCONF, TLS_CONF_SW);
	put_u16(fixture, TLS_INFO_RXCONF, TLS_CONF_HW);
	put(fixture, 5, NULL, 0);
	put(fixture, 6, NULL, 0);
	put(fixture, 77, NULL, 0);
	end(fixture, tls);
	expect(fixture, ulp,
	       " tcp-ulp-tls version: 1.3 cipher: aes-gcm-256 rxconf: hw txconf: sw zc_ro_tx no_pad_rx");
}

/* One direction is set up, the other not; what is new has no name. */
static void test_tls_part(void **state)
{
	struct fixture *fixture = *state;
	struct nlattr *ulp = begin(fixture, "tls");
	struct nlattr *tls = put(fixture, INET_ULP_INFO_TLS, NULL, 0);

	put_u16(fixture, TLS_INFO_VERSION, TLS_1_2_VERSION);
	put_u16(fixture, TLS_INFO_CIPHER, 999);
	put_u16(fixture, TLS_INFO_TXCONF, TLS_CONF_HW_RECORD);
	put_u16(fixture, TLS_INFO_RXCONF, TLS_CONF_BASE);
	end(fixture, tls);
	expect(fixture, ulp, " tcp-ulp-tls version: 1.2 rxconf: none txconf: hw-record");
	/* Of one that is too short nothing is believed, and its name may be all there is. */
	ulp = begin(fixture, "tls");
	tls = put(fixture, INET_ULP_INFO_TLS, NULL, 0);
	put(fixture, TLS_INFO_VERSION, "x", 1);
	end(fixture, tls);
	expect(fixture, ulp, " tcp-ulp-tls");
	expect(fixture, begin(fixture, "tls"), " tcp-ulp-tls");
}

static void test_mptcp(void **state)
{
	static const uint32_t words[][2] = {
		{ MPTCP_SUBFLOW_ATTR_TOKEN_REM, 0xabcd },
		{ MPTCP_SUBFLOW_ATTR_TOKEN_LOC, 0x1234567 },
		{ MPTCP_SUBFLOW_ATTR_MAP_SFSEQ, 0x2b },
		{ MPTCP_SUBFLOW_ATTR_SSN_OFFSET, 0x2a },
		/* M, J and B, connected and verified */
		{ MPTCP_SUBFLOW_ATTR_FLAGS, 1 | 4 | 16 | 128 | 256 },
	};
	static const uint64_t map_seq = UINT64_C(0x1122334455667788);
	struct fixture *fixture = *state;
	struct nlattr *ulp = begin(fixture, "mptcp");
	struct nlattr *mptcp = put(fixture, INET_ULP_INFO_MPTCP, NULL, 0);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		put(fixture, (uint16_t)words[i][0], &words[i][1], 4);
	put(fixture, MPTCP_SUBFLOW_ATTR_MAP_SEQ, &map_seq, sizeof(map_seq));
	put_u16(fixture, MPTCP_SUBFLOW_ATTR_MAP_DATALEN, 1400);
	put(fixture, MPTCP_SUBFLOW_ATTR_ID_REM, "\2", 1);
	put(fixture, MPTCP_SUBFLOW_ATTR_ID_LOC, "\1", 1);
	end(fixture, mptcp);
	expect(fixture, ulp,
	       " tcp-ulp-mptcp flags:MJBcv token:abcd(id:2)/1234567(id:1)"
	       " seq:1122334455667788 sfseq:2b ssnoff:2a maplen:578");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mptcp, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
