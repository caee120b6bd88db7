/* The ledger: what was added is read again and proved, whatever a crash left of its end. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

struct kit {
    char dir[64];
    struct oc_ledger *ledger;
    struct oc_loop *loop;
    int told[64], count;
};

static struct oc_ledger *open_as(struct kit *k, uint64_t segment, bool read_only)
{
    struct oc_error err;
    oc_error_init(&err);
    struct oc_ledger_options o = {.dir = k->dir, .read_only = read_only, .segment_size = segment};
    struct oc_ledger *l = oc_ledger_open(&o, k->loop, &err);
    if (!l) {
        fail_msg("%s", err.message);
    }
    return l;
}

static void reopen(struct kit *k, uint64_t segment)
{
    oc_ledger_close(k->ledger);
    k->ledger = open_as(k, segment, false);
}

static void empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.') {
            char *path = oc_path_join(dir, e->d_name);
            if (unlink(path) != 0) {
                empty(path);
                rmdir(path);
            }
            free(path);
        }
    }
    if (d) {
        closedir(d);
    }
}

static int begin(void **state)
{
    struct kit *k = oc_calloc(1, sizeof *k);
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* thousands of syncs */
    snprintf(k->dir, sizeof k->dir, "%s/oc-ledger-XXXXXX", tmp);
    assert_non_null(mkdtemp(k->dir));
    oc_log_set_level(-1);
    oc_time_fake(1767225600000, 1000);
    *state = k;
    return 0;
}

static int end(void **state)
{
    struct kit *k = *state;
    oc_ledger_close(k->ledger);
    oc_loop_destroy(k->loop);
    empty(k->dir);
    rmdir(k->dir);
    free(k);
    oc_time_fake(-1, -1);
    oc_log_set_level(OC_LOG_INFO);
    return 0;
}

static int64_t add(struct kit *k, uint64_t n)
{
    json_t *entry = json_pack("{s:I}", "n", (json_int_t)n);
    const int64_t index = oc_ledger_add(k->ledger, "test", entry, NULL, NULL, NULL);
    json_decref(entry);
    return index;
}

static void text_of(uint64_t n, char out[96])
{
    snprintf(out, 96, "{\"time\":1767225600000,\"type\":\"test\",\"n\":%llu}",
             (unsigned long long)n);
}

static bool compare(void *ctx, uint64_t index, const char *text, size_t len)
{
    char expected[96];
    uint64_t *next = ctx;
    assert_int_equal(index, *next);
    text_of(index, expected);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(text, expected, len);
    (*next)++;
    return true;
}

static void has(struct kit *k, uint64_t count)
{
    uint64_t next = 0;
    assert_int_equal(oc_ledger_size(k->ledger), count);
    assert_int_equal(oc_ledger_each(k->ledger, 0, compare, &next, NULL), OC_OK);
    assert_int_equal(next, count);
}

/* The tree of the first `size` entries, made anew. */
static void expected_root(uint64_t size, uint8_t root[OC_LEDGER_HASH])
{
    struct oc_frontier f = {0};
    for (uint64_t i = 0; i < size; i++) {
        char text[96];
        uint8_t leaf[OC_LEDGER_HASH];
        text_of(i, text);
        oc_merkle_leaf(text, strlen(text), leaf);
        oc_frontier_add(&f, leaf, NULL, NULL);
    }
    oc_frontier_root(&f, root);
}

static void proves(struct kit *k, uint64_t index, uint64_t size)
{
    struct oc_ledger_proof proof;
    uint8_t root[OC_LEDGER_HASH], expected[OC_LEDGER_HASH], leaf[OC_LEDGER_HASH];
    struct oc_error err;
    char text[96];
    oc_error_init(&err);
    expected_root(size, expected);
    if (oc_ledger_root(k->ledger, size, root, &err) != OC_OK) {
        fail_msg("%s", err.message);
    }
    assert_memory_equal(root, expected, sizeof root);
    assert_int_equal(oc_ledger_prove(k->ledger, index, size, &proof, NULL), OC_OK);
    text_of(index, text);
    oc_merkle_leaf(text, strlen(text), leaf);
    assert_true(oc_tree_check(leaf, index, size, &proof, root));
}

static void what_was_added_is_read_after_opening_again(void **state)
{
    struct kit *k = *state;
    reopen(k, 8);
    for (uint64_t i = 0; i < 50; i++) {
        assert_int_equal(add(k, i), i);
        assert_int_equal(oc_ledger_durable(k->ledger), i + 1);
        if (i % 7 == 0) {
            reopen(k, 0); /* keeps the size that it has */
        }
    }
    has(k, 50);
    reopen(k, 0);
    has(k, 50);
    struct oc_buf out = {0};
    char expected[96];
    text_of(33, expected);
    assert_int_equal(oc_ledger_read(k->ledger, 33, &out, NULL), OC_OK);
    assert_string_equal(out.data, expected);
    assert_int_equal(oc_ledger_read(k->ledger, 50, &out, NULL), OC_E_NOT_FOUND);
    oc_buf_finish(&out);
}

static void every_root_and_proof_is_right(void **state)
{
    struct kit *k = *state;
    reopen(k, 4);
    for (uint64_t i = 0; i < 45; i++) {
        add(k, i);
    }
    for (int again = 0; again < 2; again++) {
        for (uint64_t size = 1; size <= 45; size++) {
            for (uint64_t i = 0; i < size; i++) {
                proves(k, i, size);
            }
        }
        for (uint64_t to = 1; to <= 45; to += 3) {
            for (uint64_t from = 1; from <= to; from++) {
                struct oc_ledger_proof proof;
                uint8_t before[OC_LEDGER_HASH], after[OC_LEDGER_HASH];
                expected_root(from, before);
                expected_root(to, after);
                assert_int_equal(oc_ledger_prove_growth(k->ledger, from, to, &proof, NULL), OC_OK);
                assert_true(oc_tree_check_growth(from, before, to, after, &proof));
            }
        }
        reopen(k, 0);
    }
}

static void large_segments_have_tiles(void **state)
{
    struct kit *k = *state;
    reopen(k, 1024);
    for (uint64_t i = 0; i < 2600; i++) {
        add(k, i);
    }
    for (int again = 0; again < 2; again++) {
        static const uint64_t indices[] = {0, 255, 256, 1023, 1024, 1500, 2047, 2048, 2303, 2599};
        for (size_t i = 0; i < OC_COUNT(indices); i++) {
            proves(k, indices[i], 2600);
            proves(k, indices[i], indices[i] + 1);
        }
        reopen(k, 0);
    }
    has(k, 2600);
}

static void memory_is_a_ledger_too(void **state)
{
    struct kit *k = *state;
    struct oc_ledger_options o = {0};
    k->ledger = oc_ledger_open(&o, NULL, NULL);
    for (uint64_t i = 0; i < 700; i++) {
        assert_int_equal(add(k, i), i);
    }
    has(k, 700);
    proves(k, 3, 700);
    proves(k, 600, 650);
}

/* Whatever is cut off at the end, what is left is read and goes on. */
static void a_torn_tail_is_cut(void **state)
{
    struct kit *k = *state;
    char *path = oc_ledger_path(k->dir, 8, ".log");
    struct oc_buf whole = {0};
    reopen(k, 8);
    for (uint64_t i = 0; i < 12; i++) {
        add(k, i);
    }
    oc_ledger_close(k->ledger);
    k->ledger = NULL;
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    for (size_t len = 0; len < whole.len; len++) {
        assert_int_equal(oc_file_write(path, whole.data, len, 0600, NULL), OC_OK);
        k->ledger = open_as(k, 0, false);
        const uint64_t size = oc_ledger_size(k->ledger);
        assert_true(oc_ledger_healthy(k->ledger, NULL));
        assert_in_range(size, 8, 11);
        has(k, size);
        assert_int_equal(add(k, size), size);
        reopen(k, 0);
        has(k, size + 1);
        oc_ledger_close(k->ledger);
        k->ledger = NULL;
    }
    oc_buf_finish(&whole);
    free(path);
}

/* Each entry was acknowledged before the next one was added, so a bit that is another is damage unless it is in the last one. */
static void damage_before_the_last_group_is_said(void **state)
{
    struct kit *k = *state;
    char *path = oc_ledger_path(k->dir, 0, ".log");
    struct oc_buf whole = {0};
    reopen(k, 8);
    for (uint64_t i = 0; i < 6; i++) {
        add(k, i);
    }
    oc_ledger_close(k->ledger);
    k->ledger = NULL;
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    const char *last = whole.data + whole.len - 2;
    while (last[-1] != '\n') {
        last--;
    }
    for (size_t at = 0; at < (size_t)(last - whole.data); at++) {
        struct oc_error why;
        whole.data[at] ^= 4;
        assert_int_equal(oc_file_write(path, whole.data, whole.len, 0600, NULL), OC_OK);
        whole.data[at] ^= 4;
        k->ledger = open_as(k, 0, false);
        assert_false(oc_ledger_healthy(k->ledger, &why));
        assert_int_equal(why.code, OC_E_VERIFY);
        assert_int_equal(add(k, 1), OC_E_CONFLICT);
        oc_ledger_close(k->ledger);
        k->ledger = NULL;
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_size, whole.len); /* left as it is */
    }
    oc_buf_finish(&whole);
    free(path);
}

static void a_missing_segment_is_said(void **state)
{
    struct kit *k = *state;
    reopen(k, 4);
    for (uint64_t i = 0; i < 18; i++) {
        add(k, i);
    }
    oc_ledger_close(k->ledger);
    char *path = oc_ledger_path(k->dir, 8, ".log");
    unlink(path);
    free(path);
    k->ledger = open_as(k, 0, false);
    assert_false(oc_ledger_healthy(k->ledger, NULL));
}

/* A crash between the last entry of a segment and its hashes, or the next segment's first line. */
static void a_crash_between_two_segments_does_no_harm(void **state)
{
    struct kit *k = *state;
    reopen(k, 4);
    for (uint64_t i = 0; i < 8; i++) {
        add(k, i);
    }
    oc_ledger_close(k->ledger);
    k->ledger = NULL;
    char *tree = oc_ledger_path(k->dir, 4, ".tree"), *next = oc_ledger_path(k->dir, 8, ".log");
    unlink(tree);
    assert_int_equal(oc_file_write(next, "", 0, 0600, NULL), OC_OK);
    k->ledger = open_as(k, 0, false);
    assert_true(oc_ledger_healthy(k->ledger, NULL));
    assert_true(oc_file_exists(tree));
    has(k, 8);
    add(k, 8);
    has(k, 9);
    for (uint64_t i = 0; i < 9; i++) {
        proves(k, i, 9);
    }
    free(tree);
    free(next);
}

static void one_that_only_looks_changes_nothing(void **state)
{
    struct kit *k = *state;
    reopen(k, 8);
    for (uint64_t i = 0; i < 5; i++) {
        add(k, i);
    }
    struct oc_ledger *writer = k->ledger;
    k->ledger = open_as(k, 0, true);
    has(k, 5);
    assert_int_equal(add(k, 5), OC_E_CONFLICT);
    oc_ledger_close(k->ledger);
    k->ledger = writer;
    assert_int_equal(add(k, 5), 5);
    oc_ledger_close(k->ledger);
    char gone[80];
    snprintf(gone, sizeof gone, "%s/none", k->dir);
    struct oc_ledger_options o = {.dir = gone, .read_only = true};
    k->ledger = oc_ledger_open(&o, NULL, NULL);
    assert_non_null(k->ledger);
    assert_int_equal(oc_ledger_size(k->ledger), 0);
    assert_false(oc_file_exists(gone));
}

/* What is acknowledged is on the disk: where there is none, nothing is. */
static void one_that_cannot_be_opened_takes_nothing(void **state)
{
    struct kit *k = *state;
    struct oc_error err;
    char file[80];
    snprintf(file, sizeof file, "%s/file", k->dir);
    assert_int_equal(oc_file_write(file, "x", 1, 0600, NULL), OC_OK);
    struct oc_ledger_options o = {.dir = file};
    assert_null(oc_ledger_open(&o, NULL, NULL));
    o.tolerant = true;
    k->ledger = oc_ledger_open(&o, NULL, NULL);
    assert_non_null(k->ledger);
    oc_error_init(&err);
    assert_false(oc_ledger_healthy(k->ledger, &err));
    assert_non_null(strstr(err.message, "cannot be opened"));
    assert_non_null(strstr(err.hint, file));
    oc_error_init(&err);
    assert_int_equal(oc_ledger_add(k->ledger, "test", NULL, NULL, NULL, &err), OC_E_CONFLICT);
    assert_int_equal(err.code, OC_E_CONFLICT);
    assert_int_equal(oc_ledger_size(k->ledger), 0);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    assert_false(oc_ledger_is_kept(k->ledger));
    has(k, 0);
}

static void a_thread_beside_the_one_that_writes_reads_the_files(void **state)
{
    struct kit *k = *state;
    uint8_t leaf[OC_LEDGER_HASH], expected[OC_LEDGER_HASH];
    char text[96];
    reopen(k, 8);
    for (uint64_t i = 0; i < 21; i++) {
        add(k, i);
        oc_ledger_newest_leaf(k->ledger, leaf);
        text_of(i, text);
        oc_merkle_leaf(text, strlen(text), expected);
        assert_memory_equal(leaf, expected, sizeof leaf);
    }
    assert_string_equal(oc_ledger_folder(k->ledger), k->dir);
    for (uint64_t from = 0; from < 21; from++) {
        uint64_t next = from;
        assert_int_equal(oc_ledger_each_in(k->dir, 8, from, 21, compare, &next, NULL), OC_OK);
        assert_int_equal(next, 21);
    }
    uint64_t next = 2;
    assert_int_equal(oc_ledger_each_in(k->dir, 8, 2, 5, compare, &next, NULL), OC_OK);
    assert_int_equal(next, 5);
    next = 2; /* there are no more than 21 */
    assert_int_not_equal(oc_ledger_each_in(k->dir, 8, 2, 40, compare, &next, NULL), OC_OK);
}

static void on_done(void *ctx, int code)
{
    struct kit *k = ctx;
    k->told[k->count++] = code;
}

static int64_t add_told(struct kit *k, uint64_t n)
{
    json_t *entry = json_pack("{s:I}", "n", (json_int_t)n);
    const int64_t index = oc_ledger_add(k->ledger, "test", entry, on_done, k, NULL);
    json_decref(entry);
    return index;
}

static void on_a_loop_all_of_one_turn_share_a_sync(void **state)
{
    struct kit *k = *state;
    k->loop = oc_loop_create();
    reopen(k, 8);
    for (uint64_t i = 0; i < 20; i++) {
        assert_int_equal(add_told(k, i), i);
    }
    assert_int_equal(k->count, 0);
    assert_int_equal(oc_ledger_durable(k->ledger), 0);
    has(k, 20); /* what is on its way is read as well */
    while (k->count < 20) {
        oc_loop_step(k->loop, true);
    }
    for (int i = 0; i < 20; i++) {
        assert_int_equal(k->told[i], OC_OK);
    }
    assert_int_equal(k->ledger->groups, 1);
    assert_int_equal(oc_ledger_durable(k->ledger), 20);
    add_told(k, 20);
    oc_loop_step(k->loop, true); /* under way */
    add_told(k, 21);
    has(k, 22);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    assert_int_equal(oc_ledger_durable(k->ledger), 22);
    assert_int_equal(k->count, 22);
    reopen(k, 0);
    has(k, 22);
}

/* A file may not grow: nothing is acknowledged, and when there is room again the ledger goes on by itself. */
static void a_full_disk_acknowledges_nothing(void **state)
{
    struct kit *k = *state;
    struct rlimit old, tight;
    struct oc_error why;
    struct stat st;
    char *path = oc_ledger_path(k->dir, 0, ".log");
    k->loop = oc_loop_create();
    reopen(k, 64);
    add_told(k, 0);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(stat(path, &st), 0);
    tight = old;
    tight.rlim_cur = (rlim_t)st.st_size + 20; /* in the middle of a line */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    assert_int_equal(add_told(k, 1), 1);
    assert_int_equal(add_told(k, 2), 2);
    while (k->count < 3) {
        oc_loop_step(k->loop, true);
    }
    assert_int_equal(k->told[1], OC_E_RETRY);
    assert_int_equal(k->told[2], OC_E_RETRY);
    assert_false(oc_ledger_healthy(k->ledger, &why));
    assert_int_equal(why.code, OC_E_RETRY);
    has(k, 1);
    assert_int_equal(add_told(k, 1), OC_E_RETRY); /* at once: it is known */
    oc_time_fake(1767225600000, oc_time_mono() + 2000);
    assert_int_equal(add_told(k, 1), 1);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_E_RETRY);
    setrlimit(RLIMIT_FSIZE, &old);
    oc_time_fake(1767225600000, oc_time_mono() + 2000);
    assert_int_equal(add_told(k, 1), 1);
    assert_int_equal(oc_ledger_sync(k->ledger, NULL), OC_OK);
    assert_true(oc_ledger_healthy(k->ledger, NULL));
    reopen(k, 0);
    has(k, 2);
    free(path);
}

/* After an fsync that failed the file is written anew from what was on the disk. */
static void a_segment_that_is_not_trusted_is_copied(void **state)
{
    struct kit *k = *state;
    struct stat before, after;
    char *path = oc_ledger_path(k->dir, 8, ".log");
    reopen(k, 8);
    for (uint64_t i = 0; i < 11; i++) {
        add(k, i);
    }
    stat(path, &before);
    assert_int_equal(write(k->ledger->fd, "rubbish", 7), 7);
    k->ledger->trouble = OC_LEDGER_COPY;
    assert_int_equal(add(k, 11), 11);
    stat(path, &after);
    assert_int_not_equal(before.st_ino, after.st_ino);
    assert_int_equal(k->ledger->trouble, OC_LEDGER_FINE);
    reopen(k, 0);
    assert_true(oc_ledger_healthy(k->ledger, NULL));
    has(k, 12);
    free(path);
}

static void a_file_that_somebody_replaced_is_put_right(void **state)
{
    struct kit *k = *state;
    char *path = oc_ledger_path(k->dir, 0, ".log");
    reopen(k, 8);
    add(k, 0);
    add(k, 1);
    assert_int_equal(oc_file_write(path, "another", 7, 0600, NULL), OC_OK);
    assert_int_equal(add(k, 2), 2);
    has(k, 3);
    unlink(path);
    assert_int_equal(add(k, 3), 3);
    reopen(k, 0);
    assert_true(oc_ledger_healthy(k->ledger, NULL));
    has(k, 4);
    free(path);
}

static void strange_entries_are_refused_or_kept_as_they_are(void **state)
{
    struct kit *k = *state;
    struct oc_buf out = {0};
    reopen(k, 8);
    json_t *entry = json_pack("{s:i,s:s,s:s}", "time", 5, "type", "other", "text", "a\n\"b\"");
    assert_int_equal(oc_ledger_add(k->ledger, "odd \"word\"", entry, NULL, NULL, NULL), 0);
    assert_int_equal(oc_ledger_read(k->ledger, 0, &out, NULL), OC_OK);
    assert_string_equal(out.data, "{\"time\":1767225600000,\"type\":\"odd \\\"word\\\"\","
                                  "\"text\":\"a\\n\\\"b\\\"\"}");
    char *large = oc_calloc(1, OC_LEDGER_ENTRY_MAX + 1);
    memset(large, 'x', OC_LEDGER_ENTRY_MAX);
    oc_json_set_str(entry, "text", large);
    assert_int_equal(oc_ledger_add(k->ledger, "t", entry, NULL, NULL, NULL), OC_E_CONFIG);
    large[OC_LEDGER_ENTRY_MAX - 60] = '\0';
    oc_json_set_str(entry, "text", large);
    assert_int_equal(oc_ledger_add(k->ledger, "t", entry, NULL, NULL, NULL), 1);
    assert_int_equal(oc_ledger_add(k->ledger, "t", NULL, NULL, NULL, NULL), 2);
    reopen(k, 0);
    assert_int_equal(oc_ledger_size(k->ledger), 3);
    free(large);
    json_decref(entry);
    oc_buf_finish(&out);
}

#define kit_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(what_was_added_is_read_after_opening_again),
        kit_test(every_root_and_proof_is_right),
        kit_test(large_segments_have_tiles),
        kit_test(memory_is_a_ledger_too),
        kit_test(a_torn_tail_is_cut),
        kit_test(damage_before_the_last_group_is_said),
        kit_test(a_missing_segment_is_said),
        kit_test(a_crash_between_two_segments_does_no_harm),
        kit_test(one_that_only_looks_changes_nothing),
        kit_test(one_that_cannot_be_opened_takes_nothing),
        kit_test(a_thread_beside_the_one_that_writes_reads_the_files),
        kit_test(on_a_loop_all_of_one_turn_share_a_sync),
        kit_test(a_full_disk_acknowledges_nothing),
        kit_test(a_segment_that_is_not_trusted_is_copied),
        kit_test(a_file_that_somebody_replaced_is_put_right),
        kit_test(strange_entries_are_refused_or_kept_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
