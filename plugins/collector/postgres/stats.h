/* What the server's statistics views say, as samples. SPDX-License-Identifier: MIT */
#ifndef OC_POSTGRES_STATS_H
#define OC_POSTGRES_STATS_H

#include "../../lib/collect/collect.h"
#include "link.h"

#include <stdbool.h>
#include <stdint.h>

/* What is remembered from call to call, and what the status is made of. */
struct oc_pg_facts {
    bool primed;
    double hit_blocks, read_blocks; /* of the last call, since the statistics began */
    double connections, pool_percent;
    bool replica, receiver_down;
};

#define OC_PG_STATS_SQL_MAX 8192
/* Writes the statements whose results oc_pg_stats reads: one read-only transaction that no lock and
 * no slow view holds longer than `timeout_ms`. */
void oc_pg_stats_sql(char sql[OC_PG_STATS_SQL_MAX], int64_t timeout_ms);

/* Puts the samples out. `pool_max` 0 = max_connections; `databases`: const char *, empty = all.
 * False when the results are not what oc_pg_stats_sql asks for. */
bool oc_pg_stats(const struct oc_pg_results *results, int64_t pool_max,
                 const struct oc_list *databases, struct oc_out *out, struct oc_pg_facts *facts);

#endif
