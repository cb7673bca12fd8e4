/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "tally.h"

#include <string.h>
#include <unistd.h>

#include "util.h"

const enum estab_field tally_fields[] = { ESTAB_F_PROTO, ESTAB_F_STATE, ESTAB_F_FAMILY,
					  ESTAB_F_TIMER_KIND, ESTAB_F_NETLINK_PORTID };
const size_t tally_n_fields = ARRAY_SIZE(tally_fields);

static const char *word(const struct estab_socket *sock, enum estab_field field)
{
	const char *text;

	return estab_socket_get_str(sock, field, &text) == 0 ? text : "-";
}

static bool is(const char *a, const char *b)
{
	return a == b || strcmp(a, b) == 0;
}

static bool is_same(const struct tally_entry *a, const struct tally_entry *b)
{
	return is(a->state, b->state) && is(a->proto, b->proto) && is(a->family, b->family) &&
	       a->time_wait == b->time_wait && a->apart == b->apart;
}

/* The kernel's own end of netlink has no program; ours was not there when the kernel counted. */
static bool is_apart(const struct estab_socket *sock)
{
	uint64_t portid;

	return estab_socket_get_u64(sock, ESTAB_F_NETLINK_PORTID, &portid) == 0 &&
	       (portid == 0 || portid == (uint64_t)getpid());
}

void tally_add(struct tally *tally, const struct estab_socket *sock)
{
	struct tally_entry entry = {
		.proto = word(sock, ESTAB_F_PROTO),
		.state = word(sock, ESTAB_F_STATE),
		.family = word(sock, ESTAB_F_FAMILY),
		.time_wait = is(word(sock, ESTAB_F_TIMER_KIND), "time-wait"),
		.apart = is_apart(sock),
	};
	size_t at = tally->last;

	if (at >= tally->n || !is_same(&tally->entries[at], &entry))
		for (at = 0; at < tally->n && !is_same(&tally->entries[at], &entry);)
			at++;
	if (at == TALLY_MAX)
		return;
	if (at == tally->n)
		tally->entries[tally->n++] = entry;
	tally->entries[at].count++;
	tally->last = at;
}

uint64_t tally_sum(const struct tally *tally, const char *proto, const char *state,
		   const char *family)
{
	uint64_t count = 0;

	for (size_t i = 0; i < tally->n; i++) {
		const struct tally_entry *entry = &tally->entries[i];

		if ((!proto || is(entry->proto, proto)) && (!state || is(entry->state, state)) &&
		    (!family || is(entry->family, family)))
			count += entry->count;
	}
	return count;
}

/* Sockets that programs can still do something with: the kernel counts these where it says that
 * they are in use, and of TCP only those that others can find. */
static bool is_in_use(const struct tally_entry *entry, bool findable)
{
	if (entry->apart || entry->time_wait || is(entry->state, "time-wait") ||
	    is(entry->state, "syn-recv"))
		return false;
	return !findable || !is(entry->proto, "tcp") ||
	       !(is(entry->state, "bound") || is(entry->state, "unconnected"));
}

static bool is_counted(const struct tally_entry *entry, const char *name)
{
	static const struct {
		const char *name;
		const char *proto;
		const char *family; /* NULL: any */
	} in_use[] = {
		{ "tcp.inuse", "tcp", "inet" },         { "tcp6.inuse", "tcp", "inet6" },
		{ "udp.inuse", "udp", "inet" },         { "udp6.inuse", "udp", "inet6" },
		{ "udplite.inuse", "udplite", "inet" }, { "udplite6.inuse", "udplite", "inet6" },
		{ "raw.inuse", "raw", "inet" },         { "raw6.inuse", "raw", "inet6" },
		{ "icmp.inuse", "icmp", "inet" },       { "icmp6.inuse", "icmp", "inet6" },
		{ "mptcp.inuse", "mptcp", "inet" },     { "mptcp6.inuse", "mptcp", "inet6" },
		{ "packet.inuse", "packet", NULL },     { "unix.inuse", "unix", NULL },
	};

	if (is(name, "sockets.used"))
		return is_in_use(entry, false);
	if (is(name, "tcp.tw"))
		return is(entry->proto, "tcp") &&
		       (entry->time_wait || is(entry->state, "time-wait"));
	if (is(name, "tcp.curr_estab"))
		return is(entry->proto, "tcp") &&
		       (is(entry->state, "established") || is(entry->state, "close-wait"));
	for (size_t i = 0; i < ARRAY_SIZE(in_use); i++)
		if (is(in_use[i].name, name))
			return is(entry->proto, in_use[i].proto) && is_in_use(entry, true) &&
			       (!in_use[i].family || is(entry->family, in_use[i].family));
	return false;
}

bool tally_like_kernel(const struct tally *tally, const char *name, uint64_t *ret_count)
{
	size_t length = strlen(name);
	uint64_t count = 0;

	if (!is(name, "sockets.used") && !is(name, "tcp.tw") && !is(name, "tcp.curr_estab") &&
	    (length < 6 || !is(name + length - 6, ".inuse") || strncmp(name, "frag", 4) == 0))
		return false;
	for (size_t i = 0; i < tally->n; i++)
		if (is_counted(&tally->entries[i], name))
			count += tally->entries[i].count;
	*ret_count = count;
	return true;
}
