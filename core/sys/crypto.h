/* Hashes, MACs and random ids, over libsodium. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_CRYPTO_H
#define OC_SYS_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define OC_SHA256_HEX 65

void oc_sha256_hex(const void *data, size_t len, char hex[OC_SHA256_HEX]);
void oc_hmac_sha256_hex(const void *key, size_t key_len, const void *data, size_t len,
                        char hex[OC_SHA256_HEX]);
void oc_random(void *buf, size_t len);
/* A sortable 128-bit id (UUID version 7, RFC 9562): "0193...". */
void oc_id_make(char id[37]);

#endif
