/* Secrets inside URLs and connection strings are not shown. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

static void check(const char *text, bool path_too, const char *expected)
{
    char *shown = oc_mask_text(text, path_too);
    assert_string_equal(shown, expected);
    free(shown);
}

static void a_password_in_a_connection_string_is_hidden(void **state)
{
    (void)state;
    check("host=x password=SECRET", false, "host=x password=********");
    check("password=SECRET host=x", false, "password=******** host=x");
    check("host=x password = 'S E\\'C' port=1", false, "host=x password = ******** port=1");
    check("host=x password=\"S E\" port=1", false, "host=x password=******** port=1");
    check("host=x password=a\\ b user=u", false, "host=x password=******** user=u");
    check("sslpassword=a&b;c PASSWORD=D", false, "sslpassword=******** PASSWORD=********");
    check("password='never closed", false, "password=********");
    check("host=x password=", false, "host=x password=");
    check("host=x user=u dbname=d", false, "host=x user=u dbname=d");
    check("plain words", false, "plain words");
    check("", false, "");
}

static void secret_parameters_of_a_query_are_hidden(void **state)
{
    (void)state;
    static const char *const names[] = {"api_key", "token",        "key",      "secret",
                                        "sig",     "access_token", "password", "X-Amz-Signature"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        char *text = oc_asprintf("https://h:1/p?a=1&%s=SECRET&b=2#f", names[i]);
        char *expected = oc_asprintf("https://h:1/p?a=1&%s=********&b=2#f", names[i]);
        check(text, false, expected);
        free(expected);
        free(text);
    }
    check("http://h/p?keys=1&monkey=2", false, "http://h/p?keys=1&monkey=2");
    check("postgres://u:SECRET@h/d?password=SECRET", false,
          "postgres://u:********@h/d?password=********");
}

static void a_webhook_shows_its_host_only(void **state)
{
    (void)state;
    check("https://hooks.slack.com/services/T0/B0/SECRET", true,
          "https://hooks.slack.com/********");
    check("HTTP://u:SECRET@h:8080?t=SECRET", true, "HTTP://********@h:8080/********");
    check("https://h/", true, "https://h/");
    check("https://h", true, "https://h");
    check("smtp://u:SECRET@h/p", true, "smtp://u:********@h/p");
    check("#ops", true, "#ops");
}

static const char example[] =
    "alerts = {channels = ({name = \"chat\"; plugin = \"slack\";"
    " url = \"https://hooks.slack.com/services/SECRET\";});};\n"
    "collectors = ({plugin = \"postgres\"; name = \"db\"; url = \"host=x password=SECRET\";},"
    " {plugin = \"http\"; name = \"web\"; url = \"http://h/path?token=SECRET\";});\n";

static void no_view_of_the_configuration_shows_them(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "alerts",         "alerts.channels",   "alerts.channels[0]",   "alerts.channels[0].url",
        "collectors",     "collectors[0].url", "collectors.db.url",    "collectors[1]",
        "collectors.web", "collectors[1].url", "alerts.channels.chat", "alerts.channels.chat.url"};
    static const char *const ops[] = {"config.show", "config.get"};
    configure(example);
    char *all = oc_json_text(stage_ask(&w.s, "config.show", NULL));
    assert_null(strstr(all, "SECRET"));
    assert_non_null(strstr(all, "http://h/path?token=********"));
    assert_non_null(strstr(all, "https://hooks.slack.com/********"));
    free(all);
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        for (size_t j = 0; j < OC_COUNT(ops); j++) {
            char params[128];
            snprintf(params, sizeof params, "{\"key\": \"%s\"}", keys[i]);
            char *text = oc_json_text(stage_ask(&w.s, ops[j], params));
            assert_null(strstr(text, "SECRET"));
            free(text);
        }
    }
    char *layers =
        oc_json_text(stage_ask(&w.s, "config.explain", "{\"key\": \"alerts.channels[0].url\"}"));
    assert_null(strstr(layers, "SECRET"));
    assert_non_null(strstr(layers, "hooks.slack.com"));
    free(layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_password_in_a_connection_string_is_hidden),
        TEST(secret_parameters_of_a_query_are_hidden),
        TEST(a_webhook_shows_its_host_only),
        TEST(no_view_of_the_configuration_shows_them),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
