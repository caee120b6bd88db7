/* One line of progress on stderr that overwrites itself. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_PROGRESS_H
#define OC_CLI_PROGRESS_H

#include "core/cli/cli.h"

struct cli_progress {
    int64_t began; /* monotonic: short calls never show it */
    bool shown;    /* the line stands on stderr */
};

void oc_progress_begin(struct cli_progress *p);
/* The text, behind a bar when the share is known (0 to 1; less than 0 = unknown); cut to one row of the terminal. */
void oc_progress_show(struct cli_progress *p, const struct cli *cli, double fraction,
                      const char *text);
void oc_progress_clear(struct cli_progress *p);
/* "[#####     ]  45 %  " without the text; for tests. Returns buf. */
char *oc_progress_bar(double fraction, char *buf, size_t size);

#endif
