/* Copies what plugins emit and hands it to the loop in blocks. SPDX-License-Identifier: MIT */
#include "core/plugin/instance/records.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugin/instance/draft.h"
#include "core/plugin/plugin.h"

#define BLOCK_FIRST  ((size_t)8 << 10) /* most calls emit a handful of records */
#define BLOCK_GROWTH 8u
#define BLOCK_MAX    ((size_t)64 << 10)
#define WAKE_BYTES   ((size_t)64 << 10)  /* the loop is told when so much has gathered */
#define PASS_BYTES   ((size_t)64 << 10)  /* it takes so much at once, and looks after others then */
#define WAITING_MAX  ((size_t)256 << 10) /* with more than this under way, whoever emits waits */
#define WAIT_MS      20
#define WAITS_MAX    10 /* not for ever: the loop may not turn any more */

struct block {
    struct block *next;
    size_t count; /* of records, at the front */
    size_t front, back, size;
    _Alignas(16) char data[];
};

struct oc_records {
    struct oc_loop *loop;
    int64_t time_ms;
    oc_records_fn deliver; /* [loop] NULL once destroyed */
    void *ctx;
    _Atomic int32_t cancel;
    int (*write)(void *ctx, const void *data, uint64_t len); /* takes BYTES; may be NULL */
    void *write_ctx;

    /* of the worker */
    struct block *open;
    size_t next_size, gathered, kept, bytes; /* kept, bytes: what the caps of a call are for */
    struct oc_records_report report;

    /* guarded by the lock */
    pthread_mutex_t lock;
    struct block *ready, **ready_end;
    size_t waiting; /* bytes in `ready` */
    pthread_cond_t taken;
    bool woken;
    unsigned refs; /* the owner's and one for each wake-up under way */
};

/* ---- blocks ---- */

/* A fresh block costs a page fault for each 4 KiB, so that a few are kept. */
#define SPARE_MAX 16u
static struct {
    pthread_mutex_t lock;
    struct block *first;
    unsigned count;
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct block *block_create(size_t size)
{
    struct block *b = NULL;
    if (size == BLOCK_MAX) {
        pthread_mutex_lock(&spare.lock);
        b = spare.first;
        if (b) {
            spare.first = b->next;
            spare.count--;
        }
        pthread_mutex_unlock(&spare.lock);
    }
    b = b ? b : oc_alloc(sizeof *b + size);
    *b = (struct block){.size = size, .back = size};
    return b;
}

static void block_free(struct block *b)
{
    if (b && b->size == BLOCK_MAX) {
        pthread_mutex_lock(&spare.lock);
        if (spare.count < SPARE_MAX) {
            b->next = spare.first;
            spare.first = b;
            spare.count++;
            b = NULL;
        }
        pthread_mutex_unlock(&spare.lock);
    }
    free(b);
}

/* ---- worker: into the blocks ---- */

static void on_wake(void *ctx);

/* Gives the open block to the loop, and wakes it when asked to. */
static void hand_over(struct oc_records *r, bool wake)
{
    bool post = false;
    pthread_mutex_lock(&r->lock);
    if (r->open) {
        r->waiting += r->open->size;
        *r->ready_end = r->open;
        r->ready_end = &r->open->next;
        r->open = NULL;
    }
    if (wake && !r->woken && r->ready) {
        r->woken = post = true;
        r->refs++;
    }
    pthread_mutex_unlock(&r->lock);
    if (post) {
        oc_loop_post(r->loop, on_wake, r);
        r->gathered = 0;
    }
}

/* Who emits faster than the loop takes is slowed down, so that what is left for the call's end is little. */
static void wait_for_loop(struct oc_records *r)
{
    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < WAITS_MAX && r->waiting > WAITING_MAX && r->woken &&
                    !atomic_load_explicit(&r->cancel, memory_order_relaxed);
         i++) {
        struct timespec until;
        oc_time_deadline(WAIT_MS, &until);
        pthread_cond_timedwait(&r->taken, &r->lock, &until);
    }
    pthread_mutex_unlock(&r->lock);
}

static void open_block(struct oc_records *r, size_t need)
{
    if (r->open) {
        hand_over(r, r->gathered >= WAKE_BYTES);
        wait_for_loop(r);
    }
    const size_t size = need > r->next_size ? need : r->next_size;
    r->open = block_create(size);
    r->next_size =
        r->next_size < BLOCK_MAX / BLOCK_GROWTH ? r->next_size * BLOCK_GROWTH : BLOCK_MAX;
}

static struct oc_view copy_view(struct block *b, struct oc_view v)
{
    if (!v.ptr) {
        return v;
    }
    b->back -= (size_t)v.len + 1;
    char *to = b->data + b->back;
    memcpy(to, v.ptr, (size_t)v.len);
    to[v.len] = '\0';
    return (struct oc_view){to, v.len};
}

static size_t size_of(const struct oc_draft *d)
{
    const uint32_t labels = d->record.label_count;
    size_t need = sizeof d->record + labels * sizeof(struct oc_label) + _Alignof(struct oc_label);
    need += (size_t)d->record.name.len + (size_t)d->record.text.len + 2;
    for (uint32_t i = 0; i < labels; i++) {
        need += (size_t)d->labels[i].name.len + (size_t)d->labels[i].value.len + 2;
    }
    return need;
}

static void keep(struct oc_records *r, const struct oc_draft *d, size_t need)
{
    if (!r->open || r->open->back - r->open->front < need) {
        open_block(r, need);
    }
    struct block *b = r->open;
    struct oc_record *to = (struct oc_record *)(void *)(b->data + b->front);
    b->front += sizeof *to;
    b->count++;
    *to = d->record;
    to->name = copy_view(b, d->record.name);
    to->text = copy_view(b, d->record.text);
    to->labels = NULL;
    if (to->label_count) {
        b->back =
            (b->back - to->label_count * sizeof *to->labels) & ~(_Alignof(struct oc_label) - 1);
        struct oc_label *labels = (struct oc_label *)(void *)(b->data + b->back);
        for (uint32_t i = 0; i < to->label_count; i++) {
            labels[i].name = copy_view(b, d->labels[i].name);
            labels[i].value = copy_view(b, d->labels[i].value);
        }
        to->labels = labels;
    }
    r->report.records++;
    r->kept++;
    r->gathered += need;
}

static int32_t keep_or_stop(struct oc_records *r, const struct oc_draft *d)
{
    const size_t need = size_of(d);
    if (r->kept >= OC_CALL_RECORDS_MAX || need > OC_CALL_BYTES_MAX - r->bytes) {
        r->report.over = true;
        return OC_E_PERMANENT;
    }
    r->bytes += need;
    keep(r, d, need);
    return OC_OK;
}

/* A stream may not lose bytes, so a long piece becomes several. */
static int32_t keep_bytes(struct oc_records *r, struct oc_draft *d)
{
    const struct oc_view all = d->record.text;
    uint64_t at = 0;
    int32_t code;
    do {
        const uint64_t left = all.len - at;
        d->record.text.ptr = all.ptr ? all.ptr + at : NULL;
        d->record.text.len = left < OC_RECORD_TEXT_MAX ? left : OC_RECORD_TEXT_MAX;
        code = keep_or_stop(r, d);
        at += d->record.text.len;
    } while (!code && at < all.len);
    return code;
}

bool oc_records_streams(const struct oc_records *r, const struct oc_record *record)
{
    return r->write && record && record->struct_size >= OC_RECORD_SIZE_1_0 &&
           record->type == OC_RECORD_BYTES && (record->text.ptr || !record->text.len);
}

static int32_t emit(void *ctx, const struct oc_record *record)
{
    struct oc_records *r = ctx;
    if (atomic_load_explicit(&r->cancel, memory_order_relaxed)) {
        return OC_E_CANCELLED;
    }
    if (r->report.over) {
        return OC_E_PERMANENT;
    }
    if (oc_records_streams(r, record)) {
        r->report.records++;
        return record->text.len ? r->write(r->write_ctx, record->text.ptr, record->text.len)
                                : OC_OK;
    }
    struct oc_draft d;
    int32_t code = OC_OK;
    const char *complaint = oc_draft_make(&d, record, r->time_ms, &r->report);
    if (complaint) {
        const bool named = record && record->struct_size >= OC_RECORD_SIZE_1_0 && record->name.ptr;
        oc_draft_complain(&r->report, complaint, named ? record->name.ptr : NULL,
                          named ? (size_t)record->name.len : 0);
        r->report.dropped++;
    } else {
        code = d.record.type == OC_RECORD_BYTES ? keep_bytes(r, &d) : keep_or_stop(r, &d);
    }
    oc_draft_finish(&d);
    return code;
}

static int32_t flush(void *ctx)
{
    struct oc_records *r = ctx;
    if (atomic_load_explicit(&r->cancel, memory_order_relaxed)) {
        return OC_E_CANCELLED;
    }
    hand_over(r, true);
    return OC_OK;
}

void oc_records_end(struct oc_records *r)
{
    hand_over(r, false);
}

/* ---- loop ---- */

struct oc_records *oc_records_create(struct oc_loop *loop, int64_t time_ms, oc_records_fn deliver,
                                     void *ctx)
{
    struct oc_records *r = oc_calloc(1, sizeof *r);
    r->loop = loop;
    r->time_ms = time_ms;
    r->deliver = deliver;
    r->ctx = ctx;
    r->next_size = BLOCK_FIRST;
    r->ready_end = &r->ready;
    r->refs = 1;
    pthread_mutex_init(&r->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&r->taken, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return r;
}

static void release(struct oc_records *r)
{
    pthread_mutex_lock(&r->lock);
    const unsigned refs = --r->refs;
    pthread_mutex_unlock(&r->lock);
    if (refs > 0) {
        return;
    }
    while (r->ready) {
        struct block *next = r->ready->next;
        block_free(r->ready);
        r->ready = next;
    }
    block_free(r->open);
    pthread_cond_destroy(&r->taken);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* Blocks from the front, of so many bytes or a little more. */
static struct block *take(struct oc_records *r, size_t most)
{
    pthread_mutex_lock(&r->lock);
    struct block *first = r->ready, **end = &r->ready;
    size_t bytes = 0;
    while (*end && bytes < most) {
        bytes += (*end)->size;
        end = &(*end)->next;
    }
    r->ready = *end;
    *end = NULL;
    if (!r->ready) {
        r->ready_end = &r->ready;
    }
    r->waiting -= bytes;
    pthread_cond_signal(&r->taken);
    pthread_mutex_unlock(&r->lock);
    return bytes ? first : NULL;
}

static void drain(struct oc_records *r, size_t most)
{
    struct block *b = take(r, most);
    while (b) {
        struct block *next = b->next;
        if (r->deliver && b->count) {
            r->deliver(r->ctx, (const struct oc_record *)(const void *)b->data, b->count);
        }
        block_free(b);
        b = next;
    }
}

void oc_records_drain(struct oc_records *r)
{
    drain(r, SIZE_MAX);
}

/* Once more when there is more, after whatever else waits for the loop. */
static void on_wake(void *ctx)
{
    struct oc_records *r = ctx;
    drain(r, PASS_BYTES);
    pthread_mutex_lock(&r->lock);
    r->woken = r->ready != NULL;
    const bool again = r->woken;
    pthread_mutex_unlock(&r->lock);
    if (again) {
        oc_loop_post(r->loop, on_wake, r);
    } else {
        release(r);
    }
}

void oc_records_destroy(struct oc_records *r)
{
    r->deliver = NULL;
    release(r);
}

void oc_records_stream(struct oc_records *r,
                       int (*write)(void *ctx, const void *data, uint64_t len), void *ctx)
{
    r->write = write;
    r->write_ctx = ctx;
}

struct oc_sink oc_records_sink(struct oc_records *r)
{
    return (struct oc_sink){
        .struct_size = sizeof(struct oc_sink), .ctx = r, .emit = emit, .flush = flush};
}

const int32_t *oc_records_cancel_flag(struct oc_records *r)
{
    return (const int32_t *)(const void *)&r->cancel;
}

void oc_records_cancel(struct oc_records *r)
{
    atomic_store_explicit(&r->cancel, 1, memory_order_relaxed);
}

const struct oc_records_report *oc_records_report(const struct oc_records *r)
{
    return &r->report;
}
