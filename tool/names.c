/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "names.h"

#include "options.h"

static const char *find_name(struct names *names, const struct question *question)
{
	if (!names->resolver)
		names->resolver = resolver_new(names->timeout_ms);
	if (!names->resolver)
		return NULL;
	if (!names->asking)
		return resolver_name(names->resolver, question);
	names->settled &= resolver_ask(names->resolver, question);
	return NULL;
}

static const char *host_name(void *arg, const struct estab_addr *addr)
{
	struct question question = question_host(addr);

	return find_name(arg, &question);
}

static const char *service_name(void *arg, enum estab_proto proto, uint16_t port)
{
	struct question question = question_service(proto, port);

	return find_name(arg, &question);
}

static void show(struct names *names, enum estab_field field)
{
	for (size_t i = 0; i < names->n_shown; i++)
		if (names->shown[i] == field)
			return;
	names->shown[names->n_shown++] = field;
}

void names_init(struct names *names, const struct options *options, const struct columns *columns,
		struct estab_ctx *ctx)
{
	struct estab_names hook = {
		.size = sizeof(hook),
		.flags = options->resolve ? ESTAB_NAMES_ENDS : 0,
		.arg = names,
		.host = host_name,
		.service = service_name,
	};

	*names = (struct names){ .timeout_ms = options->resolve_timeout_ms };
	for (size_t i = 0; i < columns->n; i++) {
		enum estab_field field = columns->list[i].field;

		if (field >= ESTAB_F_LOCAL_HOST && field <= ESTAB_F_PEER_SERVICE) {
			show(names, field);
		} else if (field == ESTAB_F_LOCAL && options->resolve) {
			show(names, ESTAB_F_LOCAL_HOST);
			show(names, ESTAB_F_LOCAL_SERVICE);
		} else if (field == ESTAB_F_PEER && options->resolve) {
			show(names, ESTAB_F_PEER_HOST);
			show(names, ESTAB_F_PEER_SERVICE);
		}
	}
	estab_ctx_set_names(ctx, &hook);
}

void names_free(struct names *names)
{
	names->resolver = resolver_free(names->resolver);
}

bool names_ask(struct names *names, const struct estab_socket *sock)
{
	const void *bytes;
	size_t length;

	names->asking = true;
	names->settled = true;
	for (size_t i = 0; i < names->n_shown; i++)
		estab_socket_get_bytes(sock, names->shown[i], &bytes, &length);
	names->asking = false;
	return names->settled;
}

uint64_t names_unanswered(const struct names *names)
{
	return names->resolver ? resolver_unanswered(names->resolver) : 0;
}
