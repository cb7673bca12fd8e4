/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -s: the kernel's counters, as sentences. */
#include <string.h>

#include "compat-netstat-tables.h"
#include "compat-netstat-words.h"
#include "util.h"

enum { OF_ALL, OF_RAW, OF_TCP, OF_UDP, OF_SCTP };

/* The sections as the old tool knows them, and the protocol that each is shown with. */
static const struct netstat_section {
	const char *name;
	const char *title;
	const char *prefix; /* of names that have no sentence */
	int of;
} sections[] = {
	{ "ip", "Ip", "", OF_RAW },
	{ "icmp", "Icmp", "", OF_RAW },
	{ "icmpmsg", "IcmpMsg", "", OF_ALL },
	{ "tcp", "Tcp", "", OF_TCP },
	{ "udp", "Udp", "", OF_UDP },
	{ "udplite", "UdpLite", "", OF_ALL },
	{ "tcpext", "TcpExt", "", OF_TCP },
	{ "ipext", "IpExt", "", OF_ALL },
	{ "mptcpext", "MPTcpExt", "", OF_ALL },
	{ "sctp", "Sctp", "Sctp", OF_SCTP },
	{ "ip6", "Ip6", "Ip6", OF_RAW },
	{ "icmp6", "Icmp6", "Icmp6", OF_RAW },
	{ "udp6", "Udp6", "Udp6", OF_UDP },
	{ "udplite6", "UdpLite6", "UdpLite6", OF_ALL },
};

static const struct netstat_section *find_section(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (strcmp(sections[i].name, name) == 0)
			return &sections[i];
	return NULL;
}

static bool is_shown(const struct netstat *netstat, const struct netstat_section *section)
{
	switch (section->of) {
	case OF_RAW:
		return netstat->options.raw;
	case OF_TCP:
		return netstat->options.tcp;
	case OF_UDP:
		return netstat->options.udp;
	case OF_SCTP:
		return netstat->options.sctp;
	default:
		return true;
	}
}

static size_t indent_of(enum netstat_kind kind)
{
	return kind == NETSTAT_INPUT || kind == NETSTAT_OUTPUT ? 8 : 4;
}

static void put_sentence(struct buf *out, const char *text, int64_t value)
{
	const char *mark = strchr(text, '%');

	buf_put(out, text, (size_t)(mark - text));
	buf_u64(out, (uint64_t)value);
	buf_str(out, mark + 1);
}

static void put_value(struct netstat *netstat, const struct netstat_section *section,
		      const char *name, int64_t value)
{
	const struct netstat_words *words = netstat_find_words(netstat->sentences, name);
	/* What has no sentence stands where the line before it stood. */
	enum netstat_kind kind = words ? words->kind : netstat->kind;
	struct buf *out = &netstat->out;

	if (kind == NETSTAT_NEVER)
		return;
	if (indent_of(kind) > 4 && netstat->kind != kind) {
		buf_blanks(out, indent_of(netstat->kind));
		buf_str(out, kind == NETSTAT_INPUT ? "ICMP input histogram:\n"
						   : "ICMP output histogram:\n");
	}
	netstat->kind = kind;
	if (value == 0 && (!words || kind != NETSTAT_ALWAYS))
		return;
	buf_blanks(out, indent_of(kind));
	if (words) {
		put_sentence(out, words->text, value);
	} else {
		buf_str(out, section->prefix);
		buf_escape(out, name, strlen(name));
		buf_str(out, ": ");
		buf_u64(out, (uint64_t)value);
	}
	buf_char(out, '\n');
}

static void put_row(struct netstat *netstat, const struct estab_socket *row)
{
	const char *name = compat_str(row, ESTAB_F_NAME);
	const char *word = compat_str(row, ESTAB_F_SECTION);
	const struct netstat_section *section = netstat->section;
	int64_t value = 0;

	/* A section's rows come one after another. */
	if (word && !(section && strcmp(section->name, word) == 0))
		section = find_section(word);
	if (!word || !section || !name || estab_socket_get_i64(row, ESTAB_F_VALUE, &value) < 0)
		return;
	if (netstat->section != section) {
		/* Behind sections without sentences the indent stays what it was. */
		if (section->of != OF_ALL)
			netstat->kind = NETSTAT_ALWAYS;
		netstat->section = section;
		netstat->sentences = netstat_find_sentences(section->name);
		if (is_shown(netstat, section)) {
			buf_str(&netstat->out, section->title);
			buf_str(&netstat->out, ":\n");
		}
	}
	if (is_shown(netstat, section))
		put_value(netstat, section, name, value);
}

/* Of what the kernel keeps for both versions, -6 shows only TCP's. */
static void put_tcp(struct netstat *netstat, const struct estab_socket *row)
{
	const char *word = compat_str(row, ESTAB_F_SECTION);

	if (word && strcmp(word, "tcp") == 0)
		put_row(netstat, row);
}

/* The old tool knows statistics of one family at a time, and says so where others go to a file. */
static int refuse_families(struct netstat *netstat)
{
	struct buf *out = &netstat->out;

	buf_str(out, "netstat: No statistics support for specified address family: ");
	for (size_t i = 0; i < netstat->options.n_families; i++) {
		if (i > 0)
			buf_char(out, ',');
		buf_str(out, netstat->options.families[i]);
	}
	buf_char(out, '\n');
	return NETSTAT_FAILED;
}

int netstat_statistics(struct netstat *netstat)
{
	static const uint32_t inet = UINT32_C(1) << ESTAB_FAMILY_INET;
	static const uint32_t inet6 = UINT32_C(1) << ESTAB_FAMILY_INET6;
	static const char none[] = ": No such file or directory";
	size_t n_families = netstat->options.n_families;
	const char *family = n_families > 0 ? netstat->options.families[0] : "inet";

	netstat->section = NULL;
	netstat->kind = NETSTAT_ALWAYS;
	if (n_families > 1 || (strcmp(family, "inet") != 0 && strcmp(family, "inet6") != 0))
		return refuse_families(netstat);
	if (strcmp(family, "inet") == 0) {
		if (netstat_rows(netstat, ESTAB_SUBJECT_STATS, inet, NULL, put_row) < 0)
			netstat_complain("cannot open ", "/proc/net/snmp", none);
	} else if (netstat_rows(netstat, ESTAB_SUBJECT_STATS, inet6, NULL, put_row) < 0) {
		netstat_complain("cannot open ", "/proc/net/snmp6", none);
	} else {
		netstat_rows(netstat, ESTAB_SUBJECT_STATS, inet, NULL, put_tcp);
	}
	return NETSTAT_OK;
}
