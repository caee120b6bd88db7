/* Verifying a ledger: every single edit, drop, swap, doubling and cut of what a checkpoint covers is found. SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/base/vec.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/file.h"

#define ENTRIES 30
#define NAME    "openclaw-ledger/test"

struct file {
    char name[64];
    struct oc_buf content;
};

struct kit {
    char dir[64];
    uint8_t public_key[OC_SIGN_PUBLIC], secret[OC_SIGN_SECRET];
    OC_VEC(struct file) files;
};

static char *path_of(const struct kit *k, const char *name)
{
    return oc_path_join(k->dir, name);
}

static void put(const struct kit *k, const char *name, const void *data, size_t len)
{
    char *path = path_of(k, name);
    assert_int_equal(oc_file_write(path, data, len, 0600, NULL), OC_OK);
    free(path);
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

static void checkpoint(struct kit *k, struct oc_ledger *l)
{
    struct oc_buf note = {0};
    uint8_t root[OC_LEDGER_HASH];
    char name[48];
    oc_ledger_root(l, oc_ledger_size(l), root, NULL);
    oc_note_text(NAME, oc_ledger_size(l), root, &note);
    oc_note_sign(&note, NAME, k->secret, k->public_key);
    snprintf(name, sizeof name, "checkpoints/%012llu", (unsigned long long)oc_ledger_size(l));
    put(k, name, note.data, note.len);
    oc_buf_finish(&note);
}

static void remember(struct kit *k, const char *folder)
{
    char *dir = path_of(k, folder);
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        struct file f = {.name = ""};
        snprintf(f.name, sizeof f.name, "%.20s%s%.40s", folder, *folder ? "/" : "", e->d_name);
        char *path = path_of(k, f.name);
        struct stat st;
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            assert_int_equal(oc_file_read(path, 1 << 20, &f.content, NULL), OC_OK);
            OC_VEC_PUSH(&k->files, f);
        }
        free(path);
    }
    closedir(d);
    free(dir);
}

static void fill(struct kit *k)
{
    struct oc_ledger_options o = {.dir = k->dir, .segment_size = 8};
    struct oc_ledger *l = oc_ledger_open(&o, NULL, NULL);
    struct oc_buf key = {0};
    assert_non_null(l);
    for (int i = 0; i < ENTRIES; i++) {
        json_t *entry = json_pack("{s:i,s:s}", "n", i, "text", "what was done");
        assert_int_equal(oc_ledger_add(l, "test", entry, NULL, NULL, NULL), i);
        json_decref(entry);
        if (i == 4 || i == 19) {
            checkpoint(k, l);
        }
    }
    checkpoint(k, l);
    oc_note_key_text(NAME, k->public_key, 1, &key);
    oc_buf_addc(&key, '\n');
    put(k, "host.pub", key.data, key.len);
    oc_buf_finish(&key);
    oc_ledger_close(l);
    remember(k, "");
    remember(k, "checkpoints");
}

static int begin(void **state)
{
    struct kit *k = oc_calloc(1, sizeof *k);
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* thousands of syncs */
    snprintf(k->dir, sizeof k->dir, "%s/oc-verify-XXXXXX", tmp);
    assert_non_null(mkdtemp(k->dir));
    char *folder = path_of(k, "checkpoints");
    assert_int_equal(mkdir(folder, 0700), 0);
    free(folder);
    oc_log_set_level(-1);
    oc_sign_keypair(k->public_key, k->secret);
    fill(k);
    *state = k;
    return 0;
}

static int end(void **state)
{
    struct kit *k = *state;
    for (size_t i = 0; i < k->files.count; i++) {
        oc_buf_finish(&k->files.items[i].content);
    }
    OC_VEC_FINISH(&k->files);
    empty(k->dir);
    rmdir(k->dir);
    free(k);
    oc_log_set_level(OC_LOG_INFO);
    return 0;
}

static int verify(const struct kit *k, struct oc_ledger_report *report)
{
    const struct oc_ledger_check check = {.dir = k->dir, .size = UINT64_MAX, .threads = 1};
    struct oc_error err;
    oc_error_init(&err);
    return oc_ledger_verify(&check, report, &err);
}

static void is_found(const struct kit *k, const char *what, const char *name, size_t at)
{
    struct oc_ledger_report report;
    if (verify(k, &report) != OC_E_VERIFY || !report.damaged || !*report.what) {
        fail_msg("not found: %s of %s at %zu", what, name, at);
    }
}

static void restore(const struct kit *k, const struct file *f)
{
    put(k, f->name, f->content.data, f->content.len);
}

/* Quicker than a rename and an fsync: thousands of these are made. */
static void overwrite(const struct kit *k, const char *name, const void *data, size_t len)
{
    char *path = path_of(k, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
    free(path);
}

static void what_was_written_is_good(void **state)
{
    const struct kit *k = *state;
    struct oc_ledger_report report;
    if (verify(k, &report) != OC_OK) {
        fail_msg("%s: %s", report.file, report.what);
    }
    assert_int_equal(report.entries, ENTRIES);
    assert_int_equal(report.covered, ENTRIES);
    assert_int_equal(report.segments, 4);
    assert_int_equal(report.sealed, 3);
    assert_int_equal(report.checkpoints, 3);
    assert_int_equal(report.torn_bytes, 0);
    assert_string_equal(report.origin, NAME);
}

static void every_flipped_bit_is_found(void **state)
{
    const struct kit *k = *state;
    const bool full = getenv("OC_FULL") != NULL;
    for (size_t i = 0; i < k->files.count; i++) {
        const struct file *f = &k->files.items[i];
        for (size_t at = 0; at < f->content.len; at++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                if (full || bit == at % 8) {
                    f->content.data[at] = (char)(f->content.data[at] ^ (1 << bit));
                    overwrite(k, f->name, f->content.data, f->content.len);
                    f->content.data[at] = (char)(f->content.data[at] ^ (1 << bit));
                    is_found(k, "a bit", f->name, at * 8 + bit);
                }
            }
        }
        overwrite(k, f->name, f->content.data, f->content.len);
    }
}

static void every_cut_is_found(void **state)
{
    const struct kit *k = *state;
    const size_t step = getenv("OC_FULL") ? 1 : 3;
    for (size_t i = 0; i < k->files.count; i++) {
        const struct file *f = &k->files.items[i];
        for (size_t len = 0; len < f->content.len; len += step) {
            overwrite(k, f->name, f->content.data, len);
            is_found(k, "a cut", f->name, len);
        }
        overwrite(k, f->name, f->content.data, f->content.len);
    }
}

struct lines {
    OC_VEC(struct oc_buf) items;
};

static void split(const struct file *f, struct lines *out)
{
    const char *at = f->content.data, *stop = at + f->content.len;
    while (at < stop) {
        const char *next = memchr(at, '\n', (size_t)(stop - at));
        const size_t len = next ? (size_t)(next - at) + 1 : (size_t)(stop - at);
        struct oc_buf one = {0};
        oc_buf_add(&one, at, len);
        OC_VEC_PUSH(&out->items, one);
        at += len;
    }
}

static void join(const struct kit *k, const struct file *f, const struct lines *l,
                 const size_t *order, size_t count)
{
    struct oc_buf all = {0};
    oc_buf_adds(&all, "");
    for (size_t i = 0; i < count; i++) {
        oc_buf_add(&all, l->items.items[order[i]].data, l->items.items[order[i]].len);
    }
    overwrite(k, f->name, all.data, all.len);
    oc_buf_finish(&all);
}

static void drops_swaps_and_doublings_of_one_file(const struct kit *k, const struct file *f)
{
    struct lines l = {0};
    size_t order[64];
    split(f, &l);
    const size_t n = l.items.count;
    assert_true(n < 60);
    for (size_t a = 0; a < n; a++) {
        size_t count = 0;
        for (size_t i = 0; i < n; i++) {
            order[count] = i;
            count += i != a;
        }
        join(k, f, &l, order, count);
        is_found(k, "a dropped line", f->name, a);
        for (size_t b = 0; b < n; b++) {
            count = 0;
            for (size_t i = 0; i < n; i++) { /* line a once more behind line b */
                order[count++] = i;
                if (i == b) {
                    order[count++] = a;
                }
            }
            join(k, f, &l, order, count);
            is_found(k, "a doubled line", f->name, a * n + b);
            if (a < b) {
                for (size_t i = 0; i < n; i++) {
                    order[i] = i == a ? b : i == b ? a : i;
                }
                join(k, f, &l, order, n);
                is_found(k, "swapped lines", f->name, a * n + b);
            }
        }
    }
    restore(k, f);
    for (size_t i = 0; i < n; i++) {
        oc_buf_finish(&l.items.items[i]);
    }
    OC_VEC_FINISH(&l.items);
}

static void every_dropped_swapped_or_doubled_line_is_found(void **state)
{
    const struct kit *k = *state;
    for (size_t i = 0; i < k->files.count; i++) {
        if (strstr(k->files.items[i].name, ".log") || strchr(k->files.items[i].name, '/')) {
            drops_swaps_and_doublings_of_one_file(k, &k->files.items[i]);
        }
    }
}

static void is_swapped(const struct kit *k, const struct file *a, const struct file *b)
{
    overwrite(k, a->name, b->content.data, b->content.len);
    overwrite(k, b->name, a->content.data, a->content.len);
    is_found(k, "a swapped file", a->name, 0);
    overwrite(k, b->name, b->content.data, b->content.len);
    is_found(k, "a doubled file", a->name, 0);
    overwrite(k, a->name, a->content.data, a->content.len);
}

/* A .tree that is missing is made again; that a checkpoint is gone hides nothing that the others cover. */
static bool may_be_missing(const char *name)
{
    return strstr(name, ".tree") || strchr(name, '/');
}

static void every_dropped_or_swapped_file_is_found(void **state)
{
    const struct kit *k = *state;
    for (size_t i = 0; i < k->files.count; i++) {
        const struct file *f = &k->files.items[i];
        char *path = path_of(k, f->name);
        unlink(path);
        free(path);
        if (!may_be_missing(f->name)) {
            is_found(k, "a dropped file", f->name, 0);
        }
        restore(k, f);
        for (size_t b = i + 1; b < k->files.count; b++) {
            const struct file *other = &k->files.items[b];
            if (f->content.len != other->content.len ||
                memcmp(f->content.data, other->content.data, f->content.len) != 0) {
                is_swapped(k, f, other);
            }
        }
    }
}

static void drop_from(const struct kit *k, uint64_t first, const char *ending)
{
    char *path = oc_ledger_path(k->dir, first, ending);
    unlink(path);
    free(path);
}

static void whole_segments_that_were_cut_off_are_found(void **state)
{
    struct kit *k = *state;
    for (uint64_t keep = 0; keep < 32; keep += 8) { /* with their hashes, from the end on */
        for (uint64_t first = keep; first < 32; first += 8) {
            drop_from(k, first, ".log");
            drop_from(k, first, ".tree");
        }
        is_found(k, "segments cut off", "", keep);
        for (size_t i = 0; i < k->files.count; i++) {
            restore(k, &k->files.items[i]);
        }
    }
    char *newest = path_of(k, "checkpoints/000000000030");
    drop_from(k, 24, ".log");
    is_found(k, "the newest segment", "", 0);
    unlink(newest);
    struct oc_ledger_report report; /* all traces are gone here: others have to have them */
    assert_int_equal(verify(k, &report), OC_OK);
    assert_int_equal(report.entries, 24);
    const struct oc_ledger_check known = {.dir = k->dir, .size = 30, .root = report.root};
    struct oc_ledger_report again; /* who has written them knows better */
    assert_int_equal(oc_ledger_verify(&known, &again, NULL), OC_E_VERIFY);
    overwrite(k, "004096000000.log", "", 0); /* no row of a million missing ones is made */
    assert_int_equal(verify(k, &again), OC_E_VERIFY);
    assert_string_equal(again.file, "004096000000.log");
    char *far = path_of(k, "004096000000.log");
    unlink(far);
    free(far);
    struct oc_ledger_witness w = {.name = "w", .cosigned = 30};
    const struct oc_ledger_check check = {
        .dir = k->dir, .size = UINT64_MAX, .witnesses = &w, .witness_count = 1};
    assert_int_equal(oc_ledger_verify(&check, &report, NULL), OC_E_VERIFY);
    free(newest);
}

static void the_first_damage_is_named(void **state)
{
    const struct kit *k = *state;
    struct oc_ledger_report report;
    for (size_t i = 0; i < k->files.count; i++) {
        struct file *f = &k->files.items[i];
        if (strcmp(f->name, "000000000008.log") == 0) {
            char *text = strstr(f->content.data, "\"n\":11");
            text[4] = '9';
            overwrite(k, f->name, f->content.data, f->content.len);
            assert_int_equal(verify(k, &report), OC_E_VERIFY);
            assert_string_equal(report.file, "000000000008.log");
            assert_int_equal(report.line, 5);
            assert_int_equal(report.index, 11);
        }
    }
}

/* Who can write the file can write its checksums as well: the tree tells. */
static void an_edit_with_its_checksum_is_found(void **state)
{
    const struct kit *k = *state;
    struct oc_ledger_report report;
    for (size_t i = 0; i < k->files.count; i++) {
        const struct file *f = &k->files.items[i];
        struct oc_buf out = {0};
        struct lines l = {0};
        if (strcmp(f->name, "000000000024.log") != 0) {
            continue;
        }
        split(f, &l);
        for (size_t n = 0; n < l.items.count; n++) {
            struct oc_buf *line = &l.items.items[n];
            char *text = n == 3 ? strstr(line->data, "done") : NULL;
            if (text) {
                memcpy(text, "dune", 4);
                oc_ledger_line_put(&out, line->data[8], 24 + n - 1, line->data + 9, line->len - 10);
            } else {
                oc_buf_add(&out, line->data, line->len);
            }
            oc_buf_finish(line);
        }
        OC_VEC_FINISH(&l.items);
        overwrite(k, f->name, out.data, out.len);
        oc_buf_finish(&out);
        assert_int_equal(verify(k, &report), OC_E_VERIFY);
        assert_non_null(strstr(report.what, "not those that were signed"));
    }
}

#define kit_test(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(what_was_written_is_good),
        kit_test(every_flipped_bit_is_found),
        kit_test(every_cut_is_found),
        kit_test(every_dropped_swapped_or_doubled_line_is_found),
        kit_test(every_dropped_or_swapped_file_is_found),
        kit_test(whole_segments_that_were_cut_off_are_found),
        kit_test(the_first_damage_is_named),
        kit_test(an_edit_with_its_checksum_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
