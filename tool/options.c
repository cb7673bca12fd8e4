/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "complain.h"
#include "select.h"
#include "util.h"

enum { RESOLVE_MAX_MS = 3600 * 1000, WAIT_MAX_MS = 30 * 24 * 3600 * 1000u };

/* Options without a letter. */
enum {
	OPT_ALL_NETNS = 256,
	OPT_BY,
	OPT_BYTE_ORDER,
	OPT_COLOR,
	OPT_COLUMNS,
	OPT_CONSISTENT,
	OPT_COUNT,
	OPT_CSV,
	OPT_DEBUG,
	OPT_DELETE,
	OPT_DRY_RUN,
	OPT_EXPECT,
	OPT_EXPLAIN,
	OPT_FOLLOW,
	OPT_FORMAT,
	OPT_GONE,
	OPT_JSON,
	OPT_JSONL,
	OPT_LIMIT,
	OPT_LISTENERS,
	OPT_NAT,
	OPT_NO_PUSHDOWN,
	OPT_NULL,
	OPT_OWNERS,
	OPT_PASSWD,
	OPT_PIDS,
	OPT_PROC_PID,
	OPT_PROC_ROOT,
	OPT_RESOLVE_TIMEOUT,
	OPT_SORT,
	OPT_SOURCE,
	OPT_STATS,
	OPT_STRICT,
	OPT_SUM,
	OPT_TIMEOUT,
	OPT_TOP,
	OPT_TREE,
	OPT_YES,
};

/* "-": words come in order, so that what stands behind "--" can be told. */
static const char letters[] = "-:046aA:Bef:hHilmMnN:opqrstTuvVwxZ";

static const struct option long_options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "all-netns", no_argument, NULL, OPT_ALL_NETNS },
	{ "bound-inactive", no_argument, NULL, 'B' },
	{ "by", required_argument, NULL, OPT_BY },
	{ "byte-order", required_argument, NULL, OPT_BYTE_ORDER },
	{ "color", required_argument, NULL, OPT_COLOR },
	{ "colour", required_argument, NULL, OPT_COLOR },
	{ "columns", required_argument, NULL, OPT_COLUMNS },
	{ "consistent", no_argument, NULL, OPT_CONSISTENT },
	{ "context", no_argument, NULL, 'Z' },
	{ "count", no_argument, NULL, OPT_COUNT },
	{ "csv", no_argument, NULL, OPT_CSV },
	{ "debug", no_argument, NULL, OPT_DEBUG },
	{ "delete", no_argument, NULL, OPT_DELETE },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "expect", no_argument, NULL, OPT_EXPECT },
	{ "explain", no_argument, NULL, OPT_EXPLAIN },
	{ "extended", no_argument, NULL, 'e' },
	{ "family", required_argument, NULL, 'f' },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "gone", no_argument, NULL, OPT_GONE },
	{ "help", no_argument, NULL, 'h' },
	{ "info", no_argument, NULL, 'i' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "jsonl", no_argument, NULL, OPT_JSONL },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "listeners", no_argument, NULL, OPT_LISTENERS },
	{ "listening", no_argument, NULL, 'l' },
	{ "memory", no_argument, NULL, 'm' },
	{ "mptcp", no_argument, NULL, 'M' },
	{ "nat", no_argument, NULL, OPT_NAT },
	{ "net", required_argument, NULL, 'N' },
	{ "no-header", no_argument, NULL, 'H' },
	{ "no-pushdown", no_argument, NULL, OPT_NO_PUSHDOWN },
	{ "null", no_argument, NULL, OPT_NULL },
	{ "numeric", no_argument, NULL, 'n' },
	{ "options", no_argument, NULL, 'o' },
	{ "owners", no_argument, NULL, OPT_OWNERS },
	{ "packet", no_argument, NULL, '0' },
	{ "passwd", required_argument, NULL, OPT_PASSWD },
	{ "pids", no_argument, NULL, OPT_PIDS },
	{ "proc-pid", required_argument, NULL, OPT_PROC_PID },
	{ "proc-root", required_argument, NULL, OPT_PROC_ROOT },
	{ "processes", no_argument, NULL, 'p' },
	{ "query", required_argument, NULL, 'A' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "raw", no_argument, NULL, 'w' },
	{ "resolve", no_argument, NULL, 'r' },
	{ "resolve-timeout", required_argument, NULL, OPT_RESOLVE_TIMEOUT },
	{ "sort", required_argument, NULL, OPT_SORT },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "sum", required_argument, NULL, OPT_SUM },
	{ "summary", no_argument, NULL, 's' },
	{ "tcp", no_argument, NULL, 't' },
	{ "threads", no_argument, NULL, 'T' },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "tree", no_argument, NULL, OPT_TREE },
	{ "udp", no_argument, NULL, 'u' },
	{ "unix", no_argument, NULL, 'x' },
	{ "version", no_argument, NULL, 'V' },
	{ "yes", no_argument, NULL, OPT_YES },
	{ NULL, 0, NULL, 0 },
};

/* Options that only switch something on. */
static const struct {
	int option;
	size_t offset;
} switches[] = {
	{ 'a', offsetof(struct options, all) },
	{ 'B', offsetof(struct options, bound) },
	{ 'e', offsetof(struct options, extended) },
	{ 'h', offsetof(struct options, help) },
	{ 'H', offsetof(struct options, no_header) },
	{ 'i', offsetof(struct options, internals) },
	{ 'l', offsetof(struct options, listening) },
	{ 'm', offsetof(struct options, memory) },
	{ 'o', offsetof(struct options, timer) },
	{ 'p', offsetof(struct options, process) },
	{ 'q', offsetof(struct options, quiet) },
	{ 'r', offsetof(struct options, resolve) },
	{ 's', offsetof(struct options, summary) },
	/* The process's own table is everyone's: only other threads are told apart, always. */
	{ 'T', offsetof(struct options, process) },
	{ 'v', offsetof(struct options, version) },
	{ 'V', offsetof(struct options, version) },
	{ 'Z', offsetof(struct options, context) },
	{ OPT_CONSISTENT, offsetof(struct options, consistent) },
	{ OPT_COUNT, offsetof(struct options, count) },
	{ OPT_PIDS, offsetof(struct options, pids) },
	{ OPT_DEBUG, offsetof(struct options, debug) },
	{ OPT_DELETE, offsetof(struct options, deleting) },
	{ OPT_DRY_RUN, offsetof(struct options, dry_run) },
	{ OPT_EXPECT, offsetof(struct options, expect) },
	{ OPT_EXPLAIN, offsetof(struct options, explain) },
	{ OPT_FOLLOW, offsetof(struct options, follow) },
	{ OPT_GONE, offsetof(struct options, gone) },
	{ OPT_LISTENERS, offsetof(struct options, listeners) },
	{ OPT_NAT, offsetof(struct options, nat) },
	{ OPT_NO_PUSHDOWN, offsetof(struct options, no_pushdown) },
	{ OPT_OWNERS, offsetof(struct options, owners) },
	{ OPT_STATS, offsetof(struct options, stats) },
	{ OPT_STRICT, offsetof(struct options, strict) },
	{ OPT_TREE, offsetof(struct options, tree) },
	{ OPT_YES, offsetof(struct options, yes) },
};

/* Words that an option takes, and the number each stands for. */
struct choice {
	const char *word;
	unsigned int number;
};

static const struct choice formats[] = {
	{ "table", FORMAT_TABLE },
	{ "json", FORMAT_JSON },
	{ "jsonl", FORMAT_JSONL },
	{ "csv", FORMAT_CSV },
	{ "null", FORMAT_NULL },
	{ "conntrack", FORMAT_CONNTRACK },
	{ "conntrack-extended", FORMAT_CONNTRACK_EXTENDED },
	{ NULL, 0 },
};

static const struct choice colours[] = {
	{ "auto", COLOUR_AUTO },
	{ "always", COLOUR_ALWAYS },
	{ "never", COLOUR_NEVER },
	{ NULL, 0 },
};

static const struct choice byte_orders[] = {
	{ "big", ESTAB_BYTE_ORDER_BIG },
	{ "little", ESTAB_BYTE_ORDER_LITTLE },
	{ NULL, 0 },
};

static int choose(const char *option, const struct choice *choices, const char *word,
		  unsigned int *ret_number)
{
	for (; choices->word; choices++) {
		if (strcmp(choices->word, word) == 0) {
			*ret_number = choices->number;
			return 0;
		}
	}
	return complain_word(option, "unknown word", word, strlen(word));
}

/* From 1 to 2^31 - 1. */
static int parse_number(const char *option, const char *what, const char *text,
			uint32_t *ret_number)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && number <= INT32_MAX; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	if (*at != '\0' || number == 0 || number > INT32_MAX)
		return complain_word(option, what, text, strlen(text));
	*ret_number = (uint32_t)number;
	return 0;
}

/* What may stand behind a number of seconds: milliseconds in one of it; 0: no such unit. */
static uint32_t time_unit(const char *text)
{
	static const struct {
		const char *name;
		uint32_t ms;
	} units[] = {
		{ "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(text, units[i].name) == 0)
			return units[i].ms;
	return 0;
}

/* "2", "0.25", "500ms", "5m": in milliseconds. */
static int parse_time(const char *option, const char *text, uint32_t max_ms, uint32_t *ret_ms)
{
	const char *at = text;
	uint64_t thousandths = 0;
	bool digit = false;
	uint32_t unit;

	for (; *at >= '0' && *at <= '9' && thousandths <= (uint64_t)max_ms * 1000; at++) {
		thousandths = thousandths * 10 + (uint64_t)(*at - '0') * 1000;
		digit = true;
	}
	if (*at == '.' && digit) {
		digit = false;
		at++;
		for (uint32_t part = 100; *at >= '0' && *at <= '9'; part /= 10, at++) {
			thousandths += (uint64_t)(*at - '0') * part;
			digit = true;
		}
	}
	unit = digit ? time_unit(at) : 0;
	if (unit == 0 || thousandths > (uint64_t)max_ms * 1000 / unit)
		return complain_word(option, "not a number of seconds", text, strlen(text));
	*ret_ms = (uint32_t)(thousandths * unit / 1000);
	return 0;
}

/* Adds a word to a text, with the separator before all but the first. */
static int append(char **text, char separator, const char *word)
{
	size_t before = *text ? strlen(*text) : 0;
	size_t length = strlen(word);
	char *longer = realloc(*text, before + length + 2);

	if (!longer) {
		complain_errno("command line", -ENOMEM);
		return STATUS_FAILED;
	}
	*text = longer;
	if (before > 0)
		longer[before++] = separator;
	memcpy(longer + before, word, length + 1);
	return 0;
}

static int add_word(struct options *options, const char *word)
{
	options->args[options->n_args++] = word;
	return append(&options->words, ' ', word);
}

static int add_sort(struct options *options, const char *list)
{
	if (*list == '\0')
		return complain_usage("--sort", "no field is named");
	while (*list) {
		size_t length = strcspn(list, ",");
		bool descending = *list == '-';
		bool sign = descending || *list == '+';
		enum estab_field field = field_from_word(list + sign, length - sign);

		if (field == ESTAB_F_NONE)
			return complain_word("--sort", "no such field", list, length);
		if (options->n_sort == OPTIONS_SORT_MAX)
			return complain_usage("--sort", "at most four fields");
		options->sort[options->n_sort++] = (struct sort_key){ field, descending };
		list += length;
		list += *list == ',';
	}
	return 0;
}

static bool switch_on(struct options *options, int option)
{
	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (switches[i].option == option) {
			*(bool *)((char *)options + switches[i].offset) = true;
			return true;
		}
	}
	return false;
}

/* Options about how and from where; 0, or the exit status. */
static int apply_output(struct options *options, int option, const char *argument)
{
	unsigned int number = 0;
	int status = 0;

	switch (option) {
	case OPT_JSON:
		options->format = FORMAT_JSON;
		break;
	case OPT_JSONL:
		options->format = FORMAT_JSONL;
		break;
	case OPT_CSV:
		options->format = FORMAT_CSV;
		break;
	case OPT_NULL:
		options->format = FORMAT_NULL;
		break;
	case OPT_FORMAT:
		status = choose("--format", formats, argument, &number);
		options->format = number;
		break;
	case OPT_COLOR:
		status = choose("--color", colours, argument, &number);
		options->colour = number;
		break;
	case OPT_BYTE_ORDER:
		status = choose("--byte-order", byte_orders, argument, &number);
		options->byte_order = number;
		break;
	case OPT_BY:
		return append(&options->by, ',', argument);
	case OPT_SUM:
		return append(&options->sums, ',', argument);
	case OPT_TOP:
		return parse_number("--top", "not a number of groups", argument, &options->top);
	case OPT_COLUMNS:
		return append(&options->columns, ',', argument);
	case OPT_SORT:
		return add_sort(options, argument);
	case OPT_SOURCE:
		options->source = argument;
		break;
	case OPT_PROC_ROOT:
		options->proc_root = argument;
		break;
	case OPT_RESOLVE_TIMEOUT:
		return parse_time("--resolve-timeout", argument, RESOLVE_MAX_MS,
				  &options->resolve_timeout_ms);
	case OPT_PROC_PID:
		return parse_number("--proc-pid", "not a process id", argument, &options->proc_pid);
	case OPT_LIMIT:
		return parse_number("--limit", "not a number of events", argument, &options->limit);
	case OPT_TIMEOUT:
		options->timeout_given = true;
		return parse_time("--timeout", argument, WAIT_MAX_MS, &options->timeout_ms);
	case OPT_PASSWD:
		options->passwd_file = argument;
		break;
	}
	return status;
}

static int apply(struct options *options, int option, const char *argument)
{
	if (switch_on(options, option))
		return 0;
	switch (option) {
	case 't':
		options->tables |= SELECT_TCP;
		return 0;
	case 'u':
		options->tables |= SELECT_UDP;
		return 0;
	case 'w':
		options->tables |= SELECT_RAW;
		return 0;
	case 'x':
		options->tables |= SELECT_UNIX;
		return 0;
	case 'M':
		options->tables |= SELECT_MPTCP;
		return 0;
	case '0':
		options->tables |= SELECT_PACKET;
		return 0;
	case '4':
		options->families |= BIT32(ESTAB_FAMILY_INET);
		return 0;
	case '6':
		options->families |= BIT32(ESTAB_FAMILY_INET6);
		return 0;
	case 'f':
		return select_family(options, argument);
	case 'A':
		return select_tables(options, argument);
	case 'N':
		options->netns = argument;
		options->all_netns = false;
		return 0;
	case OPT_ALL_NETNS: /* the last one of the two holds */
		options->netns = NULL;
		options->all_netns = true;
		return 0;
	case 'n': /* the last one of -n and -r holds */
		options->resolve = false;
		return 0;
	}
	return apply_output(options, option, argument);
}

/* What getopt_long() could not take. */
static int wrong_option(int result, char *word)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_long = strncmp(word, "--", 2) == 0;

	if (result == ':')
		return complain_usage(is_long ? word : letter, "needs an argument");
	if (!is_long)
		return complain_usage(letter, "unknown option; estab --help lists them");
	word[strcspn(word, "=")] = '\0';
	/* Known, but it came with an argument. */
	if (optopt != 0)
		return complain_usage(word, "takes no argument");
	return complain_usage(word, "unknown or ambiguous option; estab --help lists them");
}

int options_parse(int argc, char **argv, struct options *options)
{
	int option, status = 0;

	*options = (struct options){
		.format = FORMAT_TABLE,
		.resolve_timeout_ms = OPTIONS_RESOLVE_TIMEOUT_MS,
	};
	options->args = calloc((size_t)argc + 1, sizeof(*options->args));
	if (!options->args) {
		complain_errno("command line", -ENOMEM);
		return STATUS_FAILED;
	}
	opterr = 0;
	while (status == 0 &&
	       (option = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		if (option == '?' || option == ':') {
			status = wrong_option(option, argv[optind - 1]);
		} else if (option == 1) {
			if (!options->verb)
				options->verb = optarg;
			status = add_word(options, optarg);
		} else {
			status = apply(options, option, optarg);
		}
	}
	for (; status == 0 && optind < argc; optind++)
		status = add_word(options, argv[optind]);
	return status;
}

bool options_select(const struct options *options)
{
	return options->tables != 0 || options->families != 0 || options->all ||
	       options->listening || options->bound;
}

void options_drop_verb(struct options *options)
{
	size_t length = strlen(options->verb);

	length += options->words[length] == ' ';
	memmove(options->words, options->words + length, strlen(options->words + length) + 1);
}

void options_free(struct options *options)
{
	free(options->columns);
	free(options->words);
	free((void *)options->args);
	options->args = NULL;
	free(options->by);
	free(options->sums);
	options->columns = options->words = options->by = options->sums = NULL;
}
