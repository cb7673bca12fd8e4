/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-model.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "util.h"

/* ---- chance ---- */

static uint64_t seed;

void chance_begin(uint64_t from)
{
	seed = from * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

uint32_t chance(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 16) % n);
}

bool coin(void)
{
	return chance(2) == 0;
}

/* ---- sockets ---- */

const uint16_t model_ports[MODEL_PORTS] = { 0,    21,   22,    23,    80,    443,
					    1024, 8080, 32768, 40000, 60999, 65535 };
const char *const model_names[MODEL_NAMES] = { "nginx", "sshd", "curl", "a b", "x*y" };
static const char *const paths[] = { "/run/docker.sock", "/tmp/.X11-unix/X0", "Bus", "/tmp/a b",
				     "" };
const char *const model_addrs[MODEL_ADDRS] = { "0.0.0.0",
					       "10.0.0.1",
					       "10.0.0.2",
					       "10.128.0.1",
					       "192.0.2.9",
					       "::",
					       "::1",
					       "2001:db8::1",
					       "2001:db8:8000::1",
					       "::ffff:10.0.0.1",
					       "::ffff:192.0.2.9",
					       "::ffff:0.0.0.0" };

static void pick_addr(struct model *model, uint8_t bytes[16])
{
	const char *text;

	do
		text = model_addrs[chance(MODEL_ADDRS)];
	while ((strchr(text, ':') != NULL) != (model->family == ESTAB_FAMILY_INET6));
	inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, bytes);
}

static void make_inet(struct model *model)
{
	pick_addr(model, model->local);
	pick_addr(model, model->peer);
	model->local_port = model_ports[chance(MODEL_PORTS)];
	model->peer_port = model_ports[chance(MODEL_PORTS)];
	model->device = chance(4);
	model->kernel_mark = chance(5);
	model->has_mark = chance(4) > 0;
	model->mark = model->kernel_mark;
	model->cgroup = 7000 + chance(3);
	model->has_cgroup = chance(4) > 0;
	model->rtt = coin() ? 0 : chance(5) * 500;
}

void model_make(struct model *model)
{
	static const enum estab_proto protos[] = { ESTAB_PROTO_TCP, ESTAB_PROTO_TCP,
						   ESTAB_PROTO_UDP, ESTAB_PROTO_RAW,
						   ESTAB_PROTO_UNIX };

	memset(model, 0, sizeof(*model));
	model->proto = protos[chance(ARRAY_SIZE(protos))];
	model->family = model->proto == ESTAB_PROTO_UNIX ? ESTAB_FAMILY_UNIX
			: coin()                         ? ESTAB_FAMILY_INET
							 : ESTAB_FAMILY_INET6;
	model->state = 1 + chance(11);
	model->has_uid = chance(4) > 0;
	model->uid = chance(3);
	model->has_cookie = chance(8) > 0;
	/* As if nobody had ever bound a port: then the kernel's answer is no other than ours. */
	model->chosen = true;
	model->recv_q = chance(4);
	model->send_q = chance(4);
	if (model->family != ESTAB_FAMILY_UNIX) {
		make_inet(model);
	} else if (coin()) {
		model->path = paths[chance(ARRAY_SIZE(paths))];
		model->abstract = *model->path != '/';
	}
	model->n_owners = chance(MODEL_OWNERS_MAX + 1);
	for (uint32_t i = 0; i < model->n_owners; i++)
		model->processes[i] = (struct process){
			.pid = 1 + chance(4),
			.uid = chance(3),
			.has = PROCESS_HAS_UID,
			.comm = model_names[chance(MODEL_NAMES)],
		};
}

static void put(struct row *row, enum ext_kind kind, const void *data, size_t size)
{
	assert_int_equal(row_put(row, kind, data, size), 0);
}

static void put_inet(struct row *row, const struct model *model)
{
	static const char *const devices[] = { "", "lo", "eth0", "eth1" };
	uint8_t info[104] = { 0 };
	uint64_t cgroup = model->cgroup;

	memcpy(row->sock.inet.local, model->local, 16);
	memcpy(row->sock.inet.peer, model->peer, 16);
	row->sock.local_port = model->local_port;
	row->sock.peer_port = model->peer_port;
	if (model->device != 0) {
		put(row, EXT_IFINDEX, &model->device, 4);
		put(row, EXT_IFNAME, devices[model->device], strlen(devices[model->device]));
	}
	if (model->has_mark)
		put(row, EXT_MARK, &model->mark, 4);
	if (model->has_cgroup)
		put(row, EXT_CGROUP_ID, &cgroup, 8);
	if (model->proto == ESTAB_PROTO_TCP) {
		memcpy(info + 68, &model->rtt, 4);
		put(row, EXT_TCP_INFO, info, sizeof(info));
	}
}

void model_row(struct row *row, const struct model *model, struct owner_list *owners)
{
	struct estab_socket *sock = &row->sock;

	row_reset(row, model->proto, model->family);
	sock->state = (uint8_t)model->state;
	sock->has |= HAS_INODE | HAS_QUEUES;
	sock->recv_q = model->recv_q;
	sock->send_q = model->send_q;
	if (model->has_uid) {
		sock->uid = model->uid;
		sock->has |= HAS_UID;
	}
	if (model->has_cookie) {
		sock->cookie = 1;
		sock->has |= HAS_COOKIE;
	}
	if (model->family != ESTAB_FAMILY_UNIX) {
		put_inet(row, model);
	} else if (model->path) {
		put(row, EXT_PATH, model->path, strlen(model->path));
		if (model->abstract)
			put(row, EXT_ABSTRACT, NULL, 0);
	}
	owners->count = model->n_owners;
	for (uint32_t i = 0; i < model->n_owners; i++)
		owners->owners[i] = (struct estab_owner){ .process = &model->processes[i] };
	sock->owners = owners;
	sock->has |= OWNERS_LOOKED;
}
