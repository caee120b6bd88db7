/* Life of the runbook service. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/runbook/internal.h"
#include "core/sys/file.h"

#define RESUME_AFTER 300 /* ms: plugins and units are starting */

struct section {
    const char *dir;
    int32_t interrupted;
    int64_t keep;
};
static const struct oc_option section_options[] = {
    {.name = "dir",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct section, dir),
     .help = "folder of runbooks that add to the shipped ones or replace them; default "
             "<home>/runbooks"},
    {.name = "interrupted",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct section, interrupted),
     .default_text = "resume",
     .choices = "resume|ask",
     .help =
         "what becomes of a run that a crash or a stop has interrupted: it goes on by itself, or "
         "waits for `openclaw runbook resume`"},
    {.name = "keep",
     .type = OC_OPT_INT,
     .offset = offsetof(struct section, keep),
     .default_text = "500",
     .min = 10,
     .max = 100000,
     .help = "runs that are remembered"},
    {0}};

static void resume(void *ctx)
{
    struct oc_runbook *s = ctx;
    oc_runbook_runs_resume(s);
    s->resumed = true;
    oc_runbook_decided_resume(s);
}

/* Every entry of governance names its proposal: a step may be waiting for it. */
static void decided(void *ctx, const struct oc_event *event)
{
    struct oc_runbook *s = ctx;
    const char *proposal = oc_json_str(event->data, "proposal", "");
    for (struct run *r = *proposal ? s->runs : NULL; r; r = r->next) {
        for (struct exec *x = r->execs; x; x = x->next) {
            oc_runbook_step_decided(x, proposal);
        }
    }
}

struct oc_runbook *oc_runbook_create(const struct oc_env *env)
{
    struct oc_runbook *s = oc_calloc(1, sizeof *s);
    s->env = env;
    s->keep = 500;
    s->resumed = env->ephemeral;
    if (!env->ephemeral) {
        s->timer = oc_timer_create(env->loop, resume, s);
    }
    s->decisions = oc_bus_subscribe(env->bus, "governance.*", decided, s);
    oc_runbook_add_ops(s);
    oc_runbook_add_run_ops(s);
    return s;
}

void oc_runbook_configure(struct oc_runbook *s, const struct oc_config *config,
                          struct oc_diags *diags)
{
    struct section section = {0};
    struct oc_arena arena = {0};
    const struct oc_node *group = oc_node_get(oc_config_root(config), "runbooks");
    oc_bind(section_options, sizeof *section_options, group, "runbooks", NULL, &section,
            sizeof section, &arena, diags);
    const struct oc_node *dir = oc_node_get(group, "dir");
    if (dir && dir->layer != OC_LAYER_DEFAULT && section.dir && !oc_file_exists(section.dir)) {
        oc_diags_add(
            diags, true, dir, "runbooks.dir",
            "Make the folder, or leave the key out: the shipped runbooks are there without "
            "it.",
            "there is no folder %s", section.dir);
    }
    free(s->dir);
    s->dir = section.dir ? oc_strdup(section.dir) : oc_path_join(s->env->home, "runbooks");
    s->ask = section.interrupted == 1;
    s->keep = section.keep ? section.keep : s->keep;
    oc_arena_finish(&arena);
    if (s->timer && !s->looked) {
        s->looked = true;
        oc_timer_start(s->timer, RESUME_AFTER, 0);
    }
}

void oc_runbook_describe(json_t *sections)
{
    oc_json_take(sections, "runbooks", oc_options_json(section_options, sizeof *section_options));
}

void oc_runbook_stop(struct oc_runbook *s, int64_t grace_ms, oc_loop_fn done, void *ctx)
{
    (void)grace_ms;
    s->stopping = true;
    oc_runbook_decided_forget(s);
    for (struct run *r = s->runs; r; r = r->next) {
        r->held = true;
        oc_runbook_run_detach_all(r);
    }
    done(ctx);
}

void oc_runbook_destroy(struct oc_runbook *s)
{
    if (!s) {
        return;
    }
    oc_runbook_decided_forget(s);
    while (s->runs) {
        oc_runbook_run_detach_all(s->runs);
        oc_runbook_run_free(s->runs);
    }
    oc_runbook_books_free(s);
    oc_bus_unsubscribe(s->decisions);
    oc_timer_destroy(s->timer);
    free(s->dir);
    free(s);
}
