/* The lines of INFO, from Redis 2.8 to 7 and its forks. SPDX-License-Identifier: MIT */
#include "info.h"

#include <stdlib.h>
#include <string.h>

struct line {
    char key[64], value[512];
};

/* Numbers that are samples as they stand. */
static const struct {
    const char *key, *metric;
    uint32_t kind;
} plain[] = {
    {"uptime_in_seconds", "redis.uptime_seconds", OC_KIND_GAUGE},
    {"connected_clients", "redis.clients", OC_KIND_GAUGE},
    {"blocked_clients", "redis.clients_blocked", OC_KIND_GAUGE},
    {"maxclients", "redis.clients_max", OC_KIND_GAUGE},
    {"used_memory", "redis.memory_used_bytes", OC_KIND_GAUGE},
    {"used_memory_rss", "redis.memory_rss_bytes", OC_KIND_GAUGE},
    {"mem_fragmentation_ratio", "redis.memory_fragmentation", OC_KIND_GAUGE},
    {"loading", "redis.loading", OC_KIND_BOOL},
    {"rdb_changes_since_last_save", "redis.rdb_changes", OC_KIND_GAUGE},
    {"instantaneous_ops_per_sec", "redis.ops_per_second", OC_KIND_GAUGE},
    {"total_commands_processed", "redis.commands_total", OC_KIND_COUNTER},
    {"total_connections_received", "redis.connections_total", OC_KIND_COUNTER},
    {"rejected_connections", "redis.connections_rejected_total", OC_KIND_COUNTER},
    {"keyspace_hits", "redis.hits_total", OC_KIND_COUNTER},
    {"keyspace_misses", "redis.misses_total", OC_KIND_COUNTER},
    {"evicted_keys", "redis.evicted_total", OC_KIND_COUNTER},
    {"expired_keys", "redis.expired_total", OC_KIND_COUNTER},
    {"connected_slaves", "redis.connected_replicas", OC_KIND_GAUGE},
};

/* What is put together from several lines. */
struct gathered {
    double used, max;
    double last_save_s, server_time_s;
    bool has_last_save, aof_enabled, aof_write_ok, aof_rewrite_ok;
    double own_offset, slowest_offset, slowest_lag_s;
    int replicas;
    double master_io_age_s;
};

static void put_plain(const struct line *l, struct oc_out *out)
{
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(plain[i].key, l->key) == 0) {
            oc_out_sample(out, plain[i].metric, plain[i].kind, strtod(l->value, NULL), NULL, 0);
            return;
        }
    }
}

/* The number after "name=" in "ip=127.0.0.1,port=6380,offset=14,lag=1". */
static double member(const char *list, const char *name, double otherwise)
{
    size_t len = strlen(name);
    for (const char *p = list; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, len) == 0 && p[len] == '=') {
            return strtod(p + len + 1, NULL);
        }
    }
    return otherwise;
}

static bool is_numbered(const char *key, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(key, prefix, len) == 0 && key[len] != '\0' &&
           strspn(key + len, "0123456789") == strlen(key + len);
}

/* "db0:keys=12,expires=1,avg_ttl=0" and "slave0:ip=..,port=..,state=online,offset=14,lag=1" */
static void take_numbered(const struct line *l, struct gathered *g, struct oc_out *out)
{
    if (is_numbered(l->key, "db")) {
        oc_out_labelled(out, "redis.keys", OC_KIND_GAUGE, member(l->value, "keys", 0), "db",
                        l->key + 2);
        oc_out_labelled(out, "redis.keys_expiring", OC_KIND_GAUGE, member(l->value, "expires", 0),
                        "db", l->key + 2);
    } else if (is_numbered(l->key, "slave")) {
        double offset = member(l->value, "offset", 0), lag = member(l->value, "lag", 0);
        g->slowest_offset =
            g->replicas == 0 || offset < g->slowest_offset ? offset : g->slowest_offset;
        g->slowest_lag_s = lag > g->slowest_lag_s ? lag : g->slowest_lag_s;
        g->replicas++;
    }
}

static void take_memory(const struct line *l, struct gathered *g, struct oc_redis_facts *facts)
{
    if (strcmp(l->key, "used_memory") == 0) {
        g->used = strtod(l->value, NULL);
        facts->used_bytes = strtoull(l->value, NULL, 10);
    } else if (strcmp(l->key, "maxmemory") == 0) {
        g->max = strtod(l->value, NULL);
    } else if (strcmp(l->key, "redis_version") == 0) {
        memcpy(facts->version, l->value, sizeof facts->version - 1);
    } else if (strcmp(l->key, "connected_clients") == 0) {
        facts->clients = strtoull(l->value, NULL, 10);
    } else if (strcmp(l->key, "server_time_usec") == 0) {
        g->server_time_s = strtod(l->value, NULL) / 1e6;
    }
}

static void take_persistence(const struct line *l, struct gathered *g, struct oc_out *out,
                             struct oc_redis_facts *facts)
{
    bool ok = strcmp(l->value, "ok") == 0;
    if (strcmp(l->key, "loading") == 0) {
        facts->loading = strcmp(l->value, "0") != 0;
    } else if (strcmp(l->key, "rdb_last_bgsave_status") == 0) {
        facts->save_failed = !ok;
        oc_out_bool(out, "redis.rdb_last_save_ok", ok);
    } else if (strcmp(l->key, "rdb_last_save_time") == 0) {
        g->last_save_s = strtod(l->value, NULL);
        g->has_last_save = true;
    } else if (strcmp(l->key, "aof_enabled") == 0) {
        g->aof_enabled = strcmp(l->value, "0") != 0;
    } else if (strcmp(l->key, "aof_last_write_status") == 0) {
        g->aof_write_ok = ok;
    } else if (strcmp(l->key, "aof_last_bgrewrite_status") == 0) {
        g->aof_rewrite_ok = ok;
    }
}

static void take_replication(const struct line *l, struct gathered *g, struct oc_out *out,
                             struct oc_redis_facts *facts)
{
    if (strcmp(l->key, "role") == 0) {
        facts->replica = strcmp(l->value, "master") != 0;
        oc_out_bool(out, "redis.is_replica", facts->replica);
    } else if (strcmp(l->key, "master_link_status") == 0) {
        facts->link_down = strcmp(l->value, "up") != 0;
        oc_out_bool(out, "redis.master_link_up", !facts->link_down);
    } else if (strcmp(l->key, "master_last_io_seconds_ago") == 0) {
        g->master_io_age_s = strtod(l->value, NULL);
    } else if (strcmp(l->key, "master_repl_offset") == 0) {
        g->own_offset = strtod(l->value, NULL);
    }
}

static void put_gathered(const struct gathered *g, int64_t now_s, struct oc_out *out,
                         struct oc_redis_facts *facts)
{
    double now = g->server_time_s > 0 ? g->server_time_s : (double)now_s;
    if (g->max > 0) { /* without a limit there is nothing to be a percentage of */
        oc_out_gauge(out, "redis.memory_max_bytes", g->max);
        oc_out_gauge(out, "redis.memory_used_percent", oc_percent(g->used, g->max));
    }
    if (g->has_last_save) {
        double age = now - g->last_save_s;
        oc_out_gauge(out, "redis.rdb_last_save_age_seconds", age > 0 ? oc_round(age, 1) : 0);
    }
    if (g->aof_enabled) {
        facts->append_failed = !g->aof_write_ok || !g->aof_rewrite_ok;
        oc_out_bool(out, "redis.aof_ok", !facts->append_failed);
    }
    if (facts->replica && g->master_io_age_s >= 0) { /* -1: no link */
        oc_out_gauge(out, "redis.replication_lag_seconds", g->master_io_age_s);
    }
    if (!facts->replica && g->replicas > 0) {
        double behind = g->own_offset - g->slowest_offset;
        oc_out_gauge(out, "redis.replication_lag_seconds", g->slowest_lag_s);
        oc_out_gauge(out, "redis.replication_lag_bytes", behind > 0 ? behind : 0);
    }
}

/* Takes the next line apart; false at the end. A line that is no "key:value" has an empty key. */
static bool next_line(const char **p, const char *end, struct line *l)
{
    if (*p >= end) {
        return false;
    }
    const char *nl = memchr(*p, '\n', (size_t)(end - *p));
    const char *stop = nl ? nl : end;
    const char *text_end = stop > *p && stop[-1] == '\r' ? stop - 1 : stop;
    const char *colon = memchr(*p, ':', (size_t)(text_end - *p));
    memset(l, 0, sizeof *l);
    if (colon && (size_t)(colon - *p) < sizeof l->key &&
        (size_t)(text_end - colon - 1) < sizeof l->value) {
        memcpy(l->key, *p, (size_t)(colon - *p));
        memcpy(l->value, colon + 1, (size_t)(text_end - colon - 1));
    }
    *p = nl ? nl + 1 : end;
    return true;
}

void oc_redis_info(const char *text, size_t len, int64_t now_s, struct oc_out *out,
                   struct oc_redis_facts *facts)
{
    struct gathered g = {.aof_write_ok = true, .aof_rewrite_ok = true, .master_io_age_s = -1};
    struct line l;
    memset(facts, 0, sizeof *facts);
    for (const char *p = text; next_line(&p, text + len, &l);) {
        put_plain(&l, out);
        take_numbered(&l, &g, out);
        take_memory(&l, &g, facts);
        take_persistence(&l, &g, out, facts);
        take_replication(&l, &g, out, facts);
    }
    put_gathered(&g, now_s, out, facts);
}
