/* From a plugin's records to frames. SPDX-License-Identifier: MIT
 *
 * Records gather to a batch, so that many cost one message; bytes of a stream go from the plugin's memory to the socket without
 * a copy. When the daemon does not keep up, sending waits: that is the back pressure. */
#include <string.h>
#include <unistd.h>

#include "core/plughost/plughost.h"
#include "core/plugin/instance/draft.h"

#define FLUSH 1u

/* ---- the batch ---- */

static void open_batch(struct oc_plughost *h)
{
    static const struct oc_wire_head room;
    oc_buf_clear(&h->batch);
    oc_buf_add(&h->batch, &room, sizeof room);
}

/* Makes the batch a whole frame; false when there is nothing in it. */
static bool close_batch(struct oc_plughost *h, uint16_t flags)
{
    const struct oc_wire_head head = {.length = (uint32_t)(h->batch.len - sizeof head),
                                      .type = OC_WIRE_RECORDS,
                                      .flags = flags,
                                      .id = h->id};
    if (head.length == 0 && !flags) {
        oc_buf_clear(&h->batch);
        return false;
    }
    memcpy(h->batch.data, &head, sizeof head);
    return true;
}

/* The buffer holds whole frames. */
static void send_batch(struct oc_plughost *h)
{
    pthread_mutex_lock(&h->send);
    const bool gone = oc_wire_send_raw(OC_WIRE_SOCKET, h->batch.data, h->batch.len) != 0;
    pthread_mutex_unlock(&h->send);
    if (gone) {
        _exit(0);
    }
    open_batch(h);
}

void oc_plughost_begin(struct oc_plughost *h, uint64_t id, bool streamed)
{
    h->id = id;
    h->streamed = streamed;
    open_batch(h);
}

void oc_plughost_end(struct oc_plughost *h, int32_t code, const struct oc_error *err)
{
    struct oc_buf result = {0};
    oc_wire_put_result(&result, code, err, NULL);
    const struct oc_wire_head head = {
        .length = (uint32_t)result.len, .type = OC_WIRE_RESULT, .id = h->id};
    close_batch(h, 0);
    oc_buf_add(&h->batch, &head, sizeof head);
    oc_buf_add(&h->batch, result.data, result.len);
    send_batch(h);
    oc_buf_finish(&result);
    if (h->batch.cap > 2 * OC_WIRE_BATCH) {
        oc_buf_finish(&h->batch);
    }
}

/* ---- records ---- */

static int32_t must_stop(const struct oc_plughost *h)
{
    if (atomic_load_explicit(&h->page->cancel, memory_order_relaxed)) {
        return OC_E_CANCELLED;
    }
    return atomic_load_explicit(&h->page->stop, memory_order_relaxed);
}

/* Those of a stream go as bytes whatever else is in the record; what gathers keeps its name and its labels. */
static bool goes_as_bytes(const struct oc_plughost *h, const struct oc_record *r)
{
    if (!r || r->struct_size < OC_RECORD_SIZE_1_0 || r->type != OC_RECORD_BYTES) {
        return false;
    }
    return h->streamed ? r->text.ptr || !r->text.len
                       : !r->label_count && !r->name.ptr && r->text.ptr;
}

static int32_t send_bytes(struct oc_plughost *h, struct oc_view bytes)
{
    const uint64_t most = h->streamed ? OC_WIRE_BULK : OC_RECORD_TEXT_MAX;
    const struct oc_wire_head head = {.type = OC_WIRE_BYTES, .id = h->id};
    int32_t code = OC_OK;
    if (close_batch(h, 0)) {
        send_batch(h);
    } else {
        open_batch(h);
    }
    do {
        const uint64_t len = bytes.len < most ? bytes.len : most;
        const struct iovec part = {(void *)(uintptr_t)bytes.ptr, (size_t)len};
        oc_plughost_send(h, head, &part, 1);
        bytes.ptr += len;
        bytes.len -= len;
        code = must_stop(h);
    } while (!code && bytes.len > 0);
    return code;
}

static int32_t emit(void *ctx, const struct oc_record *record)
{
    struct oc_plughost *h = ctx;
    const int32_t code = must_stop(h);
    if (code) {
        return code;
    }
    if (goes_as_bytes(h, record)) {
        return h->streamed && !record->text.len ? OC_OK : send_bytes(h, record->text);
    }
    oc_wire_put_record(&h->batch, record);
    if (h->batch.len >= OC_WIRE_BATCH && close_batch(h, 0)) {
        send_batch(h);
    }
    return OC_OK;
}

static int32_t flush(void *ctx)
{
    struct oc_plughost *h = ctx;
    if (close_batch(h, FLUSH)) {
        send_batch(h);
    }
    return must_stop(h);
}

struct oc_sink oc_plughost_sink(struct oc_plughost *h)
{
    return (struct oc_sink){
        .struct_size = sizeof(struct oc_sink), .ctx = h, .emit = emit, .flush = flush};
}

/* ---- the input ---- */

int64_t oc_plughost_pull(void *ctx, void *buf, uint64_t cap)
{
    struct oc_plughost *h = ctx;
    const struct iovec part = {&cap, sizeof cap};
    int64_t got;
    oc_plughost_send(h, (struct oc_wire_head){.type = OC_WIRE_INPUT_PULL, .id = h->id}, &part, 1);
    const struct oc_wire_head head = oc_plughost_expect(OC_WIRE_INPUT);
    const size_t rest = head.length - sizeof got;
    if (head.length < sizeof got || rest > cap) {
        _exit(0);
    }
    oc_plughost_read(&got, sizeof got);
    oc_plughost_read(buf, rest);
    return got;
}
