/* What the files of the ELF reader share. SPDX-License-Identifier: MIT */
#ifndef OC_PACKAGE_CHECK_ELF_INTERNAL_H
#define OC_PACKAGE_CHECK_ELF_INTERNAL_H

#include "core/package/check/elf.h"

/* Copies what is at an offset of the file, or at an address of a loaded segment: nothing is trusted to be aligned, or to be
 * there at all. False when it is not. */
bool oc_elf_copy(const struct oc_elf *elf, uint64_t offset, void *out, uint64_t size);
bool oc_elf_copy_mapped(const struct oc_elf *elf, uint64_t address, void *out, uint64_t size);
/* A name of the string table; NULL when it is not in it, or has no end. Borrowed from the image. */
const char *oc_elf_string(const struct oc_elf *elf, uint64_t offset);
/* As oc_elf_read without symbols, relocations and versions. */
int oc_elf_read_names(struct oc_elf *elf, const void *image, size_t len, struct oc_error *err);

#endif
