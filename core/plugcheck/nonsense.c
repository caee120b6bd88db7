/* Level 3: parameters made from a seed, and faults put in the plugin's way. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/plugcheck/plugcheck.h"

#define DEADLINE_MS 300
#define DEPTH_MAX   4

/* splitmix64: the same on every machine */
static uint64_t next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static unsigned below(uint64_t *state, unsigned n)
{
    return (unsigned)(next(state) % n);
}

static json_t *odd_text(uint64_t *state)
{
    static const char *const texts[] = {
        "",       "x",    "0",          "-1", "../../../etc/passwd", "http://[::1",
        "%s%n%x", "null", "\xc3\xa9 é", "\n", "'; DROP TABLE x; --"};
    const unsigned i = below(state, (unsigned)OC_COUNT(texts) + 1);
    if (i < OC_COUNT(texts)) {
        return json_string(texts[i]);
    }
    const size_t len = below(state, 5000);
    char *text = oc_alloc(len + 1);
    memset(text, 'a' + (int)below(state, 26), len);
    text[len] = '\0';
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_t *odd_value(uint64_t *state, int depth);

/* The known members of a document with one thing in it made odd: what gets past the first checks. */
static json_t *mutate(const json_t *value, uint64_t *state, int depth)
{
    if (!json_is_object(value) || depth > DEPTH_MAX || below(state, 6) == 0) {
        return odd_value(state, depth);
    }
    json_t *copy = json_deep_copy(value);
    const unsigned at = below(state, (unsigned)json_object_size(copy) + 1);
    void *it = json_object_iter(copy);
    for (unsigned i = 0; it && i < at; i++) {
        it = json_object_iter_next(copy, it);
    }
    if (it) {
        json_object_iter_set_new(copy, it, mutate(json_object_iter_value(it), state, depth + 1));
    } else {
        json_object_set_new(copy, "surprise", odd_value(state, depth + 1));
    }
    return copy;
}

static json_t *odd_value(uint64_t *state, int depth)
{
    switch (below(state, depth < DEPTH_MAX ? 9 : 7)) {
    case 0:
        return json_null();
    case 1:
        return json_true();
    case 2:
        return json_integer((json_int_t)next(state));
    case 3:
        return json_real(below(state, 2) ? -1e300 : 1e-300);
    case 4:
        return json_integer((json_int_t)below(state, 3) - 1);
    case 5:
    case 6:
        return odd_text(state);
    case 7: {
        json_t *list = json_array();
        for (unsigned n = below(state, 4); n > 0; n--) {
            json_array_append_new(list, odd_value(state, depth + 1));
        }
        return list;
    }
    default: {
        json_t *object = json_object();
        json_object_set_new(object, "a", odd_value(state, depth + 1));
        return object;
    }
    }
}

/* JSON most of the time, and sometimes JSON with a byte changed. */
static char *make_params(const char *method, uint64_t *state)
{
    const char *known = trial_params(method);
    json_t *base = oc_json_parse(known ? known : "{}", strlen(known ? known : "{}"), NULL);
    json_t *value = mutate(base, state, 0);
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(value);
    json_decref(base);
    const size_t len = text ? strlen(text) : 0;
    if (len > 0 && below(state, 5) == 0) {
        const char byte = (char)(1 + below(state, 255));
        text[below(state, (unsigned)len)] = byte;
    }
    return text ? text : oc_strdup("");
}

static bool try_params(struct trial *trial, const char *method, int round, uint64_t *state)
{
    char *params = make_params(method, state);
    trial_doing("%s, round %d of seed %llu: %.100s", method, round, (unsigned long long)trial->seed,
                params);
    const int32_t code = oc_test_call(trial->t, method, params, DEADLINE_MS);
    const long long took = oc_test_took_ms(trial->t);
    const bool late = took > DEADLINE_MS + LATENESS_MS;
    if (late) {
        trial_finding("OC3002", method, "%s took %lld of %d ms in round %d of seed %llu", method,
                      took, DEADLINE_MS, round, (unsigned long long)trial->seed);
    }
    trial_check_result(trial, method, code);
    free(params);
    return !late;
}

void trial_nonsense(struct trial *trial)
{
    const char *method;
    if (!trial_start(trial)) {
        return;
    }
    for (size_t i = 0; (method = trial_method(trial, i)); i++) {
        uint64_t state = trial->seed;
        for (int n = 0; n < trial->rounds && try_params(trial, method, n, &state); n++) {
        }
    }
    trial_doing("stop");
    oc_test_stop(trial->t);
}

/* ---- faults ---- */

/* A sink that refuses is no failure of the method: it returns what the sink said, and nobody reads a message. */
static void call_all(struct trial *trial, const char *what, bool judged)
{
    const char *method;
    for (size_t i = 0; (method = trial_method(trial, i)); i++) {
        trial_doing("%s with %s", method, what);
        const int32_t code = oc_test_call(trial->t, method, trial_params(method), DEADLINE_MS);
        if (judged) {
            trial_check_result(trial, method, code);
        }
    }
}

/* Every operation of the host fails. */
static void deny_host(struct trial *trial)
{
    static const char *const ops[] = {"kv.get",      "kv.put",        "kv.remove",
                                      "alert.list",  "metrics.query", "health.check",
                                      "secret.read", "state.save",    "state.load"};
    for (size_t i = 0; i < OC_COUNT(ops); i++) {
        oc_test_answer(trial->t, ops[i], OC_E_DENIED, "a right is missing");
    }
}

/* Descriptors run out: what is open stays open, the lowest free number is the limit. */
static void limit_descriptors(void)
{
    const int lowest = dup(STDERR_FILENO);
    if (lowest >= 0) {
        const struct rlimit none = {(rlim_t)lowest, (rlim_t)lowest};
        close(lowest);
        setrlimit(RLIMIT_NOFILE, &none);
    }
}

void trial_faults(struct trial *trial)
{
    deny_host(trial);
    if (!trial_start(trial)) {
        return;
    }
    call_all(trial, "a host that denies everything", true);
    oc_test_record_limit(trial->t, 0);
    call_all(trial, "a sink that takes no record", false);
    oc_test_record_limit(trial->t, 100000);
    limit_descriptors();
    call_all(trial, "no descriptor left", true);
    trial_doing("stop with no descriptor left");
    oc_test_stop(trial->t);
    trial_doing("start with no descriptor left");
    oc_test_start(trial->t);
    oc_test_stop(trial->t);
}
