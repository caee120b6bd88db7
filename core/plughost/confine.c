/* Confinement of a plugin host, step by step. SPDX-License-Identifier: MIT */
#include "core/plughost/confine.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plughost/confine_internal.h"

#if OC_SANITIZED
/* The leak check at exit traces its own process, which a sandboxed one may not: it would end each run with an error. */
int __lsan_is_turned_off(void);
static bool traced_no_more;
__attribute__((visibility("default"))) int __lsan_is_turned_off(void)
{
    return traced_no_more;
}
#endif

void oc_confine_miss(struct confinement *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_array_append_new(c->missing, json_string(text));
    free(text);
}

/* The value of the variable that the path begins with: *rest is what follows it. */
static const char *variable(const struct confinement *c, const char *path, const char **rest)
{
    const struct {
        const char *name, *value;
    } table[] = {{"{plugin}", c->plugin_dir}, {"{state}", c->state_dir}, {"{tmp}", c->tmp_dir}};
    for (size_t i = 0; i < OC_COUNT(table); i++) {
        size_t len = strlen(table[i].name);
        if (strncmp(path, table[i].name, len) == 0) {
            *rest = path + len;
            return table[i].value;
        }
    }
    *rest = path;
    return "";
}

char *oc_confine_path(const struct confinement *c, const char *path)
{
    const char *rest, *prefix = variable(c, path, &rest);
    if (!prefix) {
        return NULL;
    }
    char *out = oc_asprintf("%s%s", prefix, rest);
    size_t len = strlen(out);
    if (strcmp(out, "*") == 0) {
        out[0] = '/';
    } else if (len > 2 && strcmp(out + len - 2, "/*") == 0) {
        out[len - 2] = '\0';
    } else if (strcmp(out, "/*") == 0) {
        out[1] = '\0';
    }
    return out;
}

static int begin(struct confinement *c, const json_t *init, struct oc_error *err)
{
    const char *tier = oc_json_str(init, "tier", "");
    const json_t *dirs = json_object_get(init, "dirs");
    c->init = init;
    c->sandbox = strcmp(tier, "sandbox") == 0;
    if (!c->sandbox && strcmp(tier, "process") != 0) {
        return oc_error_set(err, OC_E_CONFIG, "tier \"%s\" is not process or sandbox", tier);
    }
    oc_rights_read(json_object_get(init, "rights"), &c->rights);
    oc_kernel_probe(&c->kernel);
    oc_kernel_lower(&c->kernel, oc_json_str(init, "kernel", NULL));
    c->plugin_dir = oc_json_str(dirs, "plugin", NULL);
    c->state_dir = oc_json_str(dirs, "state", NULL);
    c->tmp_dir = oc_json_str(dirs, "tmp", NULL);
    c->report = json_object();
    oc_json_set_str(c->report, "tier", tier);
    oc_json_take(c->report, "missing", c->missing = json_array());
    if (c->rights.ignored) {
        json_object_set(c->report, "ignored", c->rights.ignored);
    }
    return OC_OK;
}

static int no_new_privileges(struct oc_error *err)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
               ? OC_OK
               : oc_error_errno(err, OC_E_PERMANENT, errno, "no_new_privs");
}

/* What a current kernel could enforce and this one cannot; whoever wants it all does not start. */
static int say_what_is_missing(struct confinement *c, struct oc_error *err)
{
    json_t *missing = oc_rights_missing(&c->rights, &c->kernel);
    const char *first = json_string_value(json_array_get(missing, 0));
    int code = OC_OK;
    json_array_extend(c->missing, missing);
    if (first && oc_json_bool(c->init, "require_full", false)) {
        code = oc_error_set(err, OC_E_REFUSED, "it cannot be isolated in full: %s", first);
        oc_error_hint(err, "A newer kernel can, or set isolation.require to \"available\".");
    }
    json_decref(missing);
    return code;
}

static int sandbox(struct confinement *c, struct oc_error *err)
{
    int code = say_what_is_missing(c, err);
    if (code == OC_OK) {
        code = oc_confine_landlock(c, err);
    }
    if (code == OC_OK) {
        code = oc_confine_capabilities(c, err);
    }
    if (code == OC_OK && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        code = oc_error_errno(err, OC_E_PERMANENT, errno, "PR_SET_DUMPABLE");
    }
    if (code == OC_OK) {
        code = oc_confine_seccomp(c, err);
    }
#if OC_SANITIZED
    traced_no_more = true;
#endif
    return code;
}

int oc_confine(const json_t *init, json_t **report, struct oc_error *err)
{
    struct confinement c = {0};
    *report = NULL;
    int code = begin(&c, init, err);
    if (code == OC_OK) {
        code = oc_confine_process(&c, err);
    }
    if (code == OC_OK) {
        code = oc_confine_limits(&c, err);
    }
    if (code == OC_OK) {
        code = no_new_privileges(err);
    }
    if (code == OC_OK && c.sandbox) {
        code = sandbox(&c, err);
    }
    oc_rights_finish(&c.rights);
    *report = c.report;
    if (code != OC_OK && code != OC_E_REFUSED) {
        oc_error_prefix(err, "cannot confine the plugin host");
    }
    return code;
}
