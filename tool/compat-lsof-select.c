/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Which descriptors lsof(8) shows: -i, -s, -p, -g, -u, -c, and -a. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "compat-lsof.h"
#include "util.h"

/* ---- what stands behind -i ---- */

static const struct {
	const char *name;
	enum estab_proto proto;
} protocols[] = {
	{ "tcp", ESTAB_PROTO_TCP },
	{ "udp", ESTAB_PROTO_UDP },
	{ "udplite", ESTAB_PROTO_UDPLITE },
};

#define ALL_PROTOCOLS (BIT64(ESTAB_PROTO_TCP) | BIT64(ESTAB_PROTO_UDP) | BIT64(ESTAB_PROTO_UDPLITE))

static int bad(const char *what, const char *text)
{
	return lsof_usage(what, text);
}

static bool read_address(const char *name, char family, struct estab_addr *ret)
{
	struct addrinfo hints = {
		.ai_family = family == '4'   ? AF_INET
			     : family == '6' ? AF_INET6
					     : AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *list;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	*ret = (struct estab_addr){ 0 };
	if (list->ai_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)list->ai_addr;

		ret->family = ESTAB_FAMILY_INET;
		memcpy(ret->bytes, &in->sin_addr, sizeof(in->sin_addr));
	} else {
		const struct sockaddr_in6 *in6 = (const void *)list->ai_addr;

		ret->family = ESTAB_FAMILY_INET6;
		memcpy(ret->bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	}
	freeaddrinfo(list);
	return true;
}

static bool read_port(const struct lsof_net *net, const char *word, uint16_t *ret)
{
	const struct servent *service = NULL;
	uint32_t number = 0;
	const char *at = word;

	for (; *at >= '0' && *at <= '9' && number <= UINT16_MAX; at++)
		number = number * 10 + (uint32_t)(*at - '0');
	if (at > word && *at == '\0' && number <= UINT16_MAX) {
		*ret = (uint16_t)number;
		return true;
	}
	if (net->protos & BIT64(ESTAB_PROTO_TCP))
		/* cppcheck-suppress getservbynameCalled */
		service = getservbyname(word, "tcp");
	if (!service && net->protos & ~BIT64(ESTAB_PROTO_TCP))
		/* cppcheck-suppress getservbynameCalled */
		service = getservbyname(word, "udp");
	if (service)
		*ret = ntohs((uint16_t)service->s_port);
	return service != NULL;
}

/* "22,80-90,https" */
static int read_ports(struct lsof_net *net, char *list, const char *whole)
{
	if (*list == '\0')
		return bad("unacceptable port specification in: -i", whole);
	while (list) {
		char *word = strsep(&list, ",");
		char *dash;
		uint16_t from, to;

		if (net->n_ranges == LSOF_RANGES_MAX)
			return bad("too many ports in: -i", whole);
		/* A comma too many at the end is let pass. */
		if (*word == '\0' && !list && net->n_ranges > 0)
			return 0;
		/* A name may have a dash, too. */
		if (read_port(net, word, &from)) {
			to = from;
		} else {
			dash = strchr(word, '-');
			if (dash)
				*dash = '\0';
			if (!dash || !read_port(net, word, &from) || !read_port(net, dash + 1, &to))
				return bad("unknown service in: -i", whole);
			if (from > to)
				return bad("unacceptable port specification in: -i", whole);
		}
		net->ranges[net->n_ranges].from = from;
		net->ranges[net->n_ranges++].to = to;
	}
	return 0;
}

static int read_protocol(struct lsof_net *net, const char *text, size_t length, const char *whole)
{
	if (length == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (strlen(protocols[i].name) == length &&
		    strncasecmp(protocols[i].name, text, length) == 0) {
			net->protos = BIT64(protocols[i].proto);
			return 0;
		}
	}
	return bad("unknown protocol name in: -i", whole);
}

/* "@host", "@1.2.3.4", "@[::1]"; *text is moved behind it. */
static int read_host(struct lsof_net *net, char **text, const char *whole)
{
	char *host = *text + 1;
	char *end;
	char kept;
	bool known;

	if (*host == '[') {
		host++;
		end = strchr(host, ']');
		if (!end)
			return bad("unacceptable Internet address in: -i", whole);
		*end++ = '\0';
	} else {
		end = host + strcspn(host, ":");
	}
	kept = *end;
	if (kept != '\0' && kept != ':')
		return bad("unacceptable Internet address in: -i", whole);
	*end = '\0';
	known = *host != '\0' && read_address(host, net->family, &net->addr);
	*end = kept;
	*text = end;
	net->has_addr = known;
	if (known && compat_is_any(&net->addr))
		return bad("incomplete Internet address specification: -i", whole);
	return known ? 0 : bad("unacceptable Internet address in: -i", whole);
}

static int read_net(struct lsof_net *net, char *text, const char *whole)
{
	size_t length;
	int status;

	if (*text == '4' || *text == '6')
		net->family = *text++;
	length = strcspn(text, "@:");
	status = read_protocol(net, text, length, whole);
	text += length;
	if (status == 0 && *text == '@')
		status = read_host(net, &text, whole);
	if (status == 0 && *text == ':')
		status = read_ports(net, text + 1, whole);
	return status;
}

int lsof_parse_net(struct lsof_options *options, const char *text)
{
	struct lsof_net net = {
		.text = text,
		.protos = ALL_PROTOCOLS,
		.family = options->net_family,
	};
	char *copy;
	int status;

	options->net = true;
	if (*text == '\0') {
		options->net_all = true;
		options->net_family = 0;
		return 0;
	}
	if ((*text == '4' || *text == '6') && text[1] == '\0') {
		options->net_family =
			options->net_family && options->net_family != *text ? 0 : *text;
		options->net_all = true;
		return 0;
	}
	if (options->n_nets == LSOF_ITEMS_MAX)
		return bad("too many: -i", text);
	copy = strdup(text);
	if (!copy)
		return bad("-i", "out of memory");
	status = read_net(&net, copy, text);
	free(copy);
	if (status == 0)
		options->nets[options->n_nets++] = net;
	return status;
}

/* ---- sockets ---- */

static bool end_matches(const struct lsof_net *net, const struct estab_addr *end, uint16_t port)
{
	struct estab_addr addr = compat_bare(end);

	if (net->family && (net->family == '4') != (addr.family == ESTAB_FAMILY_INET))
		return false;
	if (net->has_addr && (addr.family != net->addr.family ||
			      memcmp(addr.bytes, net->addr.bytes, sizeof(addr.bytes)) != 0))
		return false;
	for (size_t i = 0; i < net->n_ranges; i++)
		if (port >= net->ranges[i].from && port <= net->ranges[i].to)
			return true;
	return net->n_ranges == 0;
}

/* Any item that finds it, or the -i without one; with -a both. */
static bool net_matches(struct lsof *lsof, const struct lsof_file *file,
			const struct estab_tuple *tuple)
{
	struct lsof_options *options = &lsof->options;
	bool among_all = options->net_all && (!options->net_family ||
					      (options->net_family == '4') ==
						      (tuple->local.family == ESTAB_FAMILY_INET));
	bool any = false;

	lsof->net_found |= among_all;
	for (size_t i = 0; i < options->n_nets; i++) {
		struct lsof_net *net = &options->nets[i];

		if (!(net->protos & BIT64(file->proto)))
			continue;
		if (!end_matches(net, &tuple->local, tuple->local_port) &&
		    (tuple->peer_port == 0 || !end_matches(net, &tuple->peer, tuple->peer_port)))
			continue;
		net->found = true;
		any = true;
	}
	if (options->all && options->net_all && options->n_nets > 0)
		return any && among_all;
	return any || among_all;
}

static bool socket_wanted(struct lsof *lsof, const struct lsof_file *file)
{
	struct lsof_options *options = &lsof->options;
	struct estab_tuple tuple = { .size = sizeof(tuple) };

	if (file->proto == ESTAB_PROTO_UNIX)
		return options->unix_sockets;
	if (!options->net || estab_socket_get_tuple(file->sock, &tuple) < 0)
		return false;
	lsof->states_found |= BIT32(tuple.state);
	if (options->without_states & BIT32(tuple.state) ||
	    (options->states != 0 && !(options->states & BIT32(tuple.state))))
		return false;
	return net_matches(lsof, file, &tuple);
}

/* ---- processes ---- */

static bool item_matches(const struct lsof_item *item, const char *text, uint64_t number)
{
	if (item->pattern)
		return regexec(item->pattern, text, 0, NULL, 0) == 0;
	if (item->text)
		return strncmp(text, item->text, strlen(item->text)) == 0;
	return item->number == number;
}

/* An empty list, and one that only takes away, wants all the others. */
static bool list_wants(struct lsof_list *list, const char *text, uint64_t number)
{
	bool wanted = true, any = false;

	for (size_t i = 0; i < list->n; i++) {
		struct lsof_item *item = &list->items[i];
		bool matches = item_matches(item, text, number);

		item->found |= matches;
		if (item->without && matches)
			return false;
		if (!item->without) {
			wanted = any || matches;
			any |= matches;
		}
	}
	return wanted;
}

static bool process_wanted(struct lsof *lsof, const struct lsof_file *file)
{
	struct lsof_options *options = &lsof->options;
	const void *bytes = "";
	size_t length = 0;
	char command[64];
	bool wanted;

	if (estab_owner_get_bytes(file->owner, ESTAB_F_OWNER_COMM, &bytes, &length) < 0)
		length = 0;
	length = MIN(length, sizeof(command) - 1);
	memcpy(command, bytes, length);
	command[length] = '\0';
	/* All are asked, so that each knows what it found; commands only of what is wanted yet. */
	wanted = list_wants(&options->pids, "", file->pid);
	wanted &= list_wants(&options->groups, "", lsof_owner_u64(file->owner, ESTAB_F_OWNER_PGID));
	wanted &= list_wants(&options->users, "", lsof_owner_u64(file->owner, ESTAB_F_OWNER_UID));
	return wanted && list_wants(&options->commands, command, 0);
}

/* ---- both ---- */

/* What the other end of a connection is looked up by: its numbers, whose addresses are compared then;
 * of unix its inode, or that of the end that it is connected to. */
enum { KEY_INODE = 1, KEY_PEER_INODE = 2, KEY_PORTS = 3 };

static uint64_t make_key(unsigned int kind, uint64_t value)
{
	return (uint64_t)kind << 60 | value;
}

static uint64_t ports_key(enum estab_proto proto, uint16_t local, uint16_t peer)
{
	return make_key(KEY_PORTS, (uint64_t)proto << 32 | (uint32_t)local << 16 | peer);
}

static int compare_keys(const void *a, const void *b)
{
	const struct lsof_key *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

static void add_key(struct lsof *lsof, uint64_t key, size_t file)
{
	lsof->keys[lsof->n_keys++] = (struct lsof_key){ key, (uint32_t)file };
}

static void index_files(struct lsof *lsof)
{
	free(lsof->keys);
	lsof->n_keys = 0;
	lsof->keys = calloc(2 * lsof->n_files + 1, sizeof(*lsof->keys));
	if (!lsof->keys) {
		lsof->error = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < lsof->n_files; i++) {
		const struct lsof_file *file = &lsof->files[i];
		struct estab_tuple tuple = { .size = sizeof(tuple) };
		uint64_t peer = compat_u64(file->sock, ESTAB_F_PEER_INODE, 0);

		if (file->proto == ESTAB_PROTO_UNIX) {
			add_key(lsof, make_key(KEY_INODE, compat_u64(file->sock, ESTAB_F_INODE, 0)),
				i);
			if (peer != 0)
				add_key(lsof, make_key(KEY_PEER_INODE, peer), i);
		} else if (estab_socket_get_tuple(file->sock, &tuple) == 0 &&
			   tuple.peer_port != 0) {
			add_key(lsof, ports_key(file->proto, tuple.local_port, tuple.peer_port), i);
		}
	}
	qsort(lsof->keys, lsof->n_keys, sizeof(*lsof->keys), compare_keys);
}

static bool is_peer(const struct lsof_file *file, const struct estab_tuple *tuple)
{
	struct estab_tuple other = { .size = sizeof(other) };

	return estab_socket_get_tuple(file->sock, &other) == 0 &&
	       memcmp(other.local.bytes, tuple->peer.bytes, sizeof(other.local.bytes)) == 0 &&
	       memcmp(other.peer.bytes, tuple->local.bytes, sizeof(other.peer.bytes)) == 0;
}

/* The first of that key that the tuple, if there is one, is the other end of. */
static const struct lsof_file *find_key(const struct lsof *lsof, uint64_t key,
					const struct estab_tuple *tuple)
{
	size_t low = 0, high = lsof->n_keys;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lsof->keys[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < lsof->n_keys && lsof->keys[low].key == key; low++) {
		const struct lsof_file *file = &lsof->files[lsof->keys[low].file];

		if (!tuple || is_peer(file, tuple))
			return file;
	}
	return NULL;
}

const struct lsof_file *lsof_find_peer(const struct lsof *lsof, const struct lsof_file *file)
{
	struct estab_tuple tuple = { .size = sizeof(tuple) };
	uint64_t peer = compat_u64(file->sock, ESTAB_F_PEER_INODE, 0);

	if (file->proto == ESTAB_PROTO_UNIX && peer != 0)
		return find_key(lsof, make_key(KEY_INODE, peer), NULL);
	/* Whoever sends to it. */
	if (file->proto == ESTAB_PROTO_UNIX)
		return find_key(lsof,
				make_key(KEY_PEER_INODE, compat_u64(file->sock, ESTAB_F_INODE, 0)),
				NULL);
	if (estab_socket_get_tuple(file->sock, &tuple) < 0 || tuple.peer_port == 0)
		return NULL;
	return find_key(lsof, ports_key(file->proto, tuple.peer_port, tuple.local_port), &tuple);
}

void lsof_select(struct lsof *lsof)
{
	lsof->n_shown = 0;
	if (lsof->options.endpoints)
		index_files(lsof);
	for (size_t i = 0; i < lsof->n_files; i++) {
		struct lsof_file *file = &lsof->files[i];

		/* What a process that is not wanted has, is not looked at. */
		file->shown = process_wanted(lsof, file) && socket_wanted(lsof, file);
		/* No socket is of both kinds. */
		if (lsof->options.all && lsof->options.net && lsof->options.unix_sockets)
			file->shown = false;
	}
	for (size_t i = 0; lsof->options.peers && i < lsof->n_files; i++) {
		struct lsof_file *file = &lsof->files[i];
		const struct lsof_file *peer = file->shown ? NULL : lsof_find_peer(lsof, file);

		if (peer && peer->shown)
			file->shown = true;
	}
	for (size_t i = 0; i < lsof->n_files; i++)
		lsof->n_shown += lsof->files[i].shown;
}

/* A process is there also when it has no socket. */
static bool is_found(const struct lsof_item *item, bool pids)
{
	return item->found || item->without ||
	       (pids && (kill((pid_t)item->number, 0) == 0 || errno == EPERM));
}

/* With -V it is told. Always returns true. */
static bool miss(struct lsof *lsof, const char *what, const char *which)
{
	if (!lsof->options.verbose)
		return true;
	buf_str(&lsof->out, "lsof: ");
	buf_str(&lsof->out, what);
	buf_escape(&lsof->out, which, strlen(which));
	buf_char(&lsof->out, '\n');
	return true;
}

/* The last one that was named first. */
static bool miss_commands(struct lsof *lsof)
{
	const struct lsof_list *list = &lsof->options.commands;
	bool missing = false;

	for (size_t pattern = 0; pattern < 2; pattern++) {
		for (size_t i = list->n; i-- > 0;) {
			const struct lsof_item *item = &list->items[i];

			if (!item->pattern == !pattern && !is_found(item, false))
				missing = miss(lsof,
					       pattern ? "no command found for regex: "
						       : "command not located: ",
					       item->text);
		}
	}
	return missing;
}

static bool miss_nets(struct lsof *lsof)
{
	const struct lsof_options *options = &lsof->options;
	bool missing = false;

	for (size_t i = options->n_nets; i-- > 0;)
		if (!options->nets[i].found)
			missing =
				miss(lsof, "Internet address not located: ", options->nets[i].text);
	if (options->net_all && !lsof->net_found)
		missing = miss(lsof, "no Internet files located", "");
	for (size_t i = 0; options->net && i < LSOF_STATES; i++)
		if (options->states & ~lsof->states_found & BIT32(lsof_states[i].state))
			missing = miss(lsof, "TCP state not located: ", lsof_states[i].name);
	return missing;
}

static bool miss_numbers(struct lsof *lsof, const struct lsof_list *list, bool pids,
			 const char *what)
{
	bool missing = false;
	char text[24];

	for (size_t i = 0; i < list->n; i++) {
		if (is_found(&list->items[i], pids))
			continue;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)list->items[i].number);
		missing = miss(lsof, what, text);
	}
	return missing;
}

bool lsof_miss(struct lsof *lsof)
{
	const struct lsof_options *options = &lsof->options;
	bool missing = miss_commands(lsof);

	/* Users, and unix sockets, are never missed. */
	missing |= miss_nets(lsof);
	missing |= miss_numbers(lsof, &options->pids, true, "process ID not located: ");
	missing |= miss_numbers(lsof, &options->groups, false, "process group ID not located: ");
	return missing;
}
