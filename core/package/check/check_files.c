/* Level 0: the files that are shipped. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/internal.h"
#include "core/package/check/secrets.h"
#include "core/sys/file.h"

#define FILES_MAX  4096
#define DEPTH_MAX  16
#define FILE_MAX   (64u << 20)
#define TOTAL_MAX  (256u << 20)
#define SCAN_MAX   (1u << 20) /* larger files are not looked into */
#define NAME_BYTES 200u

struct walk {
    const struct oc_subject *s;
    struct oc_report *r;
    struct oc_map names; /* lower-case paths, to find those that differ in case only */
    int files, depth;
    int64_t bytes;
    bool spawns, told_full;
};

/* What an author has beside what is shipped. */
static bool is_left_out(const struct walk *w, const char *name)
{
    const char *dot = strrchr(name, '.');
    static const char *const ends[] = {".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".o"};
    if (!w->s->sources || strcmp(w->s->home, w->s->dir) != 0 || w->depth > 0) {
        return false;
    }
    for (size_t i = 0; dot && i < OC_COUNT(ends); i++) {
        if (strcmp(dot, ends[i]) == 0) {
            return true;
        }
    }
    return name[0] == '.' || oc_starts(name, "build") || oc_starts(name, "test") ||
           strcmp(name, "target") == 0 || strcmp(name, "CMakeLists.txt") == 0;
}

static bool is_plain_name(const char *name)
{
    for (const unsigned char *p = (const unsigned char *)name; *p; p++) {
        if (*p < 0x20 || *p == 0x7f || *p == '\\') {
            return false;
        }
    }
    return strlen(name) <= NAME_BYTES && oc_utf8_valid(name, strlen(name));
}

static void check_name(struct walk *w, const char *path, const char *name)
{
    char *lower = oc_strdup(path);
    for (char *p = lower; *p; p++) {
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + ('a' - 'A')) : *p;
    }
    const char *other = oc_map_set(&w->names, lower, oc_strdup(path));
    if (other) {
        oc_report_add(w->r, "OC0306", path, NULL, "it and %.200s differ in case only", other);
        free((char *)(uintptr_t)other);
    }
    if (!is_plain_name(name)) {
        oc_report_add(w->r, "OC0306", path, NULL, "its name is not plain");
    }
    if (name[0] == '.') {
        oc_report_add(w->r, "OC0308", path, NULL, "%.200s is hidden", name);
    }
    free(lower);
}

static void check_mode(struct walk *w, const char *path, const struct stat *st)
{
    if (st->st_mode & (S_ISUID | S_ISGID) && S_ISREG(st->st_mode)) {
        oc_report_add(w->r, "OC0301", path, NULL, "its mode is %04o", st->st_mode & 07777u);
    }
    if (st->st_mode & S_IWOTH) {
        oc_report_add(w->r, "OC0307", path, NULL, "its mode is %04o", st->st_mode & 07777u);
    }
}

static void check_content(struct walk *w, const char *path, const char *full, const struct stat *st)
{
    const char *library = w->s->manifest ? w->s->manifest->library : NULL;
    struct oc_buf text = {0};
    if (st->st_size > (off_t)SCAN_MAX || oc_file_read(full, SCAN_MAX, &text, NULL)) {
        return;
    }
    const char *secret = oc_secret_find(text.data, text.len);
    const bool elf = text.len > 4 && memcmp(text.data, "\177ELF", 4) == 0;
    const bool script = text.len > 2 && memcmp(text.data, "#!", 2) == 0 && st->st_mode & 0111;
    if (secret) {
        oc_report_add(w->r, "OC0305", path, NULL, "it holds %s", secret);
    }
    if ((elf || script) && !w->spawns && (!library || strcmp(path, library) != 0)) {
        oc_report_add(w->r, "OC0304", path, NULL, "it is a %s",
                      elf ? "program or library" : "script");
    }
    oc_buf_finish(&text);
}

static void check_size(struct walk *w, const char *path, const struct stat *st)
{
    w->files++;
    w->bytes += st->st_size;
    if (st->st_size > (off_t)FILE_MAX) {
        oc_report_add(w->r, "OC0303", path, NULL, "it has %lld MB", (long long)(st->st_size >> 20));
    }
    if ((w->files > FILES_MAX || w->bytes > (int64_t)TOTAL_MAX) && !w->told_full) {
        w->told_full = true;
        oc_report_add(w->r, "OC0303", NULL, NULL, "%s",
                      w->files > FILES_MAX ? "there are more than 4096 files"
                                           : "there are more than 256 MB");
    }
}

static void walk_folder(struct walk *w, const char *full, const char *path);

static void look_at(struct walk *w, const char *full, const char *path, const char *name)
{
    struct stat st;
    if (lstat(full, &st)) {
        return;
    }
    check_name(w, path, name);
    if (S_ISDIR(st.st_mode)) {
        check_mode(w, path, &st);
        walk_folder(w, full, path);
    } else if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
        oc_report_add(w->r, "OC0302", path, NULL, "it is %s",
                      S_ISLNK(st.st_mode)   ? "a symbolic link"
                      : S_ISREG(st.st_mode) ? "a file with several names"
                                            : "a special file");
    } else {
        check_mode(w, path, &st);
        check_size(w, path, &st);
        check_content(w, path, full, &st);
    }
}

static void walk_folder(struct walk *w, const char *full, const char *path)
{
    DIR *d = w->depth < DEPTH_MAX ? opendir(full) : NULL;
    for (struct dirent *e; d && !w->told_full && (e = readdir(d));) {
        const char *name = e->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || is_left_out(w, name)) {
            continue;
        }
        char *inner = oc_path_join(full, name);
        char *shown = *path ? oc_path_join(path, name) : oc_strdup(name);
        w->depth++;
        look_at(w, inner, shown, name);
        w->depth--;
        free(shown);
        free(inner);
    }
    if (d) {
        closedir(d);
    }
}

void oc_check_files(const struct oc_subject *s, struct oc_report *r)
{
    struct walk w = {.s = s, .r = r, .spawns = oc_rights_has(&s->rights, OC_RIGHT_SPAWN)};
    if (!s->alone) { /* what lies beside it is not its own */
        walk_folder(&w, s->home, "");
    }
    oc_map_finish(&w.names, free);
}
