/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "filter-expr.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "field.h"
#include "util.h"

static void write_text(struct writer *writer, const char *format, ...) _printf_(2, 3);

static void write_text(struct writer *writer, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(writer->text + writer->length, EXPR_TEXT_MAX - writer->length, format, args);
	va_end(args);
	assert_true(n >= 0 && writer->length + (size_t)n < EXPR_TEXT_MAX);
	writer->length += (size_t)n;
}

static void write_op(struct writer *writer, int op)
{
	static const char *const signs[][3] = {
		[EQ] = { "=", "==", " eq " }, [NE] = { "!=", " ne ", " neq " },
		[LT] = { "<", " lt ", "<" },  [LE] = { "<=", " le ", " leq " },
		[GT] = { ">", " gt ", ">" },  [GE] = { ">=", " ge ", " geq " },
	};

	write_text(writer, "%s%s%s", coin() ? " " : "", signs[op][chance(3)], coin() ? " " : "");
}

static void write_port(struct writer *writer, struct expr *expr)
{
	static const char *const words[][2] = { [LOCAL] = { "sport", "local.port" },
						[PEER] = { "dport", "peer.port" },
						[EITHER] = { "port", "port" } };

	expr->ends = 1 + (int)chance(3);
	expr->op = (int)chance(6);
	expr->a = expr->b = model_ports[chance(MODEL_PORTS)];
	write_text(writer, "%s", words[expr->ends][chance(2)]);
	if (expr->op <= NE && coin())
		expr->b = MIN(expr->a + chance(500), (uint32_t)UINT16_MAX);
	if (expr->op <= NE && chance(3) == 0)
		write_text(writer, expr->op == EQ ? " in { %u-%u , %u}" : " not in {%u-%u,%u}",
			   expr->a, expr->b, expr->b);
	else {
		write_op(writer, expr->op);
		write_text(writer,
			   expr->a < expr->b ? "%u-%u"
			   : coin()          ? ":%u"
					     : "%u",
			   expr->a, expr->b);
	}
}

static void write_addr(struct writer *writer, struct expr *expr)
{
	static const char *const words[][2] = {
		[LOCAL] = { "local.addr", "local" }, [PEER] = { "peer.addr", "peer" }
	};
	const char *text = model_addrs[chance(MODEL_ADDRS)];

	expr->word = coin();
	expr->ends = expr->word ? 1 + (int)chance(3) : 1 + (int)chance(2);
	expr->op = coin() ? EQ : NE;
	expr->v4 = !strchr(text, ':');
	inet_pton(expr->v4 ? AF_INET : AF_INET6, text, expr->addr);
	expr->a = coin() ? (expr->v4 ? 32 : 128) : chance(expr->v4 ? 33 : 129);
	if (expr->word)
		write_text(writer, "%s",
			   expr->ends == LOCAL  ? "src"
			   : expr->ends == PEER ? "dst"
						: "addr");
	else
		write_text(writer, "%s", words[expr->ends][chance(2)]);
	write_op(writer, expr->op);
	write_text(writer, "%s/%u", text, expr->a);
}

static void write_mask(struct writer *writer, struct expr *expr, const char *field,
		       const char *(*word)(unsigned int number), unsigned int end)
{
	unsigned int number;

	do
		number = chance(end);
	while (!word(number));
	expr->op = coin() ? EQ : NE;
	expr->a = BIT32(number);
	write_text(writer, "%s", field);
	write_op(writer, expr->op);
	write_text(writer, "%s", word(number));
}

static void write_state(struct writer *writer, struct expr *expr)
{
	static const char *const groups[] = { "connected", "synchronized", "bucket",
					      "big",       "all",          "closed",
					      "listen",    "established",  "time-wait" };
	const char *group = groups[chance(ARRAY_SIZE(groups))];

	expr->word = coin();
	if (!expr->word) {
		write_mask(writer, expr, "state", word_state, 12);
		return;
	}
	expr->op = coin() ? EQ : NE;
	estab_states_from_name(group, &expr->a);
	write_text(writer, "%s %s", expr->op == EQ ? "state" : "exclude", group);
}

static void write_number(struct writer *writer, struct expr *expr, const char *field,
			 uint32_t number)
{
	expr->op = (int)chance(6);
	expr->a = number;
	write_text(writer, "%s", field);
	write_op(writer, expr->op);
	write_text(writer, coin() ? "%u" : "0x%x", number);
}

static void write_device(struct writer *writer, struct expr *expr)
{
	static const char *const devices[] = { "0", "lo", "eth0", "eth1" };

	expr->op = coin() ? EQ : NE;
	expr->a = expr->kind == DEV ? chance(4) : 1 + chance(3);
	write_text(writer, "%s", expr->kind == DEV ? "dev" : "interface");
	write_op(writer, expr->op);
	if (expr->kind == DEV && coin())
		write_text(writer, "%u", expr->a);
	else
		write_text(writer, "%s", devices[expr->a]);
}

static void write_comm(struct writer *writer, struct expr *expr)
{
	static const char *const globs[] = { "*n*", "?u*l", "sshd", "*", "[!s]*" };

	if (expr->kind == COMM_GLOB) {
		expr->a = chance(ARRAY_SIZE(globs));
		write_text(writer, "process ~ '%s'", globs[expr->a]);
		return;
	}
	expr->op = coin() ? EQ : NE;
	expr->a = chance(MODEL_NAMES);
	write_text(writer, "process");
	write_op(writer, expr->op);
	write_text(writer, "'%s'", model_names[expr->a]);
}

static void write_leaf(struct writer *writer, struct expr *expr)
{
	static const char *const path_patterns[] = { "/run/*", "@*", "*", "/TMP/*", "@bus" };

	switch (expr->kind) {
	case PORT:
		write_port(writer, expr);
		break;
	case ADDR:
		write_addr(writer, expr);
		break;
	case STATE:
		write_state(writer, expr);
		break;
	case PROTO:
		write_mask(writer, expr, "proto", word_proto, 7);
		break;
	case FAMILY:
		write_mask(writer, expr, "family", word_family, 3);
		break;
	case UID:
		write_number(writer, expr, "uid", chance(3));
		break;
	case RTT:
		write_number(writer, expr, "tcp.rtt_us", chance(5) * 500);
		break;
	case MARK:
		write_number(writer, expr, "mark", chance(5));
		break;
	case CGROUP:
		write_number(writer, expr, "cgroup_id", 7000 + chance(3));
		break;
	case PID:
		write_number(writer, expr, "pid", 1 + chance(4));
		break;
	case OWNER_UID:
		expr->op = (int)chance(6);
		write_text(writer, "owner.uid");
		write_op(writer, expr->op);
		write_text(writer, "uid");
		break;
	case FWMARK:
		expr->op = coin() ? EQ : NE;
		expr->a = chance(5);
		expr->b = chance(5);
		write_text(writer, "fwmark");
		write_op(writer, expr->op);
		write_text(writer, "%u/0x%x", expr->a, expr->b);
		break;
	case DEV:
	case INTERFACE:
		write_device(writer, expr);
		break;
	case COMM:
	case COMM_GLOB:
		write_comm(writer, expr);
		break;
	case PATH:
		expr->a = chance(ARRAY_SIZE(path_patterns));
		write_text(writer, "src unix:%s", path_patterns[expr->a]);
		break;
	case RECV_SEND:
		expr->op = (int)chance(6);
		write_text(writer, "recv_q");
		write_op(writer, expr->op);
		write_text(writer, "send_q");
		break;
	case SAME_ADDR:
		expr->op = coin() ? EQ : NE;
		write_text(writer, "local.addr");
		write_op(writer, expr->op);
		write_text(writer, "peer.addr");
		break;
	case EXISTS_UID:
		write_text(writer, "exists uid");
		break;
	case EXISTS_RTT:
		write_text(writer, "exists tcp.rtt_us");
		break;
	case EXISTS_OWNERS:
		write_text(writer, "exists owners");
		break;
	default:
		write_text(writer, "autobound");
		break;
	}
}

/* How tightly what was written binds: what is looser gets parentheses. */
enum { LOOSE, TIGHTER, TIGHT };

static const struct expr *write_expr(struct writer *writer, unsigned int depth, int binding);

static void write_pair(struct writer *writer, struct expr *expr, unsigned int depth, int binding)
{
	static const char *const ors[] = { " or ", " | ", "||" };
	static const char *const ands[] = { " and ", " & ", "&&", " " };
	int own = expr->kind == OR ? LOOSE : TIGHTER;
	bool parentheses = own < binding || chance(6) == 0;
	size_t between;

	if (parentheses)
		write_text(writer, coin() ? "(" : "( ");
	expr->left = write_expr(writer, depth, own);
	between = writer->length;
	write_text(writer, "%s", expr->kind == OR ? ors[chance(3)] : ands[chance(4)]);
	expr->right = write_expr(writer, depth, own + 1);
	/* Two state words side by side are another thing. */
	if (expr->kind == AND && strncmp(writer->text + between, " state", 6) == 0)
		writer->text[between] = '&';
	if (expr->kind == AND && strncmp(writer->text + between, " exclu", 6) == 0)
		writer->text[between] = '&';
	if (parentheses)
		write_text(writer, coin() ? ")" : " )");
}

static const struct expr *write_expr(struct writer *writer, unsigned int depth, int binding)
{
	struct expr *expr = &writer->pool[writer->n++];

	assert_true(writer->n <= ARRAY_SIZE(writer->pool));
	*expr = (struct expr){ .kind = PORT };
	switch (depth > 0 ? chance(5) : 4) {
	case 0:
		expr->kind = NOT;
		write_text(writer, coin() ? "not " : "! ");
		expr->left = write_expr(writer, depth - 1, TIGHT);
		break;
	case 1:
	case 2:
		expr->kind = coin() ? AND : OR;
		write_pair(writer, expr, depth - 1, binding);
		break;
	default:
		expr->kind = PORT + (enum kind)chance(KINDS - PORT);
		write_leaf(writer, expr);
		break;
	}
	return expr;
}

/* ---- what it means ---- */

static bool compare(int op, uint64_t a, uint64_t b)
{
	bool results[] = {
		[EQ] = a == b, [NE] = a != b, [LT] = a<b, [LE] = a <= b, [GT] = a> b, [GE] = a >= b
	};

	return results[op];
}

static bool is_ip(const struct model *model)
{
	return model->family != ESTAB_FAMILY_UNIX;
}

static bool port_holds(const struct expr *expr, uint16_t port)
{
	if (expr->op == EQ || expr->op == NE)
		return (port >= expr->a && port <= expr->b) == (expr->op == EQ);
	return compare(expr->op, port, expr->a);
}

static bool bit_of(const uint8_t *bytes, uint32_t bit)
{
	return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* The address without the form it has: the four bytes of IPv4, mapped or not. */
static const uint8_t *plain(const uint8_t bytes[16], bool v4, bool *ret_v4)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };

	*ret_v4 = v4 || memcmp(bytes, prefix, 12) == 0;
	return !v4 && *ret_v4 ? bytes + 12 : bytes;
}

static bool in_network(const struct expr *expr, const struct model *model, const uint8_t bytes[16])
{
	bool v4 = model->family == ESTAB_FAMILY_INET;
	bool wanted_v4, is_v4;
	const uint8_t *wanted = expr->addr;
	uint32_t bits = expr->a;
	const uint8_t *addr = plain(bytes, v4, &is_v4);

	wanted_v4 = expr->v4;
	if (!expr->v4 && expr->word) {
		/* ss(8): an IPv6 network has IPv6 sockets as they are. */
		if (v4)
			return false;
		is_v4 = false;
		addr = bytes;
	} else if (!expr->v4 && bits >= 96) {
		wanted = plain(expr->addr, false, &wanted_v4);
		bits -= wanted_v4 ? 96 : 0;
	}
	if (is_v4 != wanted_v4)
		return false;
	for (uint32_t bit = 0; bit < bits; bit++)
		if (bit_of(addr, bit) != bit_of(wanted, bit))
			return false;
	return true;
}

static bool addr_holds(const struct expr *expr, const struct model *model)
{
	bool local = in_network(expr, model, model->local);
	bool peer = in_network(expr, model, model->peer);
	bool any = (expr->ends & LOCAL && local) || (expr->ends & PEER && peer);

	return is_ip(model) && any == (expr->op == EQ);
}

static bool ports_hold(const struct expr *expr, const struct model *model)
{
	bool local = port_holds(expr, model->local_port);
	bool peer = port_holds(expr, model->peer_port);

	if (!is_ip(model))
		return false;
	if (expr->ends == EITHER)
		return expr->op == NE ? local && peer : local || peer;
	return expr->ends == LOCAL ? local : peer;
}

static bool device_holds(const struct expr *expr, const struct model *model)
{
	if (!is_ip(model))
		return false;
	if (expr->kind == INTERFACE)
		return model->device != 0 && compare(expr->op, model->device, expr->a);
	return model->has_cookie && compare(expr->op, model->device, expr->a);
}

static bool glob_holds(uint32_t pattern, const char *name)
{
	switch (pattern) {
	case 0:
		return strchr(name, 'n') != NULL;
	case 1:
		return strlen(name) >= 3 && name[1] == 'u' && name[strlen(name) - 1] == 'l';
	case 2:
		return strcmp(name, "sshd") == 0;
	case 3:
		return true;
	default:
		return *name != '\0' && *name != 's';
	}
}

static bool owner_holds(const struct expr *expr, const struct model *model,
			const struct process *process)
{
	switch (expr->kind) {
	case PID:
		return compare(expr->op, process->pid, expr->a);
	case COMM:
		return (strcmp(process->comm, model_names[expr->a]) == 0) == (expr->op == EQ);
	case COMM_GLOB:
		return glob_holds(expr->a, process->comm);
	case OWNER_UID:
		return model->has_uid && compare(expr->op, process->uid, model->uid);
	default:
		return true;
	}
}

static bool owners_hold(const struct expr *expr, const struct model *model)
{
	for (uint32_t i = 0; i < model->n_owners; i++)
		if (owner_holds(expr, model, &model->processes[i]))
			return true;
	return false;
}

static bool path_holds(const struct expr *expr, const struct model *model)
{
	const char *path = model->path ? model->path : "";

	if (is_ip(model))
		return false;
	switch (expr->a) {
	case 0:
		return !model->abstract && strncmp(path, "/run/", 5) == 0;
	case 1:
		return model->abstract;
	case 2:
		return true;
	case 3:
		return !model->abstract && strncmp(path, "/tmp/", 5) == 0;
	default:
		return model->abstract && strcasecmp(path, "bus") == 0;
	}
}

static bool same_ends(const struct model *model)
{
	bool v4 = model->family == ESTAB_FAMILY_INET;
	bool local_v4, peer_v4;
	const uint8_t *local = plain(model->local, v4, &local_v4);
	const uint8_t *peer = plain(model->peer, v4, &peer_v4);

	return local_v4 == peer_v4 && memcmp(local, peer, local_v4 ? 4 : 16) == 0;
}

bool expr_holds(const struct expr *expr, const struct model *model)
{
	bool tcp = model->proto == ESTAB_PROTO_TCP;
	bool listens = model->state == ESTAB_STATE_LISTEN;

	switch (expr->kind) {
	case AND:
		return expr_holds(expr->left, model) && expr_holds(expr->right, model);
	case OR:
		return expr_holds(expr->left, model) || expr_holds(expr->right, model);
	case NOT:
		return !expr_holds(expr->left, model);
	case PORT:
		return ports_hold(expr, model);
	case ADDR:
		return addr_holds(expr, model);
	case STATE:
		return !(expr->a >> model->state & 1) == (expr->op == NE);
	case PROTO:
		return !(expr->a >> model->proto & 1) == (expr->op == NE);
	case FAMILY:
		return !(expr->a >> model->family & 1) == (expr->op == NE);
	case UID:
		return model->has_uid && compare(expr->op, model->uid, expr->a);
	case RTT:
		return tcp && model->rtt != 0 && compare(expr->op, model->rtt, expr->a);
	case MARK:
		return model->has_mark && compare(expr->op, model->mark, expr->a);
	case FWMARK:
		return model->has_mark && ((model->mark & expr->b) == expr->a) == (expr->op == EQ);
	case CGROUP:
		return model->has_cgroup && compare(expr->op, model->cgroup, expr->a);
	case DEV:
	case INTERFACE:
		return device_holds(expr, model);
	case RECV_SEND:
		return !listens && compare(expr->op, model->recv_q, model->send_q);
	case SAME_ADDR:
		return is_ip(model) && same_ends(model) == (expr->op == EQ);
	case EXISTS_UID:
		return model->has_uid;
	case EXISTS_RTT:
		return tcp && model->rtt != 0;
	case PATH:
		return path_holds(expr, model);
	case AUTOBOUND:
		if (is_ip(model))
			return model->local_port >= 32768 && model->local_port <= 60999;
		return !model->path || *model->path == '\0';
	default:
		return owners_hold(expr, model);
	}
}

const struct expr *expr_make(struct writer *writer)
{
	writer->length = writer->n = 0;
	return write_expr(writer, chance(EXPR_DEPTH_MAX), LOOSE);
}
