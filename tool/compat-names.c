/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compat-names.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"
#include "resolve.h"

enum { PORTS = 65536 };

/* One pass instead of a look-up a port; the first name of a port is its name. */
static void load(struct compat_names *names)
{
	struct servent *service;

	names->loaded = true;
	names->tcp = calloc(PORTS, sizeof(*names->tcp));
	names->udp = calloc(PORTS, sizeof(*names->udp));
	if (!names->tcp || !names->udp)
		return;
	setservent(1);
	/* No other thread asks. */
	/* cppcheck-suppress getserventCalled */
	while ((service = getservent()) != NULL) {
		char **list = strcmp(service->s_proto, "tcp") == 0   ? names->tcp
			      : strcmp(service->s_proto, "udp") == 0 ? names->udp
								     : NULL;
		uint16_t port = ntohs((uint16_t)service->s_port);

		if (list && !list[port])
			list[port] = strdup(service->s_name);
	}
	endservent();
}

static void free_list(char **list)
{
	for (size_t i = 0; list && i < PORTS; i++)
		free(list[i]);
	free(list);
}

struct compat_network {
	uint32_t number;
	char *name;
};

/* All of them: a look-up of one could ask a name server, and wait for it. */
static void load_networks(struct compat_names *names)
{
	struct netent *entry;
	size_t room = 0;

	names->networks_loaded = true;
	setnetent(1);
	/* No other thread asks. */
	/* cppcheck-suppress getnetentCalled */
	while ((entry = getnetent()) != NULL) {
		if (entry->n_addrtype != AF_INET)
			continue;
		if (names->n_networks == room) {
			size_t more = room > 0 ? room * 2 : 16;
			struct compat_network *grown =
				reallocarray(names->networks, more, sizeof(*grown));

			if (!grown)
				break;
			names->networks = grown;
			room = more;
		}
		names->networks[names->n_networks++] = (struct compat_network){
			.number = entry->n_net,
			.name = strdup(entry->n_name),
		};
	}
	endnetent();
}

const char *compat_network(struct compat_names *names, const struct estab_addr *addr)
{
	uint32_t number;

	if (!names->hosts)
		return NULL;
	if (!names->networks_loaded)
		load_networks(names);
	memcpy(&number, addr->bytes, sizeof(number));
	for (size_t i = 0; i < names->n_networks; i++)
		if (names->networks[i].number == ntohl(number))
			return names->networks[i].name;
	return NULL;
}

void compat_names_free(struct compat_names *names)
{
	for (size_t i = 0; i < names->n_networks; i++)
		free(names->networks[i].name);
	free(names->networks);
	free_list(names->tcp);
	free_list(names->udp);
	names->resolver = resolver_free(names->resolver);
}

const char *compat_service(struct compat_names *names, enum estab_proto proto, uint16_t port)
{
	bool datagrams = proto == ESTAB_PROTO_UDP || proto == ESTAB_PROTO_UDPLITE;

	if (!names->services)
		return NULL;
	if (!names->loaded)
		load(names);
	if (!names->tcp || !names->udp)
		return NULL;
	return datagrams ? names->udp[port] : names->tcp[port];
}

const char *compat_host(struct compat_names *names, const struct estab_addr *addr)
{
	struct question question = question_host(addr);

	if (!names->hosts)
		return NULL;
	if (!names->resolver)
		names->resolver = resolver_new(OPTIONS_RESOLVE_TIMEOUT_MS);
	return names->resolver ? resolver_name(names->resolver, &question) : NULL;
}

const char *compat_protocol(const struct compat_names *names, uint16_t number)
{
	/* cppcheck-suppress getprotobynumberCalled */
	struct protoent *protocol = names->services ? getprotobynumber(number) : NULL;

	return protocol ? protocol->p_name : NULL;
}
