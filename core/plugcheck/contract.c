/* Level 2: the contract of each method. SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/plugcheck/plugcheck.h"

#define DEADLINE_MS    1000
#define NONSENSE_MS    300
#define CANCEL_MS      200
#define CANCEL_LATE_MS 1000
#define CANCEL_LIMIT   20000
#define REPEAT_MS      250 /* between calls: rates need some time */

/* ---- parameters that make sense, by method ---- */

#define ALERT                                                                                      \
    "{\"id\":\"delivery-1\",\"event\":\"firing\",\"attempt\":1,\"host\":{\"name\":\"check\"},"     \
    "\"alert\":{\"id\":\"5f1c\",\"rule\":\"check\",\"severity\":\"warning\",\"state\":\"firing\"," \
    "\"status\":\"firing\",\"category\":\"\",\"instance\":\"check\",\"target\":\"\","              \
    "\"labels\":{\"instance\":\"check\"},\"entity\":\"check\",\"title\":\"a trial\","              \
    "\"message\":\"of openclaw plugin check\",\"reason\":\"a trial\",\"metric\":\"check.value\","  \
    "\"value\":1.0,\"annotations\":{},\"channels\":[],\"starts_at\":\"2026-01-02T03:04:05.000Z\"," \
    "\"ends_at\":null,\"updated_at\":\"2026-01-02T03:04:05.000Z\",\"acknowledged\":null,"          \
    "\"silenced_by\":null,\"notified_at\":\"2026-01-02T03:04:05.000Z\",\"notifications\":1,"       \
    "\"told\":[]}}"

static const struct {
    const char *method, *params;
    bool object; /* it takes an object and nothing else */
} profiles[] = {
    {"collector.collect/1", NULL, false},
    {"alert.send/1", ALERT, true},
    {"alert.test/1", "{}", false},
    {"tool.list/1", NULL, false},
    {"tool.call/1", "{\"tool\":\"no_such_tool\",\"name\":\"no_such_tool\",\"arguments\":{}}", true},
    {"deployer.plan/1", "{}", true},
    {"deployer.apply/1", "{}", true},
    {"bus.listen/1", NULL, false},
    {"bus.publish/1", "{\"channel\":\"check\",\"payload\":\"{}\",\"id\":\"1\"}", true},
    {"endpoint.handle/1",
     "{\"method\":\"GET\",\"path\":\"/\",\"query\":{},\"headers\":{},\"body\":\"\"}", true},
};

const char *trial_params(const char *method)
{
    for (size_t i = 0; i < OC_COUNT(profiles); i++) {
        if (strcmp(profiles[i].method, method) == 0) {
            return profiles[i].params;
        }
    }
    return "{}";
}

static bool wants_object(const char *method)
{
    for (size_t i = 0; i < OC_COUNT(profiles); i++) {
        if (strcmp(profiles[i].method, method) == 0) {
            return profiles[i].object;
        }
    }
    return false;
}

/* ---- time ---- */

/* True when it succeeded and emitted something. */
static bool check_deadline(struct trial *trial, const char *method)
{
    trial_doing("%s with a deadline of %d ms", method, DEADLINE_MS);
    const int32_t code = oc_test_call(trial->t, method, trial_params(method), DEADLINE_MS);
    const long long took = oc_test_took_ms(trial->t);
    if (took > DEADLINE_MS + LATENESS_MS) {
        trial_finding("OC2001", method, "%s took %lld of %d ms", method, took, DEADLINE_MS);
    }
    trial_check_result(trial, method, code);
    const char *complaint = oc_test_complaint(trial->t);
    if (complaint) {
        trial_finding("OC2005", method, "%s: %s", method, complaint);
    }
    return code == OC_OK && oc_test_count(trial->t, 0) > 0;
}

static void check_cancel(struct trial *trial, const char *method)
{
    trial_doing("%s, cancelled after %d ms", method, CANCEL_MS);
    oc_test_cancel_after(trial->t, CANCEL_MS);
    oc_test_call(trial->t, method, trial_params(method), CANCEL_LIMIT);
    const long long late = oc_test_took_ms(trial->t) - CANCEL_MS;
    if (late > CANCEL_LATE_MS) {
        trial_finding("OC2002", method, "%s returned %lld ms after it", method, late);
    }
}

/* The flag is up before the call begins, so that it cannot have been done by then: success without even trying to emit is that
 * of something which looked at the flag and left. A method that does all its work whatever the flag says is none of it. */
static void check_cut(struct trial *trial, const char *method)
{
    trial_doing("%s, cancelled from the beginning", method);
    oc_test_cancel(trial->t);
    const int32_t code = oc_test_call(trial->t, method, trial_params(method), DEADLINE_MS);
    if (code == OC_OK && oc_test_count(trial->t, 0) + oc_test_refused(trial->t) == 0) {
        trial_finding("OC2011", method, "%s was cancelled, emitted nothing and returned OC_OK",
                      method);
    }
}

/* ---- results ---- */

/* What is no JSON object must be refused by a method that wants one; members that it does not know it may leave alone. */
static void check_nonsense(struct trial *trial, const char *method)
{
    static const struct {
        const char *text, *shown;
        bool object;
    } odd[] = {{"", "nothing", false},
               {"[]", "a list", false},
               {"null", "null", false},
               {"{\"", "half an object", false},
               {"{\"a\": {\"b\": [1, 2, 3]}}", "unknown members", true},
               {"\xff\xfe not even UTF-8", "bytes that are no UTF-8", false}};
    for (size_t i = 0; i < OC_COUNT(odd); i++) {
        trial_doing("%s with %s for its parameters", method, odd[i].shown);
        const int32_t code = oc_test_call(trial->t, method, odd[i].text, NONSENSE_MS);
        trial_check_result(trial, method, code);
        if (code == OC_OK && !odd[i].object && wants_object(method)) {
            trial_finding("OC2010", method, "%s took %s for its parameters", method, odd[i].shown);
            return;
        }
    }
}

/* Names and types of all that the last call emitted, sorted and each once: times and values may differ. */
static char *shape_of(const struct trial *trial)
{
    json_t *seen = json_object();
    const struct oc_record *record;
    for (size_t i = 0; (record = oc_test_record(trial->t, 0, i)); i++) {
        struct oc_buf line = {0};
        if (record->type == OC_RECORD_LOG || record->type == OC_RECORD_PROGRESS ||
            record->type == OC_RECORD_BYTES) {
            continue;
        }
        oc_buf_addf(&line, "%u %.*s", record->type, (int)record->name.len,
                    record->name.ptr ? record->name.ptr : "");
        json_object_set_new(seen, line.data, json_true());
        oc_buf_finish(&line);
    }
    char *text = oc_json_text(seen);
    json_decref(seen);
    return text;
}

/* The first call may know less: rates need two. */
static void check_repeats(struct trial *trial, const char *method)
{
    char *shapes[2];
    for (int i = 0; i < 2; i++) {
        trial_doing("%s once more", method);
        poll(NULL, 0, REPEAT_MS);
        oc_test_call(trial->t, method, trial_params(method), DEADLINE_MS);
        shapes[i] = shape_of(trial);
    }
    if (strcmp(shapes[0], shapes[1]) != 0) {
        trial_finding("OC2008", method, "%s emitted %.150s and then %.150s", method, shapes[0],
                      shapes[1]);
    }
    free(shapes[0]);
    free(shapes[1]);
}

/* ---- tools ---- */

static const char *problem_of_tool(const json_t *tool)
{
    const json_t *schema = json_object_get(tool, "input_schema");
    schema = schema ? schema : json_object_get(tool, "inputSchema");
    if (!json_is_object(tool)) {
        return "it is no JSON object";
    }
    if (!*oc_json_str(tool, "name", "")) {
        return "it has no name";
    }
    if (!*oc_json_str(tool, "description", "")) {
        return "it has no description";
    }
    if (strcmp(oc_json_str(schema, "type", ""), "object") != 0) {
        return "its input_schema is not of type object";
    }
    const json_t *members = json_object_get(schema, "properties");
    return !members || json_is_object(members) ? NULL
                                               : "the properties of its schema are no object";
}

static void check_tools(struct trial *trial)
{
    static const char method[] = "tool.list/1";
    trial_doing("tool.list/1");
    if (oc_test_call(trial->t, method, NULL, DEADLINE_MS) != OC_OK) {
        /* it said why: often something that it may not do here, or that the configuration does not name */
        trial_skip("tool.list/1 fails: %s", oc_test_error(trial->t)->message);
        return;
    }
    size_t i = 0;
    for (const char *text; (text = oc_test_json(trial->t, i)); i++) {
        json_t *tool = oc_json_parse(text, strlen(text), NULL);
        const char *problem = problem_of_tool(tool);
        if (problem) {
            trial_finding("OC2006", oc_json_str(tool, "name", NULL), "row %zu of tool.list/1: %s",
                          i, problem);
        }
        json_decref(tool);
    }
    if (i == 0) {
        trial_finding("OC2006", method, "tool.list/1 emits no tool");
    }
}

void trial_contract(struct trial *trial)
{
    const char *method;
    if (!trial_start(trial)) {
        return;
    }
    for (size_t i = 0; (method = trial_method(trial, i)); i++) {
        const bool emits = check_deadline(trial, method);
        check_cancel(trial, method);
        if (emits) {
            check_cut(trial, method);
        }
        check_nonsense(trial, method);
        if (oc_starts(method, "collector.") || strcmp(method, "tool.list/1") == 0) {
            check_repeats(trial, method);
        }
        if (strcmp(method, "tool.list/1") == 0) {
            check_tools(trial);
        }
    }
    trial_doing("stop");
    oc_test_stop(trial->t);
}
