/* The original's governance files. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/governance/import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_gov_rules rules;
    enum oc_gov_file kind;
    json_t *findings = NULL;
    struct oc_error err;
    oc_error_init(&err);
    const int code = oc_gov_import((const char *)data, size, &kind, &rules, &findings, &err);
    OC_ASSERT((code == OC_OK) == (findings != NULL));
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *f = json_array_get(findings, i);
        OC_ASSERT(oc_json_str(f, "path", NULL) && oc_json_str(f, "message", "")[0]);
    }
    /* rules without an error are rules that work */
    if (code == OC_OK && kind == OC_GOV_FILE_RULES && oc_gov_findings_errors(findings) == 0) {
        OC_ASSERT(oc_gov_rules_check(&rules, &err) == OC_OK);
    }
    json_decref(findings);
    return 0;
}
