/* Who is told of which events: one table for the history, the live stream and WebSockets. SPDX-License-Identifier: MIT  [loop]
 *
 * It goes by the first word of a topic. What a plugin publishes under its own name is for everybody, as its samples are; a word
 * that nobody knows is for admins, so that a new topic of the host is shown to others only once somebody has said so here. */
#ifndef OC_OP_TOPIC_H
#define OC_OP_TOPIC_H

#include "core/op/op.h"
#include "core/plugin/plugin.h"

enum oc_role oc_topic_role(const char *topic, struct oc_plugins *plugins);
/* Does it begin with a word of the host? Services act upon such an event. */
bool oc_topic_of_host(const char *topic);
/* The least role that may be told of any topic that `pattern` matches, as far as it names the first word. */
enum oc_role oc_topic_pattern_role(const char *pattern);

#endif
