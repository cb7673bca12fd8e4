/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command as netstat(8): which tables follow from its command line. */
#include "compat-netstat.h"

#include "compat-netstat-tables.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* ---- what the tables share ---- */

void netstat_put_which(struct netstat *netstat)
{
	buf_str(&netstat->out, netstat->options.all         ? "(servers and established)\n"
			       : netstat->options.listening ? "(only servers)\n"
							    : "(w/o servers)\n");
}

void netstat_put_program_head(struct netstat *netstat)
{
	buf_str(&netstat->out, " PID/Program name    ");
	if (netstat->options.contexts)
		buf_str(&netstat->out, " Security Context                                 ");
}

void netstat_add_program(const struct netstat *netstat, struct compat_reading *reading)
{
	if (!netstat->options.programs)
		return;
	compat_add_field(reading, ESTAB_F_OWNER_PID);
	compat_add_field(reading, ESTAB_F_OWNER_CMDLINE);
	if (netstat->options.contexts)
		compat_add_field(reading, ESTAB_F_OWNER_CONTEXT);
	reading->whole = true;
}

/* The first owner, and the first word of its command line, without its directory. */
static void put_owner(struct buf *text, const struct estab_owner *owner)
{
	const void *bytes = "";
	const char *word;
	size_t length = 0;
	uint64_t pid = 0;

	estab_owner_get_u64(owner, ESTAB_F_OWNER_PID, &pid);
	buf_u64(text, pid);
	buf_char(text, '/');
	if (estab_owner_get_bytes(owner, ESTAB_F_OWNER_CMDLINE, &bytes, &length) < 0)
		return;
	word = bytes;
	length = strnlen(word, length);
	if (length > 0 && *word == '/') {
		const char *slash = memrchr(word, '/', length);

		length -= (size_t)(slash + 1 - word);
		word = slash + 1;
	}
	buf_escape(text, word, length);
}

void netstat_put_program(struct netstat *netstat, const struct estab_socket *sock)
{
	const struct estab_owner *owner = estab_socket_owner(sock, 0);
	struct buf *out = &netstat->out;
	struct buf *text = &netstat->text;
	uint64_t start;

	text->used = 0;
	netstat->found |= owner != NULL;
	if (owner)
		put_owner(text, owner);
	else
		buf_char(text, '-');
	buf_char(out, ' ');
	start = buf_total(out);
	buf_put(out, text->data, MIN(text->used, (size_t)NETSTAT_PROGRAM - 1));
	compat_pad(out, start, NETSTAT_PROGRAM);
	if (!netstat->options.contexts)
		return;
	buf_char(out, ' ');
	start = buf_total(out);
	if (!owner || buf_owner(out, owner, ESTAB_F_OWNER_CONTEXT) < 0)
		buf_char(out, '-');
	compat_pad(out, start, 50);
}

void netstat_note_losses(void *arg, const struct estab_result *result)
{
	struct netstat *netstat = arg;
	size_t count = estab_result_loss_count(result);

	for (size_t i = 0; i < count; i++) {
		struct estab_loss loss = { .size = sizeof(loss) };

		if (estab_result_get_loss(result, i, &loss) < 0 ||
		    strcmp(loss.what, "processes") != 0 || strcmp(loss.why, "permission") != 0)
			continue;
		/* Its own processes that are shielded nobody has to be root for who is. */
		if (!loss.detail || geteuid() != 0)
			netstat->lost = true;
	}
}

static void tell_losses(const struct netstat *netstat)
{
	if (!netstat->options.programs || !netstat->lost)
		return;
	if (netstat->found)
		fputs("(Not all processes could be identified, non-owned process info\n"
		      " will not be shown, you would have to be root to see it all.)\n",
		      stderr);
	else
		fprintf(stderr,
			"(No info could be read for \"-p\": geteuid()=%u but you should be root.)\n",
			(unsigned int)geteuid());
}

/* ---- one listing ---- */

void netstat_complain(const char *before, const char *what, const char *behind)
{
	struct buf err;

	buf_init(&err, STDERR_FILENO);
	buf_str(&err, before);
	buf_escape(&err, what, strlen(what));
	buf_str(&err, behind);
	buf_char(&err, '\n');
	buf_flush(&err);
	buf_free(&err);
}

int netstat_end(int error)
{
	if (error >= 0 || compat_is_absent(error))
		return NETSTAT_OK;
	compat_complain("netstat", NULL, strerror(-error));
	return NETSTAT_FAILED;
}

void netstat_miss(const char *what)
{
	netstat_complain("netstat: no support for `", what, "' on this system.");
}

/* A table that this system does not have is an error where it was asked for. */
static int missing(const struct netstat *netstat, const char *what, bool named)
{
	if (named || netstat->options.verbose)
		netstat_miss(what);
	return named ? NETSTAT_FAILED : NETSTAT_OK;
}

/* Families that few systems have; the first that is missing and was asked for ends it. */
static int list_rare(struct netstat *netstat, bool named)
{
	const struct netstat_options *options = &netstat->options;
	int status = NETSTAT_OK;

	if (options->ipx && netstat_ipx(netstat) < 0)
		status = missing(netstat, "AF IPX", named);
	if (status == NETSTAT_OK && options->ax25 && netstat_ax25(netstat) < 0)
		status = missing(netstat, "AF AX25", named);
	if (status == NETSTAT_OK && options->x25)
		status = missing(netstat, "AF X25", named);
	if (status == NETSTAT_OK && options->netrom)
		status = missing(netstat, "AF NETROM", named);
	if (status == NETSTAT_OK && options->rose)
		status = missing(netstat, "AF ROSE", named);
	if (status == NETSTAT_OK && options->bluetooth) {
		netstat_complain("netstat: feature `AF BLUETOOTH' not supported.", "", "");
		netstat_complain("estab-netstat(1) tells what is.", "", "");
		status = NETSTAT_FAILED;
	}
	return status;
}

static int list_sockets(struct netstat *netstat, bool named)
{
	struct netstat_options *options = &netstat->options;
	bool sctp = options->sctp && options->inet && (!named || !options->no_protocol);
	int status = NETSTAT_OK;

	/* It stands behind TCP; where it was asked for, its absence is the end. */
	if (sctp && named)
		options->udp = options->udplite = options->raw = false;
	if (options->tcp || options->sctp || options->udp || options->udplite || options->raw)
		status = netstat_inet(netstat);
	if (status == NETSTAT_OK && sctp)
		status = missing(netstat, "AF INET (sctp)", named);
	/* It has two files, for what listens and for the rest. */
	if (status == NETSTAT_OK && sctp && options->all)
		status = missing(netstat, "AF INET (sctp)", named);
	/* Here, behind those and before the others, the old tool has them. */
	if (status == NETSTAT_OK && options->groups)
		status = netstat_groups(netstat);
	if (status == NETSTAT_OK && options->unix_sockets)
		status = netstat_unix(netstat);
	return status == NETSTAT_OK ? list_rare(netstat, named) : status;
}

/* Which of netstat's tables it is. */
static int list(struct netstat *netstat, bool named)
{
	const struct netstat_options *options = &netstat->options;

	if (options->masquerade)
		return missing(netstat, "ip_masquerade", true);
	if (options->statistics)
		return netstat_statistics(netstat);
	if (options->routes)
		return netstat_routes(netstat);
	if (options->interfaces)
		return netstat_interfaces(netstat);
	return list_sockets(netstat, named);
}

static int list_on(struct netstat *netstat, bool named)
{
	int status;

	for (;;) {
		status = list(netstat, named);
		/* Before the listing, as the old tool does, if that was not too long to wait. */
		tell_losses(netstat);
		buf_flush(&netstat->out);
		if (status != NETSTAT_OK || !netstat->options.continuous ||
		    netstat->options.statistics || netstat->out.error < 0)
			return status;
		netstat->again = true;
		sleep(1);
	}
}

static int refuse(const char *why)
{
	compat_complain("netstat", NULL, why);
	return NETSTAT_FAILED;
}

static int answer(struct netstat *netstat)
{
	bool named;
	int error, status;

	if (netstat->options.help) {
		netstat_put_usage(&netstat->out);
		return NETSTAT_OK;
	}
	if (netstat->options.version) {
		buf_str(&netstat->out, "net-tools, by estab ");
		buf_str(&netstat->out, estab_version());
		buf_char(&netstat->out, '\n');
		return NETSTAT_OK;
	}
	named = netstat_complete(&netstat->options);
	netstat->names.services = !netstat->options.numeric_ports;
	netstat->names.hosts = !netstat->options.numeric_hosts;
	error = compat_context(&netstat->ctx);
	if (error < 0)
		return refuse(strerror(-error));
	status = list_on(netstat, named);
	estab_ctx_unref(netstat->ctx);
	return status;
}

int compat_netstat(int argc, char **argv)
{
	struct netstat netstat = { 0 };
	int status = netstat_parse(argc, argv, &netstat.options);

	if (status != 0)
		return status - 1;
	buf_init(&netstat.out, STDOUT_FILENO);
	buf_init(&netstat.text, BUF_MEMORY);
	status = answer(&netstat);
	buf_flush(&netstat.out);
	if (netstat.out.error < 0)
		status = refuse(strerror(-netstat.out.error));
	buf_free(&netstat.out);
	buf_free(&netstat.text);
	compat_names_free(&netstat.names);
	return status;
}
