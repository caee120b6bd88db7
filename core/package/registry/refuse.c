/* Errors with reason words. SPDX-License-Identifier: MIT */
#include "core/package/registry/refuse.h"

#include <stdarg.h>
#include <stdlib.h>

#include "core/base/json.h"
#include "core/base/mem.h"

int oc_refuse(struct oc_work *w, int code, const char *reason, const char *hint, const char *fmt,
              ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = oc_vasprintf(fmt, ap);
    va_end(ap);
    oc_error_init(&w->err);
    oc_error_set(&w->err, code, "%s", text);
    oc_error_hint(&w->err, "%s", hint);
    free(text);
    return oc_work_reason(w, reason);
}

const char *oc_refusal(const struct oc_work *w)
{
    return oc_json_str(w->details, "reason", "");
}

void oc_refuse_clear(struct oc_work *w)
{
    oc_error_init(&w->err);
    json_decref(w->details);
    w->details = NULL;
}
