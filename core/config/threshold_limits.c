/* Which figures a threshold may have: their kind, percentages, and the warning that comes before what is critical. SPDX-License-Identifier: MIT */
#include "core/config/threshold_limits.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/config/dump.h"

#define NAME_MAX_LEN 256

/* ---- what a node says ---- */

static bool number_of(const struct oc_node *node, double *number)
{
    int64_t ms;
    if (node && node->type == OC_NODE_INT) {
        *number = (double)node->integer;
    } else if (node && node->type == OC_NODE_FLOAT) {
        *number = node->number;
    } else if (node && node->type == OC_NODE_STRING &&
               oc_duration_parse(node->string, &ms) == OC_OK) {
        *number = (double)ms;
    } else {
        return false;
    }
    return true;
}

static bool is_percentage(const char *key)
{
    return strcmp(key, "percent") == 0 || oc_ends(key, "_percent");
}

/* Spans, sizes and counts: nothing that is measured is below 0. */
static const struct measure {
    const char *end;
    int64_t unit_ms; /* of a span; 0 = it is none */
} measures[] = {{"_ms", 1},
                {"_seconds", OC_SECOND},
                {"_minutes", OC_MINUTE},
                {"_hours", OC_HOUR},
                {"_days", OC_DAY},
                {"_bytes", 0},
                {"_mb", 0},
                {"_gb", 0},
                {"_count", 0}};

/* NULL: the name tells none. */
static const struct measure *measure_of(const char *key)
{
    for (size_t i = 0; i < OC_COUNT(measures); i++) {
        if (oc_ends(key, measures[i].end)) {
            return &measures[i];
        }
    }
    return NULL;
}

bool oc_threshold_unit(const char *name, int64_t *unit_ms)
{
    const struct measure *m = measure_of(name);
    const char *key = strrchr(name, '.');
    *unit_ms = m != NULL ? m->unit_ms : OC_SECOND;
    return *unit_ms > 0 && !is_percentage(key != NULL ? key + 1 : name);
}

static bool is_sound_alone(const struct oc_node *node)
{
    double number;
    const bool plain = node->type == OC_NODE_INT || node->type == OC_NODE_FLOAT;
    const bool percentage = is_percentage(node->key);
    if (!plain || !(percentage || measure_of(node->key))) {
        return plain || !percentage;
    }
    return number_of(node, &number) && number >= 0 && (!percentage || number <= 100);
}

static const struct oc_node *member(const struct oc_node *group, const char *key)
{
    for (size_t i = 0; group && group->type == OC_NODE_GROUP && i < group->count; i++) {
        if (strcmp(group->children[i]->key, key) == 0) {
            return group->children[i];
        }
    }
    return NULL;
}

/* What holds when `node` cannot: the figure that the host brings, or NULL. */
static const struct oc_node *fallback(const struct oc_node *defaults, const struct oc_node *node)
{
    const struct oc_node *other = member(defaults, node->key);
    return other && other->type < OC_NODE_LIST && is_sound_alone(other) ? other : NULL;
}

static bool is_duration(const struct oc_node *node)
{
    int64_t ms;
    return node && node->type == OC_NODE_STRING && oc_duration_parse(node->string, &ms) == OC_OK &&
           ms >= 0;
}

/* The rules that come with the host compare it with, or wait for, what it is there. A number is a duration, too. */
static bool is_of_kind(const struct oc_node *shipped, const struct oc_node *node)
{
    const bool plain = node->type == OC_NODE_INT || node->type == OC_NODE_FLOAT;
    double number;
    if (!shipped || shipped->type >= OC_NODE_LIST) {
        return true;
    }
    if (shipped->type == OC_NODE_INT || shipped->type == OC_NODE_FLOAT) {
        return plain;
    }
    if (is_duration(shipped)) {
        return is_duration(node) || (plain && number_of(node, &number) && number >= 0);
    }
    return node->type == shipped->type;
}

static const struct oc_node *alone(const struct oc_node *defaults, const struct oc_node *node)
{
    return is_sound_alone(node) && is_of_kind(member(defaults, node->key), node)
               ? node
               : fallback(defaults, node);
}

static char *shown(const struct oc_node *node)
{
    struct oc_buf text = {0};
    oc_dump_value(node, &text);
    return oc_buf_take(&text);
}

/* ---- pairs ---- */

static bool swap_word(const char *key, const char *word, const char *by, char *out, size_t size)
{
    const char *at = strstr(key, word);
    const size_t len = strlen(word);
    if (!at || (at > key && at[-1] != '_') || (at[len] && at[len] != '_')) {
        return false;
    }
    const int n = snprintf(out, size, "%.*s%s%s", (int)(at - key), key, by, at + len);
    return n > 0 && (size_t)n < size;
}

/* A name that tells that less of it is worse. */
static bool is_scarce(const char *name)
{
    static const char *const words[] = {"free", "available", "remaining", "left",   "idle",
                                        "hit",  "score",     "uptime",    "success"};
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        const char *at = strstr(name, words[i]);
        const char *end = at ? at + strlen(words[i]) : NULL;
        if (at && (at == name || strchr("._", at[-1])) && (!*end || strchr("._", *end))) {
            return true;
        }
    }
    return false;
}

/* Before the name at `at` stands "<" or "<=". */
static bool is_below(const char *text, const char *at)
{
    while (at > text && at[-1] == ' ') {
        at--;
    }
    at -= at > text && at[-1] == '=';
    return at > text && at[-1] == '<';
}

/* Every rule that names the figure fires below it. */
static bool fires_below(const struct oc_node *rules, const char *name)
{
    size_t below = 0, others = 0;
    for (size_t i = 0; rules && rules->type == OC_NODE_LIST && i < rules->count; i++) {
        const struct oc_node *expr = member(rules->children[i], "expr");
        const char *text = expr && expr->type == OC_NODE_STRING ? expr->string : "";
        for (const char *at = text; (at = strstr(at, name)) != NULL; at += strlen(name)) {
            *(is_below(text, at) ? &below : &others) += 1;
        }
    }
    return below > 0 && others == 0;
}

static bool lower_is_worse(const struct oc_threshold_limits *l, const char *prefix,
                           const char *critical)
{
    char name[NAME_MAX_LEN];
    const int n = snprintf(name, sizeof name, "%s.%s", prefix, critical);
    return n > 0 && (size_t)n < sizeof name && (is_scarce(name) || fires_below(l->rules, name));
}

struct pair {
    const struct oc_node *warning, *critical;
    bool scarce;
};

/* The two of them, as they hold each for itself; false when `node` is no half of a pair. */
static bool pair_of(const struct oc_threshold_limits *l, const char *prefix,
                    const struct oc_node *group, const struct oc_node *defaults,
                    const struct oc_node *node, struct pair *p)
{
    char other[NAME_MAX_LEN];
    const bool warns = swap_word(node->key, "warning", "critical", other, sizeof other);
    if (!warns && !swap_word(node->key, "critical", "warning", other, sizeof other)) {
        return false;
    }
    const struct oc_node *half = member(group, other);
    if (!half || half->type >= OC_NODE_LIST) {
        return false;
    }
    p->warning = alone(defaults, warns ? node : half);
    p->critical = alone(defaults, warns ? half : node);
    p->scarce = p->critical && lower_is_worse(l, prefix, p->critical->key);
    return p->warning && p->critical;
}

static bool in_order(const struct pair *p)
{
    double warning, critical;
    return !number_of(p->warning, &warning) || !number_of(p->critical, &critical) ||
           (p->warning->type == OC_NODE_STRING) != (p->critical->type == OC_NODE_STRING) ||
           (p->scarce ? warning > critical : warning < critical);
}

/* ---- findings ---- */

/* The whole name of a figure, as it was written; owned. */
static char *name_of(const struct oc_threshold_limits *l, const char *prefix, const char *key)
{
    char *name = oc_asprintf("%s.%s", prefix, key);
    const char *written = oc_json_str(l->names, name, NULL);
    if (written) {
        free(name);
        name = oc_strdup(written);
    }
    return name;
}

static const char *last_of(const char *name)
{
    return strrchr(name, '.') + 1;
}

struct wanted {
    const char *what, *write;
};

static struct wanted wanted_of(const struct oc_node *node, const struct oc_node *shipped)
{
    if (is_percentage(node->key)) {
        return (struct wanted){"a percentage from 0 to 100", "a number from 0 to 100"};
    }
    if (is_duration(shipped)) {
        return (struct wanted){"a duration", "it as \"5m\""};
    }
    if (measure_of(node->key)) {
        return (struct wanted){"a number from 0 on", "a number from 0 on"};
    }
    if (shipped->type == OC_NODE_BOOL) {
        return (struct wanted){"true or false", "true or false"};
    }
    return shipped->type == OC_NODE_STRING ? (struct wanted){"a text", "it in quotation marks"}
                                           : (struct wanted){"a number", "a number"};
}

static void tell_alone(const struct oc_threshold_limits *l, const char *prefix,
                       const struct oc_node *node, const struct oc_node *instead)
{
    char *name = name_of(l, prefix, node->key);
    const struct wanted wanted = wanted_of(node, instead);
    char *found = shown(node), *holds = instead ? shown(instead) : NULL;
    char *hint =
        holds ? oc_asprintf("Write %s. Until then the default, %s, holds.", wanted.write, holds)
              : oc_asprintf("Write %s. Until then there is no such threshold.", wanted.write);
    oc_diags_add(l->diags, false, node, name, hint, "expected %s, found %s", wanted.what, found);
    free(hint);
    free(holds);
    free(found);
    free(name);
}

/* It is said of the one that was written; of the warning when both were. */
static void tell_pair(const struct oc_threshold_limits *l, const char *prefix, const struct pair *p)
{
    const bool of_critical =
        p->warning->layer == OC_LAYER_DEFAULT && p->critical->layer != OC_LAYER_DEFAULT;
    const struct oc_node *about = of_critical ? p->critical : p->warning;
    const struct oc_node *other = of_critical ? p->warning : p->critical;
    char *warning = name_of(l, prefix, p->warning->key);
    char *critical = name_of(l, prefix, p->critical->key);
    char *found = shown(about), *limit = shown(other);
    char *hint =
        oc_asprintf("A warning comes before it is critical: write `%s` %s `%s`. Until then the "
                    "defaults of both hold.",
                    last_of(warning), p->scarce ? "above" : "below", last_of(critical));
    oc_diags_add(l->diags, false, about, of_critical ? critical : warning, hint,
                 "expected %s than %s, which is %s; found %s",
                 of_critical == p->scarce ? "less" : "more",
                 last_of(of_critical ? warning : critical), limit, found);
    free(hint);
    free(limit);
    free(found);
    free(critical);
    free(warning);
}

const struct oc_node *oc_threshold_settle(const struct oc_threshold_limits *l, const char *prefix,
                                          const struct oc_node *group,
                                          const struct oc_node *defaults,
                                          const struct oc_node *node)
{
    const struct oc_node *settled = alone(defaults, node);
    struct pair p;
    if (settled != node) {
        tell_alone(l, prefix, node, settled);
    }
    if (!settled || !pair_of(l, prefix, group, defaults, node, &p) || in_order(&p)) {
        return settled;
    }
    if (strstr(node->key, "warning")) { /* once for both */
        tell_pair(l, prefix, &p);
    }
    return fallback(defaults, node);
}
