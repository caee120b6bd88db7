/* One line of progress on stderr that overwrites itself. SPDX-License-Identifier: MIT */
#ifndef OC_CLI_PROGRESS_H
#define OC_CLI_PROGRESS_H

#include "core/cli/cli.h"

struct cli_progress {
    int64_t began; /* monotonic: short calls never show it */
    bool shown;    /* the line stands on stderr */
    int64_t
        step_ms; /* when the step that is shown began, and with which share: a new text is a new step */
    double step_from;
    char step[128];
};

void oc_progress_begin(struct cli_progress *p);
/* A bar when the share is known; with the rate when the text ends in "N bytes", which stands for the whole. */
void oc_progress_show(struct cli_progress *p, const struct cli *cli, double fraction,
                      const char *text);
void oc_progress_clear(struct cli_progress *p);
/* "[#####     ]  45 %  1.5 MB/s  " without the text; for tests. `rate` in bytes a second, 0 = unknown. Returns buf. */
char *oc_progress_bar(double fraction, double rate, char *buf, size_t size);

#endif
