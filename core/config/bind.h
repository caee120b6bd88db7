/* From a configuration group to a C struct, driven by an option table. SPDX-License-Identifier: MIT
 *
 * One table (struct oc_option, plugin.h) drives parsing, defaults, validation with file and line,
 * help, JSON schema and the reference. Plugins, operations and the core sections all use it. [any]
 */
#ifndef OC_CONFIG_BIND_H
#define OC_CONFIG_BIND_H

#include <openclaw/plugin.h>

#include "core/base/arena.h"
#include "core/config/config.h"

/* The i-th row of a table whose elements are `stride` bytes apart (a plugin may be older or newer
 * than we are). */
const struct oc_option *oc_option_at(const struct oc_option *table, size_t stride, size_t i);
const struct oc_option *oc_option_find(const struct oc_option *table, size_t stride,
                                       const char *name);

/* Writes defaults and then `group` (NULL = all defaults) into `target`, which is large enough (offsets
 * are checked against `target_size`): an option that has neither is zero there. Strings and lists live in `arena`. `path` is
 * the full key of the group, for messages. `ignore` (NULL-terminated, or NULL) names keys that
 * belong to someone else; "*" stands for all unknown ones. Unknown keys, wrong types, limits and
 * missing required keys each add an error to `diags` with the nearest known key as hint. Secrets
 * are resolved here. Returns the number of errors that it added. */
size_t oc_bind(const struct oc_option *table, size_t stride, const struct oc_node *group,
               const char *path, const char *const *ignore, void *target, size_t target_size,
               struct oc_arena *arena, struct oc_diags *diags);

/* As oc_bind for one JSON object (parameters of an operation); the first error goes to `err`. */
int oc_bind_json(const struct oc_option *table, const json_t *object, void *target,
                 size_t target_size, struct oc_arena *arena, struct oc_error *err);
/* The same for a table of another stride: the options of a plugin in a process of its own. */
int oc_bind_json_at(const struct oc_option *table, size_t stride, const json_t *object,
                    void *target, size_t target_size, struct oc_arena *arena, struct oc_error *err);

/* The way back: what was bound, of the members that `given` has (NULL: of all), so that nobody has to guess what "no" or
 * "15m" was taken for. Truth values are true or false, durations ms, sizes bytes, choices their word, lists lists; a secret
 * is "********"; a text that is not there is left out. Owned by the caller. */
json_t *oc_unbind_json(const struct oc_option *table, const json_t *given, const void *target);

/* Checks a table itself: names, types, offsets and items inside `target_size`, defaults that parse.
 * OC_E_INTERNAL. */
int oc_options_check(const struct oc_option *table, size_t stride, size_t target_size,
                     struct oc_error *err);

/* JSON Schema (2020-12) of the object that the table describes; owned by the caller. */
json_t *oc_options_schema(const struct oc_option *table, size_t stride);
/* [{"name","type","default","required","choices","min","max","help","options"}]: for reference
 * pages and `--help`. */
json_t *oc_options_json(const struct oc_option *table, size_t stride);

const char *oc_option_type_name(uint32_t type); /* "duration" */
/* A string with the choices "json": it holds a JSON object. As a parameter it may be given as the object itself. */
bool oc_option_is_json(const struct oc_option *option);

#endif
