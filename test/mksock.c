/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* mksock SPEC...: see mksock.h; this file is the command line and the waiting. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define EXIT_TIMEOUT 3

static volatile sig_atomic_t told_to_end;

static const struct mk_kind *const tables[] = {
	mk_kinds_tcp,  mk_kinds_pending, mk_kinds_closing, mk_kinds_peer, mk_kinds_inet,
	mk_kinds_unix, mk_kinds_owner,   mk_kinds_netns,   mk_kinds_misc,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

enum key_type { KEY_NUMBER, KEY_TEXT };

static const struct {
	const char *name;
	enum key_type type;
	uint64_t max;
} key_types[] = {
	{ "family", KEY_TEXT, 0 },
	{ "addr", KEY_TEXT, 0 },
	{ "port", KEY_NUMBER, 65535 },
	{ "count", KEY_NUMBER, 200000 },
	{ "size", KEY_NUMBER, 65000 },
	{ "backlog", KEY_NUMBER, INT32_MAX },
	{ "unread", KEY_NUMBER, 1u << 24 },
	{ "unsent", KEY_NUMBER, 1u << 26 },
	{ "v6only", KEY_NUMBER, 1 },
	{ "mark", KEY_NUMBER, UINT32_MAX },
	{ "uid", KEY_NUMBER, UINT32_MAX },
	{ "orphan", KEY_NUMBER, 1 },
	{ "linger", KEY_NUMBER, 120 },
	{ "device", KEY_TEXT, 0 },
	{ "protocol", KEY_NUMBER, 65535 },
	{ "path", KEY_TEXT, 0 },
	{ "abstract", KEY_TEXT, 0 },
	{ "pending", KEY_NUMBER, 100000 },
	{ "dir", KEY_TEXT, 0 },
	{ "group", KEY_NUMBER, 1024 },
	{ "type", KEY_TEXT, 0 },
	{ "fanout", KEY_NUMBER, 65535 },
	{ "ring", KEY_NUMBER, 1 },
	{ "filter", KEY_NUMBER, 4096 },
	{ "members", KEY_NUMBER, 65535 },
	{ "bind", KEY_NUMBER, 1 },
	{ "peer", KEY_NUMBER, UINT32_MAX },
	{ "pktinfo", KEY_NUMBER, 1 },
	{ "talk", KEY_NUMBER, 1 },
	{ "comm", KEY_TEXT, 0 },
};

static void usage(FILE *to)
{
	fputs("usage: mksock [--timeout SECONDS] [--no-lo] SPEC...\n"
	      "       mksock --list\n"
	      "SPEC: NAME[:KEY=VALUE[,KEY=VALUE...]]\n",
	      to);
}

static int list(void)
{
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct mk_kind *kind = tables[t]; kind->name; kind++)
			printf("%-22s %s [%s]\n", kind->name, kind->help, kind->keys);
	return fflush(stdout) == 0 ? 0 : 1;
}

static const struct mk_kind *find_kind(const char *name, size_t len)
{
	for (size_t t = 0; t < N_TABLES; t++)
		for (const struct mk_kind *kind = tables[t]; kind->name; kind++)
			if (strlen(kind->name) == len && memcmp(kind->name, name, len) == 0)
				return kind;
	return NULL;
}

static bool kind_takes(const struct mk_kind *kind, const char *key)
{
	size_t len = strlen(key);
	const char *at = kind->keys;

	while ((at = strstr(at, key)) != NULL) {
		if ((at == kind->keys || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

static bool one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words != NULL;
}

/* What is wrong with the words is the caller's fault, and not the kernel's refusal. */
static bool text_valid(const char *key, const char *value)
{
	static const char *const families[] = { "inet", "inet6", "mapped", NULL };
	static const char *const types[] = { "stream", "dgram", "seqpacket", "raw", NULL };
	unsigned char addr[16];

	if (strcmp(key, "family") == 0)
		return one_of(value, families);
	if (strcmp(key, "type") == 0)
		return one_of(value, types);
	if (strcmp(key, "addr") == 0)
		return inet_pton(AF_INET, value, addr) == 1 ||
		       inet_pton(AF_INET6, value, addr) == 1;
	return true;
}

static bool parse_key(struct mk_spec *spec, char *text)
{
	char *value = strchr(text, '=');
	struct mk_key *key;

	if (!value || spec->n_keys == MK_KEYS_MAX) {
		fprintf(stderr, "mksock: %s: KEY=VALUE expected: %s\n", spec->kind->name, text);
		return false;
	}
	*value++ = '\0';
	for (size_t i = 0; i < sizeof(key_types) / sizeof(key_types[0]); i++) {
		if (strcmp(key_types[i].name, text) != 0 || !kind_takes(spec->kind, text))
			continue;
		key = &spec->keys[spec->n_keys];
		key->name = key_types[i].name;
		if ((key_types[i].type == KEY_NUMBER &&
		     (!mk_number(value, &key->number) || key->number > key_types[i].max)) ||
		    (key_types[i].type == KEY_TEXT && !text_valid(text, value))) {
			fprintf(stderr, "mksock: %s: %s: not a valid value: %s\n", spec->kind->name,
				text, value);
			return false;
		}
		key->text = strdup(value);
		if (!key->text)
			return false;
		spec->n_keys++;
		return true;
	}
	fprintf(stderr, "mksock: %s: unknown key: %s\n", spec->kind->name, text);
	return false;
}

static bool parse_spec(const char *text, struct mk_spec *spec)
{
	const char *colon = strchr(text, ':');
	char *keys, *next, *key;
	bool good = true;

	spec->text = text;
	spec->kind = find_kind(text, colon ? (size_t)(colon - text) : strlen(text));
	if (!spec->kind) {
		fprintf(stderr, "mksock: unknown spec: %s\n", text);
		return false;
	}
	if (!colon || !colon[1])
		return true;
	keys = next = strdup(colon + 1);
	while (good && next && (key = strsep(&next, ",")) != NULL)
		good = parse_key(spec, key);
	free(keys);
	return good && keys;
}

static void free_spec(struct mk_spec *spec)
{
	for (size_t i = 0; i < spec->n_keys; i++)
		free(spec->keys[i].text);
	spec->n_keys = 0;
}

/* Undoes what a refused spec left, so that what was told and what exists stay the same. */
static void take_back(struct mk_ctx *ctx, size_t n_fds, size_t n_children)
{
	mk_end_children(ctx, n_children);
	while (ctx->n_fds > n_fds)
		close(ctx->fds[--ctx->n_fds]);
}

static int make_spec(struct mk_spec *spec)
{
	struct mk_ctx *ctx = spec->ctx;
	size_t n_fds = ctx->n_fds, n_children = ctx->n_children;
	uint64_t count = spec->kind->flags & MK_OWN_COUNT ? 1 : mk_get(spec, "count", 1);
	char *accounts = NULL;
	size_t len;
	int r = 0;

	spec->out = open_memstream(&accounts, &len);
	if (!spec->out)
		return -ENOMEM;
	for (uint64_t i = 0; i < count && r >= 0 && !told_to_end; i++) {
		spec->index = (unsigned)i;
		r = spec->kind->make(spec);
	}
	fclose(spec->out);
	if (r < 0) {
		take_back(ctx, n_fds, n_children);
		fputs("{\"skipped\":", stdout);
		mk_put_text(stdout, spec->text);
		fputs(",\"reason\":", stdout);
		mk_put_text(stdout, spec->why[0] ? spec->why : strerror(-r));
		fputs("}\n", stdout);
	} else {
		fputs(accounts, stdout);
	}
	free(accounts);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static void on_signal(int sig)
{
	told_to_end = sig;
}

static void catch_signals(sigset_t *ret_waiting)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGALRM);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Delivered only while waiting: every other wait of this program is a short one. */
	sigprocmask(SIG_BLOCK, &block, ret_waiting);
	sigdelset(ret_waiting, SIGTERM);
	sigdelset(ret_waiting, SIGINT);
	sigdelset(ret_waiting, SIGALRM);
}

static void wait_for_end(const sigset_t *waiting)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char sink[512];

	while (!told_to_end) {
		if (ppoll(&in, 1, NULL, waiting) < 0)
			continue;
		if (in.revents && read(STDIN_FILENO, sink, sizeof(sink)) <= 0)
			return;
	}
}

static void let_go(struct mk_ctx *ctx)
{
	mk_end_children(ctx, 0);
	mk_peer_close(ctx->peer);
	for (size_t i = 0; i < ctx->n_fds; i++)
		close(ctx->fds[i]);
	/* Backwards: a directory was noted before what is in it. */
	for (size_t i = ctx->n_paths; i > 0; i--) {
		if (unlink(ctx->paths[i - 1]) < 0)
			rmdir(ctx->paths[i - 1]);
		free(ctx->paths[i - 1]);
	}
	free(ctx->paths);
	free(ctx->fds);
}

static int make_all(struct mk_ctx *ctx, struct mk_spec *specs, int n_specs)
{
	sigset_t waiting, pending;
	int r = 0;

	catch_signals(&waiting);
	for (int i = 0; i < n_specs && r == 0; i++) {
		if (sigpending(&pending) == 0 &&
		    (sigismember(&pending, SIGTERM) || sigismember(&pending, SIGALRM)))
			break;
		r = make_spec(&specs[i]);
	}
	printf("{\"ready\":true,\"pid\":%d}\n", (int)getpid());
	if (fflush(stdout) != 0)
		r = -EIO;
	if (r == 0)
		wait_for_end(&waiting);
	let_go(ctx);
	if (told_to_end == SIGALRM)
		fputs("mksock: time is up\n", stderr);
	return r < 0 ? 1 : told_to_end == SIGALRM ? EXIT_TIMEOUT : 0;
}

static int run(char **texts, int n_specs, uint64_t timeout_s, bool loopback)
{
	struct mk_ctx ctx = { 0 };
	struct mk_spec *specs = calloc((size_t)n_specs, sizeof(*specs));
	int r = specs ? 0 : 1, made = 0;

	for (; r == 0 && made < n_specs; made++) {
		specs[made].ctx = &ctx;
		if (!parse_spec(texts[made], &specs[made]))
			r = 2;
	}
	if (r == 0) {
		alarm((unsigned)timeout_s);
		if (loopback && (r = mk_loopback_up()) < 0)
			fprintf(stderr, "mksock: cannot bring up lo: %s\n", strerror(-r));
		r = make_all(&ctx, specs, n_specs);
	}
	for (int i = 0; specs && i < made; i++)
		free_spec(&specs[i]);
	free(specs);
	return r;
}

int main(int argc, char **argv)
{
	uint64_t timeout_s =
		900; /* it ends with its input; this is for one whose test was killed */
	bool loopback = true;
	struct rlimit limit;
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--list") == 0)
			return list();
		if (strcmp(argv[at], "--help") == 0) {
			usage(stdout);
			return 0;
		}
		if (strcmp(argv[at], "--no-lo") == 0)
			loopback = false;
		else if (strcmp(argv[at], "--timeout") != 0 || at + 1 >= argc ||
			 !mk_number(argv[++at], &timeout_s) || timeout_s == 0 || timeout_s > 86400)
			break;
	}
	if (at >= argc || argv[at][0] == '-') {
		usage(stderr);
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	return run(argv + at, argc - at, timeout_s, loopback);
}
