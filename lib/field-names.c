/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Getters of names of hosts and services: whoever has the context knows them, or nobody does. */
#include <string.h>

#include "env.h"
#include "getter.h"
#include "util.h"

static const struct estab_names *names_of(const struct estab_socket *sock)
{
	return &sock->ext->env->ctx->names;
}

static bool is_wildcard(const struct estab_addr *addr)
{
	static const uint8_t zeros[16];

	return memcmp(addr->bytes, zeros, addr->family == ESTAB_FAMILY_INET ? 4 : 16) == 0;
}

static void read_addr(const struct estab_socket *sock, bool local, struct estab_addr *ret_addr)
{
	struct value value;

	if (local)
		get_local_addr(sock, NULL, &value);
	else
		get_peer_addr(sock, NULL, &value);
	*ret_addr = value.addr;
}

static uint16_t port_of(const struct estab_socket *sock, bool local)
{
	return local ? sock->local_port : sock->peer_port;
}

const char *name_of_host(const struct estab_socket *sock, bool local)
{
	const struct estab_names *names = names_of(sock);
	struct estab_addr addr;

	if (!names->host)
		return NULL;
	read_addr(sock, local, &addr);
	return is_wildcard(&addr) ? NULL : names->host(names->arg, &addr);
}

const char *name_of_service(const struct estab_socket *sock, bool local)
{
	const struct estab_names *names = names_of(sock);
	uint16_t port = port_of(sock, local);

	if (!names->service || port == 0 ||
	    !(field_find(ESTAB_F_LOCAL_SERVICE)->protos & BIT64(sock->proto)))
		return NULL;
	return names->service(names->arg, sock->proto, port);
}

static int give_host(const struct estab_socket *sock, bool local, struct value *ret)
{
	struct estab_addr addr;

	read_addr(sock, local, &addr);
	return is_wildcard(&addr) ? FIELD_NONE
				  : give_text(name_of_host(sock, local), FIELD_UNKNOWN, ret);
}

static int give_service(const struct estab_socket *sock, bool local, struct value *ret)
{
	if (port_of(sock, local) == 0)
		return FIELD_NONE;
	return give_text(name_of_service(sock, local), FIELD_UNKNOWN, ret);
}

GETTER(local_host)
{
	return give_host(sock, true, ret);
}

GETTER(local_service)
{
	return give_service(sock, true, ret);
}

GETTER(peer_host)
{
	return give_host(sock, false, ret);
}

GETTER(peer_service)
{
	return give_service(sock, false, ret);
}
