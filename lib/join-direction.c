/* SPDX-License-Identifier: LGPL-2.1-or-later OR BSD-2-Clause */
/* Who began a connection. The kernel does not keep it: it follows from what else there is. */
#include "join.h"

enum direction direction_of(const struct direction_facts *facts)
{
	if (facts->listening)
		return DIRECTION_LISTEN;
	if (!facts->connected)
		return DIRECTION_UNDECIDED;
	if (facts->local)
		return DIRECTION_LOCAL;
	if (facts->syn_sent)
		return DIRECTION_OUT;
	if (facts->not_accepted || facts->listener)
		return DIRECTION_IN;
	/*
	 * Nobody listens there. Either it went out, or its listener is gone: then the port is most
	 * likely a well-chosen one, and the peer's is not.
	 */
	if (facts->listeners_known)
		return !facts->local_auto && facts->peer_auto ? DIRECTION_UNDECIDED : DIRECTION_OUT;
	if (facts->local_auto == facts->peer_auto)
		return DIRECTION_UNDECIDED;
	return facts->local_auto ? DIRECTION_OUT : DIRECTION_IN;
}
