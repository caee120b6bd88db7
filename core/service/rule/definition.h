/* Rules as the configuration defines them. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_RULE_DEFINITION_H
#define OC_SERVICE_RULE_DEFINITION_H

#include "core/base/arena.h"
#include "core/config/config.h"
#include "core/service/rule/cond.h"
#include "core/service/rule/machine.h"

#define OC_RULES_MAX        2000 /* in one configuration */
#define OC_RULE_METRICS_MAX 16   /* that one rule reads */

enum oc_severity { OC_SEVERITY_WARNING, OC_SEVERITY_CRITICAL, OC_SEVERITY_INFO };
const char *oc_severity_name(int32_t severity);

/* What oc_bind writes. */
struct oc_rule_options {
    const char *name, *expr, *resolve, *message, *category, *for_text;
    int32_t severity; /* enum oc_severity */
    int32_t enabled;
    int64_t keep_ms, cooldown_ms; /* cooldown -1 = that of `alerts` */
    struct oc_list channels;      /* const char * */
    struct oc_list annotations;   /* struct oc_pair */
};
extern const struct oc_option oc_rule_options[];

struct oc_rule {
    struct oc_rule_options o; /* in `arena` */
    struct oc_arena arena;
    struct oc_rule_times times;
    struct oc_cond when;
    struct oc_cond until; /* `resolve`; no expression when there is none */
    OC_VEC(const char *)
    reads;            /* metrics of both; the first is the primary. Interned by the engine */
    uint64_t version; /* over expr and resolve: another version ends what fires */
    char *file;       /* where it was written */
    int line;
    bool usable;   /* enabled and sound */
    char *problem; /* why it is not sound, NULL */
    char *advice;  /* what is odd about it, NULL */
    /* kept by the engine */
    size_t subjects;
    uint64_t evaluations, errors;
    int64_t error_said_ms;
    char *last_error;
    size_t failing; /* subjects of which the latest answer was an error; none: no last_error */
    bool rebind;    /* a series that it reads besides its primary appeared or ended */
};

/* Reads one item of `alerts.rules`. Never NULL: a wrong rule is there, not usable, with its
 * findings in `diags`. */
struct oc_rule *oc_rule_read(const struct oc_node *item, const char *path, struct oc_lua *lua,
                             const struct oc_thresholds *t, struct oc_diags *diags);
const char *oc_rule_name(const struct oc_rule *rule); /* never NULL */
void oc_rule_free(struct oc_rule *rule);

#endif
