/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as lsof(8), for sockets: reading, and what comes of it. */
#include "compat-lsof.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

static void usage_put(struct buf *buf)
{
	buf_str(buf,
		"usage: lsof [-aEhJjlnPQRtUvw] [+c width] [-c command] [-F [fields]] [-g [groups]]\n"
		"            [-i [46][protocol][@host][:ports]] [-p pids] [+|-r [time]] [-s TCP:states]\n"
		"            [-T [qs]] [-u users]\n"
		"Sockets only: -i selects those of TCP and UDP, -U those of unix. This is estab in the\n"
		"place of lsof: estab-lsof(1).\n");
}

/* Which letters of -F a socket has; the others are taken, and show nothing. */
static void field_help_put(struct buf *buf)
{
	buf_str(buf,
		"lsof: -F fields of a process: p PID, c command, g process group, R parent, u user's number,\n"
		"L user's name; of a socket: f descriptor, a access, l lock, t type, d device, o offset,\n"
		"i inode, P protocol, n name, T state and queues; 0 ends fields with NUL.\n");
}

/* ---- reading ---- */

/* The array with room for one more; NULL: there is none. */
static void *grow(struct lsof *lsof, void *items, size_t size, size_t used, size_t *room)
{
	size_t more = MAX(*room * 2, (size_t)1024);

	if (used < *room)
		return items;
	items = reallocarray(items, more, size);
	if (items)
		*room = more;
	else
		lsof->error = -ENOMEM;
	return items;
}

/* Every descriptor of the processes; what only a thread or a ring has, lsof does not know. */
static void add_row(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct lsof *lsof = arg;
	uint32_t count = estab_socket_owner_count(sock);

	for (uint32_t i = 0; i < count; i++) {
		const struct estab_owner *owner = estab_socket_owner(sock, i);
		struct lsof_file file = { .proto = proto, .sock = sock, .owner = owner };
		struct lsof_file *files;
		const char *via;
		uint64_t tid;

		if (estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &file.pid) < 0 ||
		    estab_owner_get_u64(owner, ESTAB_F_OWNER_FD, &file.fd) < 0 ||
		    estab_owner_get_u64(owner, ESTAB_F_OWNER_TID, &tid) == 0 ||
		    estab_owner_get_str(owner, ESTAB_F_OWNER_VIA, &via) == 0)
			continue;
		files = grow(lsof, lsof->files, sizeof(*files), lsof->n_files, &lsof->room);
		if (!files)
			return;
		lsof->files = files;
		lsof->files[lsof->n_files++] = file;
	}
}

static int compare(const void *a, const void *b)
{
	const struct lsof_file *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return (left->fd > right->fd) - (left->fd < right->fd);
}

static void put_pids(struct lsof *lsof)
{
	uint64_t pid = 0;

	for (size_t i = 0; i < lsof->n_files; i++) {
		if (!lsof->files[i].shown || lsof->files[i].pid == pid)
			continue;
		pid = lsof->files[i].pid;
		buf_u64(&lsof->out, pid);
		buf_char(&lsof->out, '\n');
	}
}

/* Everything is read: the rows live as long as this takes. */
static void show(void *arg, const struct estab_result *result)
{
	struct lsof *lsof = arg;

	(void)result;
	if (lsof->n_files > 0)
		qsort(lsof->files, lsof->n_files, sizeof(*lsof->files), compare);
	lsof_select(lsof);
	if (lsof->options.terse)
		put_pids(lsof);
	else if (lsof->options.json || lsof->options.json_lines)
		lsof_put_json(lsof);
	else if (lsof->options.fields)
		lsof_put_fields(lsof);
	else
		lsof_put_table(lsof);
}

static void add_common(const struct lsof *lsof, struct compat_reading *reading)
{
	static const enum estab_field fields[] = {
		ESTAB_F_PROTO,     ESTAB_F_STATE,      ESTAB_F_INODE,     ESTAB_F_RECV_Q,
		ESTAB_F_SEND_Q,    ESTAB_F_LOCAL_ADDR, ESTAB_F_OWNER_PID, ESTAB_F_OWNER_FD,
		ESTAB_F_OWNER_TID, ESTAB_F_OWNER_COMM, ESTAB_F_OWNER_UID, ESTAB_F_OWNER_VIA,
	};
	const struct lsof_options *options = &lsof->options;
	bool described = options->fields || options->json || options->json_lines;

	reading->ctx = lsof->ctx;
	reading->whole = true;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		compat_add_field(reading, fields[i]);
	if (options->group || options->groups.n > 0 || described)
		compat_add_field(reading, ESTAB_F_OWNER_PGID);
	if (options->parent || options->fields)
		compat_add_field(reading, ESTAB_F_OWNER_PPID);
}

static void add_address(void *arg, enum estab_proto proto, const struct estab_socket *sock)
{
	struct lsof *lsof = arg;
	struct lsof_address *addresses = grow(lsof, lsof->addresses, sizeof(*addresses),
					      lsof->n_addresses, &lsof->addresses_room);

	(void)proto;
	if (!addresses)
		return;
	lsof->addresses = addresses;
	addresses[lsof->n_addresses++] = (struct lsof_address){
		.inode = compat_u64(sock, ESTAB_F_INODE, 0),
		.address = compat_u64(sock, ESTAB_F_KERNEL_ADDRESS, 0),
	};
}

static int compare_addresses(const void *a, const void *b)
{
	const struct lsof_address *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

static void read_addresses(struct lsof *lsof)
{
	struct compat_reading reading = {
		.ctx = lsof->ctx,
		.states = ESTAB_STATES_ALL,
		.source = "procfs",
	};

	lsof->n_addresses = 0;
	compat_add_field(&reading, ESTAB_F_INODE);
	compat_add_field(&reading, ESTAB_F_KERNEL_ADDRESS);
	compat_add_table(&reading, ESTAB_PROTO_UNIX);
	compat_read(&reading, add_address, NULL, lsof);
	if (lsof->n_addresses > 0)
		qsort(lsof->addresses, lsof->n_addresses, sizeof(*lsof->addresses),
		      compare_addresses);
}

/* Without the rows that could not be read. */
static void go_on(struct lsof *lsof, int error, compat_result_fn *next,
		  const struct estab_result *result)
{
	if (!compat_is_absent(error))
		lsof->error = error;
	next(lsof, result);
}

static void read_unix(void *arg, const struct estab_result *result)
{
	struct lsof *lsof = arg;
	static const enum estab_field fields[] = {
		ESTAB_F_TYPE,
		ESTAB_F_LOCAL_PATH,
		ESTAB_F_LOCAL_ABSTRACT,
	};
	struct compat_reading reading = { .states = ESTAB_STATES_ALL };
	int error;

	add_common(lsof, &reading);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		compat_add_field(&reading, fields[i]);
	/* Who is at the other end only sock_diag tells, and only the text has addresses. */
	if (lsof->options.endpoints) {
		compat_add_field(&reading, ESTAB_F_PEER_INODE);
		read_addresses(lsof);
	} else {
		compat_add_field(&reading, ESTAB_F_KERNEL_ADDRESS);
		reading.source = "procfs";
	}
	compat_add_table(&reading, ESTAB_PROTO_UNIX);
	error = compat_read(&reading, add_row, show, lsof);
	if (error < 0)
		go_on(lsof, error, show, result);
}

static void read_all(struct lsof *lsof)
{
	struct compat_reading reading = {
		.states = ESTAB_STATES_ALL & ~BIT32(ESTAB_STATE_BOUND),
	};
	const struct lsof_options *options = &lsof->options;
	compat_result_fn *next = options->unix_sockets ? read_unix : show;
	int error;

	lsof->n_files = 0;
	if (!options->net) {
		read_unix(lsof, NULL);
		return;
	}
	/* What the kernel can pass over needs no owner. */
	if (options->states != 0)
		reading.states &= options->states;
	reading.states &= ~options->without_states;
	add_common(lsof, &reading);
	compat_add_table(&reading, ESTAB_PROTO_TCP);
	compat_add_table(&reading, ESTAB_PROTO_UDP);
	compat_add_table(&reading, ESTAB_PROTO_UDPLITE);
	error = reading.states != 0 ? compat_read(&reading, add_row, next, lsof) : -ENOENT;
	if (error < 0)
		go_on(lsof, error, next, NULL);
}

/* ---- again and again ---- */

static void put_marker(struct lsof *lsof)
{
	char text[256];
	time_t now = time(NULL);
	struct tm broken;

	/* Among fields it is one too. */
	if (lsof->options.fields)
		buf_char(&lsof->out, 'm');
	else if (!lsof->options.marker)
		buf_str(&lsof->out, "=======");
	if (lsof->options.marker && localtime_r(&now, &broken)) {
		/* The format is the user's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		size_t length = strftime(text, sizeof(text), lsof->options.marker, &broken);
#pragma GCC diagnostic pop

		buf_put(&lsof->out, text, length);
	}
	if (lsof->options.fields && lsof->options.end == '\0')
		buf_char(&lsof->out, '\0');
	buf_char(&lsof->out, '\n');
}

static int run(struct lsof *lsof)
{
	for (unsigned int round = 1;; round++) {
		read_all(lsof);
		if (lsof->options.repeat && (lsof->n_shown > 0 || !lsof->options.until_none))
			put_marker(lsof);
		buf_flush(&lsof->out);
		if (lsof->error < 0) {
			compat_complain("lsof", NULL, strerror(-lsof->error));
			return LSOF_FAILED;
		}
		if (!lsof->options.repeat || round == lsof->options.count || lsof->out.error < 0 ||
		    (lsof->options.until_none && lsof->n_shown == 0))
			break;
		sleep(lsof->options.seconds);
	}
	return lsof_miss(lsof) && !lsof->options.quiet ? LSOF_FAILED : LSOF_OK;
}

static int answer(struct lsof *lsof)
{
	int error, status;

	if (lsof->options.help || lsof->options.field_help) {
		struct buf err;

		buf_init(&err, STDERR_FILENO);
		if (lsof->options.help)
			usage_put(&lsof->out);
		else
			field_help_put(&err);
		buf_flush(&err);
		buf_free(&err);
		return LSOF_OK;
	}
	if (lsof->options.version) {
		buf_str(&lsof->out, "lsof version information:\n    revision: estab ");
		buf_str(&lsof->out, estab_version());
		buf_char(&lsof->out, '\n');
		return LSOF_OK;
	}
	error = compat_context(&lsof->ctx);
	if (error < 0) {
		compat_complain("lsof", NULL, strerror(-error));
		return LSOF_FAILED;
	}
	lsof->names.hosts = !lsof->options.numeric_hosts;
	lsof->names.services = !lsof->options.numeric_ports;
	status = run(lsof);
	estab_ctx_unref(lsof->ctx);
	return status;
}

int compat_lsof(int argc, char **argv)
{
	struct lsof *lsof = calloc(1, sizeof(*lsof));
	int status;

	if (!lsof)
		return LSOF_FAILED;
	status = lsof_options_parse(argc, argv, &lsof->options);
	if (status == 0) {
		buf_init(&lsof->out, STDOUT_FILENO);
		status = answer(lsof);
		buf_flush(&lsof->out);
		if (lsof->out.error < 0) {
			compat_complain("lsof", NULL, strerror(-lsof->out.error));
			status = LSOF_FAILED;
		}
		buf_free(&lsof->out);
		compat_names_free(&lsof->names);
	} else {
		status--;
	}
	lsof_options_free(&lsof->options);
	free(lsof->files);
	free(lsof->keys);
	free(lsof->addresses);
	free(lsof);
	return status;
}
