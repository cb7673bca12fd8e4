/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* What a socket says of itself, by system calls on it alone, and the telling of it as JSON. */
#include "mksock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char *const tcp_states[] = {
	NULL,        "established", "syn-sent",   "syn-recv", "fin-wait-1", "fin-wait-2",
	"time-wait", "closed",      "close-wait", "last-ack", "listen",     "closing",
};

void mk_sock_init(struct mk_sock *ret_sock)
{
	memset(ret_sock, 0, sizeof(*ret_sock));
	ret_sock->recv_q = ret_sock->send_q = ret_sock->backlog = ret_sock->backlog_limit = -1;
	ret_sock->inode = ret_sock->peer_inode = ret_sock->uid = ret_sock->mark = -1;
	ret_sock->v6only = ret_sock->shutdown = ret_sock->protocol = -1;
}

static void look_end_unix(const struct sockaddr_storage *addr, socklen_t len, struct mk_end *end)
{
	size_t path_at = offsetof(struct sockaddr_un, sun_path);
	const unsigned char *path = (const unsigned char *)addr + path_at;
	size_t path_len = len > path_at ? len - path_at : 0;

	if (path_len == 0)
		return;
	end->has_path = true;
	end->abstract = path[0] == '\0';
	if (end->abstract) {
		path++;
		path_len--;
	} else {
		path_len = strnlen((const char *)path, path_len);
	}
	memcpy(end->path, path, path_len);
	end->path_len = path_len;
}

void mk_look_end(const struct sockaddr_storage *addr, socklen_t len, struct mk_end *ret_end)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(ret_end, 0, sizeof(*ret_end));
	if (addr->ss_family == AF_INET) {
		memcpy(&in, addr, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, ret_end->addr, sizeof(ret_end->addr));
		ret_end->port = ntohs(in.sin_port);
		ret_end->set = true;
	} else if (addr->ss_family == AF_INET6) {
		memcpy(&in6, addr, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, ret_end->addr, sizeof(ret_end->addr));
		ret_end->port = ntohs(in6.sin6_port);
		if (in6.sin6_scope_id != 0 && !if_indextoname(in6.sin6_scope_id, ret_end->scope))
			snprintf(ret_end->scope, sizeof(ret_end->scope), "%u", in6.sin6_scope_id);
		ret_end->set = true;
	} else if (addr->ss_family == AF_UNIX) {
		look_end_unix(addr, len, ret_end);
	}
}

static int64_t look_int(int fd, int level, int option)
{
	int value;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, option, &value, &len) == 0 ? value : -1;
}

static void look_tcp(int fd, struct mk_sock *sock)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);
	int bytes;

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return;
	sock->state = info.tcpi_state < 12 ? tcp_states[info.tcpi_state] : NULL;
	if (info.tcpi_state == 10) {
		sock->backlog = info.tcpi_unacked;
		sock->backlog_limit = info.tcpi_sacked;
		return;
	}
	if (info.tcpi_state == 7) {
		sock->state = sock->local.port ? "bound" : "closed";
		return;
	}
	if (ioctl(fd, SIOCINQ, &bytes) == 0)
		sock->recv_q = bytes;
	if (ioctl(fd, SIOCOUTQ, &bytes) == 0)
		sock->send_q = bytes;
	/* The kernel's count has the FIN that nobody read (SIOCINQ takes it off) and the SYN. */
	if (info.tcpi_state == 8 || info.tcpi_state == 9 || info.tcpi_state == 11)
		sock->recv_q++;
	if (info.tcpi_state == 2)
		sock->send_q = 1;
}

/* UDP and raw queues are told by the kernel in memory, not in bytes. */
static void look_memory(int fd, struct mk_sock *sock)
{
	uint32_t mem[16] = { 0 };
	socklen_t len = sizeof(mem);

	if (getsockopt(fd, SOL_SOCKET, 55 /* SO_MEMINFO */, mem, &len) < 0 || len < 12)
		return;
	sock->recv_q = mem[0];
	sock->send_q = mem[2];
}

static void look_unix(int fd, struct mk_sock *sock)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	int bytes;

	if (look_int(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1) {
		sock->state = "listen";
		return;
	}
	sock->state = getpeername(fd, (struct sockaddr *)&addr, &len) == 0 ? "established"
									   : "unconnected";
	if (ioctl(fd, SIOCINQ, &bytes) == 0)
		sock->recv_q = bytes;
	if (ioctl(fd, SIOCOUTQ, &bytes) == 0)
		sock->send_q = bytes;
}

static void look_type(int fd, struct mk_sock *sock)
{
	int64_t type = look_int(fd, SOL_SOCKET, SO_TYPE);

	sock->type = type == SOCK_STREAM      ? "stream"
		     : type == SOCK_DGRAM     ? "dgram"
		     : type == SOCK_SEQPACKET ? "seqpacket"
					      : "raw";
}

static void look_inet(int fd, struct mk_sock *sock)
{
	socklen_t len = sizeof(sock->interface) - 1;
	uint32_t mark;
	socklen_t mark_len = sizeof(mark);

	if (getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &mark_len) == 0)
		sock->mark = mark;
	getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, sock->interface, &len);
	if (strcmp(sock->family, "inet6") == 0)
		sock->v6only = look_int(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (strcmp(sock->proto, "raw") == 0)
		sock->protocol = look_int(fd, SOL_SOCKET, SO_PROTOCOL);
	if (strcmp(sock->proto, "tcp") == 0 || strcmp(sock->proto, "mptcp") == 0) {
		look_tcp(fd, sock);
		return;
	}
	look_memory(fd, sock);
	sock->state = sock->peer.set ? "established" : "unconnected";
}

static void look_family(int fd, int family, struct mk_sock *sock)
{
	switch (family) {
	case AF_INET:
	case AF_INET6:
		sock->family = family == AF_INET ? "inet" : "inet6";
		look_inet(fd, sock);
		break;
	case AF_UNIX:
		sock->family = "unix";
		look_type(fd, sock);
		look_unix(fd, sock);
		break;
	case AF_PACKET:
		sock->family = "packet";
		look_type(fd, sock);
		sock->state = "unconnected";
		break;
	default:
		sock->family = "netlink";
		sock->state = "unconnected";
	}
}

int mk_look(struct mk_spec *spec, int fd, const char *proto, struct mk_sock *ret_sock)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };
	socklen_t local_len = sizeof(local), peer_len = sizeof(peer), len = sizeof(uint64_t);
	struct stat st;
	struct mk_sock sock;

	mk_sock_init(&sock);
	sock.proto = proto;
	if (getsockname(fd, (struct sockaddr *)&local, &local_len) < 0)
		return mk_fail(spec, "getsockname");
	if (fstat(fd, &st) < 0)
		return mk_fail(spec, "fstat");
	sock.inode = (int64_t)st.st_ino;
	sock.uid = st.st_uid;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &sock.cookie, &len) < 0)
		sock.cookie = 0;
	mk_look_end(&local, local_len, &sock.local);
	if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) == 0)
		mk_look_end(&peer, peer_len, &sock.peer);
	look_family(fd, local.ss_family, &sock);
	sock.owners = calloc(1, sizeof(*sock.owners));
	if (!sock.owners)
		return mk_failx(spec, ENOMEM, "calloc");
	sock.owners[0] = (struct mk_owner){ .pid = getpid(), .fd = fd };
	sock.n_owners = 1;
	*ret_sock = sock;
	return 0;
}

void mk_put_text(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at == '"' || *at == '\\')
			fprintf(out, "\\%c", *at);
		else if (*at < 0x20 || *at >= 0x7f)
			fprintf(out, "\\u%04x", *at);
		else
			fputc(*at, out);
	}
	fputc('"', out);
}

void mk_put_hex(FILE *out, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	fputc('"', out);
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", at[i]);
	fputc('"', out);
}

static void put_word(FILE *out, const char *key, const char *word)
{
	if (!word || !*word)
		return;
	fprintf(out, ",\"%s\":", key);
	mk_put_text(out, word);
}

static void put_number(FILE *out, const char *key, int64_t number)
{
	if (number >= 0)
		fprintf(out, ",\"%s\":%lld", key, (long long)number);
}

static void put_end(FILE *out, const char *key, const struct mk_end *end)
{
	if (end->set) {
		fprintf(out, ",\"%s\":{\"addr\":", key);
		mk_put_text(out, end->addr);
		fprintf(out, ",\"port\":%u", end->port);
		put_word(out, "scope", end->scope);
		fputc('}', out);
	}
	if (end->has_path) {
		fprintf(out, ",\"%s_path_hex\":", key);
		mk_put_hex(out, end->path, end->path_len);
		fprintf(out, ",\"%s\":%s", strcmp(key, "local") == 0 ? "abstract" : "peer_abstract",
			end->abstract ? "true" : "false");
	}
}

static void put_owners(FILE *out, const struct mk_sock *sock)
{
	fputs(",\"owners\":[", out);
	for (size_t i = 0; i < sock->n_owners && !sock->no_owner && !sock->no_fd; i++) {
		fprintf(out, "%s{\"pid\":%d,", i ? "," : "", (int)sock->owners[i].pid);
		if (sock->owners[i].tid)
			fprintf(out, "\"tid\":%d,", (int)sock->owners[i].tid);
		fprintf(out, "\"fd\":%d}", sock->owners[i].fd);
	}
	fputc(']', out);
}

/* Tells of the socket, and frees what the look at it had taken. */
void mk_tell(struct mk_spec *spec, struct mk_sock *sock)
{
	FILE *out = spec->out;

	fputs("{\"spec\":", out);
	mk_put_text(out, spec->kind->name);
	put_word(out, "proto", sock->proto);
	put_word(out, "family", sock->family);
	put_word(out, "type", sock->type);
	put_word(out, "state", sock->state);
	put_end(out, "local", &sock->local);
	put_end(out, "peer", &sock->peer);
	put_number(out, "protocol", sock->protocol);
	put_number(out, "recv_q", sock->recv_q);
	put_number(out, "send_q", sock->send_q);
	put_number(out, "backlog", sock->backlog);
	put_number(out, "backlog_limit", sock->backlog_limit);
	put_number(out, "inode", sock->inode);
	put_number(out, "peer_inode", sock->peer_inode);
	if (sock->cookie)
		fprintf(out, ",\"cookie\":\"%llu\"", (unsigned long long)sock->cookie);
	put_number(out, "uid", sock->uid);
	put_number(out, "mark", sock->mark);
	put_word(out, "interface", sock->interface);
	if (sock->v6only >= 0)
		fprintf(out, ",\"v6only\":%s", sock->v6only ? "true" : "false");
	put_word(out, "timer", sock->timer);
	put_number(out, "shutdown", sock->shutdown);
	if (sock->subflow)
		fputs(",\"subflow\":true", out);
	put_word(out, "no_owner", sock->no_owner);
	if (sock->extra)
		fprintf(out, ",%s", sock->extra);
	put_owners(out, sock);
	fputs("}\n", out);
	free(sock->owners);
	sock->owners = NULL;
	sock->n_owners = 0;
}

int mk_look_tell(struct mk_spec *spec, int fd, const char *proto)
{
	struct mk_sock sock;
	int r = mk_look(spec, fd, proto, &sock);

	if (r >= 0)
		mk_tell(spec, &sock);
	return r;
}
