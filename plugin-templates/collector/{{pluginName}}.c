/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * As it stands it watches how old files are; one target for each file. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include <openclaw/emit.h>

struct collector {
    struct oc_list files; /* of const char * */
    int64_t warning_ms, critical_ms;
};

static const struct oc_option options[] = {
    {.name = "files",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct collector, files),
     .default_text = "[\"/etc/hostname\"]",
     .help = "absolute paths of the files"},
    {.name = "warning",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct collector, warning_ms),
     .default_text = "0s",
     .min = 0,
     .max = 1e12,
     .help = "a file that is older than this is a warning; 0: however old"},
    {.name = "critical",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct collector, critical_ms),
     .default_text = "0s",
     .min = 0,
     .max = 1e12,
     .help = "a file that is older than this is critical; 0: however old"},
    {0},
};

static int reaches(double age_s, int64_t limit_ms)
{
    return limit_ms > 0 && age_s * 1000 >= (double)limit_ms;
}

static int32_t judge(const struct collector *c, double age_s)
{
    return reaches(age_s, c->critical_ms)  ? OC_STATE_CRITICAL
           : reaches(age_s, c->warning_ms) ? OC_STATE_WARNING
                                           : OC_STATE_OK;
}

/* The label "target" ties a sample to the status of the same name. */
static int32_t look(const struct collector *c, const char *file, int64_t now_ms,
                    const struct oc_sink *out)
{
    const struct oc_label target = oc_label("target", file);
    struct stat st;
    if (stat(file, &st) != 0) {
        return oc_emit_status(out, file, OC_STATE_CRITICAL, "%s", strerror(errno));
    }
    const double age_s = (double)now_ms / 1000 - (double)st.st_mtime;
    oc_emit_sample(out, "{{pluginIdentifier}}.age_seconds", OC_KIND_GAUGE, age_s, &target, 1);
    oc_emit_sample(out, "{{pluginIdentifier}}.size_bytes", OC_KIND_GAUGE, (double)st.st_size,
                   &target, 1);
    return oc_emit_status(out, file, judge(c, age_s), "%.0f s old", age_s);
}

/* May block until req->deadline_ms; what takes longer is answered with a timeout. */
static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    const struct collector *c = self;
    const char *const *files = c->files.items;
    for (uint64_t i = 0; i < c->files.count; i++) {
        if (OC_CANCELLED(req)) {
            return oc_fail(err, OC_E_CANCELLED, "cancelled");
        }
        const int32_t rc = look(c, files[i], req->time_ms, out);
        if (rc != OC_OK) {
            return rc;
        }
    }
    return OC_OK;
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct collector),
    .options = options,
    .methods = methods,
};
