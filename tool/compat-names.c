/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "compat-names.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

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

void compat_names_free(struct compat_names *names)
{
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
