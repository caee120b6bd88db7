/* Decisions about 100 000 alerts: routes in Lua, inhibition, silences, memory; prints JSON. SPDX-License-Identifier: MIT
 *
 *   bench_routing [ALERTS]
 *
 * Times are of the processor. 100 rules of inhibition (each about one of 100 teams), the shipped route.lua. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/service/alert/inhibit/inhibit.h"
#include "core/service/alert/route/route.h"
#include "core/service/alert/table/matcher.h"
#include "core/service/alert/table/table.h"

#define RULES  100
#define ROUTES 200000

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double rss_mib(void)
{
    long pages = 0, unused;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f) {
        if (fscanf(f, "%ld %ld", &unused, &pages) != 2) {
            pages = 0;
        }
        fclose(f);
    }
    return (double)pages * 4 / 1024;
}

static void add_alert(struct oc_alerts *t, unsigned i)
{
    static const char *const severities[] = {"info", "warning", "critical", "warning"};
    const char *names[] = {"alertname", "severity", "team", "instance", "job", "env"};
    char texts[6][32];
    struct oc_label_ref refs[6];
    snprintf(texts[0], 32, "Alert%u", i % 500);
    snprintf(texts[1], 32, "%s", severities[i / 100 % 4]);
    snprintf(texts[2], 32, "team%u", i % 100);
    snprintf(texts[3], 32, "host-%u", i / 4);
    snprintf(texts[4], 32, "job%u", i % 20);
    snprintf(texts[5], 32, "%s", i % 2 ? "prod" : "test");
    struct oc_alert *a = oc_alerts_add(t, oc_hash_bytes(&i, sizeof i, 7));
    for (int k = 0; k < 6; k++) {
        refs[k].pair =
            oc_labels_intern(&t->labels, names[k], strlen(names[k]), texts[k], strlen(texts[k]));
        oc_labels_hold(&t->labels, refs[k].pair);
    }
    oc_alert_set_body(t, a, refs, 6, "", 0);
    for (int k = 0; k < 6; k++) {
        oc_labels_release(&t->labels, refs[k].pair);
    }
    oc_alerts_set_posted(t, a, true);
    a->firing = true;
    a->severity = (uint8_t)(i / 100 % 4 == 0   ? OC_ALERT_INFO
                            : i / 100 % 4 == 2 ? OC_ALERT_CRITICAL
                                               : OC_ALERT_WARNING);
}

static json_t *rules(void)
{
    json_t *list = json_array();
    for (int i = 0; i < RULES; i++) {
        char team[32];
        snprintf(team, sizeof team, "team=\"team%d\"", i);
        json_array_append_new(list,
                              json_pack("{s:[s, s], s:[s, s], s:[s, s]}", "source", team,
                                        "severity=\"critical\"", "target", team,
                                        "severity=~\"info|warning\"", "equal", "env", "team"));
    }
    return list;
}

static void inhibition(struct oc_alerts *t, json_t *result)
{
    struct oc_inhibitor i;
    char *complaint;
    json_t *list = rules();
    uint32_t it = 0;
    size_t quiet = 0;
    double before = rss_mib();
    oc_inhibit_init(&i, t);
    oc_inhibit_set_rules(&i, list, &complaint);
    json_decref(list);
    double start = now_ms();
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        oc_inhibit_index(&i, a, 1000);
    }
    double indexed = now_ms();
    it = 0;
    for (struct oc_alert *a; (a = oc_alerts_next(t, &it));) {
        quiet += oc_inhibit_review(&i, a, 1000) ? 1 : 0;
    }
    oc_json_take(result, "index_ms", json_real(indexed - start));
    oc_json_take(result, "review_ms", json_real(now_ms() - indexed));
    oc_json_take(result, "inhibition_ms", json_real(now_ms() - start));
    oc_json_take(result, "inhibition_mib", json_real(rss_mib() - before));
    oc_json_set_int(result, "inhibited", (json_int_t)quiet);
    oc_inhibit_finish(&i);
}

struct room {
    struct oc_kept *channels;
    const char *category;
    size_t names;
};

static void say(struct oc_args *args, void *ctx)
{
    const struct room *room = ctx;
    oc_args_object(args, 12);
    oc_args_set_str(args, "id", "0123456789abcdef");
    oc_args_set_str(args, "severity", "warning");
    oc_args_set_str(args, "state", "firing");
    oc_args_set_str(args, "rule", "Alert17");
    oc_args_set_str(args, "category", room->category);
    oc_args_set_str(args, "message", "the disk of host-17 is nearly full");
    oc_args_key(args, "labels");
    oc_args_object(args, 6);
    oc_args_set_str(args, "alertname", "Alert17");
    oc_args_set_str(args, "severity", "warning");
    oc_args_set_str(args, "team", "team17");
    oc_args_set_str(args, "instance", "host-4711");
    oc_args_set_str(args, "job", "job7");
    oc_args_set_str(args, "env", "prod");
    oc_args_end(args);
    oc_args_key(args, "configured_channels");
    oc_args_kept(args, room->channels);
    oc_args_end(args);
    oc_args_integer(args, 1700000000000);
}

/* As the service reads it. */
static int hear(const struct oc_answer *answer, void *ctx, struct oc_error *err)
{
    struct room *room = ctx;
    struct oc_answer item, list, name;
    (void)err;
    for (size_t i = 0; oc_answer_at(answer, i, &item); i++) {
        if (oc_answer_get(&item, "channels", &list)) {
            for (size_t k = 0; oc_answer_at(&list, k, &name); k++) {
                room->names += *oc_answer_str(&name, "") ? 1 : 0;
                oc_answer_end(&name);
            }
            oc_answer_end(&list);
        }
        oc_answer_end(&item);
    }
    return OC_OK;
}

static void routes(json_t *result)
{
    struct oc_bus *bus = oc_bus_create();
    struct oc_policies *policies = oc_policies_create(bus, NULL);
    struct oc_error err;
    oc_error_init(&err);
    oc_policies_reload(policies);
    struct oc_question *q = oc_question_create(policies, "route");
    struct room room = {
        .channels = oc_kept_create(json_pack(
            "[{s:s, s:s, s:[s, s], s:b}, {s:s, s:s, s:[s, s], s:b}, {s:s, s:s, s:[s], s:b}]",
            "name", "console", "plugin", "console", "levels", "warning", "critical", "by_levels", 0,
            "name", "webhook", "plugin", "webhook", "levels", "warning", "critical", "by_levels", 0,
            "name", "pager", "plugin", "pagerduty", "levels", "critical", "by_levels", 1)),
        .category = "langfuse"};
    double start = now_ms();
    for (int i = 0; i < ROUTES; i++) {
        if (oc_question_ask(q, say, hear, &room, &err) != OC_OK) {
            fprintf(stderr, "bench_routing: %s\n", err.message);
            exit(1);
        }
    }
    double took = now_ms() - start;
    oc_json_take(result, "route_us", json_real(took * 1000 / ROUTES));
    oc_json_take(result, "routes_per_s", json_real(ROUTES / took * 1000));
    oc_question_destroy(q);
    oc_kept_destroy(room.channels);
    oc_policies_destroy(policies);
    oc_bus_destroy(bus);
}

int main(int argc, char **argv)
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    struct oc_alerts t;
    json_t *result = json_object();
    oc_alerts_init(&t);
    for (unsigned i = 0; i < count; i++) {
        add_alert(&t, i);
    }
    oc_json_set_int(result, "alerts", count);
    oc_json_take(result, "table_mib", json_real(rss_mib()));
    inhibition(&t, result);
    routes(result);
    char *text = json_dumps(result, JSON_REAL_PRECISION(5));
    puts(text);
    free(text);
    json_decref(result);
    oc_alerts_finish(&t);
    return 0;
}
