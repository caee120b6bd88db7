/* Text format 0.0.4 and OpenMetrics 1.0, line by line. SPDX-License-Identifier: MIT
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics specification. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/api/prometheus/prometheus.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* ---- what the client wants ---- */

/* The weight of one media range "type/subtype;q=0.5;...", and whether it is `wanted`. */
static double weight_of(const char *range, size_t len, const char *wanted)
{
    double q = 1;
    size_t name = strlen(wanted);
    if (len < name || strncasecmp(range, wanted, name) != 0 ||
        (len > name && !strchr("; \t", range[name]))) {
        return 0;
    }
    for (size_t i = name; i + 2 < len; i++) {
        if ((range[i] == ';' || range[i] == ' ') && tolower((unsigned char)range[i + 1]) == 'q' &&
            range[i + 2] == '=') {
            q = strtod(range + i + 3, NULL); /* stops at what is no number */
        }
    }
    return q >= 0 && q <= 1 ? q : 0;
}

static double best_weight(const char *accept, const char *wanted)
{
    double best = 0;
    while (*accept) {
        accept += strspn(accept, " \t,");
        size_t len = strcspn(accept, ",");
        double q = weight_of(accept, len, wanted);
        best = q > best ? q : best;
        accept += len;
    }
    return best;
}

bool oc_page_wants_open_metrics(const char *accept)
{
    if (!accept) {
        return false;
    }
    double open = best_weight(accept, "application/openmetrics-text");
    return open > 0 && open >= best_weight(accept, "text/plain");
}

/* ---- families ---- */

static void add_help(struct oc_page *p, const char *help)
{
    for (; *help; help++) {
        if (*help == '\\' || *help == '\n') {
            oc_buf_adds(&p->text, *help == '\n' ? "\\n" : "\\\\");
        } else if (*help == '"' && p->open_metrics) {
            oc_buf_adds(&p->text, "\\\"");
        } else {
            oc_buf_addc(&p->text, *help);
        }
    }
}

static const char *type_name(const struct oc_page *p, enum oc_page_type type)
{
    switch (type) {
    case OC_PAGE_GAUGE:
        return "gauge";
    case OC_PAGE_COUNTER:
        return "counter";
    case OC_PAGE_HISTOGRAM:
        return "histogram";
    case OC_PAGE_UNKNOWN:
        break;
    }
    return p->open_metrics ? "unknown" : "untyped";
}

static void add_unit(struct oc_page *p, const char *name, size_t len)
{
    static const char *const units[] = {"seconds", "bytes", "ratio"};
    for (size_t i = 0; i < OC_COUNT(units); i++) {
        size_t size = strlen(units[i]);
        if (len > size + 1 && name[len - size - 1] == '_' &&
            memcmp(name + len - size, units[i], size) == 0) {
            oc_buf_addf(&p->text, "# UNIT %.*s %s\n", (int)len, name, units[i]);
        }
    }
}

bool oc_page_has(const struct oc_page *p, const char *name)
{
    return oc_map_get(&p->families, name) != NULL;
}

void oc_page_family(struct oc_page *p, const char *name, enum oc_page_type type, const char *help)
{
    size_t len = strlen(name);
    if (p->open_metrics && type == OC_PAGE_COUNTER && oc_ends(name, "_total")) {
        size_t stem = len - strlen("_total"); /* there the family is named without it */
        bool taken = oc_map_getn(&p->families, name, stem) != NULL;
        type = taken ? OC_PAGE_UNKNOWN : type; /* a gauge of that name was first */
        len = taken ? len : stem;
        oc_map_setn(&p->families, name, stem, p);
    }
    oc_map_set(&p->families, name, p);
    oc_buf_addf(&p->text, "# HELP %.*s ", (int)len, name);
    add_help(p, help);
    oc_buf_addf(&p->text, "\n# TYPE %.*s %s\n", (int)len, name, type_name(p, type));
    if (p->open_metrics) {
        add_unit(p, name, len);
    }
}

/* ---- samples ---- */

void oc_page_begin(struct oc_page *p, const char *name, const char *suffix)
{
    oc_buf_adds(&p->text, name);
    oc_buf_adds(&p->text, suffix);
    p->labelled = false;
}

void oc_page_label(struct oc_page *p, const char *name, const char *value)
{
    oc_buf_addc(&p->text, p->labelled ? ',' : '{');
    oc_buf_adds(&p->text, name);
    oc_buf_adds(&p->text, "=\"");
    oc_export_escape(&p->text, value);
    oc_buf_addc(&p->text, '"');
    p->labelled = true;
}

void oc_page_end(struct oc_page *p, double value)
{
    oc_buf_adds(&p->text, p->labelled ? "} " : " ");
    oc_export_number(&p->text, value);
    oc_buf_addc(&p->text, '\n');
}

void oc_page_sample(struct oc_page *p, const char *name, double value, const char *label,
                    const char *label_value, const char *label2, const char *label2_value)
{
    oc_page_begin(p, name, "");
    if (label) {
        oc_page_label(p, label, label_value);
    }
    if (label2) {
        oc_page_label(p, label2, label2_value);
    }
    oc_page_end(p, value);
}

void oc_page_single(struct oc_page *p, const char *name, enum oc_page_type type, const char *help,
                    double value)
{
    oc_page_family(p, name, type, help);
    oc_page_sample(p, name, value, NULL, NULL, NULL, NULL);
}

void oc_page_finish(struct oc_page *p)
{
    if (p->open_metrics) {
        oc_buf_adds(&p->text, "# EOF\n");
    }
    oc_map_finish(&p->families, NULL);
}
