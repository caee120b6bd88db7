/* Tests of core/op/mask.c and bound.c: parameters without their secrets, and as they were understood. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stddef.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/op/op.h"

struct params {
    const char *name, *password, *params;
    int32_t dry_run;
    int64_t count, wait;
    double share;
    struct oc_list tags;
};
#define AT(member) offsetof(struct params, member)
static const struct oc_option options[] = {
    {.name = "name", .type = OC_OPT_STRING, .offset = AT(name), .help = "a name"},
    {.name = "password", .type = OC_OPT_SECRET, .offset = AT(password), .help = "a secret"},
    {.name = "params", .type = OC_OPT_STRING, .offset = AT(params), .help = "of another"},
    {.name = "dry_run", .type = OC_OPT_BOOL, .offset = AT(dry_run), .help = "look only"},
    {.name = "count", .type = OC_OPT_INT, .offset = AT(count), .help = "how many"},
    {.name = "wait", .type = OC_OPT_DURATION, .offset = AT(wait), .help = "how long"},
    {.name = "share", .type = OC_OPT_FLOAT, .offset = AT(share), .help = "how much"},
    {.name = "tags", .type = OC_OPT_STRINGS, .offset = AT(tags), .help = "words"},
    {0}};
#undef AT

static struct oc_loop *loop;
static struct oc_bus *bus;
static struct oc_ops *ops;
static char *plain;

static void op_plain(struct oc_call *call, void *ctx)
{
    (void)ctx;
    json_t *json = oc_call_plain(call);
    free(plain);
    plain = oc_json_text(json);
    json_decref(json);
    oc_call_succeed(call, NULL);
}

static const struct oc_op OPS[] = {{.name = "test.login",
                                    .summary = "x",
                                    .flags = OC_OP_MUTATES,
                                    .params = options,
                                    .params_size = sizeof(struct params),
                                    .handler = op_plain},
                                   {.name = "test.hold", .summary = "x", .handler = op_plain}};

static int setup(void **state)
{
    (void)state;
    loop = oc_loop_create();
    bus = oc_bus_create();
    ops = oc_ops_create(loop, bus);
    for (size_t i = 0; i < OC_COUNT(OPS); i++) {
        oc_ops_add(ops, &OPS[i], NULL);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_ops_destroy(ops);
    oc_bus_destroy(bus);
    oc_loop_destroy(loop);
    OC_FREE(plain);
    return 0;
}

/* The masked parameters of test.hold as text; the caller owns it. */
static char *masked(const char *given)
{
    json_t *params = oc_json_parse(given, strlen(given), NULL);
    assert_non_null(params);
    json_t *copy = oc_op_masked_params(ops, oc_ops_find(ops, "test.hold"), params);
    char *text = oc_json_text(copy), *before = oc_json_text(params);
    assert_string_equal(before, given); /* it is not touched */
    free(before);
    json_decref(copy);
    json_decref(params);
    return text;
}

static void a_secret_is_hidden_wherever_an_operation_is_held(void **state)
{
    static const struct {
        const char *given, *shown;
    } CASES[] = {
        {"{\"op\":\"test.login\",\"params\":{\"name\":\"x\",\"password\":\"hunter2\"}}",
         "{\"op\":\"test.login\",\"params\":{\"name\":\"x\",\"password\":\"********\"}}"},
        {"{\"op\":\"test.login\",\"params\":\"{\\\"password\\\":\\\"hunter2\\\"}\"}",
         "{\"op\":\"test.login\",\"params\":{\"password\":\"********\"}}"},
        {"{\"rollback_op\":\"test.login\",\"rollback_params\":{\"password\":\"hunter2\"}}",
         "{\"rollback_op\":\"test.login\",\"rollback_params\":{\"password\":\"********\"}}"},
        {"{\"steps\":[{\"op\":\"test.login\",\"params\":{\"password\":\"hunter2\"}},7]}",
         "{\"steps\":[{\"op\":\"test.login\",\"params\":{\"password\":\"********\"}},7]}"},
        {"{\"plan\":{\"then\":{\"op\":\"test.login\",\"params\":{\"password\":\"hunter2\"}}}}",
         "{\"plan\":{\"then\":{\"op\":\"test.login\",\"params\":{\"password\":\"********\"}}}}"},
        {"{\"op\":\"test.hold\",\"params\":{\"op\":\"test.login\",\"params\":{\"password\":\"h\"}}"
         "}",
         "{\"op\":\"test.hold\",\"params\":{\"op\":\"test.login\",\"params\":{\"password\":"
         "\"********\"}}}"},
        {"{\"op\":\"test.none\",\"params\":{\"name\":\"x\",\"password\":\"hunter2\"}}",
         "{\"op\":\"test.none\",\"params\":{\"name\":\"x\",\"password\":\"********\"}}"},
        {"{\"op\":\"test.login\",\"params\":\"{password=hunter2\"}",
         "{\"op\":\"test.login\",\"params\":\"********\"}"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        char *text = masked(CASES[i].given);
        assert_string_equal(text, CASES[i].shown);
        free(text);
    }
}

static void what_is_no_secret_stays_as_it_is(void **state)
{
    static const char *const CASES[] = {
        "{\"name\":\"x\",\"password\":\"not one of test.hold\"}",
        "{\"list\":[{\"params\":\"text of nobody\"}]}",
        "{\"op\":7,\"steps\":[1,[2,null],{}]}",
        "{\"op\":\"test.login\",\"params\":[\"no object\"]}",
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(CASES); i++) {
        char *text = masked(CASES[i]);
        assert_string_equal(text, CASES[i]);
        free(text);
    }
}

static void what_is_nested_too_deep_to_be_searched_is_left_out(void **state)
{
    (void)state;
    struct {
        const char *open, *close;
    } NESTS[] = {{"{\"a\":", "}"}, {"[", "]"}, {"{\"op\":\"test.hold\",\"params\":", "}"}};
    for (size_t i = 0; i < OC_COUNT(NESTS); i++) {
        char text[8192] = "{\"x\":";
        for (int k = 0; k < 60; k++) {
            strcat(text, NESTS[i].open);
        }
        strcat(text, "{\"op\":\"test.login\",\"params\":{\"password\":\"hunter2\"}}");
        for (int k = 0; k < 60; k++) {
            strcat(text, NESTS[i].close);
        }
        strcat(text, "}");
        char *shown = masked(text);
        assert_null(strstr(shown, "hunter2"));
        free(shown);
    }
}

static void whoever_masks_in_place_hears_what_was_hidden(void **state)
{
    const struct oc_op *op = oc_ops_find(ops, "test.login");
    json_t *bare = json_pack("{s:s}", "name", "x"), *own = json_pack("{s:s}", "password", "x");
    json_t *held =
        json_pack("{s:[{s:s,s:s}]}", "steps", "op", "test.login", "params", "{\"password\":\"x\"}");
    (void)state;
    assert_null(oc_op_mask(ops, op, bare));
    assert_string_equal(oc_op_mask(ops, op, own), "password");
    assert_string_equal(oc_op_mask(ops, op, held), "password");
    json_decref(bare);
    json_decref(own);
    json_decref(held);
}

static void call(const char *params)
{
    oc_ops_call(ops, &(struct oc_call_request){.op = "test.login",
                                               .params = json_loads(params, 0, NULL),
                                               .actor = {.name = "test", .role = OC_ROLE_ADMIN}});
}

/* Words that only the table of options knows how to read are read; words that anybody reads stay. */
static void plain_parameters_say_what_was_understood(void **state)
{
    (void)state;
    call("{\"dry_run\":\"yes\",\"count\":\"7\",\"share\":\"0.5\",\"tags\":\"a,b\",\"wait\":\"15m\","
         "\"password\":\"hunter2\",\"name\":5}");
    assert_string_equal(plain, "{\"count\":7,\"dry_run\":true,\"name\":5,\"password\":\"hunter2\","
                               "\"share\":0.5,\"tags\":[\"a\",\"b\"],\"wait\":\"15m\"}");
    call("{\"dry_run\":\"OFF\"}");
    assert_string_equal(plain, "{\"dry_run\":false}");
    call("{}");
    assert_string_equal(plain, "{}");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_secret_is_hidden_wherever_an_operation_is_held),
        T(what_is_no_secret_stays_as_it_is),
        T(what_is_nested_too_deep_to_be_searched_is_left_out),
        T(whoever_masks_in_place_hears_what_was_hidden),
        T(plain_parameters_say_what_was_understood),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
