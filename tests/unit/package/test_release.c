/* What fits a host, what is barred, and what a package is called. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/registry/host.h"
#include "core/package/registry/meta.h"
#include "core/package/registry/package.h"
#include "core/package/registry/spec.h"
#include "core/package/registry/status.h"
#include "core/package/release.h"

static json_t *parse(const char *text)
{
    json_t *json = oc_json_parse(text, strlen(text), NULL);
    assert_non_null(json);
    return json;
}

static void names_are_taken_apart(void **state)
{
    struct oc_spec s;
    (void)state;
    assert_int_equal(oc_spec_parse("main:acme/redis@>=1.2 <2", &s, NULL), OC_OK);
    assert_string_equal(s.registry, "main");
    assert_string_equal(s.publisher, "acme");
    assert_string_equal(s.name, "redis");
    assert_string_equal(s.range, ">=1.2 <2");
    assert_int_equal(oc_spec_parse("redis", &s, NULL), OC_OK);
    assert_true(oc_spec_names(&s, "acme/redis"));
    assert_false(oc_spec_names(&s, "acme/redis-x"));
    assert_int_equal(oc_spec_parse("ac/redis", &s, NULL), OC_OK);
    assert_false(oc_spec_names(&s, "acme/redis"));
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    static const char *const bad[] = {"",           "/",     "a/",  "/a",  "../a", "a/..",
                                      "a/b/c",      "A",     "a_b", "a-",  "-a",   "a@",
                                      "a@nonsense", "x:y:z", ":a",  "a b", "a\nb", "a%2fb"};
    struct oc_spec s;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        if (oc_spec_parse(bad[i], &s, NULL) == OC_OK) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

static void fits(const char *artifact, const char *field)
{
    struct oc_error err;
    json_t *json = parse(artifact);
    oc_error_init(&err);
    const int code = oc_host_fits(json, &err);
    if (!field) {
        assert_int_equal(code, OC_OK);
    } else {
        assert_int_equal(code, OC_E_UNSUPPORTED);
        assert_int_equal(strncmp(err.message, field, strlen(field)), 0);
        assert_int_not_equal(err.hint[0], '\0');
    }
    json_decref(json);
}

static void a_row_tells_whether_this_host_can_run_it(void **state)
{
    (void)state;
    fits("{\"os\":\"any\",\"arch\":\"any\",\"libc\":\"any\",\"abi\":{\"major\":1,\"min_minor\":0}}",
         NULL);
    fits("{\"os\":\"plan9\",\"arch\":\"any\",\"libc\":\"any\",\"abi\":{\"major\":1,\"min_minor\":0}"
         "}",
         "os: ");
    fits("{\"os\":\"linux\",\"arch\":\"vax\",\"libc\":\"any\",\"abi\":{\"major\":1,\"min_minor\":0}"
         "}",
         "arch: ");
    fits("{\"os\":\"linux\",\"arch\":\"any\",\"libc\":\"musl\",\"abi\":{\"major\":1,\"min_minor\":"
         "0}}",
         "libc: ");
    fits("{\"os\":\"linux\",\"arch\":\"any\",\"libc\":\"glibc\",\"libc_min\":\"2.17\",\"abi\":{"
         "\"major\":1,\"min_minor\":0}}",
         NULL);
    fits("{\"os\":\"linux\",\"arch\":\"any\",\"libc\":\"glibc\",\"libc_min\":\"2.999\",\"abi\":{"
         "\"major\":1,\"min_minor\":0}}",
         "libc_min: it needs 2.999");
    fits("{\"os\":\"any\",\"arch\":\"any\",\"libc\":\"any\",\"abi\":{\"major\":2,\"min_minor\":0}}",
         "abi: it needs 2.0");
    fits("{\"os\":\"any\",\"arch\":\"any\",\"libc\":\"any\",\"abi\":{\"major\":1,\"min_minor\":999}"
         "}",
         "abi: it needs 1.999");
    assert_non_null(strstr(oc_target(), "linux-"));
}

static void the_policy_may_want_more_isolation_than_it_can(void **state)
{
    json_t *open = parse("{\"tier\":\"inproc\"}"), *shut = parse("{\"tier\":\"sandbox\"}");
    (void)state;
    assert_int_equal(oc_host_tier(open, "process", NULL), OC_E_UNSUPPORTED);
    assert_int_equal(oc_host_tier(open, NULL, NULL), OC_OK);
    assert_int_equal(oc_host_tier(shut, "sandbox", NULL), OC_OK);
    assert_int_equal(oc_host_tier(shut, "process", NULL), OC_OK);
    json_decref(open);
    json_decref(shut);
}

static void a_status_bars_the_versions_that_it_is_about(void **state)
{
    static const struct {
        const char *version, *why;
    } rows[] = {{"1.0.0", "malicious"}, {"1.2.0", "yanked"}, {"1.3.0", NULL}, {"2.0.0", NULL}};
    json_t *package = parse("{\"yanked\":{\"1.2.0\":\"slow\"},\"advisories\":["
                            "{\"id\":\"A\",\"severity\":\"malicious\",\"range\":\"<1.1\"},"
                            "{\"id\":\"B\",\"severity\":\"high\",\"range\":\"^1.3\"}]}");
    (void)state;
    for (size_t i = 0; i < OC_COUNT(rows); i++) {
        json_t *status = oc_status_of(package, rows[i].version);
        const char *why = oc_status_bars(status);
        assert_true((!why && !rows[i].why) ||
                    (why && rows[i].why && strcmp(why, rows[i].why) == 0));
        json_decref(status);
    }
    json_t *status = oc_status_of(package, "1.3.5");
    assert_int_equal(json_array_size(json_object_get(status, "advisories")), 1);
    json_decref(status);
    json_object_set_new(package, "quarantined", json_string("look"));
    status = oc_status_of(package, "9.0.0");
    assert_string_equal(oc_status_bars(status), "quarantined");
    json_decref(status);
    json_decref(package);
}

static void one_shard_answers_for_every_publisher_of_a_name(void **state)
{
    (void)state;
    assert_int_equal(oc_registry_shard("acme/redis"), oc_registry_shard("other/redis"));
    assert_int_equal(oc_registry_shard("redis"), oc_registry_shard("other/redis"));
    assert_true(oc_registry_shard("redis") < OC_SHARDS);
}

static void a_name_one_letter_off_a_popular_one_is_near(void **state)
{
    struct oc_root root = {.json =
                               parse("{\"policy\":{\"popular\":[\"redis\",\"rediss\",\"http\"]}}")};
    (void)state;
    assert_string_equal(oc_registry_near(&root, "redi"), "redis");
    assert_non_null(oc_registry_near(&root, "erdis"));
    assert_string_equal(oc_registry_near(&root, "htttp"), "http");
    assert_null(oc_registry_near(&root, "redis"));
    assert_null(oc_registry_near(&root, "rediss")); /* popular itself */
    assert_null(oc_registry_near(&root, "postgres"));
    json_decref(root.json);
}

static void documents_are_checked_key_by_key(void **state)
{
    static const char *const bad[] = {
        "[]",
        "{}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":1}",
        "{\"type\":\"timestamp\",\"format\":2,\"version\":1,\"expires\":\"2030-01-01T00:00:00Z\","
        "\"root\":1}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":0,\"expires\":\"2030-01-01T00:00:00Z\","
        "\"root\":1}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":9999999999,\"expires\":\"2030-01-01T00:"
        "00:00Z\",\"root\":1}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":1,\"expires\":\"now\",\"root\":1}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":1,\"expires\":\"2030-01-01T00:00:00Z\","
        "\"root\":1,"
        "\"snapshot\":{\"version\":1,\"sha256\":\"xyz\",\"length\":1}}",
        "{\"type\":\"timestamp\",\"format\":1,\"version\":1,\"expires\":\"2030-01-01T00:00:00Z\","
        "\"root\":1,\"snapshot\":{\"version\":1,"
        "\"sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"length\":99999999999}}"};
    struct oc_timestamp t;
    struct oc_error err;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        oc_error_init(&err);
        if (oc_timestamp_parse(bad[i], strlen(bad[i]), &t, &err) != OC_E_VERIFY ||
            !err.message[0]) {
            fail_msg("'%s' was taken", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_taken_apart),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(a_row_tells_whether_this_host_can_run_it),
        cmocka_unit_test(the_policy_may_want_more_isolation_than_it_can),
        cmocka_unit_test(a_status_bars_the_versions_that_it_is_about),
        cmocka_unit_test(one_shard_answers_for_every_publisher_of_a_name),
        cmocka_unit_test(a_name_one_letter_off_a_popular_one_is_near),
        cmocka_unit_test(documents_are_checked_key_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
