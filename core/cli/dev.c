/* The command `plugin dev`: builds and reloads a plugin on every save. SPDX-License-Identifier: MIT
 *
 * It only puts operations together: plugin.watch tells of changes, plugin.build builds, plugin.link (once) and plugin.reload
 * bring the result into the daemon that runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/cli/client.h"
#include "core/cli/commands.h"
#include "core/cli/show.h"
#include "core/cli/term.h"
#include "core/sys/file.h"

struct dev {
    struct cli *cli;
    char *dir;
    char *name, *built; /* of the last build that went well; owned */
    bool linked;
    struct cli_link watch;
};

static const struct cli_op *op_named(const char *name)
{
    const struct cli_op *op = oc_cli_op(name);
    OC_ASSERT(op);
    return op;
}

static void say(const struct dev *d, const char *text, const char *more)
{
    if (!d->cli->quiet && !d->cli->json) {
        printf("%s%s\n", text, more);
        fflush(stdout);
    }
}

/* ---- one round ---- */

static void keep_built(struct dev *d, const json_t *data)
{
    free(d->name);
    free(d->built);
    d->name = oc_strdup(oc_json_str(data, "name", ""));
    d->built = oc_strdup(oc_json_str(data, "folder", ""));
}

/* False when it does not build: that is said, and the next save is another try. */
static bool build(struct dev *d)
{
    const struct cli_op *op = op_named("plugin.build");
    json_t *params = json_pack("{s:s}", "path", d->dir);
    struct cli_show show = {.cli = d->cli, .op = op, .params = params};
    struct cli_answer answer;
    const int64_t began = oc_time_mono();
    oc_cli_ask(d->cli, op, params, &answer);
    const bool ok = answer.ok;
    if (ok) {
        char text[64];
        keep_built(d, answer.data);
        snprintf(text, sizeof text, "built in %lld ms: ", (long long)(oc_time_mono() - began));
        say(d, text, d->built);
    } else {
        oc_show(&show, &answer);
    }
    oc_answer_finish(&answer);
    json_decref(params);
    return ok;
}

static int link_once(struct dev *d)
{
    json_t *params = json_pack("{s:s}", "dir", d->built);
    const int rc = oc_command_op(d->cli, op_named("plugin.link"), params);
    json_decref(params);
    d->linked = rc == 0;
    return rc;
}

static void reload(struct dev *d)
{
    json_t *params = json_pack("{s:s,s:s}", "name", d->name, "watch", "5s");
    oc_command_op(d->cli, op_named("plugin.reload"), params);
    fflush(stdout);
    json_decref(params);
}

static int round_trip(struct dev *d)
{
    if (!build(d)) {
        return 0;
    }
    if (!d->linked) {
        return link_once(d);
    }
    reload(d);
    return 0;
}

/* ---- waiting for the next ---- */

/* Whether there is something new to build: from the first row on, which says that the folder is watched. */
static bool take_row(const struct dev *d, const json_t *row)
{
    const char *event = oc_json_str(row, "event", "");
    const bool first = strcmp(event, "watching") == 0;
    if (first) {
        say(d, "watching ", d->dir);
    }
    return first || strcmp(event, "changed") == 0;
}

/* Shows why the watching ended. */
static int show_end(struct dev *d, struct cli_answer *answer)
{
    const struct cli_show show = {.cli = d->cli, .op = op_named("plugin.watch"), .rows = true};
    const int rc = oc_show(&show, answer);
    oc_answer_finish(answer);
    return rc;
}

/* What comes while a round runs is taken together as one change. */
static int follow(struct dev *d)
{
    struct cli_answer end = {0};
    bool changed = false;
    int rc = 0;
    oc_error_init(&end.err);
    while (rc == 0) {
        json_t *frame = NULL;
        const enum cli_next next = oc_link_next(&d->watch, changed ? 0 : -1, &frame);
        const json_t *row = json_object_get(frame, "row");
        if (next == CLI_NEXT_SIGNAL) {
            return 0;
        }
        if (next == CLI_NEXT_GONE) {
            oc_link_lost(&d->watch, &end);
            return show_end(d, &end);
        }
        if (next == CLI_NEXT_NOTHING) {
            changed = false;
            oc_signals_release(); /* Ctrl-C ends a build as it does everywhere */
            rc = round_trip(d);
            oc_signals_hold();
        } else if (row) {
            changed = take_row(d, row) || changed;
        } else if (!json_object_get(frame, "progress")) {
            oc_answer_take(frame, &end);
            json_decref(frame);
            return show_end(d, &end);
        }
        json_decref(frame);
    }
    return rc;
}

static int run(struct dev *d)
{
    const struct cli_op *op = op_named("plugin.watch");
    json_t *params = json_pack("{s:s}", "path", d->dir);
    struct oc_error err;
    oc_error_init(&err);
    int rc = oc_link_open(&d->watch, d->cli, op, &err);
    if (rc != OC_OK) {
        rc = oc_cli_fail(d->cli, &err, oc_error_exit(err.code));
    } else {
        oc_signals_hold();
        oc_link_send(&d->watch, op->name, params);
        rc = follow(d);
        oc_signals_release();
    }
    oc_link_close(&d->watch);
    json_decref(params);
    return rc;
}

int oc_command_dev(struct cli *cli, int argc, char **argv)
{
    struct dev d = {.cli = cli, .watch = {.fd = -1, .child.log = -1}};
    struct oc_error err;
    oc_error_init(&err);
    if (argc > 1 || (argc == 1 && argv[0][0] == '-')) {
        oc_error_set(&err, OC_E_CONFIG, "`openclaw plugin dev` takes one folder, found %s",
                     argv[argc - 1]);
        return oc_cli_fail_usage(cli, &err);
    }
    d.dir = oc_path_expand(argc ? argv[0] : ".", NULL);
    const int rc = run(&d);
    free(d.name);
    free(d.built);
    free(d.dir);
    return rc;
}
