/* The operation that writes figures out: export. SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/csv.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/cost/range.h"

#define EXPORT_MAX (6u << 20) /* bytes of one export: with JSON escapes it fits one frame */

static const struct oc_option export_options[] = {
    {.name = "format",
     .type = OC_OPT_ENUM,
     .offset = offsetof(struct oc_cost_params, format),
     .default_text = "csv",
     .choices = "csv|json",
     .help = "csv as in RFC 4180, or one JSON object a line"},
    OC_COST_RANGE,
    {0}};
struct exporting {
    struct oc_cost *c;
    struct oc_buf out;
    bool json;
};

static void export_json(struct exporting *e, const char *day, const struct oc_usage_row *row,
                        const struct oc_cost_sum *sum)
{
    json_t *o = json_object();
    oc_json_set_str(o, "day", day);
    oc_json_set_str(o, "model", row->id.model);
    oc_json_set_str(o, "provider", row->id.provider);
    oc_json_set_str(o, "agent", row->id.agent);
    oc_json_set_str(o, "key", row->id.key);
    oc_cost_put_sum(o, sum, true);
    char *text = oc_json_text(o);
    oc_buf_addf(&e->out, "%s\n", text);
    free(text);
    json_decref(o);
}

static void export_row(void *ctx, const char *day, const struct oc_usage_row *row)
{
    struct exporting *e = ctx;
    struct oc_cost_sum sum = {0};
    if (e->out.len >= EXPORT_MAX) {
        return;
    }
    oc_cost_add(e->c, &sum, row);
    if (e->json) {
        export_json(e, day, row, &sum);
        return;
    }
    const char *const names[] = {row->id.model, row->id.provider, row->id.agent, row->id.key};
    oc_buf_adds(&e->out, day);
    for (size_t i = 0; i < OC_COUNT(names); i++) {
        oc_buf_addc(&e->out, ',');
        oc_csv_field(&e->out, names[i]);
    }
    for (size_t i = 0; i < OC_USAGE_REPORTED; i++) {
        oc_buf_addf(&e->out, ",%.15g", row->v[i]);
    }
    oc_buf_addc(&e->out, ',');
    if (row->reported_known) {
        oc_buf_addf(&e->out, "%.15g", row->v[OC_USAGE_REPORTED]);
    }
    oc_buf_addf(&e->out, ",%.15g,%s\r\n", sum.dollars, sum.estimated > 0 ? "true" : "false");
}

static void op_export(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct oc_cost_params *p = oc_call_params(call);
    struct exporting e = {.c = c, .json = p->format == 1};
    struct oc_cost_range r;
    struct oc_error err;
    oc_error_init(&err);
    int code = oc_cost_read_range(c, p, &r, &err);
    if (code == OC_OK && !e.json) {
        oc_buf_adds(&e.out, "day,model,provider,agent,key,requests_ok,requests_failed,input_tokens,"
                            "output_tokens,cache_read_tokens,cache_write_tokens,reported_dollars,"
                            "dollars,estimated\r\n");
    }
    if (code == OC_OK) {
        oc_cost_each(c, r.from, r.to, export_row, &e);
    }
    if (code == OC_OK && e.out.len >= EXPORT_MAX) {
        code = oc_error_set(&err, OC_E_CONFIG, "the export is larger than %u MB", EXPORT_MAX >> 20);
        oc_error_hint(&err, "Export fewer days at a time.");
    }
    if (code == OC_OK) {
        json_t *o = json_object();
        oc_json_set_str(o, "format", e.json ? "json" : "csv");
        oc_json_set_str(o, "text", e.out.data ? e.out.data : "");
        oc_cost_warn_unless_told(call, c);
        oc_call_succeed(call, o);
    } else {
        oc_call_fail(call, &err);
    }
    oc_buf_finish(&e.out);
}

static const struct oc_op export_op = {
    .name = "cost.export",
    .summary = "Write the daily figures as CSV or JSON lines",
    .flags = OC_OP_EPHEMERAL,
    .params = export_options,
    .params_size = sizeof(struct oc_cost_params),
    .view = "text:text",
    .example = "openclaw cost export --from 2026-11-01 --to 2026-11-30 > november.csv",
    .handler = op_export,
};

void oc_cost_add_export(struct oc_cost *c)
{
    oc_ops_add(c->env.ops, &export_op, c);
}
