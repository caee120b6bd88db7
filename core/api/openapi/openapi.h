/* The OpenAPI 3.1 document, and the page for people that is made of it. SPDX-License-Identifier: MIT  [loop]
 *
 * Both come from the table of operations and the routes of all areas, and are made again when an operation comes or goes. */
#ifndef OC_API_OPENAPI_OPENAPI_H
#define OC_API_OPENAPI_OPENAPI_H

#include "core/api/internal.h"
#include "core/base/buf.h"

/* The document; owned by the caller. */
json_t *oc_openapi_document(struct oc_ops *ops, const struct oc_router *router,
                            const char *version);

/* ---- operations.c ---- */
/* Adds the paths of all operations that have one. */
void oc_openapi_add_operations(json_t *paths, struct oc_ops *ops);

/* ---- routes.c ---- */
/* Adds the paths of the areas; those that speak another protocol go to `sockets`, {"/ws": summary}. */
void oc_openapi_add_routes(json_t *paths, json_t *sockets, const struct oc_router *router);

/* ---- params.c ---- */
/* The schema of a table's object, with defaults and the limits that hold for every JSON of ours. Owned by the caller. */
json_t *oc_openapi_params(const struct oc_option *table);
/* The same as the "parameters" of a GET. */
json_t *oc_openapi_query(const struct oc_option *table);
/* {"severity":"critical"} from "openclaw alert list --severity critical", and a value for whatever is required and not in it;
 * NULL when there is nothing to show. Owned by the caller. */
json_t *oc_openapi_example(const struct oc_op *op);

/* ---- sample.c ---- */
/* Adds a value for each required option that is missing: its default, its first choice, or one of its type. */
void oc_openapi_complete(json_t *example, const struct oc_option *table);

/* ---- result.c ---- */
/* The schema of "[{id: string, value: number|null}]" (oc_op.result); NULL when it cannot be read. Owned by the caller. */
json_t *oc_openapi_result(const char *text);

/* ---- responses.c ---- */
/* Adds "$ref"s for these statuses, a list that ends with 0. */
void oc_openapi_add_failures(json_t *responses, const int *statuses);
json_t *oc_openapi_components(void);
/* A copy of the schema Answer. Owned by the caller. */
json_t *oc_openapi_answer(void);

/* ---- page.c ---- */
/* HTML of a document, whole and without a script. */
void oc_openapi_page(const json_t *document, struct oc_buf *out);
extern const char oc_openapi_style[];

#endif
