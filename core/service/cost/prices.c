/* Price tables: what a token of a model costs. SPDX-License-Identifier: MIT */
#include "core/service/cost/prices.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/sys/file.h"

extern const char oc_shipped_prices[]; /* the files of etc/prices, one after the other */

/* ---- one file ---- */

void oc_price_table_destroy(struct oc_price_table *t)
{
    if (!t) {
        return;
    }
    for (size_t i = 0; i < t->models.count; i++) {
        free(t->models.items[i].model);
    }
    OC_VEC_FINISH(&t->models);
    json_decref(t->document);
    free(t->provider);
    free(t->name);
    free(t->updated);
    free(t->currency);
    free(t);
}

/* A price between nothing and a dollar a token: more is a unit that was mixed up. */
static bool read_price(const json_t *model, const char *key, bool required, double *price)
{
    const json_t *v = json_object_get(model, key);
    *price = json_is_number(v) ? json_number_value(v) : NAN;
    if (!v || json_is_null(v)) {
        return !required;
    }
    return json_is_number(v) && *price >= 0 && *price <= 1;
}

static int take_model(struct oc_price_table *t, const char *name, const json_t *model,
                      struct oc_error *err)
{
    static const char *const keys[] = {"input_cost_per_token", "output_cost_per_token",
                                       "cache_read_cost_per_token", "cache_write_cost_per_token"};
    struct oc_price price = {0};
    double *const prices[] = {&price.input, &price.output, &price.cache_read, &price.cache_write};
    if (!json_is_object(model) || !*name || strlen(name) > 200) {
        return oc_error_set(err, OC_E_CONFIG, "models: expected an object for each model's name");
    }
    for (size_t i = 0; i < OC_COUNT(keys); i++) {
        if (!read_price(model, keys[i], i < 2, prices[i])) {
            oc_error_set(err, OC_E_CONFIG, "models.%s.%s: expected dollars per token, 0 to 1", name,
                         keys[i]);
            oc_error_hint(err, "Three dollars per million tokens are 0.000003.");
            return OC_E_CONFIG;
        }
    }
    price.model = oc_strdup(name);
    OC_VEC_PUSH(&t->models, price);
    return OC_OK;
}

static int take_models(struct oc_price_table *t, const json_t *models, struct oc_error *err)
{
    const char *name;
    json_t *model;
    int code = OC_OK;
    if (!json_is_object(models) || json_object_size(models) == 0 ||
        json_object_size(models) > OC_PRICES_MODELS_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "models: expected an object with 1 to %d models",
                            OC_PRICES_MODELS_MAX);
    }
    json_object_foreach((json_t *)models, name, model)
    {
        code = code == OC_OK ? take_model(t, name, model, err) : code;
    }
    return code;
}

static int check_members(const json_t *object, const char *where, const char *const *known,
                         size_t count, struct oc_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;
        while (i < count && strcmp(known[i], key) != 0) {
            i++;
        }
        if (i == count) {
            const char *near = oc_nearest(key, known, count);
            oc_error_set(err, OC_E_CONFIG, "%s%.64s: no price table has this member", where, key);
            oc_error_hint(err, near ? "Did you mean %s?" : "Leave it out.", near);
            return OC_E_CONFIG;
        }
    }
    return OC_OK;
}

int oc_price_table_check(const json_t *document, struct oc_error *err)
{
    static const char *const members[] = {"provider", "name",   "version", "last_updated",
                                          "currency", "models", "notes",   "forced"};
    static const char *const prices[] = {"input_cost_per_token",
                                         "output_cost_per_token",
                                         "cache_read_cost_per_token",
                                         "cache_write_cost_per_token",
                                         "max_tokens",
                                         "hardware_cost_estimate"};
    const char *name;
    json_t *model;
    int code = check_members(document, "", members, OC_COUNT(members), err);
    json_object_foreach(json_object_get(document, "models"), name, model)
    {
        char *where = oc_asprintf("models.%.200s.", name);
        code = code == OC_OK ? check_members(model, where, prices, OC_COUNT(prices), err) : code;
        free(where);
    }
    return code;
}

struct oc_price_table *oc_price_table_parse(const json_t *document, struct oc_error *err)
{
    const char *provider = oc_json_str(document, "provider", "");
    const char *updated = oc_json_str(document, "last_updated", "");
    const char *currency = oc_json_str(document, "currency", "");
    struct oc_price_table *t = oc_calloc(1, sizeof *t);
    int64_t when;
    int code = OC_OK;
    t->version = oc_json_int(document, "version", 0);
    if (!json_is_object(document)) {
        code = oc_error_set(err, OC_E_CONFIG, "expected a JSON object");
    } else if (!oc_name_valid(provider)) {
        code = oc_error_set(err, OC_E_CONFIG, "provider: expected a name such as \"openai\"");
    } else if (t->version < 1) {
        code = oc_error_set(err, OC_E_CONFIG, "version: expected a whole number from 1");
    } else if (strlen(updated) != 10 || oc_time_parse(updated, 0, &when) != OC_OK) {
        code = oc_error_set(err, OC_E_CONFIG, "last_updated: expected a date, \"2026-03-31\"");
    } else if (strcmp(currency, "USD") != 0) {
        code = oc_error_set(err, OC_E_CONFIG, "currency: expected \"USD\"");
    } else {
        code = take_models(t, json_object_get(document, "models"), err);
    }
    if (code != OC_OK) {
        oc_price_table_destroy(t);
        return NULL;
    }
    t->provider = oc_strdup(provider);
    t->name = oc_strdup(oc_json_str(document, "name", provider));
    t->updated = oc_strdup(updated);
    t->currency = oc_strdup(currency);
    t->document = json_deep_copy(document);
    t->forced = oc_json_bool(document, "forced", false);
    return t;
}

/* ---- all of them ---- */

static const char absent[] = "";

struct oc_price_table *oc_prices_table(const struct oc_prices *p, const char *provider)
{
    for (size_t i = 0; i < p->tables.count; i++) {
        if (strcasecmp(p->tables.items[i]->provider, provider) == 0) {
            return p->tables.items[i];
        }
    }
    return NULL;
}

void oc_prices_add(struct oc_prices *p, struct oc_price_table *t)
{
    oc_map_finish(&p->found, NULL);
    for (size_t i = 0; i < p->tables.count; i++) {
        if (strcasecmp(p->tables.items[i]->provider, t->provider) == 0) {
            oc_price_table_destroy(p->tables.items[i]);
            p->tables.items[i] = t;
            return;
        }
    }
    OC_VEC_PUSH(&p->tables, t);
}

static void load_shipped(struct oc_prices *p)
{
    const char *at = oc_shipped_prices;
    while (*(at += strspn(at, " \r\n\t"))) {
        json_error_t e;
        struct oc_error err;
        oc_error_init(&err);
        json_t *doc = json_loads(at, JSON_DISABLE_EOF_CHECK, &e);
        struct oc_price_table *t = oc_price_table_parse(doc, &err);
        OC_ASSERT(t); /* ours, and tested */
        oc_prices_add(p, t);
        json_decref(doc);
        at += e.position;
    }
}

static void load_file(struct oc_prices *p, const char *path)
{
    struct oc_error err;
    struct oc_buf text = {0};
    json_t *doc = NULL;
    struct oc_price_table *t = NULL;
    oc_error_init(&err);
    if (oc_file_read(path, OC_PRICES_FILE_MAX, &text, &err) == OC_OK) {
        doc = oc_json_parse(text.data ? text.data : "", text.len, &err);
        t = doc ? oc_price_table_parse(doc, &err) : NULL;
    }
    const struct oc_price_table *was = t ? oc_prices_table(p, t->provider) : NULL;
    if (!t) {
        oc_warn("price table left out", "file=%s error=%s", path, err.message);
    } else if (was && was->version > t->version && !t->forced) {
        oc_price_table_destroy(t); /* what was shipped since is newer */
    } else {
        t->own = true;
        oc_prices_add(p, t);
    }
    json_decref(doc);
    oc_buf_finish(&text);
}

void oc_prices_load(struct oc_prices *p, const char *dir)
{
    load_shipped(p);
    DIR *d = dir ? opendir(dir) : NULL;
    const struct dirent *e;
    while (d && (e = readdir(d)) != NULL) {
        if (oc_ends(e->d_name, ".json") && e->d_name[0] != '.') {
            char *path = oc_path_join(dir, e->d_name);
            load_file(p, path);
            free(path);
        }
    }
    if (d) {
        closedir(d);
    }
}

void oc_prices_finish(struct oc_prices *p)
{
    for (size_t i = 0; i < p->tables.count; i++) {
        oc_price_table_destroy(p->tables.items[i]);
    }
    OC_VEC_FINISH(&p->tables);
    oc_map_finish(&p->found, NULL);
}

/* ---- looking up ---- */

static const struct oc_price *in_table(const struct oc_price_table *t, const char *model)
{
    const struct oc_price *other_case = NULL;
    for (size_t i = 0; t && i < t->models.count; i++) {
        if (strcmp(t->models.items[i].model, model) == 0) {
            return &t->models.items[i];
        }
        if (strcasecmp(t->models.items[i].model, model) == 0) {
            other_case = &t->models.items[i];
        }
    }
    return other_case;
}

static const struct oc_price *look_up(const struct oc_prices *p, const char *provider,
                                      const char *model)
{
    const struct oc_price *found = NULL;
    if (provider) {
        found = in_table(oc_prices_table(p, provider), model);
    }
    const char *slash = strchr(model, '/');
    if (!found && slash) {
        char *front = oc_strndup(model, (size_t)(slash - model));
        found = look_up(p, front, slash + 1);
        free(front);
    }
    for (size_t i = 0; !found && i < p->tables.count; i++) {
        found = in_table(p->tables.items[i], model);
    }
    return found;
}

const struct oc_price *oc_prices_find(struct oc_prices *p, const char *provider, const char *model)
{
    char key[512];
    int len = snprintf(key, sizeof key, "%s\n%s", provider ? provider : "", model);
    if (len < 0 || (size_t)len >= sizeof key) {
        return NULL;
    }
    const void *known = oc_map_get(&p->found, key);
    if (!known) {
        const struct oc_price *found = look_up(p, provider, model);
        known = found ? (const void *)found : (const void *)absent;
        if (p->found.count < 10000) {
            oc_map_set(&p->found, key, (void *)(uintptr_t)known);
        }
    }
    return known == absent ? NULL : known;
}

double oc_price_of(const struct oc_price *price, const struct oc_tokens *tokens)
{
    double cached = tokens->cache_read + tokens->cache_write;
    double plain = tokens->input > cached ? tokens->input - cached : 0;
    if (!price) {
        return tokens->input * OC_PRICES_GUESS_INPUT + tokens->output * OC_PRICES_GUESS_OUTPUT;
    }
    double read = isnan(price->cache_read) ? price->input : price->cache_read;
    double written = isnan(price->cache_write) ? price->input : price->cache_write;
    return plain * price->input + tokens->output * price->output + tokens->cache_read * read +
           tokens->cache_write * written;
}

double oc_price_saved(const struct oc_price *price, double cache_read)
{
    return !price || isnan(price->cache_read) ? 0 : cache_read * (price->input - price->cache_read);
}
