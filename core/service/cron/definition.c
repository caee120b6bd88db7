/* What a schedule is: its times, its operation and how it behaves. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/floor.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cron/internal.h"

#define COMMENT_MAX  (1u << 10)
#define PARAMS_MAX   (64u << 10)
#define REPLACES_MAX 100

#define AT(member) offsetof(struct oc_cron_options, member)
const struct oc_option oc_cron_options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED | OC_OPT_POSITIONAL,
     .offset = AT(name),
     .help = "what it is called"},
    {.name = "cron",
     .type = OC_OPT_STRING,
     .offset = AT(cron),
     .help = "when, as \"minute hour day month weekday\" or @daily"},
    {.name = "every",
     .type = OC_OPT_DURATION,
     .offset = AT(every),
     .min = 1000,
     .max = 31622400000.0,
     .help = "or how often, counted from midnight UTC of 1 January 1970; at least 1s"},
    {.name = "zone",
     .type = OC_OPT_STRING,
     .offset = AT(zone),
     .default_text = "UTC",
     .help = "whose clock cron is about: UTC, a name such as Europe/Berlin, or +02:00"},
    {.name = "op",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_REQUIRED,
     .offset = AT(op),
     .help = "the operation that runs"},
    {.name = "jitter",
     .type = OC_OPT_DURATION,
     .offset = AT(jitter),
     .max = 86400000,
     .help = "starts up to this much later, by name and time: not everything at the full hour"},
    {.name = "catch_up",
     .type = OC_OPT_ENUM,
     .offset = AT(catch_up),
     .choices = "skip|once|all",
     .default_text = "skip",
     .help = "what is done for missed runs: nothing, one run for all, or the last 10 one by one"},
    {.name = "overlap",
     .type = OC_OPT_ENUM,
     .offset = AT(overlap),
     .choices = "skip|queue|parallel",
     .default_text = "skip",
     .help =
         "when the run before is still going on: leave it out, start it after that, or beside it"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = AT(timeout),
     .max = 31536000000.0,
     .help = "a run is cancelled after this; 0 = never"},
    {.name = "enabled",
     .type = OC_OPT_BOOL,
     .offset = AT(enabled),
     .default_text = "true",
     .help = "whether it runs at its times"},
    {.name = "role",
     .type = OC_OPT_ENUM,
     .offset = AT(role),
     .choices = "viewer|operator|admin",
     .default_text = "operator",
     .help = "the role that the operation is called with"},
    {.name = "replaces",
     .type = OC_OPT_STRINGS,
     .offset = AT(replaces),
     .help = "lines of a crontab that it stands for, as \"program --option\": see cron import"},
    {.name = "comment", .type = OC_OPT_STRING, .offset = AT(comment), .help = "what it is for"},
    {0}};
#undef AT

const char *oc_cron_role_name(int32_t role)
{
    static const char *const names[] = {"viewer", "operator", "admin"};
    return role >= 0 && role < 3 ? names[role] : "admin";
}

/* The members of the table; "params" is anybody's. */
static int bind(struct oc_cron_definition *d, struct oc_error *err)
{
    json_t *own = json_copy(d->json);
    json_object_del(own, "params");
    json_object_del(own, "author");
    int code = oc_bind_json(oc_cron_options, own, &d->o, sizeof d->o, &d->arena, err);
    json_decref(own);
    return code;
}

static int too_long(const char *what, size_t max, struct oc_error *err)
{
    oc_error_set(err, OC_E_CONFIG, "%s: more than %zu bytes", what, max);
    oc_error_hint(err, "Say it in fewer words.");
    return OC_E_CONFIG;
}

/* A schedule is kept, listed and written into the ledger: it is small. */
static int check_sizes(const struct oc_cron_definition *d, struct oc_error *err)
{
    const json_t *params = json_object_get(d->json, "params"),
                 *replaces = json_object_get(d->json, "replaces"), *one;
    size_t i;
    if (d->o.comment && strlen(d->o.comment) > COMMENT_MAX) {
        return too_long("comment", COMMENT_MAX, err);
    }
    if (params && json_dumpb(params, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) > PARAMS_MAX) {
        return too_long("params", PARAMS_MAX, err);
    }
    if (json_array_size(replaces) > REPLACES_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "replaces: more than %d lines", REPLACES_MAX);
    }
    json_array_foreach((json_t *)replaces, i, one)
    {
        if (json_string_length(one) > COMMENT_MAX) {
            return too_long("replaces", COMMENT_MAX, err);
        }
    }
    return json_string_length(replaces) > COMMENT_MAX ? too_long("replaces", COMMENT_MAX, err)
                                                      : OC_OK;
}

static int check(struct oc_cron_definition *d, struct oc_error *err)
{
    if (!d->o.name || !oc_name_valid(d->o.name)) {
        oc_error_set(err, OC_E_CONFIG, "name: not a name for a schedule");
        oc_error_hint(err, "Letters, digits, '.', '_' and '-', at most 64 of them.");
        return OC_E_CONFIG;
    }
    if (!d->o.op || !*d->o.op || strlen(d->o.op) > 128) {
        return oc_error_set(err, OC_E_CONFIG, "op: expected the name of an operation");
    }
    d->params = json_object_get(d->json, "params");
    if (d->params && !json_is_object(d->params)) {
        oc_error_set(err, OC_E_CONFIG, "params: expected an object");
        oc_error_hint(err, "Write params = { refresh = true; }; or '{\"refresh\": true}'.");
        return OC_E_CONFIG;
    }
    if (!d->o.cron == (d->o.every == 0)) {
        oc_error_set(err, OC_E_CONFIG, "expected either cron or every, found %s",
                     d->o.cron ? "both" : "neither");
        oc_error_hint(err, "Write cron = \"0 2 * * *\" or every = \"10m\".");
        return OC_E_CONFIG;
    }
    if (d->o.every && d->o.jitter > d->o.every) {
        oc_error_set(err, OC_E_CONFIG, "jitter: longer than every");
        oc_error_hint(err, "A run would start after the next one is due: take a shorter jitter.");
        return OC_E_CONFIG;
    }
    return OC_OK;
}

int oc_cron_definition_init(struct oc_cron_definition *d, json_t *json, struct oc_error *err)
{
    memset(d, 0, sizeof *d);
    d->json = json;
    int code = bind(d, err);
    if (code == OC_OK) {
        code = check(d, err);
    }
    if (code == OC_OK) {
        code = check_sizes(d, err);
    }
    if (code == OC_OK && d->o.cron && oc_cron_parse(d->o.cron, &d->cron, err) != OC_OK) {
        code = oc_error_prefix(err, "cron");
    }
    if (code == OC_OK && oc_zone_init(&d->zone, d->o.zone, err) != OC_OK) {
        code = oc_error_prefix(err, "zone");
    }
    if (code != OC_OK) {
        oc_cron_definition_finish(d);
    }
    return code;
}

void oc_cron_definition_finish(struct oc_cron_definition *d)
{
    oc_zone_finish(&d->zone);
    oc_arena_finish(&d->arena);
    json_decref(d->json);
    memset(d, 0, sizeof *d);
}

int64_t oc_cron_definition_next(const struct oc_cron_definition *d, int64_t after)
{
    int64_t every = d->o.every;
    if (!every) {
        return oc_cron_next(&d->cron, &d->zone, after);
    }
    int64_t count = oc_floor_div(after, every);
    return after > INT64_MAX / 2 ? OC_CRON_NEVER : (count + 1) * every;
}

int64_t oc_cron_definition_start(const struct oc_cron_definition *d, int64_t due)
{
    if (!d->o.jitter || due == OC_CRON_NEVER) {
        return due;
    }
    uint64_t hash = oc_hash_bytes(d->o.name, strlen(d->o.name), (uint64_t)due);
    return due + (int64_t)(hash % ((uint64_t)d->o.jitter + 1));
}

char *oc_cron_definition_text(const struct oc_cron_definition *d)
{
    char every[32];
    if (d->o.every) {
        return oc_asprintf("every %s", oc_duration_format(d->o.every, every, sizeof every));
    }
    return oc_cron_text(&d->cron);
}

char *oc_cron_definition_when(const struct oc_cron_definition *d)
{
    if (d->o.every) {
        return oc_asprintf("every %lld", (long long)d->o.every);
    }
    return oc_asprintf("%s %s", d->o.cron, d->o.zone);
}

char *oc_cron_definition_clock(const struct oc_cron_definition *d, int64_t wall_ms, char *buf,
                               size_t size)
{
    int64_t seconds = wall_ms / OC_SECOND;
    long offset = oc_zone_offset(&d->zone, seconds), minutes = labs(offset) / 60;
    time_t local = (time_t)(seconds + offset);
    char text[32];
    struct tm tm;
    gmtime_r(&local, &tm);
    if (strftime(text, sizeof text, tm.tm_sec ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M", &tm) == 0) {
        text[0] = '\0';
    }
    /* in autumn an hour comes twice, and only this tells which one is meant */
    snprintf(buf, size, "%s %c%02ld:%02ld", text, offset < 0 ? '-' : '+', minutes / 60,
             minutes % 60);
    return buf;
}
