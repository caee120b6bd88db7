/* One connection to PostgreSQL, with a deadline over all. SPDX-License-Identifier: MIT
 *
 * libpq is used without blocking; waiting, for names too, is done here. All functions are [worker]. Codes:
 * OC_E_RETRY (not reachable, the connection broke, no slot free), OC_E_TIMEOUT, OC_E_CANCELLED,
 * OC_E_AUTH (credentials or the right to connect refused), OC_E_CONFIG (no such database),
 * OC_E_PERMANENT (a statement failed). Messages never hold a password: neither ours nor one that
 * libpq might quote from the connection string. */
#ifndef OC_POSTGRES_LINK_H
#define OC_POSTGRES_LINK_H

#include "collect/collect.h"
#include "net/lookup.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>

struct oc_pg_target {
    const char *dsn;      /* borrowed */
    const char *password; /* borrowed; NULL = whatever the dsn or a password file says */
};

/* Whether the dsn can be taken apart at all; the message says no more than that, because it could
 * quote a password. */
int32_t oc_pg_target_check(const struct oc_pg_target *t, struct oc_error *err);

struct oc_pg_link {
    PGconn *conn;            /* NULL: not connected */
    struct oc_lookup lookup; /* stays when the connection is closed */
};

int32_t oc_pg_open(struct oc_pg_link *l, const struct oc_pg_target *t, const struct oc_wait *wait,
                   struct oc_error *err);
void oc_pg_close(struct oc_pg_link *l);
void oc_pg_finish(struct oc_pg_link *l);     /* closes it and frees all; a zeroed one is fine */
bool oc_pg_idle(const struct oc_pg_link *l); /* there and quiet: not closed from the other side */

#define OC_PG_RESULTS_MAX 16
struct oc_pg_results {
    PGresult *rows[OC_PG_RESULTS_MAX]; /* of the statements that returned rows, in order */
    int count;
};

/* Runs `sql` (one or several statements, one round trip). The caller frees the results, also after
 * a failure. A failed statement leaves the connection open; anything else closes it. */
int32_t oc_pg_query(struct oc_pg_link *l, const struct oc_pg_target *t, const struct oc_wait *wait,
                    const char *sql, struct oc_pg_results *results, struct oc_error *err);
void oc_pg_results_free(struct oc_pg_results *results);

#endif
