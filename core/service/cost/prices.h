/* Price tables: what a token of a model costs. SPDX-License-Identifier: MIT  [loop]
 *
 * One JSON file for each provider: the shipped ones (etc/prices) are in the binary, newer ones in <home>/prices. Of two
 * files of one provider the higher version counts. A file is taken whole or not at all. */
#ifndef OC_SERVICE_COST_PRICES_H
#define OC_SERVICE_COST_PRICES_H

#include <jansson.h>
#include <stdbool.h>

#include "core/base/error.h"
#include "core/base/map.h"
#include "core/base/vec.h"

#define OC_PRICES_MODELS_MAX 4096       /* of one file */
#define OC_PRICES_FILE_MAX   (4u << 20) /* bytes */
/* For a model without a price: $1 and $3 per million tokens, marked as an estimate. */
#define OC_PRICES_GUESS_INPUT  1e-6
#define OC_PRICES_GUESS_OUTPUT 3e-6

/* Dollars per token. */
struct oc_price {
    char *model; /* owned */
    double input, output;
    double cache_read, cache_write; /* NaN: not said, then the input's price holds */
};

struct oc_price_table {
    char *provider, *name, *updated, *currency; /* owned */
    int64_t version;
    OC_VEC(struct oc_price) models;
    json_t *document; /* owned */
    bool own;         /* from <home>/prices, not a shipped one */
    bool
        forced; /* somebody wanted it although its version is lower: a member of the kept document */
};

struct oc_prices {
    OC_VEC(struct oc_price_table *) tables; /* by provider */
    struct oc_map found; /* "provider\nmodel" -> struct oc_price *, and what was not found */
};

/* What is to be taken anew has no member that would be passed over; one that was taken before is read with what it has. */
int oc_price_table_check(const json_t *document, struct oc_error *err);
/* The table that a document describes; NULL and OC_E_CONFIG with what is wrong where. Takes nothing. */
struct oc_price_table *oc_price_table_parse(const json_t *document, struct oc_error *err);
void oc_price_table_destroy(struct oc_price_table *t); /* NULL is fine */

/* The shipped tables, then those of the folder `dir` (may be NULL); a bad file is left out and logged. */
void oc_prices_load(struct oc_prices *p, const char *dir);
void oc_prices_finish(struct oc_prices *p);
/* Takes `t` in place of an older one of its provider. */
void oc_prices_add(struct oc_prices *p, struct oc_price_table *t);
struct oc_price_table *oc_prices_table(const struct oc_prices *p, const char *provider);

/* The price of a model: by its own provider, exactly, then in another case, then of whichever provider has it. The model may
 * be "provider/model" and the provider NULL. NULL: nobody has it. Borrowed until the tables change. */
const struct oc_price *oc_prices_find(struct oc_prices *p, const char *provider, const char *model);

struct oc_tokens {
    double input, output, cache_read,
        cache_write; /* input includes what came from or went to a cache */
};
/* Dollars; `price` NULL: the estimate. */
double oc_price_of(const struct oc_price *price, const struct oc_tokens *tokens);
/* What the cache saved: read tokens at the input's price less what they cost. */
double oc_price_saved(const struct oc_price *price, double cache_read);

#endif
