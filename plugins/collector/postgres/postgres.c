/* Collector: connections, replication, size of a PostgreSQL. SPDX-License-Identifier: MIT */
#include "link.h"
#include "stats.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define OLDEST_VERSION 100000 /* 10: the names of its replication functions */

struct postgres {
    /* options */
    const char *dsn, *password;
    int64_t timeout_ms, pool_max;
    struct oc_list databases;

    struct oc_pg_target target;
    struct oc_pg_link link; /* kept open between calls */
    struct oc_pg_facts facts;
};

static const struct oc_option options[] = {
    {.name = "dsn",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct postgres, dsn),
     .default_text = "postgresql://postgres@127.0.0.1:5432/postgres",
     .help = "where the server is: postgresql://user@host:port/database, or key=value pairs"},
    {.name = "password",
     .type = OC_OPT_SECRET,
     .offset = offsetof(struct postgres, password),
     .help = "the password; goes before one in the dsn"},
    {.name = "timeout",
     .type = OC_OPT_DURATION,
     .offset = offsetof(struct postgres, timeout_ms),
     .default_text = "5s",
     .min = 10,
     .max = 600000,
     .help = "how long one collection may take, from connecting to the last answer"},
    {.name = "pool_max",
     .type = OC_OPT_INT,
     .offset = offsetof(struct postgres, pool_max),
     .default_text = "0",
     .max = 1000000,
     .help = "how many connections postgres.pool_percent is of; 0 means max_connections"},
    {.name = "databases",
     .type = OC_OPT_STRINGS,
     .offset = offsetof(struct postgres, databases),
     .help = "measure the size of only these databases; unset means all"},
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct postgres *p = self;
    (void)host;
    p->target.dsn = p->dsn;
    p->target.password = p->password;
    return oc_pg_target_check(&p->target, err);
}

static void stop(void *self)
{
    struct postgres *p = self;
    oc_pg_finish(&p->link);
}

static int32_t ping(struct postgres *p, const struct oc_wait *wait, double *query_ms,
                    struct oc_error *err)
{
    struct oc_pg_results results = {.count = 0};
    double began = oc_monotonic_precise_ms();
    int32_t code = oc_pg_query(&p->link, &p->target, wait, "SELECT 1", &results, err);
    *query_ms = oc_monotonic_precise_ms() - began;
    oc_pg_results_free(&results);
    return code;
}

/* A kept connection may have been closed by the server in the meantime; that alone is no failure of
 * the server. */
static int32_t reach(struct postgres *p, const struct oc_wait *wait, double *query_ms,
                     struct oc_error *err)
{
    if (!oc_pg_idle(&p->link)) {
        oc_pg_close(&p->link);
    }
    if (p->link.conn) {
        int32_t code = ping(p, wait, query_ms, err);
        if (code != OC_E_RETRY) {
            return code;
        }
        oc_pg_close(&p->link);
    }
    int32_t code = oc_pg_open(&p->link, &p->target, wait, err);
    return code == OC_OK ? ping(p, wait, query_ms, err) : code;
}

static void put_status(struct postgres *p, double query_ms, struct oc_out *out)
{
    int version = PQserverVersion(p->link.conn);
    bool bad = p->facts.receiver_down;
    if (out->code == OC_OK) {
        out->code = oc_emit_status(out->sink, "", bad ? OC_STATE_WARNING : OC_STATE_OK,
                                   "%spostgres %d.%d %s, %.0f connections (%.1f %%), %.1f ms",
                                   bad ? "no WAL is being received; " : "", version / 10000,
                                   version % 10000, p->facts.replica ? "replica" : "primary",
                                   p->facts.connections, p->facts.pool_percent, query_ms);
    }
}

/* A server that is away is a finding; credentials that it refuses are an error of the
 * configuration. */
static int32_t report_failure(struct postgres *p, int32_t code, struct oc_out *out,
                              struct oc_error *err)
{
    p->facts.primed = false;
    if (code == OC_E_CANCELLED || code == OC_E_INTERNAL) {
        return code;
    }
    oc_out_bool(out, "postgres.up", 0);
    oc_out_gauge(out, "database.connections_failed", 1);
    if (code == OC_E_AUTH || code == OC_E_CONFIG) {
        snprintf(
            err->hint, sizeof err->hint,
            "Check `password`, the user and the database in `dsn`, and the server's pg_hba.conf.");
        return code;
    }
    if (out->code == OC_OK) {
        out->code = oc_emit_status(out->sink, "", OC_STATE_CRITICAL, "%s", err->message);
    }
    return out->code;
}

/* The server answers, but not this: up, and a warning. */
static int32_t report_no_stats(const char *why, struct oc_out *out)
{
    if (out->code == OC_OK) {
        out->code = oc_emit_status(out->sink, "", OC_STATE_WARNING, "no statistics: %s", why);
    }
    return out->code;
}

static void put_reached(double query_ms, struct oc_out *out)
{
    oc_out_bool(out, "postgres.up", 1);
    oc_out_gauge(out, "database.connections_failed", 0);
    oc_out_gauge(out, "postgres.query_ms", query_ms);
}

static int32_t ask_stats(struct postgres *p, const struct oc_wait *wait, double query_ms,
                         struct oc_out *out, struct oc_error *err)
{
    struct oc_pg_results results = {.count = 0};
    char sql[OC_PG_STATS_SQL_MAX];
    if (PQserverVersion(p->link.conn) < OLDEST_VERSION) {
        put_reached(query_ms, out);
        return report_no_stats("the server is older than PostgreSQL 10", out);
    }
    /* less than what is left, so that a statement that must wait is told so by the server */
    oc_pg_stats_sql(sql, oc_left_ms(wait->deadline) * 4 / 5);
    int32_t code = oc_pg_query(&p->link, &p->target, wait, sql, &results, err);
    if (code != OC_OK && !p->link.conn) {
        code = report_failure(p, code, out, err);
    } else {
        put_reached(query_ms, out);
        if (code == OC_OK && oc_pg_stats(&results, p->pool_max, &p->databases, out, &p->facts)) {
            put_status(p, query_ms, out);
            code = out->code;
        } else {
            code = report_no_stats(code == OC_OK ? "an unexpected answer" : err->message, out);
            oc_pg_close(&p->link); /* a failed transaction is still open on it */
        }
    }
    oc_pg_results_free(&results);
    return code;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *sink,
                       struct oc_error *err)
{
    struct postgres *p = self;
    struct oc_out out = {sink, OC_OK};
    struct oc_wait wait = {req, oc_step_deadline(req, p->timeout_ms)};
    double query_ms = 0;
    int32_t code = reach(p, &wait, &query_ms, err);
    if (code != OC_OK) {
        return report_failure(p, code, &out, err);
    }
    return ask_stats(p, &wait, oc_round(query_ms, 1000), &out, err);
}

static const struct oc_method methods[] = {{"collector.collect/1", collect}, {NULL, NULL}};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct postgres),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
