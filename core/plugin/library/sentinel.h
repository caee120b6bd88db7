/* Which plugin was being loaded when the process ended. SPDX-License-Identifier: MIT  [loop]
 *
 * A plugin that runs in the daemon's own process may end it while it is loaded or started, and would end the next daemon in
 * the same way. So <home>/run/loading/<plugin> is there from before dlopen until `start` has returned. One that is found at
 * the daemon's next start names the culprit: that plugin is skipped, the others start. What is found is kept until it is
 * cleared, or until the artifact is another.
 *
 * A daemon that is killed from outside just then leaves the same trace. For a plugin of the installation itself, which has
 * been through our tests, that is the likelier reason: it is skipped only when it happened OC_SENTINEL_BUNDLED times in a
 * row. The others are skipped at once, and their file is fsynced. */
#ifndef OC_PLUGIN_SENTINEL_H
#define OC_PLUGIN_SENTINEL_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"

#define OC_SENTINEL_BUNDLED 3

struct oc_sentinels;

/* Reads what is there. A home that cannot be written to is no reason to fail: there are no sentinels then. */
struct oc_sentinels *oc_sentinels_open(const char *home);
void oc_sentinels_close(
    struct oc_sentinels *s); /* leaves the files of what is still loading; NULL is fine */

/* OC_E_CONFLICT with reason and remedy when the plugin is to be skipped. `bundled`: it belongs to the installation. */
int oc_sentinels_check(const struct oc_sentinels *s, const char *plugin, const char *digest,
                       bool bundled, struct oc_error *err);
/* May nest: the file goes with the last end. */
void oc_sentinels_begin(struct oc_sentinels *s, const char *plugin, const char *digest,
                        bool bundled);
void oc_sentinels_end(struct oc_sentinels *s, const char *plugin);
/* Forgets what was found of the plugin; true when there was something. */
bool oc_sentinels_clear(struct oc_sentinels *s, const char *plugin);

#endif
