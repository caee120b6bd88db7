/* The file channel: lines, rotation, full disks, other people's folders. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define SEND "alert.send/1"

struct room {
    struct oc_test *t;
    char dir[64], path[128];
};

static int setup(void **state)
{
    struct room *r = calloc(1, sizeof *r);
    snprintf(r->dir, sizeof r->dir, "/tmp/oc-file-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    snprintf(r->path, sizeof r->path, "%s/alerts.log", r->dir);
    r->t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(r->t);
    oc_test_option(r->t, "path", r->path);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct room *r = *state;
    char path[400];
    DIR *d = opendir(r->dir);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", r->dir, e->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(r->dir);
    assert_int_equal(oc_test_close(r->t), 0);
    free(r);
    return 0;
}

static int send_number(struct room *r, int n)
{
    char params[512];
    snprintf(
        params, sizeof params,
        "{\"id\":\"delivery-%06d\",\"event\":\"firing\",\"attempt\":1,\"host\":{\"name\":\"h\"},"
        "\"alert\":{\"id\":\"5f1c\",\"severity\":\"warning\",\"rule\":\"r\",\"title\":\"t %d\","
        "\"message\":\"m\\nline two\",\"starts_at\":\"2026-11-22T13:30:00.123Z\"}}",
        n, n);
    return oc_test_call(r->t, SEND, params, 1000);
}

/* The content of <path><suffix>, owned by the caller; NULL when there is no such file. */
static char *content(const struct room *r, const char *suffix)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", r->path, suffix);
    FILE *f = fopen(path, "r");
    if (!f) {
        return NULL;
    }
    char *text = calloc(1, 1 << 20);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

static bool exists(const struct room *r, const char *suffix)
{
    char *text = content(r, suffix);
    free(text);
    return text != NULL;
}

static unsigned lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++) {
        count += *text == '\n';
    }
    return count;
}

static void each_alert_is_one_json_document_on_a_line(void **state)
{
    struct room *r = *state;
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    assert_int_equal(send_number(r, 2), OC_OK);
    char *text = content(r, "");
    assert_int_equal(lines(text), 2);
    *strchr(text, '\n') = '\0';
    json_t *json = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "id")), "delivery-000001");
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "alert"), "title")),
                        "t 1");
    assert_non_null(json_object_get(json, "timestamp"));
    json_decref(json);
    free(text);
}

static void text_is_one_readable_line(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "format", "text");
    oc_test_option(r->t, "fsync", "true");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    char *text = content(r, "");
    assert_string_equal(text, "2026-11-22T13:30:00.123Z WARNING t 1: m line two [5f1c]\n");
    free(text);
}

static void the_file_is_for_its_owner_only(void **state)
{
    struct room *r = *state;
    struct stat st;
    mode_t old = umask(0);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    umask(old);
    assert_int_equal(stat(r->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_file_that_would_grow_too_large_is_rotated(void **state)
{
    struct room *r = *state;
    struct stat st;
    char suffix[8];
    unsigned total = 0;
    oc_test_option(r->t, "max_size", "1024");
    oc_test_option(r->t, "keep", "3");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(send_number(r, i), OC_OK);
    }
    for (int n = 0; n <= 3; n++) {
        snprintf(suffix, sizeof suffix, ".%d", n);
        char *text = content(r, n ? suffix : "");
        total += text ? lines(text) : 0;
        free(text);
    }
    assert_int_equal(total, 9);
    assert_int_equal(stat(r->path, &st), 0);
    assert_true(st.st_size <= 1024);
    char *newest = content(r, "");
    assert_non_null(strstr(newest, "delivery-000008"));
    free(newest);
}

static void only_so_many_rotated_files_are_kept(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "max_size", "1024");
    oc_test_option(r->t, "keep", "2");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(send_number(r, i), OC_OK);
    }
    assert_true(exists(r, "") && exists(r, ".1") && exists(r, ".2"));
    assert_false(exists(r, ".3"));
    char *second = content(r, ".1"), *third = content(r, ".2");
    assert_true(strcmp(strstr(second, "delivery-"), strstr(third, "delivery-")) > 0);
    free(second);
    free(third);
}

static void keeping_none_begins_anew(void **state)
{
    struct room *r = *state;
    oc_test_option(r->t, "max_size", "1024");
    oc_test_option(r->t, "keep", "0");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(send_number(r, i), OC_OK);
    }
    assert_true(exists(r, ""));
    assert_false(exists(r, ".1"));
}

static void a_full_disk_leaves_whole_lines_and_asks_for_another_try(void **state)
{
    struct room *r = *state;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN); /* the host's workers block it */
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    char *before = content(r, "");
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = strlen(before) + 20; /* the next line does not fit */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int rc = send_number(r, 2);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(rc, OC_E_RETRY);
    char *after = content(r, "");
    assert_string_equal(before, after);
    free(after);
    assert_int_equal(send_number(r, 2), OC_OK);
    after = content(r, "");
    assert_int_equal(lines(after), 2);
    free(before);
    free(after);
}

static void a_file_that_is_moved_away_is_made_anew(void **state)
{
    struct room *r = *state;
    char moved[160];
    snprintf(moved, sizeof moved, "%s.moved", r->path);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    assert_int_equal(rename(r->path, moved), 0);
    assert_int_equal(send_number(r, 2), OC_OK);
    char *text = content(r, "");
    assert_int_equal(lines(text), 1);
    free(text);
}

static void a_path_that_cannot_be_right_is_a_matter_of_configuration(void **state)
{
    struct room *r = *state;
    char path[160];
    snprintf(path, sizeof path, "%s/none/at/all/alerts.log", r->dir);
    oc_test_option(r->t, "path", path);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_E_CONFIG);
    assert_true(strlen(oc_test_error(r->t)->hint) > 0);
    assert_int_equal(oc_test_stop(r->t), 0);
    oc_test_option(r->t, "path", r->dir);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_E_CONFIG);
    assert_int_equal(oc_test_stop(r->t), 0);
    oc_test_option(r->t, "path", "/dev/null");
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_E_CONFIG);
}

static void a_folder_that_is_missing_is_made(void **state)
{
    struct room *r = *state;
    char folder[128], path[160];
    snprintf(folder, sizeof folder, "%s/logs", r->dir);
    snprintf(path, sizeof path, "%s/alerts.log", folder);
    oc_test_option(r->t, "path", path);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_equal(send_number(r, 1), OC_OK);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_fifo_does_not_hold_the_call(void **state)
{
    struct room *r = *state;
    assert_int_equal(mkfifo(r->path, 0600), 0);
    assert_int_equal(oc_test_start(r->t), OC_OK);
    assert_int_not_equal(send_number(r, 1), OC_OK);
}

static void wrong_options_are_refused(void **state)
{
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    (void)state;
    oc_test_option(t, "path", "/tmp/x");
    oc_test_option(t, "keep", "-1");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    oc_test_option(t, "keep", "1");
    oc_test_option(t, "max_size", "1");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_int_equal(oc_test_close(t), 0);
}

#define IN_ROOM(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_ROOM(each_alert_is_one_json_document_on_a_line),
        IN_ROOM(text_is_one_readable_line),
        IN_ROOM(the_file_is_for_its_owner_only),
        IN_ROOM(a_file_that_would_grow_too_large_is_rotated),
        IN_ROOM(only_so_many_rotated_files_are_kept),
        IN_ROOM(keeping_none_begins_anew),
        IN_ROOM(a_full_disk_leaves_whole_lines_and_asks_for_another_try),
        IN_ROOM(a_file_that_is_moved_away_is_made_anew),
        IN_ROOM(a_path_that_cannot_be_right_is_a_matter_of_configuration),
        IN_ROOM(a_folder_that_is_missing_is_made),
        IN_ROOM(a_fifo_does_not_hold_the_call),
        cmocka_unit_test(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
