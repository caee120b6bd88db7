/* Finds and reads what is to be checked. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"
#include "core/sys/file.h"

static bool is_source(const char *name)
{
    static const char *const ends[] = {".c", ".cc", ".cpp", ".rs"};
    for (size_t i = 0; i < OC_COUNT(ends); i++) {
        if (oc_ends(name, ends[i])) {
            return true;
        }
    }
    return strcmp(name, "CMakeLists.txt") == 0 || strcmp(name, "Cargo.toml") == 0;
}

static bool has_sources(const char *dir)
{
    bool found = false;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        found = is_source(e->d_name);
    }
    if (d) {
        closedir(d);
    }
    return found;
}

/* Beside the manifest, or where a build of its sources leaves it. */
static void find_library(struct oc_subject *s, struct oc_report *r)
{
    const char *library = s->manifest->library;
    for (int i = 0; i < (s->sources ? 2 : 1) && !s->so; i++) {
        char *home =
            i ? oc_asprintf("%s/build/plugins/%s", s->dir, s->manifest->name) : oc_strdup(s->dir);
        s->so = oc_path_join(home, library);
        if (oc_file_exists(s->so)) {
            free(s->home);
            s->home = home;
        } else {
            OC_FREE(s->so);
            free(home);
        }
    }
    if (!s->so) {
        oc_report_add(r, "OC0003", library, NULL, "%s is not there%s", library,
                      s->sources ? ", nor in build/plugins: the sources are not built" : "");
    }
}

static void read_manifest(struct oc_subject *s, struct oc_report *r)
{
    struct oc_error err;
    oc_error_init(&err);
    char *path = oc_path_join(s->dir, "plugin.json");
    if (s->alone) {
        oc_buf_add(&s->text, s->note.manifest.ptr, s->note.manifest.len);
    }
    if (!s->alone && oc_file_read(path, OC_MANIFEST_MAX, &s->text, &err)) {
        oc_report_add(r, "OC0001", "plugin.json", NULL, "%s", err.message);
    } else {
        s->manifest = oc_manifest_parse(s->text.data, s->text.len, s->dir, &err);
        if (!s->manifest) {
            const char *text = err.message;
            text += oc_starts(text, "plugin.json: ") ? strlen("plugin.json: ") : 0;
            oc_report_add(r, "OC0002", "plugin.json", NULL, "%s", text);
        }
    }
    free(path);
}

static void read_library(struct oc_subject *s, struct oc_report *r)
{
    const char *name = s->manifest ? s->manifest->library : strrchr(s->so, '/') + 1;
    struct oc_error err;
    oc_error_init(&err);
    int code = oc_file_read(s->so, OC_ELF_MAX, &s->image, &err);
    code = code ? code : oc_elf_read(&s->elf, s->image.data, s->image.len, &err);
    s->elf_ok = code == OC_OK;
    if (code) {
        oc_report_add(r, "OC0101", name, NULL, "%s", err.message);
        return;
    }
    s->note_ok = oc_note_find(s->image.data, s->image.len, &s->note, &err) == OC_OK;
    if (!s->note_ok) {
        oc_report_add(r, "OC0102", name, NULL, "%s", err.message);
        return;
    }
    const struct oc_view sanitizers = oc_note_value(&s->note, "sanitizers");
    const struct oc_view language = oc_note_value(&s->note, "language");
    s->sanitized = sanitizers.len > 0;
    snprintf(s->language, sizeof s->language, "%.*s", (int)(language.len < 15 ? language.len : 15),
             language.ptr ? language.ptr : "");
}

/* A library whose folder holds no manifest: it has its own, in its note. */
static void open_alone(struct oc_subject *s, const char *so, struct oc_report *r)
{
    char *path = oc_path_join(s->dir, "plugin.json");
    if (!oc_file_exists(path)) {
        s->so = oc_strdup(so);
        s->sources = false;
        read_library(s, r);
        s->alone = s->note_ok;
    }
    free(path);
}

void oc_subject_open(struct oc_subject *s, const char *dir, const char *so, struct oc_report *r)
{
    *s = (struct oc_subject){.dir = oc_strdup(dir), .home = oc_strdup(dir)};
    s->sources = !r->options->packed && has_sources(dir);
    if (so) {
        open_alone(s, so, r);
    }
    const bool looked = s->so != NULL;
    read_manifest(s, r);
    if (so) {
        s->so = s->so ? s->so : oc_strdup(so);
    } else if (s->manifest && s->manifest->library) {
        find_library(s, r);
    }
    if (s->manifest) {
        oc_rights_read(json_object_get(s->manifest->json, "permissions"), &s->rights);
        r->accepted = json_object_get(s->manifest->json, "accepted_checks");
    }
    if (s->so && !looked) {
        read_library(s, r);
    }
}

void oc_subject_finish(struct oc_subject *s)
{
    oc_rights_finish(&s->rights);
    oc_elf_finish(&s->elf);
    oc_manifest_free(s->manifest);
    oc_buf_finish(&s->text);
    oc_buf_finish(&s->image);
    free(s->so);
    free(s->home);
    free(s->dir);
}
