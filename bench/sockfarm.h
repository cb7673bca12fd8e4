/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#ifndef BENCH_SOCKFARM_H
#define BENCH_SOCKFARM_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where things live in 127/8: the second octet says what an address is for, the last two which
 * process has it. All bound ports stay below the ephemeral range: the kernel never gives a
 * connecting socket a port that anyone has bound. */
enum {
	FARM_NET_SERVER = 1,
	FARM_NET_REUSEPORT = 2,
	FARM_NET_UDP = 3,
	FARM_NET_LISTENER = 4,
	FARM_NET_CLIENT = 16,
	FARM_NET_CHURN = 128,

	FARM_PORT_FIRST = 1024,
	FARM_PORT_REUSEPORT = 9000,
	FARM_PORT_CHURN = 9001,
	FARM_PORT_SERVER = 10000,
	FARM_PORT_SERVERS = 8,
	FARM_PORT_EPHEMERAL = 16000,
	FARM_PORT_LAST = 65535,

	FARM_PROCESSES_MAX = 16384,
};

/* What one process makes and holds. */
struct farm_share {
	unsigned int index;
	unsigned int connections;
	unsigned int unix_pairs;
	unsigned int udp;
	unsigned int listeners;
	bool reuseport; /* the listeners share one address and port */
};

/* What a process tells its parent; written whole, so pipes never tear it. */
struct farm_report {
	uint64_t made; /* TCP ends, or churned connections */
	uint32_t index;
	int32_t error; /* 0 or negative errno */
	char what[48];
};

/* sockfarm-make.c: make a share; sockets stay open until the process ends. */
int farm_make(const struct farm_share *share, struct farm_report *report);
int farm_listen(struct sockaddr_in address, bool reuseport, int backlog, int *ret_fd);
int farm_connect(struct sockaddr_in source, struct sockaddr_in target, int *ret_fd);
struct sockaddr_in farm_address(unsigned int net, unsigned int index, unsigned int port);

/* sockfarm-churn.c: open and close connections and listeners until stop_fd says end of file. */
int farm_churn(int stop_fd, struct farm_report *report);

/* sockfarm-host.c: the machine and the network namespace. */
int farm_netns_prepare(void);
int farm_netns_is_ours(void);
int farm_files_raise(uint64_t *ret_limit);
int farm_memory_available(uint64_t *ret_bytes);
int farm_number(const char *text, uint64_t max, uint64_t *ret_value);

#endif
