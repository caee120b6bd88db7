/* Writes the files of a template with its variables filled in. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/author/subst.h"
#include "core/package/author/template.h"
#include "core/sys/file.h"

#define DEPTH_MAX 8

/* ---- what is beside the list ---- */

static bool is_listed(const struct oc_template *t, const char *path)
{
    const json_t *file;
    size_t i;
    json_array_foreach(json_object_get(t->json, "files"), i, file)
    {
        if (strcmp(json_string_value(file), path) == 0) {
            return true;
        }
    }
    return strcmp(path, "template.json") == 0;
}

static void look(const struct oc_template *t, const char *below, int depth, json_t *list)
{
    char *path = *below ? oc_path_join(t->dir, below) : oc_strdup(t->dir);
    DIR *dir = depth < DEPTH_MAX ? opendir(path) : NULL;
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        char *name = *below ? oc_path_join(below, e->d_name) : oc_strdup(e->d_name);
        if (S_ISDIR(st.st_mode)) {
            look(t, name, depth + 1, list);
        } else if (!is_listed(t, name) && json_array_size(list) < OC_TEMPLATE_FILES_MAX) {
            json_array_append_new(list, json_string(name));
        }
        free(name);
    }
    if (dir) {
        closedir(dir);
    }
    free(path);
}

json_t *oc_template_unlisted(const struct oc_template *t)
{
    json_t *list = json_array();
    look(t, "", 0, list);
    return list;
}

/* ---- one file ---- */

/* No part of the path may be a link: what it leads to is not of the template. */
static int check_no_link(const struct oc_template *t, const char *file, struct stat *st,
                         struct oc_error *err)
{
    char *path = oc_path_join(t->dir, file);
    const size_t root = strlen(t->dir);
    int code = OC_OK;
    for (char *c = path + root + 1; code == OC_OK; c++) {
        if (*c && *c != '/') {
            continue;
        }
        const char kept = *c;
        *c = '\0';
        if (lstat(path, st) != 0) {
            code = oc_error_errno(err, 0, errno, "%s", path);
            oc_error_hint(err, "The template lists a file that it does not have.");
        } else if (S_ISLNK(st->st_mode)) {
            code = oc_error_set(err, OC_E_REFUSED, "%s is a link", path);
            oc_error_hint(err, "Do not use this template: its files lead out of its folder.");
        }
        *c = kept;
        if (!kept) {
            break;
        }
    }
    free(path);
    return code;
}

static int write_new(const char *path, const struct oc_buf *text, mode_t mode, struct oc_error *err)
{
    char *folder = oc_path_dir(path);
    int code = oc_dir_make(folder, 0755, err);
    free(folder);
    if (code != OC_OK) {
        return code;
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) {
        return oc_error_errno(err, 0, errno, "cannot create %s", path);
    }
    const int rc = oc_fd_write_all(fd, text->data ? text->data : "", text->len);
    if (rc != 0) {
        code = oc_error_errno(err, 0, -rc, "cannot write %s", path);
    }
    close(fd);
    return code;
}

static int write_file(const struct oc_template *t, const char *file, const json_t *vars,
                      const char *dir, json_t *files, json_t *unknown, struct oc_error *err)
{
    struct oc_buf text = {0}, filled = {0};
    struct stat st;
    char *source = oc_path_join(t->dir, file), *name = NULL, *target = NULL;
    int code = check_no_link(t, file, &st, err);
    if (code == OC_OK) {
        code = oc_file_read(source, OC_TEMPLATE_FILE_MAX, &text, err);
    }
    if (code == OC_OK) {
        code = oc_subst_path(file, vars, &name, err);
    }
    if (code == OC_OK) {
        code =
            oc_subst_text(name, text.data ? text.data : "", text.len, vars, unknown, &filled, err);
    }
    if (code == OC_OK) {
        target = oc_path_join(dir, name);
        code = write_new(target, &filled, st.st_mode & 0111 ? 0755 : 0644, err);
    }
    if (code == OC_OK) {
        json_array_append_new(files, json_string(name));
    }
    oc_buf_finish(&text);
    oc_buf_finish(&filled);
    free(target);
    free(name);
    free(source);
    return code;
}

int oc_template_write(const struct oc_template *t, const json_t *vars, const char *dir,
                      json_t *files, json_t *unknown, struct oc_error *err)
{
    const json_t *file;
    size_t i;
    int code = OC_OK;
    json_array_foreach(json_object_get(t->json, "files"), i, file)
    {
        if (code == OC_OK) {
            code = write_file(t, json_string_value(file), vars, dir, files, unknown, err);
        }
    }
    return code;
}
