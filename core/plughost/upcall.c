/* What the plugin reaches through its host pointer: frames to the daemon, which decides. SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/plughost/plughost.h"

#define LOG_TEXT 4096u /* what the daemon takes */
#define LOG_DATA (64u << 10)

static void put_hostcall(struct oc_buf *out, const char *op, const struct oc_request *req)
{
    const bool given = req && req->params.ptr && req->params.len;
    const struct oc_wire_hostcall head = {.deadline_ms = req ? req->deadline_ms : 0,
                                          .op_len = (uint32_t)strlen(op),
                                          .params_len =
                                              given ? (uint32_t)req->params.len : OC_WIRE_NULL};
    oc_buf_add(out, &head, sizeof head);
    oc_wire_put_text(out, op, head.op_len);
    if (given) {
        oc_wire_put_text(out, req->params.ptr, head.params_len);
    }
}

static int32_t give(const char *json, const struct oc_sink *out)
{
    if (!json || !out) {
        return OC_OK;
    }
    const struct oc_record record = {
        .struct_size = sizeof record, .type = OC_RECORD_JSON, .text = {json, strlen(json)}};
    return out->emit(out->ctx, &record);
}

static int32_t read_answer(const struct oc_sink *out, struct oc_error *err)
{
    const struct oc_wire_head head = oc_plughost_expect(OC_WIRE_HOSTRESULT);
    char *payload = oc_alloc(head.length ? head.length : 1);
    const char *json = NULL;
    struct oc_error own;
    int32_t code = OC_E_INTERNAL;
    oc_error_init(&own);
    oc_plughost_read(payload, head.length);
    if (!oc_wire_get_result(payload, head.length, &code, &own, &json)) {
        _exit(0);
    }
    if (code && err) {
        oc_error_set(err, code, "%s", own.message);
        oc_error_hint(err, "%s", own.hint);
    }
    code = code ? code : give(json, out);
    free(payload);
    return code;
}

static int32_t host_call(void *ctx, const char *op, const struct oc_request *req,
                         const struct oc_sink *out, struct oc_error *err)
{
    struct oc_plughost *h = ctx;
    if (!pthread_equal(pthread_self(), h->main)) {
        return oc_error_set(err, OC_E_CONFLICT, "only the thread of a call may call the host");
    }
    if (atomic_load(&h->page->cancel) || (req && req->cancel && OC_CANCELLED(req))) {
        return oc_error_set(err, OC_E_CANCELLED, "cancelled");
    }
    if (req && req->params.len > OC_WIRE_IN_MAX / 2) {
        return oc_error_set(err, OC_E_CONFIG, "the parameters are too long");
    }
    struct oc_buf frame = {0};
    put_hostcall(&frame, op ? op : "", req);
    const struct iovec part = {frame.data, frame.len};
    oc_plughost_send(h, (struct oc_wire_head){.type = OC_WIRE_HOSTCALL, .id = h->id}, &part, 1);
    oc_buf_finish(&frame);
    return read_answer(out, err);
}

static void host_log(void *ctx, int32_t level, const char *message, const char *json)
{
    struct oc_plughost *h = ctx;
    struct oc_buf frame = {0};
    const struct oc_wire_log head = {
        .level = level,
        .message_len = message ? (uint32_t)strnlen(message, LOG_TEXT) : OC_WIRE_NULL,
        .json_len = json ? (uint32_t)strnlen(json, LOG_DATA) : OC_WIRE_NULL};
    oc_buf_add(&frame, &head, sizeof head);
    if (message) {
        oc_wire_put_text(&frame, message, head.message_len);
    }
    if (json) {
        oc_wire_put_text(&frame, json, head.json_len);
    }
    const struct iovec part = {frame.data, frame.len};
    oc_plughost_send(h, (struct oc_wire_head){.type = OC_WIRE_LOG}, &part, 1);
    oc_buf_finish(&frame);
}

void oc_plughost_init_host(struct oc_plughost *h, const char *instance, const char *dir)
{
    h->main = pthread_self();
    pthread_mutex_init(&h->send, NULL);
    h->host = (struct oc_host){.struct_size = sizeof h->host,
                               .abi_major = OC_ABI_MAJOR,
                               .abi_minor = OC_ABI_MINOR,
                               .ctx = h,
                               .instance = instance,
                               .plugin_dir = dir,
                               .call = host_call,
                               .log = host_log};
}
