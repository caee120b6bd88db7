/* Where a key stands in a YAML text. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/service/alert/intake/import.h"

static size_t indent_of(const char *line)
{
    return strspn(line, " ");
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : line + strlen(line);
}

static bool is_empty(const char *line)
{
    line += strspn(line, " \r");
    return *line == '\n' || *line == '#' || *line == '\0';
}

/* Where the member `name` (or, when it is NULL, item `index`) of the block that begins at `at` with at least `indent` is. */
static const char *step(const char *at, size_t indent, const char *name, size_t len, long index)
{
    for (; *at; at = next_line(at)) {
        const char *word = at + indent_of(at);
        if (is_empty(at)) {
            continue;
        }
        if (indent_of(at) < indent) {
            return NULL;
        }
        if (!name && word[0] == '-' && index-- == 0) {
            return at;
        }
        word += name && word[0] == '-' ? 1 + strspn(word + 1, " ") : 0;
        if (name && strncmp(word, name, len) == 0 && word[len] == ':') {
            return at;
        }
    }
    return NULL;
}

unsigned oc_alert_import_line(const char *text, const char *key)
{
    const char *at = text, *found = NULL;
    size_t indent = 0;
    while (*key && at) {
        size_t len = strcspn(key, ".[");
        if (*key == '[') {
            at = step(at, indent, NULL, 0, strtol(key + 1, NULL, 10));
            len = strcspn(key, "]") + 1;
        } else {
            at = step(at, indent, key, len, 0);
        }
        if (at) {
            found = at;
            indent = indent_of(at) + (*key == '[' ? 1 : 0);
            at = *key == '[' ? at : next_line(at);
        }
        key += len;
        key += *key == '.' ? 1 : 0;
    }
    unsigned line = found ? 1 : 0;
    for (const char *c = text; found && c < found; c++) {
        line += *c == '\n' ? 1 : 0;
    }
    return line;
}
