/* Levels 1 to 3: runs the plugin in openclaw-plugcheck, one process a trial. SPDX-License-Identifier: MIT */
#include <ftw.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/package/check/child.h"
#include "core/package/check/internal.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

#define TRIAL_MS   60000
#define CALL_MS    900 /* level 3: time for one call */
#define BACKLOG    4096
#define MEMORY_MAX (512 << 20)

struct trial {
    const char *name;
    int level;
    const char *crash, *late; /* the findings when the process ends by itself, or does not */
};

static const struct trial trials[] = {
    {"rounds", 1, "OC1001", "OC1006"},   {"configs", 1, "OC1010", "OC1011"},
    {"contract", 2, "OC2009", "OC2001"}, {"old-host", 2, "OC2007", "OC2007"},
    {"nonsense", 3, "OC3001", "OC3002"}, {"faults", 3, "OC3003", "OC3003"},
};

bool oc_check_can_run(const struct oc_subject *s)
{
    const struct oc_view v = oc_note_value(&s->note, "sanitizers");
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
    static const char ours[] = "address";
#elif defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
    static const char ours[] = "thread";
#else
    static const char ours[] = "";
#endif
    static const char *const heavy[] = {"address", "thread", "memory"};
    for (size_t i = 0; i < OC_COUNT(heavy); i++) {
        if (strcmp(heavy[i], ours) != 0 && memmem(v.ptr, v.len, heavy[i], strlen(heavy[i]))) {
            return false;
        }
    }
    return true;
}

/* ---- where it runs ---- */

struct place {
    char scratch[64];
    int silent, port; /* a socket that takes connections and never answers */
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int open_place(struct place *p, struct oc_error *err)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    oc_copy(p->scratch, sizeof p->scratch, "/tmp/openclaw-check-XXXXXX");
    p->silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (p->silent < 0 || bind(p->silent, (struct sockaddr *)&a, len) ||
        listen(p->silent, BACKLOG) || getsockname(p->silent, (struct sockaddr *)&a, &len) ||
        !mkdtemp(p->scratch)) {
        if (p->silent >= 0) {
            close(p->silent);
        }
        return oc_error_set(err, OC_E_INTERNAL, "cannot make a scratch folder and a socket");
    }
    p->port = ntohs(a.sin_port);
    return OC_OK;
}

static void close_place(struct place *p)
{
    close(p->silent);
    nftw(p->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What it may do here: read what the manifest asks to read, and connect to our port. It is not to change a thing. */
static json_t *rights_of(const struct oc_subject *s, int port)
{
    json_t *rights = json_array();
    for (size_t i = 0; i < s->rights.list.count; i++) {
        if (s->rights.list.items[i].kind == OC_RIGHT_FILE_READ) {
            json_array_append_new(rights, json_string(s->rights.list.items[i].text));
        }
    }
    char *text = oc_asprintf("network:tcp:%d", port);
    json_array_append_new(rights, json_string(text));
    free(text);
    return rights;
}

static json_t *params_of(const struct oc_subject *s, const struct place *p,
                         const struct oc_check_options *options)
{
    json_t *limits = json_pack("{s:i}", "memory_bytes", MEMORY_MAX);
    json_t *dirs = json_object();
    oc_json_set_str(dirs, "plugin", s->home);
    oc_json_set_str(dirs, "state", p->scratch);
    oc_json_set_str(dirs, "tmp", p->scratch);
    json_t *confine = json_pack("{s:s, s:o, s:o, s:o}", "tier", "sandbox", "rights",
                                rights_of(s, p->port), "limits", limits, "dirs", dirs);
    oc_json_set_int(confine, "parent", getpid());
    json_t *params = json_object();
    oc_json_set_str(params, "so", s->so);
    oc_json_set_str(params, "kind", s->manifest->kind);
    oc_json_set_str(params, "scratch", p->scratch);
    oc_json_set_int(params, "port", p->port);
    oc_json_set_int(params, "seed", options->seed);
    oc_json_set_int(params, "rounds", options->rounds);
    oc_json_take(params, "confine", confine);
    return params;
}

/* ---- one trial ---- */

struct hearing {
    const struct oc_subject *s;
    struct oc_report *r;
    struct oc_work *w; /* to be told what the kernel cannot enforce; NULL when it was */
    char doing[256];
    char *failed; /* owned */
    int level;
    bool ended, found;
};

static void hear(void *ctx, const json_t *line)
{
    struct hearing *h = ctx;
    const char *id = oc_json_str(line, "id", NULL);
    const char *doing = oc_json_str(line, "doing", NULL);
    const char *failed = oc_json_str(line, "failed", NULL);
    const char *skipped = oc_json_str(line, "skipped", NULL);
    const json_t *missing = json_object_get(line, "missing");
    if (missing && h->w) {
        oc_work_warn(h->w, "this kernel cannot confine the plugin fully: %s",
                     json_string_value(json_array_get(missing, 0))
                         ? json_string_value(json_array_get(missing, 0))
                         : "");
    }
    h->ended = h->ended || oc_json_bool(line, "end", false);
    if (doing) {
        oc_copy(h->doing, sizeof h->doing, doing);
    } else if (skipped) {
        oc_report_leave_out(h->r, h->level, skipped);
    } else if (failed && !h->failed) {
        h->failed = oc_strdup(failed);
    } else if (id && oc_check_find(id) && oc_check_level(oc_check_find(id)) > 0) {
        h->found = true;
        oc_report_add(h->r, id, h->s->manifest->library, oc_json_str(line, "where", NULL), "%s",
                      oc_json_str(line, "message", ""));
    }
}

/* The line of stderr that says why: the test kit's, the sanitizer's or the last one. */
static const char *reason_of(char *tail)
{
    static const char *const marks[] = {"testkit: ", "ERROR: AddressSanitizer", "runtime error: "};
    for (size_t i = 0; i < OC_COUNT(marks); i++) {
        char *at = strstr(tail, marks[i]);
        if (at) {
            at[strcspn(at, "\n")] = '\0';
            return at;
        }
    }
    size_t len = strlen(tail);
    while (len > 0 && tail[len - 1] == '\n') {
        tail[--len] = '\0';
    }
    const char *last = strrchr(tail, '\n');
    return last ? last + 1 : tail;
}

static void judge(struct hearing *h, const struct trial *t, struct oc_run_end *end, bool late)
{
    const char *library = h->s->manifest->library;
    const bool stuck = late || strstr(end->tail, "did not return");
    if (h->ended) {
        return;
    }
    char *reason = oc_utf8_clean(reason_of(end->tail), strlen(reason_of(end->tail)));
    if (stuck) {
        oc_report_add(h->r, t->late, library, h->doing, "it did not come back from: %s", h->doing);
    } else if (end->signum) {
        oc_report_add(h->r, t->crash, library, h->doing, "signal %d (%s) during: %s%s%s",
                      end->signum, strsignal(end->signum), h->doing, *reason ? "; " : "", reason);
    } else {
        oc_report_add(h->r, t->crash, library, h->doing,
                      "the process ended with status %d during: %s%s%s", end->status, h->doing,
                      *reason ? "; " : "", reason);
    }
    free(reason);
}

static int make_trial(const struct oc_subject *s, const struct trial *t, const char *input,
                      int64_t timeout_ms, struct oc_report *r, struct oc_work *w, bool *found,
                      struct oc_error *err)
{
    const char *const argv[] = {"openclaw-plugcheck", t->name, NULL};
    struct hearing h = {.s = s, .r = r, .w = w, .level = t->level};
    const struct oc_child child = {.program = "openclaw-plugcheck",
                                   .argv = argv,
                                   .input = input,
                                   .timeout_ms = timeout_ms,
                                   .on_line = hear,
                                   .ctx = &h};
    struct oc_run_end end;
    bool late;
    int code = oc_child_run(&child, &end, &late, err);
    if (!code && h.failed) {
        code = oc_error_set(err, OC_E_UNSUPPORTED, "%s", h.failed);
    } else if (!code) {
        judge(&h, t, &end, late);
        *found = h.found || !h.ended;
    }
    free(h.failed);
    return code;
}

int oc_check_run(const struct oc_subject *s, const struct oc_check_options *options,
                 struct oc_report *r, struct oc_work *w, struct oc_error *err)
{
    struct place place;
    int code = open_place(&place, err);
    if (code) {
        return code;
    }
    json_t *params = params_of(s, &place, options);
    char *input = oc_json_text(params);
    bool found = false;
    for (size_t i = 0; i < OC_COUNT(trials) && !code && trials[i].level <= options->level; i++) {
        const int64_t more = trials[i].level == 3 ? options->rounds * CALL_MS : 0;
        char *text = oc_asprintf("level %d: %s", trials[i].level, trials[i].name);
        oc_work_progress(w, (double)i / (double)OC_COUNT(trials), text);
        free(text);
        code = make_trial(s, &trials[i], input, TRIAL_MS + more, r, i == 0 ? w : NULL, &found, err);
        if (found && i == 0) {
            break; /* what does not even start and stop is not worth the rest */
        }
    }
    free(input);
    json_decref(params);
    close_place(&place);
    return code;
}
