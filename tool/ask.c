/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "complain.h"
#include "options.h"
#include "select.h"
#include "util.h"
#include "width.h"

static void log_line(void *arg, int level, const char *text)
{
	(void)arg;
	(void)level;
	complain("debug", text);
}

int ask_complain(const struct options *options, int error)
{
	if ((options->subject == ESTAB_SUBJECT_FLOWS ||
	     options->subject == ESTAB_SUBJECT_FLOW_STATS ||
	     options->subject == ESTAB_SUBJECT_EXPECTATIONS) &&
	    !options->proc_root) {
		if (error == -EPERM || error == -EACCES) {
			complain("flows", "needs root, or CAP_NET_ADMIN");
			return STATUS_FAILED;
		}
		if (error == -ENOENT) {
			complain("flows",
				 "no connection tracking here: nf_conntrack is not loaded");
			return STATUS_FAILED;
		}
	}
	if (options->proc_root && error == -ENOENT) {
		complain_word(estab_subject_name(options->subject), "no file of theirs is in",
			      options->proc_root, strlen(options->proc_root));
		return STATUS_FAILED;
	}
	complain_errno(options->proc_root ? options->proc_root
					  : estab_subject_name(options->subject),
		       error);
	return STATUS_FAILED;
}

int ask_context(const struct options *options, struct estab_ctx **ret_ctx)
{
	struct estab_ctx_options ctx_options = {
		.size = sizeof(ctx_options),
		.flags = ESTAB_CTX_THREADS | ESTAB_CTX_ENTER_NETNS | ESTAB_CTX_BPF,
		.byte_order = options->byte_order,
		.proc_root = options->proc_root,
		.proc_pid = options->proc_pid,
		.passwd_file = options->passwd_file,
	};
	int error;

	if (options->proc_root && *options->proc_root == '\0')
		return complain_usage("--proc-root", "no directory is named");
	if (options->proc_pid != 0 && !options->proc_root)
		return complain_usage("--proc-pid", "needs --proc-root");
	if (options->byte_order != ESTAB_BYTE_ORDER_NATIVE && !options->proc_root)
		return complain_usage("--byte-order", "needs --proc-root");
	/* Its own check, so that the message names the right one. */
	if (options->passwd_file && access(options->passwd_file, R_OK) < 0) {
		complain_errno(options->passwd_file, -errno);
		return STATUS_FAILED;
	}
	error = estab_ctx_new(&ctx_options, ret_ctx);
	if (error < 0) {
		complain_errno(options->proc_root ? options->proc_root : "/proc", error);
		return STATUS_FAILED;
	}
	if (options->debug)
		estab_ctx_set_log(*ret_ctx, log_line, NULL);
	return 0;
}

static int set_filter(const struct options *options, struct estab_query *query)
{
	_cleanup_(cleanup_free) char *message = NULL;
	size_t position = 0;
	int error;

	wide_begin_filter(options->words);
	error = estab_query_set_filter(query, options->words, &position, &message);
	if (error == -EINVAL)
		return complain_filter(options->words, position, message ? message : "not valid");
	if (error == 0)
		error = select_widen(options, query);
	if (error == 0 && options->no_pushdown)
		error = estab_query_set_pushdown(query, 0);
	if (error < 0) {
		complain_errno("filter", error);
		return STATUS_FAILED;
	}
	return 0;
}

static int set_netns(const struct options *options, struct estab_query *query)
{
	const char *name = options->netns;
	int error = options->all_netns ? estab_query_set_all_netns(query, 1)
				       : estab_query_set_netns(query, name);

	if (error == -EINVAL && options->proc_root)
		return complain_word("-N", "with --proc-root only pid:N", name, strlen(name));
	if (error == -EINVAL)
		return complain_word("-N", "not a network namespace", name, strlen(name));
	if (error < 0) {
		complain_errno(name, error);
		return STATUS_FAILED;
	}
	return 0;
}

/* Which sources have rows of a subject; all know auto. */
static const char *const sources[] = {
	[ESTAB_SUBJECT_SOCKETS] = "bpf diag procfs",
	[ESTAB_SUBJECT_FLOWS] = "ctnetlink procfs",
	[ESTAB_SUBJECT_ROUTES] = "rtnetlink procfs",
	[ESTAB_SUBJECT_INTERFACES] = "rtnetlink procfs",
	[ESTAB_SUBJECT_MEMBERSHIPS] = "procfs",
	[ESTAB_SUBJECT_STATS] = "procfs",
	[ESTAB_SUBJECT_FLOW_STATS] = "ctnetlink procfs",
	[ESTAB_SUBJECT_EXPECTATIONS] = "ctnetlink procfs",
};

static bool has_word(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (; *words; words += strcspn(words, " "), words += *words == ' ')
		if (strncmp(words, word, length) == 0 && strcspn(words, " ") == length)
			return true;
	return false;
}

static int set_source(const struct options *options, struct estab_query *query)
{
	const char *name = options->source;

	if (!name)
		return 0;
	if (estab_query_set_source(query, name) < 0)
		return complain_word("--source", "no such source", name, strlen(name));
	if (strcmp(name, "auto") == 0)
		return 0;
	if (!has_word(sources[options->subject], name)) {
		struct buf why;

		buf_init(&why, BUF_MEMORY);
		buf_str(&why, estab_subject_name(options->subject));
		buf_str(&why, " are read by ");
		buf_put(&why, sources[options->subject], strlen(sources[options->subject]) + 1);
		complain_word("--source", why.error == 0 ? why.data : "not of these", name,
			      strlen(name));
		buf_free(&why);
		return STATUS_USAGE;
	}
	if (options->proc_root && strcmp(name, "procfs") != 0)
		return complain_usage("--source", "--proc-root is read by procfs only");
	return 0;
}

static int set_up(const struct options *options, struct estab_query *query)
{
	int status = select_check(options);
	int error;

	if (status != 0)
		return status;
	error = estab_query_set_subject(query, options->subject);
	if (error == 0)
		error = select_apply(options, query);
	if (error < 0) {
		complain_errno("query", error);
		return STATUS_FAILED;
	}
	status = set_netns(options, query);
	if (status != 0)
		return status;
	status = set_source(options, query);
	if (status != 0)
		return status;
	error = estab_query_set_consistent(query, options->consistent);
	if (error < 0) {
		complain_errno("query", error);
		return STATUS_FAILED;
	}
	return set_filter(options, query);
}

int ask_query(const struct options *options, struct estab_ctx *ctx, struct estab_query **ret_query)
{
	struct estab_query *query;
	int error = estab_query_new(ctx, &query);
	int status;

	if (error < 0) {
		complain_errno("query", error);
		return STATUS_FAILED;
	}
	status = set_up(options, query);
	if (status != 0) {
		estab_query_unref(query);
		return status;
	}
	*ret_query = query;
	return 0;
}
