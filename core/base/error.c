/* Error codes: their names, exit codes and messages. SPDX-License-Identifier: MIT */
#include "core/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

struct code_info {
    int code;
    const char *name;
    int exit_code;
};

#define INFO(code, name, exit_code, meaning) {code, name, exit_code},
static const struct code_info infos[] = {OC_ERROR_MAP(INFO)};
#undef INFO

static const struct code_info *find_code(int code)
{
    for (size_t i = 0; i < OC_COUNT(infos); i++) {
        if (infos[i].code == code) {
            return &infos[i];
        }
    }
    return NULL;
}

const char *oc_error_name(int code)
{
    const struct code_info *info = find_code(code);
    return info ? info->name : "internal";
}

int oc_error_code(const char *name)
{
    for (size_t i = 0; name && i < OC_COUNT(infos); i++) {
        if (!strcmp(infos[i].name, name)) {
            return infos[i].code;
        }
    }
    return OC_E_INTERNAL;
}

int oc_error_exit(int code)
{
    const struct code_info *info = find_code(code);
    return info ? info->exit_code : 1;
}

void oc_error_init(struct oc_error *err)
{
    if (err) {
        memset(err, 0, sizeof *err);
        err->struct_size = sizeof *err;
    }
}

/* oc_copy cuts at a character, never inside one. Messages are formatted into a local buffer first,
 * so that the old message may be among the arguments. */
static void fill(struct oc_error *err, int code, const char *message)
{
    err->struct_size = sizeof *err;
    err->code = code;
    oc_copy(err->message, sizeof err->message, message);
    err->hint[0] = '\0';
}

int oc_error_set(struct oc_error *err, int code, const char *fmt, ...)
{
    char text[sizeof err->message + 1];
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        fill(err, code, text);
    }
    return code;
}

static int code_of_errno(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ESRCH:
    case ENXIO:
        return OC_E_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return OC_E_DENIED;
    case EEXIST:
    case EBUSY:
    case ENOTEMPTY:
    case EADDRINUSE:
        return OC_E_CONFLICT;
    case ETIMEDOUT:
        return OC_E_TIMEOUT;
    case ECANCELED:
        return OC_E_CANCELLED;
    case EINVAL:
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return OC_E_CONFIG;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
        return OC_E_UNSUPPORTED;
    case EAGAIN:
    case EINTR:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return OC_E_RETRY;
    default:
        return OC_E_PERMANENT;
    }
}

int oc_error_errno(struct oc_error *err, int code, int errnum, const char *fmt, ...)
{
    char text[sizeof err->message + 1], reason[128];
    va_list ap;

    if (!code) {
        code = code_of_errno(errnum);
    }
    if (err) {
        va_start(ap, fmt);
        int len = vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        if (len >= 0 && (size_t)len < sizeof text) {
            snprintf(text + len, sizeof text - (size_t)len, ": %s",
                     strerror_r(errnum, reason, sizeof reason));
        }
        fill(err, code, text);
    }
    return code;
}

void oc_error_hint(struct oc_error *err, const char *fmt, ...)
{
    char text[sizeof err->hint + 1];
    va_list ap;

    if (err) {
        va_start(ap, fmt);
        vsnprintf(text, sizeof text, fmt, ap);
        va_end(ap);
        oc_copy(err->hint, sizeof err->hint, text);
    }
}

int oc_error_prefix(struct oc_error *err, const char *fmt, ...)
{
    char text[2 * sizeof err->message];
    va_list ap;

    if (!err) {
        return OC_E_INTERNAL;
    }
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (len >= 0 && (size_t)len < sizeof text) {
        snprintf(text + len, sizeof text - (size_t)len, ": %s", err->message);
    }
    oc_copy(err->message, sizeof err->message, text);
    return err->code;
}
