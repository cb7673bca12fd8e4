/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * Names of hosts and services from libc's getnameinfo(), which may take as long as it likes: it
 * runs on a few threads, asks for each name once, and nobody waits for it beyond a time that is
 * set. What is not known by then stays unknown. One thread uses the resolver; its helpers are let
 * go when that one is done, and never waited for.
 */
#ifndef ESTAB_TOOL_RESOLVE_H
#define ESTAB_TOOL_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

#include <estab.h>

struct resolver;

/* NULL: out of memory. The time begins with the first question. */
struct resolver *resolver_new(uint32_t timeout_ms);
struct resolver *resolver_free(struct resolver *resolver);

/* What is asked for: fill in with one of the two, which leave no byte unset. */
struct question {
	uint8_t service; /* else host */
	uint8_t datagrams;
	uint16_t port;
	uint8_t family; /* enum estab_family */
	uint8_t reserved[3];
	uint32_t scope;
	uint8_t bytes[16];
};

struct question question_host(const struct estab_addr *addr);
struct question question_service(enum estab_proto proto, uint16_t port);

/* Puts the question to the threads unless that was done before. Returns whether the answer is
 * there, or none will come any more. */
bool resolver_ask(struct resolver *resolver, const struct question *question);
/* Asks, and waits for the answer while there is time. NULL: there is no such name, or no answer.
 * Lent as long as the resolver. */
const char *resolver_name(struct resolver *resolver, const struct question *question);
/* How many names were asked for and not answered in time, or not at all. */
uint64_t resolver_unanswered(struct resolver *resolver);

#endif
