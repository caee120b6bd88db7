/* The hashes of a Merkle tree as RFC 6962 has them: SHA-256 with a byte in front. SPDX-License-Identifier: MIT  [any]
 *
 * A leaf is SHA-256(0x00 || data), a node SHA-256(0x01 || left || right). The processor's own SHA instructions are used where it has them,
 * libsodium elsewhere: the result is the same. */
#ifndef OC_SYS_MERKLE_H
#define OC_SYS_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_MERKLE_HASH 32

void oc_merkle_leaf(const void *data, size_t len, uint8_t hash[OC_MERKLE_HASH]);
/* `hash` may be one of the others. */
void oc_merkle_node(const uint8_t left[OC_MERKLE_HASH], const uint8_t right[OC_MERKLE_HASH],
                    uint8_t hash[OC_MERKLE_HASH]);
void oc_merkle_empty(uint8_t hash[OC_MERKLE_HASH]); /* the tree of no leaves */

/* For tests: false uses libsodium from now on; true what is best here. Returns whether the instructions are in use. */
bool oc_merkle_accelerate(bool wanted);

#endif
