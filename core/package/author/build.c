/* Builds a plugin's folder with CMake, or takes it as it is when it holds no code. SPDX-License-Identifier: MIT */
#include "core/package/build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/author/diagnose.h"
#include "core/package/author/stage.h"
#include "core/package/legacy.h"
#include "core/package/run.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define WARNINGS_TOLD 20u
#define CACHE_MAX     (4u << 20)

struct build {
    struct oc_work *w;
    const char *dir;
    char *out; /* dir/build; owned */
    FILE *log; /* all that the tools say */
    struct oc_diagnose findings;
};

/* ---- the SDK ---- */

static char *sdk_in(const char *self, const char *place)
{
    char *dir = oc_path_expand(place, self);
    char *file = oc_path_join(dir, "openclaw-sdk-config.cmake");
    if (!oc_file_exists(file)) {
        OC_FREE(dir);
    }
    free(file);
    return dir;
}

char *oc_build_sdk(void)
{
    /* beside bin/ of a build tree; below the prefix for a program in bin/ or in libexec/openclaw/ */
    static const char *const places[] = {"../sdk", "../" OC_SDK_CMAKE, "../../" OC_SDK_CMAKE};
    const char *given = getenv("OPENCLAW_SDK");
    if (given && *given) {
        return oc_path_expand(given, NULL);
    }
    char *self = oc_path_self_dir(), *found = NULL;
    for (size_t i = 0; !found && i < OC_COUNT(places); i++) {
        found = sdk_in(self, places[i]);
    }
    free(self);
    return found;
}

/* ---- running the tools ---- */

static void on_line(void *ctx, const char *line)
{
    struct build *b = ctx;
    const double before = b->findings.fraction;
    fprintf(b->log, "%s\n", line);
    oc_diagnose_line(&b->findings, line);
    if (b->findings.fraction > before) {
        oc_work_progress(b->w, b->findings.fraction, line);
    }
}

static int tool_missing(struct oc_work *w, const char *tool)
{
    oc_error_set(&w->err, OC_E_UNSUPPORTED, "%s is needed to build a plugin and is not here", tool);
    oc_error_hint(&w->err,
                  "On Debian: `apt install cmake ninja-build gcc pkg-config libjansson-dev "
                  "libcmocka-dev`.");
    return oc_work_reason(w, "compiler-missing");
}

static int build_failed(struct build *b, const char *what)
{
    struct oc_work *w = b->w;
    const json_t *first = oc_diagnose_first(&b->findings);
    char *text = first ? oc_diagnose_text(first) : oc_asprintf("%s failed", what);
    oc_error_set(&w->err, OC_E_PERMANENT, "%s", text);
    oc_error_hint(&w->err, "All that the build said is in %s/openclaw-build.log.", b->out);
    free(text);
    oc_work_detail(w, "findings", json_incref(b->findings.findings));
    return oc_work_reason(w, "build-failed");
}

/* 0, or the code of w->err. */
static int run_tool(struct build *b, const char *const *argv)
{
    const struct oc_run run = {.argv = argv, .dir = b->dir, .on_line = on_line, .ctx = b};
    struct oc_run_end end;
    const int code = oc_run(&run, &end, &b->w->err);
    if (code == OC_E_NOT_FOUND) {
        return tool_missing(b->w, argv[0]);
    }
    if (code != OC_OK) {
        return code;
    }
    return end.status == 0 ? OC_OK : build_failed(b, argv[0]);
}

static bool in_path(const char *program)
{
    char *list = oc_strdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"), *rest = list, *dir;
    bool found = false;
    while (!found && (dir = strsep(&rest, ":"))) {
        char *path = oc_path_join(dir, program);
        found = *dir && access(path, X_OK) == 0;
        free(path);
    }
    free(list);
    return found;
}

/* ---- configuring ---- */

/* The value of "KEY:TYPE=value" of an earlier configuration. Owned; NULL when there is none. */
static char *cache_value(const struct build *b, const char *key)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(b->out, "CMakeCache.txt"), *value = NULL;
    oc_file_read(path, CACHE_MAX, &text, NULL);
    const size_t n = strlen(key);
    for (const char *line = text.data; line && !value;) {
        const char *equals = strchr(line, '=');
        if (strncmp(line, key, n) == 0 && line[n] == ':' && equals) {
            value = oc_strndup(equals + 1, strcspn(equals + 1, "\n"));
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    oc_buf_finish(&text);
    free(path);
    return value;
}

static int configure(struct build *b, bool tests)
{
    char *sdk = oc_build_sdk();
    if (!sdk) {
        oc_error_set(&b->w->err, OC_E_UNSUPPORTED, "the SDK of this openclaw cannot be found");
        oc_error_hint(&b->w->err,
                      "Install openclaw with its SDK, or set OPENCLAW_SDK to the folder "
                      "of openclaw-sdk-config.cmake.");
        return oc_work_reason(b->w, "sdk-missing");
    }
    char *home = cache_value(b, "CMAKE_HOME_DIRECTORY");
    char *define = oc_asprintf("-Dopenclaw-sdk_DIR=%s", sdk);
    const char *argv[16];
    size_t n = 0;
    argv[n++] = "cmake";
    if (home && strcmp(home, b->dir) != 0) { /* the folder was moved or copied with its build */
        argv[n++] = "--fresh";
    } else if (!home && in_path("ninja")) {
        argv[n++] = "-GNinja";
    }
    argv[n++] = "-S";
    argv[n++] = b->dir;
    argv[n++] = "-B";
    argv[n++] = b->out;
    argv[n++] = define;
    argv[n++] = tests ? "-DOC_TESTS=ON" : "-DOC_TESTS=OFF";
    argv[n++] = "-DCMAKE_BUILD_TYPE=Release";
    argv[n] = NULL;
    const int code = run_tool(b, argv);
    free(define);
    free(home);
    free(sdk);
    return code;
}

static void tell_warnings(const struct build *b)
{
    const json_t *finding;
    size_t i, told = 0;
    json_array_foreach(b->findings.findings, i, finding)
    {
        if (told++ < WARNINGS_TOLD && finding != oc_diagnose_first(&b->findings)) {
            char *text = oc_diagnose_text(finding);
            oc_work_warn(b->w, "%s", text);
            free(text);
        }
    }
}

static int open_log(struct build *b)
{
    int code = oc_dir_make(b->out, 0755, &b->w->err);
    char *path = oc_path_join(b->out, "openclaw-build.log");
    if (code == OC_OK && !(b->log = fopen(path, "we"))) {
        code = oc_error_errno(&b->w->err, 0, errno, "cannot write %s", path);
    }
    free(path);
    return code;
}

static int build_with_cmake(struct oc_work *w, const char *dir, bool tests)
{
    struct build b = {.w = w, .dir = dir, .out = oc_path_join(dir, "build")};
    const char *const make[] = {"cmake", "--build", b.out, "--parallel", "4", NULL};
    oc_diagnose_init(&b.findings, dir);
    int code = open_log(&b);
    if (code == OC_OK) {
        oc_work_progress(w, -1, "configuring");
        code = configure(&b, tests);
    }
    if (code == OC_OK) {
        oc_work_progress(w, 0, "building");
        code = run_tool(&b, make);
    }
    if (code == OC_OK || code == OC_E_PERMANENT) {
        tell_warnings(&b);
    }
    if (b.log) {
        fclose(b.log);
    }
    oc_diagnose_finish(&b.findings);
    free(b.out);
    return code;
}

/* ---- what kind of folder it is ---- */

static bool has(const char *dir, const char *name)
{
    char *path = oc_path_join(dir, name);
    const bool there = oc_file_exists(path);
    free(path);
    return there;
}

/* Without sources: a plugin that is built already, a preset or a skill. */
static int take_as_it_is(struct oc_work *w, const char *dir, const struct oc_manifest *m,
                         char **built)
{
    if (m->library) {
        if (!has(dir, m->library)) {
            oc_error_set(&w->err, OC_E_CONFIG,
                         "%s has neither %s nor a CMakeLists.txt to build it with", dir,
                         m->library);
            oc_error_hint(&w->err, "Build it first, or write a CMakeLists.txt: "
                                   "`openclaw plugin create` makes one.");
            return oc_work_reason(w, "folder-unknown");
        }
        *built = oc_strdup(dir);
        return OC_OK;
    }
    return oc_stage_folder(dir, m->name, NULL, built, &w->err);
}

static int build_own(struct oc_work *w, const char *dir, bool tests, char **built)
{
    struct oc_manifest *m = oc_manifest_load(dir, &w->err);
    if (!m) {
        return oc_work_reason(w, "manifest-invalid");
    }
    int code;
    if (has(dir, "CMakeLists.txt") && (tests || m->library)) {
        code = build_with_cmake(w, dir, tests);
        char *sub = code == OC_OK ? oc_asprintf("build/plugins/%s", m->name) : NULL;
        *built = sub ? oc_path_join(dir, sub) : NULL;
        free(sub);
    } else {
        code = take_as_it_is(w, dir, m, built);
    }
    oc_manifest_free(m);
    return code;
}

/* A skill in one of the formats from elsewhere: translated, its files copied, nothing executed. */
static int build_legacy(struct oc_work *w, const char *dir, char **built)
{
    json_t *warnings = json_array(), *warning, *manifest;
    size_t i;
    int code = oc_legacy_manifest(dir, &manifest, warnings, &w->err);
    json_array_foreach(warnings, i, warning)
    {
        oc_work_warn(w, "%s", json_string_value(warning));
    }
    json_decref(warnings);
    if (code != OC_OK) {
        return oc_work_reason(w, code == OC_E_NOT_FOUND ? "folder-unknown" : "manifest-invalid");
    }
    code = oc_stage_folder(dir, oc_json_str(manifest, "name", ""), manifest, built, &w->err);
    json_decref(manifest);
    return code;
}

static int build_any(struct oc_work *w, const char *path, bool tests, char **built)
{
    char *dir = realpath(path, NULL);
    int code;
    *built = NULL;
    if (!dir) {
        code = oc_error_errno(&w->err, 0, errno, "%s", path);
    } else if (has(dir, "plugin.json")) {
        code = build_own(w, dir, tests, built);
    } else {
        code = build_legacy(w, dir, built);
    }
    free(dir);
    return code;
}

int oc_build_folder(struct oc_work *w, const char *dir, char **built_dir)
{
    return build_any(w, dir, false, built_dir);
}

int oc_build_tests(struct oc_work *w, const char *dir, char **built_dir)
{
    return build_any(w, dir, true, built_dir);
}
