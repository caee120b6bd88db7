/* Parsing what a user calls a package. SPDX-License-Identifier: MIT */
#include "core/package/registry/spec.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/package/registry/meta.h"
#include "core/package/semver.h"

static int bad(struct oc_error *err, const char *text)
{
    oc_error_set(err, OC_E_CONFIG, "'%.200s' is no name of a package", text);
    oc_error_hint(err, "Write name, publisher/name, name@^1.2 or registry:publisher/name: small "
                       "letters, digits and dashes.");
    return OC_E_CONFIG;
}

/* The text before `end` into `out`, which must be a word. */
static bool take_word(const char *text, const char *end, char out[65])
{
    const size_t n = (size_t)(end - text);
    if (n > 64) {
        return false;
    }
    memcpy(out, text, n);
    out[n] = '\0';
    return oc_registry_word(out);
}

int oc_spec_parse(const char *text, struct oc_spec *spec, struct oc_error *err)
{
    const char *at = strchr(text, '@'), *end = at ? at : text + strlen(text);
    const char *rest = text, *colon = memchr(rest, ':', (size_t)(end - rest));
    *spec = (struct oc_spec){0};
    if (at && (strlen(at + 1) >= sizeof spec->range || at[1] == '\0')) {
        return bad(err, text);
    }
    oc_copy(spec->range, sizeof spec->range, at ? at + 1 : "");
    if (colon) {
        if (!take_word(rest, colon, spec->registry)) {
            return bad(err, text);
        }
        rest = colon + 1;
    }
    const char *slash = memchr(rest, '/', (size_t)(end - rest));
    if (slash) {
        if (!take_word(rest, slash, spec->publisher)) {
            return bad(err, text);
        }
        rest = slash + 1;
    }
    return take_word(rest, end, spec->name) ? oc_range_check(spec->range, err) : bad(err, text);
}

bool oc_spec_names(const struct oc_spec *spec, const char *id)
{
    const char *bare = oc_registry_bare(id);
    if (strcmp(bare, spec->name) != 0) {
        return false;
    }
    const size_t n = strlen(spec->publisher);
    return n == 0 || (strncmp(id, spec->publisher, n) == 0 && id[n] == '/');
}
