/* Reading a journal, whatever has become of it. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/map.h"
#include "core/base/text.h"
#include "core/store/journal_internal.h"
#include "core/sys/file.h"

#define SEED         UINT64_C(0x6a6f75726e616c31)
#define SEGMENTS_MAX 100000
#define FILE_MAX     ((size_t)OC_JOURNAL_SEGMENT + OC_JOURNAL_FRAME_MAX + 4096)

static const char magic[] = "OCJRNL1\n", frame_magic[] = "OCF1";

void oc_journal_put32(unsigned char *to, uint32_t value)
{
    value = htole32(value);
    memcpy(to, &value, sizeof value);
}

void oc_journal_put64(unsigned char *to, uint64_t value)
{
    value = htole64(value);
    memcpy(to, &value, sizeof value);
}

static uint32_t get32(const unsigned char *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return le32toh(value);
}

static uint64_t get64(const unsigned char *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return le64toh(value);
}

uint64_t oc_journal_sum(const void *data, size_t len)
{
    return oc_hash_bytes(data, len, SEED);
}

char *oc_journal_path(const struct oc_journal *j, uint32_t number)
{
    return oc_asprintf("%s/%08x.journal", j->dir, number);
}

struct reading {
    uint32_t segment;
    oc_journal_replay_fn replay;
    void *ctx;
};

/* The records of one sound payload. */
static void read_payload(const struct reading *r, const unsigned char *p, size_t len)
{
    const unsigned char *end = p + len;
    while (end - p >= 2) {
        unsigned type = *p++;
        uint64_t size = 0;
        unsigned shift = 0;
        while (p < end && shift < 35) {
            size |= (uint64_t)(*p & 0x7f) << shift;
            shift += 7;
            if (!(*p++ & 0x80)) {
                break;
            }
        }
        if (size > (uint64_t)(end - p)) {
            return; /* the checksum is good, so a writer of another kind made this */
        }
        r->replay(r->ctx, r->segment, type, p, (size_t)size);
        p += size;
    }
}

/* The length of the sound frame at p, or 0. */
static size_t frame_at(const unsigned char *p, size_t left)
{
    if (left < OC_JOURNAL_FRAME_HEAD || memcmp(p, frame_magic, 4) != 0) {
        return 0;
    }
    size_t len = get32(p + 4);
    if (len > OC_JOURNAL_FRAME_MAX || len > left - OC_JOURNAL_FRAME_HEAD ||
        oc_journal_sum(p + OC_JOURNAL_FRAME_HEAD, len) != get64(p + 8)) {
        return 0;
    }
    return OC_JOURNAL_FRAME_HEAD + len;
}

struct oc_journal_waste oc_journal_read(const void *data, size_t len, uint32_t segment,
                                        oc_journal_replay_fn replay, void *ctx)
{
    const unsigned char *p = data, *end = p + len;
    struct reading r = {segment, replay, ctx};
    struct oc_journal_waste waste = {0, 0};
    if (len >= OC_JOURNAL_HEAD && memcmp(p, magic, 8) == 0 &&
        get64(p + 12) == oc_journal_sum(p, 12) && get32(p + 8) == segment) {
        p += OC_JOURNAL_HEAD;
    }
    while (p < end) {
        size_t frame = frame_at(p, (size_t)(end - p));
        if (frame > 0) {
            read_payload(&r, p + OC_JOURNAL_FRAME_HEAD, frame - OC_JOURNAL_FRAME_HEAD);
            p += frame;
            waste.damaged += waste.torn; /* it was not the end */
            waste.torn = 0;
            continue;
        }
        const unsigned char *next = memmem(p + 1, (size_t)(end - p - 1), frame_magic, 4);
        waste.torn += (uint64_t)((next ? next : end) - p);
        p = next ? next : end;
    }
    return waste;
}

static int by_number(const void *a, const void *b)
{
    const struct oc_segment *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static bool is_segment(const char *name, uint32_t *number)
{
    int used = 0;
    return sscanf(name, "%8x.journal%n", number, &used) == 1 && used == 16 && !name[16];
}

bool oc_journal_exists(const char *dir)
{
    DIR *d = opendir(dir);
    bool found = false;
    uint32_t number;
    for (struct dirent *entry; d && !found && (entry = readdir(d));) {
        found = is_segment(entry->d_name, &number);
    }
    if (d) {
        closedir(d);
    }
    return found;
}

static int list_segments(struct oc_journal *j, struct oc_error *err)
{
    DIR *dir = opendir(j->dir);
    if (!dir) {
        return errno == ENOENT && j->read_only ? OC_OK
                                               : oc_error_errno(err, 0, errno, "%s", j->dir);
    }
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct oc_segment segment = {0, 0};
        if (is_segment(entry->d_name, &segment.number) && j->segments.count < SEGMENTS_MAX) {
            OC_VEC_PUSH(&j->segments, segment);
        }
    }
    closedir(dir);
    if (j->segments.count > 1) {
        qsort(j->segments.items, j->segments.count, sizeof *j->segments.items, by_number);
    }
    return OC_OK;
}

/* "<n>.journal.corrupt", or with a number where there is one already. Caller frees. */
static char *free_name(const char *path)
{
    char *name = oc_asprintf("%s.corrupt", path);
    for (int i = 2; oc_file_exists(name); i++) {
        free(name);
        name = oc_asprintf("%s.corrupt-%d", path, i);
    }
    return name;
}

/* Whether there is a copy of it now, so that the segment may go. Who only looks leaves it to the owner. */
static bool keep_damaged(const struct oc_journal *j, const char *path, const struct oc_buf *content,
                         uint64_t damaged)
{
    struct oc_error err;
    char *copy = free_name(path);
    oc_error_init(&err);
    const int rc =
        j->read_only ? OC_OK : oc_file_create(copy, content->data, content->len, 0600, &err);
    oc_warn("a journal is damaged: records in the middle of it are lost",
            "file=%s skipped=%llu copy=%s", path, (unsigned long long)damaged,
            rc == OC_OK ? copy : err.message);
    free(copy);
    return rc == OC_OK;
}

static int read_segment(struct oc_journal *j, struct oc_segment *segment, struct oc_buf *content,
                        const struct reading *r, struct oc_error *err)
{
    char *path = oc_journal_path(j, segment->number);
    oc_buf_clear(content);
    int rc = oc_file_read(path, FILE_MAX, content, err);
    if (rc == OC_OK) {
        segment->bytes = content->len;
        const struct oc_journal_waste waste = oc_journal_read(
            content->len ? content->data : "", content->len, segment->number, r->replay, r->ctx);
        if (waste.torn > 0) {
            oc_info("a journal ends in the middle of a record, as after a crash",
                    "file=%s skipped=%llu", path, (unsigned long long)waste.torn);
        }
        if (waste.damaged > 0 && keep_damaged(j, path, content, waste.damaged)) {
            j->damaged = segment->number;
        }
    }
    free(path);
    return rc;
}

int oc_journal_load(struct oc_journal *j, oc_journal_replay_fn replay, void *ctx,
                    struct oc_error *err)
{
    struct oc_buf content = {0};
    struct reading r = {0, replay, ctx};
    int rc = list_segments(j, err);
    for (size_t i = 0; rc == OC_OK && i < j->segments.count; i++) {
        rc = read_segment(j, &j->segments.items[i], &content, &r, err);
        j->next = j->segments.items[i].number + 1;
    }
    oc_buf_finish(&content);
    return rc;
}
