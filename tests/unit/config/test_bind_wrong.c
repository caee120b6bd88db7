/* Tests of core/config/bind.c: every key is wrong. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include "core/config/bind.h"

struct target {
    const char *name, *url;
};

struct sample {
    int32_t on, level;
    int64_t count, few, wait, pause, size, big;
    double ratio;
    const char *text, *secret, *path, *url, *site, *needed, *named;
    struct oc_list words, numbers, headers, targets, single, to;
    struct {
        const char *user;
    } auth, group;
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
    {0},
};
static const struct oc_option user_options[] = {
    {.name = "user", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED},
    {0},
};

#define AT(member) .offset = offsetof(struct sample, member)
static const struct oc_option options[] = {
    {.name = "on", .type = OC_OPT_BOOL, AT(on)},
    {.name = "level", .type = OC_OPT_ENUM, AT(level), .choices = "info|warning|critical"},
    {.name = "count", .type = OC_OPT_INT, AT(count)},
    {.name = "few", .type = OC_OPT_INT, AT(few), .min = 1},
    {.name = "wait", .type = OC_OPT_DURATION, AT(wait)},
    {.name = "pause", .type = OC_OPT_DURATION, AT(pause), .min = 1000, .max = 3600000},
    {.name = "size", .type = OC_OPT_SIZE, AT(size)},
    {.name = "big", .type = OC_OPT_SIZE, AT(big), .max = 1048576},
    {.name = "ratio", .type = OC_OPT_FLOAT, AT(ratio), .min = 0, .max = 1},
    {.name = "text", .type = OC_OPT_STRING, AT(text)},
    {.name = "secret", .type = OC_OPT_SECRET, AT(secret)},
    {.name = "path", .type = OC_OPT_PATH, AT(path)},
    {.name = "url", .type = OC_OPT_URL, AT(url)},
    {.name = "site", .type = OC_OPT_URL, AT(site), .choices = "http|https"},
    {.name = "needed",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     AT(needed),
     .help = "what everything needs"},
    {.name = "named", .type = OC_OPT_STRING, .flags = OC_OPT_REQUIRED, AT(named)},
    {.name = "words", .type = OC_OPT_STRINGS, AT(words)},
    {.name = "numbers", .type = OC_OPT_INTS, AT(numbers)},
    {.name = "headers", .type = OC_OPT_MAP, AT(headers)},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     AT(targets),
     .item_size = sizeof(struct target),
     .options = target_options},
    {.name = "single",
     .type = OC_OPT_GROUPS,
     AT(single),
     .item_size = sizeof(struct target),
     .options = target_options},
    {.name = "to", .type = OC_OPT_STRINGS, .flags = OC_OPT_REQUIRED, AT(to)},
    {.name = "auth", .type = OC_OPT_GROUP, AT(auth), .options = user_options},
    {.name = "group", .type = OC_OPT_GROUP, AT(group), .options = user_options},
    {0},
};

static const char all_wrong[] = "on = \"yes\";\n"
                                "level = \"crtical\";\n"
                                "count = 1.5;\n"
                                "few = 0;\n"
                                "wait = 10;\n"
                                "pause = \"2h\";\n"
                                "size = \"10 apples\";\n"
                                "big = \"2MB\";\n"
                                "ratio = 1.5;\n"
                                "text = 42;\n"
                                "secret = 12345;\n"
                                "path = true;\n"
                                "url = \"localhost:80\";\n"
                                "site = \"ftp://me:hunter2@host/\";\n"
                                "named = \"\";\n"
                                "words = \"one\";\n"
                                "numbers = (1, \"two\", 3.5);\n"
                                "headers = { a = (1); b = \"fine\"; };\n"
                                "targets = ( { url = \"http://h:99999/\"; }, 5 );\n"
                                "single = { name = \"x\"; };\n"
                                "to = [];\n"
                                "auth = \"me\";\n"
                                "group = { };\n"
                                "cuont = 1;\n"
                                "utterly_strange = 1;\n";

/* Each line above has its own finding, line 17 and line 19 one for each wrong part. */
static const char all_findings[] =
    "t.conf:1: x.on: expected true or false, found the string \"yes\"\n"
    "t.conf:2: x.level: expected \"info\", \"warning\" or \"critical\", found the string "
    "\"crtical\"\n"
    "  Did you mean \"critical\"?\n"
    "t.conf:3: x.count: expected a whole number, found the number 1.5\n"
    "t.conf:4: x.few: expected a whole number of at least 1, found the number 0\n"
    "t.conf:5: x.wait: expected a duration such as \"10s\", found the number 10\n"
    "  Write the unit too: \"10s\" or \"10ms\".\n"
    "t.conf:6: x.pause: expected a duration from \"1s\" to \"1h\", found the string \"2h\"\n"
    "t.conf:7: x.size: expected a size such as \"10MB\", found the string \"10 apples\"\n"
    "t.conf:8: x.big: expected a size from 0 B to 1 MB, found the string \"2MB\"\n"
    "t.conf:9: x.ratio: expected a number from 0 to 1, found the number 1.5\n"
    "t.conf:10: x.text: expected a string, found the number 42\n"
    "  Write it in quotation marks: \"42\".\n"
    "t.conf:11: x.secret: expected a secret such as \"$env:NAME\", found a value of another type\n"
    "t.conf:12: x.path: expected a path, found true\n"
    "t.conf:13: x.url: expected a URL, found the string \"localhost:80\"\n"
    "t.conf:14: x.site: expected a URL that begins with http:// or https://, found the string "
    "\"ftp://********@host/\"\n"
    "t.conf:0: x.needed: this key is required\n"
    "  Add `needed` (string): what everything needs.\n"
    "t.conf:15: x.named: expected a string that is not empty, found the string \"\"\n"
    "t.conf:16: x.words: expected a list of strings, found the string \"one\"\n"
    "  Put it in brackets: [\"one\"].\n"
    "t.conf:17: x.numbers[1]: expected a whole number, found the string \"two\"\n"
    "t.conf:17: x.numbers[2]: expected a whole number, found the number 3.5\n"
    "t.conf:18: x.headers.a: expected a string, found a list\n"
    "t.conf:19: x.targets[0].name: this key is required\n"
    "  Add `name` (string): what it is called.\n"
    "t.conf:19: x.targets[0].url: expected a URL that begins with http:// or https://, found the "
    "string "
    "\"http://h:99999/\"\n"
    "t.conf:19: x.targets[1]: expected a group { ... }, found the number 5\n"
    "t.conf:20: x.single: expected a list of groups ( { ... } ), found a group\n"
    "  Put the group in brackets: ( { ... } ).\n"
    "t.conf:21: x.to: expected a list of strings that is not empty, found an empty list\n"
    "t.conf:22: x.auth: expected a group { ... }, found the string \"me\"\n"
    "t.conf:23: x.group.user: this key is required\n"
    "  Add `user` (string).\n"
    "t.conf:24: x.cuont: unknown key\n"
    "  Did you mean `count`?\n"
    "t.conf:25: x.utterly_strange: unknown key\n"
    "  Known here: on, level, count, few, wait, pause, size, big, ratio, text, secret, path, url, "
    "site, needed, "
    "named, words, numbers, headers, targets, single, to, auth, group.\n";

static void every_wrong_key_has_one_precise_finding(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct sample s = {0};

    size_t errors = oc_bind(options, sizeof options[0], must_parse(&arena, all_wrong), "x", NULL,
                            &s, sizeof s, &arena, &diags);
    assert_int_equal(errors, diags.list.count);
    assert_findings(&diags, all_findings);
    oc_arena_finish(&arena);
}

static void what_is_sound_is_used_all_the_same(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct sample s = {0};

    oc_bind(options, sizeof options[0], must_parse(&arena, all_wrong), "x", NULL, &s, sizeof s,
            &arena, &diags);
    assert_int_equal(s.numbers.count, 1);
    assert_int_equal(((const int64_t *)s.numbers.items)[0], 1);
    assert_int_equal(s.headers.count, 1);
    assert_string_equal(((const struct oc_pair *)s.headers.items)[0].value, "fine");
    assert_int_equal(s.targets.count, 1);
    assert_null(((const struct target *)s.targets.items)[0].url);
    assert_null(s.site);
    oc_diags_finish(&diags);
    oc_arena_finish(&arena);
}

static void a_long_wrong_value_is_cut_and_stays_on_its_line(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct sample s = {0};
    const struct oc_node *root = must_parse(
        &arena, "needed = \"x\"; named = \"x\"; to = [\"x\"]; level = \"a\\nb\\x1B[31m"
                "0123456789012345678901234567890123456789012345678901234567890123456789\";");
    oc_bind(options, sizeof options[0], root, "x", NULL, &s, sizeof s, &arena, &diags);
    assert_findings(
        &diags,
        "t.conf:1: x.level: expected \"info\", \"warning\" or \"critical\", found the string "
        "\"a\\nb\\x1B[31m01234567890123456789012345678901234567890123456789"
        "01\"...\n");
    oc_arena_finish(&arena);
}

static void a_group_that_is_no_group_is_one_finding(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    int64_t target = 0;
    static const struct oc_option one[] = {{.name = "a", .type = OC_OPT_INT, .default_text = "4"},
                                           {0}};
    const struct oc_node *root = must_parse(&arena, "\nstore = \"sqlite\";");

    assert_int_equal(oc_bind(one, sizeof one[0], oc_node_get(root, "store"), "store", NULL, &target,
                             sizeof target, &arena, &diags),
                     1);
    assert_int_equal(target, 4);
    assert_findings(&diags,
                    "t.conf:2: store: expected a group { ... }, found the string \"sqlite\"\n");
    oc_arena_finish(&arena);
}

static void the_query_of_a_wrong_url_is_not_shown(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    const char *target = NULL;
    static const struct oc_option one[] = {
        {.name = "url", .type = OC_OPT_URL, .choices = "http|https"}, {0}};
    const struct oc_node *root = must_parse(&arena, "url = \"htp://h/?token=hunter2\";");

    oc_bind(one, sizeof one[0], root, "x", NULL, &target, sizeof target, &arena, &diags);
    assert_findings(&diags,
                    "t.conf:1: x.url: expected a URL that begins with http:// or https://, found "
                    "another string, not shown: it may hold a secret\n");
    oc_arena_finish(&arena);
}

static void endless_lists_are_refused(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct oc_list target = {0};
    struct oc_buf text = {0};
    static const struct oc_option one[] = {{.name = "a", .type = OC_OPT_INTS}, {0}};

    oc_buf_adds(&text, "a = [");
    for (int i = 0; i < 20000; i++) {
        oc_buf_adds(&text, "1,");
    }
    oc_buf_adds(&text, "];");
    assert_int_equal(oc_bind(one, sizeof one[0], must_parse(&arena, text.data), "", NULL, &target,
                             sizeof target, &arena, &diags),
                     1);
    assert_int_equal(target.count, 0);
    assert_findings(&diags, "t.conf:1: a: more than 16384 items\n");
    oc_buf_finish(&text);
    oc_arena_finish(&arena);
}

/* As a parameter of an operation a list may be one text. */
static void endless_lists_in_one_text_are_refused(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_error err;
    struct oc_list target = {0};
    struct oc_buf text = {0};
    static const struct oc_option one[] = {{.name = "a", .type = OC_OPT_STRINGS}, {0}};

    for (int i = 0; i < 16384; i++) {
        oc_buf_addc(&text, ',');
    }
    json_t *params = json_pack("{s:s}", "a", text.data);
    assert_int_equal(oc_bind_json(one, params, &target, sizeof target, &arena, &err), OC_E_CONFIG);
    assert_string_equal(err.message, "a: more than 16384 items");
    json_object_set_new(params, "a", json_string(text.data + 1));
    assert_int_equal(oc_bind_json(one, params, &target, sizeof target, &arena, &err), 0);
    assert_int_equal(target.count, 16383);
    json_decref(params);
    oc_buf_finish(&text);
    oc_arena_finish(&arena);
}

/* The message says what is wanted; what is there may be a password. */
static void what_may_be_a_secret_is_in_no_finding(void **state)
{
    (void)state;
    struct oc_arena arena = {0};
    struct oc_diags diags = {0};
    struct {
        struct oc_list command;
        const char *body, *url;
    } target = {0};
    static const struct oc_option table[] = {
        {.name = "command", .type = OC_OPT_STRINGS, .flags = OC_OPT_SENSITIVE},
        {.name = "body", .type = OC_OPT_STRING, .flags = OC_OPT_SENSITIVE, .offset = 16},
        {.name = "url", .type = OC_OPT_URL, .offset = 24},
        {0}};
    const struct oc_node *root =
        must_parse(&arena, "command = [\"check_db\", \"-p\", 12345678];\nbody = 4711;\n"
                           "url = \"redis://:pa#ss@host\";\n");
    oc_bind(table, sizeof table[0], root, "", NULL, &target, sizeof target, &arena, &diags);
    assert_findings(&diags,
                    "t.conf:1: command[2]: expected a string, found a value of another type\n"
                    "  Write it in quotation marks.\n"
                    "t.conf:2: body: expected a string, found a value of another type\n"
                    "  Write it in quotation marks.\n"
                    "t.conf:3: url: expected a URL, found the string \"redis://********@host\"\n");
    diags = (struct oc_diags){0};
    root = must_parse(&arena, "command = \"hunter2\";");
    oc_bind(table, sizeof table[0], root, "", NULL, &target, sizeof target, &arena, &diags);
    assert_findings(&diags, "t.conf:1: command: expected a list of strings, found a string\n"
                            "  Put it in brackets: [ ... ].\n");
    oc_arena_finish(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_key_has_one_precise_finding),
        cmocka_unit_test(what_is_sound_is_used_all_the_same),
        cmocka_unit_test(a_long_wrong_value_is_cut_and_stays_on_its_line),
        cmocka_unit_test(a_group_that_is_no_group_is_one_finding),
        cmocka_unit_test(the_query_of_a_wrong_url_is_not_shown),
        cmocka_unit_test(endless_lists_are_refused),
        cmocka_unit_test(endless_lists_in_one_text_are_refused),
        cmocka_unit_test(what_may_be_a_secret_is_in_no_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
