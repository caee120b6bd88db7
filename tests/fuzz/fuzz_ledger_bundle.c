/* Exports of ledgers that something has damaged: bundle.json, a NUL, entries.jsonl. SPDX-License-Identifier: MIT */
// uses: oc_store
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/store/ledger/ledger_verify.h"
#include "core/sys/file.h"

static char dir[] = "/tmp/oc-fuzz-bundle-XXXXXX";

static void clean_up(void)
{
    static const char *const names[] = {"bundle.json", "entries.jsonl"};
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        char *path = oc_path_join(dir, names[i]);
        unlink(path);
        free(path);
    }
    rmdir(dir);
}

static void put(const char *name, const uint8_t *data, size_t size)
{
    char *path = oc_path_join(dir, name);
    FILE *f = fopen(path, "we");
    OC_ASSERT(f && (size == 0 || fwrite(data, size, 1, f) == 1) && fclose(f) == 0);
    free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool made;
    const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
    const size_t first = end ? (size_t)(end - data) : size, rest = end ? size - first - 1 : 0;
    const struct oc_ledger_check check = {.dir = dir};
    struct oc_ledger_report report;
    struct oc_error err;
    oc_error_init(&err);
    if (!made) {
        OC_ASSERT(mkdtemp(dir));
        atexit(clean_up);
        made = true;
    }
    put("bundle.json", data, first);
    put("entries.jsonl", end ? end + 1 : data, rest);
    const int rc = oc_ledger_verify_bundle(&check, &report, &err);
    /* what is good is whole; what is not says why */
    OC_ASSERT(rc == OC_OK ? !report.damaged && report.entries == report.covered
                          : err.message[0] != '\0');
    return 0;
}
