/* Requests, tokens and money out of LiteLLM's metrics page. SPDX-License-Identifier: MIT */
#include "usage.h"

#include "exposition/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <openclaw/emit.h>

#define KEY_SHOWN 12 /* characters of a key's hash that name it */

enum kind { SPEND, INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, REQUESTS, KINDS };

struct usage_row {
    enum kind kind;
    struct oc_view model, model_id, provider, requested, alias, hash, status, agent;
    double value;
};

/* ---- agents by model id ---- */

struct agent_name {
    char *id, *agent;
};

struct agent_names {
    struct agent_name *items;
    size_t count, size;
};

struct agent_names *agent_names_create(void)
{
    return calloc(1, sizeof(struct agent_names));
}

void agent_names_clear(struct agent_names *n)
{
    for (size_t i = 0; i < n->count; i++) {
        free(n->items[i].id);
        free(n->items[i].agent);
    }
    n->count = 0;
}

void agent_names_destroy(struct agent_names *n)
{
    if (n) {
        agent_names_clear(n);
        free(n->items);
        free(n);
    }
}

void agent_names_add(struct agent_names *n, const char *model_id, const char *agent)
{
    if (n->count == n->size) {
        size_t size = n->size ? n->size * 2 : 16;
        struct agent_name *grown = realloc(n->items, size * sizeof *grown);
        if (!grown) {
            return;
        }
        n->items = grown;
        n->size = size;
    }
    struct agent_name name = {strdup(model_id), strdup(agent)};
    if (name.id && name.agent) {
        n->items[n->count++] = name;
    } else {
        free(name.id);
        free(name.agent);
    }
}

static bool view_is(struct oc_view v, const char *text)
{
    return strlen(text) == v.len && memcmp(v.ptr, text, (size_t)v.len) == 0;
}

const char *agent_names_find(const struct agent_names *n, struct oc_view model_id)
{
    for (size_t i = 0; model_id.len && i < n->count; i++) {
        if (view_is(model_id, n->items[i].id)) {
            return n->items[i].agent;
        }
    }
    return NULL;
}

/* ---- reading ---- */

static const struct {
    const char *name;
    enum kind kind;
} families[] = {
    {"litellm_spend_metric", SPEND},
    {"litellm_input_tokens_metric", INPUT},
    {"litellm_input_tokens", INPUT},
    {"litellm_output_tokens_metric", OUTPUT},
    {"litellm_output_tokens", OUTPUT},
    {"litellm_input_cached_tokens_metric", CACHE_READ},
    {"litellm_input_cache_creation_tokens_metric", CACHE_WRITE},
    {"litellm_proxy_total_requests_metric", REQUESTS},
};

static const char *const histograms[] = {"litellm_request_total_latency_metric_bucket",
                                         "litellm_llm_api_latency_metric_bucket",
                                         "litellm_llm_api_time_to_first_token_metric_bucket"};

/* A label's value; LiteLLM writes "None" where it has none. */
static struct oc_view label_of(const struct exposition_sample *s, const char *name)
{
    for (uint32_t i = 0; i < s->label_count; i++) {
        if (view_is(s->labels[i].name, name)) {
            struct oc_view v = s->labels[i].value;
            return view_is(v, "None") ? (struct oc_view){NULL, 0} : v;
        }
    }
    return (struct oc_view){NULL, 0};
}

static struct oc_view agent_label(const struct exposition_sample *s)
{
    static const char *const names[] = {"agent", "agent_id", "metadata_agent_id",
                                        "metadata_agentId", "metadata_agent"};
    struct oc_view found = {NULL, 0};
    for (size_t i = 0; i < sizeof names / sizeof *names && !found.len; i++) {
        found = label_of(s, names[i]);
    }
    return found;
}

static bool grow(struct usage *u)
{
    size_t size = u->size ? u->size * 2 : 256;
    struct usage_row *grown = realloc(u->rows, size * sizeof *grown);
    if (grown) {
        u->rows = grown;
        u->size = size;
    }
    return grown != NULL;
}

static void take_row(struct usage *u, enum kind kind, const struct exposition_sample *s)
{
    if (u->count >= USAGE_ROWS_MAX || (u->count == u->size && !grow(u))) {
        u->capped = true;
        return;
    }
    u->rows[u->count++] = (struct usage_row){.kind = kind,
                                             .model = label_of(s, "model"),
                                             .model_id = label_of(s, "model_id"),
                                             .provider = label_of(s, "api_provider"),
                                             .requested = label_of(s, "requested_model"),
                                             .alias = label_of(s, "api_key_alias"),
                                             .hash = label_of(s, "hashed_api_key"),
                                             .status = label_of(s, "status_code"),
                                             .agent = agent_label(s),
                                             .value = s->value};
}

/* A request that names no model is one for the proxy itself, such as ours for its books: no model call. */
static void take(struct usage *u, enum kind kind, const struct exposition_sample *s)
{
    if (kind == REQUESTS) {
        struct oc_view status = label_of(s, "status_code");
        if (label_of(s, "requested_model").len == 0) {
            return;
        }
        u->requests += s->value;
        u->failed += status.len && status.ptr[0] != '2' ? s->value : 0;
    }
    take_row(u, kind, s);
}

static void take_bucket(struct usage *u, unsigned family, const struct exposition_sample *s)
{
    char text[32];
    struct oc_view le = label_of(s, "le");
    if (!u->latency || le.len == 0 || le.len >= sizeof text) {
        return;
    }
    memcpy(text, le.ptr, (size_t)le.len);
    text[le.len] = '\0';
    struct oc_view model = label_of(s, "model");
    double bound = strtod(text, NULL);
    latency_bucket(u->latency, family, oc_view(""), bound, s->value); /* all of them together */
    if (model.len) {
        latency_bucket(u->latency, family, model, bound, s->value);
    }
}

void usage_watch(void *ctx, const struct exposition_sample *s)
{
    struct usage *u = ctx;
    if (view_is(s->name, "process_start_time_seconds")) {
        u->since = isfinite(s->value) ? s->value : 0;
        return;
    }
    if (s->name.len < 8 || memcmp(s->name.ptr, "litellm_", 8) != 0 || s->created) {
        return;
    }
    u->seen = true;
    for (unsigned i = 0; i < sizeof histograms / sizeof *histograms; i++) {
        if (view_is(s->name, histograms[i])) {
            take_bucket(u, i, s);
            return;
        }
    }
    struct oc_view name = s->name;
    if (name.len > 6 && memcmp(name.ptr + name.len - 6, "_total", 6) == 0) {
        name.len -= 6;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (view_is(name, families[i].name) && isfinite(s->value) && s->value >= 0) {
            take(u, families[i].kind, s);
            return;
        }
    }
}

void usage_finish(struct usage *u)
{
    free(u->rows);
    memset(u, 0, sizeof *u);
}

/* ---- telling ---- */

static bool same_view(struct oc_view a, struct oc_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, (size_t)a.len) == 0);
}

/* The requests' family names no model, only the deployment: another row of that deployment does. `last` is the one that was
 * found before: rows of one deployment come together. */
static const struct usage_row *row_of_model(const struct usage *u, const struct usage_row *r,
                                            const struct usage_row **last)
{
    if (r->model.len || !r->model_id.len) {
        return r;
    }
    if (*last && same_view((*last)->model_id, r->model_id)) {
        return *last;
    }
    for (size_t i = 0; i < u->count; i++) {
        if (u->rows[i].model.len && same_view(u->rows[i].model_id, r->model_id)) {
            *last = &u->rows[i];
            return *last;
        }
    }
    return r;
}

static bool is_virtual(struct oc_view model)
{
    return model.len > 6 && memcmp(model.ptr, "agent/", 6) == 0;
}

static struct oc_view agent_of(const struct usage_row *r, const struct agent_names *agents)
{
    if (r->agent.len) {
        return r->agent;
    }
    const char *defined = agent_names_find(agents, r->model_id);
    if (defined) {
        return oc_view(defined);
    }
    return is_virtual(r->requested) ? (struct oc_view){r->requested.ptr + 6, r->requested.len - 6}
                                    : (struct oc_view){NULL, 0};
}

static struct oc_view key_of(const struct usage_row *r)
{
    if (r->alias.len) {
        return r->alias;
    }
    return (struct oc_view){r->hash.ptr, r->hash.len == 64 ? KEY_SHOWN : r->hash.len};
}

static void add_label(struct oc_label *labels, uint32_t *count, const char *name,
                      struct oc_view value)
{
    if (value.len) {
        labels[(*count)++] = (struct oc_label){oc_view(name), value};
    }
}

static bool add(struct series_set *set, const struct usage_row *r, const struct usage_row *named,
                const struct agent_names *agents)
{
    static const char *const types[KINDS] = {NULL,         "input",       "output",
                                             "cache_read", "cache_write", NULL};
    struct oc_view model = named->model.len           ? named->model
                           : is_virtual(r->requested) ? (struct oc_view){NULL, 0}
                                                      : r->requested;
    struct oc_view provider = named->provider.len ? named->provider : r->provider;
    bool ok = r->status.len == 0 || r->status.ptr[0] == '2';
    struct oc_label labels[5];
    uint32_t count = 0;
    add_label(labels, &count, "agent", agent_of(r, agents));
    add_label(labels, &count, "key", key_of(r));
    add_label(labels, &count, "model", model);
    add_label(labels, &count, "provider", provider);
    const char *name = "usage.spend_dollars";
    if (r->kind == REQUESTS) {
        name = "usage.requests";
        labels[count++] = oc_label("status", ok ? "ok" : "failed");
    } else if (types[r->kind]) {
        name = "usage.tokens";
        labels[count++] = oc_label("type", types[r->kind]);
    }
    return series_add(set, oc_view(name), OC_KIND_COUNTER, r->value, labels, count);
}

int32_t usage_emit(const struct usage *u, const struct agent_names *agents,
                   const struct oc_sink *out)
{
    struct series_set *set = series_create();
    const struct usage_row *last = NULL;
    int32_t code = set ? OC_OK : OC_E_INTERNAL;
    for (size_t i = 0; i < u->count && code == OC_OK; i++) {
        const struct usage_row *r = &u->rows[i];
        code = add(set, r, row_of_model(u, r, &last), agents) ? OC_OK : OC_E_INTERNAL;
    }
    if (code == OC_OK && u->since > 0) {
        code = oc_emit_gauge(out, "usage.since", u->since);
    }
    for (size_t i = 0; code == OC_OK && i < series_count(set); i++) {
        struct oc_record record = {.struct_size = sizeof record, .type = OC_RECORD_SAMPLE};
        series_get(set, i, &record);
        code = out->emit(out->ctx, &record);
    }
    series_destroy(set);
    return code;
}
