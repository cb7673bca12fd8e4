/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat [DIR]: every TCP socket as "local ---> peer STATE user"; DIR: of a saved /proc. */
#include <estab.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static const enum estab_field fields[] = { ESTAB_F_LOCAL_ADDR, ESTAB_F_LOCAL_PORT,
						   ESTAB_F_PEER_ADDR,  ESTAB_F_PEER_PORT,
						   ESTAB_F_STATE,      ESTAB_F_USER };
	static const char *const behind[] = { ":", " ---> ", ":", " ", " ", "\n" };
	struct estab_ctx_options options = { .size = sizeof(options), .proc_root = argv[1] };
	const struct estab_socket *sock;
	struct estab_query *query;
	struct estab_scan *scan;
	struct estab_ctx *ctx;

	if (argc > 2 || estab_ctx_new(&options, &ctx) < 0 || estab_query_new(ctx, &query) < 0 ||
	    estab_query_set_protos(query, 1 << ESTAB_PROTO_TCP) < 0 ||
	    estab_query_add_field(query, ESTAB_F_USER) < 0 || estab_scan_open(query, &scan) < 0)
		return 1;
	while (estab_scan_next(scan, &sock) == 0)
		for (int i = 0; i < 6; i++) {
			char text[64] = "-"; /* cleared: what is put in front stays terminated */
			estab_socket_format(sock, fields[i], text, sizeof(text) - 1);
			printf(strchr(text, ':') ? "[%s]%s" : "%s%s", text, behind[i]);
		}
}
