/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
#include "resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "util.h"

enum {
	HOST_THREADS = 4,
	SERVICE_THREADS = 1, /* of its own: a dead name server must not hold up /etc/services */
	NAME_ROOM = 1025,    /* NI_MAXHOST */
	SLOTS_FIRST = 256,
};

enum state { WAITING, ANSWERED, FAILED };

struct name {
	struct question question;
	enum state state;
	char *text;        /* NULL: there is none */
	struct name *next; /* in the queue */
};

/* Questions that no thread has taken yet, and the threads that take them. */
struct queue {
	struct resolver *resolver;
	struct name *first;
	struct name **last;
	unsigned int length;
	unsigned int threads;
	unsigned int threads_max;
	unsigned int idle;
	pthread_cond_t filled;
};

struct resolver {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct queue hosts;
	struct queue services;
	struct name **slots; /* open addressing; a power of two of them, or none */
	size_t n_slots;
	size_t n_names;
	uint64_t failed;  /* names whose state is FAILED */
	uint64_t dropped; /* questions that there was no memory for */
	uint32_t timeout_ms;
	bool begun; /* the time runs, until */
	struct timespec end;
	bool over;   /* nothing is asked or answered any more */
	bool let_go; /* the last one to leave tidies up */
	unsigned int users;
};

struct question question_host(const struct estab_addr *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct question question = { .family = addr->family, .scope = addr->scope };

	if (addr->family == ESTAB_FAMILY_INET) {
		memcpy(question.bytes, addr->bytes, 4);
	} else if (memcmp(addr->bytes, mapped, sizeof(mapped)) == 0) {
		question.family = ESTAB_FAMILY_INET;
		memcpy(question.bytes, addr->bytes + sizeof(mapped), 4);
	} else {
		memcpy(question.bytes, addr->bytes, sizeof(question.bytes));
	}
	return question;
}

struct question question_service(enum estab_proto proto, uint16_t port)
{
	return (struct question){
		.service = true,
		.datagrams = proto == ESTAB_PROTO_UDP || proto == ESTAB_PROTO_UDPLITE,
		.port = port,
	};
}

static int ask_libc(const struct question *question, char text[NAME_ROOM])
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(question->port),
	};
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_scope_id = question->scope,
	};
	bool is6 = question->family == ESTAB_FAMILY_INET6;
	const void *addr = is6 ? (const void *)&in6 : (const void *)&in;
	socklen_t size = is6 ? sizeof(in6) : sizeof(in);

	if (question->service)
		return getnameinfo((const struct sockaddr *)&in, sizeof(in), NULL, 0, text,
				   NAME_ROOM, question->datagrams ? NI_DGRAM : 0);
	memcpy(&in.sin_addr, question->bytes, sizeof(in.sin_addr));
	memcpy(&in6.sin6_addr, question->bytes, sizeof(in6.sin6_addr));
	return getnameinfo(addr, size, text, NAME_ROOM, NULL, 0, NI_NAMEREQD);
}

/* A name that reads like an address is no name: it would pass for another one. */
static bool is_number(const char *text)
{
	struct in6_addr addr;
	size_t digits = strspn(text, "0123456789");

	return text[0] == '\0' || text[digits] == '\0' || inet_pton(AF_INET, text, &addr) == 1 ||
	       inet_pton(AF_INET6, text, &addr) == 1;
}

/* Takes no lock. */
static enum state find_name(const struct question *question, char **ret_text)
{
	char text[NAME_ROOM];
	int error = ask_libc(question, text);

	*ret_text = NULL;
	if (error == EAI_NONAME)
		return ANSWERED;
	if (error != 0)
		return FAILED;
	if (is_number(text))
		return ANSWERED;
	*ret_text = strdup(text);
	return *ret_text ? ANSWERED : FAILED;
}

static void destroy(struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->n_slots; i++) {
		if (resolver->slots[i])
			free(resolver->slots[i]->text);
		free(resolver->slots[i]);
	}
	free(resolver->slots);
	pthread_cond_destroy(&resolver->hosts.filled);
	pthread_cond_destroy(&resolver->services.filled);
	pthread_cond_destroy(&resolver->answered);
	pthread_mutex_destroy(&resolver->lock);
	free(resolver);
}

/* Called with the lock held, which is given up. */
static void leave(struct resolver *resolver)
{
	bool last = --resolver->users == 0;

	pthread_mutex_unlock(&resolver->lock);
	if (last)
		destroy(resolver);
}

static struct name *take(struct queue *queue)
{
	struct name *name = queue->first;

	queue->first = name->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->length--;
	return name;
}

/* Called with the lock held. */
static void settle(struct resolver *resolver, struct name *name, enum state state, char *text)
{
	if (resolver->over) {
		free(text);
		return;
	}
	name->state = state;
	name->text = text;
	resolver->failed += state == FAILED;
	pthread_cond_signal(&resolver->answered);
}

static void *run(void *arg)
{
	struct queue *queue = arg;
	struct resolver *resolver = queue->resolver;

	pthread_mutex_lock(&resolver->lock);
	while (!resolver->over) {
		struct name *name;
		enum state state;
		char *text;

		if (!queue->first) {
			queue->idle++;
			pthread_cond_wait(&queue->filled, &resolver->lock);
			queue->idle--;
			continue;
		}
		name = take(queue);
		pthread_mutex_unlock(&resolver->lock);
		state = find_name(&name->question, &text);
		pthread_mutex_lock(&resolver->lock);
		settle(resolver, name, state, text);
	}
	leave(resolver);
	return NULL;
}

static void queue_init(struct queue *queue, struct resolver *resolver, unsigned int threads_max)
{
	queue->resolver = resolver;
	queue->last = &queue->first;
	queue->threads_max = threads_max;
	pthread_cond_init(&queue->filled, NULL);
}

struct resolver *resolver_new(uint32_t timeout_ms)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	pthread_condattr_t monotonic;

	if (!resolver)
		return NULL;
	resolver->timeout_ms = timeout_ms;
	resolver->users = 1;
	pthread_mutex_init(&resolver->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&resolver->answered, &monotonic);
	pthread_condattr_destroy(&monotonic);
	queue_init(&resolver->hosts, resolver, HOST_THREADS);
	queue_init(&resolver->services, resolver, SERVICE_THREADS);
	return resolver;
}

/* Nothing is waited for any more; threads leave as soon as libc lets them. Called with the lock
 * held. */
static void call_off(struct resolver *resolver)
{
	resolver->over = true;
	pthread_cond_broadcast(&resolver->hosts.filled);
	pthread_cond_broadcast(&resolver->services.filled);
}

struct resolver *resolver_free(struct resolver *resolver)
{
	if (resolver) {
		pthread_mutex_lock(&resolver->lock);
		call_off(resolver);
		leave(resolver);
	}
	return NULL;
}

static size_t hash(const struct question *question)
{
	const uint8_t *at = (const uint8_t *)question;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < sizeof(*question); i++)
		hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
	return (size_t)(hash ^ hash >> 32);
}

/* The question's slot, or the free one where it belongs. */
static struct name **find_slot(struct name **slots, size_t n_slots, const struct question *question)
{
	size_t at = hash(question) & (n_slots - 1);

	while (slots[at] && memcmp(&slots[at]->question, question, sizeof(*question)) != 0)
		at = (at + 1) & (n_slots - 1);
	return &slots[at];
}

static bool make_room(struct resolver *resolver)
{
	size_t n_slots = resolver->n_slots ? resolver->n_slots * 2 : SLOTS_FIRST;
	struct name **slots;

	if (resolver->n_names * 2 < resolver->n_slots)
		return true;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return false;
	for (size_t i = 0; i < resolver->n_slots; i++)
		if (resolver->slots[i])
			*find_slot(slots, n_slots, &resolver->slots[i]->question) =
				resolver->slots[i];
	free(resolver->slots);
	resolver->slots = slots;
	resolver->n_slots = n_slots;
	return true;
}

static void start_time(struct resolver *resolver)
{
	struct timespec *end = &resolver->end;

	clock_gettime(CLOCK_MONOTONIC, end);
	end->tv_sec += resolver->timeout_ms / 1000;
	end->tv_nsec += resolver->timeout_ms % 1000 * 1000000L;
	if (end->tv_nsec >= 1000000000L) {
		end->tv_sec++;
		end->tv_nsec -= 1000000000L;
	}
	resolver->begun = true;
	if (resolver->timeout_ms == 0)
		call_off(resolver);
}

/* Puts a helper to work, a new one if all are busy. Without any, nothing will be answered. */
static void wake(struct resolver *resolver, struct queue *queue)
{
	sigset_t all, before;
	pthread_t thread;
	bool started;

	/* One that was woken is idle until it has the lock. */
	if (queue->length <= queue->idle) {
		pthread_cond_signal(&queue->filled);
		return;
	}
	if (queue->threads == queue->threads_max)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, NULL, run, queue) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (started) {
		pthread_detach(thread);
		queue->threads++;
		resolver->users++;
	} else if (queue->threads == 0) {
		call_off(resolver);
	}
}

/* The name's place in the table, made and put to the threads where there was none. NULL: out of
 * memory. Called with the lock held. */
static struct name *find(struct resolver *resolver, const struct question *question)
{
	struct queue *queue = question->service ? &resolver->services : &resolver->hosts;
	struct name **slot, *name;

	if (!make_room(resolver))
		return NULL;
	slot = find_slot(resolver->slots, resolver->n_slots, question);
	name = *slot;
	if (name)
		return name;
	name = calloc(1, sizeof(*name));
	if (!name)
		return NULL;
	memcpy(&name->question, question, sizeof(*question));
	*slot = name;
	resolver->n_names++;
	if (!resolver->begun)
		start_time(resolver);
	if (resolver->over)
		return name;
	*queue->last = name;
	queue->last = &name->next;
	queue->length++;
	wake(resolver, queue);
	return name;
}

/* Called with the lock held. */
static void look_at_clock(struct resolver *resolver)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > resolver->end.tv_sec ||
	    (now.tv_sec == resolver->end.tv_sec && now.tv_nsec >= resolver->end.tv_nsec))
		call_off(resolver);
}

bool resolver_ask(struct resolver *resolver, const struct question *question)
{
	struct name *name;
	bool settled;

	pthread_mutex_lock(&resolver->lock);
	name = find(resolver, question);
	if (!resolver->over && resolver->begun)
		look_at_clock(resolver);
	settled = !name || name->state != WAITING || resolver->over;
	pthread_mutex_unlock(&resolver->lock);
	return settled;
}

const char *resolver_name(struct resolver *resolver, const struct question *question)
{
	const char *text = NULL;
	struct name *name;

	pthread_mutex_lock(&resolver->lock);
	name = find(resolver, question);
	while (name && name->state == WAITING && !resolver->over)
		if (pthread_cond_timedwait(&resolver->answered, &resolver->lock, &resolver->end) ==
		    ETIMEDOUT)
			call_off(resolver);
	/* A thread never touches a name that is settled. */
	if (name)
		text = name->text;
	else
		resolver->dropped++;
	pthread_mutex_unlock(&resolver->lock);
	return text;
}

uint64_t resolver_unanswered(struct resolver *resolver)
{
	uint64_t count;

	pthread_mutex_lock(&resolver->lock);
	count = resolver->failed + resolver->dropped;
	for (size_t i = 0; i < resolver->n_slots; i++)
		count += resolver->slots[i] && resolver->slots[i]->state == WAITING;
	pthread_mutex_unlock(&resolver->lock);
	return count;
}
