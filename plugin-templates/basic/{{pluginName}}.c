/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <openclaw/emit.h>

struct plugin { /* one instance: the host allocates it, zeroed, and writes the options into it */
    double value, warning;
};

static const struct oc_option options[] = {
    {.name = "value",
     .type = OC_OPT_FLOAT,
     .offset = offsetof(struct plugin, value),
     .default_text = "1",
     .help = "the number that is told"},
    {.name = "warning",
     .type = OC_OPT_FLOAT,
     .offset = offsetof(struct plugin, warning),
     .default_text = "100",
     .help = "from this number on there is a warning"},
    {0},
};

/* Called by the host on its schedule: once in 30 s unless the configuration says otherwise. */
static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    const struct plugin *p = self;
    (void)req;
    (void)err;
    oc_emit_gauge(out, "{{pluginIdentifier}}.value", p->value);
    return oc_emit_status(out, "", p->value >= p->warning ? OC_STATE_WARNING : OC_STATE_OK,
                          "the value is %g", p->value);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct plugin),
    .options = options,
    .methods = methods,
};
