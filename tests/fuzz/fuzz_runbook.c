/* What a runbook returns: any JSON is a plan or an error, and a plan is made again from itself. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/runbook/internal.h"

static struct oc_runbook *service(void)
{
    static struct oc_runbook s;
    static struct oc_env env;
    if (!s.env) {
        env.ops = oc_ops_create(NULL, NULL);
        s.env = &env;
    }
    return &s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *answer = oc_json_parse((const char *)data, size, &err), *bound = NULL;
    json_t *params = json_object(),
           *declaration = json_pack("{s:s,s:s}", "title", "t", "severity", "low");
    struct book book = {.name = oc_strdup("fuzz"), .declaration = declaration};
    char why[128];
    oc_error_init(&err);
    json_t *plan = answer ? oc_runbook_plan_make(service(), &book, params, answer, &err) : NULL;
    if (answer && !plan) {
        OC_ASSERT(err.message[0]);
    }
    if (plan) {
        oc_error_init(&err);
        json_t *again = oc_runbook_plan_make(service(), &book, params, answer, &err);
        OC_ASSERT(again && json_equal(plan, again));
        json_decref(again);
    }
    oc_error_init(&err);
    const json_t *declared = json_object_get(answer, "params");
    if (oc_runbook_params_check(declared, &err) == OC_OK) {
        oc_runbook_params_bind(declared, json_object_get(answer, "given"), &bound, &err);
    }
    if (oc_runbook_expect_check(json_object_get(answer, "expect"), &err) == OC_OK) {
        oc_runbook_expect_holds(json_object_get(answer, "expect"), answer, 0, why, sizeof why);
    }
    json_decref(bound);
    json_decref(plan);
    json_decref(params);
    json_decref(declaration);
    json_decref(answer);
    free(book.name);
    return 0;
}
