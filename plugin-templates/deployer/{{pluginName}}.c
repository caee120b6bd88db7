/* The plugin {{pluginDisplayName}}: {{pluginDescription}}. SPDX-License-Identifier: MIT
 *
 * Brings a service to a place and looks after it. As it stands "the place" is a folder, and a service is the file
 * NAME.json in it. The host shows the plan, asks, holds the lock, waits for health and keeps the history. */
#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openclaw/emit.h>

#define PATH_LEN 4096

struct deployer {
    const char *folder; /* option */
};

static const struct oc_option options[] = {
    {.name = "folder",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_REQUIRED,
     .offset = offsetof(struct deployer, folder),
     .help = "where services are deployed to; it has to be there"},
    {0},
};

/* One call: its parameters {"name","spec"} and the files of that service. */
struct job {
    json_t *params;
    const char *name;
    char now[PATH_LEN], before[PATH_LEN], stopped[PATH_LEN];
};

/* The parameters as an object; NULL and `err` when they are none. */
static json_t *read_params(const struct oc_request *req, struct oc_error *err)
{
    json_t *params = json_loadb(req->params.ptr ? req->params.ptr : "", req->params.len, 0, NULL);
    if (!json_is_object(params)) {
        json_decref(params);
        oc_fail(err, OC_E_CONFIG, "the parameters have to be a JSON object");
        return NULL;
    }
    return params;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

/* Takes `value`. */
static int32_t emit_json(const struct oc_sink *out, json_t *value, struct oc_error *err)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    json_decref(value);
    if (!text) {
        return oc_fail(err, OC_E_INTERNAL, "the result cannot be written as JSON");
    }
    const int32_t rc = oc_emit_text(out, OC_RECORD_JSON, text, strlen(text));
    free(text);
    return rc;
}

static int is_name(const char *name)
{
    static const char fits[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return *name && strlen(name) <= 64 && !name[strspn(name, fits)];
}

static int32_t begin(struct job *j, const struct deployer *d, const struct oc_request *req,
                     struct oc_error *err)
{
    j->params = read_params(req, err);
    if (!j->params) {
        return err->code;
    }
    j->name = text_of(j->params, "name");
    if (!is_name(j->name) || strlen(d->folder) + strlen(j->name) + 32 > PATH_LEN) {
        json_decref(j->params);
        return oc_fail(err, OC_E_CONFIG, "name: expected lower-case letters, digits and dashes");
    }
    snprintf(j->now, sizeof j->now, "%s/%s.json", d->folder, j->name);
    snprintf(j->before, sizeof j->before, "%s/%s.before.json", d->folder, j->name);
    snprintf(j->stopped, sizeof j->stopped, "%s/%s.stopped", d->folder, j->name);
    return OC_OK;
}

static int is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static int32_t fail(struct oc_error *err, const char *what, const char *path)
{
    return oc_fail(err, errno == EACCES ? OC_E_DENIED : OC_E_RETRY, "cannot %s %s: %s", what, path,
                   strerror(errno));
}

/* What would be done; changes nothing. Equal inputs give an equal plan. */
static int32_t plan(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    json_t *old = json_load_file(j.now, 0, NULL), *spec = json_object_get(j.params, "spec");
    const char *what = !old ? "create" : json_equal(old, spec) ? "keep" : "update";
    rc = emit_json(out, json_pack("{s:[{s:s,s:s}]}", "actions", "do", what, "what", j.name), err);
    json_decref(old);
    json_decref(j.params);
    return rc;
}

/* A second name for the file and not a new one: the service is never absent, whatever fails next. */
static int32_t keep_old(const struct job *j, struct oc_error *err)
{
    char kept[PATH_LEN + 8];
    snprintf(kept, sizeof kept, "%s.old", j->now);
    unlink(kept);
    if (link(j->now, kept) != 0) {
        return errno == ENOENT ? OC_OK : fail(err, "keep", j->now);
    }
    const int32_t rc = rename(kept, j->before) == 0 ? OC_OK : fail(err, "keep", j->before);
    unlink(kept); /* rename leaves it when both are one file already */
    return rc;
}

static int32_t write_spec(const struct job *j, struct oc_error *err)
{
    char temp[PATH_LEN + 8];
    snprintf(temp, sizeof temp, "%s.new", j->now);
    int32_t rc = OC_OK;
    if (json_dump_file(json_object_get(j->params, "spec"), temp, JSON_INDENT(2)) != 0) {
        rc = fail(err, "write", temp);
    }
    if (rc == OC_OK) {
        rc = keep_old(j, err);
    }
    if (rc == OC_OK && rename(temp, j->now) != 0) {
        rc = fail(err, "replace", j->now);
    }
    if (rc != OC_OK) {
        unlink(temp);
    }
    return rc;
}

static int32_t apply(void *self, const struct oc_request *req, const struct oc_sink *out,
                     struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (!json_is_object(json_object_get(j.params, "spec"))) {
        rc = oc_fail(err, OC_E_CONFIG, "spec: expected an object");
    } else {
        rc = write_spec(&j, err);
    }
    if (rc == OC_OK) {
        unlink(j.stopped);
        rc = emit_json(out, json_pack("{s:s}", "state", "running"), err);
    }
    json_decref(j.params);
    return rc;
}

static int32_t status(void *self, const struct oc_request *req, const struct oc_sink *out,
                      struct oc_error *err)
{
    struct job j;
    const int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    const char *state = !is_there(j.now) ? "absent" : is_there(j.stopped) ? "stopped" : "running";
    json_decref(j.params);
    return emit_json(out, json_pack("{s:s}", "state", state), err);
}

/* One JSON record for each line: {"time_ms","text"}. */
static int32_t logs(void *self, const struct oc_request *req, const struct oc_sink *out,
                    struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (is_there(j.now)) {
        rc = emit_json(out,
                       json_pack("{s:I,s:s}", "time_ms", (json_int_t)req->time_ms, "text",
                                 "there is nothing to tell"),
                       err);
    } else {
        rc = oc_fail(err, OC_E_NOT_FOUND, "%s is not deployed", j.name);
    }
    json_decref(j.params);
    return rc;
}

static int32_t stop_service(void *self, const struct oc_request *req, const struct oc_sink *out,
                            struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    FILE *f = NULL;
    if (!is_there(j.now)) {
        rc = oc_fail(err, OC_E_NOT_FOUND, "%s is not deployed", j.name);
    } else if (!(f = fopen(j.stopped, "we"))) {
        rc = fail(err, "write", j.stopped);
    } else {
        fclose(f);
        rc = emit_json(out, json_pack("{s:s}", "state", "stopped"), err);
    }
    json_decref(j.params);
    return rc;
}

static int32_t rollback(void *self, const struct oc_request *req, const struct oc_sink *out,
                        struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (!is_there(j.before)) {
        rc = oc_fail(err, OC_E_NOT_FOUND, "%s has nothing to go back to", j.name);
    } else if (rename(j.before, j.now) != 0) {
        rc = fail(err, "put back", j.before);
    } else {
        unlink(j.stopped);
        rc = emit_json(out, json_pack("{s:s}", "state", "running"), err);
    }
    json_decref(j.params);
    return rc;
}

/* What is not there is destroyed already. */
static int32_t destroy(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct job j;
    int32_t rc = begin(&j, self, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    if (unlink(j.now) != 0 && errno != ENOENT) {
        rc = fail(err, "remove", j.now);
    } else {
        unlink(j.before);
        unlink(j.stopped);
        rc = emit_json(out, json_pack("{s:s}", "state", "absent"), err);
    }
    json_decref(j.params);
    return rc;
}

static const struct oc_method methods[] = {
    {"deployer.plan/1", plan},         {"deployer.apply/1", apply},
    {"deployer.status/1", status},     {"deployer.logs/1", logs},
    {"deployer.stop/1", stop_service}, {"deployer.rollback/1", rollback},
    {"deployer.destroy/1", destroy},   {NULL, NULL},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,
    .instance_size = sizeof(struct deployer),
    .options = options,
    .methods = methods,
};
