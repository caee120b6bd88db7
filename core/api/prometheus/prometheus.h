/* The area /metrics, shared by its files. SPDX-License-Identifier: MIT  [loop]
 *
 * A page is families in the order of their names: those of the store's series (table.c, built once and grown with the
 * store), the host's own (own.c asks the services, core/base/meter.h has what was counted) and the process's (process.c).
 * Nothing of a value is kept between two pages. */
#ifndef OC_API_PROMETHEUS_PROMETHEUS_H
#define OC_API_PROMETHEUS_PROMETHEUS_H

#include "core/api/internal.h"
#include "core/base/buf.h"
#include "core/base/map.h"
#include "core/base/vec.h"
#include "core/service/export/naming.h"

/* ---- page.c: one page being written ---- */

enum oc_page_type { OC_PAGE_GAUGE, OC_PAGE_COUNTER, OC_PAGE_UNKNOWN, OC_PAGE_HISTOGRAM };

struct oc_page {
    struct oc_buf text;
    bool open_metrics;      /* else the text format 0.0.4 */
    bool labelled;          /* the sample being written has a label already */
    struct oc_map families; /* names that are on the page already; finish frees it */
};

/* True when this Accept header prefers OpenMetrics; NULL is any. */
bool oc_page_wants_open_metrics(const char *accept);
/* HELP, TYPE and UNIT; `name` is a sample's: a counter's ends in _total. */
void oc_page_family(struct oc_page *p, const char *name, enum oc_page_type type, const char *help);
/* One sample: begin, labels, end. */
void oc_page_begin(struct oc_page *p, const char *name, const char *suffix);
void oc_page_label(struct oc_page *p, const char *name, const char *value);
void oc_page_end(struct oc_page *p, double value);
/* A sample with up to two labels (NULL: none). */
void oc_page_sample(struct oc_page *p, const char *name, double value, const char *label,
                    const char *label_value, const char *label2, const char *label2_value);
/* A family of one sample without labels. */
void oc_page_single(struct oc_page *p, const char *name, enum oc_page_type type, const char *help,
                    double value);
bool oc_page_has(const struct oc_page *p, const char *name);
void oc_page_finish(struct oc_page *p); /* # EOF where the format has it; `text` is the caller's */

/* ---- table.c: the store's series by family ---- */

/* A series is left out when its latest sample is older, unless its samples are further apart: then after three of them. */
#define OC_PROMETHEUS_STALE_MS INT64_C(330000)

/* A series with what does not change about it, made once. */
struct oc_family_member {
    struct oc_series *series;
    char *labels;                 /* owned: "" or {a="b",...} */
    struct oc_export_name *scale; /* owned; NULL: the family's */
};

struct oc_family {
    struct oc_export_name name;
    char *help;         /* owned */
    const char *source; /* the store's name; interned */
    bool mixed;         /* series of several store names: the same labels may come twice */
    OC_VEC(struct oc_family_member) members;
};

struct oc_family_table {
    const struct oc_env *env;
    struct oc_map names;             /* exported name -> struct oc_family, borrowed */
    struct oc_map sources;           /* store name + kind -> struct oc_family, borrowed */
    OC_VEC(struct oc_family *) list; /* owned, sorted when `sorted` */
    bool sorted;
    uint32_t last_id; /* series up to this one are in it */
};

void oc_family_table_update(struct oc_family_table *t);
void oc_family_table_write(struct oc_family_table *t, struct oc_page *p);
void oc_family_table_finish(struct oc_family_table *t);

/* ---- own.c, process.c ---- */

struct oc_api_prometheus {
    struct oc_api *api;
    struct oc_family_table table;
    OC_VEC(struct oc_subscription *) subscriptions;
};

void oc_prometheus_listen(struct oc_api_prometheus *p); /* counts events and calls of plugins */
void oc_prometheus_write_own(struct oc_api_prometheus *p, struct oc_page *page);
void oc_prometheus_write_meters(struct oc_page *page);
void oc_prometheus_write_process(struct oc_page *page);

#endif
