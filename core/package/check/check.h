/* Is a plugin fit to be published, installed and run? SPDX-License-Identifier: MIT
 *
 * Authors and the installer share this engine. Level 0 reads files and executes nothing. Levels 1 to 3 run the plugin in
 * openclaw-plugcheck, a process that is confined more tightly than the manifest asks: it may read what the plugin may read,
 * and connect to one port of its own. One thread; it may block. */
#ifndef OC_PACKAGE_CHECK_CHECK_H
#define OC_PACKAGE_CHECK_CHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/package/work.h"

struct oc_check_options {
    int level;                 /* 0 to 3 */
    const json_t *only, *skip; /* arrays of check ids, or NULL */
    int64_t seed, rounds;      /* level 3 */
    bool packed;               /* the folder is an unpacked archive: its own name means nothing */
};

/* Checks the plugin at `path`: a folder, a .so or a .ocp archive. The caller owns *result:
 *   {"path","name","version","level","findings":[{"id","level","severity","title","message","file","where","hint",
 *    "accepted"}],"errors","warnings","notes","checks":n,"made":{id:true},"seed","left_out":[{"level","why"}]}
 * OC_OK also when there are findings; an error (in w->err) when nothing could be checked. */
int oc_check_path(struct oc_work *w, const char *path, const struct oc_check_options *options,
                  json_t **result);

/* What the installer asks of a staged folder: level 0, errors only. OC_E_REFUSED when there are any, with the first one as
 * w->err and the reason "check-failed"; *findings (owned by the caller, may be NULL) lists them. */
int oc_check_gate(struct oc_work *w, const char *dir, json_t **findings);

/* ---- reports; the texts are owned by the caller ---- */
json_t *oc_check_sarif(const json_t *result); /* SARIF 2.1.0 */
char *oc_check_junit(const json_t *result);   /* JUnit XML: one case for each check that was made */

#endif
