/* Tests of times and addresses of posted alerts: what Alertmanager takes and what it does not. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/service/alert/intake/post.h"

static void times_are_taken_to_the_letter(void **state)
{
    static const struct {
        const char *text;
        bool good;
        int64_t ms;
    } table[] = {
        {"1970-01-01T00:00:00Z", true, 0},
        {"1969-12-31T23:59:59Z", true, -1000},
        {"1900-01-01T00:00:00Z", true, INT64_C(-2208988800000)},
        {"2026-11-23T03:00:00.5Z", true, INT64_C(1795402800500)},
        {"2026-11-23T03:00:00,5Z", true, INT64_C(1795402800500)},
        {"2026-11-23T04:00:00+01:00", true, INT64_C(1795402800000)},
        {"2026-11-23T03:00:00", true, INT64_C(1795402800000)},
        {"2026-11-23T03:00:00.123456789012345678901234567890Z", true, INT64_C(1795402800123)},
        {"2026-11-23t03:00:00Z", false, 0},
        {"2026-11-23T03:00:00z", false, 0},
        {"2026-11-23 03:00:00Z", false, 0},
        {"2016-12-31T23:59:60Z", false, 0},
        {"2026-11-23", false, 0},
        {"2026-11-23T03:00:00.Z", false, 0},
        {"2026-11-23T03:00:00.", false, 0},
        {"2026-11-23T03:00:00Zx", false, 0},
        {"2026-02-30T03:00:00Z", false, 0},
        {"2026-11-23T24:00:00Z", false, 0},
        {"now", false, 0},
        {"@0", false, 0},
        {"", false, 0},
    };
    (void)state;
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        int64_t ms = 0;
        assert_int_equal(oc_post_time(table[i].text, strlen(table[i].text), &ms), table[i].good);
        assert_int_equal(table[i].good ? ms : 0, table[i].ms);
    }
    int64_t ms;
    assert_false(oc_post_time("2026-11-23T03:00:00\0Z", 21, &ms));
}

static void addresses_have_a_scheme_or_begin_at_the_root(void **state)
{
    static const char *const good[] = {"/a/b",         "*",
                                       "http://",      "http://x",
                                       "http:",        "http://x/a b",
                                       "http://x?%zz", "http://[::1]:9/x",
                                       "mailto:x",     "//x",
                                       "x:%zz",        "http://u:p@x:1/",
                                       "http://x/?",   "javascript:alert(1)"};
    static const char *const bad[] = {
        "::::",        "foo",           "1http://x", "http://a b/", "http://x/%zz", "http://x:b/",
        "http://[::1", "http://x/\x01", "?a",        "ht tp://x",   "http://%zz/",  ":",
        "http://x/%2", "http://[::1]x/"};
    (void)state;
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        assert_true(oc_post_uri(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        assert_false(oc_post_uri(bad[i], strlen(bad[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_taken_to_the_letter),
        cmocka_unit_test(addresses_have_a_scheme_or_begin_at_the_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
