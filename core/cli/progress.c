/* One line of progress on stderr that overwrites itself. SPDX-License-Identifier: MIT */
#include "core/cli/progress.h"

#include <string.h>

#include "core/base/time.h"
#include "core/cli/term.h"

#define PROGRESS_AFTER (2 * OC_SECOND)
#define BAR_WIDTH      24

void oc_progress_begin(struct cli_progress *p)
{
    *p = (struct cli_progress){.began = oc_time_mono()};
}

void oc_progress_clear(struct cli_progress *p)
{
    if (p->shown) {
        fputs("\r\033[K", stderr);
        p->shown = false;
    }
}

char *oc_progress_bar(double fraction, char *buf, size_t size)
{
    char bar[BAR_WIDTH + 1];
    double share = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    size_t full = (size_t)(share * BAR_WIDTH);
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    snprintf(buf, size, "[%s] %3.0f %%  ", bar, share * 100);
    return buf;
}

/* One row and no more: only the one that the cursor stands in is taken back. */
static void show_text(const struct cli *cli, const char *text, size_t used)
{
    const size_t width = (size_t)cli->width_err;
    const size_t left = width > used + 1 ? width - used - 1 : 1;
    oc_term_cell(stderr, text, width && oc_term_width(text) > left ? left : 0, TERM_DIM,
                 cli->color_err);
}

void oc_progress_show(struct cli_progress *p, const struct cli *cli, double fraction,
                      const char *text)
{
    char bar[96] = "";
    if (!cli->tty_err || cli->quiet || oc_time_mono() - p->began < PROGRESS_AFTER) {
        return;
    }
    oc_progress_clear(p);
    if (fraction >= 0) {
        fputs(oc_progress_bar(fraction, bar, sizeof bar), stderr);
    }
    show_text(cli, text, strlen(bar));
    fflush(stderr);
    p->shown = true;
}
