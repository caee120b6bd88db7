/* Reading the original system's governance files: rules, consensus records, deliberation records. SPDX-License-Identifier: MIT  [any]
 *
 * Everything that is read leaves findings, a JSON array of {"path","level","message","hint"}: level "error" (the file is not what it should be),
 * "settled" (it contradicts itself or our rules, and this is how it was read), "not_mapped" (a key that has no place here). */
#ifndef OC_SERVICE_GOVERNANCE_IMPORT_H
#define OC_SERVICE_GOVERNANCE_IMPORT_H

#include <jansson.h>

#include "core/base/error.h"
#include "core/service/governance/rules.h"

#define OC_GOV_IMPORT_MAX (1u << 20) /* bytes of one file */

enum oc_gov_file {
    OC_GOV_FILE_UNKNOWN,
    OC_GOV_FILE_RULES,        /* governance-quorum-rules.json */
    OC_GOV_FILE_CONSENSUS,    /* a consensus record */
    OC_GOV_FILE_DELIBERATION, /* a deliberation record */
};

/* What a document is, by what is in it. */
enum oc_gov_file oc_gov_file_kind(const json_t *document);
const char *
oc_gov_file_name(enum oc_gov_file kind); /* "rules" "consensus" "deliberation" "unknown" */

/* Reads a text of any of the three kinds. Rules start from the shipped ones. Returns OC_OK and what it is, with findings (owned by the caller) that
 * may hold errors; OC_E_CONFIG when it is no JSON or too large, OC_E_UNSUPPORTED when it is none of the three. `rules` may be NULL. */
int oc_gov_import(const char *text, size_t len, enum oc_gov_file *kind, struct oc_gov_rules *rules,
                  json_t **findings, struct oc_error *err);

/* The three readers. They append to `findings` and return the number of errors among what they added. */
size_t oc_gov_import_rules(const json_t *document, struct oc_gov_rules *rules, json_t *findings);
size_t oc_gov_check_consensus(const json_t *document, json_t *findings);
size_t oc_gov_check_deliberation(const json_t *document, json_t *findings);

size_t oc_gov_findings_errors(const json_t *findings);

#endif
