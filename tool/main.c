/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command: which verb it is. */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "commands.h"
#include "compat.h"
#include "complain.h"
#include "help.h"
#include "options.h"
#include "report.h"
#include "util.h"

static int print(void (*put)(struct buf *buf))
{
	struct buf out;
	int status;

	buf_init(&out, STDOUT_FILENO);
	put(&out);
	status = report_end(&out);
	buf_free(&out);
	return status;
}

static int cmd_help(const struct options *options)
{
	(void)options;
	return print(help_put);
}

/* No verb is ever a word of the filter language. */
static const struct verb {
	const char *name;
	int (*run)(const struct options *options);
	enum estab_subject subject;
} verbs[] = {
	{ "list", cmd_list, ESTAB_SUBJECT_SOCKETS },
	{ "diff", cmd_diff, ESTAB_SUBJECT_SOCKETS },
	{ "doctor", cmd_doctor, ESTAB_SUBJECT_SOCKETS },
	{ "fields", cmd_fields, ESTAB_SUBJECT_SOCKETS },
	{ "flows", cmd_list, ESTAB_SUBJECT_FLOWS },
	{ "help", cmd_help, ESTAB_SUBJECT_SOCKETS },
	{ "interfaces", cmd_list, ESTAB_SUBJECT_INTERFACES },
	{ "kill", cmd_kill, ESTAB_SUBJECT_SOCKETS },
	{ "memberships", cmd_list, ESTAB_SUBJECT_MEMBERSHIPS },
	{ "routes", cmd_list, ESTAB_SUBJECT_ROUTES },
	{ "stats", cmd_list, ESTAB_SUBJECT_STATS },
	{ "summary", cmd_summary, ESTAB_SUBJECT_SOCKETS },
	{ "wait", cmd_wait, ESTAB_SUBJECT_SOCKETS },
	{ "who", cmd_who, ESTAB_SUBJECT_SOCKETS },
};

static const struct verb *find_verb(const struct options *options)
{
	for (size_t i = 0; options->verb && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, options->verb) == 0)
			return &verbs[i];
	return NULL;
}

/* A closed standard descriptor must not become a file or a socket of ours. It is opened the wrong
 * way round, so that using it is an error still. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

static void version_put(struct buf *buf)
{
	buf_str(buf, "estab ");
	buf_str(buf, estab_version());
	buf_char(buf, '\n');
}

typedef int run_fn(const struct options *options);

/* -s, and what only a summary can have, ask of the listing that it be one. */
static bool is_summary(const struct options *options)
{
	return options->summary || options->by || options->sums || options->top > 0;
}

static run_fn *what_runs(const struct options *options, const struct verb *verb)
{
	if (options->deleting)
		return cmd_delete;
	if (options->follow)
		return cmd_follow;
	if (verb && verb->run != cmd_list)
		return verb->run;
	return is_summary(options) ? cmd_summary : cmd_list;
}

/* Options that would be taken for something else where another verb left them unheeded. */
static int check_verb_options(const struct options *options, const struct verb *verb, run_fn *run)
{
	int jobs = options->deleting + options->follow + options->stats + options->expect;

	if (jobs > 0 && (!verb || strcmp(verb->name, "flows") != 0))
		return complain_usage(
			NULL, "--follow, --delete, --stats and --expect belong to estab flows");
	if (jobs > 1)
		return complain_usage("flows",
				      "one of --follow, --delete, --stats and --expect at a time");
	if (jobs > 0 && is_summary(options))
		return complain_usage("flows", "what it lists then has no summary: -s, --by");
	if (options->limit > 0 && run != cmd_follow)
		return complain_usage(NULL, "--limit belongs to estab flows --follow");
	if ((options->yes || options->dry_run) && run != cmd_kill && run != cmd_delete)
		return complain_usage(
			NULL, "--yes and --dry-run belong to estab kill and estab flows --delete");
	if (options->listeners && run != cmd_kill)
		return complain_usage(NULL, "--listeners belongs to estab kill");
	if (options->gone && run != cmd_wait)
		return complain_usage(NULL, "--gone belongs to estab wait");
	if (options->timeout_given && run != cmd_wait && run != cmd_follow)
		return complain_usage(NULL,
				      "--timeout belongs to estab wait and estab flows --follow");
	/* Whoever takes these for limits of a deed must not lose more than that. */
	if (is_summary(options) && run != cmd_summary)
		return complain_usage(NULL, "-s, --by, --top and --sum belong to estab summary");
	if (options->explain && run != cmd_list)
		return complain_usage(NULL, "--explain belongs to listings");
	if (options->quiet && (run == cmd_summary || run == cmd_doctor || run == cmd_fields))
		return complain_usage(NULL, "-q belongs to what may match or not");
	if (run == cmd_wait &&
	    (options->format != FORMAT_TABLE || options->columns || options->n_sort > 0))
		return complain_usage("wait",
				      "lists nothing: it takes no columns, sort and format");
	if (options->tree && run != cmd_list)
		return complain_usage(NULL, "--tree belongs to estab list");
	if ((options->pids || options->count) && run != cmd_who)
		return complain_usage(NULL, "--pids and --count belong to estab who");
	return 0;
}

/* What is listed beside flows. */
static enum estab_subject choose_subject(const struct options *options, const struct verb *verb)
{
	if (verb->subject == ESTAB_SUBJECT_FLOWS && options->stats)
		return ESTAB_SUBJECT_FLOW_STATS;
	if (verb->subject == ESTAB_SUBJECT_FLOWS && options->expect)
		return ESTAB_SUBJECT_EXPECTATIONS;
	return verb->subject;
}

int main(int argc, char **argv)
{
	const struct personality *personality;
	struct options options;
	const struct verb *verb;
	int status;

	fill_standard_fds();
	personality = compat_find(&argc, &argv);
	if (personality)
		return personality->run(argc, argv);
	status = options_parse(argc, argv, &options);
	if (status != 0) {
		options_free(&options);
		return status;
	}
	verb = find_verb(&options);
	if (verb) {
		options_drop_verb(&options);
		options.subject = choose_subject(&options, verb);
	}
	if (options.help)
		status = cmd_help(&options);
	else if (options.version)
		status = print(version_put);
	else
		status = check_verb_options(&options, verb, what_runs(&options, verb));
	if (status == 0 && !options.help && !options.version)
		status = what_runs(&options, verb)(&options);
	options_free(&options);
	return status;
}
