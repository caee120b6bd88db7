/* Fuzzes the requests of the control protocol, from the bytes on the socket to the bound parameters.
 * SPDX-License-Identifier: MIT
// uses: oc_daemon
 *
 * Each line of the input is one frame. Every answer has to be JSON of one of the documented shapes, a call ends at most
 * once, and when the client goes no call stays. */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/daemon/control.h"

#define SIZE_MAX_INPUT (32u << 10) /* what a socket takes at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct item {
    const char *name;
    int64_t bytes;
};

struct params {
    const char *text, *secret, *path, *url;
    int32_t flag, choice;
    int64_t count, wait_ms;
    double share;
    struct oc_list words, numbers, labels, items;
};

#define OPTION(member, kind, ...)                                                                  \
    {                                                                                              \
        .name = #member, .type = kind, .offset = offsetof(struct params, member),                  \
        .help = "a value", __VA_ARGS__                                                             \
    }

static const struct oc_option item_options[] = {{.name = "name",
                                                 .type = OC_OPT_STRING,
                                                 .flags = OC_OPT_REQUIRED,
                                                 .offset = offsetof(struct item, name),
                                                 .help = "a name"},
                                                {.name = "bytes",
                                                 .type = OC_OPT_SIZE,
                                                 .offset = offsetof(struct item, bytes),
                                                 .help = "a size"},
                                                {0}};
static const struct oc_option options[] = {
    OPTION(text, OC_OPT_STRING, .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL),
    OPTION(secret, OC_OPT_SECRET, .flags = 0),
    OPTION(path, OC_OPT_PATH, .flags = 0),
    OPTION(url, OC_OPT_URL, .choices = "http|https"),
    OPTION(flag, OC_OPT_BOOL, .flags = 0),
    OPTION(choice, OC_OPT_ENUM, .choices = "one|two|three"),
    OPTION(count, OC_OPT_INT, .min = 1, .max = 1000, .default_text = "3"),
    OPTION(wait_ms, OC_OPT_DURATION, .flags = 0),
    OPTION(share, OC_OPT_FLOAT, .max = 1),
    OPTION(words, OC_OPT_STRINGS, .flags = 0),
    OPTION(numbers, OC_OPT_INTS, .flags = 0),
    OPTION(labels, OC_OPT_MAP, .flags = 0),
    OPTION(items, OC_OPT_GROUPS, .item_size = sizeof(struct item), .options = item_options),
    {0}};

static size_t held; /* calls that wait for their cancellation */

/* Touches every byte that was bound. */
static void echo(struct oc_call *call, void *ctx)
{
    const struct params *p = oc_call_params(call);
    size_t bytes = strlen(p->text) + (p->secret ? strlen(p->secret) : 0);
    (void)ctx;
    for (size_t i = 0; i < p->words.count; i++) {
        bytes += strlen(((const char *const *)p->words.items)[i]);
    }
    for (size_t i = 0; i < p->items.count; i++) {
        bytes += strlen(((const struct item *)p->items.items)[i].name);
    }
    OC_ASSERT(p->count >= 1 && p->count <= 1000 && p->choice >= 0 && p->choice < 3);
    oc_call_row(call, json_string(p->text));
    oc_call_progress(call, p->share, p->text);
    oc_call_warn(call, "%zu bytes", bytes);
    oc_call_succeed(call, json_incref((json_t *)oc_call_json(call)));
}

static void cancelled(struct oc_call *call, void *ctx)
{
    (void)ctx;
    held--;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static void wait_for_ever(struct oc_call *call, void *ctx)
{
    held++;
    oc_call_on_cancel(call, cancelled, ctx);
}

static const struct oc_op table[] = {
    {.name = "test.echo",
     .summary = "Answer with the parameters",
     .flags = OC_OP_MUTATES,
     .params = options,
     .params_size = sizeof(struct params),
     .handler = echo},
    {.name = "test.wait", .summary = "Wait", .flags = OC_OP_STREAMS, .handler = wait_for_ever}};

static void on_gone(void *ctx)
{
    *(bool *)ctx = true;
}

/* One answer: rows, progress and exactly the members of an end. */
static void look_at(void *ctx, const char *text, size_t len)
{
    json_t *frame = oc_json_parse(text, len, NULL);
    const json_t *ok = json_object_get(frame, "ok");
    (void)ctx;
    OC_ASSERT(frame && json_is_integer(json_object_get(frame, "id")));
    if (ok) {
        OC_ASSERT(json_object_size(frame) == 5 && json_is_boolean(ok));
        OC_ASSERT(json_is_true(ok) == json_is_null(json_object_get(frame, "error")));
    } else {
        OC_ASSERT(json_object_get(frame, "row") || json_object_get(frame, "progress"));
    }
    json_decref(frame);
}

static bool drain(int fd, struct oc_buf *answers)
{
    char chunk[16384];
    ssize_t n = read(fd, chunk, sizeof chunk);
    if (n > 0) {
        oc_buf_add(answers, chunk, (size_t)n);
    }
    return n > 0;
}

static void send_lines(int fd, const uint8_t *data, size_t size)
{
    struct oc_buf out = {0};
    for (size_t at = 0; at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        uint32_t len = (uint32_t)(end ? (size_t)(end - data) - at : size - at);
        unsigned char head[4] = {(unsigned char)len, (unsigned char)(len >> 8), 0, 0};
        oc_buf_add(&out, head, sizeof head);
        oc_buf_add(&out, data + at, len);
        at += len + 1;
    }
    OC_ASSERT(out.len == 0 || send(fd, out.data, out.len, MSG_NOSIGNAL) > 0);
    oc_buf_finish(&out);
}

static void converse(struct oc_loop *loop, int fd, const uint8_t *data, size_t size)
{
    struct oc_buf answers = {0};
    send_lines(fd, data, size);
    do {
        oc_loop_step(loop, false);
    } while (drain(fd, &answers));
    long used = oc_frame_split(answers.data, answers.len, look_at, NULL);
    OC_ASSERT(used >= 0);
    oc_buf_finish(&answers);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct oc_loop *loop;
    static struct oc_ops *ops;
    int pair[2];
    bool gone = false;
    if (size > SIZE_MAX_INPUT) {
        return 0;
    }
    if (!loop) {
        oc_log_set(-1, OC_LOG_TEXT, STDERR_FILENO);
        loop = oc_loop_create();
        ops = oc_ops_create(loop, oc_bus_create());
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            oc_ops_add(ops, &table[i], NULL);
        }
    }
    OC_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    fcntl(pair[1], F_SETFL, O_NONBLOCK);
    struct oc_control *control = oc_control_create(loop, ops, NULL, pair[0], on_gone, &gone, NULL);
    OC_ASSERT(control);
    converse(loop, pair[1], data, size);
    close(pair[1]);
    while (!gone) {
        oc_loop_step(loop, true);
    }
    OC_ASSERT(held == 0);
    oc_control_destroy(control);
    return 0;
}
