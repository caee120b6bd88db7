/* One line of progress on stderr that overwrites itself. SPDX-License-Identifier: MIT */
#include "core/cli/progress.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
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

char *oc_progress_bar(double fraction, double rate, char *buf, size_t size)
{
    char bar[BAR_WIDTH + 1], speed[32], human[32];
    double share = fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
    size_t full = (size_t)(share * BAR_WIDTH);
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    snprintf(speed, sizeof speed, "%s/s  ",
             rate > 0 ? oc_size_human(rate, human, sizeof human) : "");
    snprintf(buf, size, "[%s] %3.0f %%  %s", bar, share * 100, rate > 0 ? speed : "");
    return buf;
}

/* The number before " bytes" at the end of the text; 0 when it does not end so. */
static double bytes_of(const char *text)
{
    static const char word[] = " bytes";
    if (!oc_ends(text, word)) {
        return 0;
    }
    const char *at = text + strlen(text) - strlen(word), *end = at;
    while (at > text && isdigit((unsigned char)at[-1])) {
        at--;
    }
    return at < end ? strtod(at, NULL) : 0;
}

static double rate_of(struct cli_progress *p, double fraction, const char *text)
{
    int64_t now = oc_time_mono();
    double total = bytes_of(text);
    if (strncmp(p->step, text, sizeof p->step - 1) != 0) {
        oc_copy(p->step, sizeof p->step, text);
        p->step_ms = now;
        p->step_from = fraction;
    }
    int64_t span = now - p->step_ms;
    return span > 0 ? (fraction - p->step_from) * total / (double)span * (double)OC_SECOND : 0;
}

void oc_progress_show(struct cli_progress *p, const struct cli *cli, double fraction,
                      const char *text)
{
    char bar[96];
    double rate = fraction >= 0 ? rate_of(p, fraction, text) : 0;
    if (!cli->tty_err || cli->quiet || oc_time_mono() - p->began < PROGRESS_AFTER) {
        return;
    }
    oc_progress_clear(p);
    if (fraction >= 0) {
        fputs(oc_progress_bar(fraction, rate, bar, sizeof bar), stderr);
    }
    oc_term_cell(stderr, text, 0, TERM_DIM, cli->color_err);
    fflush(stderr);
    p->shown = true;
}
