/* What would change in the folder of policies, against what is in force. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/textdiff.h"
#include "core/policy/inspect.h"
#include "core/policy/shipped.h"
#include "core/service/policy/internal.h"
#include "core/sys/file.h"

/* Whoever decides reads it: with the rest of a proposal it stays below what a proposal may tell. */
static const struct oc_textdiff_limits LIMITS = {
    .context = 3, .lines = 400, .bytes = 20u << 10, .line = 400};
static const struct oc_textdiff_limits TEST_LIMITS = {
    .context = 3, .lines = 100, .bytes = 6u << 10, .line = 400};

struct version {
    const char *text; /* NULL: there is none */
    size_t len;
    const char *what;
};

static struct version built_in(const char *name)
{
    for (const struct oc_shipped_policy *s = oc_shipped_policies; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return (struct version){s->text, (size_t)(s->end - s->text), "built in"};
        }
    }
    return (struct version){NULL, 0, NULL};
}

static void add_change(json_t *list, const char *name, const char *suffix,
                       const struct version *before, const struct version *after,
                       const struct oc_textdiff_limits *limits)
{
    struct oc_textdiff d;
    char *file = oc_asprintf("policies/%s%s", name, suffix);
    oc_textdiff_init(&d, before->text, before->len, after->text, after->len);
    json_t *o = oc_textdiff_json(&d, limits);
    oc_json_set_str(o, "file", file);
    oc_json_set_str(o, "before", before->what);
    oc_json_set_str(o, "after", after->what);
    json_array_append_new(list, o);
    oc_textdiff_finish(&d);
    free(file);
}

/* The tests are not in force: they are what lies beside the policy. */
static void add_tests(const struct oc_policy_service *s, json_t *list, const char *name,
                      const char *text)
{
    const char *dir = oc_policies_dir(s->env->policies);
    char *file = oc_asprintf("%s/%s_test.lua", dir != NULL ? dir : "", name);
    struct oc_buf there = {0};
    struct oc_error err;
    oc_error_init(&err);
    const bool known =
        oc_file_exists(file) && oc_file_read(file, OC_POLICY_FILE_MAX, &there, &err) == OC_OK;
    const struct version before = {there.data, there.len, known ? "in force" : NULL};
    const struct version after = {text, text != NULL ? strlen(text) : 0,
                                  text != NULL ? "proposed" : NULL};
    if (known || text != NULL) {
        add_change(list, name, "_test.lua", &before, &after, &TEST_LIMITS);
    }
    oc_buf_finish(&there);
    free(file);
}

json_t *oc_policy_changes(const struct oc_policy_service *s, const char *name, const char *text,
                          const char *test)
{
    json_t *list = json_array();
    struct version before = {.what = NULL};
    before.text = oc_policy_source(s->env->policies, name, &before.len);
    before.what = before.text != NULL ? "in force" : NULL;
    const struct version after =
        text != NULL ? (struct version){text, strlen(text), "proposed"} : built_in(name);
    add_change(list, name, ".lua", &before, &after, &LIMITS);
    if (text == NULL || test != NULL) {
        add_tests(s, list, name, test);
    }
    return list;
}
