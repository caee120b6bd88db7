/* Tests of core/config/url.c. SPDX-License-Identifier: MIT */
#include "tests/unit/config/fixture.h"

#include "core/config/binder.h"
#include "core/config/url.h"

static void urls_that_can_be_meant_are_fine(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://127.0.0.1:8080/health",
                                       "https://example.com",
                                       "http://[::1]:80/",
                                       "http://[fe80::1]",
                                       "redis://user:pass@host:6379/0",
                                       "postgresql://heretek@127.0.0.1:5432/heretek",
                                       "http://h?x=1#y",
                                       "ws+unix://h",
                                       "http://a@b@c/",
                                       "unix:///run/x.sock",
                                       "unix:/run/x.sock",
                                       "file:///tmp/x"};
    for (size_t i = 0; i < OC_COUNT(urls); i++) {
        assert_true(oc_url_valid(urls[i], NULL));
    }
}

static void urls_with_mistakes_are_not(void **state)
{
    (void)state;
    static const char *const urls[] = {"",
                                       "localhost",
                                       "localhost:80",
                                       "http:/x",
                                       "unix:x.sock",
                                       "unix:/",
                                       "unix:/a b",
                                       "http://",
                                       "http:///x",
                                       "http://h:0",
                                       "http://h:65536",
                                       "http://h:",
                                       "http://h:8o80",
                                       "http://h b/",
                                       "http://h/\n",
                                       "://h",
                                       "1http://h",
                                       "http://[::1",
                                       "http://[::1]80",
                                       "http://:80",
                                       "http://user@:80/",
                                       "http://h:99999999999999999999"};
    for (size_t i = 0; i < OC_COUNT(urls); i++) {
        assert_false(oc_url_valid(urls[i], NULL));
    }
}

static void the_scheme_must_be_one_of_those(void **state)
{
    (void)state;
    assert_true(oc_url_valid("HTTPS://h", "http|https"));
    assert_false(oc_url_valid("ftp://h", "http|https"));
    assert_false(oc_url_valid("htt://h", "http|https"));
    assert_false(oc_url_valid("http://h", "https"));
    assert_true(oc_url_valid("unix:/run/x.sock", "redis|unix"));
    assert_false(oc_url_valid("unix:/run/x.sock", "redis"));
    assert_false(oc_url_valid("rediss://h", "redis|unix"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_that_can_be_meant_are_fine),
        cmocka_unit_test(urls_with_mistakes_are_not),
        cmocka_unit_test(the_scheme_must_be_one_of_those),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
