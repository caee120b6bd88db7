/* The data of one log line, in both its written forms. SPDX-License-Identifier: MIT  [any], not
 * shared */
#ifndef OC_BASE_LOGDATA_H
#define OC_BASE_LOGDATA_H

#include <stdarg.h>

#include "core/base/buf.h"

#define OC_LOG_VALUE_MAX 4096 /* bytes of one value or message; the rest is cut */

struct oc_logdata {
    struct oc_buf text; /* " key=value key=\"other value\"" */
    struct oc_buf json; /* "\"key\":1,\"key\":\"other value\"": the members of an object */
};

/* Splits a format of `key=%spec` words as core/base/log.h describes. */
void oc_logdata_format(struct oc_logdata *d, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));
/* The members of a JSON object given as text; what is no object becomes one value, `data`. */
void oc_logdata_json(struct oc_logdata *d, const char *json);
void oc_logdata_finish(struct oc_logdata *d);

/* A message or value as text, quoted when a reader could not tell where it ends; escapes whatever a
 * terminal could act on. `free_spaces` leaves spaces unquoted (messages). */
void oc_log_quote(struct oc_buf *out, const char *s, size_t len, int free_spaces);
void oc_log_quote_json(struct oc_buf *out, const char *s,
                       size_t len); /* with the quotation marks */

#endif
