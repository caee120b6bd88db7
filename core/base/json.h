/* Short forms over jansson, and limits on JSON from outside. SPDX-License-Identifier: MIT
 *
 * "take" means that the callee owns the reference from then on. [any], values not shared between threads. */
#ifndef OC_BASE_JSON_H
#define OC_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openclaw/plugin.h>

/* How a document is written for others: numbers as people wrote them (0.1, not 0.10000000000000001). */
#define OC_JSON_WIRE (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

#define OC_JSON_MAX_BYTES (8u << 20) /* a document from outside */

/* Parses one document of at most OC_JSON_MAX_BYTES (depth is capped by jansson at 2048); NULL and `err` on failure (OC_E_UNSUPPORTED for a number that is too large),
 * with line and column in the message. The caller owns the result. */
json_t *oc_json_parse(const char *text, size_t len, struct oc_error *err);
/* The same for what somebody asks for: an object with a key twice is refused, and the key named. Of two values one would be dropped in
 * silence, and another program that has looked at the document before us may have kept the other one. */
json_t *oc_json_parse_request(const char *text, size_t len, struct oc_error *err);

char *oc_json_text(const json_t *value);   /* compact, sorted keys; owned by the caller */
char *oc_json_pretty(const json_t *value); /* two spaces, keys in insertion order */
/* Appends the value: compact, keys in insertion order, the same bytes as jansson's JSON_COMPACT. For what is written often; a value
 * must not contain itself. A number is read again as exactly what it was: for what we keep, whose bytes may be hashed. */
struct oc_buf;
void oc_json_put(struct oc_buf *out, const json_t *value);
/* The same with the numbers of OC_JSON_WIRE: for what others read. */
void oc_json_put_wire(struct oc_buf *out, const json_t *value);
/* Appends a string with its quotes; what is no UTF-8 becomes U+FFFD. NULL: null. */
void oc_json_put_str(struct oc_buf *out, const char *text);

/* Members of an object with a fall-back; wrong types count as absent. Strings are borrowed. */
const char *oc_json_str(const json_t *object, const char *key, const char *fallback);
int64_t oc_json_int(const json_t *object, const char *key, int64_t fallback);
double oc_json_num(const json_t *object, const char *key, double fallback);
bool oc_json_bool(const json_t *object, const char *key, bool fallback);

/* "a.b[0].c" or "$.a.b[0].c"; borrowed, NULL when there is none. */
json_t *oc_json_path(const json_t *value, const char *path);

/* NULL -> null; bad UTF-8 is replaced */
void oc_json_set_str(json_t *object, const char *key, const char *value);
void oc_json_set_int(json_t *object, const char *key, int64_t value);
/* NaN and infinities -> null */
void oc_json_set_num(json_t *object, const char *key, double value);
void oc_json_set_bool(json_t *object, const char *key, bool value);
/* RFC 3339; <= 0 -> null */
void oc_json_set_time(json_t *object, const char *key, int64_t wall_ms);
void oc_json_take(json_t *object, const char *key, json_t *value); /* takes value */
/* Takes `json`, which nobody else may hold; its strings are overwritten first: they may be secrets. NULL is fine. */
void oc_json_wipe(json_t *json);

#endif
