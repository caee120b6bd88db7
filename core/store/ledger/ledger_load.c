/* Opening a ledger: what its folder holds, and where it ends. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_note.h"
#include "core/sys/file.h"
#include "core/sys/merkle.h"

#define SEGMENTS_MAX 10000000u
#define PER_MAX      (UINT64_C(1) << 24)

void oc_ledger_damage(struct oc_ledger *l, const char *fmt, ...)
{
    if (!l->damaged) {
        va_list ap;
        va_start(ap, fmt);
        char *text = oc_vasprintf(fmt, ap);
        va_end(ap);
        oc_error_init(&l->why);
        oc_error_set(&l->why, OC_E_VERIFY, "%s", text);
        oc_error_hint(&l->why,
                      "Run `openclaw ledger verify`, keep the folder %s as it is for whoever "
                      "looks into it, and begin a new one.",
                      l->dir);
        oc_err("the ledger is damaged: nothing is added to it", "reason=%s", text);
        free(text);
    }
    l->damaged = true;
}

/* ---- what is there ---- */

struct listing {
    OC_VEC(uint64_t) logs;
    OC_VEC(uint64_t) trees;
};

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int list_files(const char *dir, struct listing *list, struct oc_error *err)
{
    DIR *d = opendir(dir);
    if (!d) {
        return errno == ENOENT ? OC_OK : oc_error_errno(err, 0, errno, "cannot read %s", dir);
    }
    for (struct dirent *e; (e = readdir(d));) {
        unsigned long long first = 0;
        int used = 0;
        if (sscanf(e->d_name, "%12llu%n", &first, &used) == 1 && used == 12) {
            if (strcmp(e->d_name + 12, ".log") == 0) {
                OC_VEC_PUSH(&list->logs, first);
            } else if (strcmp(e->d_name + 12, ".tree") == 0) {
                OC_VEC_PUSH(&list->trees, first);
            }
        }
    }
    closedir(d);
    if (list->logs.count > 1) {
        qsort(list->logs.items, list->logs.count, sizeof *list->logs.items, by_value);
    }
    return OC_OK;
}

static struct oc_ledger_segment *segment_of(struct oc_ledger *l, uint64_t first)
{
    const uint64_t k = first / l->per;
    if (first % l->per != 0 || k >= SEGMENTS_MAX) {
        return NULL;
    }
    while (l->segments.count <= k) {
        const struct oc_ledger_segment none = {0};
        OC_VEC_PUSH(&l->segments, none);
    }
    return &l->segments.items[k];
}

static void take_listing(struct oc_ledger *l, const struct listing *list)
{
    for (size_t i = 0; i < list->logs.count; i++) {
        struct oc_ledger_segment *s = segment_of(l, list->logs.items[i]);
        if (s) {
            s->log = true;
        }
    }
    for (size_t i = 0; i < list->trees.count; i++) {
        struct oc_ledger_segment *s = segment_of(l, list->trees.items[i]);
        if (s) {
            s->tree = true;
        }
    }
}

/* Text may be gone at the front, where the hashes are kept, and nowhere else. */
static void look_for_holes(struct oc_ledger *l)
{
    bool text = false;
    for (size_t k = 0; k < l->segments.count; k++) {
        const struct oc_ledger_segment *s = &l->segments.items[k];
        const unsigned long long first = (unsigned long long)(k * l->per);
        if (!s->log && (text || !s->tree)) {
            oc_ledger_damage(l, "the segment that begins with entry %llu is missing", first);
        }
        text = text || s->log;
    }
}

/* ---- the last segment ---- */

/* What its first line says: the tree before it. */
static bool read_header(struct oc_ledger *l, struct oc_ledger_reader *r, uint64_t first)
{
    struct oc_ledger_line line;
    uint64_t per = 0;
    struct oc_frontier f;
    if (oc_ledger_reader_next(r, true, first, &line) != OC_LEDGER_LINE ||
        !oc_ledger_header_get(line.text, line.len, &f, &per) || f.size != first ||
        (l->segments.count > 1 && per != l->per)) {
        return false;
    }
    l->per = per;
    l->now.f = f;
    l->now.offset = r->offset;
    return true;
}

static enum oc_ledger_got read_entries(struct oc_ledger *l, struct oc_ledger_reader *r,
                                       uint64_t first)
{
    struct oc_ledger_line line;
    enum oc_ledger_got got = OC_LEDGER_END;
    while (l->now.f.size < first + l->per) {
        uint8_t leaf[OC_LEDGER_HASH];
        const uint64_t offset = r->offset;
        got = oc_ledger_reader_next(r, false, l->now.f.size, &line);
        if (got != OC_LEDGER_LINE) {
            return got;
        }
        oc_merkle_leaf(line.text, line.len, leaf);
        oc_ledger_place(l, offset, leaf);
        l->now.offset = r->offset;
    }
    struct stat st;
    return fstat(r->fd, &st) == 0 && (uint64_t)st.st_size > r->offset ? OC_LEDGER_BAD
                                                                      : OC_LEDGER_END;
}

/* What was torn is cut off; what stays is on the disk for sure before anything builds upon it. */
static int settle(struct oc_ledger *l, uint64_t sound, struct oc_error *err)
{
    struct stat st;
    if (l->read_only || l->damaged) {
        return OC_OK;
    }
    int rc = fstat(l->fd, &st) == 0 ? 0 : errno;
    if (rc == 0 && (uint64_t)st.st_size > sound) {
        oc_info("the ledger ends in the middle of an entry, as after a crash",
                "folder=%s cut=%llu entries=%llu", l->dir,
                (unsigned long long)((uint64_t)st.st_size - sound),
                (unsigned long long)l->now.f.size);
        rc = ftruncate(l->fd, (off_t)sound) == 0 ? 0 : errno;
    }
    rc = rc == 0 && fdatasync(l->fd) != 0 ? errno : rc;
    return rc ? oc_error_errno(err, 0, rc, "cannot write the ledger in %s", l->dir) : OC_OK;
}

/* Nothing of the newest segment is of use: it was being made. */
static int begin_again(struct oc_ledger *l, uint64_t first, struct oc_error *err)
{
    char *path = oc_ledger_path(l->dir, first, ".log");
    int rc = OC_OK;
    if (l->fd >= 0) {
        close(l->fd);
        l->fd = -1;
    }
    l->segments.count--;
    if (!l->read_only && !l->damaged && unlink(path) != 0 && errno != ENOENT) {
        rc = oc_error_errno(err, 0, errno, "cannot remove %s", path);
    }
    free(path);
    return rc;
}

/* OC_E_NOT_FOUND: there is nothing in it, the one before it is the last. */
static int read_last(struct oc_ledger *l, uint64_t first, struct oc_error *err)
{
    char *path = oc_ledger_path(l->dir, first, ".log");
    struct oc_ledger_reader r;
    int rc = OC_OK;
    l->fd = open(path, (l->read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW);
    if (l->fd < 0) {
        rc = oc_error_errno(err, 0, errno, "cannot open %s", path);
        free(path);
        return rc;
    }
    oc_ledger_reader_begin(&r, l->fd, 0, UINT64_MAX);
    if (!read_header(l, &r, first)) {
        if (r.error) {
            rc = oc_error_errno(err, 0, r.error, "cannot read %s", path);
        } else if (oc_ledger_reader_goes_on(&r, first)) {
            oc_ledger_damage(l, "the first line of %s is damaged", path);
        }
        rc = rc == OC_OK ? OC_E_NOT_FOUND : rc;
    } else {
        oc_ledger_levels(l);
        l->tile_base = first / l->tile;
        const enum oc_ledger_got got = read_entries(l, &r, first);
        if (got == OC_LEDGER_FAILED) {
            rc = oc_error_errno(err, 0, r.error, "cannot read %s", path);
        } else if (got == OC_LEDGER_BAD && (l->now.f.size == first + l->per ||
                                            oc_ledger_reader_goes_on(&r, l->now.f.size))) {
            oc_ledger_damage(l, "%s is damaged at entry %llu", path,
                             (unsigned long long)l->now.f.size);
        }
    }
    oc_ledger_reader_end(&r);
    free(path);
    return rc;
}

/* Entries that a checkpoint speaks of were there. What is left is sound: people may accept that they are gone. */
static void compare_checkpoint(struct oc_ledger *l)
{
    const uint64_t promised = oc_ledger_note_latest(l->dir);
    if (promised > l->now.f.size && !l->damaged) {
        oc_ledger_damage(l, "a checkpoint speaks of %llu entries, the ledger has %llu",
                         (unsigned long long)promised, (unsigned long long)l->now.f.size);
        oc_error_hint(&l->why, OC_LEDGER_DISTRUST_HINT);
        l->distrusted = true;
    }
}

static int read_end(struct oc_ledger *l, struct oc_error *err)
{
    int rc = OC_E_NOT_FOUND;
    for (int tries = 0; rc == OC_E_NOT_FOUND && l->segments.count > 0; tries++) {
        const uint64_t first = (l->segments.count - 1) * l->per;
        if (!l->segments.items[l->segments.count - 1].log) {
            oc_ledger_damage(l, "the segment that begins with entry %llu has lost its text",
                             (unsigned long long)first);
            return OC_OK;
        }
        rc = read_last(l, first, err);
        if (rc == OC_OK && tries > 0 && l->now.f.size != first + l->per) {
            oc_ledger_damage(l, "the segment that begins with entry %llu is not full",
                             (unsigned long long)first);
        }
        if (rc == OC_E_NOT_FOUND && tries > 0) {
            oc_ledger_damage(l, "the segment that begins with entry %llu cannot be read",
                             (unsigned long long)first);
            return OC_OK;
        }
        if (rc == OC_E_NOT_FOUND) {
            const int removed = begin_again(l, first, err);
            rc = removed == OC_OK ? rc : removed;
        }
    }
    return rc == OC_E_NOT_FOUND ? OC_OK : rc;
}

/* How long its segments are, as it was begun; of a single one its header says it. */
static void guess_size(struct oc_ledger *l, const struct listing *list)
{
    uint64_t low = UINT64_MAX, next = UINT64_MAX;
    for (size_t i = 0; i < list->logs.count + list->trees.count; i++) {
        const uint64_t first =
            i < list->logs.count ? list->logs.items[i] : list->trees.items[i - list->logs.count];
        if (first < low) {
            next = low;
            low = first;
        } else if (first > low && first < next) {
            next = first;
        }
    }
    if (next != UINT64_MAX) {
        const uint64_t size = next - low;
        l->per = size & (size - 1) ? l->per : size;
    } else if (low == 0) {
        l->per = PER_MAX;
    }
}

int oc_ledger_load(struct oc_ledger *l, struct oc_error *err)
{
    struct listing list = {0};
    int rc = list_files(l->dir, &list, err);
    const uint64_t wanted = l->per;
    guess_size(l, &list);
    if (rc == OC_OK) {
        take_listing(l, &list);
        look_for_holes(l);
        rc = read_end(l, err);
    }
    if (rc == OC_OK) {
        compare_checkpoint(l);
        if (l->fd >= 0) {
            rc = settle(l, l->now.offset, err);
        }
        l->per = l->segments.count == 0 && (!l->damaged || l->distrusted) ? wanted : l->per;
        if (l->now.f.size % l->per == 0 && l->now.f.size == l->segments.count * l->per) {
            l->now.offset = 0;
        }
        l->stable = l->now;
    }
    OC_VEC_FINISH(&list.logs);
    OC_VEC_FINISH(&list.trees);
    return rc;
}
