/* Messages of agents: heard on a bus, remembered for a while, sent. SPDX-License-Identifier: MIT  [loop]
 *
 * The bus is a plugin with bus.listen/1 and bus.publish/1, configured in the section `bridge`; without one, messages go
 * between the clients of this host alone. A bus that is down is said (message.status, doctor, the service "bridge" in
 * health) and tried again after 1, 2, 4, 8, 16, 16 .. s; it stops nothing.
 *   bridge = { plugin = "NAME"; enabled = true; ...what the plugin takes... };
 * Operations: message.send message.list message.status, and message.presence for the bridge's own use.
 * Publishes agent.message {"id","channel","from","to","type","content","time","thread","parent","metadata"} for every message
 * that was heard or sent, and bridge.changed {"state","error"}. */
#ifndef OC_SERVICE_MESSAGE_MESSAGE_H
#define OC_SERVICE_MESSAGE_MESSAGE_H

#include "core/service/env.h"

struct oc_message_service;

struct oc_message_service *oc_message_create(const struct oc_env *env); /* env borrowed */
void oc_message_configure(struct oc_message_service *m, const struct oc_config *config,
                          struct oc_diags *diags);
/* What oc_message_configure would find, without starting anything; for `config validate`. */
void oc_message_check(const struct oc_env *env, const struct oc_config *config,
                      struct oc_diags *diags);
/* The instances end: done(ctx) at the latest after about `grace_ms`. */
void oc_message_stop(struct oc_message_service *m, int64_t grace_ms, oc_loop_fn done, void *ctx);
struct oc_instance *oc_message_find_instance(const struct oc_message_service *m, const char *plugin,
                                             const char *name);
void oc_message_each(const struct oc_message_service *m,
                     void (*fn)(void *ctx, const char *owner, struct oc_instance *instance),
                     void *ctx);
void oc_message_describe(json_t *sections);
void oc_message_destroy(struct oc_message_service *m); /* after stop; NULL is fine */

#endif
