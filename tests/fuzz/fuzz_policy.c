/* Texts of policies and of their tests: any bytes end, within the limits. SPDX-License-Identifier: MIT */
// uses: oc_policy
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/policy/inspect.h"
#include "core/policy/state.h"

static struct oc_policies *policies;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines with code are found in the compiled text, whatever it is. */
static void find_lines(const char *text, size_t size)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    struct oc_lua_trace *lines = oc_calloc(1, sizeof *lines);
    struct oc_error err;
    oc_error_init(&err);
    oc_lua_code_lines(lua, "x.lua", text, size, lines, &err);
    free(lines);
    oc_lua_destroy(lua);
}

/* The text up to a line "---" is a policy, what follows are its tests. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    json_t *report = NULL;
    if (policies == NULL) {
        oc_log_set_level(-1);
        policies = oc_policies_create(NULL, NULL);
    }
    if (size > 4096) {
        return 0;
    }
    char *text = oc_strndup((const char *)data, size);
    char *cut = strstr(text, "\n---\n");
    size_t len = cut != NULL ? (size_t)(cut - text) : strlen(text);
    const char *tests = cut != NULL ? cut + 5 : "";
    oc_error_init(&err);
    find_lines(text, len);
    struct oc_policy_suite suite = {.name = "x_test.lua",
                                    .text = tests,
                                    .len = strlen(tests),
                                    .subject = "x",
                                    .subject_text = text,
                                    .subject_len = len,
                                    .coverage = true};
    char *policy = oc_strndup(text, len);
    suite.subject_text = policy;
    if (cut != NULL && oc_policies_run_tests(policies, &suite, &report, &err) == OC_OK) {
        OC_ASSERT(json_is_object(report));
        json_decref(report);
    }
    free(policy);
    free(text);
    return 0;
}
