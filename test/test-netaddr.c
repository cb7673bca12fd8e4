/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The addresses of network namespaces, out of netlink's messages and out of text, and ports that kernels choose. */
#include "netaddr.h"

#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libmnl/libmnl.h>

#include "util.h"

/* Sorts what was added, and says whether the address is among it. */
static bool has(struct netaddr_set *set, const char *text)
{
	struct netaddrs netaddrs = { 0 };
	struct netaddr_set copy = { .known = true };
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };
	bool found;

	for (size_t i = 0; i < set->n; i++)
		assert_int_equal(netaddr_set_add(&copy, set->addrs[i], 16), 0);
	assert_int_equal(netaddrs_add(&netaddrs, &copy), 0);
	if (inet_pton(AF_INET, text, addr + 12) != 1)
		assert_int_equal(inet_pton(AF_INET6, text, addr), 1);
	found = netaddr_set_has(netaddrs_find(&netaddrs, 0), addr);
	netaddrs_free(&netaddrs);
	return found;
}

static void take_text(struct netaddr_set *set, const char *text, bool inet6)
{
	struct netaddr_trie trie = { 0 };

	for (const char *end; *text != '\0'; text = end + (*end == '\n')) {
		struct cursor line;

		end = strchrnul(text, '\n');
		line = (struct cursor){ text, end };
		assert_int_equal(inet6 ? netaddr_inet6_line(line, set)
				       : netaddr_trie_line(&trie, line, set),
				 0);
	}
}

/* Of Linux 6.18: two tables, both with what is local. */
static void reads_the_trie(void **state)
{
	static const char text[] = "Main:\n"
				   "  +-- 0.0.0.0/0 3 0 5\n"
				   "     |-- 0.0.0.0\n"
				   "        /0 universe UNICAST\n"
				   "     +-- 127.0.0.0/8 2 0 2\n"
				   "        +-- 127.0.0.0/31 1 0 0\n"
				   "           |-- 127.0.0.0\n"
				   "              /8 host LOCAL\n"
				   "           |-- 127.0.0.1\n"
				   "              /32 host LOCAL\n"
				   "        |-- 127.255.255.255\n"
				   "           /32 link BROADCAST\n"
				   "     +-- 192.0.2.0/24 2 0 2\n"
				   "        +-- 192.0.2.0/30 2 0 2\n"
				   "           |-- 192.0.2.0\n"
				   "              /24 link UNICAST\n"
				   "           |-- 192.0.2.2\n"
				   "              /32 host LOCAL\n"
				   "              /32 host LOCAL tos 16\n"
				   "        |-- 198.51.100.7\n"
				   "           /32 link UNICAST\n"
				   "           /32 host LOCAL\n"
				   "Local:\n"
				   "     |-- 192.0.2.2\n"
				   "        /32 host LOCAL\n";
	struct netaddr_set set = { 0 };

	(void)state;
	take_text(&set, text, false);
	assert_int_equal(set.n, 4);
	assert_true(has(&set, "127.0.0.1"));
	assert_true(has(&set, "192.0.2.2"));
	assert_true(has(&set, "198.51.100.7"));
	assert_false(has(&set, "127.0.0.0"));
	assert_false(has(&set, "127.255.255.255"));
	assert_false(has(&set, "192.0.2.0"));
	free(set.broadcasts);
	free(set.addrs);
}

static void takes_no_nonsense(void **state)
{
	static const char *const wrong[] = {
		"/32 host LOCAL",
		"|-- 192.0.2\n/32 host LOCAL",
		"|-- 192.0.2.256\n/32 host LOCAL",
		"|-- 192.0.2.1.5\n/32 host LOCAL",
		"|-- 192.0.2.1\n/33 host LOCAL",
		"|-- 192.0.2.1\n/32 host",
		"|-- 192.0.2.1\n/32 host LOCALS",
		"|-- 192.0.2.1\n|-- x\n/32 host LOCAL",
		"|- 192.0.2.1\n/32 host LOCAL",
		"|--\n/32 host LOCAL",
		"|",
		"",
	};
	static const char *const wrong6[] = {
		"",
		"fe80",
		"fe8000000000000000fc00fffe000001",
		"fe8000000000000000fc00fffe00000 04 40 20 80 eth0",
		"fe8000000000000000fc00fffe0000012 04 40 20 80 eth0",
		"ge8000000000000000fc00fffe000001 04 40 20 80 eth0",
	};
	struct netaddr_set set = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		take_text(&set, wrong[i], false);
	for (size_t i = 0; i < ARRAY_SIZE(wrong6); i++)
		take_text(&set, wrong6[i], true);
	assert_int_equal(set.n, 0);
}

static void reads_inet6(void **state)
{
	struct netaddr_set set = { 0 };

	(void)state;
	take_text(&set,
		  "fd000000000000000000000000000002 04 40 00 82     eth0\n"
		  "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
		  "00000000000000000000000000000001 01 80 10 80       lo\n",
		  true);
	assert_int_equal(set.n, 3);
	assert_true(has(&set, "fd00::2"));
	assert_true(has(&set, "fe80::fc:ff:fe00:1"));
	assert_true(has(&set, "::1"));
	assert_false(has(&set, "::2"));
	free(set.broadcasts);
	free(set.addrs);
}

/* ---- netlink ---- */

struct made {
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message;
};

static void begin(struct made *made, uint8_t family)
{
	struct ifaddrmsg *body;

	memset(made, 0, sizeof(*made));
	made->message = mnl_nlmsg_put_header(made->bytes);
	made->message->nlmsg_type = RTM_NEWADDR;
	body = mnl_nlmsg_put_extra_header(made->message, sizeof(*body));
	body->ifa_family = family;
}

static void put(struct made *made, uint16_t type, const char *text)
{
	uint8_t addr[16];
	bool v6 = strchr(text, ':') != NULL;

	assert_int_equal(inet_pton(v6 ? AF_INET6 : AF_INET, text, addr), 1);
	mnl_attr_put(made->message, type, v6 ? 16 : 4, addr);
}

static void takes_messages(void **state)
{
	struct netaddr_set set = { 0 };
	struct made made;

	(void)state;
	/* The other end of a point-to-point link is no address of ours, wherever it stands. */
	begin(&made, AF_INET);
	put(&made, IFA_ADDRESS, "192.0.2.9");
	put(&made, IFA_LOCAL, "192.0.2.1");
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET);
	put(&made, IFA_LOCAL, "192.0.2.2");
	put(&made, IFA_ADDRESS, "192.0.2.9");
	put(&made, IFA_BROADCAST, "192.0.2.255");
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET6);
	put(&made, IFA_ADDRESS, "2001:db8::1");
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	assert_int_equal(set.n, 3);
	assert_true(has(&set, "192.0.2.1") && has(&set, "192.0.2.2") && has(&set, "2001:db8::1"));
	assert_false(has(&set, "192.0.2.9") || has(&set, "192.0.2.255"));

	/* Of another family, another length, another kind, without any, cut short. */
	begin(&made, AF_PACKET);
	put(&made, IFA_LOCAL, "192.0.2.3");
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET6);
	put(&made, IFA_LOCAL, "192.0.2.3");
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET);
	put(&made, IFA_LOCAL, "192.0.2.3");
	made.message->nlmsg_type = RTM_DELADDR;
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET);
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	made.message->nlmsg_len -= 4;
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	begin(&made, AF_INET);
	put(&made, IFA_LOCAL, "192.0.2.3");
	made.message->nlmsg_len -= 2;
	assert_int_equal(netaddr_take_message(&set, made.message), 0);
	assert_int_equal(set.n, 3);
	free(set.broadcasts);
	free(set.addrs);
}

/* ---- many namespaces ---- */

static void keeps_them_apart(void **state)
{
	static const uint8_t addr[4] = { 192, 0, 2, 1 };
	struct netaddrs netaddrs = { 0 };
	uint8_t spread[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };

	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		struct netaddr_set set = { .netns = (i * 37) % 100, .known = i != 50 };

		if (set.netns % 2 == 0)
			assert_int_equal(netaddr_set_add(&set, addr, sizeof(addr)), 0);
		set.auto_ports[0] = (uint16_t)(1000 * (set.netns % 3));
		set.auto_ports[1] = (uint16_t)(set.auto_ports[0] + 999 * (set.netns % 3 != 0));
		assert_int_equal(netaddrs_add(&netaddrs, &set), 0);
	}
	for (uint64_t i = 0; i < 100; i++)
		assert_int_equal(netaddr_set_has(netaddrs_find(&netaddrs, i), spread),
				 i % 2 == 0 && i != 50);
	assert_null(netaddrs_find(&netaddrs, 100));
	/* Each has its own range; where that is not known, the kernel's default. */
	assert_true(netaddrs_auto_port(&netaddrs, 1, 1500));
	assert_false(netaddrs_auto_port(&netaddrs, 2, 1500));
	assert_true(netaddrs_auto_port(&netaddrs, 2, 2999));
	assert_false(netaddrs_auto_port(&netaddrs, 2, 40000));
	assert_true(netaddrs_auto_port(&netaddrs, 3, 40000));
	assert_false(netaddrs_auto_port(&netaddrs, 3, 1500));
	assert_true(netaddrs_auto_port(&netaddrs, 100, 32768));
	assert_false(netaddrs_auto_port(&netaddrs, 100, 61000));
	netaddrs_free(&netaddrs);
}

static struct nlmsghdr *make_broadcast(void *buffer, uint32_t number)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct ifaddrmsg *body;

	message->nlmsg_type = RTM_NEWADDR;
	body = mnl_nlmsg_put_extra_header(message, sizeof(*body));
	body->ifa_family = AF_INET;
	mnl_attr_put_u32(message, IFA_LOCAL, htonl(number));
	mnl_attr_put_u32(message, IFA_BROADCAST, htonl(number + 1));
	return message;
}

/* In no order, and as many as anyone could make: by looking at all of them for each the test would not end in its
 * time. */
static void knows_all_broadcasts(void **state)
{
	enum { COUNT = 300000, FIRST = 0x0a000000 };
	_Alignas(struct nlmsghdr) uint8_t buffer[128];
	struct netaddrs netaddrs = { 0 };
	struct netaddr_set set = { .netns = 7, .known = true };

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(
			netaddr_take_message(&set, make_broadcast(buffer,
								  FIRST + 2 * (i * 7919 % COUNT))),
			0);
	assert_int_equal(netaddrs_add(&netaddrs, &set), 0);
	for (uint32_t i = 0; i < 2 * COUNT; i++) {
		uint32_t number = htonl(FIRST + i);
		uint8_t addr[16] = { 0 };

		memcpy(addr, &number, sizeof(number));
		if (netaddrs_is_for_many(&netaddrs, 7, addr, false) != (i % 2 == 1))
			fail_msg("broadcast %u", i);
	}
	netaddrs_free(&netaddrs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_trie),   cmocka_unit_test(takes_no_nonsense),
		cmocka_unit_test(reads_inet6),      cmocka_unit_test(takes_messages),
		cmocka_unit_test(keeps_them_apart), cmocka_unit_test(knows_all_broadcasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
