/* Fuzzes what a registry sends: signed documents, and each kind of file in them. SPDX-License-Identifier: MIT */
// uses: oc_package
#include <string.h>

#include "core/package/registry/package.h"
#include "core/package/registry/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_body(const char *body, size_t len)
{
    struct oc_root root;
    struct oc_timestamp timestamp;
    struct oc_delegation delegation;
    static struct oc_snapshot snapshot;
    json_t *packages = NULL;
    if (oc_root_parse(body, len, &root, NULL) == OC_OK) {
        oc_registry_near(&root, "redis");
        oc_root_finish(&root);
    }
    oc_timestamp_parse(body, len, &timestamp, NULL);
    oc_snapshot_parse(body, len, &snapshot, NULL);
    oc_delegation_parse(body, len, &delegation, NULL);
    if (oc_shard_parse(body, len, &packages, NULL) == OC_OK) {
        json_decref(packages);
    }
    json_t *row = json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    oc_row_check(row, NULL);
    json_decref(row);
}

/* A package file under a root whose keys are those of the file itself would need signatures: what is reached here is what an attacker
 * reaches without a key. */
static void parse_package(const char *text, size_t len)
{
    struct oc_work w = {.home = "/"};
    struct oc_root root = {0};
    struct oc_package p;
    if (oc_package_parse(&w, "acme/redis", text, len, &root, &p) == OC_OK) {
        oc_package_finish(&p);
    }
    json_decref(w.details);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct oc_document doc;
    struct oc_spec spec;
    char name[300];
    if (oc_document_split(text, size, &doc, NULL) == OC_OK) {
        struct oc_ring ring = {.threshold = 1};
        oc_document_verify(&doc, "root", &ring);
        parse_body(doc.body, doc.body_len);
    }
    parse_body(text, size);
    parse_package(text, size);
    const size_t n = size < sizeof name - 1 ? size : sizeof name - 1;
    memcpy(name, data, n);
    name[n] = '\0';
    oc_spec_parse(name, &spec, NULL);
    return 0;
}
