/* Verifying a whole ledger: its segments side by side, then what they make together. SPDX-License-Identifier: MIT */
#include "core/store/ledger/ledger_verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/ledger/ledger_verify_internal.h"
#include "core/sys/file.h"
#include "core/sys/thread.h"

#define THREADS_MAX 4
#define PER_MAX     (UINT64_C(1) << 24)
#define GAP_MAX     64 /* segments that may be missing before one is no part of this ledger */

void oc_checking_damage(struct oc_checking *c, const char *file, uint64_t line, int64_t index,
                        const char *fmt, ...)
{
    struct oc_ledger_report *r = c->report;
    if (!r->damaged) {
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(r->what, sizeof r->what, fmt, ap);
        va_end(ap);
        snprintf(r->file, sizeof r->file, "%s", file);
        r->line = line;
        r->index = index;
    }
    r->damaged = true;
}

/* ---- what is there ---- */

struct found {
    OC_VEC(uint64_t) logs;
    OC_VEC(uint64_t) trees;
};

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int list(const char *dir, struct found *f, struct oc_error *err)
{
    DIR *d = opendir(dir);
    if (!d) {
        return oc_error_errno(err, 0, errno, "cannot read %s", dir);
    }
    for (struct dirent *e; (e = readdir(d));) {
        unsigned long long first = 0;
        int used = 0;
        if (sscanf(e->d_name, "%12llu%n", &first, &used) == 1 && used == 12) {
            if (strcmp(e->d_name + 12, ".log") == 0) {
                OC_VEC_PUSH(&f->logs, first);
            } else if (strcmp(e->d_name + 12, ".tree") == 0) {
                OC_VEC_PUSH(&f->trees, first);
            }
        }
    }
    closedir(d);
    if (f->logs.count > 1) {
        qsort(f->logs.items, f->logs.count, sizeof *f->logs.items, by_value);
    }
    if (f->trees.count > 1) {
        qsort(f->trees.items, f->trees.count, sizeof *f->trees.items, by_value);
    }
    return OC_OK;
}

/* How long segments are: the first line of one says it; their checksums and the tree confirm it. */
static uint64_t size_in(const char *dir, uint64_t first)
{
    char *path = oc_ledger_path(dir, first, ".log");
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct oc_ledger_reader r;
    struct oc_ledger_line line;
    struct oc_frontier f;
    uint64_t per = 0;
    oc_ledger_reader_begin(&r, fd, 0, UINT64_MAX);
    if (fd >= 0 && oc_ledger_reader_next(&r, true, first, &line) == OC_LEDGER_LINE &&
        !oc_ledger_header_get(line.text, line.len, &f, &per)) {
        per = 0;
    }
    oc_ledger_reader_end(&r);
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return per;
}

static uint64_t segment_size(const char *dir, const struct found *f)
{
    uint64_t per = 0;
    for (size_t i = 0; i < f->logs.count && per == 0; i++) {
        per = size_in(dir, f->logs.items[i]);
    }
    return per ? per : OC_LEDGER_SEGMENT;
}

static void take(struct oc_checking *c, uint64_t first, bool log)
{
    const uint64_t k = first / c->per;
    if (first % c->per != 0 || k > PER_MAX || k > c->segments.count + GAP_MAX) {
        char name[32];
        snprintf(name, sizeof name, "%012llu%s", (unsigned long long)first, log ? ".log" : ".tree");
        oc_checking_damage(c, name, 0, -1, "no segment begins there");
        return;
    }
    while (c->segments.count <= k) {
        const struct oc_checked_segment fresh = {.first = c->segments.count * c->per, .index = -1};
        OC_VEC_PUSH(&c->segments, fresh);
    }
    c->segments.items[k].log = c->segments.items[k].log || log;
    c->segments.items[k].tree = c->segments.items[k].tree || !log;
}

static void take_all(struct oc_checking *c, const struct found *f)
{
    size_t tree = 0; /* in the order of their numbers: what is far away from the others shows */
    for (size_t i = 0; i < f->logs.count; i++) {
        for (; tree < f->trees.count && f->trees.items[tree] <= f->logs.items[i]; tree++) {
            take(c, f->trees.items[tree], false);
        }
        take(c, f->logs.items[i], true);
    }
    for (; tree < f->trees.count; tree++) {
        take(c, f->trees.items[tree], false);
    }
    while (c->segments.count > 0 && /* begun behind the size that is asked for */
           c->segments.items[c->segments.count - 1].first >= c->check->size) {
        c->segments.count--;
    }
    if (c->segments.count > 0) {
        c->segments.items[c->segments.count - 1].tail = true;
    }
}

/* ---- side by side ---- */

static void *work(void *arg)
{
    struct oc_checking *c = arg;
    pthread_mutex_lock(&c->lock);
    while (c->next < c->segments.count &&
           !(c->check->stop && __atomic_load_n(c->check->stop, __ATOMIC_RELAXED))) {
        struct oc_checked_segment *s = &c->segments.items[c->next++];
        pthread_mutex_unlock(&c->lock);
        oc_checking_segment(c, s);
        pthread_mutex_lock(&c->lock);
        c->done++;
        if (c->check->progress) {
            c->check->progress(c->check->ctx, (double)c->done / (double)c->segments.count);
        }
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static void work_side_by_side(struct oc_checking *c)
{
    pthread_t threads[THREADS_MAX];
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned wanted = c->check->threads ? c->check->threads : (unsigned)(online > 0 ? online : 1);
    unsigned count = 0;
    wanted = wanted < THREADS_MAX ? wanted : THREADS_MAX;
    wanted = wanted < c->segments.count ? wanted : (unsigned)c->segments.count;
    while (count + 1 < wanted && oc_thread_start(&threads[count], 0, work, c) == 0) {
        count++;
    }
    work(c);
    while (count > 0) {
        pthread_join(threads[--count], NULL);
    }
}

/* ---- together ---- */

static void name_file(const struct oc_checked_segment *s, const char *ending, char name[32])
{
    snprintf(name, 32, "%012llu%s", (unsigned long long)s->first, ending);
}

/* The first line of a segment holds the tree before it. */
static void compare_header(struct oc_checking *c, const struct oc_checked_segment *s,
                           const struct oc_frontier *f)
{
    struct oc_buf expected = {0};
    char name[32];
    oc_ledger_header_put(&expected, f, c->per);
    if (s->header.len != expected.len || memcmp(s->header.data, expected.data, expected.len) != 0) {
        name_file(s, ".log", name);
        oc_checking_damage(c, name, 1, (int64_t)s->first,
                           "the first line does not fit the segments before it");
    }
    oc_buf_finish(&expected);
}

static void finish_notes(struct oc_checking *c, const struct oc_checked_segment *s,
                         const struct oc_frontier *f)
{
    for (size_t i = 0; i < c->notes.count; i++) {
        struct oc_checked_note *n = &c->notes.items[i];
        if (n->reached && n->size > s->first && n->size <= s->first + c->per) {
            oc_frontier_fold(f, n->found);
        }
    }
}

static void combine(struct oc_checking *c)
{
    struct oc_ledger_report *r = c->report;
    struct oc_frontier f = {0};
    uint64_t retired = 0;
    bool text = false;
    char name[32];
    oc_frontier_root(&f, r->root);
    for (size_t k = 0; k < c->segments.count; k++) {
        struct oc_checked_segment *s = &c->segments.items[k];
        const bool last = k + 1 == c->segments.count;
        name_file(s, s->damaged ? s->ending : ".log", name);
        if (!s->log && (text || !s->tree || last)) {
            oc_checking_damage(c, name, 0, (int64_t)s->first, "the segment is missing");
        } else if (s->damaged) {
            oc_checking_damage(c, name, s->line, s->index, "%s", s->what);
        }
        if (!r->damaged && s->log && (s->header.len > 0 || s->count > 0)) {
            compare_header(c, s, &f);
        }
        if (r->damaged) {
            break;
        }
        r->oldest = s->log && !text ? s->first : r->oldest;
        text = text || s->log;
        retired = s->retired > retired ? s->retired : retired;
        finish_notes(c, s, &f);
        memcpy(r->root, s->root, sizeof r->root);
        if (s->count > 0) {
            oc_frontier_fold(&f, r->root);
        } else {
            oc_frontier_root(&f, r->root);
        }
        if (s->count == c->per) {
            oc_frontier_add_subtree(&f, c->level, s->root);
        }
        r->entries = s->first + s->count;
        r->torn_bytes += s->torn;
        r->segments++;
        r->sealed += s->tree;
    }
    if (!r->damaged && r->oldest > retired) {
        oc_checking_damage(
            c, "", 0, 0, "the text before entry %llu is gone, and nothing says that it was retired",
            (unsigned long long)r->oldest);
    }
}

/* What the process that writes it holds in memory cannot be cut off. */
static void compare_known(struct oc_checking *c)
{
    const struct oc_ledger_report *r = c->report;
    if (!c->check->root) {
        return;
    }
    if (r->entries < c->check->size) {
        oc_checking_damage(c, "", 0, (int64_t)r->entries,
                           "%llu entries were written, there are %llu",
                           (unsigned long long)c->check->size, (unsigned long long)r->entries);
    } else if (memcmp(r->root, c->check->root, sizeof r->root) != 0) {
        oc_checking_damage(c, "", 0, -1, "the %llu entries are not those that were written",
                           (unsigned long long)r->entries);
    }
}

static void finish(struct oc_checking *c)
{
    for (size_t i = 0; i < c->segments.count; i++) {
        oc_buf_finish(&c->segments.items[i].header);
    }
    for (size_t i = 0; i < c->notes.count; i++) {
        free(c->notes.items[i].file);
    }
    OC_VEC_FINISH(&c->segments);
    OC_VEC_FINISH(&c->notes);
    pthread_mutex_destroy(&c->lock);
}

int oc_ledger_verify(const struct oc_ledger_check *check, struct oc_ledger_report *report,
                     struct oc_error *err)
{
    struct oc_checking c = {.check = check, .report = report};
    struct found f = {0};
    memset(report, 0, sizeof *report);
    report->index = -1;
    pthread_mutex_init(&c.lock, NULL);
    int rc = list(check->dir, &f, err);
    if (rc == OC_OK) {
        c.per = segment_size(check->dir, &f);
        c.level = (unsigned)__builtin_ctzll(c.per);
        rc = oc_checking_read_notes(&c, err);
    }
    if (rc == OC_OK) {
        take_all(&c, &f);
        work_side_by_side(&c);
        if (check->stop && *check->stop) {
            rc = oc_error_set(err, OC_E_CANCELLED, "the verification was stopped");
        } else {
            combine(&c);
            oc_checking_compare_notes(&c);
            compare_known(&c);
        }
    }
    if (rc == OC_OK && report->damaged) {
        rc = oc_error_set(err, OC_E_VERIFY, "%s%s%s", report->file, *report->file ? ": " : "",
                          report->what);
    }
    OC_VEC_FINISH(&f.logs);
    OC_VEC_FINISH(&f.trees);
    finish(&c);
    return rc;
}
