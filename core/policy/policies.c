/* Loading policies and keeping the last good version of each. SPDX-License-Identifier: MIT */
#include "core/policy/policies.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/policy/question.h"
#include "core/policy/reads.h"
#include "core/policy/shipped.h"
#include "core/policy/state.h"
#include "core/sys/crypto.h"
#include "core/sys/file.h"

#define FILES_MAX  256 /* policies in the folder */
#define SUFFIX     ".lua"
#define TEST_FILES "_test.lua"

static void free_policy(struct oc_policy *policy)
{
    oc_lua_destroy(policy->lua);
    json_decref(policy->hooks);
    json_decref(policy->reads);
    free(policy->name);
    free(policy->file);
    free(policy->chunk);
    free(policy->own);
    free(policy->error);
    free(policy->failing);
    free(policy);
}

struct oc_policy *oc_policies_find(struct oc_policies *p, const char *name)
{
    for (size_t i = 0; i < p->list.count; i++) {
        if (strcmp(p->list.items[i]->name, name) == 0) {
            return p->list.items[i];
        }
    }
    return NULL;
}

void oc_policies_publish(struct oc_policies *p, const char *topic, const struct oc_policy *policy,
                         const char *message)
{
    if (p->bus == NULL) {
        return;
    }
    json_t *data = json_object();
    char sha[OC_SHA256_HEX];
    if (policy->text != NULL) {
        oc_sha256_hex(policy->text, policy->len, sha);
    }
    oc_json_set_str(data, "policy", policy->name);
    oc_json_set_str(data, "message", message != NULL ? message : "");
    oc_json_set_str(data, "in_force", oc_policy_in_force(policy));
    oc_json_set_str(data, "sha256", policy->text != NULL ? sha : NULL);
    oc_bus_publish(p->bus, topic, data);
}

/* "policies/route.lua:12: ..." -> 12; 0 when the message names no line. */
static int line_of(const char *chunk, const char *message)
{
    size_t len = strlen(chunk);
    int line = 0;
    if (strncmp(message, chunk, len) != 0 || sscanf(message + len, ":%d:", &line) != 1) {
        return 0;
    }
    return line;
}

/* The news tells what stands for the file, so that is found first. */
static void refuse(struct oc_policies *p, struct oc_policy *policy, const struct oc_error *err)
{
    free(policy->error);
    policy->error = oc_strdup(err->message);
    policy->line = line_of(policy->chunk, err->message);
    oc_policy_fall_back(policy);
    oc_warn("policy not loaded", "policy=%s error=%s in_force=%s", policy->name, err->message,
            oc_policy_in_force(policy));
    oc_policies_publish(p, "policy.failed", policy, policy->error);
}

int oc_policy_load(struct oc_policy *policy, const char *text, size_t len, struct oc_error *err)
{
    struct oc_lua *lua = oc_lua_create(NULL);
    lua->trace = policy->cover;
    json_t *hooks = NULL;
    int code = oc_lua_run(lua, policy->chunk, text, len, err);
    if (code == OC_OK) {
        hooks = oc_lua_functions(lua);
        code = oc_policy_vet(lua, policy->chunk, hooks, err);
    }
    if (code != OC_OK) {
        json_decref(hooks);
        oc_lua_destroy(lua);
        return code;
    }
    char *copy =
        text == policy->shipped ? NULL : oc_strndup(text, len); /* it may be the one that goes */
    oc_lua_destroy(policy->lua);
    json_decref(policy->hooks);
    json_decref(policy->reads);
    free(policy->own);
    OC_FREE(policy->error);
    OC_FREE(policy->failing);
    policy->line = 0;
    policy->lua = lua;
    policy->hooks = hooks;
    policy->reads = oc_reads_of(lua);
    policy->own = copy;
    policy->text = copy != NULL ? copy : text;
    policy->len = len;
    policy->loaded_ms = oc_time_wall();
    return OC_OK;
}

static void load_file(struct oc_policies *p, struct oc_policy *policy)
{
    struct oc_buf text = {0};
    struct oc_error err;
    oc_error_init(&err);
    if (oc_file_read(policy->file, OC_LUA_TEXT_MAX, &text, &err) != OC_OK ||
        oc_policy_load(policy, text.data != NULL ? text.data : "", text.len, &err) != OC_OK) {
        refuse(p, policy, &err);
    } else {
        policy->builtin = false;
        policy->in_force = OC_POLICY_FILE;
        if (p->keeps_last) {
            oc_policy_keep_last(policy);
        }
        oc_info("policy loaded", "policy=%s file=%s", policy->name, policy->file);
        oc_policies_publish(p, "policy.loaded", policy, NULL);
    }
    oc_buf_finish(&text);
}

void oc_policy_set_chunk(struct oc_policy *policy, const char *dir)
{
    const char *slash = strrchr(dir, '/');
    free(policy->chunk);
    policy->chunk = oc_asprintf("%s/%s" SUFFIX, slash != NULL ? slash + 1 : dir, policy->name);
}

static const struct oc_shipped_policy *find_shipped(const char *name)
{
    for (const struct oc_shipped_policy *s = oc_shipped_policies; s->name != NULL; s++) {
        if (strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

struct oc_policy *oc_policies_add(struct oc_policies *p, const char *name)
{
    struct oc_policy *policy = oc_calloc(1, sizeof(*policy));
    policy->name = oc_strdup(name);
    OC_VEC_PUSH(&p->list, policy);
    return policy;
}

static void load_shipped(struct oc_policy *policy, const struct oc_shipped_policy *shipped)
{
    oc_policy_set_chunk(policy, "etc/policies");
    policy->builtin = true;
    policy->in_force = OC_POLICY_SHIPPED;
    oc_policy_sleep(policy, shipped->text, (size_t)(shipped->end - shipped->text));
}

/* ---- reload ---- */

static bool is_policy_file(const char *file, char *name, size_t size)
{
    size_t len = strlen(file);
    if (!oc_ends(file, SUFFIX) || oc_ends(file, TEST_FILES) || len - strlen(SUFFIX) >= size) {
        return false;
    }
    memcpy(name, file, len - strlen(SUFFIX));
    name[len - strlen(SUFFIX)] = '\0';
    return oc_name_valid(name);
}

static bool same_stamp(const struct oc_policy_stamp *a, const struct oc_policy_stamp *b)
{
    return a->mtime_ns == b->mtime_ns && a->size == b->size && a->inode == b->inode;
}

/* Returns whether the file is new or not as it was. */
static bool look_at(struct oc_policies *p, const char *name, char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        free(path);
        return false; /* gone since the folder was listed */
    }
    struct oc_policy_stamp stamp = {
        .mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
        .size = st.st_size,
        .inode = st.st_ino,
    };
    struct oc_policy *policy = oc_policies_find(p, name);
    if (policy == NULL) {
        policy = oc_policies_add(p, name);
    }
    policy->seen = true;
    bool same = policy->file != NULL && strcmp(policy->file, path) == 0 &&
                same_stamp(&policy->stamp, &stamp);
    free(policy->file);
    policy->file = path;
    if (same) {
        return false;
    }
    policy->stamp = stamp;
    oc_policy_set_chunk(policy, p->dir);
    load_file(p, policy);
    return true;
}

static void forget_text(struct oc_policy *policy)
{
    policy->text = NULL;
    policy->in_force = OC_POLICY_NONE;
}

static void tell_removed(struct oc_policies *p, const struct oc_policy *policy)
{
    oc_warn("policy removed", "policy=%s in_force=%s", policy->name, oc_policy_in_force(policy));
    oc_policies_publish(p, "policy.removed", policy,
                        policy->builtin ? "its file is gone: what is built in is in force"
                                        : "its file is gone");
}

/* The file of what was in force before the host was started is gone. */
static void look_for_orphan(struct oc_policies *p, const char *entry)
{
    char name[OC_POLICY_NAME_MAX];
    if (!p->keeps_last || !oc_policy_is_orphan(p->dir, entry, name, sizeof(name))) {
        return;
    }
    const struct oc_policy *policy = oc_policies_find(p, name);
    if (policy != NULL && policy->file != NULL) {
        return; /* it is dropped by this reload */
    }
    struct oc_policy gone = {.name = name};
    oc_policies_put_aside(p, p->dir, name);
    tell_removed(p, policy != NULL ? policy : &gone);
}

static int scan_folder(struct oc_policies *p)
{
    DIR *dir = p->dir != NULL ? opendir(p->dir) : NULL;
    const struct dirent *entry;
    int changed = 0, files = 0;
    char name[OC_POLICY_NAME_MAX];
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (!is_policy_file(entry->d_name, name, sizeof(name))) {
            look_for_orphan(p, entry->d_name);
            continue;
        }
        if (++files > FILES_MAX) {
            oc_warn("too many policy files", "dir=%s limit=%d", p->dir, FILES_MAX);
            break;
        }
        changed += look_at(p, name, oc_path_join(p->dir, entry->d_name));
    }
    if (dir != NULL) {
        closedir(dir);
    }
    return changed;
}

/* That another folder is looked at now says nothing of the files of the one before. */
static void end_last(const struct oc_policies *p, const struct oc_policy *policy)
{
    if (!oc_file_exists(policy->file)) {
        char *dir = oc_strndup(policy->file, (size_t)(strrchr(policy->file, '/') - policy->file));
        oc_policies_put_aside(p, dir, policy->name);
        free(dir);
    }
}

/* A file that went away leaves its place to the shipped policy of that name, if there is one. */
static bool drop_file(struct oc_policies *p, size_t i)
{
    struct oc_policy *policy = p->list.items[i];
    const struct oc_shipped_policy *shipped = find_shipped(policy->name);
    end_last(p, policy);
    if (shipped == NULL) {
        forget_text(policy);
        tell_removed(p, policy);
        free_policy(policy);
        OC_VEC_REMOVE(&p->list, i);
        return true;
    }
    OC_FREE(policy->file);
    load_shipped(policy, shipped);
    tell_removed(p, policy);
    return false;
}

static int compare_rank(const void *a, const void *b)
{
    const struct oc_policy *x = *(struct oc_policy *const *)a, *y = *(struct oc_policy *const *)b;
    if ((x->file == NULL) != (y->file == NULL)) {
        return x->file == NULL ? -1 : 1;
    }
    return strcmp(x->name, y->name);
}

void oc_policies_changed(struct oc_policies *p)
{
    qsort(p->list.items, p->list.count, sizeof(struct oc_policy *), compare_rank);
    p->generation++;
}

uint64_t oc_policies_generation(const struct oc_policies *p)
{
    return p->generation;
}

int oc_policies_reload(struct oc_policies *p)
{
    for (size_t i = 0; i < p->list.count; i++) {
        p->list.items[i]->seen = false;
    }
    int changed = scan_folder(p);
    for (size_t i = 0; i < p->list.count;) {
        bool gone = p->list.items[i]->file != NULL && !p->list.items[i]->seen;
        changed += gone;
        i += gone && drop_file(p, i) ? 0 : 1;
    }
    if (changed > 0) {
        oc_policies_changed(p);
    }
    return changed;
}

struct oc_policies *oc_policies_create_empty(struct oc_bus *bus)
{
    struct oc_policies *p = oc_calloc(1, sizeof(*p));
    p->bus = bus;
    p->generation = 1;
    for (size_t i = 0; oc_hooks[i].name != NULL; i++) {
        p->shapes[i] = oc_shape_create(oc_hooks[i].returns);
    }
    return p;
}

struct oc_policies *oc_policies_create(struct oc_bus *bus, const char *dir)
{
    struct oc_policies *p = oc_policies_create_empty(bus);
    for (const struct oc_shipped_policy *s = oc_shipped_policies; s->name != NULL; s++) {
        load_shipped(oc_policies_add(p, s->name), s);
    }
    oc_policies_changed(p);
    oc_policies_set_dir(p, dir);
    oc_policies_reload(p);
    return p;
}

void oc_policies_set_dir(struct oc_policies *p, const char *dir)
{
    char *copy = oc_strdup(dir);
    free(p->dir);
    p->dir = copy;
}

const char *oc_policies_dir(const struct oc_policies *p)
{
    return p->dir;
}

void oc_policies_destroy(struct oc_policies *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->list.count; i++) {
        free_policy(p->list.items[i]);
    }
    for (size_t i = 0; i < OC_HOOKS_MAX; i++) {
        oc_shape_destroy(p->shapes[i]);
    }
    if (p->inputs != NULL) {
        oc_inputs_finish(p->inputs);
        free(p->inputs);
    }
    OC_VEC_FINISH(&p->list);
    free(p->dir);
    free(p);
}
