/* Tests of core/api/compat/cache.c: when the body of GET /api/health is made anew. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/api/compat/compat.h"
#include "core/base/mem.h"
#include "core/base/time.h"

static struct {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_ops *ops;
    struct oc_env env;
    struct oc_health_cache *cache;
    int made;
    int64_t cost_ms;
} f;

static void snapshot(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_time_advance(f.cost_ms);
    oc_call_succeed(call, json_pack("{s:i, s:[], s:[]}", "made", ++f.made, "alerts", "checks"));
}

static const struct oc_op op = {.name = "health.snapshot", .summary = "x", .handler = snapshot};

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    oc_time_fake(1000000, 1000000);
    f.loop = oc_loop_create();
    f.bus = oc_bus_create();
    f.ops = oc_ops_create(f.loop, f.bus);
    oc_ops_add(f.ops, &op, NULL);
    f.env = (struct oc_env){.loop = f.loop, .bus = f.bus, .ops = f.ops};
    f.cache = oc_health_cache_create(&f.env);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    oc_health_cache_destroy(f.cache);
    oc_ops_destroy(f.ops);
    oc_bus_destroy(f.bus);
    oc_loop_destroy(f.loop);
    oc_time_fake(-1, -1);
    return 0;
}

/* How often it has been made once somebody has asked. */
static int asked(void)
{
    const struct oc_http_blob *blob = oc_health_cache_get(f.cache);
    assert_non_null(blob);
    assert_int_equal(oc_http_blob_etag(blob)[0], '"');
    return f.made;
}

static void nothing_is_made_before_somebody_asks(void **state)
{
    (void)state;
    oc_bus_publish(f.bus, "health.changed", json_object());
    assert_int_equal(f.made, 0);
    assert_int_equal(asked(), 1);
    assert_int_equal(asked(), 1);
}

static void a_change_of_state_is_there_with_the_next_request(void **state)
{
    (void)state;
    asked();
    oc_bus_publish(f.bus, "health.changed", json_object());
    assert_int_equal(asked(), 2);
    oc_bus_publish(f.bus, "alert.acknowledged", json_object());
    oc_bus_publish(f.bus, "silence.created", json_object());
    assert_int_equal(asked(), 3);
    oc_bus_publish(f.bus, "job.started", json_object());
    assert_int_equal(asked(), 3);
}

static void figures_alone_make_it_anew_once_a_second(void **state)
{
    (void)state;
    asked();
    oc_bus_publish(f.bus, "collector.detail", json_object());
    oc_time_advance(999);
    assert_int_equal(asked(), 1);
    oc_time_advance(1);
    assert_int_equal(asked(), 2);
    oc_time_advance(4999);
    assert_int_equal(asked(), 2);
    oc_time_advance(1);
    assert_int_equal(asked(), 3);
}

static void a_flood_of_changes_takes_a_fifth_of_the_time(void **state)
{
    (void)state;
    f.cost_ms = 100;
    asked();
    oc_bus_publish(f.bus, "alert.firing", json_object());
    oc_bus_publish(f.bus, "health.changed", json_object());
    assert_int_equal(asked(), 1);
    oc_time_advance(399);
    assert_int_equal(asked(), 1);
    oc_time_advance(1);
    assert_int_equal(asked(), 2);
}

static void an_etag_belongs_to_what_was_made(void **state)
{
    (void)state;
    char *first = oc_strdup(oc_http_blob_etag(oc_health_cache_get(f.cache)));
    assert_string_equal(oc_http_blob_etag(oc_health_cache_get(f.cache)), first);
    oc_bus_publish(f.bus, "health.changed", json_object());
    assert_string_not_equal(oc_http_blob_etag(oc_health_cache_get(f.cache)), first);
    free(first);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_is_made_before_somebody_asks),
        T(a_change_of_state_is_there_with_the_next_request),
        T(figures_alone_make_it_anew_once_a_second),
        T(a_flood_of_changes_takes_a_fifth_of_the_time),
        T(an_etag_belongs_to_what_was_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
