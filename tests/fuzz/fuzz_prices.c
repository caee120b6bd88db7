/* Fuzzes price files: whatever they hold, a table is taken whole, with prices that can be reckoned with, or not at all.
 * SPDX-License-Identifier: MIT */
// uses: oc_service
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/service/cost/prices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good) {
        abort();
    }
}

static void check_table(const struct oc_price_table *t)
{
    const struct oc_tokens tokens = {1e6, 1e6, 5e5, 1e5};
    check(t->version > 0 && t->models.count > 0 && t->models.count <= OC_PRICES_MODELS_MAX);
    for (size_t i = 0; i < t->models.count; i++) {
        const struct oc_price *p = &t->models.items[i];
        check(p->model[0] && p->input >= 0 && p->input <= 1 && p->output >= 0 && p->output <= 1);
        check(isfinite(oc_price_of(p, &tokens)));
        check(isfinite(oc_price_saved(p, 1e6)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oc_error err;
    oc_error_init(&err);
    json_t *doc = oc_json_parse((const char *)data, size, &err);
    struct oc_price_table *t = doc ? oc_price_table_parse(doc, &err) : NULL;
    if (t) {
        check_table(t);
        struct oc_prices prices = {0};
        char *model = strdup(t->models.items[0].model);
        oc_prices_add(&prices, t);
        oc_prices_find(&prices, t->provider, model);
        oc_prices_find(&prices, NULL, model);
        free(model);
        oc_prices_finish(&prices);
    } else {
        check(err.code != OC_OK && err.message[0]);
    }
    json_decref(doc);
    return 0;
}
