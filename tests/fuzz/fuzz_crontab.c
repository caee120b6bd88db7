/* A crontab from outside: lines are read in bounds, and no command becomes more than words. SPDX-License-Identifier: MIT */
// uses: oc_service
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/service/cron/internal.h"

static void read_line(const char *line, char **zone)
{
    struct oc_crontab_line out = {0};
    struct oc_error err = {0};
    int kind = oc_crontab_read(line, &out, zone, &err);
    OC_ASSERT((kind > 0) == (out.command != NULL) && (kind >= 0 || err.message[0]));
    if (kind > 0) {
        struct oc_cron cron;
        char *command = oc_crontab_command(out.command);
        OC_ASSERT(oc_cron_parse(out.cron, &cron, NULL) == OC_OK);
        OC_ASSERT(!command || !strpbrk(command, "|;&`$<>(){}\\\"'%\n"));
        free(command);
    }
    free(out.cron);
    free(out.command);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = oc_strndup((const char *)data, size), *rest = text, *line, *zone = NULL;
    while ((line = strsep(&rest, "\n")) != NULL) {
        read_line(line, &zone);
    }
    free(zone);
    free(text);
    return 0;
}
