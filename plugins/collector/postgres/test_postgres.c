/* The postgres collector against a real server in every state. SPDX-License-Identifier: MIT */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include "net/testing/names.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openclaw/testkit.h>

#define COLLECT "collector.collect/1"

/* One server for all tests: initdb takes its time. */
static struct {
    char bin[128]; /* where initdb and postgres are */
    char dir[64], replica_dir[80];
    unsigned port;
    pid_t pid;
} server;

static char prefix[128]; /* PostgreSQL refuses to run as root */

__attribute__((format(printf, 1, 2))) static int run(const char *format, ...)
{
    char words[1024], command[1300];
    va_list ap;
    va_start(ap, format);
    vsnprintf(words, sizeof words, format, ap);
    va_end(ap);
    snprintf(command, sizeof command, "cd / && %s %s </dev/null >>%s/test.log 2>&1", prefix, words,
             server.dir);
    return system(command);
}

/* Adds text to a file in the server's folder. */
__attribute__((format(printf, 2, 3))) static void append(const char *name, const char *format, ...)
{
    char path[128];
    va_list ap;
    snprintf(path, sizeof path, "%s/%s", server.dir, name);
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    va_start(ap, format);
    vfprintf(f, format, ap);
    va_end(ap);
    assert_int_equal(fclose(f), 0);
}

static unsigned free_port(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static bool find_server(void)
{
    DIR *d = opendir("/usr/lib/postgresql");
    struct dirent *e;
    while (d && (e = readdir(d))) {
        snprintf(server.bin, sizeof server.bin, "/usr/lib/postgresql/%.32s/bin", e->d_name);
        char path[160];
        snprintf(path, sizeof path, "%s/initdb", server.bin);
        if (e->d_name[0] != '.' && access(path, X_OK) == 0) {
            closedir(d);
            return true;
        }
    }
    if (d) {
        closedir(d);
    }
    return false;
}

static void start_server(void)
{
    assert_int_equal(
        run("%s/pg_ctl -D %s/data -w -t 60 -l %s/log start", server.bin, server.dir, server.dir),
        0);
    char path[96], text[32] = "";
    snprintf(path, sizeof path, "%s/data/postmaster.pid", server.dir);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    server.pid = (pid_t)atoi(text);
}

static void stop_server(void)
{
    assert_int_equal(run("%s/pg_ctl -D %s/data -w -m immediate stop", server.bin, server.dir), 0);
    server.pid = 0;
}

static PGconn *admin(const char *database)
{
    char dsn[256];
    snprintf(dsn, sizeof dsn, "host=%s port=%u user=admin dbname=%s", server.dir, server.port,
             database);
    PGconn *conn = PQconnectdb(dsn);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    return conn;
}

static void execute(PGconn *conn, const char *sql)
{
    PGresult *r = PQexec(conn, sql);
    assert_true(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK);
    PQclear(r);
}

static int group_setup(void **state)
{
    (void)state;
    const struct passwd *nobody = getpwnam("nobody");
    strcpy(server.dir, "/tmp/oc-postgres-XXXXXX");
    assert_non_null(mkdtemp(server.dir));
    if (geteuid() == 0) {
        assert_non_null(nobody);
        assert_int_equal(chown(server.dir, nobody->pw_uid, nobody->pw_gid), 0);
        snprintf(prefix, sizeof prefix, "setpriv --reuid %u --regid %u --clear-groups env HOME=%s",
                 nobody->pw_uid, nobody->pw_gid, server.dir);
    }
    server.port = free_port();
    append("pw", "adminpw");
    assert_int_equal(
        run("%s/initdb -D %s/data -U admin --auth-local=trust --auth-host=scram-sha-256 "
            "--pwfile=%s/pw -E UTF8 --no-locale --no-sync",
            server.bin, server.dir, server.dir),
        0);
    append(
        "data/postgresql.conf",
        "port = %u\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\nfsync = off\n"
        "max_connections = 40\nmax_wal_senders = 4\n",
        server.port, server.dir);
    start_server();
    PGconn *conn = admin("postgres");
    execute(conn, "CREATE ROLE watcher LOGIN PASSWORD 's3cret'");
    execute(conn, "GRANT pg_monitor TO watcher");
    execute(conn, "CREATE ROLE plain LOGIN PASSWORD 's3cret'");
    execute(conn, "CREATE DATABASE closed");
    execute(conn, "REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
    PQfinish(conn);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    char command[128];
    if (server.replica_dir[0]) { /* still there when its test failed */
        run("%s/pg_ctl -D %s -w -m immediate stop", server.bin, server.replica_dir);
    }
    if (server.pid) {
        stop_server();
    }
    snprintf(command, sizeof command, "rm -rf %s", server.dir);
    return system(command);
}

static void set_user(struct oc_test *t, const char *user, const char *database,
                     const char *password)
{
    char dsn[256];
    snprintf(dsn, sizeof dsn, "postgresql://%s@127.0.0.1:%u/%s", user, server.port, database);
    oc_test_option(t, "dsn", dsn);
    if (password) {
        oc_test_option(t, "password", password);
    }
}

static int setup(void **state)
{
    struct oc_test *t = oc_test_open(OC_PLUGIN_SO);
    assert_non_null(t);
    set_user(t, "watcher", "postgres", "s3cret");
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    assert_int_equal(oc_test_close(*state), 0);
    return 0;
}

static void collect(struct oc_test *t)
{
    if (!oc_test_instance(t)) {
        assert_int_equal(oc_test_start(t), OC_OK);
    }
    assert_int_equal(oc_test_call(t, COLLECT, NULL, 20000), OC_OK);
    assert_null(oc_test_complaint(t));
    assert_null(strstr(oc_test_dump(t), "s3cret"));
}

static double value(struct oc_test *t, const char *name)
{
    return oc_test_sample(t, name, NULL, NULL);
}

static void expect_down(struct oc_test *t, const char *why)
{
    assert_true(value(t, "postgres.up") == 0);
    assert_true(value(t, "database.connections_failed") == 1);
    assert_int_equal(oc_test_status(t, ""), OC_STATE_CRITICAL);
    if (!strstr(oc_test_status_text(t, ""), why)) {
        fail_msg("expected '%s' in '%s'", why, oc_test_status_text(t, ""));
    }
}

static void expect_up(struct oc_test *t)
{
    assert_true(value(t, "postgres.up") == 1);
    assert_true(value(t, "database.connections_failed") == 0);
    if (oc_test_status(t, "") != OC_STATE_OK) {
        fail_msg("status: %s", oc_test_status_text(t, ""));
    }
}

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
        t(a_server_that_is_well_is_measured),
        t(connections_of_others_are_counted_by_state),
        t(the_longest_query_is_that_of_another),
        t(waiting_locks_and_dead_rows_are_seen),
        t(tables_with_vectors_are_counted),
        t(only_the_named_databases_are_measured),
        t(a_role_without_rights_gets_what_it_may_see),
        t(the_connection_is_kept_and_leaves_no_trace),
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
