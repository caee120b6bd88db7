/* SKILL.md: what a skill says of itself, and whether this host has what it needs. SPDX-License-Identifier: MIT  [any]
 *
 * A skill is text for agents. Its front matter is YAML between two lines "---":
 *     name: github
 *     description: Work with GitHub through its command line.
 *     version: 1.0.0
 *     metadata: {"openclaw": {"requires": {"bins": ["gh"], "anyBins": [..], "env": ["GH_TOKEN"], "config": ["a.b"]},
 *                             "os": ["linux"], "always": false, "install": [{"kind", "label", "bins"}]}}
 * Nothing in it is executed, here or anywhere in the host. */
#ifndef OC_PACKAGE_SKILL_H
#define OC_PACKAGE_SKILL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/base/error.h"

#define OC_SKILL_FILE      "SKILL.md"
#define OC_SKILL_MAX       (1u << 20)  /* bytes of the file */
#define OC_SKILL_FRONT_MAX (64u << 10) /* bytes of its front matter */

struct oc_skill {
    char *name, *description; /* owned; "" when they are not said */
    char *version;            /* owned; NULL when it is not said */
    json_t *front;            /* owned: the whole front matter, an object */
    char *text;               /* owned: what follows the front matter */
    /* arrays of strings, borrowed from `front` or NULL */
    const json_t *bins, *any_bins, *env, *config, *os;
    const json_t *install; /* array of objects, borrowed, or NULL */
    bool always;           /* ready whatever it requires */
};

/* OC_E_CONFIG names the line or the key. */
int oc_skill_parse(const char *text, size_t len, struct oc_skill *skill, struct oc_error *err);
int oc_skill_load(const char *dir, struct oc_skill *skill, struct oc_error *err);
void oc_skill_finish(struct oc_skill *skill);

/* Does the host's configuration have a value at this dotted path? */
typedef bool (*oc_skill_config_fn)(void *ctx, const char *path);
/* {"ready":bool,"missing":[{"what":"bin"|"anyBin"|"env"|"config"|"os","name","how"}]}; bins are looked for in PATH and
 * environment variables in this process. `config` may be NULL: then config keys count as missing. Owned by the caller. */
json_t *oc_skill_readiness(const struct oc_skill *skill, oc_skill_config_fn config, void *ctx);

#endif
