/* Governance on a stage: a ledger in memory, members with keys, and a clock that the test moves. SPDX-License-Identifier: MIT */
#ifndef TESTS_GOVERNANCE_WORLD_H
#define TESTS_GOVERNANCE_WORLD_H

#include "tests/unit/service/stage.h"
#include "tests/unit/unit.h"

#include "core/base/json.h"
#include "core/service/governance/internal.h"
#include "core/sys/file.h"

static const char *const world_names[] = {"alpha",    "beta",     "charlie", "steward",
                                          "sentinel", "examiner", "explorer"};

struct world {
    struct stage s;
    struct oc_governance *g;
    uint8_t secrets[OC_COUNT(world_names)][OC_SIGN_SECRET];
    char id[OC_GOV_ID];      /* of the latest proposal */
    int ran, fails;          /* calls of test.run; it fails when `fails` */
    struct oc_call *waiting; /* test.slow, not ended */
    char actor[64], approval[64];
    json_t *params;
};

/* ---- operations that decisions are about ---- */

static inline void world_run(struct oc_call *call, void *ctx)
{
    struct world *w = ctx;
    w->ran++;
    json_decref(w->params);
    w->params = json_deep_copy(oc_call_json(call));
    snprintf(w->actor, sizeof w->actor, "%s", oc_call_actor(call)->name);
    snprintf(w->approval, sizeof w->approval, "%s",
             oc_call_actor(call)->approval ? oc_call_actor(call)->approval : "");
    if (w->fails) {
        oc_call_failf(call, OC_E_PERMANENT, "Mend it.", "it broke");
    } else {
        oc_call_succeed(call, json_pack("{s:i}", "ran", w->ran));
    }
}

static inline void world_let_go(struct oc_call *call, void *ctx)
{
    ((struct world *)ctx)->waiting = NULL;
    oc_call_failf(call, OC_E_CANCELLED, NULL, "cancelled");
}

static inline void world_slow(struct oc_call *call, void *ctx)
{
    struct world *w = ctx;
    w->ran++;
    w->waiting = call;
    oc_call_on_cancel(call, world_let_go, ctx);
}

struct world_params {
    const char *name, *password;
    int64_t count;
};
static const struct oc_option world_options[] = {{.name = "name",
                                                  .type = OC_OPT_STRING,
                                                  .offset = offsetof(struct world_params, name),
                                                  .help = "x"},
                                                 {.name = "password",
                                                  .type = OC_OPT_SECRET,
                                                  .offset = offsetof(struct world_params, password),
                                                  .help = "x"},
                                                 {.name = "count",
                                                  .type = OC_OPT_INT,
                                                  .offset = offsetof(struct world_params, count),
                                                  .help = "x"},
                                                 {0}};
#define WORLD_OP(NAME, FLAGS, FN)                                                                  \
    {                                                                                              \
        .name = NAME, .summary = "Run", .role = OC_ROLE_OPERATOR, .flags = FLAGS,                  \
        .params = world_options, .params_size = sizeof(struct world_params), .handler = FN         \
    }
struct world_held {
    const char *op, *params;
};
static const struct oc_option world_held_options[] = {
    {.name = "op",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct world_held, op),
     .help = "an operation"},
    {.name = "params",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct world_held, params),
     .help = "its parameters"},
    {0}};
/* What an operation sees only when it looks at its parameters. */
static inline int world_look(const struct oc_call *call, void *ctx, struct oc_error *err)
{
    const struct world_params *p = oc_call_params(call);
    (void)ctx;
    return p->count == 13 ? oc_error_set(err, OC_E_CONFIG, "thirteen brings bad luck") : OC_OK;
}

static const struct oc_op world_ops[] = {
    {.name = "test.look",
     .summary = "Looks first",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = world_options,
     .params_size = sizeof(struct world_params),
     .handler = world_run,
     .check = world_look},
    WORLD_OP("test.tell", OC_OP_MUTATES | OC_OP_TELLS_SECRET, world_run),
    {.name = "test.hold",
     .summary = "Holds another operation",
     .role = OC_ROLE_OPERATOR,
     .flags = OC_OP_MUTATES,
     .params = world_held_options,
     .params_size = sizeof(struct world_held),
     .handler = world_run},
    WORLD_OP("test.run", OC_OP_MUTATES, world_run),
    WORLD_OP("test.undo", OC_OP_MUTATES, world_run),
    WORLD_OP("test.slow", OC_OP_MUTATES, world_slow),
    WORLD_OP("test.again", OC_OP_MUTATES | OC_OP_REPLAY_SAFE, world_slow)};

/* ---- life ---- */

static inline void world_open(struct world *w, const char *config)
{
    w->g = oc_governance_create(&w->s.env);
    struct oc_config *old = stage_load(&w->s, config);
    oc_governance_configure(w->g, w->s.config, &w->s.diags);
    oc_config_destroy(old);
    assert_int_equal(oc_diags_errors(&w->s.diags), 0);
    stage_pass(&w->s, 0);
}

static inline void world_pass(struct world *w, int64_t ms)
{
    stage_pass(&w->s, ms);
    stage_pass(&w->s, 0); /* what was written meanwhile is on the disk */
}

/* Calls and waits until it has ended. */
static inline int world_call(struct world *w, const char *op, const char *params)
{
    stage_call(&w->s, op, params);
    for (int i = 0; i < 8 && !w->s.done; i++) {
        stage_pass(&w->s, 0);
    }
    stage_pass(&w->s, 0);
    assert_int_equal(w->s.done, 1);
    return w->s.code;
}

static inline void world_ask(struct world *w, const char *op, const char *params)
{
    if (world_call(w, op, params) != OC_OK) {
        fail_msg("%s %s: %s", op, params, w->s.error.message);
    }
}

__attribute__((format(printf, 1, 2))) static inline char *world_text(const char *fmt, ...)
{
    static char text[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return text;
}

static inline size_t world_member(const char *name)
{
    size_t i = 0;
    while (strcmp(world_names[i], name) != 0) {
        i++;
        assert_true(i < OC_COUNT(world_names));
    }
    return i;
}

/* As a person on this host; what comes over the network is a "test" (stage_call). */
static inline int world_call_here(struct world *w, const char *op, const char *params)
{
    const struct oc_call_request req = {.op = op,
                                        .params = json_loads(params, 0, NULL),
                                        .actor = {.name = "cli:uid=0", .role = OC_ROLE_ADMIN},
                                        .on_done = stage_done,
                                        .ctx = &w->s};
    w->s.done = 0;
    oc_ops_call(w->s.env.ops, &req);
    for (int i = 0; i < 8 && !w->s.done; i++) {
        stage_pass(&w->s, 0);
    }
    stage_pass(&w->s, 0);
    assert_int_equal(w->s.done, 1);
    return w->s.code;
}

static inline void world_register(struct world *w, const char *name)
{
    uint8_t key[OC_SIGN_PUBLIC];
    struct oc_buf text = {0};
    oc_sign_keypair(key, w->secrets[world_member(name)]);
    oc_base64(key, sizeof key, &text);
    assert_int_equal(
        world_call_here(w, "governance.keys.register",
                        world_text("{\"member\":\"%s\",\"key\":\"%s\"}", name, text.data)),
        OC_OK);
    oc_buf_finish(&text);
}

static inline void world_begin(struct world *w, const char *config)
{
    memset(w, 0, sizeof *w);
    stage_begin(&w->s);
    const struct oc_ledger_options memory = {0};
    w->s.env.ledger = oc_ledger_open(&memory, w->s.env.loop, NULL);
    assert_non_null(w->s.env.ledger);
    for (size_t i = 0; i < OC_COUNT(world_ops); i++) {
        oc_ops_add(w->s.env.ops, &world_ops[i], w);
    }
    world_open(w, config);
    for (size_t i = 0; i < OC_COUNT(world_names); i++) {
        world_register(w, world_names[i]);
    }
}

static inline void world_no_op(void *ctx)
{
    (void)ctx;
}

static inline void world_close(struct world *w)
{
    oc_governance_stop(w->g, 0, world_no_op, NULL);
    stage_pass(&w->s, 1);
    oc_governance_destroy(w->g);
    w->g = NULL;
}

/* The host goes down with no time for anything, and comes up again; operations of the old one are forgotten. */
static inline void world_restart(struct world *w, const char *config)
{
    oc_governance_forget_writing(w->g);
    oc_governance_destroy(w->g); /* of a ledger in memory nothing is saved on the way down */
    oc_ops_destroy(w->s.env.ops);
    w->s.env.ops = oc_ops_create(w->s.env.loop, w->s.env.bus);
    for (size_t i = 0; i < OC_COUNT(world_ops); i++) {
        oc_ops_add(w->s.env.ops, &world_ops[i], w);
    }
    world_open(w, config);
}

static inline void world_end(struct world *w)
{
    char *saved = oc_path_join(w->s.home, "data/governance.json"),
         *folder = oc_path_join(w->s.home, "data");
    unlink(saved);
    rmdir(folder);
    free(saved);
    free(folder);
    if (w->g) {
        world_close(w);
    }
    if (w->waiting) {
        oc_ops_destroy(w->s.env.ops);
        w->s.env.ops = NULL;
    }
    oc_ledger_close(w->s.env.ledger);
    json_decref(w->params);
    stage_end(&w->s);
}

/* ---- what members do ---- */

static inline const char *world_propose(struct world *w, const char *category, const char *more)
{
    world_ask(
        w, "governance.propose",
        world_text(
            "{\"title\":\"T\",\"category\":\"%s\",\"description\":\"d\",\"justification\":\"j\","
            "\"impact\":\"i\",\"rollback_plan\":\"r\"%s%s}",
            category, *more ? "," : "", more));
    snprintf(w->id, sizeof w->id, "%s", oc_json_str(w->s.result, "proposal", ""));
    return w->id;
}

/* Signs and calls; the code. `rest` is the parameters without "as" and the signature. */
static inline int world_sign(struct world *w, const char *op, const char *member, const char *rest)
{
    char params[1024], sent[2048];
    uint8_t bytes[OC_SIGN_SIGNATURE];
    struct oc_buf signature = {0};
    snprintf(params, sizeof params, "%s%s\"as\":\"%s\"", rest, *rest ? "," : "", member);
    if (world_call(w, "governance.form", world_text("{%s,\"op\":\"%s\"}", params, op)) != OC_OK) {
        return w->s.code;
    }
    const char *text = oc_json_str(w->s.result, "text", "");
    oc_sign(w->secrets[world_member(member)], text, strlen(text), bytes);
    oc_base64(bytes, sizeof bytes, &signature);
    snprintf(sent, sizeof sent, "{%s,\"signature\":\"%s\",\"nonce\":%lld", params, signature.data,
             (long long)oc_json_int(w->s.result, "nonce", 0));
    if (json_is_integer(json_object_get(w->s.result, "expires")) &&
        (strstr(op, "delegate") || strstr(op, "emergency"))) {
        char more[64];
        snprintf(more, sizeof more, ",\"expires\":%lld",
                 (long long)oc_json_int(w->s.result, "expires", 0));
        strcat(sent, more);
    }
    strcat(sent, "}");
    oc_buf_finish(&signature);
    return world_call(w, op, sent);
}

static inline int world_say(struct world *w, const char *op, const char *member, const char *key,
                            const char *word)
{
    char rest[256];
    snprintf(rest, sizeof rest, "\"proposal\":\"%s\",\"%s\":\"%s\"", w->id, key, word);
    return world_sign(w, op, member, rest);
}

static inline int world_vote(struct world *w, const char *member, const char *choice)
{
    return world_say(w, "governance.vote", member, "choice", choice);
}

/* ---- what is so ---- */

static inline const char *world_member_of(struct world *w, const char *key)
{
    static char text[256];
    json_t *answer =
        oc_ops_ask(w->s.env.ops, "governance.show", json_pack("{s:s}", "proposal", w->id));
    const json_t *value = oc_json_path(answer, key);
    snprintf(text, sizeof text, "%s", json_is_string(value) ? json_string_value(value) : "");
    json_decref(answer);
    return text;
}

#define assert_is(w, key, value) assert_string_equal(world_member_of(w, key), value)

static inline void world_hash(struct world *w, char hex[OC_SHA256_HEX])
{
    oc_governance_state_hash(w->g->state, hex);
}

static inline void world_check(struct world *w, const char *service, const char *target,
                               const char *to)
{
    oc_bus_publish(w->s.env.bus, "health.changed",
                   json_pack("{s:s,s:s,s:s,s:s,s:b}", "service", service, "target", target, "from",
                             "ok", "to", to, "hard", 1));
    stage_pass(&w->s, 0);
}

static inline void world_health(struct world *w, const char *member, const char *to)
{
    world_check(w, member, "", to);
}

#endif
