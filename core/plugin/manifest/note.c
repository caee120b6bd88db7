/* Reads the openclaw notes of an ELF file that nobody vouches for. SPDX-License-Identifier: MIT */
#include "core/plugin/manifest/note.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "core/plugin/manifest/image.h"
#include "core/plugin/manifest/manifest.h"

#define OWNER         "openclaw"
#define SIGNATURE_MAX 4096u
#define SEGMENTS_MAX  1024u
#define NOTES_MAX                                                                                  \
    16u /* segments of notes, of which linkers make three: each may be the whole file */

static uint64_t round_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

static int check_header(const Elf64_Ehdr *h, struct oc_error *err)
{
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0) {
        return oc_error_set(err, OC_E_CONFIG, "not an ELF file");
    }
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB) {
        return oc_error_set(err, OC_E_CONFIG, "not a 64-bit little-endian ELF file");
    }
    if (h->e_type != ET_DYN) {
        return oc_error_set(err, OC_E_CONFIG, "not a shared object: ELF type %u, expected %u",
                            h->e_type, ET_DYN);
    }
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum > SEGMENTS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "program headers of %u bytes, %u of them",
                            h->e_phentsize, h->e_phnum);
    }
    return OC_OK;
}

static int set_once(struct oc_view *view, const unsigned char *at, uint64_t len, uint64_t max,
                    const char *what, struct oc_error *err)
{
    if (view->ptr) {
        return oc_error_set(err, OC_E_CONFIG, "more than one %s in the notes", what);
    }
    if (len == 0 || len > max) {
        return oc_error_set(err, OC_E_CONFIG, "%s of %llu bytes in the notes", what,
                            (unsigned long long)len);
    }
    view->ptr = (const char *)at;
    view->len = len;
    return OC_OK;
}

static int take_note(const Elf64_Nhdr *head, const unsigned char *name, const unsigned char *desc,
                     struct oc_note *note, struct oc_error *err)
{
    if (head->n_namesz != sizeof OWNER || memcmp(name, OWNER, sizeof OWNER) != 0) {
        return OC_OK;
    }
    switch (head->n_type) {
    case OC_NOTE_SIGNATURE:
        return set_once(&note->signature, desc, head->n_descsz, SIGNATURE_MAX, "build signature",
                        err);
    case OC_NOTE_MANIFEST:
        return set_once(&note->manifest, desc, head->n_descsz, OC_MANIFEST_MAX, "manifest", err);
    default: /* from a later version */
        return OC_OK;
    }
}

/* One PT_NOTE segment. What does not fit ends it: the notes of others are none of our business. */
static int read_segment(const struct oc_image *img, const Elf64_Phdr *ph, struct oc_note *note,
                        struct oc_error *err)
{
    const uint64_t align = ph->p_align == 8 ? 8 : 4;
    if (ph->p_offset > img->len || ph->p_filesz > img->len - ph->p_offset) {
        return oc_error_set(err, OC_E_CONFIG, "a note segment ends beyond the file");
    }
    const struct oc_image segment = {img->bytes + ph->p_offset, ph->p_filesz};
    uint64_t at = 0;
    Elf64_Nhdr head;
    while (oc_image_copy(&segment, at, &head, sizeof head)) {
        const uint64_t name = at + sizeof head;
        const uint64_t desc = round_up(name + head.n_namesz, align);
        if (desc > segment.len || head.n_descsz > segment.len - desc) {
            return OC_OK;
        }
        const int code = take_note(&head, segment.bytes + name, segment.bytes + desc, note, err);
        if (code) {
            return code;
        }
        at = round_up(desc + head.n_descsz, align);
    }
    return OC_OK;
}

static int read_segments(const struct oc_image *img, const Elf64_Ehdr *h, struct oc_note *note,
                         struct oc_error *err)
{
    unsigned notes = 0;
    for (uint64_t i = 0; i < h->e_phnum; i++) {
        Elf64_Phdr ph;
        const uint64_t skip = i * sizeof ph;
        if (h->e_phoff > UINT64_MAX - skip ||
            !oc_image_copy(img, h->e_phoff + skip, &ph, sizeof ph)) {
            return oc_error_set(err, OC_E_CONFIG, "the program headers end beyond the file");
        }
        if (ph.p_type == PT_NOTE && ++notes > NOTES_MAX) {
            return oc_error_set(err, OC_E_CONFIG, "more than %u segments of notes", NOTES_MAX);
        }
        const int code = ph.p_type == PT_NOTE ? read_segment(img, &ph, note, err) : OC_OK;
        if (code) {
            return code;
        }
    }
    return OC_OK;
}

int oc_note_find(const void *image, size_t len, struct oc_note *note, struct oc_error *err)
{
    const struct oc_image img = {image, len};
    Elf64_Ehdr header;

    *note = (struct oc_note){0};
    if (!oc_image_copy(&img, 0, &header, sizeof header)) {
        return oc_error_set(err, OC_E_CONFIG, "a file of %zu bytes is no ELF file", len);
    }
    int code = check_header(&header, err);
    if (!code) {
        code = read_segments(&img, &header, note, err);
    }
    if (!code && (!note->signature.ptr || !note->manifest.ptr)) {
        code = oc_error_set(err, OC_E_CONFIG, "the %s note is missing",
                            note->signature.ptr ? "manifest" : "build signature");
        oc_error_hint(err, "Build the plugin with openclaw_add_plugin, which writes both notes.");
    }
    if (code) {
        *note = (struct oc_note){0};
    }
    return code;
}

struct oc_view oc_note_value(const struct oc_note *note, const char *key)
{
    const size_t key_len = strlen(key);
    const char *at = note->signature.ptr;
    const char *end = at ? at + note->signature.len : NULL;
    while (at && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t line = (size_t)((newline ? newline : end) - at);
        if (line > key_len && at[key_len] == '=' && memcmp(at, key, key_len) == 0) {
            return (struct oc_view){at + key_len + 1, line - key_len - 1};
        }
        at += line + 1;
    }
    return (struct oc_view){NULL, 0};
}
