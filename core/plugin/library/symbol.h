/* From an address in a library to the function that holds it. SPDX-License-Identifier: MIT
 *
 * A bounded reader of 64-bit little-endian ELF files that nobody vouches for: nothing is loaded, mapped or started. [any] */
#ifndef OC_PLUGIN_SYMBOL_H
#define OC_PLUGIN_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_SYMBOL_NAME  128
#define OC_BUILD_ID_HEX 65 /* of at most 32 bytes */

struct oc_symbol {
    char name[OC_SYMBOL_NAME]; /* cut when it is longer; printable ASCII */
    uint64_t offset;           /* of the address in the function */
};

/* The function of .symtab, or of .dynsym in a stripped file, that holds `address` (relative to the load address). */
bool oc_symbol_find(const void *image, size_t len, uint64_t address, struct oc_symbol *symbol);
/* The GNU build id in hex; "" when there is none. */
void oc_symbol_build_id(const void *image, size_t len, char hex[OC_BUILD_ID_HEX]);

#endif
