/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* netstat -g: which multicast groups the interfaces are members of. */
#include "compat-netstat-tables.h"

static void put_row(struct netstat *netstat, const struct estab_socket *row)
{
	const char *interface = compat_str(row, ESTAB_F_INTERFACE);
	struct estab_addr group;

	if (estab_socket_get_addr(row, ESTAB_F_GROUP, &group) < 0)
		return;
	netstat_put_left(netstat, interface ? interface : "", 15);
	buf_char(&netstat->out, ' ');
	netstat_put_number(netstat, (int64_t)compat_u64(row, ESTAB_F_USERS, 0), 6);
	buf_char(&netstat->out, ' ');
	netstat_put_host(netstat, &netstat->out, &group, netstat->options.numeric_hosts);
	buf_char(&netstat->out, '\n');
}

int netstat_groups(struct netstat *netstat)
{
	const struct netstat_options *options = &netstat->options;
	uint32_t families = 0;

	if (options->inet)
		families |= UINT32_C(1) << ESTAB_FAMILY_INET;
	if (options->inet6)
		families |= UINT32_C(1) << ESTAB_FAMILY_INET6;
	buf_str(&netstat->out, "IPv6/IPv4 Group Memberships\n"
			       "Interface       RefCnt Group\n"
			       "--------------- ------ ---------------------\n");
	netstat_rows(netstat, ESTAB_SUBJECT_MEMBERSHIPS, families, put_row);
	return NETSTAT_OK;
}
