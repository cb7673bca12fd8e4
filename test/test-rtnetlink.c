/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "rtnetlink.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "field.h"
#include "util.h"

struct fixture {
	_Alignas(8) uint8_t data[4096];
	struct row row;
	struct rt_link_cut cut;
	struct env env; /* the last: it ends in a flexible array */
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	int r;

	assert_non_null(fixture);
	*state = fixture;
	r = estab_ctx_new(NULL, &fixture->env.ctx);
	return r < 0 ? r : ext_builder_init(&fixture->row.ext, &fixture->env);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	ext_builder_free(&fixture->row.ext);
	netdevs_free(&fixture->env.netdevs);
	estab_ctx_unref(fixture->env.ctx);
	free(fixture);
	return 0;
}

static struct nlmsghdr *begin(struct fixture *fixture, uint16_t type, const void *body, size_t size)
{
	struct nlmsghdr *message = (void *)fixture->data;

	memset(fixture->data, 0, sizeof(fixture->data));
	message->nlmsg_type = type;
	message->nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(message + 1, body, size);
	return message;
}

static void add(struct nlmsghdr *message, uint16_t type, const void *data, size_t size)
{
	struct nlattr *attr = (void *)((uint8_t *)message + NLMSG_ALIGN(message->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + size);
	memcpy(attr + 1, data, size);
	message->nlmsg_len = NLMSG_ALIGN(message->nlmsg_len) + (uint32_t)NLA_ALIGN(attr->nla_len);
}

static void add_u32(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	add(message, type, &value, sizeof(value));
}

static void expect(struct fixture *fixture, enum estab_field id, const char *want)
{
	char buffer[256];
	int n = estab_socket_format(&fixture->row.sock, id, buffer, sizeof(buffer));

	if (n < 0)
		n = 0;
	assert_in_range(n, 0, sizeof(buffer) - 1);
	buffer[n] = '\0';
	assert_string_equal(buffer, want);
}

static const struct rtmsg head = {
	.rtm_family = AF_INET,
	.rtm_dst_len = 16,
	.rtm_table = RT_TABLE_MAIN,
	.rtm_protocol = RTPROT_STATIC,
	.rtm_scope = RT_SCOPE_UNIVERSE,
	.rtm_type = RTN_UNICAST,
};

static void test_route(void **state)
{
	static const uint8_t destination[] = { 10, 9, 0, 0 };
	static const uint8_t gateway[] = { 10, 1, 0, 2 };
	static const uint8_t source[] = { 10, 1, 0, 1 };
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWROUTE, &head, sizeof(head));

	add(message, RTA_DST, destination, 4);
	add(message, RTA_GATEWAY, gateway, 4);
	add(message, RTA_PREFSRC, source, 4);
	add_u32(message, RTA_PRIORITY, 5);
	add_u32(message, RTA_TABLE, 1000);
	/* Too short, and of a type that nobody knows: passed over. */
	add(message, RTA_DST, destination, 3);
	add(message, RTA_PRIORITY, destination, 2);
	add(message, 999, destination, 4);
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_ROW);
	expect(fixture, ESTAB_F_DESTINATION, "10.9.0.0/16");
	expect(fixture, ESTAB_F_GATEWAY, "10.1.0.2");
	expect(fixture, ESTAB_F_SOURCE, "10.1.0.1");
	expect(fixture, ESTAB_F_METRIC, "5");
	expect(fixture, ESTAB_F_TABLE, "1000");
	expect(fixture, ESTAB_F_KIND, "unicast");
	expect(fixture, ESTAB_F_ORIGIN, "static");
	expect(fixture, ESTAB_F_SCOPE, "global");
	expect(fixture, ESTAB_F_FLAGS, "UG");
	/* It has one next hop. */
	assert_int_equal(rt_route_decode(&fixture->env, message, 1, 2, &fixture->row), RT_SKIP);
}

static void test_multipath(void **state)
{
	static const uint8_t gateways[2][4] = { { 10, 1, 0, 4 }, { 10, 1, 0, 5 } };
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWROUTE, &head, sizeof(head));
	_Alignas(4) uint8_t hops[2][16] = { { 0 } };

	for (unsigned int i = 0; i < 2; i++) {
		struct rtnexthop hop = { .rtnh_len = 16, .rtnh_hops = (uint8_t)(i * 9) };
		struct nlattr attr = { .nla_len = 8, .nla_type = RTA_GATEWAY };

		memcpy(hops[i], &hop, sizeof(hop));
		memcpy(hops[i] + sizeof(hop), &attr, sizeof(attr));
		memcpy(hops[i] + sizeof(hop) + sizeof(attr), gateways[i], 4);
	}
	add(message, RTA_MULTIPATH, hops, sizeof(hops));
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_ROW);
	expect(fixture, ESTAB_F_GATEWAY, "10.1.0.4");
	expect(fixture, ESTAB_F_WEIGHT, "1");
	assert_int_equal(rt_route_decode(&fixture->env, message, 1, 2, &fixture->row), RT_ROW);
	expect(fixture, ESTAB_F_GATEWAY, "10.1.0.5");
	expect(fixture, ESTAB_F_WEIGHT, "10");
	assert_int_equal(rt_route_decode(&fixture->env, message, 2, 3, &fixture->row), RT_SKIP);

	/* A hop that is longer than what is there, and one of no length. */
	message = begin(fixture, RTM_NEWROUTE, &head, sizeof(head));
	hops[0][0] = 200;
	add(message, RTA_MULTIPATH, hops, sizeof(hops));
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_SKIP);
	message = begin(fixture, RTM_NEWROUTE, &head, sizeof(head));
	hops[0][0] = 0;
	add(message, RTA_MULTIPATH, hops, sizeof(hops));
	assert_int_equal(rt_route_decode(&fixture->env, message, 1, 1, &fixture->row), RT_SKIP);
}

static void test_via(void **state)
{
	static const uint8_t via[] = { AF_INET6, 0, 0xfe, 0x80, 0, 0, 0, 0, 0,
				       0,        0, 0,    0,    0, 0, 0, 0, 1 };
	static const uint16_t family = AF_INET6;
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWROUTE, &head, sizeof(head));
	uint8_t data[sizeof(via)];

	memcpy(data, via, sizeof(via));
	memcpy(data, &family, sizeof(family));
	add(message, RTA_VIA, data, sizeof(data));
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_ROW);
	expect(fixture, ESTAB_F_GATEWAY, "fe80::1");
	expect(fixture, ESTAB_F_FLAGS, "UG");
}

static void test_other_messages(void **state)
{
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWROUTE, &head, 4);
	struct rtmsg odd = head;
	struct rt_address address;

	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_SKIP);
	odd.rtm_family = AF_UNIX;
	message = begin(fixture, RTM_NEWROUTE, &odd, sizeof(odd));
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_SKIP);
	assert_int_equal(rt_address_decode(message, &address), RT_SKIP);
	assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut),
			 RT_SKIP);
}

static void test_link(void **state)
{
	static const uint8_t bytes[] = { 2, 0xfc, 0, 0, 0, 0xff };
	static const uint8_t own[] = { 192, 0, 2, 1 };
	static const uint8_t other[] = { 192, 0, 2, 9 };
	const struct ifaddrmsg address_head = { .ifa_family = AF_INET,
						.ifa_prefixlen = 24,
						.ifa_index = 7 };
	const struct ifinfomsg link_head = { .ifi_index = 7,
					     .ifi_type = ARPHRD_ETHER,
					     .ifi_flags = 0x1043 };
	struct rtnl_link_stats64 stats = { .rx_packets = 1, .tx_bytes = UINT64_MAX };
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWADDR, &address_head, sizeof(address_head));
	struct rt_address addresses[2];

	/* The other end of a point-to-point link is not an address of its own. */
	add(message, IFA_LOCAL, own, 4);
	add(message, IFA_ADDRESS, other, 4);
	assert_int_equal(rt_address_decode(message, &addresses[0]), RT_ROW);
	addresses[1] = addresses[0];
	addresses[1].index = 8;

	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	add(message, IFLA_IFNAME, "eth7", 5);
	add(message, IFLA_ADDRESS, bytes, sizeof(bytes));
	add_u32(message, IFLA_MTU, 1500);
	add(message, IFLA_OPERSTATE, "\6", 1);
	/* An older kernel's are shorter. */
	add(message, IFLA_STATS64, &stats, offsetof(struct rtnl_link_stats64, rx_errors));
	assert_int_equal(rt_link_decode(message, addresses, 2, 1, &fixture->row, &fixture->cut),
			 RT_ROW);
	expect(fixture, ESTAB_F_INTERFACE, "eth7");
	expect(fixture, ESTAB_F_INDEX, "7");
	expect(fixture, ESTAB_F_HWADDR, "02:fc:00:00:00:ff");
	expect(fixture, ESTAB_F_MTU, "1500");
	expect(fixture, ESTAB_F_OPERSTATE, "up");
	expect(fixture, ESTAB_F_LINK_TYPE, "ether");
	expect(fixture, ESTAB_F_FLAGS, "up,broadcast,running,multicast");
	expect(fixture, ESTAB_F_ADDRESSES, "192.0.2.1/24");
	expect(fixture, ESTAB_F_RX_PACKETS, "1");
	expect(fixture, ESTAB_F_TX_BYTES, "18446744073709551615");
	expect(fixture, ESTAB_F_RX_ERRORS, "");
}

static void test_address_details(void **state)
{
	static const uint8_t own[] = { 10, 0, 0, 1 }, other[] = { 10, 0, 0, 2 };
	static const uint8_t all[] = { 10, 0, 0, 255 };
	static const uint8_t own6[16] = { 0xfe, 0x80, [15] = 1 };
	struct ifaddrmsg address_head = { .ifa_family = AF_INET,
					  .ifa_prefixlen = 32,
					  .ifa_index = 7,
					  .ifa_scope = RT_SCOPE_LINK };
	const struct ifinfomsg link_head = { .ifi_index = 7, .ifi_type = 0xfffe };
	struct fixture *fixture = *state;
	struct rt_address addresses[3];
	struct nlmsghdr *message;

	/* Whatever comes first, and with a label that would take the list apart. */
	message = begin(fixture, RTM_NEWADDR, &address_head, sizeof(address_head));
	add(message, IFA_ADDRESS, other, 4);
	add(message, IFA_LOCAL, own, 4);
	add(message, IFA_LABEL, "tun0:1, x", 10);
	assert_int_equal(rt_address_decode(message, &addresses[0]), RT_ROW);
	address_head.ifa_scope = 201;
	message = begin(fixture, RTM_NEWADDR, &address_head, sizeof(address_head));
	add(message, IFA_LABEL, "0123456789abcdefghi", 19);
	add(message, IFA_BROADCAST, all, 4);
	add(message, IFA_BROADCAST, own6, sizeof(own6));
	add(message, IFA_LOCAL, own, 4);
	add(message, IFA_ADDRESS, own, 4);
	assert_int_equal(rt_address_decode(message, &addresses[1]), RT_ROW);
	address_head.ifa_family = AF_INET6;
	address_head.ifa_scope = RT_SCOPE_UNIVERSE;
	message = begin(fixture, RTM_NEWADDR, &address_head, sizeof(address_head));
	add(message, IFA_ADDRESS, own6, sizeof(own6));
	assert_int_equal(rt_address_decode(message, &addresses[2]), RT_ROW);

	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	assert_int_equal(rt_link_decode(message, addresses, 3, 1, &fixture->row, &fixture->cut),
			 RT_ROW);
	expect(fixture, ESTAB_F_ADDRESSES, "10.0.0.1/32,10.0.0.1/32,fe80::1/32");
	expect(fixture, ESTAB_F_ADDRESS_DETAILS,
	       "10.0.0.1/32 peer 10.0.0.2 scope link label tun0:1??x,"
	       "10.0.0.1/32 broadcast 10.0.0.255 scope 201 label 0123456789abcde,"
	       "fe80::1/32 scope global");
	/* No word for this kind of device. */
	expect(fixture, ESTAB_F_LINK_TYPE, "");
}

/* A load balancer may have thousands. */
static void test_many_addresses(void **state)
{
	enum { COUNT = 4000 };
	const struct ifinfomsg link_head = { .ifi_index = 7, .ifi_type = ARPHRD_ETHER };
	struct rt_address *addresses = calloc(COUNT, sizeof(*addresses));
	struct fixture *fixture = *state;
	struct nlmsghdr *message;

	assert_non_null(addresses);
	for (uint32_t i = 0; i < COUNT; i++)
		addresses[i] = (struct rt_address){
			.index = 7,
			.number = i,
			.family = ESTAB_FAMILY_INET6,
			.prefix = 128,
			.bytes = { 0x20, 1, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i },
		};
	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	add(message, IFLA_IFNAME, "eth7", 5);
	assert_int_equal(rt_link_decode(message, addresses, COUNT, 1, &fixture->row, &fixture->cut),
			 RT_ROW);
	assert_in_range(fixture->cut.addresses, 1, COUNT - 1000);
	assert_in_range(fixture->cut.details, fixture->cut.addresses + 1, COUNT - 500);
	assert_int_equal(rt_link_decode(message, addresses, 100, 1, &fixture->row, &fixture->cut),
			 RT_ROW);
	assert_int_equal(fixture->cut.addresses + fixture->cut.details, 0);
	free(addresses);
}

static void test_bus(void **state)
{
	const struct ifinfomsg link_head = { .ifi_index = 7, .ifi_type = ARPHRD_ETHER };
	struct rtnl_link_ifmap map = { .mem_start = 0xf7d00000,
				       .mem_end = 0xf7d20000,
				       .base_addr = 0x300,
				       .irq = 16,
				       .dma = 3 };
	struct fixture *fixture = *state;
	struct nlmsghdr *message;

	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	add(message, IFLA_MAP, &map, sizeof(map));
	assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut), RT_ROW);
	expect(fixture, ESTAB_F_IRQ, "16");
	expect(fixture, ESTAB_F_IO_BASE, "768");
	expect(fixture, ESTAB_F_MEMORY_START, "4157603840");
	expect(fixture, ESTAB_F_MEMORY_END, "4157734912");
	expect(fixture, ESTAB_F_DMA, "3");

	/* None of it, and one that is cut. */
	map = (struct rtnl_link_ifmap){ 0 };
	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	add(message, IFLA_MAP, &map, sizeof(map));
	assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut), RT_ROW);
	expect(fixture, ESTAB_F_IRQ, "");
	expect(fixture, ESTAB_F_MEMORY_END, "");
	map.irq = 9;
	message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	add(message, IFLA_MAP, &map, 8);
	assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut), RT_ROW);
	expect(fixture, ESTAB_F_IRQ, "");
}

static void test_counters(void **state)
{
#define COUNTER(id, member)                                              \
	{                                                                \
		ESTAB_F_##id, offsetof(struct rtnl_link_stats64, member) \
	}
	static const struct {
		enum estab_field field;
		size_t offset;
	} counters[] = {
		COUNTER(RX_PACKETS, rx_packets),        COUNTER(RX_BYTES, rx_bytes),
		COUNTER(RX_ERRORS, rx_errors),          COUNTER(RX_DROPPED, rx_dropped),
		COUNTER(RX_OVERRUNS, rx_fifo_errors),   COUNTER(RX_FRAME, rx_frame_errors),
		COUNTER(RX_COMPRESSED, rx_compressed),  COUNTER(RX_MULTICAST, multicast),
		COUNTER(TX_PACKETS, tx_packets),        COUNTER(TX_BYTES, tx_bytes),
		COUNTER(TX_ERRORS, tx_errors),          COUNTER(TX_DROPPED, tx_dropped),
		COUNTER(TX_OVERRUNS, tx_fifo_errors),   COUNTER(TX_COLLISIONS, collisions),
		COUNTER(TX_CARRIER, tx_carrier_errors), COUNTER(TX_COMPRESSED, tx_compressed),
	};
#undef COUNTER
	const struct ifinfomsg link_head = { .ifi_index = 1 };
	struct rtnl_link_stats64 stats;
	struct fixture *fixture = *state;
	struct nlmsghdr *message = begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));
	uint64_t *member = (uint64_t *)&stats;
	char want[24];

	for (size_t i = 0; i < sizeof(stats) / sizeof(*member); i++)
		member[i] = i * i + 7;
	add(message, IFLA_STATS64, &stats, sizeof(stats));
	add(message, IFLA_QDISC, "fq_codel", 9);
	add_u32(message, IFLA_TXQLEN, 1000);
	assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut), RT_ROW);
	for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
		size_t at = counters[i].offset / sizeof(*member);

		snprintf(want, sizeof(want), "%zu", at * at + 7);
		expect(fixture, counters[i].field, want);
	}
	expect(fixture, ESTAB_F_QDISC, "fq_codel");
	expect(fixture, ESTAB_F_TXQLEN, "1000");
}

static void test_route_numbers(void **state)
{
	struct rta_cacheinfo cache = { .rta_expires = 0 };
	struct fixture *fixture = *state;
	struct rtmsg route = head;
	struct nlmsghdr *message;

	route.rtm_tos = 16;
	route.rtm_dst_len = 17;
	cache.rta_expires = (int32_t)(77 * sysconf(_SC_CLK_TCK));
	message = begin(fixture, RTM_NEWROUTE, &route, sizeof(route));
	add_u32(message, RTA_NH_ID, 4242);
	add(message, RTA_CACHEINFO, &cache, sizeof(cache));
	assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row), RT_ROW);
	expect(fixture, ESTAB_F_PREFIX_LENGTH, "17");
	expect(fixture, ESTAB_F_TOS, "16");
	expect(fixture, ESTAB_F_NEXTHOP, "4242");
	expect(fixture, ESTAB_F_EXPIRES_S, "77");
}

/* Words for numbers that the row has, and null for those that no word is known for. */
static void test_words(void **state)
{
	static const struct {
		uint8_t kind, scope, origin;
		const char *words[3];
	} cases[] = {
		{ RTN_UNICAST, RT_SCOPE_UNIVERSE, RTPROT_BOOT, { "unicast", "global", "boot" } },
		{ RTN_LOCAL, RT_SCOPE_HOST, RTPROT_KERNEL, { "local", "host", "kernel" } },
		{ RTN_BROADCAST, RT_SCOPE_LINK, RTPROT_STATIC, { "broadcast", "link", "static" } },
		{ RTN_ANYCAST, RT_SCOPE_SITE, 9, { "anycast", "site", "ra" } },
		{ RTN_BLACKHOLE, RT_SCOPE_NOWHERE, 186, { "blackhole", "nowhere", "bgp" } },
		{ RTN_THROW, 77, 250, { "throw", "", "" } },
		{ 99, 0, 16, { "", "global", "dhcp" } },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rtmsg route = head;
		struct nlmsghdr *message;

		route.rtm_type = cases[i].kind;
		route.rtm_scope = cases[i].scope;
		route.rtm_protocol = cases[i].origin;
		message = begin(fixture, RTM_NEWROUTE, &route, sizeof(route));
		assert_int_equal(rt_route_decode(&fixture->env, message, 0, 1, &fixture->row),
				 RT_ROW);
		expect(fixture, ESTAB_F_KIND, cases[i].words[0]);
		expect(fixture, ESTAB_F_SCOPE, cases[i].words[1]);
		expect(fixture, ESTAB_F_ORIGIN, cases[i].words[2]);
	}
}

static void test_link_words(void **state)
{
	static const struct {
		unsigned short type;
		uint8_t operstate;
		const char *words[2];
	} cases[] = {
		{ ARPHRD_LOOPBACK, 0, { "loopback", "unknown" } },
		{ ARPHRD_PPP, 2, { "ppp", "down" } },
		{ ARPHRD_SIT, 3, { "sit", "lower-layer-down" } },
		{ ARPHRD_INFINIBAND, 5, { "infiniband", "dormant" } },
		{ 0xffff, 7, { "", "" } },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ifinfomsg link_head = { .ifi_index = 1, .ifi_type = cases[i].type };
		struct nlmsghdr *message =
			begin(fixture, RTM_NEWLINK, &link_head, sizeof(link_head));

		add(message, IFLA_OPERSTATE, &cases[i].operstate, 1);
		assert_int_equal(rt_link_decode(message, NULL, 0, 1, &fixture->row, &fixture->cut),
				 RT_ROW);
		expect(fixture, ESTAB_F_LINK_TYPE, cases[i].words[0]);
		expect(fixture, ESTAB_F_OPERSTATE, cases[i].words[1]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_route, setup, teardown),
		cmocka_unit_test_setup_teardown(test_multipath, setup, teardown),
		cmocka_unit_test_setup_teardown(test_via, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_details, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_addresses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bus, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_route_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_words, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_words, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
