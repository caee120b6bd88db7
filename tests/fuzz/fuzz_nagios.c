/* Fuzzes the parser of monitoring plugins' output. SPDX-License-Identifier: MIT */
// uses: openclaw::sdk
#include "../../plugins/collector/exec/nagios.c" /* the parser belongs to a plugin, not to a library */

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_item(void *ctx, const struct oc_perf *perf)
{
    size_t *count = ctx;
    (*count)++;
    if (!isfinite(perf->value) || perf->label[0] == '\0' ||
        memchr(perf->label, '\0', sizeof perf->label) == NULL) {
        abort();
    }
    for (const char *p = perf->label; *p; p++) {
        if ((unsigned char)*p < 0x20) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[64];
    size_t count = 0;
    size_t said = oc_nagios_parse((const char *)data, size, text, sizeof text, check_item, &count);
    if (said != count || memchr(text, '\0', sizeof text) == NULL) {
        abort();
    }
    return 0;
}
