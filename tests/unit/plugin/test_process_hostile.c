/* The daemon against plugin hosts that lie. SPDX-License-Identifier: MIT */
#include "rig.h"

#include "core/plugin/process/process.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(__clang__)
#define GROWTH_KB 400000 /* a sanitizer keeps what was freed for a while */
#else
#define GROWTH_KB 8000
#endif

static struct oc_instance *create(struct rig *rig, const char *how, int64_t start_ms)
{
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "ok");
    oc_plugins_set_plughost(rig->plugins, OC_BUILD_DIR "/fixtures/hostile_plughost");
    oc_quarantine_clear(rig->plugins->quarantine, "ok");
    oc_plugin_set_terms(
        plugin, &(struct oc_terms){.tier = OC_TIER_PROCESS, .limits = {.start_ms = start_ms}});
    return rig_create(rig, "ok", how, "{}");
}

static void what_it_says_before_its_start_ends_it(void **state)
{
    struct rig *rig = *state;
    static const char *const ways[] = {"garbage",        "huge",          "no-json",
                                       "deep",           "early-call",    "early-result",
                                       "early-records",  "early-started", "crashed-code",
                                       "no-description", "stopped",       "closed"};
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        struct oc_instance *instance = create(rig, ways[i], 5000);
        assert_non_null(instance);
        RIG_UNTIL(rig, oc_instance_state(instance) != OC_INSTANCE_STARTING);
        assert_int_not_equal(oc_instance_state(instance), OC_INSTANCE_READY);
        assert_true(oc_instance_error(instance)->message[0] != '\0');
        rig_destroy(rig, instance, 5000);
    }
}

static void what_it_says_in_a_call_ends_it_and_fails_the_call(void **state)
{
    struct rig *rig = *state;
    static const char *const ways[] = {"records", "other-id", "pull", "second-hello", "bad-result"};
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        struct oc_instance *instance = create(rig, ways[i], 5000);
        RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
        assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_E_CRASHED);
        assert_has(rig->err.message, "was killed: it sent");
        rig_destroy(rig, instance, 5000);
    }
}

static void a_second_result_ends_it_after_the_call(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create(rig, "twice", 5000);
    RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_OK);
    RIG_UNTIL(rig, oc_instance_state(instance) != OC_INSTANCE_READY);
    rig_destroy(rig, instance, 5000);
}

/* After its first answer the loop reads what it says. */
static struct oc_instance *create_lent(struct rig *rig, const char *how)
{
    struct oc_instance *instance = create(rig, how, 5000);
    RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_OK);
    const struct oc_process_body *p = (struct oc_process_body *)instance->body;
    RIG_UNTIL(rig, p->watch);
    return instance;
}

static void what_it_says_to_the_loop_ends_it_too(void **state)
{
    struct rig *rig = *state;
    static const char *const ways[] = {"later-records", "later-other-id", "later-pull",
                                       "later-second-hello", "later-bad-result"};
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        struct oc_instance *instance = create_lent(rig, ways[i]);
        assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_E_CRASHED);
        assert_has(rig->err.message, "was killed: it sent");
        rig_destroy(rig, instance, 5000);
    }
}

static void an_answer_in_slices_is_an_answer(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create_lent(rig, "later-slices");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_OK);
    }
    rig_destroy(rig, instance, 50);
}

static void an_answer_that_nobody_waits_for_ends_it(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create_lent(rig, "later-idle-twice");
    RIG_UNTIL(rig, oc_instance_state(instance) != OC_INSTANCE_READY);
    assert_true(rig_logged("an answer to a call that does not run"));
    rig_destroy(rig, instance, 5000);
}

static void its_end_is_seen_though_a_child_holds_its_socket(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create_lent(rig, "later-leave");
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_E_CRASHED);
    assert_has(rig->err.message, "exited with status 0");
    rig_destroy(rig, instance, 5000);
}

static void parameters_that_nest_without_end_are_refused(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create(rig, "deep-call", 5000);
    RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 20000), OC_OK);
    rig_destroy(rig, instance, 50);
}

/* An operation that is answered by the test: when, and how much. */
static struct {
    void (*done)(void *, int, json_t *, const struct oc_error *);
    void *ctx;
    size_t bytes; /* 0 = never */
} asked;

static void on_ask(void *ctx, struct oc_instance *instance, const char *op, json_t *params,
                   void (*done)(void *, int, json_t *, const struct oc_error *), void *done_ctx)
{
    (void)ctx;
    (void)instance;
    (void)op;
    json_decref(params);
    asked.done = done;
    asked.ctx = done_ctx;
    if (asked.bytes) {
        char *text = oc_calloc(1, asked.bytes + 1);
        memset(text, 'x', asked.bytes);
        done(done_ctx, OC_OK, json_string(text), NULL);
        free(text);
    }
}

static void its_end_does_not_wait_for_what_it_asked_for(void **state)
{
    struct rig *rig = *state;
    static const struct {
        const char *how;
        size_t answer;
    } ways[] = {{"ask-leave", 0}, {"ask-leave-child", 3u << 20}};
    oc_plugins_set_host(rig->plugins, on_ask, rig);
    for (size_t i = 0; i < OC_COUNT(ways); i++) {
        asked.done = NULL;
        asked.bytes = ways[i].answer;
        struct oc_instance *instance = create(rig, ways[i].how, 5000);
        RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
        assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 15000), OC_E_CRASHED);
        assert_true(rig->took_ms < 5000);
        rig_destroy(rig, instance, 5000);
        if (asked.done && !asked.bytes) {
            asked.done(asked.ctx, OC_E_CANCELLED, NULL, NULL); /* too late, for nobody */
        }
    }
    oc_plugins_set_host(rig->plugins, NULL, NULL);
}

/* What no frame can hold is refused, and whoever asked lives on. */
static void an_answer_that_is_too_long_is_an_error_of_the_operation(void **state)
{
    struct rig *rig = *state;
    oc_plugins_set_host(rig->plugins, on_ask, rig);
    struct oc_instance *instance = create(rig, "ask", 5000);
    RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
    asked.bytes = OC_WIRE_MAX;
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 60000), OC_E_PERMANENT);
    asked.bytes = OC_WIRE_MAX - 1000;
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 60000), OC_OK);
    assert_int_equal(oc_instance_state(instance), OC_INSTANCE_READY);
    rig_destroy(rig, instance, 50);
    oc_plugins_set_host(rig->plugins, NULL, NULL);
}

static int take_nothing(void *ctx, const void *data, uint64_t len)
{
    int *taken = ctx;
    (void)data;
    *taken += len > 0;
    return OC_OK;
}

/* Whoever takes a stream may block, and the loop may be the one who reads records. */
static void bytes_of_a_stream_among_records_end_it(void **state)
{
    struct rig *rig = *state;
    int taken = 0;
    const struct oc_invocation inv = {.method = "tool.echo/1",
                                      .timeout_ms = 20000,
                                      .on_done = rig_on_done,
                                      .ctx = rig,
                                      .write = take_nothing,
                                      .stream_ctx = &taken};
    for (int lent = 0; lent < 2; lent++) {
        struct oc_instance *instance =
            lent ? create_lent(rig, "later-stray") : create(rig, "stray", 5000);
        RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
        const int answers = rig->answers;
        assert_int_equal(oc_instance_call(instance, &inv, NULL, &rig->err), OC_OK);
        rig_until_answers(rig, answers + 1);
        assert_int_equal(rig->code, OC_E_CRASHED);
        assert_has(rig->err.message, "bytes of a stream among its records");
        assert_int_equal(taken, 0);
        rig_destroy(rig, instance, 5000);
    }
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

static size_t resident_kb(void)
{
    size_t size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%zu %zu", &size, &resident), 2);
    fclose(f);
    return resident * 4;
}

static void a_flood_of_lines_takes_no_memory_and_ends_at_the_deadline(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *instance = create(rig, "flood", 5000);
    RIG_UNTIL(rig, oc_instance_state(instance) == OC_INSTANCE_READY);
    const size_t before = resident_kb();
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 700), OC_E_TIMEOUT);
    assert_in_range(rig->took_ms, 690, 3000);
    assert_true(resident_kb() < before + GROWTH_KB);
    assert_true(rig_logged("logs too much"));
    rig_destroy(rig, instance, 5000);
}

/* The loop reads once, then it is the thread's again: it is free for others. */
static void a_flood_between_calls_leaves_the_loop_alone(void **state)
{
    struct rig *rig = *state;
    struct oc_instance *other = rig_start(rig, "isolated", "other", "{}");
    struct oc_instance *instance = create_lent(rig, "later-idle-flood");
    struct oc_process_body *p = (struct oc_process_body *)instance->body;
    const size_t before = resident_kb();
    const int64_t until_ms = oc_time_mono() + 20000;
    while (!rig_logged("logs too much") && oc_time_mono() < until_ms) {
        assert_int_equal(rig_call(rig, other, "tool.show/1", NULL, 5000), OC_OK);
    }
    assert_true(rig_logged("logs too much"));
    assert_false(oc_process_is_lent(p));
    assert_true(resident_kb() < before + GROWTH_KB);
    assert_int_equal(rig_call(rig, instance, "tool.echo/1", NULL, 300), OC_E_TIMEOUT);
    rig_destroy(rig, other, 5000);
    rig_destroy(rig, instance, 5000);
}

static void a_plughost_that_is_not_there_is_said(void **state)
{
    struct rig *rig = *state;
    struct oc_plugin *plugin = oc_plugin_find(rig->plugins, "ok");
    oc_plugins_set_plughost(rig->plugins, "/nowhere/openclaw-plughost");
    oc_plugin_set_terms(plugin, &(struct oc_terms){.tier = OC_TIER_PROCESS});
    struct oc_instance *instance = rig_create(rig, "ok", "one", "{}");
    RIG_UNTIL(rig, oc_instance_state(instance) != OC_INSTANCE_STARTING);
    assert_has(oc_instance_error(instance)->message, "/nowhere/openclaw-plughost");
    rig_destroy(rig, instance, 5000);
    const size_t before = open_descriptors();
    instance = rig_create(rig, "ok", "two", "{}");
    RIG_UNTIL(rig, oc_instance_state(instance) != OC_INSTANCE_STARTING);
    rig_destroy(rig, instance, 5000);
    assert_int_equal(open_descriptors(), before);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_it_says_before_its_start_ends_it),
        TEST(what_it_says_in_a_call_ends_it_and_fails_the_call),
        TEST(a_second_result_ends_it_after_the_call),
        TEST(what_it_says_to_the_loop_ends_it_too),
        TEST(an_answer_in_slices_is_an_answer),
        TEST(an_answer_that_nobody_waits_for_ends_it),
        TEST(its_end_is_seen_though_a_child_holds_its_socket),
        TEST(parameters_that_nest_without_end_are_refused),
        TEST(its_end_does_not_wait_for_what_it_asked_for),
        TEST(an_answer_that_is_too_long_is_an_error_of_the_operation),
        TEST(bytes_of_a_stream_among_records_end_it),
        TEST(a_flood_of_lines_takes_no_memory_and_ends_at_the_deadline),
        TEST(a_flood_between_calls_leaves_the_loop_alone),
        TEST(a_plughost_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
