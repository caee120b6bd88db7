/* Loading and layering the configuration. SPDX-License-Identifier: MIT
 *
 * Layers: built-in defaults < file < conf.d (files "*.conf" of the folder `conf.d` beside the file,
 * or in the home folder when there is no file, in byte order) < environment (OPENCLAW_HOME, and OPENCLAW__<SECTION>__<KEY>=value for any scalar)
 * < flags (--set key=value). Groups merge by key; lists of a later layer replace those of an
 * earlier one, except `collectors`, `alerts.channels`, `alerts.rules` and `schedules`, whose items merge by name
 * (`name`, or else `plugin`) and are otherwise appended. The built-in collectors and channels count
 * only while no later layer lists any, or when one lists them, and then give what no layer says of
 * them; the built-in rules always merge. A file that does not parse
 * is an error; everything else becomes diagnostics, and what is sound is used. [loop] */
#ifndef OC_CONFIG_CONFIG_H
#define OC_CONFIG_CONFIG_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/config/node.h"

/* One finding: printed as `file:line: key: message` and a hint line. */
struct oc_diag {
    bool warning; /* else an error: the thing it speaks of is not used */
    bool passing; /* how things were at that moment: whoever asks later asks those that know now */
    char *file;
    int line;
    char *key; /* full path: "collectors[1].intervall" */
    char *message;
    char *hint; /* "" when there is none */
};
struct oc_diags {
    OC_VEC(struct oc_diag) list;
    bool of_another; /* about what another process will run on, which has an environment of its own:
                        a secret from a variable that is not set here is a warning */
};
void oc_diags_add(struct oc_diags *d, bool warning, const struct oc_node *at, const char *key,
                  const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void oc_diags_add_passing(struct oc_diags *d, const struct oc_node *at, const char *key,
                          const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));         /* a warning */
size_t oc_diags_lasting(const struct oc_diags *d); /* how many are not passing */
void oc_diags_remove(struct oc_diags *d, size_t i);
size_t oc_diags_errors(const struct oc_diags *d);
/* [{"warning","file","line","key","message","hint"}]; owned by the caller. */
json_t *oc_diags_json(const struct oc_diags *d);
/* OC_E_CONFIG with the first error of `findings` (as oc_diags_json makes them) that `old` (NULL = none) does not have: the
 * same key and message, wherever it stands. */
int oc_diags_refuse_new(const json_t *findings, const json_t *old, struct oc_error *err);
void oc_diags_finish(struct oc_diags *d);

struct oc_config_source {
    const char *file;          /* NULL = $OPENCLAW_CONFIG, then <home>/openclaw.conf, then
                                /etc/openclaw/openclaw.conf, then none */
    const struct oc_buf *text; /* read in the place of what is in the main file, which need not be
                                  there: to see what it would mean; NULL = what is in it */
    const char *const *sets;   /* "key=value" from --set, NULL-terminated, or NULL */
    const char *defaults;      /* built-in layer as libconfig text, or NULL */
    bool no_environment;       /* tests */
};

struct oc_config;

/* NULL when a file cannot be read or parsed (err says file, line, and what). Findings go to
 * `diags`. */
struct oc_config *oc_config_load(const struct oc_config_source *source, struct oc_diags *diags,
                                 struct oc_error *err);
void oc_config_destroy(struct oc_config *c); /* NULL is fine */

const struct oc_node *oc_config_root(const struct oc_config *c);
/* What the built-in layer has at `key`, whatever others say; NULL: nothing. */
const struct oc_node *oc_config_default(const struct oc_config *c, const char *key);
const char *oc_config_file(const struct oc_config *c); /* the main file, NULL when there is none */
/* Of the main file, or where it would be found when there is none: conf.d is in it. */
const char *oc_config_folder(const struct oc_config *c);
const char *
oc_config_home(const struct oc_config *c); /* absolute; OPENCLAW_HOME > host.home > ~/.openclaw */

/* Every value that was given for `key`, from the lowest layer up:
 * [{"layer","file","line","value","wins"}]; an empty list when the key is nowhere. Owned by the
 * caller. */
json_t *oc_config_explain(const struct oc_config *c, const char *key);

/* The place of the value that goes above what the main file says at `key`: in conf.d, the environment
 * or a flag, as "FILE:LINE" or a name. NULL when there is none. Owned by the caller. */
char *oc_config_above_file(const struct oc_config *c, const char *key);

/* What an edited file would say, and what it says so far. All borrowed. */
struct oc_config_draft {
    const struct oc_buf *text, *old_text;
    const struct oc_node *root,
        *old_root; /* with includes; the old one NULL when it does not parse */
};
typedef int (*oc_config_check_fn)(void *ctx, const struct oc_config_draft *draft,
                                  struct oc_error *err);

/* Sets (value != NULL, as libconfig text or a bare word) or removes a scalar `key` in the text of
 * the main file, leaving comments and layout alone; the result is parsed and given to `check` (may
 * be NULL) before the file is replaced atomically, so the host never writes a configuration that
 * its own validator refuses. OC_E_CONFLICT: somebody else changed the file meanwhile, or has
 * kept its lock for a second; it is left alone. A file that is not there is made, with its folder. */
int oc_config_edit(const char *file, const char *key, const char *value, oc_config_check_fn check,
                   void *ctx, struct oc_error *err);

#endif
