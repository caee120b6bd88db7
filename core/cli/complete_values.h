/* What a command's first word may be, where only the host knows: ids of alerts, names of schedules. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_COMPLETE_VALUES_H
#define OC_CLI_COMPLETE_VALUES_H

#include "core/cli/paths.h"

/* The command whose first column lists them ("cron list"), or NULL. Asking takes a few milliseconds. Shells expand what they complete, so
 * completion.c lets only values of plain characters through. */
const char *oc_complete_values(const struct cli_path *path);

#endif
