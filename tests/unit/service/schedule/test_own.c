/* Collectors that would ask this host itself: when they are left out, and when they come back. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"

#include "core/service/schedule/schedule.h"

static struct {
    struct stage s;
    struct oc_plugin *plugin; /* "ok" */
    struct oc_schedule *schedule;
    json_t *listeners; /* owned: what api.listeners answers */
    bool stopped;
} f;

static void op_listeners(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_incref(f.listeners));
}

static const struct oc_op listeners_op = {
    .name = "api.listeners", .summary = "x", .handler = op_listeners};

/* One listener on port 3000. */
static void listen_at(const char *address, bool listening)
{
    json_decref(f.listeners);
    f.listeners =
        json_pack("[{s:s,s:i,s:b}]", "address", address, "port", 3000, "listening", (int)listening);
}

static void tell(void)
{
    oc_bus_publish(f.s.env.bus, "api.listening", json_object());
    stage_turn(&f.s);
}

static int setup(void **state)
{
    memset(&f, 0, sizeof f);
    stage_begin(&f.s);
    f.plugin = plugin_add("ok", LIBRARY);
    oc_ops_add(f.s.env.ops, &listeners_op, NULL);
    listen_at("127.0.0.1", true);
    f.schedule = oc_schedule_create(&f.s.env);
    *state = &f;
    return 0;
}

static void on_stopped(void *ctx)
{
    *(bool *)ctx = true;
}

static int teardown(void **state)
{
    (void)state;
    oc_schedule_stop(f.schedule, 100, on_stopped, &f.stopped);
    stage_turn(&f.s);
    assert_true(f.stopped);
    oc_ops_cancel_all(f.s.env.ops);
    oc_schedule_destroy(f.schedule);
    stage_end(&f.s);
    json_decref(f.listeners);
    return 0;
}

/* One item of "ok" that is left out where it asks us, with this `url` (NULL: none). */
static void load(const char *url)
{
    char text[512];
    snprintf(text, sizeof text, "collectors = ({plugin = \"ok\"; unless_own = true; %s%s%s});\n",
             url ? "url = \"" : "", url ? url : "", url ? "\";" : "");
    struct oc_config *old = stage_load(&f.s, text);
    oc_schedule_configure(f.schedule, f.s.config, &f.s.diags);
    oc_config_destroy(old);
}

static bool is_left_out(const char *url)
{
    load(url);
    stage_turn(&f.s);
    const json_t *row = stage_find(stage_ask(&f.s, "collector.list", NULL), "instance", "ok");
    return strcmp(oc_json_str(row, "state", ""), "left_out") == 0;
}

static void our_address_is_ours_however_it_is_written(void **state)
{
    (void)state;
    assert_true(is_left_out("http://127.0.0.1:3000/health"));
    assert_true(is_left_out("http://user:word@127.0.0.1:3000"));
    assert_true(is_left_out("http://LocalHost:3000"));
    assert_false(is_left_out("http://127.0.0.1:3001"));
    assert_false(is_left_out("http://127.0.0.1"));
    assert_false(is_left_out("http://10.0.0.1:3000"));
    listen_at("::1", true);
    assert_true(is_left_out("http://[0:0:0:0:0:0:0:1]:3000"));
    assert_false(is_left_out("http://127.0.0.1:3000"));
}

static void a_listener_of_all_addresses_has_those_of_its_family(void **state)
{
    (void)state;
    listen_at("0.0.0.0", true);
    assert_true(is_left_out("http://127.0.0.5:3000"));
    assert_true(is_left_out("http://localhost:3000"));
    assert_false(is_left_out("http://127.example.org:3000"));
    assert_false(is_left_out("http://[::1]:3000"));
    listen_at("::", true);
    assert_true(is_left_out("http://[::1]:3000"));
    assert_false(is_left_out("http://127.0.0.1:3000"));
}

static void a_place_that_becomes_ours_or_another_s_is_seen_without_a_reload(void **state)
{
    (void)state;
    listen_at("127.0.0.1", false); /* somebody else has it */
    assert_false(is_left_out("http://127.0.0.1:3000"));
    assert_non_null(plugin_instance("ok"));
    listen_at("127.0.0.1", true);
    tell();
    assert_null(plugin_instance("ok"));
    assert_string_equal(oc_json_str(stage_last(&f.s, "collector.swept"), "instance", ""), "ok");
    listen_at("127.0.0.1", false);
    tell();
    assert_non_null(plugin_instance("ok"));
}

/* The first collectors are begun while the API has not opened its listeners yet. */
static void nobody_is_asked_before_it_is_known_who_listens(void **state)
{
    (void)state;
    listen_at("127.0.0.1", false);
    load("http://127.0.0.1:3000");
    oc_schedule_begin(f.schedule);
    assert_int_equal(instances_made, 0);
    listen_at("127.0.0.1", true);
    tell();
    assert_int_equal(instances_made, 0);
    assert_int_equal(stage_count(&f.s, "collect.first"), 1); /* there is nobody to wait for */
}

struct asker {
    const char *url;
};

static void what_a_plugin_asks_by_default_counts_too(void **state)
{
    static const struct oc_option options[] = {{.name = "url",
                                                .type = OC_OPT_URL,
                                                .default_text = "http://127.0.0.1:3000",
                                                .help = "whom it asks"},
                                               {0}};
    static const struct oc_plugin_entry entry = {.instance_size = sizeof(struct asker),
                                                 .options = options,
                                                 .option_size = sizeof options[0]};
    (void)state;
    assert_false(is_left_out(NULL)); /* it has no such option */
    f.plugin->entry = &entry;
    assert_true(is_left_out(NULL));
    assert_false(is_left_out("http://127.0.0.1:4000"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(our_address_is_ours_however_it_is_written),
        TEST(a_listener_of_all_addresses_has_those_of_its_family),
        TEST(a_place_that_becomes_ours_or_another_s_is_seen_without_a_reload),
        TEST(nobody_is_asked_before_it_is_known_who_listens),
        TEST(what_a_plugin_asks_by_default_counts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
