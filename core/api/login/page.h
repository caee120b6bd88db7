/* What the pages of signing in look like. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_API_LOGIN_PAGE_H
#define OC_API_LOGIN_PAGE_H

#include "core/base/buf.h"

/* The form. `problem` (NULL: none) is read out first; `code` (NULL: none) is filled in, so that only the button is left. */
void oc_login_form(struct oc_buf *out, const char *problem, const char *code, const char *next);
/* "You are signed in", on the way to `next`. */
void oc_login_welcome(struct oc_buf *out, const char *role, const char *next);

extern const char oc_login_css[];

#endif
