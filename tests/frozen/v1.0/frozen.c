/* The plugin that was built when ABI 1.0 was released. SPDX-License-Identifier: MIT
 *
 * Never edited: a change would not be in the binary beside it. */
#include <stddef.h>

#include <openclaw/emit.h>

struct target {
    const char *host;
    int64_t port;
};

struct frozen {
    int32_t flag, mode;
    int64_t number, wait_ms, size;
    double factor;
    const char *text, *secret, *path, *url;
    struct oc_list words, ints, pairs, targets;
    struct target single;
    const struct oc_host *host;
    int64_t calls;
};

#define AT(member) .offset = offsetof(struct frozen, member)

static const struct oc_option target_options[] = {{.name = "host",
                                                   .type = OC_OPT_STRING,
                                                   .offset = offsetof(struct target, host),
                                                   .help = "host"},
                                                  {.name = "port",
                                                   .type = OC_OPT_INT,
                                                   .offset = offsetof(struct target, port),
                                                   .default_text = "80",
                                                   .min = 1,
                                                   .max = 65535,
                                                   .help = "port"},
                                                  {0}};

static const struct oc_option options[] = {
    {.name = "flag", .type = OC_OPT_BOOL, AT(flag), .default_text = "true", .help = "a flag"},
    {.name = "mode",
     .type = OC_OPT_ENUM,
     AT(mode),
     .choices = "a|b|c",
     .default_text = "b",
     .help = "a mode"},
    {.name = "number", .type = OC_OPT_INT, AT(number), .default_text = "7", .help = "a number"},
    {.name = "wait", .type = OC_OPT_DURATION, AT(wait_ms), .default_text = "1s", .help = "a time"},
    {.name = "size", .type = OC_OPT_SIZE, AT(size), .default_text = "1KB", .help = "a size"},
    {.name = "factor", .type = OC_OPT_FLOAT, AT(factor), .default_text = "0.5", .help = "a factor"},
    {.name = "text", .type = OC_OPT_STRING, AT(text), .default_text = "t", .help = "a text"},
    {.name = "secret", .type = OC_OPT_SECRET, AT(secret), .help = "a secret"},
    {.name = "path", .type = OC_OPT_PATH, AT(path), .help = "a path"},
    {.name = "url", .type = OC_OPT_URL, AT(url), .choices = "http|https", .help = "a URL"},
    {.name = "words", .type = OC_OPT_STRINGS, AT(words), .help = "words"},
    {.name = "ints", .type = OC_OPT_INTS, AT(ints), .help = "integers"},
    {.name = "pairs", .type = OC_OPT_MAP, AT(pairs), .help = "pairs"},
    {.name = "targets",
     .type = OC_OPT_GROUPS,
     AT(targets),
     .item_size = sizeof(struct target),
     .options = target_options,
     .help = "targets"},
    {.name = "single",
     .type = OC_OPT_GROUP,
     AT(single),
     .options = target_options,
     .help = "one target"},
    {0}};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct frozen *f = self;
    f->host = host;
    if (host->abi_major != 1 || !host->instance || !host->plugin_dir) {
        return oc_fail(err, OC_E_INTERNAL, "the host is not what it was");
    }
    host->log(host->ctx, OC_LOG_INFO, "frozen started", "{\"abi\":\"1.0\"}");
    return OC_OK;
}

static void stop(void *self)
{
    struct frozen *f = self;
    f->host->log(f->host->ctx, OC_LOG_INFO, "frozen stopped", NULL);
}

static int64_t sum(const struct frozen *f)
{
    int64_t total = f->flag + f->mode + f->number + f->wait_ms + f->size + f->single.port;
    const int64_t *ints = f->ints.items;
    for (uint64_t i = 0; i < f->ints.count; i++) {
        total += ints[i];
    }
    const struct target *targets = f->targets.items;
    for (uint64_t i = 0; i < f->targets.count; i++) {
        total += targets[i].port;
    }
    return total + (int64_t)(f->words.count + f->pairs.count);
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct frozen *f = self;
    const struct oc_label label = oc_label("target", f->text);
    if (OC_CANCELLED(req)) {
        return oc_fail(err, OC_E_CANCELLED, "cancelled");
    }
    oc_emit_sample(out, "frozen.sum", OC_KIND_GAUGE, (double)sum(f) * f->factor, &label, 1);
    oc_emit_counter(out, "frozen.calls", (double)++f->calls);
    oc_flush(out);
    oc_emit_event(out, "frozen.seen", "{\"a\":1}");
    oc_emit_text(out, OC_RECORD_BYTES, "\0\1\2", 3);
    return oc_emit_status(out, f->text, OC_STATE_OK, "%s", f->url ? f->url : "no url");
}

static int32_t ask(void *self, const struct oc_request *req, const struct oc_sink *out,
                   struct oc_error *err)
{
    struct frozen *f = self;
    return f->host->call(f->host->ctx, "test.ask", req, out, err);
}

static int32_t fail(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    (void)self;
    (void)req;
    (void)out;
    return oc_fail(err, OC_E_AUTH, "refused on purpose");
}

static const struct oc_method methods[] = {
    {"collector.collect/1", collect}, {"tool.ask/1", ask}, {"tool.fail/1", fail}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct frozen),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
