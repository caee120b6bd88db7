/* Series of the store as Prometheus names them. SPDX-License-Identifier: MIT */
#include "core/service/export/naming.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/store/number.h"
#include "core/store/registry.h"

#define OWN "openclaw_"

/* ---- names ---- */

static const struct {
    const char *suffix, *base;
    double multiply, divide;
} units[] = {
    {"_ms", "_seconds", 1, 1000},     {"_us", "_seconds", 1, 1000000},
    {"_minutes", "_seconds", 60, 1},  {"_hours", "_seconds", 3600, 1},
    {"_days", "_seconds", 86400, 1},  {"_percent", "_ratio", 1, 100},
    {"_kb", "_bytes", 1024, 1},       {"_mb", "_bytes", 1048576, 1},
    {"_gb", "_bytes", 1073741824, 1},
};

static const struct {
    const char *from, *to;
} renamed[] = {
    {"agent.up", OWN "agent_status"},
};

static void to_base_unit(struct oc_export_name *out)
{
    for (size_t i = 0; i < OC_COUNT(units); i++) {
        if (oc_ends(out->text, units[i].suffix)) {
            size_t at = strlen(out->text) - strlen(units[i].suffix);
            snprintf(out->text + at, sizeof out->text - at, "%s", units[i].base);
            out->multiply = units[i].multiply;
            out->divide = units[i].divide;
            return;
        }
    }
}

static void own_name(const char *name, uint32_t kind, struct oc_export_name *out)
{
    snprintf(out->text, sizeof out->text - sizeof "_current", OWN "%s", name);
    for (char *c = out->text; *c; c++) {
        *c = *c == '.' || *c == ':' ? '_' : *c;
    }
    bool total = oc_ends(out->text, "_total");
    size_t stem = strlen(out->text) - (total ? strlen("_total") : 0);
    out->text[stem] = '\0';
    to_base_unit(out);
    stem = strlen(out->text);
    if (kind == OC_KIND_COUNTER || total) {
        snprintf(out->text + stem, sizeof out->text - stem, "%s",
                 kind == OC_KIND_COUNTER ? "_total" : "_current");
    }
}

static bool is_part_of_another(const char *name)
{
    return oc_ends(name, "_bucket") || oc_ends(name, "_count") || oc_ends(name, "_sum") ||
           oc_ends(name, "_total");
}

static void foreign_name(const char *name, uint32_t kind, struct oc_export_name *out)
{
    bool clash = oc_starts(name, OWN) || oc_starts(name, "process_");
    snprintf(out->text, sizeof out->text, "%s%s", clash ? "scraped_" : "", name);
    if (kind == OC_KIND_COUNTER) {
        out->type = oc_ends(name, "_total") ? OC_EXPORT_COUNTER : OC_EXPORT_UNKNOWN;
    } else if (is_part_of_another(name)) {
        out->type = OC_EXPORT_UNKNOWN;
    }
}

void oc_export_name(const char *name, uint32_t kind, struct oc_export_name *out)
{
    *out = (struct oc_export_name){.multiply = 1, .divide = 1};
    out->type = kind == OC_KIND_COUNTER ? OC_EXPORT_COUNTER : OC_EXPORT_GAUGE;
    for (size_t i = 0; i < OC_COUNT(renamed); i++) {
        if (strcmp(name, renamed[i].from) == 0) {
            oc_copy(out->text, sizeof out->text, renamed[i].to);
            return;
        }
    }
    if (!strchr(name, '.')) {
        foreign_name(name, kind, out);
        return;
    }
    own_name(name, kind, out);
    if (out->type == OC_EXPORT_GAUGE && is_part_of_another(out->text)) {
        out->type = OC_EXPORT_UNKNOWN;
    }
}

/* ---- labels ---- */

struct pair {
    char name[OC_EXPORT_NAME_MAX];
    const char *value;
};

static void legal_label(const char *name, char *out, size_t size)
{
    const char *head = isdigit((unsigned char)*name) || oc_starts(name, "__") ? "label_" : "";
    snprintf(out, size, "%s%s", head, name);
    for (char *c = out; *c; c++) {
        *c = isalnum((unsigned char)*c) ? *c : '_';
    }
}

static const char *new_label(const struct oc_series *series, const char *label)
{
    if (strcmp(label, "instance") == 0) {
        return "collector";
    }
    if (strcmp(label, "target") == 0 && oc_starts(series->name, "agent.")) {
        return "agent_id";
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static bool is_taken(const struct pair *pairs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What is renamed has the name first; a label that already had it steps aside as "exported_<name>". */
static size_t gather(const struct oc_series *series, struct pair *pairs)
{
    size_t count = 0;
    for (uint32_t i = 0; i < series->label_count && count < OC_SERIES_LABELS; i++) {
        const char *name = new_label(series, series->labels[i].name);
        if (name) {
            oc_copy(pairs[count].name, sizeof pairs[count].name, name);
            pairs[count++].value = series->labels[i].value;
        }
    }
    for (uint32_t i = 0; i < series->label_count && count < OC_SERIES_LABELS; i++) {
        if (new_label(series, series->labels[i].name)) {
            continue;
        }
        char name[OC_EXPORT_NAME_MAX - 16];
        legal_label(series->labels[i].name, name, sizeof name);
        bool taken = is_taken(pairs, count, name);
        snprintf(pairs[count].name, sizeof pairs[count].name, "%s%s", taken ? "exported_" : "",
                 name);
        if (!taken || !is_taken(pairs, count, pairs[count].name)) {
            pairs[count++].value = series->labels[i].value;
        }
    }
    return count;
}

void oc_export_labels(const struct oc_series *series,
                      void (*fn)(void *ctx, const char *name, const char *value), void *ctx)
{
    struct pair pairs[OC_SERIES_LABELS];
    size_t count = gather(series, pairs);
    if (count > 1) {
        qsort(pairs, count, sizeof *pairs, by_name);
    }
    for (size_t i = 0; i < count; i++) {
        fn(ctx, pairs[i].name, pairs[i].value);
    }
}

/* ---- text ---- */

void oc_export_escape(struct oc_buf *out, const char *value)
{
    while (*value) {
        size_t plain = strcspn(value, "\\\"\n");
        oc_buf_add(out, value, plain);
        value += plain;
        if (*value) {
            oc_buf_adds(out, *value == '\n' ? "\\n" : *value == '"' ? "\\\"" : "\\\\");
            value++;
        }
    }
}

/* Most figures are decimals that somebody rounded: these are written without asking the C library. */
static bool add_decimal(struct oc_buf *out, double value)
{
    char text[32], *at = text + sizeof text;
    int64_t m = 0;
    unsigned exponent = 1;
    while (exponent <= 6 && !oc_decimal_exact(value, exponent, &m)) {
        exponent++;
    }
    if (exponent > 6) {
        return false;
    }
    uint64_t rest = m < 0 ? (uint64_t)-m : (uint64_t)m;
    for (unsigned digit = 0; rest || digit <= exponent; digit++) {
        if (digit == exponent) {
            *--at = '.';
        }
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (m < 0) {
        *--at = '-';
    }
    oc_buf_add(out, at, (size_t)(text + sizeof text - at));
    return true;
}

void oc_export_number(struct oc_buf *out, double value)
{
    char text[40];
    if (isnan(value) || isinf(value)) {
        oc_buf_adds(out, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(text, sizeof text, "%lld", (long long)value);
        oc_buf_adds(out, value == 0 && signbit(value) ? "-0" : text);
        return;
    }
    if (add_decimal(out, value)) {
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    oc_buf_adds(out, text);
}
