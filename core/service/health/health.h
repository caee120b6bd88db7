/* Keeps the health of every service that collectors report on. SPDX-License-Identifier: MIT  [loop]
 *
 * A service is named "instance/target", or "instance" for a collector's own status. Its states, flap damping and score
 * are those of check.h; dependencies make services behind a dead parent unreachable; maintenance windows keep people from
 * being told (as silences, through the operation alert.silence). Configuration:
 *   health = { max_attempts = 3; };
 *   dependencies = ( { service = "web/api"; depends_on = ["main-db"]; } );
 *   maintenance = ( { name = "weekly"; services = ["web*"]; days = ["sunday"]; start = "02:00"; duration = "2h"; } );
 * Publishes health.changed, health.soft, health.flapping, and the sample service.health_score{service}. */
#ifndef OC_SERVICE_HEALTH_HEALTH_H
#define OC_SERVICE_HEALTH_HEALTH_H

#include "core/service/env.h"

struct oc_health;

struct oc_health *oc_health_create(const struct oc_env *env);
void oc_health_configure(struct oc_health *h, const struct oc_config *config,
                         struct oc_diags *diags);
/* Adds the option tables of health, dependencies and maintenance to `sections` (core/daemon/sections.h), for the reference. */
void oc_health_describe(json_t *sections);
void oc_health_destroy(struct oc_health *h); /* NULL is fine */

#endif
