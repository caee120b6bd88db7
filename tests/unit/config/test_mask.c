/* Tests of core/config/mask.c: secrets inside URLs and connection strings are not shown. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/config/mask.h"

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

static void a_url_with_a_slash_too_few_is_one_all_the_same(void **state)
{
    (void)state;
    check("https:/u:SECRET@h/p", false, "https:/u:********@h/p");
    check("unix:/run/x.sock", false, "unix:/run/x.sock");
    check("c:/a b", false, "c:/a b");
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

static void addresses_lose_who_logs_in_and_what_is_asked(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://h/p?a=1&b=2#f", "http://h/p?a=********&b=********#********"},
        {"http://u:p@h:1/p", "http://********@h:1/p"},
        {"http://token@h/", "http://********@h/"},
        {"http://h?SECRET", "http://h?********"},
        {"http://h?a&b=1;c", "http://h?********&b=********;********"},
        {"http://h?a=b=c?d=e", "http://h?a=********?d=********"},
        {"http://h/x@y?", "http://h/x@y?"},
        {"see http://h?a=1 and http://i?b=2.", "see http://h?a=******** and http://i?b=********"},
        {"a://b://c?d", "a://b://c?********"},
        {"://?", "://?"},
        {"plain ?a=1", "plain ?a=1"},
        {"", ""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *shown = oc_mask_addresses(cases[i][0]);
        assert_string_equal(shown ? shown : "", cases[i][1]);
        free(shown);
    }
}

static void a_message_shows_nothing_before_the_last_at_sign(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"redis://:pa#ss@host", "redis://********@host"},
        {"redis://u:pa/ss@host:1/0", "redis://********@host:1/0"},
        {"redis://u:pa?ss@x@host", "redis://********@host"},
        {"https:/u:pw@h/p?token=x", "https:/********@h/p?token=********"},
        {"u:pw@h", "********@h"},
        {"host=db password=x", "host=db password=********"},
        {"ops@example.org", "ops@example.org"},
        {"http://h:80/p", "http://h:80/p"},
        {"2h", "2h"},
        {"", ""},
    };
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        char *shown = oc_mask_message(cases[i][0]);
        assert_string_equal(shown, cases[i][1]);
        free(shown);
    }
}

static void a_key_is_as_secret_as_its_name_in_a_file(void **state)
{
    (void)state;
    static const char *const secret[] = {"plugins.x.pass",     "a.auth[0]",       "key",
                                         "collectors[w].code", "a.my_password.b", "x.api_key"};
    static const char *const open[] = {"plugins.x.passes", "key.name", "a[pass].b", "", "."};
    for (size_t i = 0; i < OC_COUNT(secret); i++) {
        assert_true(oc_mask_secret_key(secret[i]));
    }
    for (size_t i = 0; i < OC_COUNT(open); i++) {
        assert_false(oc_mask_secret_key(open[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_in_a_connection_string_is_hidden),
        cmocka_unit_test(a_url_with_a_slash_too_few_is_one_all_the_same),
        cmocka_unit_test(secret_parameters_of_a_query_are_hidden),
        cmocka_unit_test(a_key_is_as_secret_as_its_name_in_a_file),
        cmocka_unit_test(a_webhook_shows_its_host_only),
        cmocka_unit_test(addresses_lose_who_logs_in_and_what_is_asked),
        cmocka_unit_test(a_message_shows_nothing_before_the_last_at_sign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
