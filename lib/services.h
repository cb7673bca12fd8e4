/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Names of ports. */
#ifndef ESTAB_SERVICES_H
#define ESTAB_SERVICES_H

#include <stdint.h>

/*
 * The port of a service of TCP or UDP, by its name or an alias, from /etc/services alone: whoever
 * else knows such names (nsswitch.conf(5)) is not asked. -ENOENT: there is none of that name;
 * -ENOTUNIQ: TCP's is another one than UDP's; or why the file can't be read.
 */
int services_find(const char *name, uint16_t *ret_port);
/* The same, from what such a file holds. */
int services_find_in(const char *text, const char *name, uint16_t *ret_port);

#endif
