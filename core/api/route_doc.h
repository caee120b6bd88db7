/* What the OpenAPI document says of a route beyond its summary. SPDX-License-Identifier: MIT
 *
 * An area gives a table of these to oc_router_describe; a route without one is described by its summary and its access alone.
 * Texts are JSON: schemas of JSON Schema 2020-12, or short as oc_op.result (core/op/op.h); parameters as the "parameters" of an OpenAPI 3.1 operation. */
#ifndef OC_API_ROUTE_DOC_H
#define OC_API_ROUTE_DOC_H

struct oc_route_doc {
    const char *method, *pattern; /* of the route; method NULL ends a table */
    const char *tag;              /* its chapter; NULL: the first word of the path */
    const char *description;      /* paragraphs; may be NULL */
    const char *
        parameters; /* of the query and of headers: a JSON array; those of the path are known, and may be told anew */
    const char *request;       /* schema of the body; NULL: none */
    const char *request_type;  /* NULL: application/json */
    const char *response;      /* schema of the answer of status 200; NULL: any */
    const char *response_type; /* NULL: application/json; "": no body */
    const char *
        responses; /* more answers: {"202": {"description": ".."}}; they win over what is derived */
    const char *example; /* of the request body, JSON */
};

/* Of what clients may keep (oc_http_blob_create_tagged): its description, its parameters and its other answer. */
#define OC_ROUTE_DOC_NOT_TWICE "`ETag` and `If-None-Match` spare the body."
#define OC_ROUTE_DOC_KNOWN                                                                         \
    "[{\"name\":\"If-None-Match\",\"in\":\"header\",\"schema\":{\"type\":\"string\"},"             \
    "\"description\":\"the ETag of an earlier answer\"}]"
#define OC_ROUTE_DOC_UNCHANGED "{\"304\":{\"description\":\"nothing changed\"}}"

#endif
