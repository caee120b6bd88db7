/* Conditions: the native form decides exactly as Lua does. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/rule/cond.h"

struct fixture {
    struct oc_lua *lua;
    struct oc_thresholds thresholds;
    struct oc_node *node;
};

static int setup(void **state)
{
    struct fixture *f = oc_calloc(1, sizeof(*f));
    struct oc_diags diags = {0};
    json_t *json = json_loads(
        "{\"cpu\":{\"critical\":90,\"part\":0.5,\"on\":true,\"sustained\":\"5m\",\"seconds\":300},"
        "\"limit\":7}",
        0, NULL);
    f->lua = oc_lua_create(NULL);
    f->node = oc_node_from_json(json, "test");
    oc_thresholds_init(&f->thresholds, f->node, NULL, NULL, &diags);
    assert_int_equal(diags.list.count, 0);
    json_decref(json);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    oc_thresholds_finish(&f->thresholds);
    oc_node_free(f->node);
    oc_lua_destroy(f->lua);
    free(f);
    return 0;
}

struct world {
    struct fixture *f;
    uint32_t kind;
    double value;
};

static bool lookup(void *ctx, const char *name, struct oc_lua_value *value)
{
    const struct world *w = ctx;
    const struct oc_lua_value *threshold = oc_thresholds_get(&w->f->thresholds, name);
    if (threshold != NULL) {
        *value = *threshold;
    } else if (w->kind == OC_KIND_BOOL) {
        *value = (struct oc_lua_value){.type = OC_LUA_BOOL, .boolean = w->value != 0};
    } else {
        *value = (struct oc_lua_value){.type = OC_LUA_NUMBER, .number = w->value};
    }
    return true;
}

/* Where the native form has an answer, Lua has the same one and no error. Returns whether it had
 * one. */
static bool agree(struct fixture *f, const struct oc_cond *c, const char *text, uint32_t kind,
                  double value)
{
    struct world w = {f, kind, value};
    struct oc_error err;
    bool native, truth;
    oc_error_init(&err);
    if (!oc_cond_native(c, kind, value, &native)) {
        return false;
    }
    if (oc_lua_eval(f->lua, c->expr, lookup, &w, &truth, &err) != OC_OK) {
        fail_msg("%s with %.17g of kind %u: native %d, Lua %s", text, value, kind, native,
                 err.message);
    }
    if (truth != native) {
        fail_msg("%s with %.17g of kind %u: native %d, Lua %d", text, value, kind, native, truth);
    }
    return true;
}

static uint32_t roll(uint32_t *seed, uint32_t sides)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % sides;
}

static void native_and_lua_agree_on_random_comparisons(void **state)
{
    static const char *const OPERATORS[] = {">", "<", ">=", "<=", "==", "~="};
    static const char *const CONSTANTS[] = {"90",
                                            "0",
                                            "-1",
                                            "0.5",
                                            "-0.25",
                                            "999999999999999",
                                            "1e3",
                                            "0x10",
                                            "true",
                                            "false",
                                            ".5",
                                            "5.",
                                            "thresholds.cpu.critical",
                                            "thresholds.cpu.part",
                                            "thresholds.cpu.on",
                                            "thresholds.limit",
                                            "nil",
                                            "'x'"};
    static const double VALUES[] = {0,     -0.0,  1,      -1,       90,        89.999999999,    0.5,
                                    -0.25, 1e300, -1e300, INFINITY, -INFINITY, 999999999999999, 7,
                                    16,    1000,  5};
    struct fixture *f = *state;
    uint32_t seed = 7, decided = 0;
    char text[128];
    for (int i = 0; i < 3000; i++) {
        struct oc_cond c;
        snprintf(text, sizeof(text), "%sa.b %s%s%s", roll(&seed, 2) ? " " : "",
                 OPERATORS[roll(&seed, 6)], roll(&seed, 2) ? " " : "",
                 CONSTANTS[roll(&seed, OC_COUNT(CONSTANTS))]);
        assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, text, NULL), OC_OK);
        for (int k = 0; k < 8; k++) {
            double value = roll(&seed, 3) == 0 ? (double)roll(&seed, 2000) / 7.0 - 100
                                               : VALUES[roll(&seed, OC_COUNT(VALUES))];
            decided += agree(f, &c, text, roll(&seed, 2) ? OC_KIND_GAUGE : OC_KIND_BOOL, value);
        }
        oc_cond_finish(&c);
    }
    assert_true(decided > 5000); /* or this test shows nothing */
}

static void assert_native(struct fixture *f, const char *text, bool expected)
{
    struct oc_cond c;
    assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, text, NULL), OC_OK);
    if ((c.compare != OC_COMPARE_NONE) != expected) {
        fail_msg("%s: native is %d", text, !expected);
    }
    oc_cond_finish(&c);
}

static void simple_comparisons_are_native_and_others_are_not(void **state)
{
    static const char *const NATIVE[] = {"a.b > 90",
                                         "a.b>90",
                                         " a.b <= -0.5 ",
                                         "a.b == false",
                                         "a.b ~= true",
                                         "a.b > thresholds.cpu.critical",
                                         "a.b == thresholds.cpu.on"};
    static const char *const NOT[] = {"a.b > 90 and true",
                                      "(a.b > 90)",
                                      "a.b > 9e1",
                                      "a.b > 0x10",
                                      "a.b + 1 > 2",
                                      "90 < a.b",
                                      "a.b > c.d",
                                      "not a.b",
                                      "a.b",
                                      "a.b == 'x'",
                                      "a.b > 1234567890123456",
                                      "a.b == thresholds.cpu.sustained",
                                      "a.b > a.b",
                                      "a.b > - 5"};
    for (size_t i = 0; i < OC_COUNT(NATIVE); i++) {
        assert_native(*state, NATIVE[i], true);
    }
    for (size_t i = 0; i < OC_COUNT(NOT); i++) {
        assert_native(*state, NOT[i], false);
    }
}

static void a_value_that_is_gone_is_for_nobody_to_compare(void **state)
{
    struct fixture *f = *state;
    struct oc_cond c;
    bool truth;
    assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, "a.b ~= 1", NULL), OC_OK);
    assert_false(oc_cond_native(&c, OC_KIND_GAUGE, NAN, &truth));
    oc_cond_finish(&c);
}

static void a_boolean_under_less_than_is_left_to_lua(void **state)
{
    struct fixture *f = *state;
    struct oc_cond c;
    bool truth;
    assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, "a.b < true", NULL), OC_OK);
    assert_false(oc_cond_native(&c, OC_KIND_BOOL, 1, &truth));
    oc_cond_finish(&c);
}

static void an_unknown_threshold_is_named_with_the_nearest(void **state)
{
    struct fixture *f = *state;
    struct oc_cond c;
    struct oc_error err;
    oc_error_init(&err);
    assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, "a.b > thresholds.cpu.critcal", &err),
                     OC_E_CONFIG);
    assert_non_null(strstr(err.message, "thresholds.cpu.critcal"));
    assert_non_null(strstr(err.hint, "thresholds.cpu.critical"));
    oc_cond_finish(&c);
}

static void durations_may_be_thresholds(void **state)
{
    struct fixture *f = *state;
    struct oc_error err;
    int64_t ms;
    oc_error_init(&err);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "90s", &ms, &err), OC_OK);
    assert_int_equal(ms, 90000);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "thresholds.cpu.sustained", &ms, &err),
                     OC_OK);
    assert_int_equal(ms, 300000);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "thresholds.cpu.seconds", &ms, &err),
                     OC_OK);
    assert_int_equal(ms, 300000);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "thresholds.cpu.nosuch", &ms, &err),
                     OC_E_CONFIG);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "thresholds.cpu.on", &ms, &err),
                     OC_E_CONFIG);
    assert_int_equal(oc_thresholds_duration(&f->thresholds, "soon", &ms, &err), OC_E_CONFIG);
}

static void lists_are_no_thresholds(void **state)
{
    struct oc_thresholds t;
    struct oc_diags diags = {0};
    json_t *json = json_loads("{\"a\":{\"b\":[1,2],\"c\":3}}", 0, NULL);
    struct oc_node *node = oc_node_from_json(json, "test");
    (void)state;
    oc_thresholds_init(&t, node, NULL, NULL, &diags);
    assert_int_equal(diags.list.count, 1);
    assert_string_equal(diags.list.items[0].key, "thresholds.a.b");
    assert_non_null(oc_thresholds_get(&t, "thresholds.a.c"));
    oc_thresholds_finish(&t);
    oc_diags_finish(&diags);
    oc_node_free(node);
    json_decref(json);
}

static void what_is_never_true_or_false_is_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const odd[] = {"sys.load * 0", "sys.percent .. 'a'", "avg('sys.load', '5m')",
                                      "sys.load > 5 and 1 or 'no'",
                                      "thresholds.cpu.critical + sys.load"};
    /* of these the samples tell: a metric may be a boolean, a label may be missing */
    static const char *const fine[] = {"redis.connected",
                                       "not redis.connected",
                                       "redis.connected and sys.load",
                                       "sys.load < 5 and redis.connected",
                                       "redis.connected and sys.load < 5 and nats.connected",
                                       "metric('sys.load') < 5 and redis.connected",
                                       "sys.load > 5 and label.mount",
                                       "sys.load > 0.5 and label.mount",
                                       "label.mount ~= '/' and sys.load / 2 > 5",
                                       "metric('sys.' .. 'other') + sys.load",
                                       "metric('thresholds.limit' .. '.nosuch') * sys.load",
                                       "tonumber(label.port) > sys.load",
                                       "sys.load == nil"};
    struct oc_error err;
    struct oc_cond c;
    for (size_t i = 0; i < OC_COUNT(odd); i++) {
        assert_int_equal(oc_cond_init(&c, f->lua, &f->thresholds, odd[i], &err), OC_E_CONFIG);
        assert_non_null(strstr(err.message, "expected true or false, the expression gives a "));
        assert_non_null(strstr(err.hint, "Compare it"));
        oc_cond_finish(&c);
    }
    for (size_t i = 0; i < OC_COUNT(fine); i++) {
        oc_error_init(&err);
        if (oc_cond_init(&c, f->lua, &f->thresholds, fine[i], &err) != OC_OK) {
            fail_msg("%s: %s", fine[i], err.message);
        }
        oc_cond_finish(&c);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(native_and_lua_agree_on_random_comparisons),
        T(simple_comparisons_are_native_and_others_are_not),
        T(a_value_that_is_gone_is_for_nobody_to_compare),
        T(a_boolean_under_less_than_is_left_to_lua),
        T(an_unknown_threshold_is_named_with_the_nearest),
        T(durations_may_be_thresholds),
        T(lists_are_no_thresholds),
        T(what_is_never_true_or_false_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
