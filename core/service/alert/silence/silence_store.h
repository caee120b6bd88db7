/* Silences as records of the store. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_SERVICE_ALERT_SILENCE_STORE_H
#define OC_SERVICE_ALERT_SILENCE_STORE_H

#include "core/service/alert/silence/silence.h"

void oc_silence_free(struct oc_silence *silence);
/* Each sound record; fn takes it. */
void oc_silence_load_all(const struct oc_env *env,
                         void (*fn)(void *ctx, struct oc_silence *silence), void *ctx);
int oc_silence_write(const struct oc_env *env, const struct oc_silence *silence,
                     struct oc_error *err); /* durably */
/* The record of one that ended at `at`; the silence itself is as it was. */
int oc_silence_write_end(const struct oc_env *env, const struct oc_silence *silence, int64_t at,
                         bool durable, struct oc_error *err);
/* What it is from then on. */
void oc_silence_end(struct oc_silence *silence, int64_t at);
/* A record that cannot be removed now is too old at the next start as well. */
void oc_silence_erase(const struct oc_env *env, const struct oc_silence *silence);

#endif
