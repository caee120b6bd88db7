/* What the doctor finds in the package folder and in the registries' metadata. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/plugin/doctor.h"
#include "core/sys/file.h"
#include "core/sys/sign.h"

#define FILE_MAX       (UINT64_C(256) << 20) /* of one installed file that is hashed */
#define DOCUMENT_MAX   (1u << 20)
#define CLOCK_EARLIEST INT64_C(1735689600000) /* 2025: no host of ours ran before */

static char *in_packages(const struct oc_plugin_service *s, const char *name)
{
    char *dir = oc_path_join(s->env.home, "packages"), *path = oc_path_join(dir, name);
    free(dir);
    return path;
}

/* ---- the state ---- */

/* The highest number among the generations that can be read; 0 when there is none. */
static uint64_t newest_generation(struct oc_plugin_service *s)
{
    char *path = in_packages(s, "generations");
    DIR *dir = opendir(path);
    uint64_t newest = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const uint64_t number = strtoull(e->d_name, NULL, 10);
        struct oc_state state;
        if (number > newest &&
            oc_state_load_generation(s->env.home, number, &state, NULL) == OC_OK) {
            newest = number;
            oc_state_finish(&state);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return newest;
}

/* Nothing says which generation counts. The first one may have been under way when the power went; a second never is. */
static void check_current_gone(struct oc_plugin_service *s, const char *current, json_t *findings)
{
    const uint64_t newest = newest_generation(s);
    char *command = oc_asprintf("openclaw plugin rollback --to %llu", (unsigned long long)newest);
    struct doctor_fix fix = {.command = command};
    if (newest >= 2) {
        oc_doctor_add(findings, "dangling-current", DOCTOR_ERROR, NULL, &fix,
                      "%s is gone, and with it every plugin of generation %llu", current,
                      (unsigned long long)newest);
    }
    free(command);
}

static void check_state(struct oc_plugin_service *s, json_t *findings)
{
    char *current = in_packages(s, "current");
    struct stat st;
    struct doctor_fix fix = {.command = "openclaw plugin rollback"};
    bool link = lstat(current, &st) == 0, whole = stat(current, &st) == 0;
    if (!link) {
        check_current_gone(s, current, findings);
    } else if (!whole) {
        oc_doctor_add(findings, "dangling-current", DOCTOR_ERROR, NULL, &fix,
                      "%s names a generation that is gone", current);
    } else if (s->state_error.code != OC_OK) {
        oc_doctor_add(findings, "damaged-state", DOCTOR_ERROR, NULL, &fix, "%s",
                      s->state_error.message);
    }
    free(current);
}

static size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        count += e->d_name[0] != '.';
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

/* Work that nobody finished; archives that wait there for a plan to be carried out are none. A change that is under way has the
 * lock, and its folder is not a remain: it is told all the same, and gone a moment later. */
static void check_staging(struct oc_plugin_service *s, json_t *findings)
{
    static const char *const folders[] = {"staging/work", "staging/current"};
    size_t count = 0;
    for (size_t i = 0; i < OC_COUNT(folders); i++) {
        char *path = in_packages(s, folders[i]);
        count += count_entries(path);
        free(path);
    }
    if (count) {
        struct doctor_fix fix = {"openclaw plugin gc --yes", "plugin.gc", json_object()};
        oc_doctor_add(findings, "staging-remains", DOCTOR_WARNING, NULL, &fix,
                      "%zu folder%s of work that was not finished", count, count == 1 ? "" : "s");
    }
}

/* ---- what was installed ---- */

/* NULL when the file is as it was installed; else what is wrong with it. Owned by the caller. */
static char *compare_file(const char *dir, const char *name, const char *expected, bool *missing)
{
    struct oc_error err;
    char hex[OC_SHA256_HEX];
    uint64_t size;
    char *path = oc_path_join(dir, name), *problem = NULL;
    oc_error_init(&err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *missing = fd < 0 && errno == ENOENT;
    if (fd < 0) {
        problem = oc_asprintf("%s: %s", name, strerror(errno));
    } else if (oc_sha256_fd(fd, FILE_MAX, hex, &size, &err) != OC_OK) {
        problem = oc_asprintf("%s: %s", name, err.message);
    } else if (strcmp(hex, expected) != 0) {
        problem = oc_asprintf("%s is not the file that was installed", name);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(path);
    return problem;
}

/* The command that brings the same bytes again, from where they came; owned by the caller. */
static char *install_again(const struct oc_installed *p)
{
    const char *rest = strchr(p->source, ':');
    rest = rest ? rest + 1 : "";
    if (oc_starts(p->source, "registry:")) {
        return oc_asprintf("openclaw plugin install %s:%s@%s --force", rest, p->id, p->version);
    }
    return oc_starts(p->source, "bundle:")
               ? oc_asprintf("openclaw plugin install --bundle %s --force", rest)
               : oc_asprintf("openclaw plugin install %s --force", rest);
}

static void check_files(struct oc_plugin_service *s, const struct oc_installed *p, json_t *findings)
{
    struct oc_error err;
    oc_error_init(&err);
    char *store = in_packages(s, "store/sha256"), *dir = oc_path_join(store, p->digest);
    char *command = install_again(p);
    struct doctor_fix fix = {.command = command};
    json_t *receipt = oc_state_receipt(s->env.home, p, &err), *sha;
    const char *name;
    if (!receipt) {
        oc_doctor_add(findings, "missing-file", DOCTOR_ERROR, p->name, &fix, "%s: %s", p->name,
                      err.message);
    }
    json_object_foreach(json_object_get(receipt, "files"), name, sha)
    {
        bool missing;
        char *problem =
            compare_file(dir, name, json_string_value(sha) ? json_string_value(sha) : "", &missing);
        if (problem) {
            oc_doctor_add(findings, missing ? "missing-file" : "digest-mismatch", DOCTOR_ERROR,
                          p->name, &fix, "%s: %s", p->name, problem);
        }
        free(problem);
    }
    json_decref(receipt);
    free(command);
    free(dir);
    free(store);
}

static void check_link(const struct oc_installed *p, json_t *findings)
{
    const char *folder = oc_starts(p->source, "link:") ? p->source + strlen("link:") : p->source;
    char *command = oc_asprintf("openclaw plugin unlink %s", p->name);
    struct doctor_fix fix = {.command = command};
    if (!oc_file_exists(folder)) {
        oc_doctor_add(findings, "linked-folder-gone", DOCTOR_ERROR, p->name, &fix,
                      "%s is linked to %s, which is gone", p->name, folder);
    }
    free(command);
}

static void check_installed(struct oc_plugin_service *s, json_t *findings)
{
    for (size_t i = 0; i < s->state.count; i++) {
        const struct oc_installed *p = &s->state.plugins[i];
        if (*p->digest) {
            check_files(s, p, findings);
        } else {
            check_link(p, findings);
        }
    }
}

/* ---- the store ---- */

static void add_links(const char *dir, json_t *used)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char target[512];
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            const char *slash = strrchr(target, '/');
            json_object_set_new(used, slash ? slash + 1 : target, json_true());
        }
    }
    if (d) {
        closedir(d);
    }
}

/* Every artifact that a generation, also an old one, still names. */
static json_t *used_artifacts(const struct oc_plugin_service *s)
{
    json_t *used = json_object();
    char *path = in_packages(s, "generations");
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *generation = oc_path_join(path, e->d_name);
        char *plugins = oc_path_join(generation, "plugins");
        add_links(plugins, used);
        free(plugins);
        free(generation);
    }
    if (d) {
        closedir(d);
    }
    free(path);
    return used;
}

static void check_store(struct oc_plugin_service *s, json_t *findings)
{
    json_t *used = used_artifacts(s);
    char *path = in_packages(s, "store/sha256");
    DIR *d = opendir(path);
    size_t count = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        count += e->d_name[0] != '.' && !json_object_get(used, e->d_name);
    }
    if (d) {
        closedir(d);
    }
    if (count) {
        struct doctor_fix fix = {"openclaw plugin gc --yes", "plugin.gc", json_object()};
        oc_doctor_add(findings, "unreferenced-store", DOCTOR_INFO, NULL, &fix,
                      "%zu artifact%s in the store that no generation names", count,
                      count == 1 ? "" : "s");
    }
    free(path);
    json_decref(used);
}

void oc_doctor_packages(struct oc_plugin_service *s, json_t *findings)
{
    check_state(s, findings);
    check_staging(s, findings);
    check_installed(s, findings);
    check_store(s, findings);
}

/* ---- registries ---- */

/* When the metadata of one registry ends; 0 when it is not known. */
static int64_t expiry_of(const char *dir)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(dir, "timestamp.json");
    int64_t at = 0;
    json_t *doc = oc_file_read(path, DOCUMENT_MAX, &text, NULL) == OC_OK
                      ? oc_json_parse(text.data ? text.data : "", text.len, NULL)
                      : NULL;
    const json_t *body = json_object_get(doc, "signed");
    const char *expires = oc_json_str(body ? body : doc, "expires", NULL);
    if (expires && oc_time_parse(expires, 0, &at) != OC_OK) {
        at = 0;
    }
    json_decref(doc);
    oc_buf_finish(&text);
    free(path);
    return at;
}

/* A document is there and is none, or is not there. */
static bool is_damaged(const char *path)
{
    struct oc_buf text = {0};
    const int code = oc_file_read(path, DOCUMENT_MAX, &text, NULL);
    json_t *doc = code == OC_OK && text.len ? oc_json_parse(text.data, text.len, NULL) : NULL;
    const bool damaged = !json_is_object(doc);
    json_decref(doc);
    oc_buf_finish(&text);
    return damaged;
}

/* Without the root that was pinned nothing of the registry can be believed. */
static void check_root(const char *name, const char *dir, json_t *findings)
{
    char *path = oc_path_join(dir, "root.json");
    char *command = oc_asprintf("openclaw registry remove %s", name);
    struct doctor_fix fix = {.command = command};
    if (is_damaged(path)) {
        oc_doctor_add(
            findings, "registry-damaged", DOCTOR_ERROR, NULL, &fix,
            "the pinned root of registry %s is damaged or gone: it has to be removed, and "
            "added again with its fingerprint",
            name);
    }
    free(command);
    free(path);
}

/* The list of the registries itself. No command can know what stood there. */
static void check_list(struct oc_plugin_service *s, json_t *findings)
{
    char *path = in_packages(s, "registries.json");
    struct stat st;
    if (lstat(path, &st) == 0 && is_damaged(path)) {
        oc_doctor_add(findings, "registries-damaged", DOCTOR_ERROR, NULL, NULL,
                      "%s is damaged: remove the file and add the registries again", path);
    }
    free(path);
}

static void check_registry(const char *name, const char *dir, json_t *findings)
{
    int64_t at = expiry_of(dir);
    char *command = oc_asprintf("openclaw registry refresh %s", name), text[40];
    struct doctor_fix fix = {.command = command};
    if (at && at < oc_time_wall()) {
        oc_doctor_add(findings, "registry-expired", DOCTOR_WARNING, NULL, &fix,
                      "what is known of registry %s expired at %s", name,
                      oc_time_format(at, text, sizeof text));
    }
    free(command);
}

void oc_doctor_registries(struct oc_plugin_service *s, json_t *findings)
{
    char *path = in_packages(s, "registries");
    DIR *d = opendir(path);
    check_list(s, findings);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (oc_name_valid(e->d_name)) {
            char *dir = oc_path_join(path, e->d_name);
            check_root(e->d_name, dir, findings);
            check_registry(e->d_name, dir, findings);
            free(dir);
        }
    }
    if (d) {
        closedir(d);
    }
    free(path);
    if (oc_time_wall() < CLOCK_EARLIEST) {
        oc_doctor_add(
            findings, "clock", DOCTOR_ERROR, NULL, NULL,
            "the clock of this machine is wrong: no signature's time can be judged by it");
    }
}
