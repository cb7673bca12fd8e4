/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Random sockets, described twice: plainly, and as a row. */
#ifndef ESTAB_TEST_FILTER_MODEL_H
#define ESTAB_TEST_FILTER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "owner.h"
#include "process.h"
#include "record.h"

enum { MODEL_PORTS = 12, MODEL_NAMES = 5, MODEL_ADDRS = 12, MODEL_OWNERS_MAX = 2 };

/* What they are made of, and expressions too, so that these match now and then. */
extern const uint16_t model_ports[MODEL_PORTS];
extern const char *const model_names[MODEL_NAMES];
extern const char *const model_addrs[MODEL_ADDRS];

struct model {
	enum estab_proto proto;
	enum estab_family family;
	unsigned int state;
	uint8_t local[16], peer[16];
	uint16_t local_port, peer_port;
	bool has_uid, has_mark, has_cgroup, has_cookie, chosen;
	uint32_t uid, device, mark, kernel_mark, cgroup, rtt, recv_q, send_q;
	const char *path; /* NULL: none */
	bool abstract;
	uint32_t n_owners;
	struct process processes[MODEL_OWNERS_MAX];
};

/* The same numbers follow from the same begin. */
void chance_begin(uint64_t from);
uint32_t chance(uint32_t n);
bool coin(void);

void model_make(struct model *model);
/* owners has room for MODEL_OWNERS_MAX. */
void model_row(struct row *row, const struct model *model, struct owner_list *owners);

#endif
