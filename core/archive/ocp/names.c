/* Which names an archive may have. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/archive/ocp/ocp.h"
#include "core/base/mem.h"

int oc_ocp_fail(struct oc_ocp_failure *f, const char *reason, const char *fmt, ...)
{
    static const char *const damage[] = {"archive-truncated", "archive-format"};
    int code = OC_E_REFUSED;
    for (size_t i = 0; i < OC_COUNT(damage); i++) {
        code = strcmp(reason, damage[i]) == 0 ? OC_E_VERIFY : code;
    }
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    f->reason = reason;
    oc_error_set(&f->err, code, "%s", text);
    free(text);
    return code;
}

/* A name as a message may show it: nothing of it drives a terminal. Owned by the caller. */
static char *shown(const char *path)
{
    char *text = oc_strndup(path, strnlen(path, 100));
    for (char *c = text; *c; c++) {
        *c = isprint((unsigned char)*c) ? *c : '?';
    }
    return text;
}

static bool is_printable(const char *path)
{
    for (const char *c = path; *c; c++) {
        if (*c < 0x20 || *c > 0x7e || *c == '\\') {
            return false;
        }
    }
    return true;
}

/* "a/b/c": no empty, "." or ".." part. Counts the parts. */
static bool parts_valid(const char *path, unsigned *depth)
{
    for (const char *part = path;; part++) {
        const size_t len = strcspn(part, "/");
        const bool dots = (len == 1 && part[0] == '.') || (len == 2 && !strncmp(part, "..", 2));
        if (len == 0 || dots) {
            return false;
        }
        (*depth)++;
        part += len;
        if (!*part) {
            return true;
        }
    }
}

static const char *path_problem(const char *path)
{
    unsigned depth = 0;
    if (!*path) {
        return "an empty name";
    }
    if (*path == '/') {
        return "an absolute name";
    }
    if (strlen(path) > OC_OCP_PATH) {
        return "a name that is too long";
    }
    if (!is_printable(path)) {
        return "a name that is not printable ASCII";
    }
    if (!parts_valid(path, &depth)) {
        return "a name with an empty part, \".\" or \"..\"";
    }
    if (depth > OC_OCP_DEPTH) {
        return "too many folders within each other";
    }
    const size_t top = strcspn(path, "/");
    return top == 9 && strncasecmp(path, ".openclaw", top) == 0 ? "the host's own folder" : NULL;
}

/* Remembers the first `len` bytes of `path`; `last` when that is all of it. */
static int remember(struct oc_ocp_names *names, const char *path, size_t len, bool last,
                    bool folder, struct oc_ocp_failure *f)
{
    char *key = oc_strndup(path, len);
    for (char *c = key; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    const char *before = oc_map_get(&names->seen, key);
    int code = OC_OK;
    if (!before) {
        oc_map_set(&names->seen, key,
                   oc_asprintf("%.*s%s", (int)len, path, last && !folder ? "" : "/"));
    } else if (strncmp(before, path, len) != 0) {
        code = oc_ocp_fail(f, "archive-case", "%s and %.*s differ only in case", before, (int)len,
                           path);
    } else if ((last && !folder) || before[len] != '/') {
        code = oc_ocp_fail(f, "archive-path", "%.*s is there twice", (int)len, path);
    }
    free(key);
    return code;
}

int oc_ocp_names_add(struct oc_ocp_names *names, const char *path, bool folder,
                     struct oc_ocp_failure *f)
{
    const char *problem = path_problem(path);
    if (problem) {
        char *text = shown(path);
        oc_ocp_fail(f, "archive-path", "the archive has %s: %s", problem, text);
        free(text);
        return f->err.code;
    }
    int code = OC_OK;
    for (const char *end = path; code == OC_OK && *end; end += *end == '/') {
        end += strcspn(end, "/");
        code = remember(names, path, (size_t)(end - path), !*end, folder, f);
    }
    return code;
}

void oc_ocp_names_finish(struct oc_ocp_names *names)
{
    oc_map_finish(&names->seen, free);
}
