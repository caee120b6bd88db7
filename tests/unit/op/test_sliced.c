/* Answers that are made in slices. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/op/sliced.h"

#define STEPS 4

static struct world {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    int steps, destroyed;
    bool fails;
    int done, code; /* of the call */
    json_int_t result;
    char message[512];
} w;

/* Each step takes longer than a slice. */
static bool work(struct oc_sliced *s, int64_t until)
{
    (void)s;
    while (w.steps < STEPS) {
        w.steps++;
        oc_time_advance(50);
        if (oc_time_mono() >= until) {
            break;
        }
    }
    return w.steps == STEPS;
}

static json_t *answer(struct oc_sliced *s, struct oc_error *err)
{
    (void)s;
    if (w.fails) {
        oc_error_set(err, OC_E_CONFIG, "too much");
        return NULL;
    }
    return json_integer(w.steps);
}

static void destroy(struct oc_sliced *s)
{
    w.destroyed++;
    free(s);
}

static void op_long(struct oc_call *call, void *ctx)
{
    struct oc_sliced *s = oc_calloc(1, sizeof *s);
    (void)ctx;
    *s = (struct oc_sliced){.work = work, .answer = answer, .destroy = destroy};
    oc_sliced_run(s, w.loop, call);
}

static const struct oc_op long_op = {.name = "x.long", .summary = "x", .handler = op_long};

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    oc_time_fake(1000000, 1000000);
    w.loop = oc_loop_create();
    w.bus = oc_bus_create();
    w.ops = oc_ops_create(w.loop, w.bus);
    oc_ops_add(w.ops, &long_op, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(w.destroyed, 1);
    oc_ops_destroy(w.ops);
    oc_bus_destroy(w.bus);
    oc_loop_destroy(w.loop);
    oc_time_fake(-1, -1);
    return 0;
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    w.done++;
    w.code = code;
    w.result = json_integer_value(result);
    snprintf(w.message, sizeof w.message, "%s", err ? err->message : "");
}

static void call(void)
{
    const struct oc_call_request req = {
        .op = "x.long", .actor = {.name = "test", .role = OC_ROLE_ADMIN}, .on_done = on_done};
    oc_ops_call(w.ops, &req);
}

static void turn(void)
{
    for (int i = 0; i < 64 && w.done == 0; i++) {
        oc_loop_step(w.loop, false);
    }
}

static void a_long_answer_lets_the_loop_go_on_between_its_slices(void **state)
{
    (void)state;
    call();
    assert_int_equal(w.steps, 1);
    assert_int_equal(w.done, 0);
    turn();
    assert_int_equal(w.done, 1);
    assert_int_equal(w.result, STEPS);
}

static void what_cannot_be_answered_fails_after_the_slices(void **state)
{
    (void)state;
    w.fails = true;
    call();
    turn();
    assert_int_equal(w.done, 1);
    assert_int_equal(w.code, OC_E_CONFIG);
    assert_string_equal(w.message, "too much");
}

static void who_gives_up_is_not_waited_for(void **state)
{
    (void)state;
    call();
    oc_ops_cancel_all(w.ops);
    assert_int_equal(w.done, 1);
    assert_int_equal(w.code, OC_E_CANCELLED);
    assert_int_equal(w.steps, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_long_answer_lets_the_loop_go_on_between_its_slices),
        TEST(what_cannot_be_answered_fails_after_the_slices),
        TEST(who_gives_up_is_not_waited_for),
    };
    return cmocka_run_group_tests_name("sliced", tests, NULL, NULL);
}
