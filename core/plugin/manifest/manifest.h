/* The plugin manifest: what a plugin is, readable without loading it. SPDX-License-Identifier: MIT
 *
 * `plugin.json` beside the .so, and byte for byte the same in the ELF note of the .so. A manifest without "library" and
 * with "instances" is a preset: it configures other plugins and holds no code; one with the kind "skill" is text for agents,
 * SKILL.md beside it. [any] once parsed. */
#ifndef OC_PLUGIN_MANIFEST_H
#define OC_PLUGIN_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"

#define OC_MANIFEST_MAX (256u << 10)

struct oc_manifest {
    const char *name;    /* "redis"; unique, oc_name_valid */
    const char *version; /* semantic version */
    const char *summary; /* one sentence */
    const char *library; /* file name of the .so in the folder; NULL for a preset or a skill */
    const char *kind;    /* "collector", "alert", ...: for lists; the methods are what counts */
    unsigned abi_major, abi_minor; /* minimum minor that it needs */
    /* owned: the whole document (metrics, operations, permissions, options, instances, docs) */
    json_t *json;
    char *dir;              /* owned: the folder */
    struct oc_view metrics; /* of oc_manifest_parse_kept: where the list stands in the text */
    /* owned, of oc_manifest_parse_kept: the operations of the text that are not in `json`, as [{"operation": name or null, "reason"}];
     * NULL or empty: none */
    json_t *left_out;
};

/* Parses and validates; messages name the key and what was expected. `dir` is copied. The caller owns the result. */
struct oc_manifest *oc_manifest_parse(const char *text, size_t len, const char *dir,
                                      struct oc_error *err);
struct oc_manifest *oc_manifest_load(const char *dir, struct oc_error *err); /* <dir>/plugin.json */
void oc_manifest_free(struct oc_manifest *m);                                /* NULL is fine */

/* The same for a plugin that is installed and a text that outlives the manifest: where that can be, the metrics stay there and are not in
 * `json`, which is much quicker and smaller. An operation that is wrong is left out, as `left_out` tells, and the texts for people are cleaned:
 * an older release took them, and the plugin goes on working. */
struct oc_manifest *oc_manifest_parse_kept(const char *text, size_t len, const char *dir,
                                           struct oc_error *err);
/* However it was parsed; the caller owns what it gets. The list of metrics, NULL when there is none: */
json_t *oc_manifest_metrics(const struct oc_manifest *m);
json_t *oc_manifest_whole(const struct oc_manifest *m);                       /* the document */
char *oc_manifest_metric_help(const struct oc_manifest *m, const char *name); /* or NULL */

/* A preset's instances with "${option}" replaced by the values of `config` (a group, or NULL) over the manifest's
 * defaults: a JSON array of collector configurations, each naming its plugin. Owned by the caller; NULL and err when an
 * option is unknown or missing. */
json_t *oc_manifest_expand(const struct oc_manifest *m, const char *name, const json_t *config,
                           struct oc_error *err);
/* The same of a preset that is only looked at: an option that has no value is "?", and what is in `config` beside its options means
 * nothing. NULL where the instances would be too long, or there are none. */
json_t *oc_manifest_sample(const struct oc_manifest *m, const json_t *config);

#endif
