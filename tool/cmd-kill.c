/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* estab kill FILTER: closes sockets, those and no others. */
#include <string.h>

#include "commands.h"
#include "deed.h"
#include "options.h"
#include "util.h"

/* Whichever tables were named: what waits for others is looked at too, to tell that it is spared. */
static int prepare(const struct options *options, struct estab_query *query)
{
	uint32_t states =
		ESTAB_STATES_ALL & ~(BIT32(ESTAB_STATE_TIME_WAIT) | BIT32(ESTAB_STATE_BOUND));

	int error = 0;

	if (!options->all && !options->listening && !options->bound)
		error = estab_query_set_states(query, states);
	if (error == 0)
		error = estab_query_add_field(query, ESTAB_F_PROTO);
	return error == 0 ? estab_query_add_field(query, ESTAB_F_STATE) : error;
}

/* Who waits for others to come is meant only where that is said. */
static bool is_spared(const struct options *options, const struct estab_query *query,
		      const struct estab_socket *sock)
{
	static const enum estab_state waiting[] = { ESTAB_STATE_LISTEN, ESTAB_STATE_UNCONNECTED };
	const char *word = "";

	if (options->listeners || options->listening)
		return false;
	estab_socket_get_str(sock, ESTAB_F_STATE, &word);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		if (strcmp(word, estab_state_name(waiting[i])) == 0)
			return !estab_query_filter_names_state(query, waiting[i]);
	return false;
}

static const struct deed closing = {
	.name = "kill",
	.one = "socket",
	.many = "sockets",
	.infinitive = "close",
	.question = "Close",
	.past = "closed",
	.conditional = "would-close",
	.impossible = "not-closable",
	.why_one = " of a kind that the kernel does not close by its cookie",
	.why_many = " of kinds that the kernel does not close by their cookie",
	.privilege = "closing sockets takes CAP_NET_ADMIN in their network namespace",
	.unsupported = "this kernel closes no such sockets (CONFIG_INET_DIAG_DESTROY)",
	.prepare = prepare,
	.is_spared = is_spared,
	.spared_one = " that waits for others was left alone (--listeners, or name its state)",
	.spared_many = " that wait for others were left alone (--listeners, or name their state)",
};

int cmd_kill(const struct options *options)
{
	return deed_do(&closing, options);
}
