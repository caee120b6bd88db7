/* What the ABI promises to plugins of other minors, in every tier. SPDX-License-Identifier: MIT */
#include "rig.h"

#include <dlfcn.h>

#include <openclaw/emit.h>

static const enum oc_tier tiers[] = {OC_TIER_INPROC, OC_TIER_PROCESS, OC_TIER_SANDBOX};

static void put_in(struct rig *rig, const char *name, enum oc_tier tier)
{
    const struct oc_terms terms = {.tier = tier};
    oc_plugin_set_terms(oc_plugin_find(rig->plugins, name), &terms);
}

/* Built against a later minor, with longer structs, and content with ours. */
static void a_plugin_of_a_later_minor_that_needs_only_ours_works(void **state)
{
    for (size_t t = 0; t < OC_COUNT(tiers); t++) {
        struct rig *rig = *state;
        put_in(rig, "future", tiers[t]);
        struct oc_instance *i = rig_start(rig, "future", "f", "{\"a\": 40}");
        assert_int_equal(rig_call(rig, i, "collector.collect/1", NULL, 5000), OC_OK);
        assert_string_equal(rig_text(&rig->samples), "future.sum=42\n");
        rig_destroy(rig, i, 5000);
        rig_teardown(state);
        rig_setup(state);
    }
}

static void one_that_needs_a_later_minor_is_refused_with_both_and_the_remedy(void **state)
{
    for (size_t t = 0; t < OC_COUNT(tiers); t++) {
        struct rig *rig = *state;
        put_in(rig, "newer", tiers[t]);
        assert_null(rig_create(rig, "newer", "n", "{}"));
        assert_int_equal(rig->err.code, OC_E_CONFIG);
        assert_has(rig->err.message, "abi: the plugin has \"1.9\", this host has \"1.0\"");
        assert_string_equal(rig->err.hint, "Update openclaw, or install an older release.");
        rig_teardown(state);
        rig_setup(state);
    }
}

/* ---- an older plugin under a later host: the host's structs are the longer ones ---- */

struct later_host {
    struct oc_host now;
    void *later[8];
};
struct later_request {
    struct oc_request now;
    uint64_t later[8];
};
struct later_sink {
    struct oc_sink now;
    void *later[8];
};
struct later_error {
    struct oc_error now;
    char later[512];
};

static int32_t count_record(void *ctx, const struct oc_record *record)
{
    *(size_t *)ctx += record->struct_size > 0;
    return OC_OK;
}

static void an_older_plugin_does_not_mind_longer_structs(void **state)
{
    size_t records = 0;
    const int32_t cancel = 0;
    (void)state;
    void *library = dlopen(OC_FIXTURES "/ok/ok.so", RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    const struct oc_plugin_entry *entry = dlsym(library, "oc_plugin_entry");
    void *self = oc_calloc(1, (size_t)entry->instance_size);
    const struct later_host host = {
        .now = {.struct_size = sizeof host, .abi_major = OC_ABI_MAJOR, .abi_minor = 99}};
    const struct later_request request = {
        .now = {.struct_size = sizeof request, .params = oc_view("{}"), .cancel = &cancel}};
    const struct later_sink sink = {
        .now = {.struct_size = sizeof sink, .ctx = &records, .emit = count_record}};
    struct later_error err = {.now = {.struct_size = sizeof err}};
    memset(err.later, 0x5a, sizeof err.later);
    assert_int_equal(entry->start(self, &host.now, &err.now), OC_OK);
    for (const struct oc_method *m = entry->methods; m->id; m++) {
        if (strcmp(m->id, "tool.echo/1") == 0 || strcmp(m->id, "tool.fail/1") == 0) {
            m->fn(self, &request.now, &sink.now, &err.now);
        }
    }
    assert_int_equal(records, 1);
    assert_int_equal(err.now.code, OC_E_AUTH);
    for (size_t k = 0; k < sizeof err.later; k++) {
        assert_int_equal(err.later[k], 0x5a);
    }
    entry->stop(self);
    free(self);
    dlclose(library);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
        TEST(a_plugin_of_a_later_minor_that_needs_only_ours_works),
        TEST(one_that_needs_a_later_minor_is_refused_with_both_and_the_remedy),
        cmocka_unit_test(an_older_plugin_does_not_mind_longer_structs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
