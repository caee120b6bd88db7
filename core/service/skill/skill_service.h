/* The skills that are there: texts for agents, and whether this host is ready for them. SPDX-License-Identifier: MIT  [loop]
 *
 * A skill is a plugin with a SKILL.md in its folder, bundled or installed. Its text is read when it is asked for; nothing of
 * it is executed. Operations: skill.list, skill.show, skill.check. */
#ifndef OC_SERVICE_SKILL_SKILL_SERVICE_H
#define OC_SERVICE_SKILL_SKILL_SERVICE_H

#include "core/service/env.h"

struct oc_skill_hooks {
    const struct oc_config *(*config)(void *ctx); /* in force */
    void *ctx;
};

struct oc_skill_service;

struct oc_skill_service *oc_skill_service_create(const struct oc_env *env,
                                                 const struct oc_skill_hooks *hooks);
void oc_skill_service_destroy(struct oc_skill_service *s); /* NULL is fine */

#endif
