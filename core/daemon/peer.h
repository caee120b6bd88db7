/* Who is at the other end of the control socket: a person's program, or a plugin? SPDX-License-Identifier: MIT */
#ifndef OC_DAEMON_PEER_H
#define OC_DAEMON_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* True when the process is a plugin host, or was started by one: what a plugin may ask for is for its host to say (op:call), so
 * the control socket is not for it, whatever user it runs as. A few small files of /proc are read. [any] */
bool oc_peer_is_plugin(pid_t pid);

#endif
