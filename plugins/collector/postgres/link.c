/* Connecting to PostgreSQL and asking it, never longer than allowed. SPDX-License-Identifier: MIT */
#include "link.h"

#include "hosts.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- messages ---- */

static void hide(char *text, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    for (char *at = len > 0 ? strstr(text, secret) : NULL; at; at = strstr(at, secret)) {
        memset(at, '*', len);
    }
}

/* "FATAL:  28P01: password authentication failed": takes the five characters out into `state`,
 * which is empty when there are none. They do not depend on the server's language, as the words do.
 */
static void take_sqlstate(char *text, char state[6])
{
    state[0] = '\0';
    for (char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  ")) {
        char *code = at + 3;
        size_t len = strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (len == 5 && code[5] == ':' && code[6] == ' ') {
            memcpy(state, code, 5);
            state[5] = '\0';
            memmove(code - 1, code + 7, strlen(code + 7) + 1);
            return;
        }
    }
}

static void one_line(char *text)
{
    char *location = strstr(text, "\nLOCATION:");
    if (location) {
        *location = '\0';
    }
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) {
        text[--len] = '\0';
    }
    for (char *p = text; *p; p++) {
        *p = *p == '\n' || *p == '\t' ? ' ' : *p;
    }
}

static int32_t class_of(const char state[6], int32_t otherwise)
{
    if (strncmp(state, "28", 2) == 0 || strcmp(state, "42501") == 0) {
        return OC_E_AUTH;
    }
    return strncmp(state, "3D", 2) == 0 ? OC_E_CONFIG : otherwise;
}

static int32_t fail(const struct oc_pg_link *l, const struct oc_pg_target *t, int32_t code,
                    struct oc_error *err)
{
    char text[sizeof err->message], state[6];
    snprintf(text, sizeof text, "%s", PQerrorMessage(l->conn));
    hide(text, t->password);
    hide(text, PQpass(l->conn));
    take_sqlstate(text, state);
    one_line(text);
    code = class_of(state, code);
    if (PQconnectionNeedsPassword(l->conn)) {
        code = OC_E_AUTH;
    }
    return oc_fail(err, code, "%s", text[0] ? text : "the connection broke");
}

/* ---- connect ---- */

int32_t oc_pg_target_check(const struct oc_pg_target *t, struct oc_error *err)
{
    PQconninfoOption *options = PQconninfoParse(t->dsn, NULL);
    if (options) {
        PQconninfoFree(options);
        return OC_OK;
    }
    oc_fail(err, OC_E_CONFIG,
            "dsn: expected postgresql://user@host:port/database or key=value pairs");
    snprintf(err->hint, sizeof err->hint,
             "See \"Connection Strings\" in the PostgreSQL manual; the password belongs into "
             "`password`.");
    return OC_E_CONFIG;
}

static void ignore_notice(void *ctx, const char *message)
{
    (void)ctx;
    (void)message;
}

/* What comes before the dsn gives way to it, what comes after goes before it. Kerberos is off by
 * default because looking for its credentials costs more than the connection. */
static PGconn *begin(const struct oc_pg_target *t, const struct oc_pg_hosts *h)
{
    const char *names[] = {"gssencmode", "fallback_application_name",
                           "dbname",     "client_encoding",
                           "password",   "host",
                           "hostaddr",   "port",
                           NULL};
    /* without a value it is as if the name were not there */
    const char *values[] = {"disable", "openclaw",  t->dsn,  "UTF8", t->password,
                            h->host,   h->hostaddr, h->port, NULL};
    PGconn *conn = PQconnectStartParams(names, values, 1);
    if (conn) {
        PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
        PQsetNoticeProcessor(conn, ignore_notice, NULL);
    }
    return conn;
}

static int32_t follow(struct oc_pg_link *l, const struct oc_pg_target *t,
                      const struct oc_wait *wait, struct oc_error *err)
{
    PostgresPollingStatusType step = PGRES_POLLING_WRITING;
    while (step != PGRES_POLLING_OK) {
        short events = step == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        int32_t code = oc_wait_fd(PQsocket(l->conn), events, wait, err);
        if (code == OC_E_TIMEOUT) {
            return oc_fail(err, code, "cannot connect: no answer in time");
        }
        if (code != OC_OK) {
            return code;
        }
        step = PQconnectPoll(l->conn);
        if (step == PGRES_POLLING_FAILED) {
            return fail(l, t, OC_E_RETRY, err);
        }
    }
    return PQsetnonblocking(l->conn, 1) == 0 ? OC_OK : fail(l, t, OC_E_RETRY, err);
}

int32_t oc_pg_open(struct oc_pg_link *l, const struct oc_pg_target *t, const struct oc_wait *wait,
                   struct oc_error *err)
{
    struct oc_pg_hosts hosts;
    int32_t code = oc_pg_hosts_find(&hosts, t->dsn, &l->lookup, wait, err);
    if (code != OC_OK) {
        return code;
    }
    l->conn = begin(t, &hosts);
    if (!l->conn) {
        code = oc_fail(err, OC_E_INTERNAL, "out of memory");
    } else if (PQstatus(l->conn) == CONNECTION_BAD) {
        code = fail(l, t, OC_E_RETRY, err);
    } else {
        code = follow(l, t, wait, err);
    }
    if (code != OC_OK) {
        oc_pg_hosts_forget(&hosts, &l->lookup);
        oc_pg_close(l);
    }
    oc_pg_hosts_finish(&hosts);
    return code;
}

void oc_pg_close(struct oc_pg_link *l)
{
    if (l->conn) {
        PQfinish(l->conn);
        l->conn = NULL;
    }
}

void oc_pg_finish(struct oc_pg_link *l)
{
    oc_pg_close(l);
    oc_lookup_finish(&l->lookup);
}

bool oc_pg_idle(const struct oc_pg_link *l)
{
    struct pollfd p = {.fd = l->conn ? PQsocket(l->conn) : -1, .events = POLLIN};
    return l->conn && PQstatus(l->conn) == CONNECTION_OK && poll(&p, 1, 0) == 0;
}

/* ---- query ---- */

static int32_t flush_query(struct oc_pg_link *l, const struct oc_pg_target *t,
                           const struct oc_wait *wait, struct oc_error *err)
{
    int rest;
    while ((rest = PQflush(l->conn)) > 0) {
        int32_t code = oc_wait_fd(PQsocket(l->conn), POLLIN | POLLOUT, wait, err);
        if (code != OC_OK) {
            return code;
        }
        if (!PQconsumeInput(l->conn)) {
            return fail(l, t, OC_E_RETRY, err);
        }
    }
    return rest == 0 ? OC_OK : fail(l, t, OC_E_RETRY, err);
}

static int32_t await_result(struct oc_pg_link *l, const struct oc_pg_target *t,
                            const struct oc_wait *wait, struct oc_error *err)
{
    while (PQisBusy(l->conn)) {
        int32_t code = oc_wait_fd(PQsocket(l->conn), POLLIN, wait, err);
        if (code != OC_OK) {
            return code;
        }
        if (!PQconsumeInput(l->conn)) {
            return fail(l, t, OC_E_RETRY, err);
        }
    }
    return OC_OK;
}

static int32_t take_result(struct oc_pg_link *l, const struct oc_pg_target *t, PGresult *result,
                           struct oc_pg_results *results, struct oc_error *err)
{
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK && results->count < OC_PG_RESULTS_MAX) {
        results->rows[results->count++] = result;
        return OC_OK;
    }
    PQclear(result);
    return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY
               ? OC_OK
               : fail(l, t, PQstatus(l->conn) == CONNECTION_OK ? OC_E_PERMANENT : OC_E_RETRY, err);
}

int32_t oc_pg_query(struct oc_pg_link *l, const struct oc_pg_target *t, const struct oc_wait *wait,
                    const char *sql, struct oc_pg_results *results, struct oc_error *err)
{
    int32_t wire = OC_OK, statement = OC_OK;
    if (!PQsendQuery(l->conn, sql)) {
        wire = fail(l, t, OC_E_RETRY, err);
    }
    wire = wire ? wire : flush_query(l, t, wait, err);
    while (wire == OC_OK) {
        wire = await_result(l, t, wait, err);
        PGresult *result = wire == OC_OK ? PQgetResult(l->conn) : NULL;
        if (!result) {
            break;
        }
        int32_t code = take_result(l, t, result, results, err);
        statement = statement ? statement : code;
    }
    int32_t code = wire ? wire : statement;
    if (wire != OC_OK || PQstatus(l->conn) != CONNECTION_OK) {
        oc_pg_close(l);
    }
    return code;
}

void oc_pg_results_free(struct oc_pg_results *results)
{
    for (int i = 0; i < results->count; i++) {
        PQclear(results->rows[i]);
    }
    results->count = 0;
}
