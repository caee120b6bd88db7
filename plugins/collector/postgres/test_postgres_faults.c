/* What a PostgreSQL server cannot do, or does not do in time. SPDX-License-Identifier: MIT */
#include "test_postgres.h"

static void expect_down(struct oc_test *t, const char *why)
{
    assert_true(value(t, "postgres.up") == 0);
    assert_true(value(t, "database.connections_failed") == 1);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    if (!strstr(oc_test_status_text(t, ""), why)) {
        fail_msg("expected '%s' in '%s'", why, oc_test_status_text(t, ""));
    }
}

static void expect_refused(struct oc_test *t, int32_t code)
{
    assert_int_equal(oc_test_start(t), OC_OK);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), code);
    assert_true(value(t, "postgres.up") == 0);
    assert_true(value(t, "database.connections_failed") == 1);
    assert_null(strstr(oc_test_error(t)->message, "wrong-one"));
    assert_true(oc_test_error(t)->message[0] != '\0' && oc_test_error(t)->hint[0] != '\0');
    oc_test_stop(t);
}

static void refused_credentials_are_an_error_of_their_own(void **state)
{
    struct oc_test *t = *state;
    set_user(t, "watcher", "postgres", "wrong-one");
    expect_refused(t, OC_E_AUTH);
    assert_string_equal(strchr(oc_test_error(t)->message, 'F'),
                        "FATAL: password authentication failed for user \"watcher\"");
    oc_test_config(t, "{}");
    set_user(t, "watcher:wrong-one", "postgres", NULL); /* within the dsn */
    expect_refused(t, OC_E_AUTH);
    oc_test_config(t, "{}");
    set_user(t, "watcher", "postgres", NULL); /* none at all */
    expect_refused(t, OC_E_AUTH);
    set_user(t, "plain", "closed", "s3cret"); /* no right to connect */
    expect_refused(t, OC_E_AUTH);
    set_user(t, "watcher", "missing", "s3cret");
    expect_refused(t, OC_E_CONFIG);
}

static void a_dsn_that_does_not_parse_is_refused_without_quoting_it(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "dsn", "password=hunter2 host");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_null(strstr(oc_test_error(t)->message, "hunter2"));
    oc_test_option(t, "dsn", "postgresql://user:hunter2@[::1/db");
    assert_int_equal(oc_test_start(t), OC_E_CONFIG);
    assert_null(strstr(oc_test_error(t)->message, "hunter2"));
}

static void a_server_that_is_not_there_is_critical(void **state)
{
    struct oc_test *t = *state;
    char dsn[128];
    snprintf(dsn, sizeof dsn, "postgresql://watcher@127.0.0.1:%u/postgres", free_port());
    oc_test_option(t, "dsn", dsn);
    collect(t);
    expect_down(t, "Connection refused");
}

static void a_name_service_that_hangs_costs_no_more_than_the_timeout(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "dsn", "postgresql://watcher@db.hangs.test/postgres");
    oc_test_option(t, "timeout", "100ms");
    collect(t);
    expect_down(t, "db.hangs.test: the name service does not answer in time");
    assert_true(names_hanging());
    names_release();
}

/* One name has two addresses, of which one refuses; another name hangs, and one does not exist. */
static void each_host_and_each_address_is_tried(void **state)
{
    struct oc_test *t = *state;
    char dsn[256];
    snprintf(dsn, sizeof dsn,
             "host=none.invalid,db.hangs.test,set.names.test port=%u user=watcher dbname=postgres",
             server.port);
    names.released = false;
    names_set("127.0.0.2", "127.0.0.1");
    oc_test_option(t, "dsn", dsn);
    oc_test_option(t, "timeout", "3s");
    collect(t);
    expect_up(t);
    assert_true(names_hanging());
    names_release();
}

static void a_name_that_has_moved_is_followed(void **state)
{
    struct oc_test *t = *state;
    char dsn[128];
    snprintf(dsn, sizeof dsn, "host=set.names.test port=%u user=watcher dbname=postgres",
             server.port);
    names_set("127.0.0.2", NULL);
    oc_test_option(t, "dsn", dsn);
    collect(t);
    expect_down(t, "Connection refused");
    names_set("127.0.0.1", NULL);
    collect(t);
    expect_up(t);
}

static void a_server_that_stops_and_returns_is_followed(void **state)
{
    struct oc_test *t = *state;
    collect(t);
    expect_up(t);
    stop_server();
    collect(t);
    expect_down(t, "Connection refused");
    start_server();
    collect(t);
    expect_up(t);
}

static void a_restart_between_two_calls_is_no_failure(void **state)
{
    struct oc_test *t = *state;
    collect(t);
    stop_server();
    start_server();
    collect(t);
    expect_up(t);
}

static void a_server_that_hangs_costs_no_more_than_the_timeout(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "400ms");
    assert_int_equal(oc_test_start(t), OC_OK);
    kill(server.pid, SIGSTOP); /* the kernel still accepts */
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), OC_OK);
    kill(server.pid, SIGCONT);
    expect_down(t, "cannot connect: no answer in time");
    assert_in_range(oc_test_took_ms(t), 300, 4000);
}

static pid_t our_backend(PGconn *conn)
{
    PGresult *r =
        PQexec(conn, "SELECT pid FROM pg_stat_activity WHERE application_name = 'openclaw'");
    assert_int_equal(PQntuples(r), 1);
    pid_t pid = (pid_t)atoi(PQgetvalue(r, 0, 0));
    PQclear(r);
    return pid;
}

static void a_backend_that_hangs_costs_no_more_than_the_hosts_deadline(void **state)
{
    struct oc_test *t = *state;
    oc_test_option(t, "timeout", "60s");
    collect(t);
    PGconn *conn = admin("postgres");
    pid_t pid = our_backend(conn);
    kill(pid, SIGSTOP);
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 2000), OC_OK);
    expect_down(t, "no answer in time");
    assert_true(oc_test_took_ms(t) < 2000);
    kill(pid, SIGCONT);
    collect(t);
    expect_up(t);
    PQfinish(conn);
}

static void a_cancelled_call_ends_soon(void **state)
{
    struct oc_test *t = *state;
    assert_int_equal(oc_test_start(t), OC_OK);
    kill(server.pid, SIGSTOP);
    oc_test_cancel_after(t, 50);
    int32_t code = oc_test_call(t, COLLECT, NULL, 10000);
    kill(server.pid, SIGCONT);
    assert_int_equal(code, OC_E_CANCELLED);
    assert_true(oc_test_took_ms(t) < 1000);
}

static void no_free_slot_is_critical(void **state)
{
    struct oc_test *t = *state;
    PGconn *conns[40];
    int n = 0;
    for (; n < 37; n++) { /* 3 of 40 are kept for superusers */
        conns[n] = admin("postgres");
    }
    collect(t);
    for (int i = 0; i < n; i++) {
        PQfinish(conns[i]);
    }
    expect_down(t, "connection slots");
    collect(t);
    expect_up(t);
}

static void a_lock_on_the_catalogue_gives_a_warning_in_time(void **state)
{
    struct oc_test *t = *state;
    collect(t);
    PGconn *conn = admin("postgres");
    execute(conn, "BEGIN");
    execute(conn, "LOCK pg_catalog.pg_extension IN ACCESS EXCLUSIVE MODE");
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 2000), OC_OK);
    assert_true(oc_test_took_ms(t) < 2000);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_WARNING);
    assert_non_null(strstr(oc_test_status_text(t, ""), "no statistics"));
    assert_true(value(t, "postgres.up") == 1);
    execute(conn, "ROLLBACK");
    PQfinish(conn);
    collect(t);
    expect_up(t);
}

/* A replica of the server, on a port of its own, for as long as the test runs. */
static unsigned start_replica(void)
{
    unsigned port = free_port();
    snprintf(server.replica_dir, sizeof server.replica_dir, "%s/replica", server.dir);
    assert_int_equal(run("%s/pg_basebackup -h %s -p %u -U admin -D %s -X stream -R -c fast",
                         server.bin, server.dir, server.port, server.replica_dir),
                     0);
    assert_int_equal(run("%s/pg_ctl -D %s -w -t 60 -o \"-p %u\" -l %s/replica.log start",
                         server.bin, server.replica_dir, port, server.dir),
                     0);
    return port;
}

static void both_ends_of_a_replication_know_the_lag(void **state)
{
    struct oc_test *t = *state;
    char dsn[128];
    unsigned port = start_replica();
    for (int i = 0; i < 50 && !(value(t, "postgres.replication_lag_bytes") >= 0); i++) {
        collect(t);
        usleep(50000);
    }
    assert_true(value(t, "postgres.replicas") == 1);
    assert_true(value(t, "postgres.replication_lag_seconds") >= 0);
    assert_true(value(t, "postgres.replication_lag_bytes") >= 0);
    oc_test_stop(t);
    snprintf(dsn, sizeof dsn, "postgresql://watcher@127.0.0.1:%u/postgres", port);
    oc_test_option(t, "dsn", dsn);
    assert_int_equal(oc_test_start(t), OC_OK);
    collect(t);
    expect_up(t);
    assert_true(value(t, "postgres.is_replica") == 1);
    assert_true(value(t, "postgres.wal_receiver_up") == 1);
    assert_true(value(t, "postgres.replication_lag_bytes") >= 0);
    stop_server();
    for (int i = 0; i < 100 && !(value(t, "postgres.wal_receiver_up") == 0); i++) {
        collect(t);
        usleep(50000);
    }
    assert_int_equal(oc_test_status(t, ""), OC_STATE_WARNING);
    assert_int_equal(run("%s/pg_ctl -D %s -w -m immediate stop", server.bin, server.replica_dir),
                     0);
    start_server();
}

#define t(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        t(refused_credentials_are_an_error_of_their_own),
        t(a_dsn_that_does_not_parse_is_refused_without_quoting_it),
        t(a_server_that_is_not_there_is_critical),
        t(a_name_service_that_hangs_costs_no_more_than_the_timeout),
        t(each_host_and_each_address_is_tried),
        t(a_name_that_has_moved_is_followed),
        t(a_server_that_stops_and_returns_is_followed),
        t(a_restart_between_two_calls_is_no_failure),
        t(a_server_that_hangs_costs_no_more_than_the_timeout),
        t(a_backend_that_hangs_costs_no_more_than_the_hosts_deadline),
        t(a_cancelled_call_ends_soon),
        t(no_free_slot_is_critical),
        t(a_lock_on_the_catalogue_gives_a_warning_in_time),
        t(both_ends_of_a_replication_know_the_lag),
    };
    if (!find_server()) {
        puts("PostgreSQL is not installed: skipped");
        return 0;
    }
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
