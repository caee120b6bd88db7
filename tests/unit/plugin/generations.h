/* A folder of packages whose links the tests turn to other generations of one plugin. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_PLUGIN_GENERATIONS_H
#define OC_TESTS_PLUGIN_GENERATIONS_H

#include "rig.h"

#include <sys/stat.h>

#include "core/sys/file.h"

#define OC_GENERATIONS OC_BUILD_DIR "/fixtures/generations"

static char packages[64];          /* the folder with the links */
static enum oc_tier packages_tier; /* of what is in it */

static inline void packages_make(void)
{
    strcpy(packages, "/tmp/openclaw-test-XXXXXX");
    assert_non_null(mkdtemp(packages));
}

static inline void packages_drop(void)
{
    char *link = oc_asprintf("%s/gen", packages);
    unlink(link);
    rmdir(packages);
    free(link);
}

/* Makes the installed generation that one; its plugin. */
static inline struct oc_plugin *packages_point(struct rig *rig, const char *label)
{
    char *link = oc_asprintf("%s/gen", packages);
    char *to = oc_asprintf(OC_GENERATIONS "/%s/gen", label);
    unlink(link);
    assert_int_equal(symlink(to, link), 0);
    oc_plugins_sync(rig->plugins, packages);
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "gen");
    assert_non_null(plugin);
    if (oc_plugin_state(plugin) == OC_PLUGIN_FOUND) {
        const struct oc_terms terms = {.tier = packages_tier, .digest = label};
        oc_plugin_set_terms(plugin, &terms);
    }
    free(to);
    free(link);
    return plugin;
}

static json_t *packages_receipt; /* of the last reload */

static inline void packages_on_receipt(void *ctx, const json_t *receipt)
{
    (void)ctx;
    json_decref(packages_receipt);
    packages_receipt = json_deep_copy(receipt);
}

/* Reloads and waits; the receipt. */
static inline const json_t *packages_reload(struct rig *rig, struct oc_instance *i,
                                            struct oc_plugin *plugin, int64_t watch_ms)
{
    json_decref(packages_receipt);
    packages_receipt = NULL;
    oc_error_init(&rig->err);
    assert_int_equal(
        oc_instance_reload(i, plugin, NULL, watch_ms, packages_on_receipt, rig, &rig->err), OC_OK);
    RIG_UNTIL(rig, packages_receipt);
    return packages_receipt;
}

/* A number in the last samples, -1 when it is not there. */
static inline int64_t packages_sample(const struct rig *rig, const char *name)
{
    const char *at = strstr(rig_text(&rig->samples), name);
    return at ? strtoll(at + strlen(name) + 1, NULL, 10) : -1;
}

static inline int64_t packages_collect(struct rig *rig, struct oc_instance *i, const char *name)
{
    assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
    return packages_sample(rig, name);
}

static inline int packages_setup(void **state)
{
    packages_make();
    return rig_setup(state);
}

static inline int packages_setup_inproc(void **state)
{
    packages_tier = OC_TIER_INPROC;
    return packages_setup(state);
}

static inline int packages_setup_process(void **state)
{
    packages_tier = OC_TIER_PROCESS;
    return packages_setup(state);
}

static inline int packages_setup_sandbox(void **state)
{
    packages_tier = OC_TIER_SANDBOX;
    return packages_setup(state);
}

static inline int packages_teardown(void **state)
{
    json_decref(packages_receipt);
    packages_receipt = NULL;
    packages_drop();
    return rig_teardown(state);
}

#endif
