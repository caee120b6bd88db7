/* Batches that wait for their receiver. SPDX-License-Identifier: MIT */
#include "core/service/export/queue.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/sys/file.h"

#define BATCH_MAX (64u << 20)
#define SUFFIX    ".batch"

static char *path_of(const struct oc_export_queue *q, const struct oc_export_batch *b)
{
    char name[64];
    snprintf(name, sizeof name, "%016" PRIu64 "-%" PRIu64 SUFFIX, b->seq, b->samples);
    return oc_path_join(q->dir, name);
}

static bool parse_name(const char *name, struct oc_export_batch *b)
{
    char *end;
    if (!isdigit((unsigned char)*name)) {
        return false;
    }
    b->seq = strtoull(name, &end, 10);
    if (*end != '-' || !isdigit((unsigned char)end[1])) {
        return false;
    }
    b->samples = strtoull(end + 1, &end, 10);
    return strcmp(end, SUFFIX) == 0 && b->samples <= UINT32_MAX && b->seq < UINT64_MAX;
}

static int by_seq(const void *a, const void *b)
{
    const struct oc_export_batch *x = a, *y = b;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void take_file(struct oc_export_queue *q, const char *name)
{
    struct oc_export_batch b = {0};
    struct stat st;
    if (!parse_name(name, &b)) {
        return;
    }
    char *path = path_of(q, &b);
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
        b.bytes = (uint64_t)st.st_size;
        q->bytes += b.bytes;
        q->samples += b.samples;
        OC_VEC_PUSH(&q->list, b);
    }
    free(path);
}

void oc_export_queue_init(struct oc_export_queue *q, const char *dir)
{
    struct oc_error err;
    oc_error_init(&err);
    memset(q, 0, sizeof *q);
    q->dir = oc_strdup(dir);
    if (oc_dir_make(dir, 0700, &err) != OC_OK) {
        oc_warn("folder of waiting samples cannot be made", "reason=%s", err.message);
    }
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        take_file(q, e->d_name);
    }
    if (d) {
        closedir(d);
    }
    if (q->list.count) {
        qsort(q->list.items, q->list.count, sizeof *q->list.items, by_seq);
        q->next_seq = q->list.items[q->list.count - 1].seq + 1;
    }
}

void oc_export_queue_finish(struct oc_export_queue *q)
{
    for (size_t i = 0; i < q->list.count; i++) {
        free(q->list.items[i].data);
    }
    OC_VEC_FINISH(&q->list);
    free(q->dir);
    memset(q, 0, sizeof *q);
}

void oc_export_queue_push(struct oc_export_queue *q, struct oc_buf *data, uint64_t samples)
{
    struct oc_export_batch b = {.seq = q->next_seq++, .samples = samples, .bytes = data->len};
    struct oc_error err;
    oc_error_init(&err);
    char *path = path_of(q, &b);
    bool failed = oc_file_write(path, data->data, data->len, 0600, &err) != OC_OK;
    if (failed && !q->failing) {
        oc_warn("samples to be sent cannot be kept on the disk", "reason=%s", err.message);
    }
    q->failing = failed;
    if (failed) {
        b.data = oc_buf_take(data);
    }
    oc_buf_finish(data);
    free(path);
    q->bytes += b.bytes;
    q->samples += samples;
    OC_VEC_PUSH(&q->list, b);
}

int oc_export_queue_peek(struct oc_export_queue *q, struct oc_buf *data, struct oc_error *err)
{
    const struct oc_export_batch *b = &q->list.items[0];
    if (b->data) {
        oc_buf_add(data, b->data, b->bytes);
        return OC_OK;
    }
    char *path = path_of(q, b);
    int rc = oc_file_read(path, BATCH_MAX, data, err);
    free(path);
    return rc;
}

uint64_t oc_export_queue_remove(struct oc_export_queue *q, size_t i)
{
    struct oc_export_batch b = q->list.items[i];
    if (!b.data) {
        char *path = path_of(q, &b);
        unlink(path);
        free(path);
    }
    free(b.data);
    q->bytes -= b.bytes;
    q->samples -= b.samples;
    OC_VEC_REMOVE(&q->list, i);
    return b.samples;
}
