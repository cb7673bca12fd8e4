/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Addresses of a network namespace: the input is lines of the two text files, and a message of netlink. */
#include "netaddr.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static void feed_lines(const char *data, size_t size)
{
	struct netaddr_set trie_set = { 0 };
	struct netaddr_set inet6_set = { 0 };
	struct netaddr_trie trie = { 0 };
	size_t n = 0;

	for (size_t at = 0; at < size; n++) {
		const char *newline = memchr(data + at, '\n', size - at);
		struct cursor line = { data + at, newline ? newline : data + size };

		must(netaddr_trie_line(&trie, line, &trie_set) == 0);
		must(netaddr_inet6_line(line, &inet6_set) == 0);
		at = (size_t)(line.end - data) + 1;
	}
	/* An address takes two lines, or one. */
	must(trie_set.n <= n / 2 && inet6_set.n <= n);
	free(trie_set.addrs);
	free(inet6_set.addrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_copy(data, size);
	struct netaddr_set set = { .known = true };
	struct netaddrs netaddrs = { 0 };

	feed_lines(text, size);
	if (size >= sizeof(struct nlmsghdr)) {
		/* The walk before it has seen to that. */
		((struct nlmsghdr *)(void *)text)->nlmsg_len = (uint32_t)size;
		must(netaddr_take_message(&set, (const struct nlmsghdr *)(const void *)text) == 0);
		must(set.n <= 1);
	}
	must(netaddrs_add(&netaddrs, &set) == 0);
	netaddrs_free(&netaddrs);
	free(text);
	return 0;
}
