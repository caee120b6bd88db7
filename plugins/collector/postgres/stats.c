/* Statistics of PostgreSQL 10 and later, in one round trip. SPDX-License-Identifier: MIT
 *
 * Views that only members of pg_monitor see in full give NULL to others: such a sample is left out.
 */
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESULT_STATES, RESULT_FACTS, RESULT_DATABASES, RESULT_COUNT };

/* Others' sessions have no type and no state for those who may not see them, but a user and a
 * database. */
#define IS_CLIENT                                                                                  \
    "(backend_type = 'client backend'"                                                             \
    " OR backend_type IS NULL AND usesysid IS NOT NULL AND datid IS NOT NULL)"

static const char states_sql[] =
    "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity WHERE " IS_CLIENT
    " GROUP BY 1;";

/* One row; the columns are found by name. Walsenders are no client backends, so they do not count
 * as queries. */
static const char facts_sql[] =
    "WITH others AS (SELECT * FROM pg_stat_activity"
    "  WHERE " IS_CLIENT " AND pid <> pg_backend_pid()),"
    " replicas AS (SELECT * FROM pg_stat_replication),"
    " db AS (SELECT sum(xact_commit) c, sum(xact_rollback) r, sum(deadlocks) d, sum(blks_hit) h,"
    "  sum(blks_read) b, sum(temp_bytes) t FROM pg_stat_database),"
    " wal AS (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()"
    "  ELSE pg_current_wal_lsn() END AS lsn)"
    "SELECT pg_is_in_recovery()::int AS replica,"
    " current_setting('max_connections')::int AS max_connections,"
    " (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0) * 1000 FROM "
    "others"
    "  WHERE state = 'active') AS longest_query_ms,"
    " (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) * 1000 FROM "
    "others)"
    "  AS longest_transaction_ms,"
    " (SELECT count(*) FROM pg_locks WHERE NOT granted) AS locks_waiting,"
    " (SELECT max(age(datfrozenxid)) FROM pg_database) AS oldest_xid_age,"
    " extract(epoch FROM now() - pg_postmaster_start_time()) AS uptime,"
    " (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables) AS dead_tuples,"
    " (SELECT coalesce(sum(n_live_tup), 0) FROM pg_stat_user_tables) AS live_tuples,"
    " EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')::int AS pgvector,"
    " (SELECT sum(greatest(c.reltuples, 0)) FROM pg_class c WHERE c.relkind IN ('r', 'm') AND "
    "EXISTS"
    "  (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid"
    "   AND NOT a.attisdropped AND t.typname IN ('vector', 'halfvec'))) AS vectors,"
    " (SELECT sum(pg_relation_size(c.oid)) FROM pg_class c JOIN pg_am m ON m.oid = c.relam"
    "  WHERE m.amname IN ('hnsw', 'ivfflat')) AS vector_index_bytes,"
    " db.c AS commits, db.r AS rollbacks, db.d AS deadlocks, db.h AS hit_blocks, db.b AS "
    "read_blocks,"
    " db.t AS temp_bytes,"
    " (SELECT count(*) FROM replicas) AS replicas,"
    " (SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) FROM replicas) AS "
    "replicas_lag_seconds,"
    " (SELECT max(pg_wal_lsn_diff(wal.lsn, replay_lsn)) FROM replicas) AS replicas_lag_bytes,"
    " (SELECT count(*) FROM pg_stat_wal_receiver) AS receivers,"
    " CASE WHEN NOT pg_is_in_recovery() THEN NULL"
    "  WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    "  ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END AS own_lag_seconds,"
    " CASE WHEN pg_is_in_recovery()"
    "  THEN pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) END AS "
    "own_lag_bytes"
    " FROM db, wal;";

static const char databases_sql[] =
    "SELECT datname, CASE WHEN has_database_privilege(oid, 'CONNECT')"
    "  OR pg_has_role('pg_read_all_stats', 'USAGE') THEN pg_database_size(oid) END"
    " FROM pg_database WHERE datallowconn AND NOT datistemplate;";

void oc_pg_stats_sql(char sql[OC_PG_STATS_SQL_MAX], int64_t timeout_ms)
{
    long long ms = timeout_ms > 0 ? (long long)timeout_ms : 1;
    /* LOCAL, because a pooler may hand the session to somebody else afterwards. */
    snprintf(sql, OC_PG_STATS_SQL_MAX,
             "BEGIN READ ONLY; SET LOCAL statement_timeout = %lld; SET LOCAL lock_timeout = %lld; "
             "%s %s %s"
             " COMMIT",
             ms, ms, states_sql, facts_sql, databases_sql);
}

/* ---- rows to samples ---- */

static bool number(const PGresult *row, const char *column, double *value)
{
    int i = PQfnumber(row, column);
    if (i < 0 || PQntuples(row) < 1 || PQgetisnull(row, 0, i)) {
        return false;
    }
    *value = strtod(PQgetvalue(row, 0, i), NULL);
    return true;
}

static void put_column(const PGresult *row, const char *column, const char *metric, uint32_t kind,
                       struct oc_out *out)
{
    double value;
    if (number(row, column, &value)) {
        bool whole = kind == OC_KIND_GAUGE;
        oc_out_sample(out, metric, kind, whole ? oc_round(value, 1000) : value, NULL, 0);
    }
}

/* "idle in transaction (aborted)" as "idle_in_transaction_aborted" */
static void as_label(const char *state, char label[64])
{
    size_t n = 0;
    for (; *state && n + 1 < 64; state++) {
        if (*state == ' ') {
            label[n++] = '_';
        } else if (*state != '(' && *state != ')') {
            label[n++] = *state;
        }
    }
    label[n] = '\0';
}

/* The usual states are put out even when nobody is in them, so that their series have no holes. */
static void put_states(const PGresult *rows, struct oc_out *out, struct oc_pg_facts *facts)
{
    static const char *const usual[] = {"active", "idle", "idle_in_transaction"};
    bool seen[3] = {false};
    facts->connections = 0;
    for (int i = 0; i < PQntuples(rows); i++) {
        char label[64];
        double count = strtod(PQgetvalue(rows, i, 1), NULL);
        as_label(PQgetvalue(rows, i, 0), label);
        for (size_t k = 0; k < 3; k++) {
            seen[k] |= strcmp(usual[k], label) == 0;
        }
        facts->connections += count;
        oc_out_labelled(out, "postgres.connections", OC_KIND_GAUGE, count, "state", label);
    }
    for (size_t k = 0; k < 3; k++) {
        if (!seen[k]) {
            oc_out_labelled(out, "postgres.connections", OC_KIND_GAUGE, 0, "state", usual[k]);
        }
    }
    oc_out_gauge(out, "postgres.connections_total", facts->connections);
}

static void put_plain(const PGresult *row, struct oc_out *out)
{
    static const struct {
        const char *column, *metric;
        uint32_t kind;
    } plain[] = {
        {"max_connections", "postgres.max_connections", OC_KIND_GAUGE},
        {"longest_query_ms", "postgres.longest_query_ms", OC_KIND_GAUGE},
        {"longest_transaction_ms", "postgres.longest_transaction_ms", OC_KIND_GAUGE},
        {"locks_waiting", "postgres.locks_waiting", OC_KIND_GAUGE},
        {"oldest_xid_age", "postgres.oldest_xid_age", OC_KIND_GAUGE},
        {"uptime", "postgres.uptime_seconds", OC_KIND_GAUGE},
        {"dead_tuples", "postgres.dead_tuples", OC_KIND_GAUGE},
        {"live_tuples", "postgres.live_tuples", OC_KIND_GAUGE},
        {"pgvector", "postgres.pgvector", OC_KIND_BOOL},
        {"vectors", "postgres.vectors", OC_KIND_GAUGE},
        {"vector_index_bytes", "postgres.vector_index_bytes", OC_KIND_GAUGE},
        {"replica", "postgres.is_replica", OC_KIND_BOOL},
        {"commits", "postgres.commits_total", OC_KIND_COUNTER},
        {"rollbacks", "postgres.rollbacks_total", OC_KIND_COUNTER},
        {"deadlocks", "postgres.deadlocks_total", OC_KIND_COUNTER},
        {"temp_bytes", "postgres.temp_bytes_total", OC_KIND_COUNTER},
    };
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        put_column(row, plain[i].column, plain[i].metric, plain[i].kind, out);
    }
}

/* Of what was read since the previous call: since the beginning it would hardly ever move. */
static void put_cache_hits(const PGresult *row, struct oc_out *out, struct oc_pg_facts *facts)
{
    double hit, read;
    if (!number(row, "hit_blocks", &hit) || !number(row, "read_blocks", &read)) {
        return;
    }
    double hits = hit - facts->hit_blocks, reads = read - facts->read_blocks;
    if (facts->primed && hits >= 0 && reads >= 0 && hits + reads > 0) {
        oc_out_gauge(out, "postgres.cache_hit_percent", oc_percent(hits, hits + reads));
    }
    facts->hit_blocks = hit;
    facts->read_blocks = read;
    facts->primed = true;
}

static void put_replication(const PGresult *row, struct oc_out *out, struct oc_pg_facts *facts)
{
    double replica = 0, replicas = 0, receivers = 0;
    number(row, "replica", &replica);
    number(row, "replicas", &replicas);
    number(row, "receivers", &receivers);
    facts->replica = replica > 0;
    facts->receiver_down = facts->replica && receivers < 1;
    if (facts->replica) {
        oc_out_bool(out, "postgres.wal_receiver_up", !facts->receiver_down);
        put_column(row, "own_lag_seconds", "postgres.replication_lag_seconds", OC_KIND_GAUGE, out);
        put_column(row, "own_lag_bytes", "postgres.replication_lag_bytes", OC_KIND_GAUGE, out);
    } else if (replicas > 0) {
        put_column(row, "replicas_lag_seconds", "postgres.replication_lag_seconds", OC_KIND_GAUGE,
                   out);
        put_column(row, "replicas_lag_bytes", "postgres.replication_lag_bytes", OC_KIND_GAUGE, out);
    }
    oc_out_gauge(out, "postgres.replicas", replicas);
}

static bool is_wanted(const struct oc_list *databases, const char *name)
{
    const char *const *names = databases->items;
    for (uint64_t i = 0; i < databases->count; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return databases->count == 0;
}

static void put_databases(const PGresult *rows, const struct oc_list *databases, struct oc_out *out)
{
    for (int i = 0; i < PQntuples(rows); i++) {
        const char *name = PQgetvalue(rows, i, 0);
        if (!PQgetisnull(rows, i, 1) && is_wanted(databases, name)) {
            oc_out_labelled(out, "postgres.database_bytes", OC_KIND_GAUGE,
                            strtod(PQgetvalue(rows, i, 1), NULL), "database", name);
        }
    }
}

bool oc_pg_stats(const struct oc_pg_results *results, int64_t pool_max,
                 const struct oc_list *databases, struct oc_out *out, struct oc_pg_facts *facts)
{
    double max = 0;
    if (results->count != RESULT_COUNT) {
        return false;
    }
    const PGresult *row = results->rows[RESULT_FACTS];
    put_states(results->rows[RESULT_STATES], out, facts);
    put_plain(row, out);
    number(row, "max_connections", &max);
    facts->pool_percent = oc_percent(facts->connections, pool_max > 0 ? (double)pool_max : max);
    oc_out_gauge(out, "postgres.pool_percent", facts->pool_percent);
    put_cache_hits(row, out, facts);
    put_replication(row, out, facts);
    put_databases(results->rows[RESULT_DATABASES], databases, out);
    return true;
}
