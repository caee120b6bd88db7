/* Writing comma-separated values, RFC 4180. SPDX-License-Identifier: MIT  [any]
 *
 * Spreadsheets run what looks like a formula, and names and messages come from outside: such a text gets a quotation mark before it,
 * which they take as "this is text". Numbers stay as they are. */
#ifndef OC_BASE_CSV_H
#define OC_BASE_CSV_H

#include "core/base/buf.h"

/* Appends one field, quoted where it must be. */
void oc_csv_field(struct oc_buf *out, const char *text);

#endif
