/* Tests of core/plugin/manifest/rights.c, right.c and rights_explain.c. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugin/manifest/rights.h"

static const struct oc_kernel current = {.landlock = 7, .seccomp = true};

static json_t *list(const char *text)
{
    json_t *array = json_loads(text, 0, NULL);
    assert_non_null(array);
    return array;
}

/* The text of an array, each item followed by a space. */
static char *words(json_t *array /* taken */)
{
    struct oc_buf b = {0};
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        oc_buf_addf(&b, "%s ", json_string_value(item));
    }
    json_decref(array);
    return oc_buf_take(&b);
}

static void assert_words(json_t *array /* taken */, const char *expected)
{
    char *text = words(array);
    assert_string_equal(text, expected);
    free(text);
}

static void every_form_of_the_grammar_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical, *what, *host;
        enum oc_right_kind kind;
        uint16_t lo, hi;
    } good[] = {
        {"filesystem:read:/proc/*", NULL, "/proc/*", NULL, OC_RIGHT_FILE_READ, 0, 0},
        {"filesystem:read:/a/**", "filesystem:read:/a/*", "/a/*", NULL, OC_RIGHT_FILE_READ, 0, 0},
        {"filesystem:read:/a/", "filesystem:read:/a", "/a", NULL, OC_RIGHT_FILE_READ, 0, 0},
        {"filesystem:read:/", NULL, "/", NULL, OC_RIGHT_FILE_READ, 0, 0},
        {"filesystem:read:/var/log/*.log", NULL, "/var/log/*.log", NULL, OC_RIGHT_FILE_READ, 0, 0},
        {"filesystem:write:*", NULL, "*", NULL, OC_RIGHT_FILE_WRITE, 0, 0},
        {"filesystem:write:{state}/*", NULL, "{state}/*", NULL, OC_RIGHT_FILE_WRITE, 0, 0},
        {"filesystem:execute:{plugin}", NULL, "{plugin}", NULL, OC_RIGHT_FILE_EXECUTE, 0, 0},
        {"network:tcp:5432", NULL, "5432", NULL, OC_RIGHT_NET_TCP, 5432, 5432},
        {"network:tcp:8001-8011", NULL, "8001-8011", NULL, OC_RIGHT_NET_TCP, 8001, 8011},
        {"network:tcp:*", NULL, "*", NULL, OC_RIGHT_NET_TCP, 0, 65535},
        {"network:tcp:db.example:5432", NULL, "db.example:5432", "db.example", OC_RIGHT_NET_TCP,
         5432, 5432},
        {"network:tcp:[::1]:80", NULL, "[::1]:80", "[::1]", OC_RIGHT_NET_TCP, 80, 80},
        {"network:tcp:*:80", NULL, "*:80", NULL, OC_RIGHT_NET_TCP, 80, 80},
        {"network:udp:53", NULL, "53", NULL, OC_RIGHT_NET_UDP, 53, 53},
        {"network:http:example.org", NULL, "example.org", "example.org", OC_RIGHT_NET_HTTP, 80, 80},
        {"network:https:*.example.org", NULL, "*.example.org", "*.example.org", OC_RIGHT_NET_HTTP,
         443, 443},
        {"network:https:*:8443", NULL, "*:8443", NULL, OC_RIGHT_NET_HTTP, 8443, 8443},
        {"network:listen:0", NULL, "0", NULL, OC_RIGHT_NET_LISTEN, 0, 0},
        {"network:unix:/run/x.sock", NULL, "/run/x.sock", NULL, OC_RIGHT_NET_UNIX, 0, 0},
        {"network:unix:@name", NULL, "@name", NULL, OC_RIGHT_NET_UNIX, 0, 0},
        {"network:dns", NULL, "", NULL, OC_RIGHT_NET_DNS, 0, 0},
        {"network:dns:*", "network:dns", "", NULL, OC_RIGHT_NET_DNS, 0, 0},
        {"process:spawn:kubectl", NULL, "kubectl", NULL, OC_RIGHT_SPAWN, 0, 0},
        {"process:spawn:{plugin}/tool", NULL, "{plugin}/tool", NULL, OC_RIGHT_SPAWN, 0, 0},
        {"process:kill", "process:signal", "", NULL, OC_RIGHT_SIGNAL, 0, 0},
        {"environment:read:KUBE*", NULL, "KUBE*", NULL, OC_RIGHT_ENV, 0, 0},
        {"secret:read:SLACK_URL", NULL, "SLACK_URL", NULL, OC_RIGHT_SECRET, 0, 0},
        {"op:call:alert.*", NULL, "alert.*", NULL, OC_RIGHT_OP, 0, 0},
        {"terminal:write:stderr", NULL, "stderr", NULL, OC_RIGHT_TERMINAL, 0, 0},
    };
    for (size_t i = 0; i < OC_COUNT(good); i++) {
        struct oc_right r;
        struct oc_error err;
        if (oc_right_parse(good[i].text, &r, &err) != OC_OK) {
            fail_msg("%s: %s", good[i].text, err.message);
        }
        assert_int_equal(r.kind, good[i].kind);
        assert_string_equal(r.text, good[i].canonical ? good[i].canonical : good[i].text);
        assert_string_equal(r.what, good[i].what);
        assert_int_equal(r.lo, good[i].lo);
        assert_int_equal(r.hi, good[i].hi);
        assert_true(good[i].host ? r.host && strcmp(r.host, good[i].host) == 0 : !r.host);
        oc_right_finish(&r);
    }
}

static void what_is_not_in_the_grammar_is_refused_with_a_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says, *hints;
    } wrong[] = {
        {"", "1 to 512 bytes", ""},
        {"network", "not known", "category:action:resource"},
        {"network:tpc:80", "not known", "network:tcp"},
        {"network:tcp", "names no resource", "network:tcp:"},
        {"network:tcp:0", "not a port", "8001-8011"},
        {"network:tcp:65536", "not a port", ""},
        {"network:tcp:9-3", "not a port", ""},
        {"network:tcp:1-60000", "not a port", "at most 4096"},
        {"network:tcp:db.example", "not a port", "host:port"},
        {"network:tcp:bad host:80", "not a host", ""},
        {"network:tcp:[::1:80", "not a port", ""},
        {"network:dns:example", "not expected", "takes no resource"},
        {"network:unix:run/x", "not a socket", "@name"},
        {"filesystem:read:etc", "not an absolute path", "{state}"},
        {"filesystem:read:/a/../etc", "not an absolute path", ""},
        {"filesystem:read:/a//b", "not an absolute path", ""},
        {"filesystem:read:{home}/x", "not an absolute path", ""},
        {"filesystem:write:/a/*.log", "whole folder", "/a/folder/*"},
        {"process:spawn:../sh", "not a program", ""},
        {"secret:read:*", "not a name", ""},
        {"op:call:alert list", "not an operation", ""},
        {"terminal:write:stdout", "not stderr", ""},
        {"op:call:a\nb", "control characters", ""},
        {"database:read:users", "no meaning", "network:tcp:5432"},
        {"agent:execute:x", "no meaning", "op:call"},
        {"gateway:admin", "no meaning", "port"},
        {"environment:write:PATH", "no meaning", "leave it out"},
    };
    for (size_t i = 0; i < OC_COUNT(wrong); i++) {
        struct oc_right r;
        struct oc_error err;
        oc_error_init(&err);
        int code = oc_right_parse(wrong[i].text, &r, &err);
        assert_true(code == OC_E_CONFIG || code == OC_E_UNSUPPORTED);
        if (!strstr(err.message, wrong[i].says) || !strstr(err.hint, wrong[i].hints)) {
            fail_msg("%s: %s / %s", wrong[i].text, err.message, err.hint);
        }
    }
}

static void what_is_not_understood_is_left_out_and_noted(void **state)
{
    (void)state;
    struct oc_rights rights;
    json_t *mixed =
        list("[\"network:dns\", \"database:read\", 7, \"network:dns:*\", \"op:call:b\"]");
    oc_rights_read(mixed, &rights);
    assert_int_equal(rights.list.count, 2);
    assert_int_equal(json_array_size(rights.ignored), 2);
    assert_string_equal(rights.list.items[0].text, "network:dns");
    assert_string_equal(rights.list.items[1].text, "op:call:b");
    oc_rights_finish(&rights);
    json_decref(mixed);
    oc_rights_read(NULL, &rights);
    assert_int_equal(rights.list.count, 0);
    oc_rights_finish(&rights);
}

static bool covers(const char *wide, const char *narrow)
{
    struct oc_right a, b;
    assert_int_equal(oc_right_parse(wide, &a, NULL), OC_OK);
    assert_int_equal(oc_right_parse(narrow, &b, NULL), OC_OK);
    bool result = oc_right_covers(&a, &b);
    oc_right_finish(&a);
    oc_right_finish(&b);
    return result;
}

static void a_wide_right_covers_a_narrow_one_and_never_the_reverse(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"filesystem:read:/var/log", "filesystem:read:/var/log/*"},
        {"filesystem:read:/var/*", "filesystem:read:/var/log/*.gz"},
        {"filesystem:read:*", "filesystem:read:/etc/shadow"},
        {"filesystem:read:/", "filesystem:read:/etc"},
        {"filesystem:write:{state}", "filesystem:write:{state}/a"},
        {"network:tcp:*", "network:tcp:1-9"},
        {"network:tcp:1-9", "network:tcp:host:9"},
        {"network:tcp:443", "network:https:example.org"},
        {"network:https:*.example.org", "network:https:www.example.org"},
        {"network:unix:*", "network:unix:/run/x"},
        {"environment:read:OC_?", "environment:read:OC_A"},
        {"environment:read:*", "environment:read:A?"},
        {"op:call:*", "op:call:alert.*"},
        {"process:spawn:*", "process:spawn:sh"},
    };
    for (size_t i = 0; i < OC_COUNT(pairs); i++) {
        assert_true(covers(pairs[i][0], pairs[i][1]));
        assert_true(covers(pairs[i][0], pairs[i][0]));
        assert_false(covers(pairs[i][1], pairs[i][0]));
    }
}

static void rights_of_another_kind_or_place_are_not_covered(void **state)
{
    (void)state;
    assert_false(covers("filesystem:write:*", "filesystem:read:/a"));
    assert_false(covers("filesystem:read:/var/log", "filesystem:read:/var/logs"));
    assert_false(covers("environment:read:OC_?", "environment:read:OC_*"));
    assert_false(covers("network:tcp:80", "network:udp:80"));
    assert_false(covers("network:tcp:80", "network:https:example.org"));
    assert_false(covers("op:call:alert.list", "op:call:alert.ack"));
}

static json_t *effective(const char *requested, const char *granted)
{
    json_t *want = list(requested), *have = granted ? list(granted) : NULL;
    json_t *out = oc_rights_effective(want, have);
    json_decref(want);
    json_decref(have);
    return out;
}

static void the_effective_rights_are_the_narrower_of_both(void **state)
{
    (void)state;
    assert_words(effective("[\"op:call:a\", \"network:dns\"]", NULL), "network:dns op:call:a ");
    assert_words(effective("[\"op:call:a\", \"network:dns\"]", "[\"op:call:*\"]"), "op:call:a ");
    assert_words(effective("[\"network:tcp:*\"]", "[\"network:tcp:80\", \"network:tcp:443\"]"),
                 "network:tcp:443 network:tcp:80 ");
    assert_words(effective("[\"network:tcp:*\"]", "[]"), "");
    assert_words(effective("[]", "[\"filesystem:read:*\"]"), "");
}

static json_t *widened(const char *before, const char *now)
{
    json_t *old = list(before), *fresh = list(now), *out = oc_rights_widened(old, fresh);
    json_decref(old);
    json_decref(fresh);
    return out;
}

static void only_what_was_not_covered_is_new(void **state)
{
    (void)state;
    assert_words(widened("[\"network:tcp:*\"]", "[\"network:tcp:80\"]"), "");
    assert_words(widened("[\"network:tcp:80\"]", "[\"network:tcp:80-81\", \"network:dns\"]"),
                 "network:dns network:tcp:80-81 ");
    assert_words(widened("[\"database:read\"]", "[\"database:read\", \"database:write\"]"),
                 "database:write ");
    assert_words(widened("[]", "[]"), "");
}

static void the_broker_is_told_what_is_allowed(void **state)
{
    (void)state;
    json_t *array = list("[\"op:call:kv.*\", \"secret:read:A\", \"network:https:example.org\"]");
    struct oc_rights rights;
    oc_rights_read(array, &rights);
    assert_true(oc_rights_allow(&rights, OC_RIGHT_OP, "kv.get"));
    assert_false(oc_rights_allow(&rights, OC_RIGHT_OP, "alert.list"));
    assert_true(oc_rights_allow(&rights, OC_RIGHT_SECRET, "A"));
    assert_false(oc_rights_allow(&rights, OC_RIGHT_SECRET, "B"));
    assert_false(oc_rights_has(&rights, OC_RIGHT_SPAWN));
    assert_true(oc_rights_resolve_names(&rights));
    oc_rights_finish(&rights);
    json_decref(array);
}

static const char *enforced(json_t *rows, size_t i)
{
    return oc_json_str(json_array_get(rows, i), "enforced", "");
}

static void each_right_says_who_enforces_it(void **state)
{
    (void)state;
    json_t *want = list("[\"filesystem:read:/a\", \"network:tcp:80\", \"network:tcp:h:80\", "
                        "\"op:call:x\", \"network:udp:53\", \"nonsense\"]");
    json_t *have = list("[\"filesystem:read:/\", \"op:call:x\"]");
    static const struct {
        struct oc_kernel kernel;
        enum oc_tier tier;
        const char *by[6];
    } cases[] = {
        {{7, true}, OC_TIER_SANDBOX, {"kernel", "kernel", "partly", "broker", "partly", "no"}},
        {{3, true}, OC_TIER_SANDBOX, {"kernel", "partly", "partly", "broker", "partly", "no"}},
        {{0, true}, OC_TIER_SANDBOX, {"no", "partly", "partly", "broker", "partly", "no"}},
        {{0, false}, OC_TIER_SANDBOX, {"no", "no", "no", "broker", "no", "no"}},
        {{7, true}, OC_TIER_PROCESS, {"no", "no", "no", "broker", "no", "no"}},
        {{7, true}, OC_TIER_INPROC, {"no", "no", "no", "broker", "no", "no"}},
    };
    for (size_t c = 0; c < OC_COUNT(cases); c++) {
        json_t *rows = oc_rights_explain(want, have, &cases[c].kernel, cases[c].tier);
        assert_int_equal(json_array_size(rows), 6);
        for (size_t i = 0; i < 6; i++) {
            assert_string_equal(enforced(rows, i), cases[c].by[i]);
        }
        assert_true(oc_json_bool(json_array_get(rows, 0), "granted", false));
        assert_false(oc_json_bool(json_array_get(rows, 1), "granted", true));
        json_decref(rows);
    }
    json_decref(want);
    json_decref(have);
}

static size_t missing(const char *permissions, struct oc_kernel kernel)
{
    struct oc_rights rights;
    json_t *array = list(permissions);
    oc_rights_read(array, &rights);
    json_t *out = oc_rights_missing(&rights, &kernel);
    size_t count = json_array_size(out);
    json_decref(out);
    oc_rights_finish(&rights);
    json_decref(array);
    return count;
}

static void full_isolation_misses_only_what_a_newer_kernel_has(void **state)
{
    (void)state;
    static const char all[] = "[\"network:tcp:h:80\", \"network:unix:/x\", \"process:spawn:*\"]";
    const struct oc_kernel third = {3, true}, fourth = {4, true}, none = {0, false};
    assert_int_equal(missing(all, current), 0);
    assert_int_equal(missing("[]", third), 0);
    assert_int_equal(missing("[\"network:tcp:80\"]", third), 1);
    assert_int_equal(missing("[\"network:tcp:80\"]", fourth), 0);
    assert_int_equal(missing(all, third), 3);
    assert_int_equal(missing("[]", none), 6);
}

static void a_kernel_can_be_lowered_and_not_raised(void **state)
{
    (void)state;
    struct oc_kernel k = {5, true};
    oc_kernel_lower(&k, "landlock=9");
    assert_int_equal(k.landlock, 5);
    oc_kernel_lower(&k, "seccomp=1,nonsense,landlock=2");
    assert_int_equal(k.landlock, 2);
    assert_true(k.seccomp);
    oc_kernel_lower(&k, "seccomp=0");
    assert_false(k.seccomp);
    oc_kernel_lower(&k, NULL);
    json_t *json = oc_kernel_json(&k);
    assert_int_equal(oc_json_int(json, "landlock", -1), 2);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_the_grammar_is_read),
        cmocka_unit_test(what_is_not_in_the_grammar_is_refused_with_a_remedy),
        cmocka_unit_test(what_is_not_understood_is_left_out_and_noted),
        cmocka_unit_test(a_wide_right_covers_a_narrow_one_and_never_the_reverse),
        cmocka_unit_test(rights_of_another_kind_or_place_are_not_covered),
        cmocka_unit_test(the_effective_rights_are_the_narrower_of_both),
        cmocka_unit_test(only_what_was_not_covered_is_new),
        cmocka_unit_test(the_broker_is_told_what_is_allowed),
        cmocka_unit_test(each_right_says_who_enforces_it),
        cmocka_unit_test(full_isolation_misses_only_what_a_newer_kernel_has),
        cmocka_unit_test(a_kernel_can_be_lowered_and_not_raised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
