/* Asks a plugin what it is, in a process that is shut in. SPDX-License-Identifier: MIT
 *
 * openclaw-plughost loads it and prints its option table and methods. A plugin that cannot even be described, or that says of itself
 * what no host takes, is installed all the same, disabled: so it can be looked at, and nothing else is kept from working. */
#include "core/plugin/instance/describe.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/package/install/candidate.h"
#include "core/package/run.h"
#include "core/sys/file.h"

#define SAID_MAX 500u
#define LIMIT_MS 30000

static void gather(void *ctx, const char *line)
{
    struct oc_buf *said = ctx;
    if (said->len < OC_JSON_MAX_BYTES) {
        oc_buf_addf(said, "%s\n", line);
    }
}

/* What it printed last that is a description; owned, NULL. */
static json_t *description_in(const struct oc_buf *said)
{
    json_t *found = NULL;
    for (const char *line = said->data; line && *line;) {
        const size_t len = strcspn(line, "\n");
        json_t *value = *line == '{' ? oc_json_parse(line, len, NULL) : NULL;
        if (json_object_get(value, "methods")) {
            json_decref(found);
            found = json_incref(value);
        }
        json_decref(value);
        line += len + (line[len] == '\n');
    }
    return found;
}

static void disable(struct oc_candidate *c, const char *why, const char *text)
{
    free(c->disabled_why);
    free(c->disabled_text);
    c->disabled_why = oc_strdup(why);
    c->disabled_text = oc_strndup(text, strnlen(text, SAID_MAX));
}

/* What the host will not read is no description either: the plugin would not load. */
static void take(struct oc_selection *s, struct oc_candidate *c, int status,
                 const struct oc_buf *said)
{
    json_t *json = status == 0 ? description_in(said) : NULL;
    struct oc_error err;
    oc_error_init(&err);
    struct oc_description *d = json ? oc_description_parse(json, &err) : NULL;
    if (d) {
        c->describe = json_incref(json);
    } else {
        char *text = json ? oc_asprintf("its code cannot be used: %s", err.message)
                          : oc_asprintf("its code could not be described (status %d): %s", status,
                                        said->data ? said->data : "");
        text[strcspn(text, "\n")] = '\0';
        disable(c, "describe", text);
        oc_work_warn(s->w, "%s is installed disabled: %s", c->name, text);
        free(text);
    }
    oc_description_free(d);
    json_decref(json);
}

static int ask(struct oc_selection *s, struct oc_candidate *c, const char *program)
{
    struct oc_buf said = {0};
    struct oc_run_end end;
    const char *const argv[] = {program, "--describe", c->dir, NULL};
    const struct oc_run run = {.argv = argv, .limit_ms = LIMIT_MS, .on_line = gather, .ctx = &said};
    int code = oc_run(&run, &end, &s->w->err);
    if (code == OC_E_TIMEOUT) {
        oc_buf_clear(&said);
        oc_buf_adds(&said, s->w->err.message);
        oc_error_init(&s->w->err);
        code = OC_OK;
    }
    if (code == OC_OK) {
        take(s, c, end.status, &said);
    }
    oc_buf_finish(&said);
    return code;
}

/* ---- options without which it cannot start ---- */

static bool lacks(const json_t *option)
{
    const json_t *fallback = json_object_get(option, "default");
    const bool has = fallback && !json_is_null(fallback);
    return !has && (oc_json_int(option, "flags", 0) & OC_OPT_REQUIRED ||
                    oc_json_bool(option, "required", false));
}

/* The options that the version in force cannot run without: it is enabled, so they are set. Owned by the caller. */
static json_t *set_already(struct oc_selection *s, const struct oc_candidate *c)
{
    const struct oc_installed *before = oc_state_find(&s->t->now, c->name);
    json_t *names = json_object();
    json_t *receipt = before && before->enabled ? oc_state_receipt(s->w->home, before, NULL) : NULL;
    const json_t *describe = json_object_get(receipt, "describe"), *option;
    size_t i;
    json_array_foreach(json_object_get(describe, "options"), i, option)
    {
        if (lacks(option)) {
            json_object_set_new(names, oc_json_str(option, "name", ""), json_true());
        }
    }
    json_decref(receipt);
    return names;
}

static void look_for_missing(struct oc_selection *s, struct oc_candidate *c)
{
    const json_t *options = json_object_get(c->describe ? c->describe : c->manifest, "options");
    json_t *set = set_already(s, c);
    struct oc_buf names = {0};
    const json_t *option;
    size_t i;
    json_array_foreach(options, i, option)
    {
        if (lacks(option) && !json_object_get(set, oc_json_str(option, "name", ""))) {
            oc_buf_addf(&names, "%s%s", names.len ? ", " : "", oc_json_str(option, "name", "?"));
        }
    }
    if (names.len && !c->disabled_why && s->o.enable != 1) {
        disable(c, "config", names.data);
    }
    oc_buf_finish(&names);
    json_decref(set);
}

int oc_step_describe(struct oc_selection *s, struct oc_candidate *c)
{
    char *program = oc_path_helper("openclaw-plughost");
    int code = OC_OK;
    if (json_object_get(c->manifest, "library") && program) {
        code = ask(s, c, program);
    }
    if (code == OC_OK) {
        look_for_missing(s, c);
    }
    free(program);
    return code;
}
