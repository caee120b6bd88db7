/* plugin.json: what is taken, and how what is not is told. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define GOOD                                                                                       \
    "\"name\": \"redis\", \"version\": \"1.2.3\", \"summary\": \"Watches Redis\","                 \
    "\"kind\": \"collector\", \"library\": \"redis.so\", \"abi\": \"1.0\""

#define OPERATION(more)                                                                            \
    "\"operations\": [{\"name\": \"a.b\", \"summary\": \"s\", \"method\": \"t/1\"" more "}]"

static struct oc_manifest *parse(const char *text, struct oc_error *err)
{
    oc_error_init(err);
    return oc_manifest_parse(text, strlen(text), "/plugins/redis", err);
}

static void a_manifest_gives_its_fields(void **state)
{
    (void)state;
    struct oc_error err;
    struct oc_manifest *m = parse(
        "{" GOOD
        ", \"license\": \"MIT\", \"author\": \"a\", \"homepage\": \"h\", \"description\": \"d\","
        "\"metrics\": [{\"name\": \"redis.keys*\", \"type\": \"gauge\", \"unit\": \"1\", \"help\": "
        "\"keys\","
        "               \"labels\": [\"target\", \"db\"]}],"
        "\"operations\": [{\"name\": \"redis.flush\", \"summary\": \"Flushes\", \"role\": "
        "\"admin\","
        "  \"flags\": [\"mutates\"], \"method\": \"tool.flush/1\", \"view\": \"record\","
        "  \"params\": [{\"name\": \"db\", \"type\": \"int\", \"help\": \"which\", \"default\": "
        "0}]}],"
        "\"permissions\": [\"network:tcp:6379\"], \"replay_safe\": [\"collector.collect/1\"],"
        "\"docs\": \"https://example.org\"}",
        &err);
    if (!m) {
        fail_msg("%s", err.message);
        return;
    }
    assert_string_equal(m->name, "redis");
    assert_string_equal(m->version, "1.2.3");
    assert_string_equal(m->summary, "Watches Redis");
    assert_string_equal(m->library, "redis.so");
    assert_string_equal(m->kind, "collector");
    assert_string_equal(m->dir, "/plugins/redis");
    assert_int_equal(m->abi_major, 1);
    assert_int_equal(m->abi_minor, 0);
    oc_manifest_free(m);
    oc_manifest_free(NULL);
}

struct mistake {
    const char *text, *message;
};

static const struct mistake bad[] = {
    {"", "plugin.json: invalid JSON"},
    {"[]", "plugin.json: expected a JSON object"},
    {"{}", "plugin.json: name: required and missing"},
    {"{\"name\": 3}", "name: expected a string, got a number"},
    {"{\"name\": \"../up\"}", "name: expected letters, digits"},
    {"{\"name\": \"a\\u0000b\"}", "invalid JSON"},
    {"{\"name\": \"a\", \"version\": \"1.2\"}", "version: expected a semantic version"},
    {"{\"name\": \"a\", \"version\": \"01.2.3\"}", "got \"01.2.3\""},
    {"{" GOOD ", \"metric\": []}", "metric: unknown key"},
    {"{" GOOD ", \"metrics\": {}}", "metrics: expected a list, got an object"},
    {"{" GOOD ", \"metrics\": [3]}", "metrics[0]: expected an object, got a number"},
    {"{" GOOD ", \"metrics\": [{\"name\": \"a.b\", \"help\": \"h\"}]}",
     "metrics[0].type: required and missing"},
    {"{" GOOD ", \"metrics\": [{\"name\": \"a.b\", \"help\": \"h\", \"type\": \"gage\"}]}",
     "metrics[0].type: expected one of gauge|counter|bool, got \"gage\""},
    {"{" GOOD ", \"metrics\": [{\"name\": \"A\", \"help\": \"h\", \"type\": \"gauge\"}]}",
     "metrics[0].name: expected a dotted lower-case name"},
    {"{" GOOD ", \"metrics\": [{\"name\": \"a\", \"help\": \"h\", \"type\": \"gauge\","
     " \"labels\": [\"x\", \"no-dash\"]}]}",
     "metrics[0].labels[1]: expected a label name"},
    {"{" GOOD ", \"metrics\": [{\"name\": \"a\", \"help\": \"h\", \"type\": \"gauge\"},"
     "{\"name\": \"a\", \"help\": \"h\", \"type\": \"gauge\"}]}",
     "metrics[1].name: \"a\" is there twice"},
    {"{" GOOD ", \"permissions\": [\"everything\"]}", "permissions[0]: expected category:action["},
    {"{" GOOD ", \"replay_safe\": [1]}", "replay_safe[0]: expected a string"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\", \"library\": \"a.so\"}",
     "abi: required and missing"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\", \"library\": \"../a.so\", "
     "\"abi\": \"1.0\"}",
     "library: expected a file name"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\", \"library\": \"a.so\", "
     "\"abi\": \"1\"}",
     "abi: expected <major>.<minor>"},
    {"{" GOOD ", \"instances\": [{\"plugin\": \"x\"}]}", "instances: only a preset"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\"}",
     "library: required and missing"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\", \"instances\": [{}]}",
     "instances[0].plugin: required and missing"},
    {"{\"name\": \"a\", \"version\": \"1.0.0\", \"summary\": \"s\", \"instances\":"
     " [{\"plugin\": \"x\", \"u\": [\"${url}\"]}]}",
     "instances: no option is called \"url\""},
};

/* These do not keep a plugin that is installed from working. */
static const struct mistake bad_when_new[] = {
    {"{" GOOD ", \"permissions\": [], \"permissions\": [\"network:tcp:*\"]}",
     "the key \"permissions\" comes twice"},
    {"{" GOOD ", \"operations\": [{\"name\": \"a.b\", \"summary\": \"s\", \"method\": \"t/1\","
     " \"role\": \"admin\", \"role\": \"viewer\"}]}",
     "the key \"role\" comes twice"},
    {"{" GOOD ", \"metrics\": [], \"metrics\": []}", "the key \"metrics\" comes twice"},
    {"{" GOOD
     ", \"operations\": [{\"name\": \"a.b\", \"summary\": \"s\", \"method\": \"tool.x\"}]}",
     "operations[0].method: expected a method"},
    {"{" GOOD ", \"operations\": [{\"name\": \"a.b\", \"summary\": \"s\", \"method\": \"t/1\","
     " \"params\": [{\"name\": \"p\", \"type\": \"text\", \"help\": \"h\"}]}]}",
     "operations[0].params[0].type: expected one of bool|int"},
    {"{" GOOD
     ", " OPERATION(", \"params\": [{\"name\": \"dry\", \"type\": \"bool\", \"help\": \"h\"},"
                    " {\"name\": \"timeout\", \"type\": \"int\", \"help\": \"h\"}]") "}",
     "operations[0].params[1].name: expected a snake_case word that is no option of every command"},
    {"{" GOOD ", " OPERATION(", \"params\": [{\"name\": \"p\", \"type\": \"enum\", \"help\": \"h\","
                             " \"choices\": [\"a\", \"b\"]}]") "}",
     "operations[0].params[0].choices: expected a string, got a list"},
    {"{" GOOD ", " OPERATION(", \"view\": \"table:\"") "}",
     "operations[0].view: expected \"record\""},
    {"{" GOOD ", " OPERATION(", \"view\": \"custom:plugin\"") "}",
     "operations[0].view: expected \"record\""},
    {"{" GOOD ", " OPERATION(", \"flags\": [\"streams\"]") "}",
     "operations[0].flags[0]: expected one of mutates|"},
    {"{" GOOD ", " OPERATION(", \"example\": \"a\\u001b]0;owned\\u0007\"") "}",
     "operations[0].example: holds a control character"},
    {"{" GOOD ", " OPERATION(", \"description\": \"a\xc2\x9b\"") "}",
     "operations[0].description: holds a control character"},
    {"{" GOOD ", \"license\": \"\\u007f\"}", "license: holds a control character"},
    {"{" GOOD ", \"author\": \"\xe2\x80\xae\"}", "author: holds a control character"},
    {"{" GOOD ", \"metrics\": [{\"name\": \"a\", \"help\": \"h\xc2\x9b\", \"type\": \"gauge\"}]}",
     "metrics[0].help: holds a control character"},
    {"{" GOOD ", \"keywords\": [\"a\\tb\"]}", "keywords[0]: expected a word"},
};

static void expect(const struct mistake *mistake)
{
    struct oc_error err;
    struct oc_manifest *m = parse(mistake->text, &err);
    if (m || err.code != OC_E_CONFIG || !strstr(err.message, mistake->message)) {
        fail_msg("%s\n  gave: %s\n  expected: %s", mistake->text, m ? "no error" : err.message,
                 mistake->message);
    }
}

static void mistakes_are_told_with_their_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        expect(&bad[i]);
    }
    for (size_t i = 0; i < OC_COUNT(bad_when_new); i++) {
        expect(&bad_when_new[i]);
    }
}

static struct oc_manifest *parse_installed(const char *text)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_manifest *m = oc_manifest_parse_kept(text, strlen(text), "/p", &err);
    if (!m) {
        fail_msg("%s: %s", text, err.message);
    }
    assert_int_equal(err.code, OC_OK);
    return m;
}

static void is_left_out(const struct oc_manifest *m, size_t i, const char *name, const char *reason)
{
    const json_t *item = json_array_get(m->left_out, i);
    assert_string_equal(oc_json_str(item, "operation", ""), name);
    assert_non_null(strstr(oc_json_str(item, "reason", ""), reason));
}

/* Or a plugin would be gone after an upgrade, and the collector with it. */
static void an_installed_plugin_does_without_an_operation_that_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad_when_new); i++) {
        struct oc_manifest *m = parse_installed(bad_when_new[i].text);
        char *text = oc_json_text(m->json);
        struct oc_error err;
        struct oc_manifest *again = parse(text, &err);
        assert_non_null(again); /* what is left is right */
        oc_manifest_free(again);
        free(text);
        oc_manifest_free(m);
    }
    struct oc_manifest *m = parse_installed(
        "{" GOOD ", \"operations\": ["
        "{\"name\": \"a.a\", \"summary\": \"s\", \"method\": \"t/1\", \"flags\": [\"streams\"]},"
        "{\"name\": \"a.b\", \"summary\": \"a\\tb\", \"method\": \"t/1\","
        " \"description\": \"one\\r\\n\\ttwo\\u200f\"},"
        "{\"name\": \"a.c\", \"summary\": \"s\", \"method\": \"t/1\", \"view\": \"tree\"}]}");
    const json_t *list = json_object_get(m->json, "operations");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(oc_json_str(json_array_get(list, 0), "summary", ""), "a b");
    assert_string_equal(oc_json_str(json_array_get(list, 0), "description", ""), "one\n\ttwo");
    assert_int_equal(json_array_size(m->left_out), 2);
    is_left_out(m, 0, "a.a", "operations[0].flags[0]: expected one of mutates|");
    is_left_out(m, 1, "a.c", "operations[2].view: expected");
    oc_manifest_free(m);
}

/* They would be others than the plugin knows. */
static void a_value_is_not_cleaned(void **state)
{
    (void)state;
    struct oc_manifest *m = parse_installed(
        "{" GOOD ", \"operations\": [{\"name\": \"a.b\", \"summary\": \"s\", \"method\": \"t/1\","
        " \"params\": [{\"name\": \"p\", \"type\": \"enum\", \"help\": \"h\", \"choices\": "
        "\"a|b\\u202e\"}]}]}");
    assert_int_equal(json_array_size(json_object_get(m->json, "operations")), 0);
    is_left_out(m, 0, "a.b", "params[0].choices: holds a control character");
    oc_manifest_free(m);
}

/* Of a text that stays, the metrics stay text; the rest, and every mistake, is the same. */
static void a_kept_text_is_read_the_same(void **state)
{
    (void)state;
    static const char *const good[] = {
        "{" GOOD "}",
        "{" GOOD ", \"metrics\": []}",
        "{\"metrics\": [{\"name\": \"a.b\", \"type\": \"gauge\", \"help\": \"h\", \"labels\": "
        "[\"x\"]},"
        " {\"help\": \"\\\"q\\\"\", \"name\": \"a.c*\", \"type\": \"bool\"}], " GOOD "}",
        "{" GOOD ", \"metrics\": [{\"name\": \"a\", \"type\": \"gauge\", \"help\": \"\\u00e9\"}]}",
    };
    struct oc_error err;
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        struct oc_manifest *whole = parse(good[i], &err);
        struct oc_manifest *kept = oc_manifest_parse_kept(good[i], strlen(good[i]), "/p", &err);
        assert_non_null(whole);
        assert_non_null(kept);
        json_t *put_together = oc_manifest_whole(kept);
        assert_true(json_equal(put_together, whole->json));
        assert_string_equal(kept->name, whole->name);
        json_decref(put_together);
        oc_manifest_free(kept);
        oc_manifest_free(whole);
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        struct oc_error slow, quick;
        assert_null(parse(bad[i].text, &slow));
        oc_error_init(&quick);
        assert_null(oc_manifest_parse_kept(bad[i].text, strlen(bad[i].text), "/p", &quick));
        assert_string_equal(quick.message, slow.message);
        assert_string_equal(quick.hint, slow.hint);
    }
}

static void a_mistyped_key_gets_the_nearest_one_as_hint(void **state)
{
    (void)state;
    struct oc_error err;
    assert_null(parse("{" GOOD ", \"permisions\": []}", &err));
    assert_string_equal(err.hint, "Did you mean `permissions`?");
}

static void a_manifest_over_the_limit_is_refused_unread(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_init(&err);
    assert_null(oc_manifest_parse("", OC_MANIFEST_MAX + 1, "/", &err));
    assert_non_null(strstr(err.message, "over the limit"));
    assert_null(oc_manifest_parse("{", 1, "/", NULL)); /* err may be NULL */
}

static void a_folder_without_a_manifest_is_said(void **state)
{
    (void)state;
    struct oc_error err;
    oc_error_init(&err);
    assert_null(oc_manifest_load("/nonexistent", &err));
    assert_int_equal(err.code, OC_E_NOT_FOUND);
}

static void a_skill_has_a_text_and_needs_no_library(void **state)
{
    (void)state;
    static const char text[] = "{\"name\":\"s\",\"version\":\"1.0.0\",\"summary\":\"S\","
                               "\"kind\":\"skill\",\"keywords\":[\"git\"]}";
    struct oc_error err;
    char dir[] = "/tmp/oc-manifest-XXXXXX";
    assert_non_null(mkdtemp(dir));
    char *manifest = oc_path_join(dir, "plugin.json"), *skill = oc_path_join(dir, "SKILL.md");
    oc_error_init(&err);
    assert_int_equal(oc_file_write(manifest, text, strlen(text), 0644, &err), OC_OK);
    assert_null(oc_manifest_load(dir, &err)); /* there is no text yet */
    assert_string_equal(err.message, "plugin.json: a skill without SKILL.md beside it");
    assert_int_equal(oc_file_write(skill, "text", 4, 0644, &err), OC_OK);
    struct oc_manifest *m = oc_manifest_load(dir, &err);
    assert_non_null(m);
    assert_string_equal(m->kind, "skill");
    assert_null(m->library);
    json_t *instances = oc_manifest_expand(m, "s", NULL, &err);
    assert_int_equal(json_array_size(instances), 0);
    json_decref(instances);
    oc_manifest_free(m);
    unlink(manifest);
    unlink(skill);
    rmdir(dir);
    free(manifest);
    free(skill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_gives_its_fields),
        cmocka_unit_test(mistakes_are_told_with_their_key),
        cmocka_unit_test(an_installed_plugin_does_without_an_operation_that_is_wrong),
        cmocka_unit_test(a_value_is_not_cleaned),
        cmocka_unit_test(a_kept_text_is_read_the_same),
        cmocka_unit_test(a_mistyped_key_gets_the_nearest_one_as_hint),
        cmocka_unit_test(a_manifest_over_the_limit_is_refused_unread),
        cmocka_unit_test(a_folder_without_a_manifest_is_said),
        cmocka_unit_test(a_skill_has_a_text_and_needs_no_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
