/* Tests of core/config/bind.c and bind_scalar.c: what is written where. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include "core/config/bind.h"

struct target {
    const char *name, *url;
    struct oc_list codes;
};

struct sample {
    int32_t on, level;
    int64_t count, wait, size;
    double ratio;
    const char *text, *secret, *path, *url;
    struct oc_list words, numbers, headers, targets;
    struct {
        const char *user;
        int64_t port;
    } auth;
};

static const struct oc_option target_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct target, name),
     .help = "what it is called"},
    {.name = "url",
     .type = OC_OPT_URL,
     .offset = offsetof(struct target, url),
     .choices = "http|https"},
    {.name = "codes",
     .type = OC_OPT_INTS,
     .offset = offsetof(struct target, codes),
     .default_text = "[200]",
     .min = 100,
     .max = 599},
    {0},
};

static const struct oc_option auth_options[] = {
    {.name = "user", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED, .offset = 0},
    {.name = "port", .type = OC_OPT_INT, .offset = 8, .default_text = "22"},
    {0},
};

#define AT(member) .offset = offsetof(struct sample, member)
static const struct oc_option options[] = {
    {.name = "on", .type = OC_OPT_BOOL, AT(on), .default_text = "true"},
    {.name = "level",
     .type = OC_OPT_ENUM,
     AT(level),
     .choices = "info|warning|critical",
     .default_text = "warning"},
    {.name = "count", .type = OC_OPT_INT, AT(count), .default_text = "3", .min = 1, .max = 10},
    {.name = "wait",
     .type = OC_OPT_DURATION,
     AT(wait),
     .default_text = "10s",
     .min = 1000,
     .max = 3600000},
    {.name = "size", .type = OC_OPT_SIZE, AT(size), .default_text = "10MB"},
    {.name = "ratio", .type = OC_OPT_FLOAT, AT(ratio), .default_text = "0.5"},
    {.name = "text", .type = OC_OPT_STRING, AT(text), .default_text = "8080"},
    {.name = "secret", .type = OC_OPT_SECRET, AT(secret)},
    {.name = "path", .type = OC_OPT_PATH, AT(path)},
    {.name = "url", .type = OC_OPT_URL, AT(url)},
    {.name = "words", .type = OC_OPT_STRINGS, AT(words), .default_text = "[\"a\", \"b\"]"},
    {.name = "numbers", .type = OC_OPT_INTS, AT(numbers)},
    {.name = "headers", .type = OC_OPT_MAP, AT(headers)},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     AT(targets),
     .item_size = sizeof(struct target),
     .options = target_options},
    {.name = "auth", .type = OC_OPT_GROUP, AT(auth), .options = auth_options},
    {0},
};

struct bound {
    struct oc_arena arena;
    struct oc_diags diags;
    struct sample s;
    size_t errors;
};

static void bind_node(struct bound *b, const struct oc_node *group, const char *const *ignore)
{
    b->errors = oc_bind(options, sizeof options[0], group, "collectors[0]", ignore, &b->s,
                        sizeof b->s, &b->arena, &b->diags);
}

static void bind_text(struct bound *b, const char *text)
{
    bind_node(b, must_parse(&b->arena, text), NULL);
}

static void finish(struct bound *b, const char *expected)
{
    assert_int_equal(b->errors, oc_diags_errors(&b->diags));
    assert_findings(&b->diags, expected);
    oc_arena_finish(&b->arena);
}

static const char *word(const struct oc_list *list, size_t i)
{
    return ((const char *const *)list->items)[i];
}

/* ---- good values ---- */

static void without_a_group_everything_has_its_default(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    bind_node(&b, NULL, NULL);

    assert_int_equal(b.s.on, 1);
    assert_int_equal(b.s.level, 1);
    assert_int_equal(b.s.count, 3);
    assert_int_equal(b.s.wait, 10000);
    assert_int_equal(b.s.size, 10 << 20);
    assert_true(b.s.ratio == 0.5);
    assert_string_equal(b.s.text, "8080"); /* a default may be a bare word */
    assert_null(b.s.secret);
    assert_null(b.s.path);
    assert_int_equal(b.s.words.count, 2);
    assert_string_equal(word(&b.s.words, 1), "b");
    assert_int_equal(b.s.numbers.count, 0);
    assert_int_equal(b.s.targets.count, 0);
    assert_null(b.s.auth.user); /* required only inside a group that is there */
    assert_int_equal(b.s.auth.port, 22);
    finish(&b, "");
}

/* A configuration that is read again: the memory of before is gone by then. */
static void what_is_not_there_any_more_is_empty(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    bind_text(&b,
              "path = \"/x\"; numbers = [1, 2]; targets = ( { name = \"a\"; } ); auth = { user = "
              "\"u\"; };");
    assert_int_equal(b.s.targets.count, 1);
    bind_node(&b, NULL, NULL);
    assert_null(b.s.path);
    assert_int_equal(b.s.numbers.count, 0);
    assert_int_equal(b.s.targets.count, 0);
    assert_null(b.s.targets.items);
    assert_null(b.s.auth.user);
    finish(&b, "");
}

static void every_type_is_written(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    bind_text(
        &b,
        "on = false; level = \"critical\"; count = 10; wait = \"1m30s\"; size = \"64KB\";\n"
        "ratio = 2; text = \"x\"; secret = \"s3\"; path = \"data/x\"; url = \"redis://h:6379/0\";\n"
        "words = (\"one\"); numbers = (200, 201); headers = { X-A = \"1\"; Retry = 5; Go = true; "
        "};\n"
        "targets = ( { name = \"a\"; url = \"http://h/\"; }, { name = \"b\"; codes = [301, 302]; } "
        ");\n"
        "auth = { user = \"me\"; };");

    assert_int_equal(b.s.on, 0);
    assert_int_equal(b.s.level, 2);
    assert_int_equal(b.s.count, 10);
    assert_int_equal(b.s.wait, 90000);
    assert_int_equal(b.s.size, 65536);
    assert_true(b.s.ratio == 2.0);
    assert_string_equal(b.s.secret, "s3");
    assert_string_equal(b.s.path, "/etc/t/data/x");
    assert_string_equal(b.s.url, "redis://h:6379/0");
    assert_int_equal(((const int64_t *)b.s.numbers.items)[1], 201);

    const struct oc_pair *pairs = b.s.headers.items;
    assert_int_equal(b.s.headers.count, 3);
    assert_string_equal(pairs[0].name, "X-A");
    assert_string_equal(pairs[1].value, "5");
    assert_string_equal(pairs[2].value, "true");

    const struct target *targets = b.s.targets.items;
    assert_int_equal(b.s.targets.count, 2);
    assert_string_equal(targets[0].url, "http://h/");
    assert_int_equal(((const int64_t *)targets[0].codes.items)[0], 200);
    assert_string_equal(targets[1].name, "b");
    assert_int_equal(targets[1].codes.count, 2);
    assert_string_equal(b.s.auth.user, "me");
    assert_int_equal(b.s.auth.port, 22);
    finish(&b, "");
}

static void sizes_and_durations_may_be_plain_numbers_where_that_is_clear(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    bind_text(&b, "size = 4096;");
    assert_int_equal(b.s.size, 4096);
    finish(&b, "");
}

static void paths_follow_the_file_the_home_and_the_root(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    setenv("HOME", "/home/me", 1);
    bind_text(&b, "path = \"~/x\";");
    assert_string_equal(b.s.path, "/home/me/x");
    finish(&b, "");
    b = (struct bound){.errors = 9};
    bind_text(&b, "path = \"/var/x\";");
    assert_string_equal(b.s.path, "/var/x");
    finish(&b, "");
    b = (struct bound){.errors = 9};
    bind_text(&b, "path = \"\";");
    assert_null(b.s.path);
    finish(&b, "");
}

static void keys_of_someone_else_are_ignored(void **state)
{
    (void)state;
    struct bound b = {.errors = 9};
    static const char *const ignore[] = {"plugin", "interval", NULL};
    bind_node(&b, must_parse(&b.arena, "plugin = \"x\"; interval = 5; intervall = 6;"), ignore);
    finish(&b, "t.conf:1: collectors[0].intervall: unknown key\n"
               "  Did you mean `interval`?\n");

    static const char *const all[] = {"*", NULL};
    b = (struct bound){.errors = 9};
    bind_node(&b, must_parse(&b.arena, "anything = 1; count = 4;"), all);
    assert_int_equal(b.s.count, 4);
    finish(&b, "");
}

static void a_table_of_a_newer_plugin_has_longer_rows(void **state)
{
    (void)state;
    struct {
        struct oc_option option;
        double extra[3];
    } newer[] = {{.option = {.name = "a", .type = OC_OPT_INT, .offset = 0, .default_text = "1"}},
                 {.option = {.name = "b", .type = OC_OPT_INT, .offset = 8, .default_text = "2"}},
                 {.option = {0}}};
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    int64_t target[2] = {0, 0};

    assert_int_equal(oc_bind(&newer[0].option, sizeof newer[0], must_parse(&arena, "b = 7;"), "x",
                             NULL, target, sizeof target, &arena, &diags),
                     0);
    assert_int_equal(target[0], 1);
    assert_int_equal(target[1], 7);
    oc_arena_finish(&arena);
    oc_diags_finish(&diags);
}

static void an_option_outside_the_struct_is_never_written(void **state)
{
    (void)state;
    static const struct oc_option wrong[] = {
        {.name = "a", .type = OC_OPT_INT, .offset = 4, .default_text = "1"},
        {.name = "b", .type = 99, .offset = 0},
        {0}};
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    int32_t target[2] = {-1, -1};

    assert_int_equal(
        oc_bind(wrong, sizeof wrong[0], NULL, "x", NULL, target, sizeof target, &arena, &diags), 2);
    assert_int_equal(target[1], -1);
    assert_findings(&diags, "-:0: x.a: the option table of the program is wrong here\n"
                            "-:0: x.b: the option table of the program is wrong here\n");
    oc_arena_finish(&arena);
}

/* ---- flags, the environment and parameters ---- */

static struct oc_node *flag_node(struct bound *b, const char *key, const char *text)
{
    struct oc_parse_from from = {
        .file = "flag --set", .layer = OC_LAYER_FLAG, .includes = OC_INCLUDES_REFUSE};
    struct oc_node *group = oc_arena_alloc(&b->arena, sizeof *group);
    group->type = OC_NODE_GROUP;
    group->children = oc_arena_alloc(&b->arena, sizeof(struct oc_node *));
    group->children[0] = oc_config_value(&b->arena, key, text, &from, NULL);
    group->count = 1;
    return group;
}

static void bind_flag(struct bound *b, const char *key, const char *text)
{
    *b = (struct bound){.errors = 9};
    bind_node(b, flag_node(b, key, text), NULL);
}

static void a_flag_takes_the_type_that_is_wanted(void **state)
{
    (void)state;
    struct bound b;
    bind_flag(&b, "text", "42");
    assert_string_equal(b.s.text, "42");
    finish(&b, "");
    bind_flag(&b, "text", "007");
    assert_string_equal(b.s.text, "007");
    finish(&b, "");
    bind_flag(&b, "count", "007");
    assert_int_equal(b.s.count, 7);
    finish(&b, "");
    bind_flag(&b, "ratio", "1.50");
    assert_true(b.s.ratio == 1.5);
    finish(&b, "");
    bind_flag(&b, "on", "no");
    assert_int_equal(b.s.on, 0);
    finish(&b, "");
    bind_flag(&b, "on", "1");
    assert_int_equal(b.s.on, 1);
    finish(&b, "");
    bind_flag(&b, "words", "x,y,z");
    assert_int_equal(b.s.words.count, 3);
    assert_string_equal(word(&b.s.words, 2), "z");
    finish(&b, "");
    bind_flag(&b, "numbers", "200,204");
    assert_int_equal(((const int64_t *)b.s.numbers.items)[1], 204);
    finish(&b, "");
}

static void a_flag_is_checked_all_the_same(void **state)
{
    (void)state;
    struct bound b;
    bind_flag(&b, "wait", "10");
    finish(&b, "flag --set:0: collectors[0].wait: expected a duration from \"1s\" to \"1h\", found "
               "the number 10\n"
               "  Write the unit too: \"10s\" or \"10ms\".\n");
    bind_flag(&b, "count", "many");
    finish(&b, "flag --set:0: collectors[0].count: expected a whole number from 1 to 10, found the "
               "string \"many\"\n");
    bind_flag(&b, "numbers", "200,x");
    assert_int_equal(b.s.numbers.count, 1);
    finish(&b, "flag --set:0: collectors[0].numbers[1]: expected a whole number, found the string "
               "\"x\"\n");
}

static int bind_params(const char *json, struct sample *s, struct oc_arena *arena,
                       struct oc_error *err)
{
    json_t *object = oc_json_parse(json, strlen(json), NULL);
    oc_error_init(err);
    int rc = oc_bind_json(options, object, s, sizeof *s, arena, err);
    json_decref(object);
    return rc;
}

static void parameters_are_bound_from_json(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_error err;
    struct sample s = {0};

    assert_int_equal(bind_params("{\"count\":5,\"words\":[\"x\"],\"wait\":\"2s\",\"text\":null,"
                                 "\"auth\":{\"user\":\"u\"}}",
                                 &s, &arena, &err),
                     0);
    assert_int_equal(s.count, 5);
    assert_int_equal(s.wait, 2000);
    assert_string_equal(s.text, "8080");
    assert_string_equal(s.auth.user, "u");
    assert_int_equal(oc_bind_json(options, NULL, &s, sizeof s, &arena, &err), 0);
    assert_int_equal(s.count, 3);
    oc_arena_finish(&arena);
}

static void the_first_wrong_parameter_is_the_error(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_error err;
    struct sample s = {0};

    assert_int_equal(bind_params("{\"count\":11,\"words\":5.5,\"cuont\":1}", &s, &arena, &err),
                     OC_E_CONFIG);
    assert_string_equal(err.message,
                        "count: expected a whole number from 1 to 10, found the number 11");
    assert_int_equal(bind_params("{\"cuont\":1}", &s, &arena, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "cuont: unknown key");
    assert_string_equal(err.hint, "Did you mean `count`?");
    assert_int_equal(bind_params("[1]", &s, &arena, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "expected a group { ... }, found a list");
    oc_arena_finish(&arena);
}

static void a_secret_parameter_names_no_file_and_no_variable(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_error err;
    struct sample s = {0};

    assert_int_equal(bind_params("{\"secret\":\"$file:/etc/passwd\"}", &s, &arena, &err), 0);
    assert_string_equal(s.secret, "$file:/etc/passwd");
    assert_int_equal(bind_params("{\"secret\":\"$env:HOME\"}", &s, &arena, &err), 0);
    assert_string_equal(s.secret, "$env:HOME");
    oc_arena_finish(&arena);
}

static void a_text_that_holds_json_may_be_the_object_itself(void **state)
{
    static const struct oc_option table[] = {
        {.name = "params", .type = OC_OPT_STRING, .choices = "json"},
        {.name = "plain", .type = OC_OPT_STRING, .offset = sizeof(char *)},
        {0}};
    static const char *const given[] = {
        "{\"params\":{\"b\":[1,{\"c\":null}],\"a\":\"x\"}}",
        "{\"params\":\"{\\\"a\\\":\\\"x\\\",\\\"b\\\":[1,{\\\"c\\\":null}]}\"}"};
    struct {
        const char *params, *plain;
    } s;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(given); i++) {
        struct oc_arena arena = {0};
        json_t *object = json_loads(given[i], 0, NULL);
        assert_int_equal(oc_bind_json(table, object, &s, sizeof s, &arena, NULL), 0);
        assert_string_equal(s.params, "{\"a\":\"x\",\"b\":[1,{\"c\":null}]}");
        assert_true(json_is_object(object)); /* what was given is as it was */
        assert_int_equal(json_is_object(json_object_get(object, "params")), i == 0);
        json_decref(object);
        oc_arena_finish(&arena);
    }
    struct oc_arena arena = {0};
    json_t *list = json_pack("{s:[]}", "params"), *other = json_pack("{s:{}}", "plain");
    assert_int_equal(oc_bind_json(table, list, &s, sizeof s, &arena, NULL), OC_E_CONFIG);
    assert_int_equal(oc_bind_json(table, other, &s, sizeof s, &arena, NULL), OC_E_CONFIG);
    json_decref(list);
    json_decref(other);
    oc_arena_finish(&arena);
    json_t *schema = oc_options_schema(table, sizeof *table);
    const json_t *either = oc_json_path(schema, "properties.params.anyOf");
    assert_int_equal(json_array_size(either), 2);
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_group_everything_has_its_default),
        cmocka_unit_test(every_type_is_written),
        cmocka_unit_test(sizes_and_durations_may_be_plain_numbers_where_that_is_clear),
        cmocka_unit_test(paths_follow_the_file_the_home_and_the_root),
        cmocka_unit_test(keys_of_someone_else_are_ignored),
        cmocka_unit_test(a_table_of_a_newer_plugin_has_longer_rows),
        cmocka_unit_test(an_option_outside_the_struct_is_never_written),
        cmocka_unit_test(a_flag_takes_the_type_that_is_wanted),
        cmocka_unit_test(a_flag_is_checked_all_the_same),
        cmocka_unit_test(what_is_not_there_any_more_is_empty),
        cmocka_unit_test(parameters_are_bound_from_json),
        cmocka_unit_test(the_first_wrong_parameter_is_the_error),
        cmocka_unit_test(a_secret_parameter_names_no_file_and_no_variable),
        cmocka_unit_test(a_text_that_holds_json_may_be_the_object_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
