/* What can be wrong with plugins and packages, and the command that mends it. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_PLUGIN_DOCTOR_H
#define OC_SERVICE_PLUGIN_DOCTOR_H

#include "core/service/plugin/options.h"

enum doctor_severity { DOCTOR_INFO, DOCTOR_WARNING, DOCTOR_ERROR };

/* How a fix is carried out by `--fix`; what loses nothing is safe, all else is for the operator to type. */
struct doctor_fix {
    const char *command; /* the exact command line; NULL = none can be typed */
    const char *op;      /* the operation behind it when it is safe, else NULL */
    json_t *params;      /* of the operation; taken */
};

/* Adds {"id","severity","plugin","message","fix","safe"} to `findings`, and "op" and "params" when it is safe. */
void oc_doctor_add(json_t *findings, const char *id, enum doctor_severity severity,
                   const char *plugin /* may be NULL */,
                   const struct doctor_fix *fix /* may be NULL */, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

void oc_doctor_plugins(struct oc_plugin_service *s, json_t *findings);  /* doctor_plugins.c */
void oc_doctor_packages(struct oc_plugin_service *s, json_t *findings); /* doctor_packages.c */
void oc_doctor_registries(struct oc_plugin_service *s, json_t *findings);

/* Everything that was found; owned by the caller. */
json_t *oc_doctor_look(struct oc_plugin_service *s);

#endif
