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
int oc_silence_erase(const struct oc_env *env, const struct oc_silence *silence, bool durable,
                     struct oc_error *err);

#endif
