/* The ledger on a disk that fails: what was acknowledged stays, and it goes on by itself. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/file.h"

#define SEGMENT 4

struct kit {
    char dir[64], away[72], folder[72];
    struct oc_ledger *ledger;
    struct oc_loop *loop;
    int told[64], count;
    char *pipe; /* takes the place of the first segment when that is told to be on the disk */
};

/* ---- the disk ---- */

static struct {
    atomic_int countdown;  /* the fdatasync that fails; 0: none */
    const char *from, *to; /* a folder that goes away just then */
    char removed[8][16];
    size_t count;
} disk;

int fdatasync(int fd)
{
    if (disk.countdown > 0 && --disk.countdown == 0) {
        if (disk.from) {
            assert_int_equal(rename(disk.from, disk.to), 0);
        }
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int unlink(const char *path)
{
    const char *name = strrchr(path, '/');
    if (name && disk.count < OC_COUNT(disk.removed)) {
        snprintf(disk.removed[disk.count++], sizeof disk.removed[0], "%.12s", name + 1);
    }
    return unlinkat(AT_FDCWD, path, 0);
}

/* ---- the kit ---- */

static void open_ledger(struct kit *k)
{
    struct oc_error err;
    oc_error_init(&err);
    const struct oc_ledger_options o = {.dir = k->folder, .segment_size = SEGMENT};
    k->ledger = oc_ledger_open(&o, k->loop, &err);
    if (!k->ledger) {
        fail_msg("%s", err.message);
    }
}

static void empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.') {
            char *path = oc_path_join(dir, e->d_name);
            unlink(path);
            free(path);
        }
    }
    if (d) {
        closedir(d);
    }
    rmdir(dir);
}

static int begin(void **state)
{
    struct kit *k = oc_calloc(1, sizeof *k);
    snprintf(k->dir, sizeof k->dir, "/tmp/oc-ledger-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    snprintf(k->folder, sizeof k->folder, "%s/l", k->dir);
    snprintf(k->away, sizeof k->away, "%s/away", k->dir);
    signal(SIGXFSZ, SIG_IGN);
    oc_log_set_level(-1);
    oc_time_fake(1767225600000, 1000);
    memset(&disk, 0, sizeof disk);
    k->loop = oc_loop_create();
    *state = k;
    return 0;
}

static int end(void **state)
{
    struct kit *k = *state;
    oc_ledger_close(k->ledger);
    oc_loop_destroy(k->loop);
    empty(k->folder);
    rmdir(k->dir);
    free(k->pipe);
    free(k);
    oc_time_fake(-1, -1);
    oc_log_set_level(OC_LOG_INFO);
    return 0;
}

static void on_done(void *ctx, int code)
{
    struct kit *k = ctx;
    k->told[k->count++] = code;
}

static int64_t add(struct kit *k, uint64_t n, size_t size)
{
    char *text = oc_calloc(1, size + 1);
    memset(text, 'x', size);
    json_t *entry = json_pack("{s:I,s:s}", "n", (json_int_t)n, "text", text);
    const int64_t index = oc_ledger_add(k->ledger, "test", entry, on_done, k, NULL);
    json_decref(entry);
    free(text);
    return index;
}

static void wait_for(struct kit *k, int count)
{
    while (k->count < count) {
        oc_loop_step(k->loop, true);
    }
}

static bool is_in_place(void *ctx, uint64_t index, const char *text, size_t len)
{
    uint64_t *next = ctx;
    json_t *entry = oc_json_parse(text, len, NULL);
    assert_int_equal(index, *next);
    assert_int_equal(oc_json_int(entry, "n", -1), index);
    json_decref(entry);
    (*next)++;
    return true;
}

/* Also for who opens it again, and who verifies it. */
static void has(struct kit *k, uint64_t count)
{
    const struct oc_ledger_check check = {.dir = k->folder, .size = UINT64_MAX, .threads = 1};
    struct oc_ledger_report report;
    struct oc_error why;
    for (int again = 0; again < 2; again++) {
        uint64_t next = 0;
        assert_int_equal(oc_ledger_size(k->ledger), count);
        assert_int_equal(oc_ledger_each(k->ledger, 0, is_in_place, &next, NULL), OC_OK);
        assert_int_equal(next, count);
        oc_ledger_close(k->ledger);
        open_ledger(k);
        oc_error_init(&why);
        if (!oc_ledger_healthy(k->ledger, &why) ||
            oc_ledger_verify(&check, &report, &why) != OC_OK) {
            fail_msg("%s", why.message);
        }
        assert_int_equal(report.entries, count);
    }
}

/* One entry is on the disk; the group behind it reaches over two borders: 1..3, 4..7, 8. */
static void add_over_two_borders(struct kit *k, size_t last)
{
    add(k, 0, 10);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    for (uint64_t n = 1; n <= 8; n++) {
        assert_int_equal(add(k, n, n == 8 ? last : 10), n);
    }
}

static void all_are_told_that_it_failed(struct kit *k)
{
    wait_for(k, 9);
    for (int i = 1; i < 9; i++) {
        assert_int_equal(k->told[i], OC_E_RETRY);
    }
    assert_false(oc_ledger_healthy(k->ledger, NULL));
    oc_time_advance(2000);
}

static void add_again(struct kit *k)
{
    for (uint64_t n = 1; n <= 9; n++) {
        assert_int_equal(add(k, n, 10), n);
        wait_for(k, 9 + (int)n);
        assert_int_equal(k->told[8 + n], OC_OK);
    }
    has(k, 10);
}

/* ---- tests ---- */

static void a_group_over_two_borders_that_does_not_fit_costs_nothing_that_was_there(void **state)
{
    struct kit *k = *state;
    struct rlimit old, tight;
    open_ledger(k);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 8192;
    add_over_two_borders(k, 20000); /* the third piece is too long */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    wait_for(k, 9);
    setrlimit(RLIMIT_FSIZE, &old);
    all_are_told_that_it_failed(k);
    add_again(k);
}

static void whichever_sync_of_a_group_fails_it_goes_on_behind_what_was_there(void **state)
{
    struct kit *k = *state;
    for (int at = 1; at <= 3; at++) {
        open_ledger(k);
        add_over_two_borders(k, 10);
        disk.countdown = at;
        all_are_told_that_it_failed(k);
        assert_int_equal(disk.countdown, 0);
        add_again(k);
        oc_ledger_close(k->ledger);
        k->ledger = NULL;
        empty(k->folder);
        k->count = 0;
    }
}

/* Nothing has to be found again in a folder that cannot be looked at. */
static void a_folder_that_goes_away_and_comes_back_is_got_over(void **state)
{
    struct kit *k = *state;
    open_ledger(k);
    add_over_two_borders(k, 10);
    disk.from = k->folder;
    disk.to = k->away;
    disk.countdown = 3;
    all_are_told_that_it_failed(k);
    assert_int_equal(add(k, 1, 10), 1);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_E_RETRY);
    assert_int_equal(rename(k->away, k->folder), 0);
    oc_time_advance(2000);
    k->count = 9;
    add_again(k);
}

static void segments_that_were_begun_are_removed_from_behind(void **state)
{
    struct kit *k = *state;
    open_ledger(k);
    add_over_two_borders(k, 10);
    disk.countdown = 3;
    all_are_told_that_it_failed(k);
    assert_int_equal(disk.count, 2); /* else a crash between the two would leave a gap */
    assert_string_equal(disk.removed[0], "000000000008");
    assert_string_equal(disk.removed[1], "000000000004");
    add_again(k);
}

static void on_full(void *ctx, int code)
{
    struct kit *k = ctx;
    on_done(k, code);
    assert_int_equal(unlink(k->pipe), 0);
    assert_int_equal(mkfifo(k->pipe, 0600), 0);
}

/* The seal hangs until somebody opens the other end. */
static void who_waits_for_the_disk_does_not_wait_for_a_seal(void **state)
{
    struct kit *k = *state;
    open_ledger(k);
    k->pipe = oc_ledger_path(k->folder, 0, ".log");
    for (uint64_t n = 0; n < 3; n++) {
        add(k, n, 10);
    }
    assert_int_equal(oc_ledger_add(k->ledger, "test", NULL, on_full, k, NULL), 3);
    wait_for(k, 4);
    assert_non_null(k->ledger->seal);
    add(k, 4, 10);
    while (!k->ledger->job && k->count < 5) {
        oc_loop_step(k->loop, false);
    }
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    assert_int_equal(k->count, 5);
    const int other = open(k->pipe, O_WRONLY | O_CLOEXEC);
    assert_true(other >= 0);
    close(other);
}

/* What waits here makes segments full as well. */
static void a_segment_that_a_sync_makes_full_is_sealed(void **state)
{
    struct kit *k = *state;
    open_ledger(k);
    for (uint64_t n = 0; n < 6; n++) {
        add(k, n, 10);
    }
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    while (k->ledger->seal) {
        oc_loop_step(k->loop, true);
    }
    assert_true(k->ledger->segments.items[0].tree);
    has(k, 6);
}

/* The clock of the ledger goes off now. */
static void try_again(struct kit *k)
{
    const uint64_t before = k->ledger->groups;
    oc_timer_start(k->ledger->again, 0, 0);
    while (k->ledger->groups == before) {
        oc_loop_step(k->loop, true);
    }
}

/* A file can be cut on a disk that is full: that is no sign of health. */
static void a_disk_that_is_full_is_not_well_until_something_can_be_written(void **state)
{
    struct kit *k = *state;
    struct rlimit old, tight;
    open_ledger(k);
    add(k, 0, 10);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 8192;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    add(k, 1, 20000);
    wait_for(k, 2);
    for (int i = 0; i < 3; i++) {
        try_again(k);
        assert_false(oc_ledger_healthy(k->ledger, NULL));
    }
    setrlimit(RLIMIT_FSIZE, &old);
    try_again(k); /* nobody has to add anything for it to get well */
    assert_true(oc_ledger_healthy(k->ledger, NULL));
    char *probe = oc_ledger_path(k->folder, 0, ".new");
    assert_false(oc_file_exists(probe));
    free(probe);
    assert_int_equal(add(k, 1, 10), 1);
    wait_for(k, 3);
    has(k, 2);
}

static void whoever_leaves_is_told_nothing_any_more(void **state)
{
    struct kit *k = *state, gone = {.count = 0};
    open_ledger(k);
    assert_int_equal(oc_ledger_add(k->ledger, "test", NULL, on_done, &gone, NULL), 0);
    assert_int_equal(oc_ledger_add(k->ledger, "test", NULL, on_done, k, NULL), 1);
    assert_int_equal(oc_ledger_add(k->ledger, "test", NULL, on_done, &gone, NULL), 2);
    oc_ledger_leave(k->ledger, &gone);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    assert_int_equal(gone.count, 0);
    assert_int_equal(k->count, 1);
    assert_int_equal(oc_ledger_durable(k->ledger), 3);
}

static void memory_that_is_full_acknowledges_nothing_and_goes_on(void **state)
{
    struct kit *k = *state;
    struct rlimit old, tight;
    const struct oc_ledger_options o = {0};
    k->ledger = oc_ledger_open(&o, NULL, NULL);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 4096;
    for (uint64_t n = 0; n < 2; n++) { /* nothing is there yet; one entry is */
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
        assert_int_equal(add(k, n, 8000), OC_E_RETRY);
        setrlimit(RLIMIT_FSIZE, &old);
        oc_time_advance(2000);
        assert_int_equal(add(k, n, 10), n);
    }
    uint64_t next = 0;
    assert_int_equal(oc_ledger_each(k->ledger, 0, is_in_place, &next, NULL), OC_OK);
    assert_int_equal(next, 2);
}

/* Changes one byte of the open segment, asks for the entries behind it, and returns what is said. */
static void says(struct kit *k, const char *text, const char *expected)
{
    char *path = oc_ledger_path(k->folder, 4, ".log");
    struct oc_buf whole = {0};
    struct oc_error err;
    uint64_t next = 0;
    oc_error_init(&err);
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    oc_buf_addc(&whole, '\0');
    char *at = strstr(whole.data, text);
    assert_non_null(at);
    *at = '~';
    assert_int_equal(oc_file_write(path, whole.data, whole.len - 1, 0600, NULL), OC_OK);
    assert_int_equal(oc_ledger_each_in(k->folder, SEGMENT, 0, 7, is_in_place, &next, &err),
                     OC_E_VERIFY);
    assert_string_equal(err.message, expected);
    *at = *text;
    assert_int_equal(oc_file_write(path, whole.data, whole.len - 1, 0600, NULL), OC_OK);
    oc_buf_finish(&whole);
    free(path);
}

static void damage_is_said_of_the_entry_that_has_it(void **state)
{
    struct kit *k = *state;
    open_ledger(k);
    for (uint64_t n = 0; n < 7; n++) {
        add(k, n, 10);
    }
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    says(k, "openclaw", "entry 4 of the ledger is damaged"); /* the line before it */
    says(k, "\"n\":4", "entry 4 of the ledger is damaged");
    says(k, "\"n\":6", "entry 6 of the ledger is damaged");
    has(k, 7);
}

#define kit_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(a_group_over_two_borders_that_does_not_fit_costs_nothing_that_was_there),
        kit_test(whichever_sync_of_a_group_fails_it_goes_on_behind_what_was_there),
        kit_test(a_folder_that_goes_away_and_comes_back_is_got_over),
        kit_test(segments_that_were_begun_are_removed_from_behind),
        kit_test(who_waits_for_the_disk_does_not_wait_for_a_seal),
        kit_test(a_segment_that_a_sync_makes_full_is_sealed),
        kit_test(a_disk_that_is_full_is_not_well_until_something_can_be_written),
        kit_test(whoever_leaves_is_told_nothing_any_more),
        kit_test(memory_that_is_full_acknowledges_nothing_and_goes_on),
        kit_test(damage_is_said_of_the_entry_that_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
