/* Which artifacts crashed too often to be started again. SPDX-License-Identifier: MIT  [loop]
 *
 * The key is the plugin's name with the digest of its artifact: a new release starts with a clean slate, and going back to
 * the bad one does not. OC_QUARANTINE_CRASHES within OC_QUARANTINE_WINDOW_MS put it there. What is in quarantine is kept in a
 * file, so that a restart of the daemon does not begin the crashes anew; the crashes before that are kept in memory only. */
#ifndef OC_PLUGIN_QUARANTINE_H
#define OC_PLUGIN_QUARANTINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"

#define OC_QUARANTINE_CRASHES   3
#define OC_QUARANTINE_WINDOW_MS 300000
#define OC_QUARANTINE_ROWS_MAX  1024 /* of the file; the oldest crashes in memory make way, too */

struct oc_quarantine;

/* Reads `path` (NULL: nothing is kept); a file that cannot be read is told in the log and taken for empty. */
struct oc_quarantine *oc_quarantine_create(const char *path);
void oc_quarantine_destroy(struct oc_quarantine *q); /* NULL is fine */

/* One crash more: true when the artifact is in quarantine from now on (or was). `why` is kept with it. */
bool oc_quarantine_crashed(struct oc_quarantine *q, const char *plugin, const char *digest,
                           int64_t mono_ms, int64_t wall_ms, const char *why);
/* OC_OK, or OC_E_CONFLICT with the reason and the way out in `err`. */
int oc_quarantine_check(const struct oc_quarantine *q, const char *plugin, const char *digest,
                        struct oc_error *err);
/* Forgets every crash of the plugin, whatever its digest; true when there was any. */
bool oc_quarantine_clear(struct oc_quarantine *q, const char *plugin);
/* [{"plugin","digest","at","crashes","reason"}], owned by the caller */
json_t *oc_quarantine_json(const struct oc_quarantine *q);

#endif
