/* Segments, their files of hashes and checkpoints that something has damaged. SPDX-License-Identifier: MIT */
// uses: oc_store
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/store/ledger/ledger_internal.h"
#include "core/store/ledger/ledger_note.h"

static void read_segment(int fd, size_t size)
{
    struct oc_ledger_reader r;
    struct oc_ledger_line line;
    struct oc_frontier f;
    uint64_t number = 0, per = 0;
    oc_ledger_reader_begin(&r, fd, 0, UINT64_MAX);
    enum oc_ledger_got got = oc_ledger_reader_next(&r, true, 0, &line);
    if (got == OC_LEDGER_LINE) {
        oc_ledger_header_get(line.text, line.len, &f, &per);
    }
    while (got == OC_LEDGER_LINE) {
        got = oc_ledger_reader_next(&r, false, number++, &line);
    }
    OC_ASSERT(got != OC_LEDGER_FAILED && r.offset <= size);
    oc_ledger_reader_goes_on(&r, number);
    oc_ledger_reader_end(&r);
}

/* What is read as a checkpoint is one: each of its signature lines can be looked for. */
static void read_note(const char *data, size_t size)
{
    static const uint8_t key[OC_SIGN_PUBLIC] = {1};
    struct oc_note *note = oc_calloc(1, sizeof *note);
    uint64_t seconds = 0;
    if (oc_note_parse(data, size, note, NULL) == OC_OK) {
        OC_ASSERT(note->text_len < size && note->count <= OC_NOTE_SIGNATURES);
        for (size_t i = 0; i < note->count; i++) {
            oc_note_is_signed(data, note, note->signatures[i].name, key);
            oc_note_is_cosigned(data, note, note->signatures[i].name, key, &seconds);
        }
    }
    free(note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("ledger", MFD_CLOEXEC);
    char *text = oc_strndup((const char *)data, size), name[OC_NOTE_NAME];
    uint8_t key[OC_SIGN_PUBLIC];
    unsigned type = 0;
    struct oc_ledger_leaves leaves;
    struct oc_frontier f;
    uint64_t per = 0;
    if (fd >= 0 && write(fd, data, size) == (ssize_t)size) {
        read_segment(fd, size);
    }
    read_note(text, size);
    oc_note_key_parse(text, name, key, &type);
    oc_ledger_header_get(text, size, &f, &per);
    if (oc_ledger_leaves_get(data, size, 0, 8, &leaves)) {
        oc_ledger_leaves_finish(&leaves);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return 0;
}
