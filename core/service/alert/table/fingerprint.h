/* The identity of a label set, as Prometheus and Alertmanager compute it. SPDX-License-Identifier: MIT  [any]
 *
 * FNV-1a (64 bits; Fowler, Noll and Vo) over name, 0xff, value, 0xff of every label, sorted by name in byte order. */
#ifndef OC_SERVICE_ALERT_FINGERPRINT_H
#define OC_SERVICE_ALERT_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OC_FINGERPRINT_START UINT64_C(14695981039346656037)
#define OC_FINGERPRINT_SIZE  17 /* of its text: 16 hex digits and NUL */

/* One label more; begin with OC_FINGERPRINT_START. */
uint64_t oc_fingerprint_add(uint64_t hash, const char *name, size_t name_len, const char *value,
                            size_t value_len);
char *oc_fingerprint_text(uint64_t fingerprint, char text[OC_FINGERPRINT_SIZE]); /* returns text */
/* False when `text` is not 16 lower-case hex digits. */
bool oc_fingerprint_parse(const char *text, uint64_t *fingerprint);

#endif
