/* The frame around every verb of openclaw-package. SPDX-License-Identifier: MIT */
#include "core/package/work.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"

static volatile sig_atomic_t cancelled;

static void on_term(int signum)
{
    (void)signum;
    cancelled = 1;
}

bool oc_work_cancelled(void)
{
    return cancelled != 0;
}

/* Takes line. One write per line: whoever reads sees whole lines only. */
static void put_line(json_t *line)
{
    char *text = oc_json_text(line);
    printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_decref(line);
}

void oc_work_row(struct oc_work *w, json_t *row)
{
    (void)w;
    put_line(json_pack("{s:o}", "row", row));
}

void oc_work_progress(struct oc_work *w, double fraction, const char *text)
{
    json_t *line = json_object();
    (void)w;
    oc_json_set_num(line, "progress", fraction);
    oc_json_set_str(line, "text", text);
    put_line(line);
}

void oc_work_warn(struct oc_work *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_t *line = json_object();
    (void)w;
    oc_json_set_str(line, "warning", text);
    put_line(line);
    free(text);
}

void oc_work_result(struct oc_work *w, json_t *result)
{
    json_decref(w->result);
    w->result = result;
}

void oc_work_detail(struct oc_work *w, const char *key, json_t *value)
{
    if (!w->details) {
        w->details = json_object();
    }
    oc_json_take(w->details, key, value);
}

int oc_work_reason(struct oc_work *w, const char *reason)
{
    oc_work_detail(w, "reason", json_string(reason));
    return w->err.code;
}

/* ---- the program ---- */

static const struct oc_verb *find_verb(const char *name)
{
    const struct oc_verb *const tables[] = {oc_verbs_install, oc_verbs_registry, oc_verbs_author,
                                            oc_verbs_check};
    for (size_t i = 0; i < OC_COUNT(tables); i++) {
        for (const struct oc_verb *v = tables[i]; v->name; v++) {
            if (strcmp(v->name, name) == 0) {
                return v;
            }
        }
    }
    return NULL;
}

static bool is_in(const struct oc_verb *verb, const struct oc_verb *table)
{
    while (table->name && table != verb) {
        table++;
    }
    return table->name != NULL;
}

/* The daemon's own files are nobody else's business; what authors and keepers of registries make is theirs, and has the
 * modes that they are used to. Secret keys are 0600 whatever the mask. */
static void restore_umask(const struct oc_verb *verb)
{
    const char *given = getenv("OPENCLAW_UMASK");
    if (given && (is_in(verb, oc_verbs_author) || is_in(verb, oc_verbs_registry) ||
                  is_in(verb, oc_verbs_check))) {
        umask((mode_t)strtoul(given, NULL, 8) & 0777);
    }
}

static int read_params(struct oc_work *w)
{
    struct oc_buf text = {0};
    char piece[4096];
    ssize_t n;
    while ((n = read(STDIN_FILENO, piece, sizeof piece)) > 0 && text.len <= OC_JSON_MAX_BYTES) {
        oc_buf_add(&text, piece, (size_t)n);
    }
    json_t *params = text.len ? oc_json_parse(text.data, text.len, &w->err) : json_object();
    oc_buf_finish(&text);
    if (params && !json_is_object(params)) {
        json_decref(params);
        params = NULL;
        oc_error_set(&w->err, OC_E_CONFIG, "expected a JSON object on stdin");
    }
    w->params = params;
    return params ? OC_OK : OC_E_CONFIG;
}

static void put_end(struct oc_work *w, int code)
{
    if (code == OC_OK) {
        put_line(json_pack("{s:o}", "result", w->result ? json_incref(w->result) : json_object()));
        return;
    }
    json_t *error = json_object();
    oc_json_set_str(error, "code", oc_error_name(code));
    oc_json_set_str(error, "message",
                    w->err.message[0] ? w->err.message : "failed without a reason");
    oc_json_set_str(error, "hint", w->err.hint);
    if (w->details) {
        json_object_set(error, "details", w->details);
    }
    put_line(json_pack("{s:o}", "error", error));
}

static int usage(const char *problem)
{
    fprintf(stderr,
            "openclaw-package: %s\nUsage: openclaw-package VERB --home DIR [--plugins DIR] < "
            "PARAMS.json\n"
            "The worker of `openclaw plugin` and `openclaw registry`: use those.\n",
            problem);
    return OC_EXIT_USAGE;
}

int oc_work_main(int argc, char **argv)
{
    struct oc_work w = {0};
    oc_error_init(&w.err);
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--home") == 0) {
            w.home = argv[i + 1];
        } else if (strcmp(argv[i], "--plugins") == 0) {
            w.plugins = argv[i + 1];
        } else {
            return usage("unknown option");
        }
    }
    const struct oc_verb *verb = argc > 1 ? find_verb(argv[1]) : NULL;
    if (!verb || !w.home || w.home[0] != '/') {
        return usage(verb ? "--home wants an absolute path" : "unknown verb");
    }
    restore_umask(verb);
    const struct sigaction term = {.sa_handler = on_term};
    sigaction(SIGTERM, &term, NULL);
    signal(SIGPIPE, SIG_IGN);
    int code = read_params(&w);
    if (code == OC_OK) {
        code = verb->run(&w);
    }
    put_end(&w, code);
    json_decref((json_t *)(uintptr_t)w.params);
    json_decref(w.result);
    json_decref(w.details);
    return 0;
}
