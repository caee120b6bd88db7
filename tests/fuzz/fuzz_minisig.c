/* Signatures and public keys in minisign's formats. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/mem.h"
#include "core/package/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int nothing = -1;
    struct oc_public_key key = {{0}, {0}};
    struct oc_buf trusted = {0};
    struct oc_error err;
    oc_error_init(&err);
    if (nothing < 0) {
        nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    const char *text = (const char *)data;
    if (oc_key_public_parse(text, size, &key, &err) == OC_OK) {
        oc_key_public_text(&key, &trusted);
        OC_ASSERT(trusted.len == 56);
        oc_buf_clear(&trusted);
    }
    if (oc_minisign_key_id(text, size, key.id, &err) == OC_OK) {
        OC_ASSERT(oc_minisign_verify(&key, nothing, text, size, &trusted, &err) != OC_OK);
        OC_ASSERT(trusted.len == 0);
    } else {
        OC_ASSERT(err.code != OC_OK && err.message[0]);
    }
    oc_buf_finish(&trusted);
    return 0;
}
