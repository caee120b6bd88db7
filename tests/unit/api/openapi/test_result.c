/* Shapes of results as schemas. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"

static void expect(const char *shape, const char *schema)
{
    json_t *json = oc_openapi_result(shape);
    assert_non_null(json);
    char *text = oc_json_text(json);
    assert_string_equal(text, schema);
    free(text);
    json_decref(json);
}

static void words_are_types(void **state)
{
    (void)state;
    expect("string", "{\"type\":\"string\"}");
    expect(" time ", "{\"format\":\"date-time\",\"type\":\"string\"}");
    expect("any", "{}");
    expect("number|null", "{\"anyOf\":[{\"type\":\"number\"},{\"type\":\"null\"}]}");
}

static void members_are_required_unless_they_are_not(void **state)
{
    (void)state;
    expect("{id: uuid, note?: string}",
           "{\"properties\":{\"id\":{\"format\":\"uuid\",\"type\":\"string\"},\"note\":{\"type\":"
           "\"string\"}},\"required\":[\"id\"],\"type\":\"object\"}");
    expect("{}", "{\"properties\":{},\"type\":\"object\"}");
}

static void lists_and_maps_hold_shapes(void **state)
{
    (void)state;
    expect("[[integer]]", "{\"items\":{\"items\":{\"type\":\"integer\"},\"type\":\"array\"},"
                          "\"type\":\"array\"}");
    expect("{*: boolean}", "{\"additionalProperties\":{\"type\":\"boolean\"},\"type\":\"object\"}");
}

static void what_is_no_shape_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",         "text",    "{",          "{id}",       "{id:}", "{id: string,}",
        "[string",  "string|", "string any", "[]",         "{*: }", "{*: string, id: string}",
        "{: null}", "|null",   "string]",    "{a: null}}",
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        assert_null(oc_openapi_result(wrong[i]));
    }
    assert_null(oc_openapi_result("[[[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]]]")); /* too deep */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_types),
        cmocka_unit_test(members_are_required_unless_they_are_not),
        cmocka_unit_test(lists_and_maps_hold_shapes),
        cmocka_unit_test(what_is_no_shape_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
