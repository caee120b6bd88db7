/* The shipped runbooks that restore backups: which one they mean, and what runs meanwhile. SPDX-License-Identifier: MIT */
#include "tests/unit/service/runbook/engine_stage.h"

struct backup_params {
    const char *component, *backup, *agent;
    int32_t known;
};
static const struct oc_option backup_options[] = {
    {.name = "component",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct backup_params, component),
     .help = "x"},
    {.name = "backup",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct backup_params, backup),
     .help = "x"},
    {.name = "agent",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct backup_params, agent),
     .help = "x"},
    {.name = "known",
     .type = OC_OPT_BOOL,
     .offset = offsetof(struct backup_params, known),
     .help = "x"},
    {0}};

static void op_units(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("[{s:s},{s:s},{s:s},{s:s,s:[s]}]", "name", "postgres", "name",
                                    "redis", "name", "litellm", "name", "alpha", "tags", "agent"));
}

static void op_backups(struct oc_call *call, void *ctx)
{
    static const char *const components[] = {"database", "redis", "workspace", "agent-state",
                                             "config"};
    json_t *list = json_array();
    (void)ctx;
    for (size_t i = 0; i < OC_COUNT(components); i++) {
        const char *c = components[i];
        json_array_append_new(list, json_pack("{s:o,s:s,s:s}", "id", json_sprintf("%s-2", c),
                                              "component", c, "time", "2025-11-22T02:00:00.000Z"));
        json_array_append_new(list, json_pack("{s:o,s:s,s:s}", "id", json_sprintf("%s-1", c),
                                              "component", c, "time", "2025-11-21T02:00:00.000Z"));
    }
    oc_call_succeed(call, list);
}

#define BACKUP_OP(n, fl, fn)                                                                       \
    {                                                                                              \
        .name = n, .summary = n, .flags = fl, .params = backup_options,                            \
        .params_size = sizeof(struct backup_params), .handler = fn                                 \
    }
static const struct oc_op ops[] = {
    BACKUP_OP("unit.list", 0, op_units),
    BACKUP_OP("backup.verify", 0, op_look),
    BACKUP_OP("backup.create", OC_OP_MUTATES, op_do),
    BACKUP_OP("backup.restore", OC_OP_MUTATES, op_do),
    BACKUP_OP("backup.drill", OC_OP_MUTATES, op_do),
};
static const struct oc_op list_op = BACKUP_OP("backup.list", 0, op_backups);

static int setup_host(void **state)
{
    setup(state);
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_ops_add(f->s.env.ops, &ops[i], f);
    }
    return 0;
}

static int setup_backups(void **state)
{
    setup_host(state);
    oc_ops_add(f->s.env.ops, &list_op, f);
    return 0;
}

/* The steps of a plan. */
static const json_t *plan(const char *name, const char *params)
{
    char *text = oc_asprintf("{\"name\":\"%s\",\"dry_run\":true,\"param\":%s}", name, params);
    stage_call(&f->s, "runbook.run", text);
    stage_pass(&f->s, 1000);
    free(text);
    if (f->s.code != OC_OK) {
        fail_msg("%s: %s", name, f->s.error.message);
    }
    return json_object_get(f->s.result, "steps");
}

static const char *backup_of(const json_t *steps, const char *id)
{
    const json_t *step = stage_find(steps, "id", id);
    if (!step) {
        fail_msg("there is no step %s", id);
    }
    return oc_json_str(json_object_get(step, "params"), "backup", "");
}

static size_t place_of(const json_t *steps, const char *id)
{
    size_t i;
    json_t *step;
    json_array_foreach((json_t *)(uintptr_t)steps, i, step)
    {
        if (strcmp(oc_json_str(step, "id", ""), id) == 0) {
            return i;
        }
    }
    fail_msg("there is no step %s", id);
    return 0;
}

static void the_latest_backup_is_the_one_before_what_is_damaged_was_backed_up(void **state)
{
    (void)state;
    const json_t *steps = plan("backup-restoration", "{\"component\":\"database\"}");
    assert_string_equal(backup_of(steps, "verify-database"), "database-2");
    assert_string_equal(backup_of(steps, "restore-database"), "database-2");
    assert_null(stage_find(steps, "id", "backups"));
    steps = plan("backup-restoration", "{\"component\":\"full\"}");
    assert_string_equal(backup_of(steps, "restore-database"), "database-2");
    assert_string_equal(backup_of(steps, "verify-config"), "config-2");
    assert_string_equal(backup_of(steps, "restore-config"), "config-2");
    steps = plan("backup-restoration", "{\"component\":\"drill\"}");
    assert_string_equal(backup_of(steps, "drill"), "database-2");
    steps = plan("database-corruption", "{\"level\":4}");
    assert_string_equal(backup_of(steps, "verify-backup"), "database-2");
    assert_string_equal(backup_of(steps, "restore"), "database-2");
    steps = plan("backup-restoration", "{\"component\":\"redis\",\"backup\":\"mine\"}");
    assert_string_equal(backup_of(steps, "verify-redis"), "mine");
    assert_string_equal(backup_of(steps, "restore-redis"), "mine");
}

static void without_a_list_of_backups_nothing_is_restored(void **state)
{
    (void)state;
    const json_t *steps = plan("backup-restoration", "{\"component\":\"redis\"}");
    const json_t *step = stage_find(steps, "id", "backups");
    assert_non_null(step);
    assert_false(oc_json_bool(step, "available", true));
    steps = plan("backup-restoration", "{\"component\":\"redis\",\"backup\":\"mine\"}");
    assert_null(stage_find(steps, "id", "backups"));
}

static void the_database_runs_while_it_is_restored_and_redis_does_not(void **state)
{
    (void)state;
    const json_t *steps = plan("backup-restoration", "{\"component\":\"full\"}");
    assert_true(place_of(steps, "stop-alpha") < place_of(steps, "stop-postgres"));
    assert_true(place_of(steps, "stop-postgres") < place_of(steps, "start-postgres"));
    assert_true(place_of(steps, "start-postgres") < place_of(steps, "verify-database"));
    assert_true(place_of(steps, "restore-redis") < place_of(steps, "start-redis"));
    assert_true(place_of(steps, "restore-config") < place_of(steps, "start-litellm"));
    assert_true(place_of(steps, "start-litellm") < place_of(steps, "start-alpha"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_latest_backup_is_the_one_before_what_is_damaged_was_backed_up, setup_backups,
            teardown),
        cmocka_unit_test_setup_teardown(without_a_list_of_backups_nothing_is_restored, setup_host,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_database_runs_while_it_is_restored_and_redis_does_not,
                                        setup_backups, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
