/* A policy that says what the test wants: the fast way of asking (core/policy/ask.h) over JSON. SPDX-License-Identifier: MIT
 *
 * `route` answers policy_reply, or fails with policy_code; other hooks answer fake_replies, by their name. */
#ifndef TEST_ALERT_FAKE_POLICY_H
#define TEST_ALERT_FAKE_POLICY_H

#include "tests/unit/unit.h"

#include <jansson.h>

#include "core/base/error.h"
#include "core/base/mem.h"
#include "core/policy/ask.h"
#include "core/policy/inspect.h"

static int policy_code;          /* what asking `route` returns */
static const char *policy_reply; /* JSON */
static json_t *policy_asked;     /* the last arguments of `route`, owned */
static unsigned policy_calls;    /* of `route` */

/* What the other hooks answer: JSON; NULL: nobody has the hook. */
static struct fake_reply {
    const char *hook, *reply;
} fake_replies[] = {{"inhibit", NULL}, {"escalate", NULL}, {"routes", NULL}};

/* What `escalate` answers, when it depends: new JSON; NULL: nobody has the hook, or policy_says. */
static json_t *(*fake_escalate)(const json_t *args);
static unsigned fake_escalate_calls;
/* `escalate` reads all, unless the test says what: members between spaces. */
static const char *fake_reads;
static json_t *fake_route_reads; /* what `route` reads, owned; NULL: all */
static bool fake_sampled;        /* somebody wants to see what `route` is asked */

static inline void policy_says(const char *hook, const char *reply)
{
    for (size_t i = 0; i < OC_COUNT(fake_replies); i++) {
        if (strcmp(fake_replies[i].hook, hook) == 0) {
            fake_replies[i].reply = reply;
            return;
        }
    }
    fail_msg("the fake policy does not know %s", hook);
}

static inline void policy_reset(void)
{
    policy_code = OC_E_NOT_FOUND;
    policy_reply = "[]";
    policy_calls = 0;
    fake_escalate = NULL;
    fake_escalate_calls = 0;
    fake_reads = NULL;
    json_decref(fake_route_reads);
    fake_route_reads = NULL;
    fake_sampled = false;
    for (size_t i = 0; i < OC_COUNT(fake_replies); i++) {
        fake_replies[i].reply = NULL;
    }
}

/* What the hook answers; NULL and *code. Takes `args`. */
static inline json_t *fake_answer(const char *hook, json_t *args, int *code)
{
    const char *reply = NULL;
    *code = OC_OK;
    if (strcmp(hook, "route") == 0) {
        policy_calls++;
        json_decref(policy_asked);
        policy_asked = json_deep_copy(args);
        *code = policy_code;
        reply = policy_reply;
    } else if (strcmp(hook, "escalate") == 0 && fake_escalate) {
        json_t *answer = fake_escalate(args);
        fake_escalate_calls++;
        json_decref(args);
        return answer;
    } else {
        for (size_t i = 0; i < OC_COUNT(fake_replies); i++) {
            reply = strcmp(fake_replies[i].hook, hook) == 0 ? fake_replies[i].reply : reply;
        }
        *code = reply ? OC_OK : OC_E_NOT_FOUND;
    }
    json_decref(args);
    return *code == OC_OK ? json_loads(reply, JSON_DECODE_ANY, NULL) : NULL;
}

int oc_policy_ask(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err)
{
    int code;
    (void)p, (void)why;
    *result = fake_answer(hook, json_deep_copy(args), &code);
    if (code != OC_OK) {
        return oc_error_set(err, code, "%s.lua:3: something is nil", hook);
    }
    assert_non_null(*result);
    return OC_OK;
}

/* ---- questions ---- */

struct oc_question {
    char hook[32];
};
struct oc_kept {
    json_t *value;
};
struct oc_args {
    json_t *stack[16];
    size_t depth;
    char key[300];
};

/* Another one when the test lets it say something else. */
uint64_t oc_policies_generation(const struct oc_policies *p)
{
    (void)p;
    return (uint64_t)(uintptr_t)policy_reply + (uint64_t)(uint32_t)policy_code;
}

int oc_policy_try(struct oc_policies *p, const char *hook, const json_t *args, json_t **result,
                  json_t **why, struct oc_error *err)
{
    int code = oc_policy_ask(p, hook, args, result, NULL, err);
    if (why != NULL) {
        *why = code == OC_OK ? json_pack("{s:s, s:n}", "policy", hook, "decided") : NULL;
    }
    return code;
}

struct oc_question *oc_question_create(struct oc_policies *policies, const char *hook)
{
    struct oc_question *q = oc_calloc(1, sizeof *q);
    (void)policies;
    snprintf(q->hook, sizeof q->hook, "%s", hook);
    return q;
}

void oc_question_destroy(struct oc_question *q)
{
    free(q);
}

bool oc_question_heard(struct oc_question *q)
{
    if (strcmp(q->hook, "route") == 0) {
        return policy_code != OC_E_NOT_FOUND;
    }
    if (fake_escalate && strcmp(q->hook, "escalate") == 0) {
        return true;
    }
    for (size_t i = 0; i < OC_COUNT(fake_replies); i++) {
        if (strcmp(fake_replies[i].hook, q->hook) == 0) {
            return fake_replies[i].reply != NULL;
        }
    }
    return false;
}

const json_t *oc_question_reads_only(struct oc_question *q)
{
    return strcmp(q->hook, "route") == 0 ? fake_route_reads : NULL;
}

bool oc_question_is_sampled(struct oc_question *q)
{
    return strcmp(q->hook, "route") == 0 && fake_sampled;
}

bool oc_question_reads(struct oc_question *q, const char *member)
{
    char word[64];
    snprintf(word, sizeof word, " %s ", member);
    for (size_t i = 0; fake_route_reads && strcmp(q->hook, "route") == 0; i++) {
        const char *name = json_string_value(json_array_get(fake_route_reads, i));
        if (!name || strcmp(name, member) == 0) {
            return name != NULL;
        }
    }
    return strcmp(q->hook, "escalate") != 0 || !fake_reads || strstr(fake_reads, word);
}

bool oc_args_wants(const struct oc_args *a, const char *member)
{
    (void)a, (void)member;
    return true;
}

int oc_question_ask(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err)
{
    struct oc_args args = {.stack = {json_array()}, .depth = 1};
    struct oc_answer answer = {0};
    int code;
    args_fn(&args, ctx);
    assert_int_equal(args.depth, 1);
    json_t *result = fake_answer(q->hook, args.stack[0], &code);
    if (code != OC_OK) {
        return oc_error_set(err, code, "%s.lua:3: something is nil", q->hook);
    }
    assert_non_null(result);
    answer.state = result;
    code = answer_fn(&answer, ctx, err);
    json_decref(result);
    return code;
}

int oc_question_try(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err)
{
    return oc_question_ask(q, args_fn, answer_fn, ctx, err);
}

/* ---- arguments ---- */

/* `value` is taken. */
static inline void fake_say(struct oc_args *a, json_t *value)
{
    json_t *top = a->stack[a->depth - 1];
    if (json_is_array(top)) {
        json_array_append_new(top, value);
    } else {
        json_object_set_new(top, a->key, value);
    }
}

static inline void fake_open(struct oc_args *a, json_t *table)
{
    assert_true(a->depth < OC_COUNT(a->stack));
    fake_say(a, table);
    a->stack[a->depth++] = table;
}

void oc_args_bool(struct oc_args *a, bool value)
{
    fake_say(a, json_boolean(value));
}

void oc_args_integer(struct oc_args *a, int64_t value)
{
    fake_say(a, json_integer(value));
}

void oc_args_number(struct oc_args *a, double value)
{
    fake_say(a, json_real(value));
}

void oc_args_str(struct oc_args *a, const char *text)
{
    fake_say(a, text ? json_string(text) : json_null());
}

void oc_args_json(struct oc_args *a, const json_t *value)
{
    fake_say(a, value ? json_deep_copy(value) : json_null());
}

void oc_args_object(struct oc_args *a, size_t members)
{
    (void)members;
    fake_open(a, json_object());
}

void oc_args_list(struct oc_args *a, size_t items)
{
    (void)items;
    fake_open(a, json_array());
}

void oc_args_end(struct oc_args *a)
{
    assert_true(a->depth > 1);
    a->depth--;
}

void oc_args_key(struct oc_args *a, const char *key)
{
    snprintf(a->key, sizeof a->key, "%s", key);
}

void oc_args_set_str(struct oc_args *a, const char *key, const char *text)
{
    if (text) {
        oc_args_key(a, key);
        oc_args_str(a, text);
    }
}

void oc_args_set_int(struct oc_args *a, const char *key, int64_t value)
{
    oc_args_key(a, key);
    oc_args_integer(a, value);
}

void oc_args_set_number(struct oc_args *a, const char *key, double value)
{
    oc_args_key(a, key);
    oc_args_number(a, value);
}

void oc_args_set_bool(struct oc_args *a, const char *key, bool value)
{
    oc_args_key(a, key);
    oc_args_bool(a, value);
}

struct oc_kept *oc_kept_create(json_t *value)
{
    struct oc_kept *k = oc_calloc(1, sizeof *k);
    k->value = value;
    return k;
}

void oc_kept_set(struct oc_kept *k, json_t *value)
{
    json_decref(k->value);
    k->value = value;
}

void oc_kept_destroy(struct oc_kept *k)
{
    if (k) {
        json_decref(k->value);
        free(k);
    }
}

void oc_args_kept(struct oc_args *a, struct oc_kept *k)
{
    oc_args_json(a, k->value);
}

/* ---- answers ---- */

enum oc_answer_type oc_answer_type(const struct oc_answer *a)
{
    const json_t *value = a->state;
    if (json_is_boolean(value)) {
        return OC_ANSWER_BOOL;
    }
    if (json_is_number(value)) {
        return OC_ANSWER_NUMBER;
    }
    if (json_is_string(value)) {
        return OC_ANSWER_STRING;
    }
    return json_is_null(value) ? OC_ANSWER_NIL : OC_ANSWER_TABLE;
}

bool oc_answer_at(const struct oc_answer *a, size_t i, struct oc_answer *child)
{
    *child = (struct oc_answer){json_array_get(a->state, i), 0};
    return child->state != NULL;
}

bool oc_answer_get(const struct oc_answer *a, const char *key, struct oc_answer *child)
{
    *child = (struct oc_answer){json_object_get(a->state, key), 0};
    return child->state != NULL;
}

void oc_answer_end(struct oc_answer *child)
{
    child->state = NULL;
}

const char *oc_answer_str(const struct oc_answer *a, const char *fallback)
{
    return json_is_string((json_t *)a->state) ? json_string_value(a->state) : fallback;
}

int64_t oc_answer_int(const struct oc_answer *a, int64_t fallback)
{
    return json_is_integer((json_t *)a->state) ? json_integer_value(a->state) : fallback;
}

double oc_answer_num(const struct oc_answer *a, double fallback)
{
    return json_is_number((json_t *)a->state) ? json_number_value(a->state) : fallback;
}

bool oc_answer_bool(const struct oc_answer *a, bool fallback)
{
    return json_is_boolean((json_t *)a->state) ? json_is_true((json_t *)a->state) : fallback;
}

const char *oc_answer_get_str(const struct oc_answer *a, const char *key, const char *fallback)
{
    struct oc_answer child;
    return oc_answer_get(a, key, &child) ? oc_answer_str(&child, fallback) : fallback;
}

int64_t oc_answer_get_int(const struct oc_answer *a, const char *key, int64_t fallback)
{
    struct oc_answer child;
    return oc_answer_get(a, key, &child) ? oc_answer_int(&child, fallback) : fallback;
}

bool oc_answer_get_bool(const struct oc_answer *a, const char *key, bool fallback)
{
    struct oc_answer child;
    return oc_answer_get(a, key, &child) ? oc_answer_bool(&child, fallback) : fallback;
}

#endif
