/* Statements that members sign: what parses is written back as the same bytes. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/governance/ballot.h"
#include "core/service/governance/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct oc_statement s;
    struct oc_member_key key = {.revoked_at = OC_TALLY_NEVER};
    struct oc_error err;
    struct oc_buf out = {0};
    oc_error_init(&err);
    if (oc_statement_parse(text, size, &s, &err) == OC_OK) {
        const uint8_t public_key[OC_SIGN_PUBLIC] = {1};
        const uint8_t signature[OC_SIGN_SIGNATURE] = {1};
        OC_ASSERT(oc_statement_check(&s, &err) == OC_OK);
        oc_statement_text(&s, &out);
        OC_ASSERT(out.len == size && memcmp(out.data, text, size) == 0);
        OC_ASSERT(oc_statement_verify(&s, public_key, signature, &err) != OC_OK);
    } else {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
    }
    if (oc_member_key_parse(text, size, &key, &err) == OC_OK) {
        OC_ASSERT(strlen(key.id) == OC_MEMBER_KEY_ID - 1);
    }
    oc_buf_finish(&out);
    return 0;
}
