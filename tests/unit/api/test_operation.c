/* Tests core/api/operation.c: which operations are served, and who may name files. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <jansson.h>

#include "core/api/operation.h"
#include "core/config/bind.h"

static void what_changes_something_is_not_read(void **state)
{
    (void)state;
    assert_true(oc_api_op_reads(&(struct oc_op){.name = "a"}));
    assert_true(oc_api_op_reads(&(struct oc_op){.name = "a", .role = OC_ROLE_ADMIN}));
    assert_false(oc_api_op_reads(&(struct oc_op){.name = "a", .flags = OC_OP_MUTATES}));
    assert_false(oc_api_op_reads(&(struct oc_op){.name = "a", .flags = OC_OP_DESTRUCTIVE}));
    assert_false(oc_api_op_reads(&(struct oc_op){.name = "a", .flags = OC_OP_PLANS}));
    assert_false(oc_api_op_is_shown(&(struct oc_op){.name = "a", .flags = OC_OP_PRIVATE}));
}

static void files_of_the_host_are_named_by_admins(void **state)
{
    (void)state;
    static const struct oc_option options[] = {
        {.name = "name", .type = OC_OPT_STRING}, {.name = "file", .type = OC_OPT_PATH}, {0}};
    const struct oc_op op = {.name = "a", .params = options};
    json_t *file = json_pack("{s:s,s:s}", "name", "x", "file", "/etc/shadow");
    json_t *odd = json_pack("{s:[s]}", "file", "/etc/shadow");
    json_t *none = json_pack("{s:s,s:n}", "name", "x", "file");
    assert_false(oc_api_op_may_ask(&op, file, OC_ROLE_VIEWER));
    assert_false(oc_api_op_may_ask(&op, file, OC_ROLE_OPERATOR));
    assert_false(oc_api_op_may_ask(&op, odd, OC_ROLE_OPERATOR));
    assert_true(oc_api_op_may_ask(&op, file, OC_ROLE_ADMIN));
    assert_true(oc_api_op_may_ask(&op, none, OC_ROLE_VIEWER));
    assert_true(oc_api_op_may_ask(&op, NULL, OC_ROLE_VIEWER));
    assert_true(oc_api_op_may_ask(&(struct oc_op){.name = "b"}, file, OC_ROLE_VIEWER));
    json_decref(file);
    json_decref(odd);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_changes_something_is_not_read),
                                       cmocka_unit_test(files_of_the_host_are_named_by_admins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
