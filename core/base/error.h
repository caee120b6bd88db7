/* Error codes and the caller-owned struct that carries them. SPDX-License-Identifier: MIT
 *
 * The codes are those of the plugin ABI (OC_OK, OC_E_*): one map gives every code its name, process exit code and
 * docs anchor. A function that can fail for a reason outside the program returns int (0 or OC_E_*) and fills `err`,
 * which may be NULL. Messages are lower case without a full stop; hints are full sentences with a remedy. [any] */
#ifndef OC_BASE_ERROR_H
#define OC_BASE_ERROR_H

#include <openclaw/plugin.h>

/* code, name on the wire, process exit code, what it means */
#define OC_ERROR_MAP(X)                                                                            \
    X(OC_OK, "ok", 0, "success")                                                                   \
    X(OC_E_RETRY, "retry", 1, "failed for now")                                                    \
    X(OC_E_TIMEOUT, "timeout", 1, "the deadline passed")                                           \
    X(OC_E_CANCELLED, "cancelled", 1, "cancelled")                                                 \
    X(OC_E_CONFIG, "config", 7, "the configuration or a parameter is wrong")                       \
    X(OC_E_AUTH, "auth", 3, "credentials were refused")                                            \
    X(OC_E_DENIED, "denied", 3, "a right is missing")                                              \
    X(OC_E_NOT_FOUND, "not_found", 2, "not found")                                                 \
    X(OC_E_CONFLICT, "conflict", 1, "the state does not allow it")                                 \
    X(OC_E_UNSUPPORTED, "unsupported", 1, "not supported")                                         \
    X(OC_E_PERMANENT, "permanent", 1, "failed")                                                    \
    X(OC_E_INTERNAL, "internal", 1, "internal error")                                              \
    X(OC_E_CRASHED, "crashed", 1, "the plugin crashed")                                            \
    X(OC_E_NETWORK, "network", 4, "a registry cannot be reached")                                  \
    X(OC_E_VERIFY, "verify", 5, "a signature, a digest or a length is wrong")                      \
    X(OC_E_REFUSED, "refused", 6, "refused for security")                                          \
    X(OC_E_APPROVAL, "needs_approval", 8, "kept until governance decides")

/* Codes of the host alone: they never cross the plugin ABI, whose own codes end at OC_E_CRASHED. */
#define OC_E_NETWORK  (-32)
#define OC_E_VERIFY   (-33)
#define OC_E_REFUSED  (-34)
#define OC_E_APPROVAL (-35)

#define OC_EXIT_USAGE       64
#define OC_EXIT_UNAVAILABLE 69 /* the daemon cannot be reached */

const char *oc_error_name(int code); /* "timeout"; "internal" for an unknown code */
int oc_error_code(const char *name); /* the reverse; OC_E_INTERNAL when unknown */
int oc_error_exit(int code);

void oc_error_init(struct oc_error *err);

/* Sets code and message (and clears the hint); returns code, so `return oc_error_set(err, OC_E_CONFIG, ...)`. */
int oc_error_set(struct oc_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* As oc_error_set with ": strerror(errnum)" appended; the code follows from errnum unless given (0 = derive). */
int oc_error_errno(struct oc_error *err, int code, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void oc_error_hint(struct oc_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "prefix: " before the message that is there; returns the code. */
int oc_error_prefix(struct oc_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
