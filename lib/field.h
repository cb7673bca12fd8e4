/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * The field table: everything that can be asked of a socket is one row of fields.def and one
 * getter. Columns, JSON keys, filter words, sort keys and documentation are made from it.
 */
#ifndef ESTAB_FIELD_H
#define ESTAB_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "estab.h"
#include "owner.h"
#include "record.h"
#include "text.h"

struct value {
	union {
		uint64_t u64; /* and booleans */
		int64_t i64;
		double f64;
		struct {
			const char *data; /* terminated when the kind is STR */
			size_t length;
		} text; /* STR and BYTES */
		struct estab_addr addr;
	};
};

/* What a getter says besides 0: JSON writes null for the first, and no key for the second. */
enum {
	FIELD_UNKNOWN = -1, /* it applies, but is not known */
	FIELD_NONE = -2,    /* it does not apply to this socket */
};

struct field;

typedef int field_get_fn(const struct estab_socket *sock, const struct field *field,
			 struct value *ret_value);
typedef int owner_get_fn(const struct estab_owner *owner, struct value *ret_value);

struct field {
	enum estab_field id;
	enum estab_kind kind;
	uint32_t flags;  /* ESTAB_FIELD_… */
	uint64_t needs;  /* NEED_… */
	uint64_t protos; /* the protocols it applies to, as bits */
	const char *name;
	size_t name_length;
	const char *title;
	const char *unit;
	const char *help;
	field_get_fn *get;       /* NULL for groups and owners' fields */
	owner_get_fn *get_owner; /* for owners' fields */
	enum estab_field group;  /* of an owner's field: whose, ESTAB_F_OWNERS, … */
	uint16_t offset;         /* for the getters that read a struct: where, */
	uint8_t size;            /* how many bytes, or which bit */
};

/* NULL: no such field. */
const struct field *field_find(enum estab_field id);
/* The field behind this one in the table's order, the first for NULL; NULL at the end. */
const struct field *field_after(const struct field *field);

/* The value of a socket's field: 0, FIELD_UNKNOWN or FIELD_NONE; of an owner's field, that of the
 * first owner. Groups have none. */
int field_get(const struct field *field, const struct estab_socket *sock, struct value *ret_value);
/* The same as a table shows it. */
int field_format(const struct field *field, const struct estab_socket *sock, struct text *text);
int field_format_value(const struct field *field, const struct value *value, struct text *text);
/* The local end or the peer's (field-end.c). */
void field_format_end(const struct estab_socket *sock, bool local, struct text *text);

/* Whether the field is in the group: below its name, or what "owners" means. */
bool field_in_group(const struct field *field, const struct field *group);
/* What a table shows in the group's cell: the fields from the one behind it up to this, which may be none. */
const struct field *field_group_end(const struct field *group);

/* An unsigned number of 1, 2, 4 or 8 bytes, wherever it stands. */
static inline void read_unsigned(const uint8_t *at, size_t size, uint64_t *ret)
{
	uint32_t u32;
	uint16_t u16;

	switch (size) {
	case 1:
		*ret = *at;
		break;
	case 2:
		memcpy(&u16, at, sizeof(u16));
		*ret = u16;
		break;
	case 4:
		memcpy(&u32, at, sizeof(u32));
		*ret = u32;
		break;
	default:
		memcpy(ret, at, sizeof(*ret));
		break;
	}
}

/* The TCP info of a row, for who wants much of it (field-tcp.c). */
struct tcp_info_place {
	const uint8_t *info;
	size_t length; /* 0: it has none */
};

struct tcp_info_place tcp_info_find(const struct estab_socket *sock);

/* 0, or FIELD_UNKNOWN: it is not that long. */
static inline int tcp_info_read(const struct tcp_info_place *place, size_t offset, size_t size,
				uint64_t *ret)
{
	if (place->length < offset + size)
		return FIELD_UNKNOWN;
	read_unsigned(place->info + offset, size, ret);
	return 0;
}

/* The number of a field that get_tcp_info() reads, or one of those that know when it was never set. 0, or
 * FIELD_UNKNOWN. */
int tcp_info_number(const struct tcp_info_place *place, const struct field *field, uint64_t *ret);

/* The list of owners that the field is, or is about; ESTAB_F_NONE: none. */
static inline enum estab_field field_owners_group(const struct field *field)
{
	return field->id == ESTAB_F_OWNERS || field->id == ESTAB_F_PEER_OWNERS ||
			       field->id == ESTAB_F_LISTENER_OWNERS
		       ? field->id
		       : field->group;
}

/* The owners that a group names, or that the fields in it are of; NULL: none. */
const struct owner_list *field_owners(const struct estab_socket *sock, enum estab_field group);

/* Words of the enums; NULL for an unknown number. */
const char *word_proto(unsigned int proto);
const char *word_family(unsigned int family);
const char *word_type(unsigned int type);
const char *word_state(unsigned int state);
const char *word_state_capitals(unsigned int state);

/* What the context's names say of an end (field-names.c); NULL: nothing. */
const char *name_of_host(const struct estab_socket *sock, bool local);
const char *name_of_service(const struct estab_socket *sock, bool local);

/* The name of a network namespace: known by its inode, else by its place in the list. */
int netns_give_name(const struct env *env, bool known, uint32_t netns, struct value *ret_value);

/* What flows have instead of a socket's (field-flow.c). */
int flow_give_proto(const struct estab_socket *sock, struct value *ret_value);
int flow_give_mark(const struct estab_socket *sock, struct value *ret_value);
void flow_format_proto(const struct estab_socket *sock, struct text *text);
/* An end of one direction: enum flow_dir. */
/* An end of a tuple, of a flow or an expectation. */
struct flow_tuple;
void flow_format_tuple(const struct flow_tuple *tuple, uint8_t family, bool source,
		       struct text *text);
void flow_format_end(const struct estab_socket *sock, unsigned int dir, bool source,
		     struct text *text);
/* "10.0.0.5:40210 → 10.96.0.1:443 (really 10.244.1.7:8443)" (field-nat.c). */
int nat_format(const struct estab_socket *sock, struct text *text);
int nat_format_peer(const struct estab_socket *sock, struct text *text);
int flow_format_state(const struct estab_socket *sock, struct text *text);
int flow_format_status(const struct estab_socket *sock, struct text *text);

/* Names of the protocols of raw, netlink and packet sockets (field-protocol.c); NULL where there is no
 * well-known one. */
const char *protocol_name(unsigned int proto, unsigned int protocol);

/* Why there is nothing of a protocol above TCP: FIELD_NONE, or FIELD_UNKNOWN (field-mptcp.c). */
int without_ulp(const struct estab_socket *sock);

/* Getters, one for each row (field-get.c), and for whole structs (field-tcp.c, …). */
#define GETTER(name) field_get_fn get_##name
GETTER(proto);
GETTER(family);
GETTER(type);
GETTER(state);
GETTER(local_addr);
GETTER(local_port);
GETTER(local_scope);
GETTER(local_host);
GETTER(local_service);
GETTER(local_path);
GETTER(local_abstract);
GETTER(peer_addr);
GETTER(peer_port);
GETTER(peer_scope);
GETTER(peer_host);
GETTER(peer_service);
GETTER(peer_path);
GETTER(peer_abstract);
GETTER(peer_inode);
GETTER(interface);
GETTER(recv_q);
GETTER(send_q);
GETTER(backlog);
GETTER(backlog_limit);
GETTER(uid);
GETTER(user);
GETTER(inode);
GETTER(cookie);
GETTER(netns);
GETTER(netns_name);
GETTER(ext_number); /* offset: enum ext_kind; size: bytes */
GETTER(shutdown);
GETTER(direction);
GETTER(other_end); /* offset: enum ext_kind; size: OTHER_END_… */
GETTER(v6only);
GETTER(drops);
GETTER(cgroup);
GETTER(vfs_dev_major);
GETTER(vfs_dev_minor);
GETTER(vfs_inode);
GETTER(owners_complete);
GETTER(no_owner);
GETTER(timer_kind);
GETTER(timer_expires);
GETTER(timer_retransmits);
GETTER(sockopt); /* size: which bit */
GETTER(mem);     /* offset: which word */
GETTER(congestion);
GETTER(tcp_info);       /* offset and size of an unsigned number */
GETTER(tcp_unset_zero); /* the same; zero means that it was never set */
GETTER(tcp_option);     /* size: which bit of tcpi_options */
GETTER(tcp_ca_state);
GETTER(tcp_wscale);
GETTER(tcp_app_limited);
GETTER(tcp_fastopen_fail);
GETTER(tcp_unset_max); /* the same; 2^31 - 1 and above mean that it was never set */
GETTER(tcp_pacing);
GETTER(tcp_retrans_percent);
GETTER(ext_text);   /* offset: enum ext_kind */
GETTER(ext_member); /* offset: enum ext_kind; size: where in it a 32-bit number is */
GETTER(bbr_bandwidth);
GETTER(bbr_gain); /* size: where it is */
GETTER(dctcp);    /* offset */
GETTER(protocol);
GETTER(protocol_name);
GETTER(ulp);
GETTER(tls_version);
GETTER(tls_cipher);
GETTER(tls_mode); /* offset: 0 sending, 1 receiving */
GETTER(tls_flag); /* offset: 0 zc_ro_tx, 1 no_pad_rx */
GETTER(mptcp_token);
GETTER(mptcp_info); /* offset and size of an unsigned number */
GETTER(mptcp_flag); /* offset of the flags; size: which bit */
GETTER(subflow);    /* offset and size of an unsigned number */
GETTER(netlink_portid);
GETTER(netlink_dst); /* size: 0 the port id, 1 the group */
GETTER(netlink_groups);
GETTER(netlink_groups_mask);
GETTER(netlink_flag); /* size: which bit */
GETTER(packet_running);
GETTER(packet_flag); /* size: which bit */
GETTER(packet_version);
GETTER(packet_info); /* offset */
GETTER(packet_fanout);
GETTER(packet_fanout_type);
GETTER(packet_rx_ring); /* offset */
GETTER(packet_tx_ring); /* offset */
GETTER(timeout);
GETTER(zone);
GETTER(flow_l4proto);
GETTER(flow_state);
GETTER(flow_offload);
GETTER(flow_id);
GETTER(flow_use);
GETTER(flow_event);
GETTER(stats_cpu);
GETTER(expect_proto);
GETTER(expect_l4proto);
GETTER(expect_timeout);
GETTER(expect_zone);
GETTER(expect_id);
GETTER(expect_class);
GETTER(expect_addr); /* offset: enum expect_tuple; size: 0 the source, 1 the destination */
GETTER(expect_port);
GETTER(stat); /* offset: enum flow_stat */
GETTER(flow_duration);
GETTER(flow_time); /* offset: enum ext_kind */
GETTER(flow_addr); /* offset: enum flow_dir; size: 0 the source, 1 the destination */
GETTER(flow_port); /* the same */
GETTER(flow_key);  /* the same */
GETTER(flow_icmp); /* size: 0 type, 1 code, 2 id */
GETTER(flow_zone);
GETTER(flow_count);  /* size: 0 packets, 1 bytes */
GETTER(flow_device); /* offset: enum ext_kind */
GETTER(socket_state);
GETTER(socket_netns_name);
GETTER(socket_ambiguous);
GETTER(nat_kind);
GETTER(nat_ambiguous);
GETTER(nat_hops);
GETTER(nat_netns);
GETTER(nat_addr); /* as of flows; FLOW_DIRS: of the real other end */
GETTER(nat_port);
/* Of rows that are no sockets (field-rows.c). */
GETTER(row_number);
GETTER(row_signed);
GETTER(row_first);
GETTER(row_addr);
GETTER(gateway);
GETTER(route_kind);
GETTER(route_scope);
GETTER(route_origin);
GETTER(operstate);
GETTER(ax25_state);
GETTER(link_type);
#undef GETTER

#define GETTER(name) owner_get_fn get_owner_##name
GETTER(pid);
GETTER(tid);
GETTER(fd);
GETTER(via);
GETTER(comm);
GETTER(uid);
GETTER(user);
GETTER(exe);
GETTER(cmdline);
GETTER(pgid);
GETTER(start_ticks);
GETTER(context);
/* field-process.c */
GETTER(ppid);
GETTER(start_time);
GETTER(age_ms);
GETTER(cgroup);
GETTER(unit);
GETTER(unit_uid);
GETTER(slice);
GETTER(container);
GETTER(container_name);
GETTER(runtime);
GETTER(pod);
GETTER(pod_name);
GETTER(pod_namespace);
#undef GETTER

#endif
