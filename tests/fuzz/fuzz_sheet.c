/* Signatures of sheets: no bytes are the signature of a ballot that nobody signed. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/governance/sheet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t public_key[OC_SIGN_PUBLIC] = {1};
    struct oc_statement s = {.kind = OC_STATEMENT_BALLOT, .nonce = 1};
    struct oc_sheet_seen *seen = oc_sheet_seen_create();
    struct oc_error err;
    char *text = oc_strndup((const char *)data, size);
    oc_error_init(&err);
    oc_copy(s.proposal, sizeof s.proposal, "p-1");
    memset(s.subject, 'a', 64);
    memset(s.electorate, 'b', 64);
    oc_copy(s.member, sizeof s.member, "alpha");
    oc_copy(s.word, sizeof s.word, "yes");
    oc_statement_reason(&s, NULL);
    for (int twice = 0; twice < 2; twice++) {
        OC_ASSERT(oc_sheet_verify(&s, public_key, text, seen, &err) == OC_E_VERIFY);
        OC_ASSERT(err.message[0]);
    }
    oc_sheet_seen_destroy(seen);
    free(text);
    return 0;
}
