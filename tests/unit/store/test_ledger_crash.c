/* kill -9 while entries are written: what was acknowledged is there, once, and in its place. SPDX-License-Identifier: MIT
 *
 * With OC_FULL=1 it happens 10 000 times (OC_KILLS: another number), one half on the disk, the other in memory, side by side. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

#define SEGMENT 8  /* entries: every kill may hit a segment that is sealed or begun */
#define LIVES   20 /* of one ledger: verifying stays cheap; every tenth one gets more of them */
#define LONG    200

struct writer {
    struct oc_ledger *ledger;
    struct oc_loop *loop;
    int out;
    uint64_t next, acknowledged;
};

static void on_done(void *ctx, int code)
{
    struct writer *w = ctx;
    if (code == OC_OK) { /* in the order of adding */
        const uint64_t index = w->acknowledged++;
        if (write(w->out, &index, sizeof index) != sizeof index) {
            _exit(2);
        }
    }
}

static _Noreturn void write_for_ever(const char *dir, int out)
{
    const struct oc_ledger_options o = {.dir = dir, .segment_size = SEGMENT};
    struct writer w = {.loop = oc_loop_create(), .out = out};
    w.ledger = oc_ledger_open(&o, w.loop, NULL);
    if (!w.ledger || !oc_ledger_healthy(w.ledger, NULL)) {
        _exit(3);
    }
    w.next = w.acknowledged = oc_ledger_size(w.ledger);
    for (uint64_t turn = 0;; turn++) {
        for (uint64_t i = 0; i < turn % 7; i++) {
            json_t *entry = json_pack("{s:I}", "n", (json_int_t)w.next);
            if (oc_ledger_add(w.ledger, "test", entry, on_done, &w, NULL) != (int64_t)w.next) {
                _exit(4);
            }
            w.next++;
            json_decref(entry);
        }
        oc_loop_step(w.loop, turn % 7 == 6);
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

static void look(const char *dir, uint64_t acknowledged)
{
    const struct oc_ledger_options o = {.dir = dir, .segment_size = SEGMENT};
    const struct oc_ledger_check check = {.dir = dir, .size = UINT64_MAX, .threads = 1};
    struct oc_ledger_report report;
    struct oc_error why;
    uint64_t next = 0;
    oc_error_init(&why);
    if (oc_ledger_verify(&check, &report, &why) != OC_OK) {
        fail_msg("%s", why.message);
    }
    struct oc_ledger *l = oc_ledger_open(&o, NULL, NULL);
    assert_non_null(l);
    if (!oc_ledger_healthy(l, &why)) {
        fail_msg("%s", why.message);
    }
    assert_true(oc_ledger_size(l) >= acknowledged);
    const uint64_t from = acknowledged > 64 ? acknowledged - 64 : 0;
    next = from;
    assert_int_equal(oc_ledger_each(l, from, is_in_place, &next, NULL), OC_OK);
    assert_int_equal(next, oc_ledger_size(l));
    oc_ledger_close(l);
}

static uint64_t one_life(const char *dir, unsigned microseconds, uint64_t acknowledged)
{
    int ends[2], status = 0;
    uint64_t index = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_for_ever(dir, ends[1]);
    }
    close(ends[1]);
    struct timespec wait = {0, (long)microseconds * 1000};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    while (read(ends[0], &index, sizeof index) == sizeof index) {
        acknowledged = index + 1;
    }
    close(ends[0]);
    return acknowledged;
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
}

struct lives {
    const char *base;
    int count;
    uint32_t longest; /* us */
};

static uint64_t many_lives(const struct lives *l)
{
    char dir[64];
    uint64_t acknowledged = 0, total = 0;
    snprintf(dir, sizeof dir, "%s/oc-ledger-crash-XXXXXX", l->base);
    assert_non_null(mkdtemp(dir));
    for (int i = 0, ledgers = 0, left = LIVES; i < l->count; i++) {
        uint32_t random;
        oc_random(&random, sizeof random);
        acknowledged = one_life(dir, 500 + random % l->longest, acknowledged);
        look(dir, acknowledged);
        if (--left == 0 || i + 1 == l->count) {
            empty(dir);
            total += acknowledged;
            acknowledged = 0;
            left = ++ledgers % 10 == 9 ? LONG : LIVES;
        }
    }
    rmdir(dir);
    return total;
}

static int points(void)
{
    const char *given = getenv("OC_KILLS");
    return given ? (int)strtol(given, NULL, 10) : getenv("OC_FULL") ? 10000 : 60;
}

/* The other half is another process: what fails there is told by how it ends. */
static void nothing_that_was_acknowledged_is_lost(void **state)
{
    const bool shm = access("/dev/shm", W_OK) == 0;
    const struct lives disk = {"/tmp", points() / 2, 30000},
                       memory = {shm ? "/dev/shm" : "/tmp", points() - points() / 2,
                                 shm ? 8000 : 30000}; /* a disk in memory syncs at once */
    int status = 0;
    (void)state;
    oc_log_set_level(-1);
    const int64_t began = oc_time_mono();
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        _exit(many_lives(&memory) > 0 ? 0 : 1);
    }
    const uint64_t total = many_lives(&disk);
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(total > 0);
    oc_log_set_level(OC_LOG_INFO);
    print_message("%d kills in %.0f s\n", points(), (double)(oc_time_mono() - began) / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_that_was_acknowledged_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
