/* What a manifest says, and the files beside it. SPDX-License-Identifier: MIT */
#include "tests/unit/package/check/kit.h"

#include <fcntl.h>

#define HEAD   "\"name\":\"thing\",\"version\":\"1.0.0\",\"license\":\"MIT\""
#define PRESET "{" HEAD ",\"summary\":\"Does a thing\",\"instances\":[{\"plugin\":\"tcp\"}]"

/* Checks a folder "thing" that holds this manifest. */
static json_t *check_text(const char *manifest, const struct oc_check_options *options)
{
    struct folder f;
    folder_open(&f, "thing");
    folder_text(&f, "plugin.json", manifest);
    json_t *result = check_at(f.dir, options);
    folder_close(&f);
    return result;
}

static void expect(const char *manifest, const char *id)
{
    const struct oc_check_options options = {0};
    json_t *result = check_text(manifest, &options);
    assert_found(result, id);
    json_decref(result);
}

static void a_preset_has_no_finding(void **state)
{
    const struct oc_check_options options = {.level = 3};
    json_t *result = check_text(PRESET "}", &options);
    (void)state;
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    assert_int_equal(oc_json_int(result, "level", -1), 3); /* there is nothing to run */
    json_decref(result);
}

static void each_mistake_of_a_manifest_is_found(void **state)
{
    (void)state;
    expect("{", "OC0002");
    expect("{" HEAD ",\"summary\":\"X\",\"library\":\"thing.so\",\"abi\":\"1.0\"}", "OC0003");
    expect("{\"name\":\"other\",\"version\":\"1.0.0\",\"license\":\"MIT\",\"summary\":\"X\","
           "\"instances\":[{\"plugin\":\"tcp\"}]}",
           "OC0004");
    expect("{" HEAD ",\"summary\":\"Does it.\",\"instances\":[{\"plugin\":\"tcp\"}]}", "OC0005");
    expect("{" HEAD ",\"summary\":\"does it\",\"instances\":[{\"plugin\":\"tcp\"}]}", "OC0005");
    expect("{\"name\":\"thing\",\"version\":\"1.0.0\",\"summary\":\"X\",\"instances\":[{\"plugin\":"
           "\"tcp\"}]}",
           "OC0006");
    expect("{\"name\":\"thing\",\"version\":\"1.0.0\",\"license\":\"see below!\",\"summary\":\"X\","
           "\"instances\":[{\"plugin\":\"tcp\"}]}",
           "OC0006");
    expect(PRESET ",\"metrics\":[{\"name\":\"a.b\",\"type\":\"gauge\",\"help\":\"x\"}]}", "OC0008");
    expect(PRESET
           ",\"metrics\":[{\"name\":\"a.age\",\"type\":\"gauge\",\"unit\":\"seconds\",\"help\":"
           "\"x\"}]}",
           "OC0009");
    expect(PRESET ",\"kind\":\"gardener\"}", "OC0010");
    expect(PRESET ",\"permissions\":[\"garden:water:roses\"]}", "OC0011");
    expect(PRESET ",\"permissions\":[\"network:tcp:*\"]}", "OC0012");
    expect(PRESET ",\"permissions\":[\"filesystem:write:*\"]}", "OC0012");
    expect(PRESET
           ",\"permissions\":[\"filesystem:read:/var/log/*\",\"filesystem:read:/var/log/x\"]}",
           "OC0013");
    expect("{" HEAD ",\"summary\":\"X\",\"library\":\"thing.so\",\"abi\":\"9.0\"}", "OC0014");
    expect("{" HEAD ",\"summary\":\"X\",\"kind\":\"skill\"}", "OC0015");
    expect(PRESET ",\"description\":\"made by {{authorName}}\"}", "OC0017");
}

static void braces_of_the_author_s_own_are_no_variable_of_a_template(void **state)
{
    const struct oc_check_options options = {0};
    json_t *result = check_text(PRESET ",\"description\":\"greets {{y}} and {{ }}\"}", &options);
    (void)state;
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    json_decref(result);
}

/* ---- presets ---- */

/* What this host would say of a preset over its "web", a plugin that asks for the network. */
static json_t *check_over_web(const char *name, const char *more)
{
    const struct oc_check_options options = {0};
    struct folder plugins, f;
    char text[512];
    json_t *result = NULL;
    folder_open(&plugins, "web");
    folder_text(
        &plugins, "plugin.json",
        "{\"name\":\"web\",\"version\":\"1.0.0\",\"summary\":\"W\",\"library\":\"web.so\","
        "\"abi\":\"1.0\",\"permissions\":[\"network:tcp:80\",\"process:spawn:/bin/date\"]}");
    folder_open(&f, name);
    snprintf(text, sizeof text,
             "{\"name\":\"%s\",\"version\":\"1.0.0\",\"license\":\"MIT\",\"summary\":\"X\",%s}",
             name, more);
    folder_text(&f, "plugin.json", text);
    struct oc_work w = {.home = "/nowhere", .plugins = plugins.root};
    oc_error_init(&w.err);
    assert_int_equal(oc_check_path(&w, f.dir, &options, &result), OC_OK);
    folder_close(&f);
    folder_close(&plugins);
    return result;
}

static void a_preset_asks_for_what_the_plugins_ask_for_that_it_uses(void **state)
{
    (void)state;
    json_t *result = check_over_web("thing", "\"permissions\":[\"network:tcp:80\"],"
                                             "\"instances\":[{\"plugin\":\"web\"}]");
    assert_found_alone(result, "OC0019");
    assert_non_null(strstr(oc_json_str(finding_of(result, "OC0019"), "message", ""),
                           "uses web and does not ask for process:spawn:/bin/date"));
    json_decref(result);
    static const char *const fine[] = {
        "\"permissions\":[\"network:tcp:80\",\"process:spawn:/bin/date\"],"
        "\"instances\":[{\"plugin\":\"web\"}]",
        "\"instances\":[{\"plugin\":\"nobody\"},{\"plugin\":\"../web\"}]"};
    for (size_t i = 0; i < OC_COUNT(fine); i++) {
        result = check_over_web("thing", fine[i]);
        assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
        json_decref(result);
    }
}

#define KEY "\"options\":[{\"name\":\"key\",\"type\":\"secret\",\"help\":\"k\""

static void a_preset_names_no_secret_of_the_host(void **state)
{
    (void)state;
    expect("{" HEAD
           ",\"summary\":\"X\",\"instances\":[{\"plugin\":\"tcp\",\"a\":[{\"b\":\"$env:K\"}]}]}",
           "OC0018");
    expect("{" HEAD ",\"summary\":\"X\"," KEY ",\"default\":\"$file:/k\"}],"
           "\"instances\":[{\"plugin\":\"tcp\",\"key\":\"${key}\"}]}",
           "OC0018");
    expect("{" HEAD ",\"summary\":\"X\"," KEY "}],"
           "\"instances\":[{\"plugin\":\"tcp\",\"key\":\"$env:${key}\"}]}",
           "OC0018");
    json_t *result = check_over_web("thing", KEY "}],\"instances\":[{\"plugin\":\"tcp\",\"key\":"
                                                 "\"${key}\",\"say\":\"not $env:K\"}]");
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    json_decref(result);
}

/* The operator trusts it as the configuration; its name tells, as no package may have it. */
static void a_preset_that_comes_with_the_host_may_what_its_plugins_may(void **state)
{
    (void)state;
    json_t *result = check_over_web("web", "\"instances\":[{\"plugin\":\"web\"}]");
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    json_decref(result);
}

static void a_metric_may_tell_its_unit_anywhere_in_its_name(void **state)
{
    const struct oc_check_options options = {0};
    json_t *result = check_text(
        PRESET ",\"metrics\":[{\"name\":\"a.rx_bytes_total\",\"type\":\"counter\",\"unit\":"
               "\"bytes\",\"help\":\"x\"},{\"name\":\"a.up\",\"type\":\"bool\",\"help\":"
               "\"x\"}]}",
        &options);
    (void)state;
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    json_decref(result);
}

static void a_folder_without_a_manifest_is_found(void **state)
{
    const struct oc_check_options options = {0};
    struct folder f;
    (void)state;
    folder_open(&f, "thing");
    json_t *result = check_at(f.dir, &options);
    assert_found_alone(result, "OC0001");
    json_decref(result);
    folder_close(&f);
}

static void a_path_that_is_not_there_cannot_be_checked(void **state)
{
    const struct oc_check_options options = {0};
    struct oc_work w = {.home = "/nowhere"};
    json_t *result = NULL;
    (void)state;
    oc_error_init(&w.err);
    assert_int_equal(oc_check_path(&w, "/nowhere/at/all", &options, &result), OC_E_NOT_FOUND);
    assert_null(result);
    assert_true(w.err.hint[0]);
}

/* ---- exceptions ---- */

static void a_warning_can_be_accepted_with_a_reason(void **state)
{
    const struct oc_check_options options = {0};
    json_t *result = check_text(PRESET ",\"permissions\":[\"network:tcp:*\"],\"accepted_checks\":{"
                                       "\"OC0012\":\"the port is configured\"}}",
                                &options);
    (void)state;
    assert_int_equal(oc_json_int(result, "warnings", -1), 0);
    assert_int_equal(oc_json_int(result, "notes", -1), 1);
    assert_string_equal(oc_json_str(finding_of(result, "OC0012"), "accepted", ""),
                        "the port is configured");
    json_decref(result);
}

static void an_exception_that_changes_nothing_is_told(void **state)
{
    (void)state;
    expect(PRESET ",\"accepted_checks\":{\"OC9999\":\"why not\"}}", "OC0016");
    expect(PRESET ",\"accepted_checks\":{\"OC0012\":\"nothing is broad\"}}", "OC0016");
}

static void an_error_cannot_be_accepted(void **state)
{
    const struct oc_check_options options = {0};
    json_t *result = check_text(PRESET ",\"permissions\":[\"garden:water:roses\"],"
                                       "\"accepted_checks\":{\"OC0011\":\"please\"}}",
                                &options);
    (void)state;
    assert_int_equal(oc_json_int(result, "errors", -1), 1);
    assert_found(result, "OC0016");
    json_decref(result);
}

static void only_and_skip_choose_the_checks(void **state)
{
    json_t *ids = json_pack("[s]", "OC0012");
    const struct oc_check_options only = {.only = ids}, skip = {.skip = ids};
    static const char text[] = PRESET ",\"permissions\":[\"network:tcp:*\"],\"kind\":\"gardener\"}";
    (void)state;
    json_t *result = check_text(text, &only);
    assert_found_alone(result, "OC0012");
    assert_int_equal(oc_json_int(result, "checks", 0), 1);
    json_decref(result);
    result = check_text(text, &skip);
    assert_found_alone(result, "OC0010");
    json_decref(result);
    json_decref(ids);
}

/* ---- files ---- */

struct room {
    struct folder f;
};

static void begin(struct room *r)
{
    folder_open(&r->f, "thing");
    folder_text(&r->f, "plugin.json", PRESET "}");
}

static void end(struct room *r, const char *id)
{
    const struct oc_check_options options = {0};
    json_t *result = check_at(r->f.dir, &options);
    assert_found_alone(result, id);
    json_decref(result);
    folder_close(&r->f);
}

static void in_room(const struct room *r, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", r->f.dir, name);
}

static void each_flaw_of_the_files_is_found(void **state)
{
    struct room r;
    char path[256], other[256];
    (void)state;
    begin(&r);
    folder_text(&r.f, "x", "x");
    in_room(&r, "x", path, sizeof path);
    assert_int_equal(chmod(path, 04755), 0);
    end(&r, "OC0301");

    begin(&r);
    in_room(&r, "x", path, sizeof path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    end(&r, "OC0302");

    begin(&r);
    folder_text(&r.f, "x", "x");
    in_room(&r, "x", path, sizeof path);
    in_room(&r, "y", other, sizeof other);
    assert_int_equal(link(path, other), 0);
    end(&r, "OC0302");

    begin(&r);
    in_room(&r, "x", path, sizeof path);
    assert_int_equal(mkfifo(path, 0600), 0);
    end(&r, "OC0302");

    begin(&r);
    folder_text(&r.f, "x", "");
    in_room(&r, "x", path, sizeof path);
    assert_int_equal(truncate(path, 65 << 20), 0);
    end(&r, "OC0303");

    begin(&r);
    folder_text(&r.f, "x", "#!/bin/sh\n");
    in_room(&r, "x", path, sizeof path);
    chmod(path, 0755);
    end(&r, "OC0304");

    begin(&r);
    folder_text(&r.f, "Readme.txt", "x");
    folder_text(&r.f, "README.txt", "x");
    end(&r, "OC0306");

    begin(&r);
    folder_text(&r.f, "a\nb", "x");
    end(&r, "OC0306");

    begin(&r);
    folder_text(&r.f, "x", "x");
    in_room(&r, "x", path, sizeof path);
    chmod(path, 0666);
    end(&r, "OC0307");

    begin(&r);
    folder_text(&r.f, ".env", "x");
    end(&r, "OC0308");
}

static void secrets_are_found_and_their_readers_are_not(void **state)
{
    static const char *const keys[] = {
        "-----BEGIN "
        "PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
        "key = AKIA"
        "ABCDEFGHIJKLMNOP\n",
        "token: ghp_"
        "0123456789abcdefghijABCDEFGHIJ012345\n",
    };
    struct room r;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        begin(&r);
        folder_text(&r.f, "x", keys[i]);
        end(&r, "OC0305");
    }
    const struct oc_check_options options = {0};
    begin(&r);
    folder_text(&r.f, "x",
                "\"-----BEGIN "
                "PRIVATE KEY-----\" is how it begins; XAKIA is a word\n");
    json_t *result = check_at(r.f.dir, &options);
    assert_int_equal(json_array_size(json_object_get(result, "findings")), 0);
    json_decref(result);
    folder_close(&r.f);
}

static void sources_want_a_readme(void **state)
{
    struct room r;
    (void)state;
    begin(&r);
    folder_text(&r.f, "CMakeLists.txt", "# builds it\n");
    end(&r, "OC0007");
    begin(&r);
    folder_text(&r.f, "CMakeLists.txt", "# builds it\n");
    folder_text(&r.f, "README.md", "# {{pluginName}}\n");
    end(&r, "OC0017");
}

/* ---- the installer ---- */

static void the_gate_lets_warnings_pass(void **state)
{
    struct room r;
    struct oc_work w = {.home = "/nowhere"};
    json_t *findings = NULL;
    (void)state;
    oc_error_init(&w.err);
    begin(&r);
    folder_text(&r.f, ".env", "x");
    assert_int_equal(oc_check_gate(&w, r.f.dir, &findings), OC_OK);
    assert_int_equal(json_array_size(findings), 0);
    json_decref(findings);
    folder_close(&r.f);
}

static void the_gate_refuses_errors_with_a_reason(void **state)
{
    struct room r;
    struct oc_work w = {.home = "/nowhere"};
    json_t *findings = NULL;
    char path[256];
    (void)state;
    oc_error_init(&w.err);
    begin(&r);
    in_room(&r, "x", path, sizeof path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_int_equal(oc_check_gate(&w, r.f.dir, &findings), OC_E_REFUSED);
    assert_int_equal(json_array_size(findings), 1);
    assert_string_equal(oc_json_str(w.details, "reason", ""), "check-failed");
    assert_non_null(strstr(w.err.message, "OC0302"));
    json_decref(findings);
    json_decref(w.details);
    folder_close(&r.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_has_no_finding),
        cmocka_unit_test(each_mistake_of_a_manifest_is_found),
        cmocka_unit_test(braces_of_the_author_s_own_are_no_variable_of_a_template),
        cmocka_unit_test(a_preset_asks_for_what_the_plugins_ask_for_that_it_uses),
        cmocka_unit_test(a_preset_names_no_secret_of_the_host),
        cmocka_unit_test(a_preset_that_comes_with_the_host_may_what_its_plugins_may),
        cmocka_unit_test(a_metric_may_tell_its_unit_anywhere_in_its_name),
        cmocka_unit_test(a_folder_without_a_manifest_is_found),
        cmocka_unit_test(a_path_that_is_not_there_cannot_be_checked),
        cmocka_unit_test(a_warning_can_be_accepted_with_a_reason),
        cmocka_unit_test(an_exception_that_changes_nothing_is_told),
        cmocka_unit_test(an_error_cannot_be_accepted),
        cmocka_unit_test(only_and_skip_choose_the_checks),
        cmocka_unit_test(each_flaw_of_the_files_is_found),
        cmocka_unit_test(secrets_are_found_and_their_readers_are_not),
        cmocka_unit_test(sources_want_a_readme),
        cmocka_unit_test(the_gate_lets_warnings_pass),
        cmocka_unit_test(the_gate_refuses_errors_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
