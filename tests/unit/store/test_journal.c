/* The journal: what was flushed is read again, whatever happened to the end of the file. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/journal.h"
#include "core/sys/file.h"

struct kit {
    char dir[64];
    struct oc_buf seen; /* "type:text;" of every record */
    int log_fd;
};

static void on_record(void *ctx, uint32_t segment, unsigned type, const void *data, size_t len)
{
    struct kit *k = ctx;
    (void)segment;
    oc_buf_addf(&k->seen, "%u:%.*s;", type, (int)len, (const char *)data);
}

static struct oc_journal *open_in(struct kit *k, bool read_only)
{
    char path[96];
    struct oc_error err;
    oc_error_init(&err);
    oc_buf_clear(&k->seen);
    oc_buf_adds(&k->seen, "");
    snprintf(path, sizeof path, "%s/j", k->dir);
    struct oc_journal *j = oc_journal_open(path, read_only, NULL, on_record, k, &err);
    if (!j) {
        fail_msg("%s", err.message);
    }
    return j;
}

static const char *content(struct kit *k)
{
    oc_journal_close(open_in(k, true));
    return k->seen.len ? k->seen.data : "";
}

static void add(struct oc_journal *j, unsigned type, const char *text)
{
    oc_journal_add(j, type, text, strlen(text));
}

static char *segment_path(const struct kit *k, unsigned number)
{
    return oc_asprintf("%s/j/%08x.journal", k->dir, number);
}

static int begin(void **state)
{
    struct kit *k = oc_calloc(1, sizeof *k);
    snprintf(k->dir, sizeof k->dir, "/tmp/oc-journal-XXXXXX");
    assert_non_null(mkdtemp(k->dir));
    k->log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    oc_log_set(OC_LOG_WARN, OC_LOG_TEXT, k->log_fd);
    *state = k;
    return 0;
}

static int end(void **state)
{
    struct kit *k = *state;
    char path[512];
    snprintf(path, sizeof path, "%s/j", k->dir);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        snprintf(path, sizeof path, "%s/j/%s", k->dir, entry->d_name);
        unlink(path);
    }
    if (dir) {
        closedir(dir);
    }
    snprintf(path, sizeof path, "%s/j", k->dir);
    rmdir(path);
    rmdir(k->dir);
    oc_log_set(OC_LOG_INFO, OC_LOG_TEXT, 2);
    close(k->log_fd);
    oc_buf_finish(&k->seen);
    free(k);
    return 0;
}

static void what_was_flushed_is_read_in_order(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    add(j, 1, "one");
    add(j, 2, "");
    assert_int_equal(oc_journal_flush(j, NULL), OC_OK);
    assert_string_equal(content(k), "1:one;2:;");
    add(j, 1, "two");
    assert_string_equal(content(k), "1:one;2:;"); /* gathered only */
    assert_int_equal(oc_journal_commit(j, NULL), OC_OK);
    oc_journal_close(j);
    j = open_in(k, false);
    add(j, 3, "next run");
    oc_journal_close(j); /* writes what was added */
    assert_string_equal(content(k), "1:one;2:;1:two;3:next run;");
}

static void on_done(void *ctx, int code)
{
    *(int *)ctx = code;
}

static void a_sync_answers_when_all_is_written(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    int code = 1;
    add(j, 1, "x");
    oc_journal_flush(j, NULL);
    oc_journal_sync(j, on_done, &code);
    assert_int_equal(code, OC_OK);
    assert_int_equal(oc_journal_syncs(j), 1);
    code = 1;
    oc_journal_sync(j, on_done, &code); /* nothing new: no second fsync */
    assert_int_equal(code, OC_OK);
    assert_int_equal(oc_journal_syncs(j), 1);
    oc_journal_close(j);
}

static void a_tail_torn_at_any_byte_costs_the_last_frame_alone(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    struct oc_buf whole = {0};
    add(j, 1, "first");
    oc_journal_flush(j, NULL);
    add(j, 1, "second");
    oc_journal_close(j);
    char *path = segment_path(k, 1);
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    for (size_t len = 0; len < whole.len; len++) {
        FILE *f = fopen(path, "w");
        fwrite(whole.data, 1, len, f);
        fclose(f);
        const char *expected = len < 20 + 16 + 7 ? "" : "1:first;";
        assert_string_equal(content(k), expected);
    }
    /* a new run writes behind it */
    j = open_in(k, false);
    add(j, 1, "third");
    oc_journal_close(j);
    assert_string_equal(content(k), "1:first;1:third;");
    oc_buf_finish(&whole);
    free(path);
}

static void a_flipped_byte_costs_its_frame_alone(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    struct oc_buf whole = {0};
    add(j, 1, "first");
    oc_journal_flush(j, NULL);
    add(j, 1, "second");
    oc_journal_flush(j, NULL);
    add(j, 1, "third");
    oc_journal_close(j);
    char *path = segment_path(k, 1);
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    size_t begins = 20 + 16 + 7, ends = begins + 16 + 8;
    for (size_t at = begins; at < ends; at++) {
        whole.data[at] = (char)(whole.data[at] ^ 0x40);
        FILE *f = fopen(path, "w");
        fwrite(whole.data, 1, whole.len, f);
        fclose(f);
        assert_string_equal(content(k), "1:first;1:third;");
        whole.data[at] = (char)(whole.data[at] ^ 0x40);
    }
    oc_buf_finish(&whole);
    free(path);
}

static void expect_copy(struct kit *k, const struct oc_buf *of)
{
    struct oc_buf found = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/j/00000001.journal.corrupt", k->dir);
    assert_int_equal(oc_file_exists(path), of != NULL);
    if (of) {
        assert_int_equal(oc_file_read(path, 1 << 20, &found, NULL), OC_OK);
        assert_int_equal(found.len, of->len);
        assert_memory_equal(found.data, of->data, of->len);
    }
    oc_buf_finish(&found);
}

/* A crash tears the end of a file; before a sound frame it is damage, and a copy is kept for who looks into it. */
static void damage_before_a_sound_frame_is_no_torn_tail(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    struct oc_buf whole = {0};
    add(j, 1, "first");
    oc_journal_flush(j, NULL);
    add(j, 1, "second");
    oc_journal_close(j);
    char *path = segment_path(k, 1);
    assert_int_equal(oc_file_read(path, 1 << 20, &whole, NULL), OC_OK);
    assert_int_equal(truncate(path, (off_t)whole.len - 1), 0);
    j = open_in(k, false);
    assert_int_equal(oc_journal_damaged(j), 0);
    oc_journal_close(j);
    expect_copy(k, NULL);
    whole.data[20 + 16] ^= 1; /* of the first payload */
    assert_int_equal(oc_file_write(path, whole.data, whole.len, 0600, NULL), OC_OK);
    oc_journal_close(open_in(k, true)); /* who only looks makes no file */
    expect_copy(k, NULL);
    j = open_in(k, false);
    assert_int_equal(oc_journal_damaged(j), 1);
    assert_string_equal(k->seen.data, "1:second;");
    expect_copy(k, &whole);
    add(j, 1, "second");
    oc_journal_commit(j, NULL);
    oc_journal_drop(j, 1);
    assert_int_equal(oc_journal_damaged(j), 0);
    oc_journal_close(j);
    expect_copy(k, &whole);
    oc_buf_finish(&whole);
    free(path);
}

static void old_segments_are_dropped_and_the_current_one_stays(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    for (int i = 0; i < 3; i++) {
        add(j, 1, i == 0 ? "a" : i == 1 ? "b" : "c");
        oc_journal_roll(j);
    }
    add(j, 1, "d");
    oc_journal_flush(j, NULL);
    assert_int_equal(oc_journal_segments(j), 4);
    assert_int_equal(oc_journal_oldest(j), 1);
    oc_journal_drop(j, 2);
    assert_string_equal(content(k), "1:c;1:d;");
    oc_journal_drop(j, 99);
    assert_string_equal(content(k), "1:d;");
    add(j, 1, "e");
    oc_journal_close(j);
    assert_string_equal(content(k), "1:d;1:e;");
}

static void a_journal_that_cannot_be_written_says_so_and_begins_anew(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, false);
    struct oc_error err;
    int code = 1;
    char *next = segment_path(k, 2);
    add(j, 1, "kept");
    oc_journal_roll(j);
    assert_int_equal(mkdir(next, 0700), 0); /* where the next segment would be */
    add(j, 1, "lost");
    oc_error_init(&err);
    assert_int_equal(oc_journal_flush(j, &err), OC_E_RETRY);
    assert_true(oc_journal_failing(j, &err));
    assert_true(strlen(err.message) > 0);
    oc_journal_sync(j, on_done, &code);
    assert_int_equal(code, OC_E_RETRY);
    add(j, 1, "ignored");
    assert_int_equal(oc_journal_restart(j, NULL), OC_E_RETRY);
    rmdir(next);
    assert_int_equal(oc_journal_restart(j, NULL), OC_OK);
    assert_false(oc_journal_failing(j, NULL));
    add(j, 1, "anew");
    assert_int_equal(oc_journal_commit(j, NULL), OC_OK);
    oc_journal_drop(j, 1);
    oc_journal_close(j);
    assert_string_equal(content(k), "1:anew;");
    free(next);
}

static void whoever_only_looks_writes_nothing(void **state)
{
    struct kit *k = *state;
    struct oc_journal *j = open_in(k, true);
    struct oc_error err;
    oc_error_init(&err);
    add(j, 1, "x");
    assert_int_equal(oc_journal_commit(j, &err), OC_E_DENIED);
    oc_journal_close(j);
    char *path = segment_path(k, 1);
    assert_false(oc_file_exists(path));
    free(path);
}

#define KIT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KIT(what_was_flushed_is_read_in_order),
        KIT(a_sync_answers_when_all_is_written),
        KIT(a_tail_torn_at_any_byte_costs_the_last_frame_alone),
        KIT(a_flipped_byte_costs_its_frame_alone),
        KIT(damage_before_a_sound_frame_is_no_torn_tail),
        KIT(old_segments_are_dropped_and_the_current_one_stays),
        KIT(a_journal_that_cannot_be_written_says_so_and_begins_anew),
        KIT(whoever_only_looks_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
