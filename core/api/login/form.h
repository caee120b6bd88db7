/* Values of a form as browsers send it (application/x-www-form-urlencoded). SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_LOGIN_FORM_H
#define OC_API_LOGIN_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* Writes the first value of `name`, decoded and terminated, into `value`; its length, or -1 when there is none, it is malformed
 * (a bad escape, a NUL) or does not fit. */
long oc_form_value(const char *body, size_t len, const char *name, char *value, size_t size);

/* Where to go after signing in: a path of our own ("/alerts?state=firing"), else "/". What another site could be meant by
 * ("//host", "/\host") is none of ours. Returns `next` or "/". */
const char *oc_form_next(const char *next);

#endif
