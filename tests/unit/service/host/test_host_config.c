/* The operations over the configuration, and what they hide. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

#include <libgen.h>

static char *masked(const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    const struct oc_masking m = {.all = true};
    json_t *hidden = oc_mask_config(&m, value);
    char *text = oc_json_text(hidden);
    json_decref(hidden);
    json_decref(value);
    return text;
}

static void secrets_are_hidden_by_their_key_and_references_stay(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"password\":\"x\"}", "{\"password\":\"********\"}"},
        {"{\"a\":{\"api_key\":\"x\"}}", "{\"a\":{\"api_key\":\"********\"}}"},
        {"[{\"Authorization\":\"Bearer x\"}]", "[{\"Authorization\":\"********\"}]"},
        {"{\"tokens\":[\"x\",\"y\"]}", "{\"tokens\":[\"********\",\"********\"]}"},
        {"{\"password\":\"$env:DB\"}", "{\"password\":\"$env:DB\"}"},
        {"{\"secret\":\"$file:/run/s\"}", "{\"secret\":\"$file:/run/s\"}"},
        {"{\"password\":\"\"}", "{\"password\":\"\"}"},
        {"{\"user\":\"x\",\"port\":1}", "{\"port\":1,\"user\":\"x\"}"},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *text = masked(cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static void a_password_inside_a_url_is_hidden_whole(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"redis://me:pw@host/0\"", "\"redis://me:********@host/0\""},
        {"\"redis://me:p@w@host\"", "\"redis://me:********@host\""},
        {"\"redis://me:p/w@host\"", "\"redis://me:********@host\""},
        {"\"redis://:pw@host\"", "\"redis://:********@host\""},
        {"\"http://host:80/path\"", "\"http://host:80/path\""},
        {"\"me@host\"", "\"me@host\""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *text = masked(cases[i][0]);
        assert_string_equal(text, cases[i][1]);
        free(text);
    }
}

static const char example[] =
    "store = {retention = \"7d\";};\n"
    "collectors = ({plugin = \"redis\"; url = \"redis://a:b@h\"; password = \"hunter2\";"
    " tokens = [\"one\"];});\n";

static void show_hides_secrets_in_the_text_and_in_the_tree(void **state)
{
    (void)state;
    configure(example);
    const json_t *o = stage_ask(&w.s, "config.show", NULL);
    assert_null(strstr(oc_json_str(o, "text", ""), "hunter2"));
    assert_non_null(strstr(oc_json_str(o, "text", ""), "retention = \"7d\""));
    assert_string_equal(json_string_value(oc_json_path(o, "config.collectors[0].password")),
                        "********");
    assert_string_equal(oc_json_str(o, "file", ""), w.file);
    o = stage_ask(&w.s, "config.show", "{\"key\": \"store\"}");
    assert_null(strstr(oc_json_str(o, "text", ""), "collectors"));
    assert_int_equal(stage_refused(&w.s, "config.show", "{\"key\": \"sotre\"}"), OC_E_NOT_FOUND);
}

static const char *get(const char *key)
{
    char params[128];
    snprintf(params, sizeof params, "{\"key\": \"%s\"}", key);
    return oc_json_str(stage_ask(&w.s, "config.get", params), "text", "");
}

static void get_gives_one_value_or_its_default(void **state)
{
    (void)state;
    configure(example);
    assert_string_equal(get("store.retention"), "7d");
    configure("");
    assert_string_equal(get("store.retention"), "30d");
    assert_int_equal(stage_refused(&w.s, "config.get", "{\"key\": \"store.nothing\"}"),
                     OC_E_NOT_FOUND);
    assert_int_equal(stage_refused(&w.s, "config.get", "{}"), OC_E_CONFIG);
}

static void keys_are_listed_by_their_beginnings(void **state)
{
    (void)state;
    configure("");
    json_t *row = json_array_get(stage_ask(&w.s, "config.keys", "{\"key\": \"store.ret\"}"), 0);
    assert_string_equal(oc_json_str(row, "key", ""), "store.retention");
    assert_string_equal(oc_json_str(row, "default", ""), "30d");
    assert_int_equal(stage_refused(&w.s, "config.keys", "{\"key\": \"nothing\"}"), OC_E_NOT_FOUND);
}

static void a_single_secret_is_hidden_like_all_of_them(void **state)
{
    (void)state;
    configure(example);
    assert_string_equal(get("collectors[0].password"), "********");
    assert_string_equal(get("collectors[0].tokens[0]"), "********");
    assert_string_equal(get("collectors.redis.url"), "redis://a:********@h");
}

static void explain_names_the_layer_and_hides_secrets(void **state)
{
    (void)state;
    configure(example);
    const json_t *rows = stage_ask(&w.s, "config.explain", "{\"key\": \"store.retention\"}");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "value", ""), "7d");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "file", ""), w.file);
    assert_int_equal(oc_json_int(json_array_get(rows, 0), "line", 0), 1);
    rows = stage_ask(&w.s, "config.explain", "{\"key\": \"collectors[0].password\"}");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "value", ""), "********");
    configure("");
    rows = stage_ask(&w.s, "config.explain", "{\"key\": \"store.retention\"}");
    assert_string_equal(oc_json_str(json_array_get(rows, 0), "layer", ""), "default");
    assert_int_equal(stage_refused(&w.s, "config.explain", "{\"key\": \"x.y\"}"), OC_E_NOT_FOUND);
}

static char *file_text(void)
{
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(w.file, 4096, &text, NULL), OC_OK);
    return oc_buf_take(&text);
}

static void set_checks_the_new_text_and_then_replaces_the_file(void **state)
{
    (void)state;
    configure("# mine\nstore = {retention = \"7d\";};\n");
    stage_ask(&w.s, "config.set", "{\"key\": \"store.retention\", \"value\": \"9d\"}");
    assert_string_equal(w.checked, w.file);
    assert_string_equal(w.checked_text, "# mine\nstore = {retention = \"9d\";};\n");
    assert_string_equal(w.s.warning, "");
    char *text = file_text();
    assert_string_equal(text, "# mine\nstore = {retention = \"9d\";};\n");
    free(text);
}

static void set_does_not_say_a_secret_back(void **state)
{
    static const struct {
        const char *key, *value, *shown;
    } cases[] = {
        {"alerts.channels[hook].secret", "new", "********"},
        {"alerts.channels[hook].secret", "$env:HOOK", "$env:HOOK"},
        {"alerts.channels[hook].url", "https://u:new@example.org/", NULL},
        {"alerts.cooldown", "10m", "10m"},
        {"alerts.max_open", "5", "5"},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        configure("alerts = {cooldown = \"5m\"; max_open = 4;\n"
                  " channels = ({name = \"hook\"; secret = \"old\"; url = \"https://x\";});};\n");
        json_t *params = json_pack("{s:s, s:s}", "key", cases[i].key, "value", cases[i].value);
        char *words = json_dumps(params, 0);
        const char *said = oc_json_str(stage_ask(&w.s, "config.set", words), "value", "");
        if (cases[i].shown) {
            assert_string_equal(said, cases[i].shown);
        }
        assert_null(strstr(said, "new"));
        free(words);
        json_decref(params);
    }
}

static void set_refuses_what_the_validator_refuses_and_says_why(void **state)
{
    (void)state;
    configure("store = {retention = \"7d\";};\n");
    json_decref(w.findings);
    w.findings =
        json_pack("{s:i, s:[{s:b, s:s, s:s, s:s}, {s:b, s:s, s:s, s:s}]}", "errors", 1, "findings",
                  "warning", 1, "key", "a", "message", "mild", "hint", "", "warning", 0, "key",
                  "store.retention", "message", "too short", "hint", "Write 30d.");
    assert_int_equal(
        stage_refused(&w.s, "config.set", "{\"key\": \"store.retention\", \"value\": \"1s\"}"),
        OC_E_CONFIG);
    assert_non_null(strstr(w.s.error.message, "store.retention: too short"));
    assert_string_equal(w.s.error.hint, "Write 30d.");
    json_decref(w.findings);
    w.findings = NULL;
    assert_int_equal(
        stage_refused(&w.s, "config.set", "{\"key\": \"store.retention\", \"value\": \"2d\"}"),
        OC_E_TIMEOUT);
    char *text = file_text();
    assert_string_equal(text, "store = {retention = \"7d\";};\n");
    free(text);
}

static json_t *errors(const char *key, const char *message, const char *other_key)
{
    json_t *o = json_pack("{s:i, s:[{s:b, s:s, s:s, s:s}]}", "errors", 1, "findings", "warning", 0,
                          "key", key, "message", message, "hint", "");
    if (other_key) {
        json_array_append_new(json_object_get(o, "findings"),
                              json_pack("{s:b, s:s, s:s, s:s}", "warning", 0, "key", other_key,
                                        "message", "too short", "hint", ""));
        json_object_set_new(o, "errors", json_integer(2));
    }
    return o;
}

/* As a string, then as a number: the sanitizer tells when the first of the two values is left behind. */
static void a_number_in_place_of_a_string_is_checked_as_both(void **state)
{
    (void)state;
    configure("store = {retention = \"7\";};\n");
    json_decref(w.findings);
    w.findings = errors("store.retention", "too short", NULL);
    assert_int_equal(
        stage_refused(&w.s, "config.set", "{\"key\": \"store.retention\", \"value\": \"9\"}"),
        OC_E_CONFIG);
    assert_string_equal(w.checked_text, "store = {retention = 9;};\n");
}

static void what_was_wrong_before_is_not_in_the_way(void **state)
{
    (void)state;
    static const char nine[] = "{\"key\": \"store.retention\", \"value\": \"9d\"}";
    configure("store = {retention = \"7d\";};\n");
    json_decref(w.findings);
    w.old_findings = errors("collectors[3].interval", "twin of line 12", NULL);
    w.findings = errors("collectors[2].interval", "twin of line 9", NULL);
    stage_ask(&w.s, "config.set", nine);
    assert_non_null(strstr(w.s.warning, "still has 1"));
    json_decref(w.findings);
    configure("store = {retention = \"7d\";};\n");
    w.findings = errors("collectors[2].interval", "twin of line 9", "store.retention");
    assert_int_equal(stage_refused(&w.s, "config.set", nine), OC_E_CONFIG);
    assert_string_equal(w.s.error.message, "store.retention: too short");
    json_decref(w.findings); /* the same once more is another */
    w.findings = errors("collectors[2].interval", "twin of line 9", NULL);
    json_array_append(json_object_get(w.findings, "findings"),
                      json_array_get(json_object_get(w.findings, "findings"), 0));
    assert_int_equal(stage_refused(&w.s, "config.set", nine), OC_E_CONFIG);
}

static void set_says_what_goes_above_the_file(void **state)
{
    (void)state;
    static const char day[] = "\nstore = {retention = \"1d\";};\n";
    char folder[128], above[160];
    snprintf(folder, sizeof folder, "%s/conf.d", w.s.home);
    snprintf(above, sizeof above, "%s/z.conf", folder);
    assert_int_equal(oc_dir_make(folder, 0700, NULL), OC_OK);
    assert_int_equal(oc_file_write(above, day, strlen(day), 0600, NULL), OC_OK);
    configure("store = {retention = \"7d\";};\n");
    stage_ask(&w.s, "config.set", "{\"key\": \"store.retention\", \"value\": \"9d\"}");
    assert_non_null(strstr(w.s.warning, "store.retention is set by "));
    assert_non_null(strstr(w.s.warning, "conf.d/z.conf:2, too"));
    stage_ask(&w.s, "config.set", "{\"key\": \"store.max_series\", \"value\": \"900\"}");
    assert_string_equal(w.s.warning, "");
    unlink(above);
    rmdir(folder);
}

static void set_makes_the_first_file_when_it_is_sound(void **state)
{
    (void)state;
    static const char seven[] = "{\"key\": \"store.retention\", \"value\": \"7d\"}";
    json_t *sound = w.findings;
    unlink(w.file);
    w.findings = errors("store.retention", "too short", NULL);
    assert_int_equal(stage_refused(&w.s, "config.set", seven), OC_E_CONFIG);
    assert_false(oc_file_exists(w.file));
    json_decref(w.findings);
    w.findings = sound;
    stage_ask(&w.s, "config.set", seven);
    char *text = file_text();
    assert_string_equal(text, "store = {\n    retention = \"7d\";\n};\n");
    free(text);
}

static void what_was_set_is_not_told_to_the_audit_trail(void **state)
{
    (void)state;
    stage_ask(&w.s, "config.set", "{\"key\": \"plugins.shop.greeting\", \"value\": \"hunter2\"}");
    const json_t *audit = stage_last(&w.s, "audit");
    assert_string_equal(oc_json_str(audit, "op", ""), "config.set");
    assert_string_equal(json_string_value(oc_json_path(audit, "params.key")),
                        "plugins.shop.greeting");
    assert_string_equal(json_string_value(oc_json_path(audit, "params.value")), "********");
    static const char *const own[] = {"host.name", "ledger.keep", "cost.time_zone",
                                      "governance.category", "policies.dir"};
    for (size_t i = 0; i < OC_COUNT(own); i++) { /* what the host itself is told is no secret */
        char params[128];
        snprintf(params, sizeof params, "{\"key\": \"%s\", \"value\": \"kiosk\"}", own[i]);
        stage_ask(&w.s, "config.set", params);
        audit = stage_last(&w.s, "audit");
        assert_string_equal(json_string_value(oc_json_path(audit, "params.value")), "kiosk");
    }
}

static void reset_takes_the_value_out(void **state)
{
    (void)state;
    configure("store = {retention = \"7d\"; max_series = 100;};\n");
    stage_ask(&w.s, "config.reset", "{\"key\": \"store.retention\"}");
    char *text = file_text();
    assert_null(strstr(text, "retention"));
    assert_non_null(strstr(text, "max_series"));
    free(text);
}

static void validate_checks_the_file_given_or_the_one_in_use(void **state)
{
    (void)state;
    stage_ask(&w.s, "config.validate", NULL);
    assert_string_equal(w.checked, w.file);
    stage_ask(&w.s, "config.validate", "{\"file\": \"/etc/other.conf\"}");
    assert_string_equal(w.checked, "/etc/other.conf");
}

static void an_import_does_not_replace_a_file_unless_told_to(void **state)
{
    (void)state;
    char source[96], params[400];
    snprintf(source, sizeof source, "%s/openclaw.json", w.s.home);
    assert_int_equal(oc_file_write(source, "{\"agents\": []}", 14, 0600, NULL), OC_OK);
    snprintf(params, sizeof params, "{\"file\": \"%s\", \"output\": \"%s\"}", source, w.file);
    assert_int_equal(stage_refused(&w.s, "config.import", params), OC_E_CONFLICT);
    assert_int_equal(stage_refused(&w.s, "config.import", "{\"file\": \"/nowhere\"}"),
                     OC_E_NOT_FOUND);
    unlink(source);
}

static void an_import_makes_the_folder_that_it_goes_to(void **state)
{
    (void)state;
    char source[96], output[128], params[400];
    snprintf(source, sizeof source, "%s/openclaw.json", w.s.home);
    snprintf(output, sizeof output, "%s/conf.d/imported.conf", w.s.home);
    assert_int_equal(oc_file_write(source, "{\"agents\": []}", 14, 0600, NULL), OC_OK);
    snprintf(params, sizeof params, "{\"file\": \"%s\", \"output\": \"%s\"}", source, output);
    stage_ask(&w.s, "config.import", params);
    assert_int_equal(unlink(output), 0);
    assert_int_equal(rmdir(dirname(output)), 0);
    unlink(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(secrets_are_hidden_by_their_key_and_references_stay),
        TEST(a_password_inside_a_url_is_hidden_whole),
        TEST(show_hides_secrets_in_the_text_and_in_the_tree),
        TEST(get_gives_one_value_or_its_default),
        TEST(keys_are_listed_by_their_beginnings),
        TEST(a_single_secret_is_hidden_like_all_of_them),
        TEST(explain_names_the_layer_and_hides_secrets),
        TEST(set_checks_the_new_text_and_then_replaces_the_file),
        TEST(a_number_in_place_of_a_string_is_checked_as_both),
        TEST(what_was_wrong_before_is_not_in_the_way),
        TEST(set_says_what_goes_above_the_file),
        TEST(set_makes_the_first_file_when_it_is_sound),
        TEST(set_does_not_say_a_secret_back),
        TEST(set_refuses_what_the_validator_refuses_and_says_why),
        TEST(what_was_set_is_not_told_to_the_audit_trail),
        TEST(reset_takes_the_value_out),
        TEST(validate_checks_the_file_given_or_the_one_in_use),
        TEST(an_import_does_not_replace_a_file_unless_told_to),
        TEST(an_import_makes_the_folder_that_it_goes_to),
    };
    return cmocka_run_group_tests_name("host config", tests, NULL, NULL);
}
