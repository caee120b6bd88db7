/* registry.add, list, remove, refresh and status. SPDX-License-Identifier: MIT */
#include "core/package/registry/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/package/author/stage.h"
#include "core/package/registry/client.h"
#include "core/package/registry/folder.h"
#include "core/package/registry/registries.h"
#include "core/sys/lock.h"

/* ---- add ---- */

/* Without a fingerprint nothing says that this is the registry that was meant: the user does, or says that it is fine. */
static int check_trust(struct oc_work *w, const struct oc_client *c, const char *hex)
{
    if (*oc_json_str(w->params, "fingerprint", "") ||
        oc_json_bool(w->params, "trust_first", false)) {
        return OC_OK;
    }
    char *hint = oc_asprintf("Compare the fingerprint with what its keeper published, then add "
                             "--fingerprint %s",
                             hex);
    oc_work_detail(w, "fingerprint", json_string(hex));
    oc_refuse(w, OC_E_REFUSED, "fingerprint-needed", hint,
              "the registry \"%s\" at %s is not known yet; its fingerprint is %s",
              oc_json_str(c->root.json, "name", ""), c->url, hex);
    free(hint);
    return w->err.code;
}

static int check_new(struct oc_work *w, const json_t *list, const char *name, const char *url)
{
    if (!oc_registry_word(name)) {
        return oc_refuse(w, OC_E_CONFIG, "name-invalid",
                         "Choose a name of small letters, digits and dashes.",
                         "'%.100s' is no name for a registry", name);
    }
    if (oc_registries_find(list, name)) {
        return oc_refuse(
            w, OC_E_CONFLICT, "registry-exists",
            "Choose another name, or remove it first: `openclaw registry remove NAME`.",
            "a registry is named %s already", name);
    }
    if (oc_ends(url, ".ocp")) {
        return oc_refuse(w, OC_E_CONFIG, "not-a-registry",
                         "`openclaw registry publish DIR FILE.ocp` puts a package into a registry.",
                         "%.200s is a package", url);
    }
    if (!strstr(url, "://") && url[0] != '/') {
        return oc_refuse(w, OC_E_CONFIG, "not-a-registry",
                         "Give https://host/path, file:///folder, or an absolute folder.",
                         "'%.200s' is no address of a registry", url);
    }
    return OC_OK;
}

static json_t *row_of(const struct oc_work *w, const struct oc_client *c, const char *hex)
{
    json_t *row = json_object();
    char when[32];
    oc_json_set_str(row, "name", c->name);
    oc_json_set_str(row, "url", c->url);
    oc_json_set_str(row, "fingerprint", hex);
    oc_json_set_str(row, "added", oc_time_format(oc_time_wall(), when, sizeof when));
    if (*oc_json_str(w->params, "ca", "")) {
        oc_json_set_str(row, "ca", oc_json_str(w->params, "ca", ""));
    }
    if (oc_folder_span(w, "read_timeout", 0)) {
        oc_json_set_int(row, "timeout_ms", oc_folder_span(w, "read_timeout", 0));
    }
    return row;
}

/* Fetches it and looks at it; nothing is written. */
static struct oc_client *meet(struct oc_work *w, const char *name, const char *url, char *hex)
{
    const char *ca = oc_json_str(w->params, "ca", "");
    const struct oc_source_options options = {.ca = *ca ? ca : NULL,
                                              .timeout_ms = oc_folder_span(w, "read_timeout", 0)};
    struct oc_client *c = oc_client_new(w, name, url, &options);
    int code = c ? oc_client_pin(w, c, oc_json_str(w->params, "fingerprint", NULL)) : w->err.code;
    if (code == OC_OK) {
        oc_client_fingerprint(c, hex);
        code = check_trust(w, c, hex);
    }
    if (code == OC_OK) {
        code = oc_client_refresh(w, c, false);
    }
    if (code == OC_OK) {
        oc_client_fingerprint(c, hex);
        return c;
    }
    oc_client_close(c);
    return NULL;
}

/* With the lock: the list is read again, as others may have changed it while the network was asked. */
static int put(struct oc_work *w, struct oc_client *c, const char *url, const char *hex)
{
    json_t *list = oc_registries_load(w), *row = NULL;
    int code = list ? check_new(w, list, c->name, url) : w->err.code;
    if (code == OC_OK) {
        oc_stage_remove(c->dir); /* of one that was removed by a crash in the middle */
        code = oc_client_keep(w, c);
    }
    if (code == OC_OK) {
        row = row_of(w, c, hex);
        json_array_append(list, row);
        code = oc_registries_save(w, list);
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(row));
    }
    json_decref(row);
    json_decref(list);
    return code;
}

int oc_consumer_add(struct oc_work *w)
{
    const char *name = oc_json_str(w->params, "name", ""), *url = oc_json_str(w->params, "url", "");
    char hex[OC_SHA256_HEX];
    json_t *list = oc_registries_load(w);
    int code = list ? check_new(w, list, name, url) : w->err.code;
    json_decref(list);
    struct oc_client *c = code == OC_OK ? meet(w, name, url, hex) : NULL;
    if (c) {
        const int lock = oc_registries_lock(w);
        code = lock >= 0 ? put(w, c, url, hex) : lock;
        oc_lock_drop(lock);
    } else {
        code = w->err.code;
    }
    oc_client_close(c);
    return code;
}

/* ---- list and remove ---- */

int oc_consumer_list(struct oc_work *w)
{
    json_t *list = oc_registries_load(w);
    if (!list) {
        return w->err.code;
    }
    oc_work_result(w, list);
    return OC_OK;
}

/* With the lock. */
static int drop(struct oc_work *w, json_t *list, json_t *row)
{
    const char *name = oc_json_str(row, "name", "");
    char *dir = oc_registries_dir(w, name);
    json_t *result = json_copy(row);
    json_object_del(result, "added");
    oc_json_set_bool(result, "removed", true);
    for (size_t i = json_array_size(list); i > 0; i--) {
        if (json_array_get(list, i - 1) == row) {
            json_array_remove(list, i - 1);
        }
    }
    const int code = oc_registries_save(w, list);
    if (code == OC_OK) {
        oc_stage_remove(dir);
        oc_work_result(w, json_incref(result));
    }
    json_decref(result);
    free(dir);
    return code;
}

int oc_consumer_remove(struct oc_work *w)
{
    const char *name = oc_json_str(w->params, "name", "");
    const int lock = oc_registries_lock(w);
    if (lock < 0) {
        return lock;
    }
    json_t *list = oc_registries_load(w), *row = list ? oc_registries_find(list, name) : NULL;
    int code = list ? OC_OK : w->err.code;
    if (code == OC_OK) {
        code = row ? drop(w, list, row) : oc_registries_unknown(w, list, name);
    }
    oc_lock_drop(lock);
    json_decref(list);
    return code;
}

/* ---- refresh and status ---- */

static void set_time(json_t *json, const char *key, int64_t ms)
{
    char when[32];
    oc_json_set_str(json, key, ms > 0 ? oc_time_format(ms, when, sizeof when) : NULL);
}

static const char *state_of(const struct oc_client *c)
{
    const int64_t now = oc_time_wall();
    if (!c->timestamp.version) {
        return "never refreshed";
    }
    return c->root.expires_ms <= now        ? "root expired"
           : c->timestamp.expires_ms <= now ? "timestamp expired"
           : c->snapshot.expires_ms <= now  ? "snapshot expired"
                                            : "ok";
}

static json_t *keys_of(const struct oc_root *root)
{
    json_t *json = json_object();
    for (int i = 0; i < OC_REGISTRY_ROLES; i++) {
        const struct oc_ring *ring = &root->roles[i];
        struct oc_buf text = {0};
        oc_buf_addf(&text, "%u of", ring->threshold);
        for (size_t k = 0; k < ring->count; k++) {
            char id[OC_KEY_ID_TEXT];
            oc_key_id_text(ring->keys[k].id, id);
            oc_buf_addf(&text, " %s", id);
        }
        oc_json_set_str(json, oc_role_names[i], text.data);
        oc_buf_finish(&text);
    }
    return json;
}

static json_t *status_of(const struct oc_client *c)
{
    char hex[OC_SHA256_HEX];
    json_t *json = json_object();
    oc_client_fingerprint(c, hex);
    oc_json_set_str(json, "name", c->name);
    oc_json_set_str(json, "url", c->url);
    oc_json_set_str(json, "registry", oc_json_str(c->root.json, "name", ""));
    oc_json_set_str(json, "state", state_of(c));
    oc_json_set_int(json, "root", c->root.version);
    oc_json_set_int(json, "timestamp", c->timestamp.version);
    oc_json_set_int(json, "snapshot", c->snapshot.version);
    set_time(json, "root_expires", c->root.expires_ms);
    set_time(json, "timestamp_expires", c->timestamp.expires_ms);
    set_time(json, "snapshot_expires", c->snapshot.expires_ms);
    set_time(json, "refreshed", c->refreshed_ms);
    oc_json_set_str(json, "fingerprint", hex);
    oc_json_take(json, "keys", keys_of(&c->root));
    return json;
}

/* Those that are named, or all. An empty list is fine. */
static int each(struct oc_work *w, int (*visit)(struct oc_work *w, struct oc_client *c))
{
    const char *name = oc_json_str(w->params, "name", "");
    json_t *out = json_array();
    struct oc_client *c = *name ? oc_session_find(w, name) : oc_session(w);
    int code = c ? OC_OK : w->err.code;
    if (!c && !*name && strcmp(oc_refusal(w), "no-registry") == 0) {
        oc_refuse_clear(w);
        code = OC_OK;
    }
    for (; code == OC_OK && c; c = *name ? NULL : c->next) {
        code = visit(w, c);
        json_array_append_new(out, status_of(c));
    }
    if (code == OC_OK) {
        oc_work_result(w, json_incref(out));
    }
    json_decref(out);
    oc_session_end();
    return code;
}

static int visit_refresh(struct oc_work *w, struct oc_client *c)
{
    int code = oc_client_refresh(w, c, true);
    if (code == OC_OK) {
        struct oc_buf search = {0};
        code = oc_client_search(w, c, false, &search); /* so that search needs no network */
        oc_buf_finish(&search);
    }
    return code == OC_OK ? oc_client_commit(w, c) : code;
}

int oc_consumer_refresh(struct oc_work *w)
{
    return each(w, visit_refresh);
}

static int visit_status(struct oc_work *w, struct oc_client *c)
{
    (void)w, (void)c;
    return OC_OK;
}

int oc_consumer_status(struct oc_work *w)
{
    return each(w, visit_status);
}
