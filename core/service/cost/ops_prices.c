/* The operations over price tables: show, update. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/service/cost/internal.h"
#include "core/sys/file.h"

struct params {
    const char *model, *file;
    int32_t force, dry_run;
};
#define AT(member) offsetof(struct params, member)

static const struct oc_option show_options[] = {
    {.name = "model",
     .type = OC_OPT_STRING,
     .flags = OC_OPT_POSITIONAL,
     .offset = AT(model),
     .help = "part of a model's or provider's name; default: all"},
    {0}};
static const struct oc_option update_options[] = {
    {.name = "file",
     .type = OC_OPT_PATH,
     .flags = OC_OPT_POSITIONAL | OC_OPT_REQUIRED,
     .offset = AT(file),
     .help = "a price table (JSON) in the form of those that are shipped"},
    {.name = "force",
     .type = OC_OPT_BOOL,
     .offset = AT(force),
     .help = "also when its version is not higher than that of the table in force"},
    {.name = "dry_run",
     .type = OC_OPT_BOOL,
     .offset = AT(dry_run),
     .help = "show what would change, and change nothing"},
    {0}};

/* ---- cost.prices.show ---- */

static bool wanted(const char *text, const struct oc_price_table *t, const struct oc_price *p)
{
    return !text || strcasestr(p->model, text) || strcasestr(t->provider, text) ||
           (strncasecmp(text, t->provider, strlen(t->provider)) == 0 &&
            text[strlen(t->provider)] == '/' &&
            strcasestr(p->model, text + strlen(t->provider) + 1));
}

static json_t *price_json(const struct oc_price_table *t, const struct oc_price *p)
{
    json_t *o = json_object();
    char *model = oc_asprintf("%s/%s", t->provider, p->model);
    oc_json_set_str(o, "model", model);
    /* a million tokens: what people compare */
    oc_json_set_num(o, "input", p->input * 1e6);
    oc_json_set_num(o, "output", p->output * 1e6);
    oc_json_set_num(o, "cache_read", p->cache_read * 1e6);
    oc_json_set_num(o, "cache_write", p->cache_write * 1e6);
    oc_json_set_int(o, "version", t->version);
    oc_json_set_str(o, "updated", t->updated);
    oc_json_set_str(o, "origin", t->own ? "updated" : "shipped");
    free(model);
    return o;
}

static void op_show(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    const struct oc_prices *prices = oc_cost_prices(c);
    json_t *list = json_array();
    for (size_t i = 0; i < prices->tables.count; i++) {
        const struct oc_price_table *t = prices->tables.items[i];
        for (size_t k = 0; k < t->models.count; k++) {
            if (wanted(p->model, t, &t->models.items[k])) {
                json_array_append_new(list, price_json(t, &t->models.items[k]));
            }
        }
    }
    if (p->model && json_array_size(list) == 0) {
        json_decref(list);
        oc_call_failf(
            call, OC_E_NOT_FOUND,
            "Its cost is estimated at $1 and $3 a million tokens; `openclaw cost prices update` "
            "takes a table that has it.",
            "no price table has %s", p->model);
        return;
    }
    oc_call_succeed(call, list);
}

static const struct oc_op show_op = {
    .name = "cost.prices.show",
    .summary = "Show what models cost, in dollars per million tokens",
    .flags = OC_OP_EPHEMERAL,
    .params = show_options,
    .params_size = sizeof(struct params),
    .view = "table:model=Model,input=Input,output=Output,cache_read=Cache read,"
            "cache_write=Cache write,updated=Updated,version=Version,origin=Origin",
    .example = "openclaw cost prices show gpt-4o",
    .handler = op_show,
};

/* ---- cost.prices.update ---- */

static const struct oc_price *model_of(const struct oc_price_table *t, const char *model)
{
    for (size_t i = 0; t && i < t->models.count; i++) {
        if (strcmp(t->models.items[i].model, model) == 0) {
            return &t->models.items[i];
        }
    }
    return NULL;
}

static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || a == b;
}

static bool same_price(const struct oc_price *a, const struct oc_price *b)
{
    return same_number(a->input, b->input) && same_number(a->output, b->output) &&
           same_number(a->cache_read, b->cache_read) && same_number(a->cache_write, b->cache_write);
}

static void put_change(json_t *list, const char *change, const struct oc_price_table *t,
                       const struct oc_price *was, const struct oc_price *now)
{
    json_t *o = json_object();
    const struct oc_price *named = now ? now : was;
    char *model = oc_asprintf("%s/%s", t->provider, named->model);
    oc_json_set_str(o, "change", change);
    oc_json_set_str(o, "model", model);
    oc_json_set_num(o, "input_was", was ? was->input * 1e6 : NAN);
    oc_json_set_num(o, "input", now ? now->input * 1e6 : NAN);
    oc_json_set_num(o, "output_was", was ? was->output * 1e6 : NAN);
    oc_json_set_num(o, "output", now ? now->output * 1e6 : NAN);
    json_array_append_new(list, o);
    free(model);
}

static json_t *changes(const struct oc_price_table *was, const struct oc_price_table *now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < now->models.count; i++) {
        const struct oc_price *p = &now->models.items[i], *old = model_of(was, p->model);
        if (!old) {
            put_change(list, "new", now, NULL, p);
        } else if (!same_price(old, p)) {
            put_change(list, "changed", now, old, p);
        }
    }
    for (size_t i = 0; was && i < was->models.count; i++) {
        if (!model_of(now, was->models.items[i].model)) {
            put_change(list, "gone", now, &was->models.items[i], NULL);
        }
    }
    return list;
}

static struct oc_price_table *read_table(const char *file, struct oc_error *err)
{
    struct oc_buf text = {0};
    struct oc_price_table *t = NULL;
    if (oc_file_read(file, OC_PRICES_FILE_MAX, &text, err) == OC_OK) {
        json_t *doc = oc_json_parse(text.data ? text.data : "", text.len, err);
        t = doc && oc_price_table_check(doc, err) == OC_OK ? oc_price_table_parse(doc, err) : NULL;
        json_decref(doc);
    }
    oc_buf_finish(&text);
    return t;
}

/* Into <home>/prices/<provider>.json: the provider's name is checked, and lower case, so that it names one file. */
static int keep(struct oc_cost *c, const struct oc_price_table *t, struct oc_error *err)
{
    char *dir = oc_path_join(c->env.home, "prices");
    char *name = oc_asprintf("%s.json", t->provider);
    for (char *s = name; *s; s++) {
        *s = *s >= 'A' && *s <= 'Z' ? (char)(*s + 32) : *s;
    }
    char *path = oc_path_join(dir, name);
    char *text = oc_json_pretty(t->document);
    int code = oc_dir_make(dir, 0700, err);
    code = code == OC_OK ? oc_file_write(path, text, strlen(text), 0600, err) : code;
    free(text);
    free(path);
    free(name);
    free(dir);
    return code;
}

static int check_version(const struct oc_price_table *was, const struct oc_price_table *now,
                         bool force, struct oc_error *err)
{
    if (!was || now->version > was->version || force) {
        return OC_OK;
    }
    oc_error_set(err, OC_E_CONFLICT, "version %lld of %s is not higher than version %lld in force",
                 (long long)now->version, now->provider, (long long)was->version);
    oc_error_hint(err, "Give the file a higher version, or say --force.");
    return OC_E_CONFLICT;
}

static void op_update(struct oc_call *call, void *ctx)
{
    struct oc_cost *c = ctx;
    const struct params *p = oc_call_params(call);
    struct oc_error err;
    oc_error_init(&err);
    struct oc_price_table *t = read_table(p->file, &err);
    const struct oc_price_table *was = t ? oc_prices_table(oc_cost_prices(c), t->provider) : NULL;
    int code = t ? check_version(was, t, p->force || p->dry_run, &err) : err.code;
    if (code == OC_OK && !p->dry_run) {
        json_object_del(t->document, "forced");
        if (p->force) {
            oc_json_set_bool(t->document, "forced", true);
        }
        code = keep(c, t, &err);
    }
    if (code != OC_OK) {
        oc_price_table_destroy(t);
        oc_call_fail(call, &err);
        return;
    }
    json_t *o = json_object();
    oc_json_set_str(o, "provider", t->provider);
    oc_json_set_int(o, "version_was", was ? was->version : 0);
    oc_json_set_int(o, "version", t->version);
    oc_json_set_bool(o, "dry_run", p->dry_run);
    oc_json_take(o, "changes", changes(was, t));
    if (p->dry_run) {
        oc_price_table_destroy(t);
    } else {
        t->own = true;
        oc_prices_add(oc_cost_prices(c), t);
        oc_cost_reprice(c);
    }
    oc_call_succeed(call, o);
}

static const struct oc_op update_op = {
    .name = "cost.prices.update",
    .summary = "Take over a newer price table from a file",
    .role = OC_ROLE_ADMIN,
    .flags = OC_OP_MUTATES | OC_OP_REPLAY_SAFE | OC_OP_EPHEMERAL,
    .params = update_options,
    .params_size = sizeof(struct params),
    .view = "record",
    .description =
        "The file is checked as a whole, then kept in the folder `prices` of the home folder. Of "
        "two tables of "
        "one\nprovider the higher version holds, also after an update of the host itself.",
    .example = "openclaw cost prices update openai.json --dry-run",
    .handler = op_update,
};

void oc_cost_add_prices(struct oc_cost *c)
{
    oc_ops_add(c->env.ops, &show_op, c);
    oc_ops_add(c->env.ops, &update_op, c);
}
