/* Copies the files of a plugin without code. SPDX-License-Identifier: MIT */
#include "core/package/author/stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugin/manifest/manifest.h"
#include "core/sys/file.h"

#define DEPTH_MAX 16

struct stage {
    const char *from, *to;
    bool foreign;
    size_t files, bytes;
    struct oc_error *err;
};

void oc_stage_remove(const char *path)
{
    DIR *dir = opendir(path);
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            char *child = oc_path_join(path, e->d_name);
            if (unlink(child) != 0) {
                oc_stage_remove(child);
            }
            free(child);
        }
    }
    if (dir) {
        closedir(dir);
    }
    rmdir(path);
}

/* The rule of openclaw_add_plugin for assets. */
static bool is_left_out(const char *name, bool top)
{
    static const char *const names[] = {"CMakeLists.txt", "build", "node_modules",
                                        "package-lock.json", "target"};
    static const char *const sources[] = {".c", ".h", ".cc", ".cpp", ".hpp", ".rs"};
    bool out = *name == '.' || oc_starts(name, "README") || oc_starts(name, "test");
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        out = out || strcmp(name, names[i]) == 0;
    }
    for (size_t i = 0; top && i < OC_COUNT(sources); i++) {
        out = out || oc_ends(name, sources[i]);
    }
    return out;
}

static int copy_file(struct stage *s, const char *path, const struct stat *st)
{
    struct oc_buf data = {0};
    char *source = oc_path_join(s->from, path), *target = oc_path_join(s->to, path);
    char *folder = oc_path_dir(target);
    int code = oc_dir_make(folder, 0755, s->err);
    s->files++;
    s->bytes += (size_t)st->st_size;
    if (code == OC_OK && (s->files > OC_STAGE_FILES_MAX || s->bytes > OC_STAGE_BYTES_MAX)) {
        code = oc_error_set(s->err, OC_E_CONFIG, "%s: over the limit of %u files and %u MB",
                            s->from, OC_STAGE_FILES_MAX, OC_STAGE_BYTES_MAX >> 20);
    }
    if (code == OC_OK) {
        code = oc_file_read(source, OC_STAGE_BYTES_MAX, &data, s->err);
    }
    if (code == OC_OK) {
        const mode_t mode = st->st_mode & 0111 && !s->foreign ? 0755 : 0644;
        code = oc_file_write(target, data.data ? data.data : "", data.len, mode, s->err);
    }
    oc_buf_finish(&data);
    free(folder);
    free(target);
    free(source);
    return code;
}

static int copy_below(struct stage *s, const char *below, int depth);

static int copy_entry(struct stage *s, const char *path, int depth)
{
    struct stat st;
    char *full = oc_path_join(s->from, path);
    int code = OC_OK;
    if (lstat(full, &st) != 0) {
        code = oc_error_errno(s->err, 0, errno, "%s", full);
    } else if (S_ISDIR(st.st_mode)) {
        code = copy_below(s, path, depth + 1);
    } else if (S_ISREG(st.st_mode)) {
        code = copy_file(s, path, &st);
    } else {
        code = oc_error_set(s->err, OC_E_REFUSED, "%s is a link or a device", full);
        oc_error_hint(s->err, "Put the file itself there: only plain files belong to a plugin.");
    }
    free(full);
    return code;
}

static int copy_below(struct stage *s, const char *below, int depth)
{
    char *path = *below ? oc_path_join(s->from, below) : oc_strdup(s->from);
    DIR *dir = opendir(path);
    int code = dir ? OC_OK : oc_error_errno(s->err, 0, errno, "%s", path);
    if (code == OC_OK && depth > DEPTH_MAX) {
        code = oc_error_set(s->err, OC_E_CONFIG, "%s: folders are nested too deeply", path);
    }
    for (const struct dirent *e; code == OC_OK && (e = readdir(dir));) {
        if (!is_left_out(e->d_name, !*below)) {
            char *name = *below ? oc_path_join(below, e->d_name) : oc_strdup(e->d_name);
            code = copy_entry(s, name, depth);
            free(name);
        }
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
    return code;
}

static int write_manifest(const char *dir, const json_t *manifest, struct oc_error *err)
{
    char *text = oc_json_pretty(manifest), *path = oc_path_join(dir, "plugin.json");
    const int code = oc_file_write(path, text, strlen(text), 0644, err);
    free(path);
    free(text);
    return code;
}

int oc_stage_folder(const char *dir, const char *name, const json_t *manifest, char **out,
                    struct oc_error *err)
{
    *out = NULL;
    if (!oc_name_valid(name)) {
        return oc_error_set(err, OC_E_CONFIG, "\"%s\" is no name for a plugin", name);
    }
    char *sub = oc_asprintf("build/plugins/%s", name), *to = oc_path_join(dir, sub);
    struct stage s = {.from = dir, .to = to, .foreign = manifest != NULL, .err = err};
    oc_stage_remove(to);
    int code = oc_dir_make(to, 0755, err);
    if (code == OC_OK) {
        code = copy_below(&s, "", 0);
    }
    if (code == OC_OK && manifest) {
        code = write_manifest(to, manifest, err);
    }
    if (code == OC_OK) { /* what is handed on is what the host would take */
        struct oc_manifest *m = oc_manifest_load(to, err);
        code = m ? OC_OK : OC_E_CONFIG;
        oc_manifest_free(m);
    }
    if (code == OC_OK) {
        *out = to;
    } else {
        free(to);
    }
    free(sub);
    return code;
}
