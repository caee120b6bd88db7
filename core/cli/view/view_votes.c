/* The view of governance.votes: how many ballots were taken, and why the others were not. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/json.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

/* A receipt is a number (the place in the ledger), or why there is none. */
static void show(const struct cli_show *s, const json_t *data)
{
    const json_t *receipt;
    size_t i;
    printf("taken    %lld\nrefused  %lld\n", (long long)oc_json_int(data, "taken", 0),
           (long long)oc_json_int(data, "refused", 0));
    json_array_foreach(json_object_get(data, "receipts"), i, receipt)
    {
        if (json_is_string(receipt)) {
            printf("  ballot %zu: ", i + 1);
            oc_term_cell(stdout, json_is_string(receipt) ? json_string_value(receipt) : "", 0,
                         TERM_RED, s->cli->color);
            fputc('\n', stdout);
        }
    }
}

static int exit_code(const struct cli_show *s, const json_t *data)
{
    (void)s;
    return oc_json_int(data, "taken", 0) == 0 && oc_json_int(data, "refused", 0) > 0 ? 1 : 0;
}

const struct cli_view oc_view_governance_votes = {
    .name = "governance_votes", .show = show, .exit_code = exit_code};
