/* The skill service over a folder of skills, whole and broken. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/service/skill/skill_service.h"
#include "core/sys/file.h"

struct world {
    char home[64];
    struct oc_env env;
    struct oc_skill_service *service;
    int code;
    json_t *result;
    struct oc_error err;
};
static struct world w;

static const struct oc_config *no_config(void *ctx)
{
    (void)ctx;
    return NULL;
}

static void put(const char *plugin, const char *file, const char *text)
{
    char *dir = oc_asprintf("%s/%s", w.home, plugin), *path = oc_path_join(dir, file);
    assert_int_equal(oc_dir_make(dir, 0700, NULL), OC_OK);
    assert_int_equal(oc_file_write(path, text, strlen(text), 0600, NULL), OC_OK);
    free(path);
    free(dir);
}

/* A plugin without code; `skill` NULL: it holds no text either. */
static void make(const char *name, const char *skill)
{
    char *manifest = oc_asprintf("{\"name\":\"%s\",\"version\":\"1.0.0\",\"summary\":\"Says %s\","
                                 "\"kind\":\"skill\",\"license\":\"MIT\"}",
                                 name, name);
    put(name, "plugin.json", manifest);
    if (skill) {
        put(name, "SKILL.md", skill);
    }
    free(manifest);
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    oc_log_set_level(-1);
    snprintf(w.home, sizeof w.home, "/tmp/oc-skill-XXXXXX");
    assert_non_null(mkdtemp(w.home));
    w.env.home = w.home;
    w.env.loop = oc_loop_create();
    w.env.bus = oc_bus_create();
    w.env.ops = oc_ops_create(w.env.loop, w.env.bus);
    w.env.plugins = oc_plugins_create(w.env.loop, w.env.bus, NULL);
    const struct oc_skill_hooks hooks = {.config = no_config};
    w.service = oc_skill_service_create(&w.env, &hooks);
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    oc_skill_service_destroy(w.service);
    oc_ops_destroy(w.env.ops);
    oc_plugins_destroy(w.env.plugins);
    oc_bus_destroy(w.env.bus);
    oc_loop_destroy(w.env.loop);
    json_decref(w.result);
    return nftw(w.home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void on_done(void *ctx, int code, const json_t *result, const struct oc_error *err)
{
    (void)ctx;
    w.code = code;
    json_decref(w.result);
    w.result = json_deep_copy(result);
    w.err = err ? *err : w.err;
}

static const json_t *ask(const char *op, const char *params)
{
    struct oc_call_request req = {.op = op,
                                  .params = oc_json_parse(params, strlen(params), NULL),
                                  .actor = {.name = "test", .role = OC_ROLE_VIEWER},
                                  .on_done = on_done};
    oc_ops_call(w.env.ops, &req);
    return w.result;
}

static const json_t *row_of(const json_t *rows, const char *name)
{
    const json_t *row;
    size_t i;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(oc_json_str(row, "name", ""), name) == 0) {
            return row;
        }
    }
    fail_msg("no row of %s", name);
    return NULL;
}

static void skills_are_listed_with_what_they_lack(void **state)
{
    (void)state;
    make("ready", "---\nname: ready\ndescription: is ready\n---\n# Text\n");
    make("lacking",
         "---\nname: lacking\ndescription: wants\nmetadata: "
         "{\"openclaw\":{\"requires\":{\"bins\":[\"no-such-program-here\"]}}}\n---\nx\n");
    make("silent", NULL);
    oc_plugins_scan(w.env.plugins, w.home);
    const json_t *rows = ask("skill.list", "{}");
    assert_int_equal(w.code, OC_OK);
    assert_int_equal(json_array_size(rows), 2);
    assert_string_equal(oc_json_str(row_of(rows, "ready"), "state", ""), "ready");
    assert_string_equal(oc_json_str(row_of(rows, "lacking"), "state", ""), "missing");
    rows = ask("skill.check", "{}");
    assert_int_equal(json_array_size(rows), 1);
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "name", ""), "no-such-program-here");
}

static void a_text_without_a_name_has_that_of_its_plugin(void **state)
{
    (void)state;
    make("plain", "---\ndescription: says so\n---\n# Only text\n");
    oc_plugins_scan(w.env.plugins, w.home);
    const json_t *skill = ask("skill.show", "{\"name\":\"plain\"}");
    assert_int_equal(w.code, OC_OK);
    assert_non_null(strstr(oc_json_str(skill, "text", ""), "Only text"));
}

static void a_skill_that_cannot_be_read_hides_no_other(void **state)
{
    (void)state;
    static const char bytes[] = "---\nname: \xff\xfe\n---\n";
    make("good", "---\nname: good\ndescription: is good\n---\nx\n");
    make("bad", bytes);
    make("open", "---\nname: open\n");
    oc_plugins_scan(w.env.plugins, w.home);
    const json_t *rows = ask("skill.list", "{}");
    assert_int_equal(w.code, OC_OK);
    assert_int_equal(json_array_size(rows), 3);
    assert_string_equal(oc_json_str(row_of(rows, "good"), "state", ""), "ready");
}

static void a_skill_that_is_not_there_is_told_with_a_remedy(void **state)
{
    (void)state;
    ask("skill.show", "{\"name\":\"nobody\"}");
    assert_int_equal(w.code, OC_E_NOT_FOUND);
    assert_true(w.err.hint[0] != '\0');
    ask("skill.check", "{\"name\":\"../../etc\"}");
    assert_int_equal(w.code, OC_E_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(skills_are_listed_with_what_they_lack),
        TEST(a_text_without_a_name_has_that_of_its_plugin),
        TEST(a_skill_that_cannot_be_read_hides_no_other),
        TEST(a_skill_that_is_not_there_is_told_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
