/* Secrets inside URLs and connection strings are not shown. SPDX-License-Identifier: MIT */
#include "tests/unit/service/host/world.h"

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
        TEST(no_view_of_the_configuration_shows_them),
    };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
