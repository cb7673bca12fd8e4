/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The procfs source against sockets that this test makes, in network namespaces of its own. */
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "procfs-fixture.h"

static bool enter_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
	return true;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static const struct kept *row_of(const struct reading *reading, int fd)
{
	uint64_t inode = inode_of(fd);
	const struct kept *found = NULL;

	for (size_t i = 0; i < reading->n_rows; i++)
		if (reading->rows[i].sock.inode == inode) {
			assert_null(found);
			found = &reading->rows[i];
		}
	assert_non_null(found);
	return found;
}

static void assert_live_end(int fd, const struct estab_socket *sock)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t size = sizeof(addr);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
	if (addr.ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)&addr;

		assert_int_equal(sock->family, ESTAB_FAMILY_INET);
		assert_memory_equal(sock->inet.local, &in->sin_addr, 4);
		assert_int_equal(sock->local_port, ntohs(in->sin_port));
	} else {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&addr;

		assert_int_equal(sock->family, ESTAB_FAMILY_INET6);
		assert_memory_equal(sock->inet.local, &in6->sin6_addr, 16);
		assert_int_equal(sock->local_port, ntohs(in6->sin6_port));
	}
	assert_int_equal(sock->uid, geteuid());
	assert_true(sock->has & HAS_UID);
}

static int socket_on(int family, int type, int protocol)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	assert_true(fd >= 0);
	if (family == AF_INET)
		assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	else
		assert_int_equal(bind(fd, (struct sockaddr *)&in6, sizeof(in6)), 0);
	return fd;
}

/* A listener, its client with a byte on the way, and a connection that nobody has accepted. */
static void check_live_tcp(struct reading *reading, int family)
{
	int listener = socket_on(family, SOCK_STREAM, 0);
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage addr;
	socklen_t size = sizeof(addr);
	const struct estab_socket *sock;
	const struct estab_socket *pending = NULL;

	assert_int_equal(listen(listener, 5), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&addr, &size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&addr, size), 0);
	assert_int_equal(write(client, "x", 1), 1);

	reading->job.proto = ESTAB_PROTO_TCP;
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 3);
	assert_int_equal(reading->result.n_losses, 0);
	sock = &row_of(reading, listener)->sock;
	assert_int_equal(sock->state, ESTAB_STATE_LISTEN);
	assert_int_equal(sock->recv_q, 1);
	assert_live_end(listener, sock);
	sock = &row_of(reading, client)->sock;
	assert_int_equal(sock->state, ESTAB_STATE_ESTABLISHED);
	assert_live_end(client, sock);
	for (size_t i = 0; i < reading->n_rows; i++)
		if (reading->rows[i].sock.inode == 0)
			pending = &reading->rows[i].sock;
	assert_non_null(pending);
	assert_int_equal(pending->state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(pending->recv_q, 1);
	assert_false(pending->has & (HAS_UID | IS_MINISOCK));
	assert_int_equal(pending->local_port, sock->peer_port);
	assert_int_equal(pending->peer_port, sock->local_port);
	assert_memory_equal(pending->inet.local, sock->inet.peer, 16);
	close(listener);
	close(client);
}

static void check_live_dgram(struct reading *reading, enum estab_proto proto, int type,
			     int protocol)
{
	int fds[2] = { socket_on(AF_INET, type, protocol), socket_on(AF_INET6, type, protocol) };

	reading->job.proto = proto;
	assert_int_equal(run(reading), 0);
	assert_int_equal(reading->n_rows, 2);
	assert_int_equal(reading->result.n_losses, 0);
	for (size_t i = 0; i < 2; i++) {
		const struct kept *kept = row_of(reading, fds[i]);

		assert_int_equal(kept->sock.state, ESTAB_STATE_UNCONNECTED);
		assert_true(kept->has_drops);
		if (type == SOCK_RAW)
			assert_int_equal(kept->sock.local_port, protocol);
		else
			assert_live_end(fds[i], &kept->sock);
		close(fds[i]);
	}
}

static int unix_socket_on(const char *name, size_t length)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(addr.sun_path, name, length);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
			 0);
	return fd;
}

static void check_live_unix(struct reading *reading)
{
	int pair[2];
	int listener = unix_socket_on("\0victim of a test", 17);
	int forger;
	char name[NAME_MAX_SIZE];
	int length;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(listen(listener, 5), 0);
	/* A row of its own making, for the pair's inode: those have no name, so are beyond doubt. */
	length = snprintf(name + 1, sizeof(name) - 1,
			  "\n0000000012345678: 00000002 00000000 00010000 0001 01 %5llu /run/false",
			  (unsigned long long)inode_of(pair[0]));
	name[0] = '\0';
	forger = unix_socket_on(name, (size_t)length + 1);

	reading->job.proto = ESTAB_PROTO_UNIX;
	assert_int_equal(run(reading), 0);
	/* Which comes first is up to the kernel's hash. */
	assert_true(lost(reading, "rows", "forged", "unix") == 1);
	assert_int_equal(lost(reading, "rows", "malformed", "unix"), 0);
	assert_true(reading->n_rows == 4 || reading->n_rows == 5);
	assert_int_equal(row_of(reading, pair[1])->sock.state, ESTAB_STATE_ESTABLISHED);
	assert_int_equal(row_of(reading, pair[1])->sock.type, ESTAB_TYPE_SEQPACKET);
	assert_int_equal(row_of(reading, listener)->sock.state, ESTAB_STATE_LISTEN);
	assert_true(row_of(reading, listener)->abstract);
	assert_memory_equal(row_of(reading, listener)->path, "victim of a test", 16);
	assert_int_equal(row_of(reading, forger)->path_length, 0);
	close(pair[0]);
	close(pair[1]);
	close(listener);
	close(forger);
}

static void test_live(void **state)
{
	struct reading *reading;

	(void)state;
	if (!enter_namespace()) {
		print_message("skipped: no network namespace to be had: %s\n", strerror(errno));
		skip();
	}
	reading = reading_on("/proc", "thread-self/net");
	check_live_tcp(reading, AF_INET);
	check_live_dgram(reading, ESTAB_PROTO_UDP, SOCK_DGRAM, 0);
	check_live_dgram(reading, ESTAB_PROTO_RAW, SOCK_RAW, 89);
	check_live_unix(reading);
	reading_end(reading);

	/* The first one's ends linger in their namespace. */
	assert_true(enter_namespace());
	reading = reading_on("/proc", "thread-self/net");
	check_live_tcp(reading, AF_INET6);
	reading_end(reading);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
