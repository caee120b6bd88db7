/* Finds in a CHANGELOG.md what is new between two versions. SPDX-License-Identifier: MIT */
#include "core/package/changelog.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/semver.h"
#include "core/sys/file.h"

#define FILE_MAX (1u << 20)

/* The version that a heading of the second level names; owned, NULL when the line is none. */
static char *heading(const char *line, size_t len)
{
    if (len < 4 || strncmp(line, "## ", 3) != 0) {
        return NULL;
    }
    char *text = oc_strndup(line + 3, len - 3);
    char *start = text + strspn(text, " [v");
    start[strcspn(start, "] \r\t")] = '\0';
    struct oc_semver v;
    char *version = oc_semver_parse(start, &v) ? oc_strdup(start) : NULL;
    free(text);
    return version;
}

char *oc_changelog_cut(const char *text, size_t len, const char *from, const char *to)
{
    struct oc_buf out = {0};
    bool wanted = false;
    for (const char *end = text + len; text < end && out.len < OC_CHANGELOG_MAX;) {
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        const size_t line = lf ? (size_t)(lf - text) : (size_t)(end - text);
        const bool second = line >= 3 && strncmp(text, "## ", 3) == 0;
        char *version = heading(text, line);
        if (second) {
            wanted = version && oc_semver_compare(version, from) > 0 &&
                     oc_semver_compare(version, to) <= 0;
        }
        if (wanted) {
            oc_buf_add(&out, text, line);
            oc_buf_addc(&out, '\n');
        }
        free(version);
        text += line + 1;
    }
    if (!out.len) {
        return NULL;
    }
    char *clean = oc_utf8_clean(out.data, out.len < OC_CHANGELOG_MAX ? out.len : OC_CHANGELOG_MAX);
    oc_buf_finish(&out);
    return clean;
}

char *oc_changelog_between(const char *dir, const char *from, const char *to)
{
    struct oc_buf text = {0};
    char *path = oc_path_join(dir, "CHANGELOG.md"), *cut = NULL;
    if (oc_file_read(path, FILE_MAX, &text, NULL) == OC_OK && text.len) {
        cut = oc_changelog_cut(text.data, text.len, from, to);
    }
    oc_buf_finish(&text);
    free(path);
    return cut;
}
