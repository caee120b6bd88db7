/* The views of `registry serve`, and of what wrote a list of packages to a file. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/cli/show.h"
#include "core/cli/term.h"

/* ---- registry.serve ---- */

static void put(const char *text, size_t width)
{
    oc_term_cell(stdout, text, width, TERM_PLAIN, false);
}

/* "127.0.0.1  GET  200  1.2 KB  /v1/timestamp.json" */
static void show_request(const json_t *row)
{
    char human[32];
    put(oc_json_str(row, "client", ""), 15);
    fputs("  ", stdout);
    put(oc_json_str(row, "method", ""), 4);
    printf("  %3lld  %8s  ", (long long)oc_json_int(row, "status", 0),
           oc_size_human(oc_json_num(row, "bytes", 0), human, sizeof human));
    put(oc_json_str(row, "path", ""), 0);
    fputc('\n', stdout);
}

static void show_served(const struct cli_show *s, const json_t *row)
{
    const char *url = oc_json_str(row, "url", NULL);
    if (!url) {
        show_request(row);
        return;
    }
    fputs("serving ", stdout);
    put(oc_json_str(s->params, "dir", ""), 0);
    fputs(" at ", stdout);
    oc_term_cell(stdout, url, 0, TERM_BOLD, s->cli->color);
    fputs("; Ctrl-C ends it\n", stdout);
}

const struct cli_view oc_view_serve = {.name = "serve", .show = show_served};

/* ---- plugin.lock, plugin.bundle.create ---- */

static void show_written(const struct cli_show *s, const json_t *data)
{
    const json_t *plugins = json_object_get(data, "plugins");
    const size_t count = json_array_size(plugins);
    if (count) {
        oc_view_table(s, "id=Plugin,version=Version,size=Size(size),source=Source,trust=Trust",
                      plugins);
    }
    printf("%zu plugin%s written to ", count, count == 1 ? "" : "s");
    put(oc_json_str(data, "file", ""), 0);
    fputc('\n', stdout);
}

static void written_csv(const struct cli_show *s, const json_t *data)
{
    oc_view_table_csv(s, "id,version,size,source,trust,digest", json_object_get(data, "plugins"));
}

const struct cli_view oc_view_written = {
    .name = "written", .show = show_written, .csv = written_csv};
