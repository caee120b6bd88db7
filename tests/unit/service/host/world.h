/* The host service on a stage, with hooks that the test answers. SPDX-License-Identifier: MIT */
#ifndef TESTS_HOST_WORLD_H
#define TESTS_HOST_WORLD_H

#include "tests/unit/service/stage.h"

#include "core/service/host/internal.h"
#include "core/sys/file.h"

struct world {
    struct stage s;
    struct oc_host_service *host;
    char file[96]; /* the configuration in force */
    int reloads, reload_code;
    json_t *findings;     /* of the check hook; NULL = it cannot be run */
    json_t *old_findings; /* of the text that is in the file; NULL = none */
    char checked[256], checked_text[1024];
};

static struct world w;

static const struct oc_config *hook_config(void *ctx)
{
    (void)ctx;
    return w.s.config;
}

static const struct oc_diags *hook_diags(void *ctx)
{
    (void)ctx;
    return &w.s.diags;
}

static json_t *hook_sections(void *ctx)
{
    (void)ctx;
    return json_pack("{s:[{s:s, s:s}]}", "store", "name", "retention", "default", "30d");
}

static int hook_reload(void *ctx, struct oc_error *err)
{
    (void)ctx;
    w.reloads++;
    return w.reload_code == OC_OK ? OC_OK : oc_error_set(err, w.reload_code, "line 3: no");
}

static bool is_in_file(const struct oc_buf *draft)
{
    struct oc_buf text = {0};
    oc_buf_adds(&text, "");
    oc_file_read(w.file, 1000, &text, NULL);
    bool same = draft->len == text.len && memcmp(draft->data, text.data, text.len) == 0;
    oc_buf_finish(&text);
    return same;
}

static json_t *hook_check(void *ctx, const char *path, const struct oc_buf *draft,
                          struct oc_error *err)
{
    (void)ctx;
    if (draft && is_in_file(draft)) {
        return w.old_findings ? json_deep_copy(w.old_findings) : json_object();
    }
    snprintf(w.checked, sizeof w.checked, "%s", path ? path : "");
    snprintf(w.checked_text, sizeof w.checked_text, "%s", draft ? draft->data : "");
    if (!w.findings) {
        oc_error_set(err, OC_E_TIMEOUT, "the checker did not answer");
    }
    return w.findings ? json_deep_copy(w.findings) : NULL;
}

/* Writes the configuration file, which stays, and reads it. */
static inline void configure(const char *text)
{
    struct oc_config_source source = {.file = w.file, .no_environment = true};
    assert_int_equal(oc_file_write(w.file, text, strlen(text), 0600, NULL), OC_OK);
    oc_config_destroy(w.s.config);
    oc_diags_finish(&w.s.diags);
    w.s.config = oc_config_load(&source, &w.s.diags, NULL);
    assert_non_null(w.s.config);
}

static inline int setup(void **state)
{
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    snprintf(w.file, sizeof w.file, "%s/openclaw.conf", w.s.home);
    configure("");
    w.findings = json_pack("{s:i, s:[]}", "errors", 0, "findings");
    struct oc_host_hooks hooks = {.config = hook_config,
                                  .diags = hook_diags,
                                  .sections = hook_sections,
                                  .reload = hook_reload,
                                  .check = hook_check};
    w.host = oc_host_service_create(&w.s.env, &hooks);
    *state = &w;
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    oc_ops_cancel_all(w.s.env.ops);
    oc_host_service_destroy(w.host);
    json_decref(w.findings);
    json_decref(w.old_findings);
    unlink(w.file);
    stage_end(&w.s);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
