/* Evidence: how long it is kept, and how much room it may take. SPDX-License-Identifier: MIT */
#include "tests/unit/service/stage.h"
#include "tests/unit/unit.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "core/service/unit/unit.h"

static struct stage s;
static struct oc_unit *units;
static const char *runbook; /* of the run that asks */

static void op_status(struct oc_call *call, void *ctx)
{
    (void)ctx;
    oc_call_succeed(call, json_pack("{s:s}", "runbook", runbook));
}

struct status_params {
    const char *run;
};
static const struct oc_option status_options[] = {
    {.name = "run", .type = OC_OPT_STRING, .offset = 0, .help = "a run"}, {0}};
static const struct oc_op status_op = {.name = "runbook.status",
                                       .summary = "a run",
                                       .params = status_options,
                                       .params_size = sizeof(struct status_params),
                                       .handler = op_status};

static void configure(const char *text)
{
    struct oc_config *old = stage_load(&s, text);
    oc_unit_configure(units, s.config, &s.diags);
    oc_config_destroy(old);
}

static int setup(void **state)
{
    (void)state;
    stage_begin(&s);
    runbook = "own";
    oc_ops_add(s.env.ops, &status_op, NULL);
    units = oc_unit_create(&s.env);
    configure("");
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static char *folder_of(const char *name)
{
    return oc_asprintf("%s/evidence%s%s", s.home, name ? "/" : "", name ? name : "");
}

static void remove_folder(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        char *inner = oc_asprintf("%s/%s", path, d->d_name);
        if (d->d_name[0] != '.' || strlen(d->d_name) > 2) {
            if (unlink(inner) != 0) {
                remove_folder(inner);
            }
        }
        free(inner);
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(path);
}

static int teardown(void **state)
{
    (void)state;
    oc_unit_stop(units, 0, nothing, NULL);
    oc_unit_destroy(units);
    char *folder = folder_of(NULL);
    remove_folder(folder);
    free(folder);
    stage_end(&s);
    return 0;
}

/* The code; the folder is in s.result. */
static int save(const char *name, const char *actor)
{
    struct oc_call_request req = {.op = "host.evidence",
                                  .params = json_pack("{s:s}", "name", name),
                                  .actor = {.name = actor, .role = OC_ROLE_ADMIN},
                                  .on_done = stage_done,
                                  .ctx = &s};
    s.done = 0;
    oc_ops_call(s.env.ops, &req);
    assert_int_equal(s.done, 1);
    return s.code;
}

/* How many there are of this name; NULL: of any. */
static size_t saved(const char *name)
{
    char *params = name ? oc_asprintf("{\"name\":\"%s\"}", name) : NULL;
    size_t n = json_array_size(stage_ask(&s, "host.evidence.list", params));
    free(params);
    return n;
}

static void put_folder(const char *name, size_t bytes)
{
    char *folder = folder_of(NULL), *path = folder_of(name), *file = oc_asprintf("%s/f", path);
    char *text = oc_calloc(1, bytes);
    mkdir(folder, 0700);
    mkdir(path, 0700);
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fwrite(text, 1, bytes, f);
    fclose(f);
    free(text);
    free(file);
    free(path);
    free(folder);
}

static void evidence_that_is_too_old_is_removed(void **state)
{
    (void)state;
    configure("evidence = { keep = \"10d\"; };");
    put_folder("20251110T000000.000Z-old", 10);
    put_folder("20251120T000000.000Z-young", 10);
    put_folder("20250101T000000.000Z-emergency-x", 10);
    put_folder("20251110T000000.000Z-emergency-y", 10);
    put_folder("notes-of-somebody", 10);
    assert_int_equal(save("new", "somebody"), OC_OK);
    assert_int_equal(saved("old"), 0);
    assert_int_equal(saved("young"), 1);
    assert_int_equal(saved("emergency-x"), 1); /* 365 days */
    assert_int_equal(saved("emergency-y"), 1);
    configure("evidence = { keep = \"10d\"; keep_emergency = \"30d\"; };");
    stage_pass(&s, 1000);
    assert_int_equal(save("new", "somebody"), OC_OK);
    assert_int_equal(saved("emergency-x"), 0);
    assert_int_equal(saved("emergency-y"), 1);
    char *foreign = folder_of("notes-of-somebody");
    assert_int_equal(access(foreign, F_OK), 0);
    free(foreign);
}

static void the_oldest_goes_when_there_is_no_room(void **state)
{
    (void)state;
    configure("evidence = { max_size = \"20MB\"; };");
    put_folder("20251120T000000.000Z-a", 9 << 20);
    put_folder("20251121T000000.000Z-b", 9 << 20);
    put_folder("20251122T000000.000Z-c", 9 << 20);
    assert_int_equal(save("new", "somebody"), OC_OK);
    assert_int_equal(saved("a"), 0);
    assert_int_equal(saved("c"), 1);
    assert_int_equal(saved("new"), 1);
}

static void a_loop_does_not_fill_the_disk(void **state)
{
    (void)state;
    configure("evidence = { max_size = \"512KB\"; };");
    for (int i = 0; i < 24; i++) {
        assert_int_equal(save("x", "somebody"), OC_OK);
        stage_pass(&s, 1000);
    }
    assert_in_range(saved(NULL), 1, 23);
}

static void evidence_that_cannot_be_written_leaves_nothing(void **state)
{
    const struct rlimit full = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    size_t left = 0;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &full);
    const int code = save("x", "cli:uid=0");
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_not_equal(code, OC_OK);
    char *folder = folder_of(NULL);
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;) {
        left += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
    }
    closedir(dir);
    free(folder);
    assert_int_equal(left, 0);
}

static void evidence_of_an_emergency_stays_and_is_never_refused(void **state)
{
    (void)state;
    configure("evidence = { max_size = \"1MB\"; };");
    runbook = "emergency-shutdown";
    assert_int_equal(save("shutdown-state", "runbook:r1"), OC_OK);
    runbook = "own";
    put_folder("20251101T000000.000Z-emergency-immediate", 2 << 20);
    stage_pass(&s, 1000);
    assert_int_equal(save("x", "somebody"), OC_E_CONFLICT);
    assert_non_null(strstr(s.error.message, "no room for more evidence"));
    assert_non_null(strstr(s.error.hint, "evidence.max_size"));
    assert_int_equal(save("emergency-x", "runbook:r2"), OC_E_CONFLICT); /* a name is not enough */
    assert_int_equal(saved("shutdown-state"), 1);
    assert_int_equal(saved("emergency-immediate"), 1);
    runbook = "emergency-restart";
    stage_pass(&s, 1000);
    assert_int_equal(save("before-restart", "runbook:r3"), OC_OK);
    assert_int_equal(saved("before-restart"), 1);
}

static void two_of_one_moment_have_a_folder_each(void **state)
{
    (void)state;
    assert_int_equal(save("x", "somebody"), OC_OK);
    assert_int_equal(save("x", "somebody"), OC_OK);
    assert_int_equal(saved("x"), 2);
}

static void what_a_crash_left_goes_after_an_hour(void **state)
{
    (void)state;
    put_folder(".20251123T003000.000Z-x", 10);
    put_folder(".20251123T013000.000Z-y", 10);
    assert_int_equal(save("new", "somebody"), OC_OK);
    char *old = folder_of(".20251123T003000.000Z-x"), *young = folder_of(".20251123T013000.000Z-y");
    assert_int_not_equal(access(old, F_OK), 0);
    assert_int_equal(access(young, F_OK), 0);
    free(young);
    free(old);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(evidence_that_is_too_old_is_removed),
        T(the_oldest_goes_when_there_is_no_room),
        T(a_loop_does_not_fill_the_disk),
        T(evidence_of_an_emergency_stays_and_is_never_refused),
        T(evidence_that_cannot_be_written_leaves_nothing),
        T(two_of_one_moment_have_a_folder_each),
        T(what_a_crash_left_goes_after_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
