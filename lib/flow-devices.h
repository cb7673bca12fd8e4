/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/*
 * By which devices a flow comes and goes, as the namespace would route its ends now: conntrack keeps no device.
 */
#ifndef ESTAB_FLOW_DEVICES_H
#define ESTAB_FLOW_DEVICES_H

#include "env.h"
#include "record.h"
#include "result.h"

struct flow_devices;

/* NULL: out of memory. The env is borrowed: what it reads is where routes are asked for. */
struct flow_devices *flow_devices_new(struct env *env, struct estab_result *result);
struct flow_devices *flow_devices_free(struct flow_devices *devices);
/* Gives a flow the device that its first packet came by, and the one it left by; none where that end is of this
 * namespace; an empty name where it is not known. -ENOMEM, -ECANCELED. */
int flow_devices_join(struct flow_devices *devices, struct row *row);

#endif
