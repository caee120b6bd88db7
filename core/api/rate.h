/* How often a client may ask: a token bucket for each, in a table of fixed size. SPDX-License-Identifier: MIT  [loop]
 *
 * Who is pushed out of the table by many others begins with a full bucket again. */
#ifndef OC_API_RATE_H
#define OC_API_RATE_H

#include <stdbool.h>
#include <stdint.h>

struct oc_rates;

struct oc_rates *oc_rates_create(void);
void oc_rates_destroy(struct oc_rates *r); /* NULL is fine */
/* One request of `client`, which may make `per_second` (> 0) on the average and twice as many at once. False: too many. */
bool oc_rates_take(struct oc_rates *r, const char *client, int64_t per_second);

#endif
