/* Reads what is installed. SPDX-License-Identifier: MIT */
#include "core/package/state.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"

#define STATE_MAX   (8u << 20)
#define RECEIPT_MAX (4u << 20)
#define COUNT_MAX   10000u

static const char HEX[] = "0123456789abcdef";

/* ---- one row ---- */

static bool is_digest(const char *s)
{
    return strlen(s) == 64 && strspn(s, HEX) == 64;
}

/* "publisher/name": two names with one slash between them. */
static bool is_id(const char *s)
{
    const char *slash = strchr(s, '/');
    if (!slash || slash == s || !oc_name_valid(slash + 1)) {
        return false;
    }
    char *publisher = oc_strndup(s, (size_t)(slash - s));
    const bool ok = oc_name_valid(publisher);
    free(publisher);
    return ok;
}

static bool is_one_of(const char *value, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(value, *words) == 0) {
            return true;
        }
    }
    return false;
}

static bool are_strings(const json_t *list)
{
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
    }
    return json_is_array(list);
}

/* The key that is wrong, or NULL. */
static const char *row_problem(const struct oc_installed *p)
{
    static const char *const trusts[] = {"publisher", "community", "signed", "unsigned", NULL};
    static const char *const tiers[] = {"inproc", "process", "sandbox", NULL};
    const bool linked = oc_starts(p->source, "link:/");
    if (!oc_name_valid(p->name)) {
        return "name";
    }
    if (!is_id(p->id)) {
        return "id";
    }
    if (!*p->version || strlen(p->version) > 128) {
        return "version";
    }
    if (linked ? *p->digest != '\0' : !is_digest(p->digest)) {
        return "digest";
    }
    if (!strchr(p->source, ':')) {
        return "source";
    }
    if (!is_one_of(p->trust, trusts)) {
        return "trust";
    }
    if (!is_one_of(p->tier, tiers)) {
        return "tier";
    }
    if (!are_strings(p->grants)) {
        return "grants";
    }
    return is_digest(p->surface) ? NULL : "surface";
}

static int read_row(const json_t *row, size_t i, struct oc_installed *p, struct oc_error *err)
{
    *p = (struct oc_installed){.name = oc_json_str(row, "name", ""),
                               .id = oc_json_str(row, "id", ""),
                               .version = oc_json_str(row, "version", ""),
                               .digest = oc_json_str(row, "digest", "?"),
                               .source = oc_json_str(row, "source", ""),
                               .trust = oc_json_str(row, "trust", ""),
                               .tier = oc_json_str(row, "tier", ""),
                               .enabled = oc_json_bool(row, "enabled", false),
                               .disabled_why = oc_json_str(row, "disabled_why", NULL),
                               .pinned = oc_json_bool(row, "pinned", false),
                               .grants = json_object_get(row, "grants"),
                               .surface = oc_json_str(row, "surface", ""),
                               .json = row};
    const char *problem = row_problem(p);
    if (problem) {
        return oc_error_set(err, OC_E_CONFIG, "plugins[%zu].%s is missing or wrong", i, problem);
    }
    if (p->enabled) {
        p->disabled_why = NULL;
    } else if (!p->disabled_why) {
        p->disabled_why = "user";
    }
    return OC_OK;
}

/* ---- the document ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct oc_installed *)a)->name, ((const struct oc_installed *)b)->name);
}

static int check_names(const struct oc_state *state, struct oc_error *err)
{
    for (size_t i = 1; i < state->count; i++) {
        if (strcmp(state->plugins[i - 1].name, state->plugins[i].name) == 0) {
            return oc_error_set(err, OC_E_CONFIG, "plugins: %s is there twice",
                                state->plugins[i].name);
        }
    }
    return OC_OK;
}

static int read_document(struct oc_state *state, struct oc_error *err)
{
    const json_t *rows = json_object_get(state->json, "plugins");
    const int64_t generation = oc_json_int(state->json, "generation", -1);
    if (oc_json_int(state->json, "schema", 0) != OC_STATE_SCHEMA) {
        oc_error_set(err, OC_E_CONFIG, "schema is not %d", OC_STATE_SCHEMA);
        oc_error_hint(err, "Another version of openclaw wrote it: use that, or a newer one.");
        return OC_E_CONFIG;
    }
    if (generation < 0) {
        return oc_error_set(err, OC_E_CONFIG, "generation is missing or wrong");
    }
    if (!json_is_array(rows) || json_array_size(rows) > COUNT_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "plugins is no list of at most %u", COUNT_MAX);
    }
    state->generation = (uint64_t)generation;
    state->plugins = oc_calloc(json_array_size(rows) + 1, sizeof *state->plugins);
    for (; state->count < json_array_size(rows); state->count++) {
        const int code = read_row(json_array_get(rows, state->count), state->count,
                                  &state->plugins[state->count], err);
        if (code != OC_OK) {
            return code;
        }
    }
    qsort(state->plugins, state->count, sizeof *state->plugins, by_name);
    return check_names(state, err);
}

int oc_state_parse(const char *text, size_t len, struct oc_state *state, struct oc_error *err)
{
    *state = (struct oc_state){.json = oc_json_parse(text, len, err)};
    if (!state->json) {
        oc_error_set(err, OC_E_CONFIG, "not a JSON document");
        return OC_E_CONFIG;
    }
    const int code = read_document(state, err);
    if (code != OC_OK) {
        oc_state_finish(state);
    }
    return code;
}

void oc_state_finish(struct oc_state *state)
{
    json_decref(state->json);
    free(state->plugins);
    *state = (struct oc_state){0};
}

/* ---- files ---- */

static void make_empty(struct oc_state *state)
{
    *state = (struct oc_state){.json = json_pack("{s:i, s:i, s:[]}", "schema", OC_STATE_SCHEMA,
                                                 "generation", 0, "plugins"),
                               .plugins = oc_calloc(1, sizeof *state->plugins)};
}

static int load_file(const char *path, struct oc_state *state, struct oc_error *err)
{
    struct oc_buf text = {0};
    int code = oc_file_read(path, STATE_MAX, &text, err);
    if (code == OC_OK) {
        code = oc_state_parse(text.data ? text.data : "", text.len, state, err);
        if (code != OC_OK) {
            char hint[sizeof err->hint];
            oc_copy(hint, sizeof hint, err ? err->hint : "");
            oc_error_prefix(err, "%s", path);
            oc_error_hint(err, "%s",
                          *hint ? hint : "Go back with `openclaw plugin rollback`, or restore it.");
        }
    }
    oc_buf_finish(&text);
    return code;
}

int oc_state_load(const char *home, struct oc_state *state, struct oc_error *err)
{
    struct stat st;
    char *current = oc_path_join(home, "packages/current");
    char *path = oc_path_join(current, "state.json");
    int code = OC_OK;
    *state = (struct oc_state){0};
    if (lstat(current, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
        make_empty(state);
    } else {
        code = load_file(path, state, err);
        if (code == OC_E_NOT_FOUND) {
            code =
                oc_error_set(err, OC_E_CONFIG, "%s names a generation that is not there", current);
            oc_error_hint(err, "Go back with `openclaw plugin rollback`.");
        }
    }
    free(path);
    free(current);
    return code;
}

int oc_state_load_generation(const char *home, uint64_t generation, struct oc_state *state,
                             struct oc_error *err)
{
    char *path = oc_asprintf("%s/packages/generations/%llu/state.json", home,
                             (unsigned long long)generation);
    *state = (struct oc_state){0};
    int code = load_file(path, state, err);
    if (code == OC_E_NOT_FOUND) {
        oc_error_set(err, OC_E_NOT_FOUND, "there is no generation %llu",
                     (unsigned long long)generation);
        oc_error_hint(err, "`openclaw plugin generations` lists them.");
    } else if (code == OC_OK && state->generation != generation) {
        code = oc_error_set(err, OC_E_CONFIG, "%s: it is of generation %llu", path,
                            (unsigned long long)state->generation);
        oc_state_finish(state);
    }
    free(path);
    return code;
}

const struct oc_installed *oc_state_find(const struct oc_state *state, const char *name_or_id)
{
    for (size_t i = 0; i < state->count; i++) {
        if (strcmp(state->plugins[i].name, name_or_id) == 0 ||
            strcmp(state->plugins[i].id, name_or_id) == 0) {
            return &state->plugins[i];
        }
    }
    return NULL;
}

json_t *oc_state_receipt(const char *home, const struct oc_installed *p, struct oc_error *err)
{
    if (!*p->digest) {
        oc_error_set(err, OC_E_NOT_FOUND, "%s is a linked folder and has no receipt", p->name);
        return NULL;
    }
    struct oc_buf text = {0};
    json_t *receipt = NULL;
    char *path = oc_asprintf("%s/packages/store/sha256/%s/.openclaw/receipt.json", home, p->digest);
    if (oc_file_read(path, RECEIPT_MAX, &text, err) == OC_OK) {
        receipt = oc_json_parse(text.data ? text.data : "", text.len, err);
        if (receipt && (!json_is_object(json_object_get(receipt, "files")) ||
                        strcmp(oc_json_str(receipt, "digest", ""), p->digest) != 0)) {
            json_decref(receipt);
            receipt = NULL;
            oc_error_set(err, OC_E_CONFIG, "%s is no receipt of this artifact", path);
        }
    }
    if (!receipt) {
        oc_error_hint(err, "Install it again: `openclaw plugin install --force %s`.", p->name);
    }
    oc_buf_finish(&text);
    free(path);
    return receipt;
}
