/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The command line of lsof(8), whose options have arguments or not, and begin with - or +. */
#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "compat-lsof.h"
#include "util.h"
#include "width.h"

/* Where the reading of the command line is. */
struct words {
	int argc;
	char **argv;
	int at;
	char *letters; /* what is left of the current word */
	char sign;
};

int lsof_usage(const char *what, const char *why)
{
	compat_complain("lsof", what, why);
	return LSOF_FAILED + 1;
}

static int sockets_only(const char *why)
{
	compat_complain("lsof", "only sockets are listed", why);
	return LSOF_SOCKETS_ONLY + 1;
}

/* The rest of the word, or the next one. One that may be missing does not begin as an option. */
static char *take(struct words *words, bool needed)
{
	char *value = words->letters;

	if (*value == '\0') {
		if (words->at + 1 >= words->argc)
			return NULL;
		value = words->argv[words->at + 1];
		if (!needed && (*value == '-' || *value == '+'))
			return NULL;
		words->at++;
	} else if (!needed && (*value == '-' || *value == '+')) {
		return NULL;
	}
	words->letters += strlen(words->letters);
	return value;
}

static bool read_number(const char *text, uint64_t *ret)
{
	uint64_t number = 0;

	if (*text == '\0' || strlen(text) > 10)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (uint64_t)(*text - '0');
	}
	*ret = number;
	return true;
}

static int add_item(struct lsof_list *list, struct lsof_item item)
{
	if (list->n == LSOF_ITEMS_MAX)
		return lsof_usage(NULL, "too many items in a list");
	list->items[list->n++] = item;
	return 0;
}

/* -p, -g: numbers; -u: names too. */
static int add_numbers(struct lsof_list *list, char *text, bool users)
{
	int status = 0;

	while (status == 0 && text) {
		char *word = strsep(&text, ",");
		struct lsof_item item = { .without = *word == '^' };
		const struct passwd *entry;

		word += item.without;
		if (!read_number(word, &item.number)) {
			/* cppcheck-suppress getpwnamCalled */
			entry = users ? getpwnam(word) : NULL;
			if (!entry)
				return lsof_usage(users ? "can't get UID for" : "not a number",
						  word);
			item.number = entry->pw_uid;
		}
		status = add_item(list, item);
	}
	return status;
}

/* "/EXPRESSION/" with b, i, x behind it. */
static int add_pattern(struct lsof_list *list, const char *text)
{
	const char *end = strrchr(text, '/');
	int flags = REG_NOSUB | REG_EXTENDED;
	struct lsof_item item = { 0 };
	char *expression;

	if (end == text)
		return lsof_usage("no end of", text);
	for (const char *flag = end + 1; *flag; flag++) {
		if (*flag == 'i')
			flags |= REG_ICASE;
		else if (*flag == 'b')
			flags &= ~REG_EXTENDED;
		else if (*flag != 'x')
			return lsof_usage("unknown letter behind", text);
	}
	expression = strndup(text + 1, (size_t)(end - text - 1));
	item.pattern = malloc(sizeof(*item.pattern));
	wide_begin();
	if (!expression || !item.pattern || regcomp(item.pattern, expression, flags) != 0) {
		free(expression);
		free(item.pattern);
		return lsof_usage("not a regular expression", text);
	}
	item.text = expression;
	return add_item(list, item);
}

static int add_command(struct lsof_list *list, const char *text)
{
	struct lsof_item item = { .without = *text == '^' };

	if (*text == '/')
		return add_pattern(list, text);
	item.text = strdup(text + item.without);
	return item.text ? add_item(list, item) : lsof_usage("-c", "out of memory");
}

const struct lsof_state_name lsof_states[LSOF_STATES] = {
	{ "ESTABLISHED", ESTAB_STATE_ESTABLISHED }, { "SYN_SENT", ESTAB_STATE_SYN_SENT },
	{ "SYN_RECV", ESTAB_STATE_SYN_RECV },       { "FIN_WAIT1", ESTAB_STATE_FIN_WAIT_1 },
	{ "FIN_WAIT2", ESTAB_STATE_FIN_WAIT_2 },    { "TIME_WAIT", ESTAB_STATE_TIME_WAIT },
	{ "CLOSE", ESTAB_STATE_UNCONNECTED },       { "CLOSE_WAIT", ESTAB_STATE_CLOSE_WAIT },
	{ "LAST_ACK", ESTAB_STATE_LAST_ACK },       { "LISTEN", ESTAB_STATE_LISTEN },
	{ "CLOSING", ESTAB_STATE_CLOSING },
};

/* -s TCP:LISTEN,^CLOSED */
static int add_states(struct lsof_options *options, char *text)
{
	char *list = strchr(text, ':');

	if (!list || strncasecmp(text, "tcp:", 4) != 0)
		return lsof_usage("-s wants TCP:STATE[,STATE]", text);
	list++;
	while (list) {
		const char *word = strsep(&list, ",");
		bool without = *word == '^';
		size_t i = 0;

		while (i < LSOF_STATES && strcasecmp(lsof_states[i].name, word + without) != 0)
			i++;
		if (i == LSOF_STATES)
			return lsof_usage("unknown TCP state name", word);
		if (without)
			options->without_states |= BIT32(lsof_states[i].state);
		else
			options->states |= BIT32(lsof_states[i].state);
	}
	return 0;
}

/* "[SECONDS][cCOUNT][mFORMAT]" */
static int set_repeat(struct lsof_options *options, const char *text, bool until_none)
{
	enum { DEFAULT_SECONDS = 15, LONGEST = 1000000 };

	options->repeat = true;
	options->until_none = until_none;
	options->seconds = DEFAULT_SECONDS;
	if (!text)
		return 0;
	for (unsigned int seconds = 0; *text >= '0' && *text <= '9' && seconds < LONGEST; text++)
		options->seconds = seconds = seconds * 10 + (unsigned int)(*text - '0');
	if (*text == 'c') {
		for (text++; *text >= '0' && *text <= '9' && options->count < LONGEST; text++)
			options->count = options->count * 10 + (unsigned int)(*text - '0');
	}
	if (*text == 'm') {
		options->marker = text + 1;
		return text[1] ? 0 : lsof_usage("illegal <fmt>", "it is empty");
	}
	/* No time at all is no repetition. */
	options->repeat = options->seconds > 0;
	return *text == '\0' ? 0 : lsof_usage("not a time to wait", text);
}

/* All that lsof(8) knows; what is not of a socket is never shown. */
static const char lsof_field_letters[] = "acCdDfFgGiklKLmMnNoprRsStTuPZ0";

/* Each -F adds to those before it. */
static int set_fields(struct lsof_options *options, const char *text)
{
	if (!text || strcmp(text, "0") == 0)
		options->fields = UINT64_MAX;
	for (const char *at = text ? text : ""; *at; at++) {
		if (*at == '?')
			options->field_help = true;
		else if (!strchr(lsof_field_letters, *at))
			return lsof_usage("unknown field", (char[]){ *at, '\0' });
		else if (*at == '0')
			options->end = '\0';
		else
			options->fields |= LSOF_FIELD(*at);
	}
	/* A process's number is never left out. */
	options->fields |= LSOF_FIELD('p');
	return 0;
}

static int set_tcp(struct lsof_options *options, const char *text, bool more)
{
	options->queues = options->flags = false;
	options->state = !text && more;
	options->tcp_given = true;
	for (; text && *text; text++) {
		if (*text == 's')
			options->state = true;
		else if (*text == 'q')
			options->queues = true;
		else if (*text == 'f')
			options->flags = true;
		else
			return lsof_usage("unsupported TCP/TPI info selection", text);
	}
	return 0;
}

static int set_width(struct lsof_options *options, const char *text)
{
	uint64_t width;

	if (!text || !read_number(text, &width))
		return lsof_usage("+c", "wants a number");
	if (width > LSOF_COMMAND_MAX)
		return lsof_usage("+c", "a command has 15 letters at most");
	/* As wide as the title, at least. */
	options->command_width = width == 0 ? 0 : MAX((size_t)width, strlen("COMMAND"));
	return 0;
}

/* -o, and -oN: so many digits an offset may have, of which a socket has none but 0. */
static int set_offset(struct lsof_options *options, struct words *words)
{
	const char *value = take(words, false);
	uint64_t digits;

	if (!value)
		options->offsets = true;
	return !value || read_number(value, &digits) ? 0
						     : lsof_usage("not a number of digits", value);
}

/* Options whose other forms are of files: -f[gG], +f, -L, +L, -K i. */
static int set_file_option(struct lsof_options *options, char letter, char sign, const char *value)
{
	char option[] = { sign, letter, '\0' };
	uint64_t number;

	if (letter == 'K' && value)
		return strcmp(value, "i") == 0 ? 0 : lsof_usage("-K not followed by i", value);
	if (letter == 'f' && value && value[strspn(value, "gG")] != '\0')
		return lsof_usage("unknown file struct option", value);
	if (letter == 'L' && value && !read_number(value, &number))
		return sockets_only(value);
	if (letter == 'L' && value && sign == '-')
		return lsof_usage(NULL, "no number may follow -L");
	if (letter == 'K' || (value && sign == '+'))
		return sockets_only(option);
	if (letter == 'L')
		options->links = sign == '+';
	return 0;
}

/* Options that have an argument, or may have one. */
static int apply_argument(struct lsof_options *options, struct words *words, char letter)
{
	char *value = take(words, strchr("cpu", letter) != NULL);

	switch (letter) {
	case 'i':
		return lsof_parse_net(options, value ? value : "");
	case 'F':
		return set_fields(options, value);
	case 'T':
		return set_tcp(options, value, words->sign == '+');
	case 'r':
		return set_repeat(options, value, words->sign == '+');
	case 'g':
		options->group = true;
		return value ? add_numbers(&options->groups, value, false) : 0;
	case 's':
		if (value)
			return add_states(options, value);
		options->sizes = true;
		return 0;
	case 'S':
		return 0;
	case 'f':
	case 'K':
	case 'L':
		return set_file_option(options, letter, words->sign, value);
	}
	if (!value || (*value == '-' && letter != 'p'))
		return lsof_usage("an argument is missing behind", (char[]){ '-', letter, '\0' });
	if (letter == 'p')
		return add_numbers(&options->pids, value, false);
	if (letter == 'u')
		return add_numbers(&options->users, value, true);
	return words->sign == '+' ? set_width(options, value)
				  : add_command(&options->commands, value);
}

/* Options that only switch something on. */
static const struct {
	char letter;
	size_t offset;
} switches[] = {
	{ 'a', offsetof(struct lsof_options, all) },
	{ 'U', offsetof(struct lsof_options, unix_sockets) },
	{ 'n', offsetof(struct lsof_options, numeric_hosts) },
	{ 'P', offsetof(struct lsof_options, numeric_ports) },
	{ 'l', offsetof(struct lsof_options, numeric_users) },
	{ 't', offsetof(struct lsof_options, terse) },
	{ 'R', offsetof(struct lsof_options, parent) },
	{ 'X', offsetof(struct lsof_options, without_inet) },
	{ 'J', offsetof(struct lsof_options, json) },
	{ 'j', offsetof(struct lsof_options, json_lines) },
	{ 'Q', offsetof(struct lsof_options, quiet) },
	{ 'V', offsetof(struct lsof_options, verbose) },
	{ 'E', offsetof(struct lsof_options, endpoints) },
	{ 'h', offsetof(struct lsof_options, help) },
	{ '?', offsetof(struct lsof_options, help) },
	{ 'v', offsetof(struct lsof_options, version) },
};

static int apply(struct lsof_options *options, struct words *words, char letter)
{
	char option[] = { words->sign, letter, '\0' };

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		if (switches[i].letter != letter)
			continue;
		*(bool *)((char *)options + switches[i].offset) = true;
		if (letter == 'E' && words->sign == '+')
			options->peers = true;
		return 0;
	}
	if (letter == 'o')
		return set_offset(options, words);
	if (strchr("icFTrgsSpufKL", letter))
		return apply_argument(options, words, letter);
	/* Nothing blocks here, nor warns, and no port mapper is asked. */
	if (strchr("wbOM", letter))
		return 0;
	if (strchr("dDemNxAk", letter))
		return sockets_only(option);
	return lsof_usage("illegal option character", option + 1);
}

/* A process alone would be all of its files. */
static int check(const struct lsof_options *options)
{
	const struct lsof_list *lists[] = { &options->pids, &options->groups, &options->users,
					    &options->commands };
	bool wanted = false, listed = false;

	if (options->help || options->field_help || options->version)
		return 0;
	if (options->terse && options->fields)
		return lsof_usage(NULL, "-F and -t are mutually exclusive");
	if (options->sizes && options->offsets)
		return lsof_usage(NULL, "-o and -s are mutually exclusive");
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (size_t k = 0; k < lists[i]->n; k++) {
			wanted |= !lists[i]->items[k].without;
			listed = true;
		}
	if (options->net && options->without_inet)
		return lsof_usage(NULL, "-i is useless when -X is specified");
	if (options->all && !options->net && !options->unix_sockets && !listed)
		return lsof_usage(NULL, "no select options to AND via -a");
	if (!options->net && !options->unix_sockets)
		return sockets_only("-i or -U is needed");
	if (wanted && !options->all)
		return sockets_only("-p, -c, -u and -g need -a");
	return 0;
}

int lsof_options_parse(int argc, char **argv, struct lsof_options *options)
{
	struct words words = { .argc = argc, .argv = argv };
	int status = 0;

	*options = (struct lsof_options){
		.state = true,
		.command_width = LSOF_COMMAND_WIDTH,
		.end = '\n',
	};
	for (words.at = 1; status == 0 && words.at < argc; words.at++) {
		char *word = argv[words.at];

		if ((*word != '-' && *word != '+') || word[1] == '\0' || word[1] == '-')
			return word[1] == '-' && word[2] == '\0' && words.at + 1 == argc
				       ? check(options)
				       : sockets_only(word);
		words.sign = *word;
		words.letters = word + 1;
		while (status == 0 && *words.letters)
			status = apply(options, &words, *words.letters++);
	}
	return status == 0 ? check(options) : status;
}

void lsof_options_free(struct lsof_options *options)
{
	for (size_t i = 0; i < options->commands.n; i++) {
		regex_t *pattern = options->commands.items[i].pattern;

		if (pattern)
			regfree(pattern);
		free(pattern);
		free(options->commands.items[i].text);
	}
}
