/* Static files: types, validators, what is compressed beforehand. SPDX-License-Identifier: MIT */
#include "core/api/pages/site.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/api/etag.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/sys/file.h"

#define FILES_MAX 10000
#define DEPTH_MAX 8

struct site_file {
    const char *type;
    bool immutable, br, gz;
    char etag[48]; /* without quotes: each coding has its own */
};

static const char *type_of(const char *path)
{
    static const struct {
        const char *suffix, *type;
    } types[] = {{".html", OC_HTTP_TYPE_HTML},
                 {".js", "text/javascript; charset=utf-8"},
                 {".css", "text/css; charset=utf-8"},
                 {".json", OC_HTTP_TYPE_JSON},
                 {".webmanifest", "application/manifest+json"},
                 {".svg", "image/svg+xml"},
                 {".png", "image/png"},
                 {".ico", "image/x-icon"},
                 {".woff2", "font/woff2"},
                 {".txt", OC_HTTP_TYPE_TEXT}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (oc_ends(path, types[i].suffix)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* "name-XXXXXXXX.suffix": eight or more characters of a digest before the suffix. */
static bool has_digest(const char *path)
{
    const char *dot = strrchr(path, '.');
    size_t n = 0;
    while (dot && dot - n > path &&
           (isalnum((unsigned char)dot[-1 - (long)n]) || dot[-1 - (long)n] == '_')) {
        n++;
    }
    return dot && n >= 8 && dot - n > path && dot[-1 - (long)n] == '-' &&
           strstr(path, "/assets/") != NULL;
}

static bool is_file(const char *path, struct stat *st)
{
    return lstat(path, st) == 0 && S_ISREG(st->st_mode);
}

static bool has_variant(const char *path, const char *suffix)
{
    struct stat st;
    char *name = oc_asprintf("%s%s", path, suffix);
    const bool there = is_file(name, &st);
    free(name);
    return there;
}

static void add_file(struct oc_site *site, const char *full, const struct stat *st)
{
    const char *path = full + strlen(site->dir);
    if (oc_ends(path, ".br") || oc_ends(path, ".gz")) {
        return;
    }
    struct site_file *f = oc_calloc(1, sizeof *f);
    f->type = type_of(path);
    f->immutable = has_digest(path);
    f->br = has_variant(full, ".br");
    f->gz = has_variant(full, ".gz");
    snprintf(f->etag, sizeof f->etag, "%" PRIx64 "-%" PRIx64,
             (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec,
             (uint64_t)st->st_size);
    free(oc_map_set(&site->files, path, f));
}

static void add_folder(struct oc_site *site, const char *dir, int depth)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d)) && site->files.count < FILES_MAX;) {
        struct stat st;
        if (e->d_name[0] == '.') {
            continue;
        }
        char *full = oc_path_join(dir, e->d_name);
        if (is_file(full, &st)) {
            add_file(site, full, &st);
        } else if (depth < DEPTH_MAX && lstat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
            add_folder(site, full, depth + 1);
        }
        free(full);
    }
    if (d) {
        closedir(d);
    }
}

bool oc_site_open(struct oc_site *site, const char *dir)
{
    oc_site_close(site);
    site->dir = oc_strdup(dir);
    add_folder(site, dir, 0);
    if (!oc_map_get(&site->files, "/index.html")) {
        oc_site_close(site);
        return false;
    }
    return true;
}

void oc_site_close(struct oc_site *site)
{
    oc_map_finish(&site->files, free);
    free(site->dir);
    site->dir = NULL;
}

/* ---- answering ---- */

/* "gzip, br;q=0" does not take br. */
static bool accepts(const char *header, const char *coding)
{
    const size_t len = strlen(coding);
    for (const char *s = header; s && *s;) {
        s += strspn(s, " ,\t");
        const size_t word = strcspn(s, " ,;\t"), item = strcspn(s, ",");
        if (word == len && strncmp(s, coding, len) == 0) {
            char text[32];
            snprintf(text, sizeof text, "%.*s", (int)(item - word < 31 ? item - word : 31),
                     s + word);
            const char *q = strstr(text, "q=");
            return !q || strtod(q + 2, NULL) > 0;
        }
        s += item;
    }
    return false;
}

static const char *coding_for(const struct site_file *f, const struct oc_http_request *r)
{
    const char *header = oc_http_header(r, "Accept-Encoding");
    return f->br && accepts(header, "br") ? "br" : f->gz && accepts(header, "gzip") ? "gzip" : NULL;
}

bool oc_site_send(struct oc_site *site, struct oc_http_request *r, const char *path)
{
    const struct site_file *f = site->dir ? oc_map_get(&site->files, path) : NULL;
    if (!f) {
        return false;
    }
    const char *coding = coding_for(f, r);
    struct stat st;
    char etag[sizeof f->etag + 8];
    snprintf(etag, sizeof etag, "\"%s%s%s\"", f->etag, coding ? "-" : "", coding ? coding : "");
    oc_http_set(r, "ETag", etag);
    oc_http_set(r, "Vary", "Accept-Encoding");
    oc_http_set(r, "Cache-Control",
                f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    if (oc_etag_is_known(oc_http_header(r, "If-None-Match"), etag)) {
        oc_http_send_empty(r, 304);
        return true;
    }
    char *full = oc_asprintf("%s%s%s", site->dir, path,
                             !coding            ? ""
                             : coding[0] == 'b' ? ".br"
                                                : ".gz");
    const int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    free(full);
    if (fd < 0 || fstat(fd, &st) != 0) {
        oc_http_send_errorf(r, 503, OC_E_RETRY, "Reload the page.", "the file has gone");
        if (fd >= 0) {
            close(fd);
        }
        return true;
    }
    if (coding) {
        oc_http_set(r, "Content-Encoding", coding);
    }
    oc_http_send_fd(r, 200, f->type, fd, (uint64_t)st.st_size);
    return true;
}
