/* Asking a hook without JSON: for callers that ask often. SPDX-License-Identifier: MIT
 *
 * oc_policy_ask (policy.h) takes and gives JSON trees, which is comfortable and costs some tens of microseconds. Here the
 * caller pushes the arguments straight into Lua and reads the answer where it lies: a few microseconds. Limits, checks of
 * the answer's shape (hooks.h), counters and the record of inputs are the same.
 *
 *     static void say(struct oc_args *a, void *ctx)
 *     {
 *         const struct subject *s = ctx;
 *         oc_args_object(a, 8);
 *         oc_args_set_str(a, "severity", s->severity);
 *         oc_args_key(a, "labels");
 *         oc_args_object(a, 4);
 *         oc_args_set_str(a, "mount", "/");
 *         oc_args_end(a);
 *         oc_args_key(a, "configured_channels");
 *         oc_args_kept(a, s->channels);
 *         oc_args_end(a);
 *         oc_args_integer(a, s->at); // the second argument
 *     }
 *     static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
 *     {
 *         struct oc_answer name;
 *         for (size_t i = 0; oc_answer_at(answer, i, &name); i++) {
 *             take(ctx, oc_answer_str(&name, ""));
 *             oc_answer_end(&name);
 *         }
 *         return OC_OK;
 *     }
 *     struct oc_question *q = oc_question_create(env->policies, "route"); // once, at the start
 *     int code = oc_question_ask(q, say, hear, subject, &err);
 *
 * Both callbacks run inside a protected call of Lua and may be left by a jump when memory or time runs out: they must not
 * hold anything that only they could free, and must not ask a policy themselves. Everything is [loop]. */
#ifndef OC_POLICY_ASK_H
#define OC_POLICY_ASK_H

#include "core/policy/policy.h"

struct oc_question; /* a hook that will be asked often; survives every reload */
struct oc_args;     /* the arguments while they are being said */

/* `policies` is borrowed and must outlive the question; a hook that is not in the table of hooks is a bug. */
struct oc_question *oc_question_create(struct oc_policies *policies, const char *hook);
void oc_question_destroy(struct oc_question *q); /* NULL is fine */
/* True when a policy has the hook: no need to gather arguments otherwise. */
bool oc_question_heard(struct oc_question *q);

/* A policy may say what its hook reads (`reads_only`, in the policy guide): members of the first argument, "labels.NAME", names of further arguments. It is
 * given nothing else then, so questions that differ in the rest have the same answer. The list is borrowed until the policies are others (oc_policies_generation);
 * NULL: it reads all, or nobody has the hook. */
const json_t *oc_question_reads_only(struct oc_question *q);
bool oc_question_reads(struct oc_question *q, const char *name);
/* True when the next question would be kept for `policy diff`: whoever knows the answer asks all the same, when there is time. */
bool oc_question_is_sampled(struct oc_question *q);

/* What an answer is read through: valid, like every string of it, until the callback returns. Do not touch the members. */
struct oc_answer {
    void *state;
    int index;
};

typedef void (*oc_args_fn)(struct oc_args *args, void *ctx);
/* What it returns is what oc_question_ask returns. */
typedef int (*oc_answer_fn)(const struct oc_answer *answer, void *ctx, struct oc_error *err);

/* OC_E_NOT_FOUND when no policy has the hook (nothing was called); the codes of oc_policy_ask else. `answer_fn` is called
 * once, and only with an answer that fits the hook's shape. */
int oc_question_ask(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err);

/* The same for somebody who tries something out: a failure is neither noted nor told, and the question is no real input. */
int oc_question_try(struct oc_question *q, oc_args_fn args_fn, oc_answer_fn answer_fn, void *ctx,
                    struct oc_error *err);

/* ---- saying the arguments: one after the other; members of an object after their key ---- */

/* False when this member of the first argument need not be said, as nobody looks at it. */
bool oc_args_wants(const struct oc_args *a, const char *member);
void oc_args_bool(struct oc_args *a, bool value);
void oc_args_integer(struct oc_args *a, int64_t value);
void oc_args_number(struct oc_args *a, double value);
void oc_args_str(struct oc_args *a, const char *text); /* NULL is nil */
void oc_args_strn(struct oc_args *a, const char *text, size_t len);
void oc_args_json(struct oc_args *a, const json_t *value); /* NULL and null are nil */
/* A table. `members` is how many there will be, as a hint; end it with oc_args_end. */
void oc_args_object(struct oc_args *a, size_t members);
void oc_args_list(struct oc_args *a, size_t items);
void oc_args_end(struct oc_args *a);
void oc_args_key(struct oc_args *a, const char *key); /* the next value is this member */
/* Key and value at once; a NULL text leaves the member out. */
void oc_args_set_str(struct oc_args *a, const char *key, const char *text);
void oc_args_set_int(struct oc_args *a, const char *key, int64_t value);
void oc_args_set_number(struct oc_args *a, const char *key, double value);
void oc_args_set_bool(struct oc_args *a, const char *key, bool value);

/* A value that seldom changes (the configured channels): converted once for each policy, then given by reference. Policies
 * read it like any table and cannot change it. */
struct oc_kept;
struct oc_kept *oc_kept_create(json_t *value /* taken */);
void oc_kept_set(struct oc_kept *k, json_t *value /* taken */);
void oc_kept_destroy(struct oc_kept *k); /* NULL is fine */
void oc_args_kept(struct oc_args *a, struct oc_kept *k);

/* ---- reading the answer ---- */

enum oc_answer_type {
    OC_ANSWER_NIL,
    OC_ANSWER_BOOL,
    OC_ANSWER_NUMBER,
    OC_ANSWER_STRING,
    OC_ANSWER_TABLE
};
enum oc_answer_type oc_answer_type(const struct oc_answer *a);
/* Item `i` (from 0) or member `key`. False when there is none: `*child` is then not to be ended. Children are ended in the
 * reverse order; what is still open when the callback returns is ended for it. */
bool oc_answer_at(const struct oc_answer *a, size_t i, struct oc_answer *child);
bool oc_answer_get(const struct oc_answer *a, const char *key, struct oc_answer *child);
void oc_answer_end(struct oc_answer *child);
/* The value, or `fallback` when it is of another type. */
const char *oc_answer_str(const struct oc_answer *a, const char *fallback);
int64_t oc_answer_int(const struct oc_answer *a, int64_t fallback);
double oc_answer_num(const struct oc_answer *a, double fallback);
bool oc_answer_bool(const struct oc_answer *a, bool fallback);
/* Members of one level, without opening a child. The string lives as long as the answer. */
const char *oc_answer_get_str(const struct oc_answer *a, const char *key, const char *fallback);
int64_t oc_answer_get_int(const struct oc_answer *a, const char *key, int64_t fallback);
bool oc_answer_get_bool(const struct oc_answer *a, const char *key, bool fallback);

#endif
