/* The front matter of SKILL.md, and what is made of it. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <stddef.h>
#include <stdint.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/skill.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_skill skill;
    struct oc_error err;
    oc_error_init(&err);
    if (oc_skill_parse((const char *)data, size, &skill, &err) != OC_OK) {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
        OC_ASSERT(!skill.front && !skill.name);
        return 0;
    }
    OC_ASSERT(skill.name && skill.description && json_is_object(skill.front) && skill.text);
    json_t *readiness = oc_skill_readiness(&skill, NULL, NULL);
    OC_ASSERT(json_is_array(json_object_get(readiness, "missing")));
    json_decref(readiness);
    oc_skill_finish(&skill);
    return 0;
}
