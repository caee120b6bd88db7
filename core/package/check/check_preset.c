/* Level 0: what a preset makes of other plugins. SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/package/check/internal.h"
#include "core/package/known.h"
#include "core/plugin/preset_rights.h"

#define MANIFEST "plugin.json"

static void compare(const struct oc_subject *s, const char *name, const struct oc_work *w,
                    struct oc_report *r)
{
    struct oc_manifest *used = oc_known_manifest(w, name);
    json_t *missing = oc_preset_missing(json_object_get(s->manifest->json, "permissions"), used);
    if (json_array_size(missing)) {
        char *text = oc_preset_rights_text(missing);
        oc_report_add(r, "OC0019", MANIFEST, "permissions", "it uses %s and does not ask for %s",
                      name, text);
        free(text);
    }
    json_decref(missing);
    oc_manifest_free(used);
}

/* One that comes with the host is trusted as its configuration is. */
void oc_check_preset(const struct oc_subject *s, const struct oc_work *w, struct oc_report *r)
{
    char *bundled = s->manifest ? oc_known_bundled(w, s->manifest->name) : NULL;
    json_t *items = s->manifest && !bundled ? oc_manifest_sample(s->manifest, NULL) : NULL, *item;
    const char *reference = oc_preset_reference(items, NULL);
    size_t i;
    if (reference) {
        oc_report_add(r, "OC0018", MANIFEST, "instances", "it names %.80s", reference);
    }
    json_array_foreach(items, i, item)
    {
        compare(s, oc_json_str(item, "plugin", ""), w, r);
    }
    json_decref(items);
    free(bundled);
}
