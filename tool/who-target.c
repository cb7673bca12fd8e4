/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "who-target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "complain.h"
#include "options.h"
#include "select.h"
#include "util.h"

enum { COMM_MAX = 15, HOST_MAX = 255, PORT_MAX = 65535, PID_DIGITS = 9 };

static const char pid_prefix[] = "pid:";

static bool all_of(const char *text, size_t length, const char *set)
{
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\0' || !strchr(set, text[i]))
			return false;
	return length > 0;
}

static const char digits[] = "0123456789";
static const char name_characters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
/* Of addresses: names are not looked up. */
static const char host_characters[] = "abcdefABCDEF0123456789.:[]*";

static void put_quoted(struct buf *filter, const char *text, size_t length)
{
	buf_char(filter, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"' || text[i] == '\\')
			buf_char(filter, '\\');
		buf_char(filter, text[i]);
	}
	buf_char(filter, '"');
}

/* A number, or a service's name; what names none the filter refuses, in words that would be about it. */
static int check_port(const char *word, size_t length, const char *port, size_t port_length)
{
	uint32_t number = 0;

	if (!all_of(port, port_length, name_characters))
		return complain_word("who", "not a port", word, length);
	if (!all_of(port, port_length, digits))
		return 0;
	for (size_t i = 0; i < port_length && number <= PORT_MAX; i++)
		number = number * 10 + (uint32_t)(port[i] - '0');
	return number <= PORT_MAX ? 0 : complain_word("who", "not a port", word, length);
}

static int put_port(struct buf *filter, const char *word, size_t length)
{
	const char *port = word + (*word == ':');
	size_t port_length = length - (*word == ':');
	int status = check_port(word, length, port, port_length);

	if (status != 0)
		return status;
	buf_str(filter, "sport = :");
	buf_put(filter, port, port_length);
	return 0;
}

static bool same_address(const struct sockaddr *address, int family, const void *wanted)
{
	if (!address || address->sa_family != family)
		return false;
	if (family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return memcmp(&in.sin_addr, wanted, sizeof(in.sin_addr)) == 0;
	} else {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		return memcmp(&in6.sin6_addr, wanted, sizeof(in6.sin6_addr)) == 0;
	}
}

static bool is_an_interface(int family, const void *wanted)
{
	struct ifaddrs *all, *at;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (at = all; at && !found; at = at->ifa_next)
		found = same_address(at->ifa_addr, family, wanted);
	freeifaddrs(all);
	return found;
}

/* An address of this host: what listens at the wildcard is there, too. Of other namespaces only the loopback
 * is known. */
static bool is_ours(const struct options *options, const char *host, size_t length)
{
	bool elsewhere = options->netns || options->proc_root || options->all_netns;
	struct in6_addr in6;
	struct in_addr in;
	char text[HOST_MAX + 1];

	if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	}
	if (length > HOST_MAX)
		return false;
	memcpy(text, host, length);
	text[length] = '\0';
	if (inet_pton(AF_INET, text, &in) == 1)
		return ntohl(in.s_addr) >> 24 == 127 ||
		       (!elsewhere && is_an_interface(AF_INET, &in));
	if (inet_pton(AF_INET6, text, &in6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&in6) ||
		       (!elsewhere && is_an_interface(AF_INET6, &in6));
	return false;
}

static int put_end(const struct options *options, struct buf *filter, const char *word,
		   size_t length)
{
	static const char local[] = "localhost";
	const char *colon = memrchr(word, ':', length);
	size_t host_length = (size_t)(colon - word);
	size_t port_length = length - host_length - 1;
	int status = check_port(word, length, colon + 1, port_length);

	if (status != 0)
		return status;
	if (host_length == strlen(local) && memcmp(word, local, host_length) == 0) {
		buf_str(filter, "src in { 127.0.0.0/8");
		buf_put(filter, colon, port_length + 1);
		buf_str(filter, ", [::1]");
		buf_put(filter, colon, port_length + 1);
		buf_str(filter, " }");
	} else if (all_of(word, host_length, host_characters)) {
		buf_str(filter, "src = ");
		buf_put(filter, word, length);
		if (!is_ours(options, word, host_length))
			return 0;
	} else {
		return complain_word("who",
				     "not an address and a port (names of hosts are not looked up)",
				     word, length);
	}
	buf_str(filter, " or sport = ");
	buf_put(filter, colon, port_length + 1);
	buf_str(filter, " and local.addr in { 0.0.0.0, :: }");
	return 0;
}

/* By the name it was bound to, and where that is the file of a socket, by that file: it may have another name
 * to whom bound it. */
static void put_path(const struct options *options, struct buf *filter, const char *path,
		     size_t length)
{
	struct stat st;

	buf_str(filter, "local = ");
	put_quoted(filter, path, length);
	if (*path == '@' || options->netns || options->proc_root || stat(path, &st) < 0 ||
	    !S_ISSOCK(st.st_mode))
		return;
	/* The kernel tells the low half of the inode's number. */
	buf_str(filter, " or vfs.inode = ");
	buf_u64(filter, st.st_ino & UINT32_MAX);
	buf_str(filter, " and vfs.dev_major = ");
	buf_u64(filter, major(st.st_dev));
	buf_str(filter, " and vfs.dev_minor = ");
	buf_u64(filter, minor(st.st_dev));
}

static bool is_unit(const char *word, size_t length)
{
	static const char *const suffixes[] = { ".service", ".scope", ".slice", ".socket" };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (length > suffix && memcmp(word + length - suffix, suffixes[i], suffix) == 0)
			return true;
	}
	return false;
}

/* The kernel keeps no more than 15 bytes of a command's name. */
static void put_name(struct buf *filter, const char *word, size_t length)
{
	buf_str(filter, "owner.comm = ");
	put_quoted(filter, word, MIN(length, (size_t)COMM_MAX));
	if (is_unit(word, length)) {
		buf_str(filter, " or owner.unit = ");
		put_quoted(filter, word, length);
	}
}

static bool begins_with(const char *word, size_t length, const char *prefix)
{
	return length >= strlen(prefix) && memcmp(word, prefix, strlen(prefix)) == 0;
}

static int put_word(const struct options *options, struct buf *filter, const char *word,
		    size_t length, uint32_t *tables)
{
	if (*word == ':' || all_of(word, length, digits)) {
		*tables |= SELECT_TCP | SELECT_UDP | SELECT_UDPLITE;
		return put_port(filter, word, length);
	}
	if (begins_with(word, length, pid_prefix)) {
		const char *number = word + strlen(pid_prefix);
		size_t n_digits = length - strlen(pid_prefix);

		if (!all_of(number, n_digits, digits) || n_digits > PID_DIGITS)
			return complain_word("who", "not a process id", word, length);
		*tables |= SELECT_ALL;
		buf_str(filter, "pid = ");
		buf_put(filter, number, n_digits);
		return 0;
	}
	if (memchr(word, ':', length)) {
		*tables |= SELECT_TCP | SELECT_UDP | SELECT_UDPLITE;
		return put_end(options, filter, word, length);
	}
	*tables |= SELECT_ALL;
	put_name(filter, word, length);
	return 0;
}

bool who_target_next_pid(const char **words, uint32_t *ret_pid)
{
	const char *at = *words;

	/* One path, whatever is in it. */
	if (!at || *at == '@' || strchr(at, '/'))
		return false;
	for (at += strspn(at, " "); *at != '\0'; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		uint32_t pid = 0;

		if (begins_with(at, length, pid_prefix)) {
			for (size_t i = strlen(pid_prefix); i < length; i++)
				pid = pid * 10 + (uint32_t)(at[i] - '0');
			*ret_pid = pid;
			*words = at + length;
			return true;
		}
		at += length;
	}
	return false;
}

int who_target(const struct options *options, struct buf *filter, uint32_t *ret_tables)
{
	const char *words = options->words ? options->words : "";
	uint32_t tables = 0;
	int status = 0;

	words += strspn(words, " ");
	if (*words == '\0')
		return complain_usage("who", "needs a port, a path, a process or a command's name");
	buf_char(filter, '(');
	/* One path, whatever is in it. */
	if (*words == '@' || strchr(words, '/')) {
		put_path(options, filter, words, strlen(words));
		tables = SELECT_UNIX;
		words = "";
	}
	while (status == 0 && *words != '\0') {
		size_t length = strcspn(words, " ");

		status = put_word(options, filter, words, length, &tables);
		words += length;
		words += strspn(words, " ");
		if (*words != '\0')
			buf_str(filter, " or ");
	}
	/* Nobody holds those any more. */
	buf_str(filter, ") and state != time-wait");
	buf_char(filter, '\0');
	if (status == 0 && filter->error < 0) {
		complain_errno("who", filter->error);
		return STATUS_FAILED;
	}
	if (status == 0)
		*ret_tables = tables;
	return status;
}
