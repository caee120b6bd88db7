/* The postgres collector against a real server in every state. SPDX-License-Identifier: MIT */
#include "test_postgres.h"

static void a_server_that_is_well_is_measured(void **state)
{
    struct oc_test *t = *state;
    collect(t);
    expect_up(t);
    assert_true(value(t, "postgres.query_ms") > 0);
    assert_true(value(t, "postgres.connections_total") == 1);
    assert_true(oc_test_sample(t, "postgres.connections", "state", "active") == 1);
    assert_true(oc_test_sample(t, "postgres.connections", "state", "idle") == 0);
    assert_true(value(t, "postgres.max_connections") == 40);
    assert_true(value(t, "postgres.pool_percent") == 2.5);
    assert_true(value(t, "postgres.longest_query_ms") == 0);
    assert_true(value(t, "postgres.locks_waiting") == 0);
    assert_true(value(t, "postgres.oldest_xid_age") > 0);
    assert_true(value(t, "postgres.uptime_seconds") >= 0);
    assert_true(value(t, "postgres.pgvector") == 0);
    assert_true(value(t, "postgres.is_replica") == 0);
    assert_true(value(t, "postgres.commits_total") > 0);
    assert_true(value(t, "postgres.deadlocks_total") == 0);
    assert_true(oc_test_sample(t, "postgres.database_bytes", "database", "postgres") > 1e6);
    assert_true(oc_test_sample(t, "postgres.database_bytes", "database", "closed") > 1e6);
    assert_int_equal(oc_test_samples(t, "postgres.replication_lag_seconds"), 0);
    assert_int_equal(oc_test_samples(t, "postgres.cache_hit_percent"), 0);
    PGconn *conn = admin("postgres");
    execute(conn, "SELECT count(*) FROM pg_class");
    execute(conn, "SELECT pg_stat_force_next_flush()");
    PQfinish(conn);
    collect(t);
    double hits = value(t, "postgres.cache_hit_percent");
    assert_true(hits > 0 && hits <= 100);
}

static void connections_of_others_are_counted_by_state(void **state)
{
    struct oc_test *t = *state;
    PGconn *idle = admin("postgres"), *open = admin("postgres");
    execute(open, "BEGIN");
    execute(open, "SELECT txid_current()");
    usleep(50000);
    oc_test_option(t, "pool_max", "10");
    collect(t);
    assert_true(value(t, "postgres.connections_total") == 3);
    assert_true(oc_test_sample(t, "postgres.connections", "state", "idle_in_transaction") == 1);
    assert_true(value(t, "postgres.pool_percent") == 30);
    assert_true(value(t, "postgres.longest_transaction_ms") >= 50);
    PQfinish(idle);
    PQfinish(open);
}

static void the_longest_query_is_that_of_another(void **state)
{
    struct oc_test *t = *state;
    PGconn *slow = admin("postgres");
    assert_int_equal(PQsendQuery(slow, "SELECT pg_sleep(30)"), 1);
    usleep(200000);
    collect(t);
    double ms = value(t, "postgres.longest_query_ms");
    assert_true(ms >= 150 && ms < 20000);
    PGcancel *cancel = PQgetCancel(slow);
    char text[128];
    PQcancel(cancel, text, sizeof text);
    PQfreeCancel(cancel);
    PQfinish(slow);
}

static void waiting_locks_and_dead_rows_are_seen(void **state)
{
    struct oc_test *t = *state;
    PGconn *holder = admin("postgres"), *waiter = admin("postgres");
    execute(holder, "CREATE TABLE rows (id int) WITH (autovacuum_enabled = off)");
    execute(holder, "INSERT INTO rows SELECT generate_series(1, 100)");
    execute(holder, "DELETE FROM rows WHERE id <= 40");
    execute(holder, "SELECT pg_stat_force_next_flush()");
    execute(holder, "BEGIN");
    execute(holder, "LOCK rows");
    assert_int_equal(PQsendQuery(waiter, "SELECT count(*) FROM rows"), 1);
    usleep(100000);
    collect(t);
    assert_true(value(t, "postgres.locks_waiting") == 1);
    assert_true(value(t, "postgres.dead_tuples") == 40);
    assert_true(value(t, "postgres.live_tuples") == 60);
    execute(holder, "ROLLBACK");
    PQclear(PQgetResult(waiter));
    execute(holder, "DROP TABLE rows");
    PQfinish(holder);
    PQfinish(waiter);
}

/* The extension is not needed to see that a column's type of that name is found. */
static void tables_with_vectors_are_counted(void **state)
{
    struct oc_test *t = *state;
    PGconn *db = admin("postgres");
    collect(t);
    assert_int_equal(oc_test_samples(t, "postgres.vectors"), 0);
    assert_int_equal(oc_test_samples(t, "postgres.vector_index_bytes"), 0);
    execute(db, "CREATE DOMAIN vector AS float[]");
    execute(db, "CREATE TABLE memories (id int, embedding vector)");
    execute(db, "INSERT INTO memories SELECT generate_series(1, 70), '{1,2}'");
    execute(db, "ANALYZE memories");
    collect(t);
    assert_true(value(t, "postgres.vectors") == 70);
    execute(db, "DROP TABLE memories");
    execute(db, "DROP DOMAIN vector");
    PQfinish(db);
}

static void only_the_named_databases_are_measured(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "databases", "[\"closed\"]");
    collect(t);
    assert_int_equal(oc_test_samples(t, "postgres.database_bytes"), 1);
}

static void a_role_without_rights_gets_what_it_may_see(void **state)
{
    struct oc_test *t = *state;
    PGconn *other = admin("postgres");
    set_user(t, "plain", "postgres", "s3cret");
    collect(t);
    expect_up(t);
    assert_true(value(t, "postgres.connections_total") == 2);
    assert_true(oc_test_sample(t, "postgres.connections", "state", "unknown") == 1);
    assert_true(isnan(oc_test_sample(t, "postgres.database_bytes", "database", "closed")));
    PQfinish(other);
}

static void the_connection_is_kept_and_leaves_no_trace(void **state)
{
    struct oc_test *t = *state;
    collect(t);
    collect(t);
    PGconn *conn = admin("postgres");
    PGresult *r = PQexec(
        conn, "SELECT pid, state, count(*) OVER () FROM pg_stat_activity WHERE application_name = "
              "'openclaw'");
    assert_int_equal(PQntuples(r), 1);
    char pid[16];
    strcpy(pid, PQgetvalue(r, 0, 0));
    assert_string_equal(PQgetvalue(r, 0, 1), "idle");
    PQclear(r);
    collect(t);
    r = PQexec(conn, "SELECT pid FROM pg_stat_activity WHERE application_name = 'openclaw'");
    assert_string_equal(PQgetvalue(r, 0, 0), pid);
    PQclear(r);
    PQfinish(conn);
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(a_server_that_is_well_is_measured),
        t(connections_of_others_are_counted_by_state),
        t(the_longest_query_is_that_of_another),
        t(waiting_locks_and_dead_rows_are_seen),
        t(tables_with_vectors_are_counted),
        t(only_the_named_databases_are_measured),
        t(a_role_without_rights_gets_what_it_may_see),
        t(the_connection_is_kept_and_leaves_no_trace),
    };
    if (!find_server()) {
        puts("PostgreSQL is not installed: skipped");
        return 0;
    }
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
