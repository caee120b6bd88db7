/* A real PostgreSQL server, and the collector that looks at it. SPDX-License-Identifier: MIT */
#ifndef TEST_POSTGRES_H
#define TEST_POSTGRES_H

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

static void expect_up(struct oc_test *t)
{
    assert_true(value(t, "postgres.up") == 1);
    assert_true(value(t, "database.connections_failed") == 0);
    if (oc_test_status(t, "") != OC_STATE_OK) {
        fail_msg("status: %s", oc_test_status_text(t, ""));
    }
}

#endif
