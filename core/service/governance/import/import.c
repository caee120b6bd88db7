/* The original's governance files: what is what, and the records of consensus and deliberation. SPDX-License-Identifier: MIT */
#include "core/service/governance/import/import.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/governance/import/import_internal.h"

void oc_gov_finding(json_t *findings, const char *path, const char *level, const char *hint,
                    const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *message = oc_vasprintf(fmt, ap);
    va_end(ap);
    json_t *o = json_object();
    oc_json_set_str(o, "path", path);
    oc_json_set_str(o, "level", level);
    oc_json_set_str(o, "message", message);
    oc_json_set_str(o, "hint", hint);
    json_array_append_new(findings, o);
    free(message);
}

size_t oc_gov_findings_errors(const json_t *findings)
{
    size_t errors = 0;
    for (size_t i = 0; i < json_array_size(findings); i++) {
        errors += strcmp(oc_json_str(json_array_get(findings, i), "level", ""), "error") == 0;
    }
    return errors;
}

/* ---- what is what ---- */

static const char *const kinds[] = {"unknown", "rules", "consensus", "deliberation"};

const char *oc_gov_file_name(enum oc_gov_file kind)
{
    return kind < OC_COUNT(kinds) ? kinds[kind] : kinds[0];
}

enum oc_gov_file oc_gov_file_kind(const json_t *document)
{
    if (json_object_get(document, "quorum_configuration") ||
        json_object_get(document, "decision_categories")) {
        return OC_GOV_FILE_RULES;
    }
    if (json_object_get(document, "phase") && json_object_get(document, "proposal_id")) {
        return OC_GOV_FILE_DELIBERATION;
    }
    if (json_object_get(document, "votes") && json_object_get(document, "proposal_id")) {
        return OC_GOV_FILE_CONSENSUS;
    }
    return OC_GOV_FILE_UNKNOWN;
}

static void read_as(const json_t *document, enum oc_gov_file kind, struct oc_gov_rules *rules,
                    json_t *findings)
{
    struct oc_gov_rules local;
    switch (kind) {
    case OC_GOV_FILE_RULES:
        rules = rules ? rules : &local;
        oc_gov_rules_default(rules);
        oc_gov_import_rules(document, rules, findings);
        break;
    case OC_GOV_FILE_CONSENSUS:
        oc_gov_check_consensus(document, findings);
        break;
    case OC_GOV_FILE_DELIBERATION:
        oc_gov_check_deliberation(document, findings);
        break;
    case OC_GOV_FILE_UNKNOWN:
    default:
        break;
    }
}

int oc_gov_import(const char *text, size_t len, enum oc_gov_file *kind, struct oc_gov_rules *rules,
                  json_t **findings, struct oc_error *err)
{
    int code = OC_OK;
    *kind = OC_GOV_FILE_UNKNOWN;
    *findings = NULL;
    if (len > OC_GOV_IMPORT_MAX) {
        return oc_error_set(err, OC_E_CONFIG, "the file is larger than 1 MiB");
    }
    json_t *document = oc_json_parse_request(text, len, err);
    if (!document) {
        return OC_E_CONFIG;
    }
    *kind = oc_gov_file_kind(document);
    if (*kind == OC_GOV_FILE_UNKNOWN) {
        code = oc_error_set(err, OC_E_UNSUPPORTED, "this is no governance file of the original");
        oc_error_hint(err, "Give governance-quorum-rules.json, a consensus record or a "
                           "deliberation record.");
    } else {
        *findings = json_array();
        read_as(document, *kind, rules, *findings);
    }
    json_decref(document);
    return code;
}

/* ---- records: strict checks that name the path ---- */

struct check {
    const json_t *document;
    json_t *findings;
    size_t errors;
};

static void wrong(struct check *c, const char *path, const char *message, const char *hint)
{
    c->errors++;
    oc_gov_finding(c->findings, path, "error", hint, "%s", message);
}

/* The member at `path`; NULL and, when it is required, a finding. */
static const json_t *need(struct check *c, const char *path, bool required)
{
    const json_t *value = oc_json_path(c->document, path);
    if (!value && required) {
        wrong(c, path, "is missing", "Add it.");
    }
    return value;
}

/* One of the words "a|b|c". */
static const char *need_word(struct check *c, const char *path, bool required, const char *words)
{
    const json_t *value = need(c, path, required);
    const char *text = json_string_value(value);
    const size_t len = text ? strlen(text) : 0;
    for (const char *word = words; text && *word; word += strcspn(word, "|")) {
        word += *word == '|';
        if (len > 0 && strcspn(word, "|") == len && strncmp(word, text, len) == 0) {
            return text;
        }
    }
    if (value) {
        char *message = oc_asprintf("is none of %s", words);
        wrong(c, path, message, "Write one of these words.");
        free(message);
    }
    return NULL;
}

static void need_text(struct check *c, const char *path, bool required, size_t max)
{
    const json_t *value = need(c, path, required);
    if (value && (!json_is_string(value) || json_string_length(value) > max)) {
        wrong(c, path, "is not a text, or too long", "Shorten it.");
    }
}

static void need_bool(struct check *c, const char *path, bool required)
{
    const json_t *value = need(c, path, required);
    if (value && !json_is_boolean(value)) {
        wrong(c, path, "is not true or false", "Write true or false.");
    }
}

/* RFC 3339, or ms since 1970. */
static void need_time(struct check *c, const char *path, bool required)
{
    int64_t at;
    const json_t *value = need(c, path, required);
    const char *text = json_string_value(value);
    const bool good = text ? isdigit((unsigned char)text[0]) && strchr(text, '-') &&
                                 oc_time_parse(text, 0, &at) == OC_OK
                           : json_is_integer(value) && json_integer_value(value) >= 0;
    if (value && !good) {
        wrong(c, path, "is not a time", "Write it as 2026-11-22T13:30:00Z.");
    }
}

static void need_proposal(struct check *c)
{
    const json_t *value = need(c, "proposal_id", true);
    const char *id = json_string_value(value);
    static const char prefix[] = "PROPOSAL-";
    bool good = id && oc_starts(id, prefix) && id[sizeof prefix - 1];
    for (size_t i = sizeof prefix - 1; good && id[i]; i++) {
        good = isalnum((unsigned char)id[i]) || id[i] == '_' || id[i] == '-';
    }
    if (value && !good) {
        wrong(c, "proposal_id", "is not PROPOSAL- and letters, digits, _ or -", "Rename it.");
    }
}

/* ---- consensus ---- */

/* The original's schema asks for a string and allows null, which cannot both be: null is a member that has not voted. */
static unsigned count_votes(struct check *c)
{
    static const char *const paths[] = {"votes.alpha", "votes.beta", "votes.charlie"};
    unsigned yes = 0;
    for (size_t i = 0; i < OC_COUNT(paths); i++) {
        const json_t *value = oc_json_path(c->document, paths[i]);
        if (json_is_null(value)) {
            continue;
        }
        const char *vote = need_word(c, paths[i], true, "YES|NO|SUPPORT|ABSTAIN");
        yes += vote && strcmp(vote, "YES") == 0;
    }
    return yes;
}

static void check_count(struct check *c, unsigned yes, const char *status)
{
    const json_t *count = oc_json_path(c->document, "consensus.yes_count");
    const json_t *reached = oc_json_path(c->document, "consensus.reached");
    if (count && (!json_is_integer(count) || json_integer_value(count) != yes)) {
        wrong(c, "consensus.yes_count", "is not the number of YES among the votes",
              "SUPPORT is no YES.");
    }
    if (json_is_boolean(reached) && json_is_true(reached) != (yes >= 2)) {
        wrong(c, "consensus.reached", "does not fit the votes", "Two of three YES reach it.");
    }
    if (status && strcmp(status, "ratified") == 0 && yes < 2) {
        wrong(c, "status", "is ratified without two YES", "Correct the status or the votes.");
    }
}

static void check_inviolable(struct check *c)
{
    static const char *const paths[] = {"inviolable.credential_policy",
                                        "inviolable.advocate_voice_rules",
                                        "inviolable.advisory_agent_constraints"};
    for (size_t i = 0; i < OC_COUNT(paths); i++) {
        need_bool(c, paths[i], true);
        if (json_is_false(oc_json_path(c->document, paths[i]))) {
            wrong(c, paths[i], "says that an inviolable parameter was not kept",
                  "Nobody may change it: the decision does not hold.");
        }
    }
}

size_t oc_gov_check_consensus(const json_t *document, json_t *findings)
{
    struct check c = {.document = document, .findings = findings};
    need_proposal(&c);
    need_text(&c, "title", true, 200);
    const char *status = need_word(&c, "status", true, "ratified|rejected|withdrawn|pending");
    const unsigned yes = count_votes(&c);
    need_time(&c, "timestamp", true);
    check_inviolable(&c);
    need_word(&c, "consensus.threshold", false, "2/3");
    need_bool(&c, "consensus.reached", false);
    check_count(&c, yes, status);
    need_text(&c, "author", false, 200);
    need_bool(&c, "sentinel_review.cleared", false);
    const json_t *concerns = need(&c, "sentinel_review.concerns", false);
    if (concerns && !json_is_array(concerns)) {
        wrong(&c, "sentinel_review.concerns", "is not a list", "Write [] when there are none.");
    }
    need_word(&c, "communication.protocol", false, "A2A|Matrix|HTTP");
    need_text(&c, "communication.a2a_session", false, 200);
    return c.errors;
}

/* ---- deliberation ---- */

static void check_inputs(struct check *c)
{
    static const char *const texts[] = {"type", "source", "summary"};
    const json_t *inputs = need(c, "inputs", false);
    if (inputs && !json_is_array(inputs)) {
        wrong(c, "inputs", "is not a list", "Write [] when there are none.");
    }
    for (size_t i = 0; i < json_array_size(inputs) && i < 1000; i++) {
        char path[64];
        for (size_t j = 0; j < OC_COUNT(texts); j++) {
            snprintf(path, sizeof path, "inputs[%zu].%s", i, texts[j]);
            need_text(c, path, false, 10000);
        }
        snprintf(path, sizeof path, "inputs[%zu].timestamp", i);
        need_time(c, path, false);
    }
}

size_t oc_gov_check_deliberation(const json_t *document, json_t *findings)
{
    struct check c = {.document = document, .findings = findings};
    need_proposal(&c);
    const char *phase = need_word(&c, "phase", true, "signal|build|ratify");
    need_time(&c, "entered_at", true);
    need_time(&c, "exited_at", false);
    check_inputs(&c);
    need_text(&c, "phase_notes", false, 100000);
    need_text(&c, "next_phase_required_action", false, 10000);
    if (phase && strcmp(phase, "signal") == 0) {
        need(&c, "signal_trigger", true);
    } else if (phase && strcmp(phase, "build") == 0) {
        need(&c, "build_response", true);
    } else if (phase) {
        need_bool(&c, "vote_recorded", true);
    }
    need_word(&c, "communication.protocol", false, "A2A|Matrix|HTTP");
    return c.errors;
}
