/* plugin.audit: what is installed against what its registries say about it today. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/registry/client.h"
#include "core/package/registry/consumer.h"
#include "core/package/registry/status.h"
#include "core/package/state.h"

struct audit {
    struct oc_work *w;
    json_t *findings; /* owned */
    bool offline;
};

static void find(struct audit *a, const struct oc_installed *p, const char *kind,
                 const char *severity, const char *fix, const char *message)
{
    json_t *f = json_object();
    oc_json_set_str(f, "name", p->name);
    oc_json_set_str(f, "id", p->id);
    oc_json_set_str(f, "version", p->version);
    oc_json_set_str(f, "kind", kind);
    oc_json_set_str(f, "severity", severity);
    oc_json_set_str(f, "message", message);
    oc_json_set_str(f, "fix", fix);
    json_array_append_new(a->findings, f);
}

static void find_advisory(struct audit *a, const struct oc_installed *p, const json_t *advisory)
{
    const char *severity = oc_json_str(advisory, "severity", "medium");
    const bool malicious = strcmp(severity, "malicious") == 0;
    char *fix = malicious ? oc_asprintf("openclaw plugin uninstall %s", p->name)
                          : oc_asprintf("openclaw plugin update %s", p->name);
    char *message = oc_asprintf("%s: %s", oc_json_str(advisory, "id", "advisory"),
                                oc_json_str(advisory, "summary", "no summary"));
    find(a, p, "advisory", severity, fix, message);
    free(message);
    free(fix);
}

static void find_status(struct audit *a, const struct oc_installed *p, const json_t *status)
{
    const json_t *advisories = json_object_get(status, "advisories");
    const char *quarantined = oc_json_str(status, "quarantined", NULL);
    const char *deprecated = oc_json_str(status, "deprecated", NULL);
    char *uninstall = oc_asprintf("openclaw plugin uninstall %s", p->name);
    char *update = oc_asprintf("openclaw plugin update %s", p->name);
    if (quarantined) {
        find(a, p, "quarantined", "critical", uninstall, quarantined);
    }
    for (size_t i = 0; i < json_array_size(advisories); i++) {
        find_advisory(a, p, json_array_get(advisories, i));
    }
    if (oc_json_bool(status, "yanked", false)) {
        const char *why = oc_json_str(status, "yank_reason", "");
        find(a, p, "yanked", "high", update, *why ? why : "its publisher took this version back");
    }
    if (deprecated) {
        find(a, p, "deprecated", "low", update, deprecated);
    }
    free(update);
    free(uninstall);
}

/* Asks the registry that the plugin came from, and no other. */
static int ask_registry(struct audit *a, const struct oc_installed *p, const char *registry)
{
    struct oc_work *w = a->w;
    struct oc_client *c = oc_session_find(w, registry);
    json_t *status = NULL, *of = NULL;
    int code = c ? oc_client_ready(w, c, a->offline) : w->err.code;
    if (code == OC_OK) {
        status = oc_client_status(w, c, p->id, a->offline);
        code = status ? OC_OK : w->err.code;
    }
    if (code == OC_OK) {
        of = oc_status_of(status, p->version);
        find_status(a, p, of);
    } else if (code == OC_E_NOT_FOUND || code == OC_E_NETWORK || code == OC_E_VERIFY) {
        char *message =
            oc_asprintf("its registry %s could not be asked: %s", registry, w->err.message);
        find(a, p, "unknown", "medium", "openclaw registry status", message);
        free(message);
        oc_refuse_clear(w);
        code = OC_OK;
    }
    json_decref(of);
    json_decref(status);
    return code;
}

static int audit_one(struct audit *a, const struct oc_installed *p)
{
    int code = OC_OK;
    if (oc_starts(p->source, "registry:")) {
        code = ask_registry(a, p, p->source + strlen("registry:"));
    }
    if (strcmp(p->trust, "unsigned") == 0 && *p->digest) {
        find(a, p, "unsigned", "medium", "openclaw plugin info NAME",
             "nobody signed it: it runs in the sandbox");
    }
    return code;
}

int oc_consumer_audit(struct oc_work *w)
{
    struct oc_state state = {0};
    struct audit a = {
        .w = w, .findings = json_array(), .offline = oc_json_bool(w->params, "offline", false)};
    const char *only = oc_json_str(w->params, "name", "");
    int64_t count = 0;
    int code = oc_state_load(w->home, &state, &w->err);
    for (size_t i = 0; code == OC_OK && i < state.count; i++) {
        const struct oc_installed *p = &state.plugins[i];
        if (!*only || strcmp(only, p->name) == 0 || strcmp(only, p->id) == 0) {
            count++;
            code = audit_one(&a, p);
        }
    }
    if (code == OC_OK && *only && count == 0) {
        code = oc_refuse(w, OC_E_NOT_FOUND, "not-installed", "`openclaw plugin list` shows them.",
                         "no installed plugin is named %.64s", only);
    }
    if (code == OC_OK) {
        code = oc_session_commit(w);
    }
    if (code == OC_OK) {
        json_t *result = json_object();
        oc_json_set_int(result, "audited", count);
        oc_json_take(result, "findings", json_incref(a.findings));
        oc_work_result(w, result);
    }
    json_decref(a.findings);
    oc_state_finish(&state);
    oc_session_end();
    return code;
}
