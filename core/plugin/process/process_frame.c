/* What a plugin host may say, and when. SPDX-License-Identifier: MIT
 *
 * It is hostile: a frame that does not fit the stage of the talk, or is malformed, ends it. */
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugin/instance/draft.h"
#include "core/plugin/process/process.h"

#define BURST    10 /* seconds of samples that may come at once: more than one call may hold */
#define LOG_TEXT 4096u
#define LOG_DATA (64u << 10)
#define HOST_MS  (10 * OC_MINUTE) /* no operation is waited for longer */

static bool wrong(struct oc_process_body *p, const char *what)
{
    p->wrong = what;
    return false;
}

static struct oc_loop *loop_of(const struct oc_process_body *p)
{
    return p->body.plugin->owner->loop;
}

static void set_stage(struct oc_process_body *p, enum oc_process_stage stage)
{
    pthread_mutex_lock(&p->lock);
    p->stage = stage;
    pthread_mutex_unlock(&p->lock);
}

/* The call that the frame is about, NULL when none such runs. It stays until we say that it has ended. */
static struct oc_method_call *call_of(struct oc_process_body *p, uint64_t id)
{
    pthread_mutex_lock(&p->lock);
    struct oc_method_call *c = p->call && p->call->id == id ? p->call : NULL;
    pthread_mutex_unlock(&p->lock);
    return c;
}

/* ---- the start ---- */

static bool on_hello(struct oc_process_body *p, const char *text, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    p->hello = oc_wire_shallow(text, len, OC_WIRE_DEPTH) ? oc_json_parse(text, len, &err) : NULL;
    if (!json_is_object(p->hello)) {
        return wrong(p, "a HELLO that is no JSON object");
    }
    set_stage(p, OC_PROCESS_HELLO);
    oc_loop_post(loop_of(p), oc_process_on_hello, p);
    return true;
}

static bool on_started(struct oc_process_body *p, enum oc_process_stage begun, const char *payload,
                       size_t len)
{
    if (!oc_wire_get_result(payload, len, &p->start_code, &p->start_err, NULL)) {
        return wrong(p, "a malformed STARTED");
    }
    if (p->start_code == OC_OK && begun == OC_PROCESS_INIT) {
        return wrong(p, "a STARTED without a HELLO"); /* nobody knows yet what it is */
    }
    p->start_told = true;
    if (p->start_code == OC_OK) {
        set_stage(p, OC_PROCESS_RUN);
        oc_loop_post(loop_of(p), oc_process_on_started, p);
    } else {
        set_stage(p, OC_PROCESS_STOPPED); /* it ends now, which tells the loop */
    }
    return true;
}

/* ---- a call ---- */

bool oc_rate_take(struct oc_rate *r, int64_t now_ms)
{
    const int64_t most =
        r->per_second * BURST * OC_SECOND; /* in thousandths, so that no time is lost */
    const int64_t passed = now_ms - r->at_ms;
    r->at_ms = now_ms;
    r->tokens = passed >= BURST * OC_SECOND ? most : r->tokens + passed * r->per_second;
    r->tokens = r->tokens < most ? r->tokens : most;
    if (r->tokens < OC_SECOND) {
        atomic_fetch_add(&r->dropped, 1);
        return false;
    }
    r->tokens -= OC_SECOND;
    return true;
}

struct limited {
    struct oc_process_body *p;
    struct oc_sink to;
    int64_t now_ms;
    struct oc_records *records;
    bool strayed; /* bytes of a stream came among records */
};

static int32_t emit_limited(void *ctx, const struct oc_record *record)
{
    struct limited *l = ctx;
    struct oc_rate *r = &l->p->samples;
    const bool sample =
        record->struct_size >= OC_RECORD_SIZE_1_0 && record->type == OC_RECORD_SAMPLE;
    if (oc_records_streams(l->records, record)) {
        l->strayed = true;
        return OC_E_PERMANENT;
    }
    if (!sample || oc_rate_take(r, l->now_ms)) {
        return l->to.emit(l->to.ctx, record);
    }
    if (!r->said) {
        r->said = true;
        oc_warn("plugin puts out too many samples, the rest is dropped",
                "instance=%s per_second=%lld", l->p->body.host.host.instance,
                (long long)r->per_second);
    }
    return OC_OK;
}

/* What the sink answered is what `emit` answers over there from now on. */
static void refuse_more(struct oc_process_body *p, int32_t code)
{
    if (code) {
        atomic_store(&p->page->stop, code);
    }
}

static bool on_records(struct oc_process_body *p, struct oc_method_call *c, bool flush,
                       const char *payload, size_t len)
{
    struct limited l = {
        .p = p, .to = oc_records_sink(c->records), .now_ms = oc_time_mono(), .records = c->records};
    const struct oc_sink sink = {.struct_size = sizeof sink, .ctx = &l, .emit = emit_limited};
    int32_t code = OC_OK;
    if (!oc_wire_get_records(payload, len, &sink, &code)) {
        return wrong(p, "malformed records");
    }
    if (l.strayed) { /* the loop may be the one who reads here, and who takes a stream may block */
        return wrong(p, "bytes of a stream among its records");
    }
    refuse_more(p, code);
    if (flush) {
        l.to.flush(l.to.ctx);
    }
    return true;
}

static bool on_bytes(struct oc_process_body *p, struct oc_method_call *c, const char *payload,
                     size_t len)
{
    const struct oc_sink sink = oc_records_sink(c->records);
    const struct oc_record record = {
        .struct_size = sizeof record, .type = OC_RECORD_BYTES, .text = {payload, len}};
    if (atomic_load(&p->page->stop) == 0) {
        refuse_more(p, sink.emit(sink.ctx, &record));
    }
    return true;
}

static bool on_pull(struct oc_process_body *p, struct oc_method_call *c, const char *payload)
{
    uint64_t cap;
    memcpy(&cap, payload, sizeof cap);
    if (!c->inv.read) {
        return wrong(p, "it reads from a call without input");
    }
    cap = cap < OC_WIRE_BULK ? cap : OC_WIRE_BULK;
    char *data = oc_alloc(cap ? cap : 1);
    int64_t got = c->inv.read(c->inv.stream_ctx, data, cap);
    const struct iovec parts[] = {{&got, sizeof got}, {data, got > 0 ? (size_t)got : 0}};
    const struct oc_wire_head head = {.type = OC_WIRE_INPUT, .id = c->id};
    const bool sent = oc_wire_send_until(p->sock, p->pidfd, head, parts, 2) == 0;
    free(data);
    return sent;
}

static bool on_result(struct oc_process_body *p, struct oc_method_call *c, const char *payload,
                      size_t len)
{
    oc_error_init(&c->err);
    if (!oc_wire_get_result(payload, len, &c->code, &c->err, NULL)) {
        return wrong(p, "a malformed RESULT");
    }
    oc_records_end(c->records);
    p->between = p->answered = true;
    pthread_mutex_lock(&p->lock);
    p->call = NULL;
    pthread_mutex_unlock(&p->lock);
    if (p->on_loop) {
        p->returned = c;
    } else {
        oc_loop_post(loop_of(p), oc_process_on_returned, c);
    }
    return true;
}

/* ---- the host ---- */

static int32_t keep_json(void *ctx, const struct oc_record *record)
{
    char **json = ctx;
    free(*json);
    *json = oc_strndup(record->text.ptr, (size_t)record->text.len);
    return OC_OK;
}

static int32_t flush_nothing(void *ctx)
{
    (void)ctx;
    return OC_OK;
}

static int32_t run_operation(struct oc_process_body *p, const struct oc_wire_hostcall *h,
                             const char *op, const char *params, char **json, struct oc_error *err)
{
    struct oc_host_side *side = &p->body.host;
    const int64_t longest = oc_time_mono() + HOST_MS;
    const struct oc_request request = {.struct_size = sizeof request,
                                       .params = {params, params ? h->params_len : 0},
                                       .deadline_ms =
                                           h->deadline_ms < longest ? h->deadline_ms : longest};
    const struct oc_sink out = {
        .struct_size = sizeof out, .ctx = json, .emit = keep_json, .flush = flush_nothing};
    if (params && !oc_wire_shallow(params, h->params_len, OC_WIRE_DEPTH)) {
        return oc_error_set(err, OC_E_CONFIG, "the parameters nest too deeply");
    }
    return side->host.call(side, op, &request, &out, err);
}

/* One that no frame can hold is an error of this operation, and not the end of who asked for it. */
static void put_answer(struct oc_buf *answer, const char *op, int32_t code, struct oc_error *err,
                       const char *json)
{
    oc_wire_put_result(answer, code, err, json);
    if (answer->len > OC_WIRE_MAX) {
        oc_buf_finish(answer);
        oc_error_set(err, OC_E_PERMANENT, "%s: the answer is longer than %u MiB", op,
                     OC_WIRE_MAX >> 20);
        oc_error_hint(err, "Ask for less at once: a shorter time, fewer rows or a filter.");
        oc_wire_put_result(answer, err->code, err, NULL);
    }
}

static bool on_hostcall(struct oc_process_body *p, uint64_t id, const char *payload, size_t len)
{
    struct oc_wire_in in = {payload, len, false};
    struct oc_wire_hostcall h;
    struct oc_error err;
    oc_wire_get(&in, &h, sizeof h);
    const char *op = oc_wire_text(&in, h.op_len);
    const char *params = oc_wire_text(&in, h.params_len);
    if (in.bad || !op) {
        return wrong(p, "a malformed HOSTCALL");
    }
    char *json = NULL;
    oc_error_init(&err);
    const int32_t code = run_operation(p, &h, op, params, &json, &err);
    struct oc_buf answer = {0};
    put_answer(&answer, op, code, &err, json);
    const struct iovec part = {answer.data, answer.len};
    const struct oc_wire_head head = {.type = OC_WIRE_HOSTRESULT, .id = id};
    const bool sent = oc_wire_send_until(p->sock, p->pidfd, head, &part, 1) == 0;
    oc_buf_finish(&answer);
    free(json);
    return sent;
}

static bool on_log(struct oc_process_body *p, const char *payload, size_t len)
{
    struct oc_wire_in in = {payload, len, false};
    struct oc_wire_log head;
    struct oc_host_side *side = &p->body.host;
    oc_wire_get(&in, &head, sizeof head);
    const char *message = oc_wire_text(&in, head.message_len);
    const char *json = oc_wire_text(&in, head.json_len);
    if (in.bad || (message && head.message_len > LOG_TEXT) || (json && head.json_len > LOG_DATA)) {
        return wrong(p, "a malformed LOG");
    }
    if (json && !oc_wire_shallow(json, strlen(json), OC_WIRE_DEPTH)) {
        json = NULL;
    }
    char *clean = message ? oc_utf8_clean(message, strlen(message)) : NULL;
    side->host.log(side, head.level, clean, json);
    oc_log_tail_add(&p->tail, clean ? clean : "");
    free(clean);
    return true;
}

/* ---- all ---- */

static bool call_frame(struct oc_process_body *p, const struct oc_wire_head *head,
                       const char *payload)
{
    struct oc_method_call *c = call_of(p, head->id);
    p->between = false;
    if (!c) {
        return wrong(p, "an answer to a call that does not run");
    }
    switch (head->type) {
    case OC_WIRE_RECORDS:
        return on_records(p, c, head->flags & 1u, payload, head->length);
    case OC_WIRE_BYTES:
        return on_bytes(p, c, payload, head->length);
    case OC_WIRE_INPUT_PULL:
        return on_pull(p, c, payload);
    default:
        return on_result(p, c, payload, head->length);
    }
}

bool oc_process_frame(struct oc_process_body *p, const struct oc_wire_head *head,
                      const char *payload)
{
    pthread_mutex_lock(&p->lock);
    const enum oc_process_stage stage = p->stage;
    pthread_mutex_unlock(&p->lock);
    const bool starting = stage == OC_PROCESS_INIT || stage == OC_PROCESS_START;
    switch (head->type) {
    case OC_WIRE_LOG:
        return on_log(p, payload, head->length);
    case OC_WIRE_HELLO:
        return stage == OC_PROCESS_INIT ? on_hello(p, payload, head->length)
                                        : wrong(p, "a second HELLO");
    case OC_WIRE_STARTED: /* instead of HELLO: it could not load the plugin */
        return starting ? on_started(p, stage, payload, head->length)
                        : wrong(p, "a STARTED too many");
    case OC_WIRE_STOPPED:
        set_stage(p, OC_PROCESS_STOPPED);
        return stage == OC_PROCESS_STOP ? true : wrong(p, "a STOPPED that nobody asked for");
    case OC_WIRE_HOSTCALL:
        return stage == OC_PROCESS_INIT || stage == OC_PROCESS_HELLO
                   ? wrong(p, "an operation before its start")
                   : on_hostcall(p, head->id, payload, head->length);
    default:
        return call_frame(p, head, payload);
    }
}
