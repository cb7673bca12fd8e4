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
	static const uint32_t inet = UINT32_C(1) << ESTAB_FAMILY_INET;
	static const uint32_t inet6 = UINT32_C(1) << ESTAB_FAMILY_INET6;
	const struct netstat_options *options = &netstat->options;

	buf_str(&netstat->out, "IPv6/IPv4 Group Memberships\n"
			       "Interface       RefCnt Group\n"
			       "--------------- ------ ---------------------\n");
	if (options->inet &&
	    netstat_rows(netstat, ESTAB_SUBJECT_MEMBERSHIPS, inet, NULL, put_row) < 0 &&
	    !options->no_protocol) {
		netstat_miss("AF INET (igmp)");
		return NETSTAT_FAILED;
	}
	if (options->inet6)
		netstat_rows(netstat, ESTAB_SUBJECT_MEMBERSHIPS, inet6, NULL, put_row);
	return NETSTAT_OK;
}
