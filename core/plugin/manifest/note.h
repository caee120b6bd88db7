/* Reads the ELF note of a plugin without loading it. SPDX-License-Identifier: MIT
 *
 * Note owner "openclaw"; type 1 is the build signature (text lines key=value: abi_major,
 * abi_min_minor, abi_minor, arch, libc, libc_min, compiler, sanitizers, language), type 2 the
 * manifest. [any] */
#ifndef OC_PLUGIN_NOTE_H
#define OC_PLUGIN_NOTE_H

#include <stddef.h>

#include <openclaw/plugin.h>

#include "core/base/error.h"

#define OC_NOTE_SIGNATURE 1
#define OC_NOTE_MANIFEST  2
#define OC_ELF_MAX        (64u << 20)

struct oc_note {
    struct oc_view signature, manifest; /* borrowed from the image */
};

/* Finds the notes in the bytes of a 64-bit little-endian ELF shared object. OC_E_CONFIG says what
 * is wrong. */
int oc_note_find(const void *image, size_t len, struct oc_note *note, struct oc_error *err);
/* The value of `key` in the signature, {NULL, 0} when it is not there. */
struct oc_view oc_note_value(const struct oc_note *note, const char *key);

#endif
