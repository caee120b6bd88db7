/* A fake host for the tests of one plugin: link with libopenclaw-testkit. SPDX-License-Identifier: MIT
 *
 *     struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
 *     oc_test_option(t, "url", "redis://127.0.0.1:1");
 *     assert_int_equal(oc_test_start(t), OC_OK);
 *     assert_int_equal(oc_test_call(t, "collector.collect/1", NULL, 1000), OC_OK);
 *     assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
 *     assert_int_equal(oc_test_close(t), 0);
 *
 * Options are bound and checked by the plugin's own table, as the host does it, and methods run on
 * a thread of their own with the host's small stack. Everything returned by pointer is owned by
 * `t`; what a call emitted is valid until the next call. All functions belong to the thread of the
 * test except where it says [any].
 */
#ifndef OPENCLAW_TESTKIT_H
#define OPENCLAW_TESTKIT_H

#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct oc_test;

/* ---- load and configure ---- */

/* Loads the .so with dlopen, RTLD_NOW | RTLD_LOCAL. NULL (and the reason on stderr) when that
 * fails. */
struct oc_test *oc_test_open(const char *so);
const struct oc_plugin_entry *oc_test_entry(const struct oc_test *t);

/* One option as it would be written in the configuration: "30s", "10MB", "true", "tcp://..."; JSON
 * for lists, maps and groups: "[\"a\", \"b\"]", "{\"host\": \"x\"}". */
void oc_test_option(struct oc_test *t, const char *name, const char *text);
/* The whole group as one JSON object; replaces what was set before. */
void oc_test_config(struct oc_test *t, const char *json);

/* Binds the options and calls the plugin's `start`. OC_OK, or the code; see oc_test_error.
 * OC_E_CONFIG when an option is unknown, missing, of the wrong type or beyond its limits. May be
 * called again after oc_test_stop. */
int32_t oc_test_start(struct oc_test *t);
/* The bound instance, to look at what the options became; NULL before oc_test_start. */
const void *oc_test_instance(const struct oc_test *t);

/* Calls the plugin's `stop`. Returns the number of threads and descriptors that are there now and
 * were not before oc_test_start (each named on stderr): 0 for a clean plugin. What the test itself
 * opened in between counts too. */
int oc_test_stop(struct oc_test *t);
/* Stops if that was not done, unloads and frees. Returns what oc_test_stop returned. NULL is fine.
 */
int oc_test_close(struct oc_test *t);

/* ---- call ---- */

/* Calls `method` with `params` (JSON text or NULL) and a deadline `timeout_ms` from now. Returns
 * the plugin's code; OC_E_UNSUPPORTED when there is no such method. A call that does not come back
 * within 10 s after its deadline ends the test program with a message. */
int32_t oc_test_call(struct oc_test *t, const char *method, const char *params, int64_t timeout_ms);
const struct oc_error *oc_test_error(const struct oc_test *t); /* of the last start or call */
int64_t oc_test_took_ms(const struct oc_test *t);              /* how long the last call took */

void oc_test_time(struct oc_test *t, int64_t time_ms); /* nominal time of the next calls; 0 = now */
void oc_test_input(struct oc_test *t, const void *data,
                   size_t len); /* what the next call's `read` gives; copied */
/* Sets the cancel flag of the call that runs now, or of the next one when none does: that begins cancelled. [any] */
void oc_test_cancel(struct oc_test *t);
void oc_test_cancel_after(struct oc_test *t,
                          int64_t ms); /* the same, `ms` after the next call has begun */
/* emit answers OC_E_PERMANENT after so many records of a call; default 100 000. BYTES do not count,
 * as in a host that passes the stream on. 0: it takes none, and no BYTES either. */
void oc_test_record_limit(struct oc_test *t, size_t limit);

/* ---- what the last call emitted ---- */

size_t oc_test_count(const struct oc_test *t,
                     uint32_t type); /* records of OC_RECORD_type; 0 = all */
/* Records that emit refused: it was cancelled, or over the limit. */
size_t oc_test_refused(const struct oc_test *t);
/* The i-th record of `type` (0 = any), NULL when there are fewer. Its views are NUL-terminated. */
const struct oc_record *oc_test_record(const struct oc_test *t, uint32_t type, size_t i);

/* The value of the first sample `name` that carries `label`=`value`; label NULL = whatever the
 * labels. NAN when there is none. */
double oc_test_sample(const struct oc_test *t, const char *name, const char *label,
                      const char *value);
/* The same with several labels at once: {"a", "1", "b", "2", NULL}. */
double oc_test_sample_with(const struct oc_test *t, const char *name, const char *const *labels);
size_t oc_test_samples(const struct oc_test *t,
                       const char *name); /* how many samples of that name */
int oc_test_status(const struct oc_test *t,
                   const char *target); /* OC_STATE_*, the last one; -1 = none */
const char *oc_test_status_text(const struct oc_test *t, const char *target); /* NULL = none */
const char *oc_test_json(const struct oc_test *t,
                         size_t i); /* text of the i-th JSON record, or NULL */
const char *oc_test_event(const struct oc_test *t,
                          const char *topic); /* JSON of the last such event, or NULL */
const char *oc_test_bytes(struct oc_test *t, size_t *len); /* all BYTES records joined */
/* The first thing that the last call emitted and that the manifest beside the .so does not declare
 * or that breaks the rules of a record (bad name, more than 16 labels, ...), as a sentence; NULL
 * when all is well. */
const char *oc_test_complaint(struct oc_test *t);
/* Everything emitted, one line a record: for messages and for golden files. */
const char *oc_test_dump(struct oc_test *t);

/* ---- the host that the plugin sees ---- */

/* What host->call(op) answers: `code`, and for OC_OK `json` as one JSON record, else `json` is the
 * message. Without an answer an operation fails with OC_E_NOT_FOUND. kv.get {"key"} -> {"value"},
 * kv.put {"key","value"} and kv.remove
 * {"key"} are there from the start and keep what they are given for the life of `t`. */
void oc_test_answer(struct oc_test *t, const char *op, int32_t code, const char *json);
size_t oc_test_calls(const struct oc_test *t, const char *op); /* how often the plugin called it */
const char *oc_test_params(const struct oc_test *t,
                           const char *op); /* parameters of its last call, or NULL */
/* The last log line (host->log and LOG records) whose message or data contains `text`, as "level
 * message json". */
const char *oc_test_log(const struct oc_test *t, const char *text);

#ifdef __cplusplus
}
#endif
#endif
