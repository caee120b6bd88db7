/* A collector in forty lines: how long the machine has been up. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <openclaw/emit.h>

struct uptime {
    const char *file; /* option */
    int64_t young_ms; /* option */
};

static const struct oc_option options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct uptime, file),
     .default_text = "/proc/uptime",
     .help = "where the kernel tells it"},
    {.name = "young",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct uptime, young_ms),
     .default_text = "5m",
     .help = "a machine that is younger than this gives a warning"},
    {0},
};

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    const struct uptime *u = self;
    double seconds;
    (void)req;
    FILE *f = fopen(u->file, "re");
    const int found = f && fscanf(f, "%lf", &seconds) == 1;
    if (f) {
        fclose(f);
    }
    if (!found) {
        return oc_fail(err, OC_E_CONFIG, "no number in %s", u->file);
    }
    oc_emit_gauge(out, "uptime.seconds", seconds);
    return oc_emit_status(out, "",
                          seconds * 1000 < (double)u->young_ms ? OC_STATE_WARNING : OC_STATE_OK,
                          "up for %.0f s", seconds);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct uptime),
    .options = options,
    .methods = methods,
};
