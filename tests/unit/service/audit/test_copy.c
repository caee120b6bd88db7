/* The copy: what cannot be read is no conflict, what it holds is whole, what is over is forgotten. SPDX-License-Identifier: MIT */
#include "tests/unit/service/audit/ledger_world.h"

#include <errno.h>
#include <sys/syscall.h>

/* ---- a folder of another machine ---- */

static struct {
    bool fails; /* what is in the copy cannot be read */
    bool slow;  /* it comes in small pieces */
} remote;

static bool is_remote(int fd)
{
    char link[32], path[256];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t len = readlink(link, path, sizeof path - 1);
    path[len > 0 ? len : 0] = '\0';
    return strstr(path, "/evidence") != NULL;
}

ssize_t read(int fd, void *data, size_t len)
{
    if ((remote.fails || remote.slow) && is_remote(fd)) {
        if (remote.fails) {
            errno = ESTALE;
            return -1;
        }
        len = len < 7 ? len : 7;
    }
    return syscall(SYS_read, fd, data, len);
}

static char evidence[96];

static int begin_with_copy(void **state)
{
    begin(state);
    memset(&remote, 0, sizeof remote);
    snprintf(evidence, sizeof evidence, "%s/evidence", w.s.home);
    w.a->section.copy_to = evidence;
    return 0;
}

static void copy_now(void)
{
    oc_audit_copy(w.a);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
}

static void sign_and_copy(int entries)
{
    uint64_t size = 0;
    for (int i = 0; i < entries; i++) {
        operation("a", "x");
    }
    assert_int_equal(oc_audit_checkpoint(w.a, NULL, &size, NULL), OC_OK);
    copy_now();
    assert_null(w.a->copy_problem);
}

/* As somebody does who puts another ledger in the place of the copy. */
static void forge_copy(void)
{
    char *path = oc_asprintf("%s/000000000000.log", evidence);
    struct oc_buf text = {0};
    assert_int_equal(oc_file_read(path, 1 << 20, &text, NULL), OC_OK);
    text.data[text.len / 2] ^= 1;
    assert_int_equal(oc_file_write(path, text.data, text.len, 0600, NULL), OC_OK);
    oc_buf_finish(&text);
    free(path);
}

/* ---- tests ---- */

static void a_copy_that_cannot_be_read_is_tried_again_and_no_conflict(void **state)
{
    (void)state;
    sign_and_copy(5);
    remote.fails = true;
    copy_now();
    remote.fails = false;
    assert_non_null(w.a->copy_problem);
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 0);
    assert_int_equal(stage_count(&w.s, "security.noted"), 0);
    assert_int_equal(w.a->copy_tries, 1);
    remote.slow = true;
    copy_now();
    assert_null(w.a->copy_problem);
    forge_copy();
    copy_now();
    remote.slow = false;
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 1);
}

/* A checkpoint of the copy that ours may not replace unread. */
static void a_checkpoint_of_the_copy_that_cannot_be_read_stays(void **state)
{
    (void)state;
    sign_and_copy(5);
    char *there = oc_asprintf("%s/checkpoints/000000000005", evidence);
    struct stat st;
    assert_int_equal(oc_file_write(there, "forged\n", 7, 0600, NULL), OC_OK);
    oc_audit_copy_anew(w.a, 1);
    remote.fails = true;
    copy_now();
    remote.fails = false;
    assert_int_equal(stat(there, &st), 0);
    assert_int_equal(st.st_size, 7);
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 0);
    copy_now();
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 1);
    free(there);
}

/* While segments are copied the host goes on: what it signs then is about entries that are not there yet. */
static void a_checkpoint_of_what_is_not_copied_yet_waits(void **state)
{
    (void)state;
    sign_and_copy(5);
    char *here = oc_asprintf("%s/checkpoints/000000000006", w.a->dir),
         *there = oc_asprintf("%s/checkpoints/000000000006", evidence);
    assert_int_equal(oc_file_write(here, "made meanwhile\n", 15, 0600, NULL), OC_OK);
    copy_now();
    assert_null(w.a->copy_problem);
    assert_false(oc_file_exists(there));
    operation("b", "x");
    copy_now();
    assert_true(oc_file_exists(there));
    free(here);
    free(there);
}

static void configure(const char *text)
{
    oc_config_destroy(stage_load(&w.s, text));
    oc_audit_configure(w.a, w.s.config, &w.s.diags);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
}

static void a_conflict_is_over_when_another_folder_is_named_or_none(void **state)
{
    char text[160];
    (void)state;
    snprintf(text, sizeof text, "ledger = { copy_to = \"%s\"; };", evidence);
    configure(text);
    sign_and_copy(5);
    for (int again = 0; again < 2; again++) {
        forge_copy();
        copy_now();
        assert_non_null(w.a->copy_problem);
        assert_int_equal(told("rule.firing", "ledger-copy-conflict"), again + 1);
        configure(text); /* the same folder: nothing is settled */
        assert_non_null(w.a->copy_problem);
        if (again == 0) {
            snprintf(evidence, sizeof evidence, "%s/evidence2", w.s.home);
            snprintf(text, sizeof text, "ledger = { copy_to = \"%s\"; };", evidence);
            configure(text);
            assert_true(oc_file_exists(evidence)); /* at once */
        } else {
            configure("ledger = { };");
        }
        assert_null(w.a->copy_problem);
        assert_int_equal(json_array_size(stage_ask(&w.s, "audit.doctor", NULL)), 0);
    }
    assert_int_equal(told("rule.resolved", "ledger-copy-conflict"), 3); /* and the first good one */
    assert_int_equal(w.a->copied_ms, 0);
}

/* What comes back from the folder that was is nobody's worry. */
static void the_end_of_a_copy_to_the_folder_before_says_nothing(void **state)
{
    char text[160];
    (void)state;
    snprintf(text, sizeof text, "ledger = { copy_to = \"%s\"; };", evidence);
    configure(text);
    sign_and_copy(5);
    forge_copy();
    oc_audit_copy(w.a);
    configure("ledger = { };");
    assert_null(w.a->copy_problem);
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 0);
}

static void the_first_good_copy_ends_what_the_run_before_has_told(void **state)
{
    (void)state;
    sign_and_copy(1);
    assert_int_equal(told("rule.resolved", "ledger-copy-conflict"), 1);
    assert_int_equal(told("rule.resolved", "ledger-copy-failed"), 1);
    sign_and_copy(1);
    assert_int_equal(told("rule.resolved", "ledger-copy-conflict"), 1);
}

/* A folder that was away comes back with another copy in it; and then with the right one. */
static void a_folder_that_is_back_ends_its_alert_whatever_it_holds(void **state)
{
    (void)state;
    sign_and_copy(5);
    json_array_clear(w.s.events);
    remote.fails = true;
    for (int i = 0; i < 3; i++) {
        copy_now();
    }
    remote.fails = false;
    assert_int_equal(told("rule.firing", "ledger-copy-failed"), 1);
    forge_copy();
    copy_now();
    assert_int_equal(told("rule.firing", "ledger-copy-conflict"), 1);
    assert_int_equal(told("rule.resolved", "ledger-copy-failed"), 1);
    forge_copy(); /* the same bit: it is as it was */
    oc_audit_copy_again(w.a, w.a->copy_tried_ms + OC_MINUTE);
    while (w.a->copying) {
        stage_pass(&w.s, 0);
    }
    assert_int_equal(told("rule.resolved", "ledger-copy-conflict"), 1);
}

#define copy_test(name) cmocka_unit_test_setup_teardown(name, begin_with_copy, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        copy_test(a_copy_that_cannot_be_read_is_tried_again_and_no_conflict),
        copy_test(a_checkpoint_of_the_copy_that_cannot_be_read_stays),
        copy_test(a_checkpoint_of_what_is_not_copied_yet_waits),
        copy_test(a_conflict_is_over_when_another_folder_is_named_or_none),
        copy_test(the_end_of_a_copy_to_the_folder_before_says_nothing),
        copy_test(a_folder_that_is_back_ends_its_alert_whatever_it_holds),
        copy_test(the_first_good_copy_ends_what_the_run_before_has_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
