/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* The calling thread's own capabilities: capabilities(7). */
#ifndef ESTAB_CAPS_H
#define ESTAB_CAPS_H

#include <stdbool.h>

/* Whether it is effective now; cap is CAP_NET_ADMIN and so on. */
bool caps_have(unsigned int cap);
/* Whether we are in the first user namespace, where capabilities hold everywhere. */
bool caps_are_initial(void);

#endif
