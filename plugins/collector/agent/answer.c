/* What agents say: status words, times, /health bodies. SPDX-License-Identifier: MIT */
#include "agent.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEPTH_MAX 32 /* jansson recurses, and a worker's stack is small */

static const struct {
    enum agent_status status;
    const char *words;
} dictionary[] = {
    {AGENT_ACTIVE, " active online running ok healthy alive "},
    {AGENT_IDLE, " idle waiting standby "},
    {AGENT_BUSY, " busy processing working task_running "},
    {AGENT_ERROR, " error failed down unhealthy "},
    {AGENT_OFFLINE, " offline disconnected stopped "},
    {AGENT_UNKNOWN, " unknown "},
};

const char *agent_status_name(enum agent_status status)
{
    static const char *const names[] = {"active",  "idle",    "busy", "error",
                                        "offline", "unknown", "other"};
    return names[status];
}

static bool is_listed(const char *words, const char *word)
{
    char wanted[40];
    snprintf(wanted, sizeof wanted, " %s ", word);
    return strstr(words, wanted) != NULL;
}

enum agent_status agent_status_parse(const char *text, char word[32])
{
    size_t n = 0;
    for (; text && *text && n + 1 < 32; text++) {
        if (isgraph((unsigned char)*text)) {
            word[n++] = (char)tolower((unsigned char)*text);
        }
    }
    word[n] = '\0';
    for (size_t i = 0; n > 0 && i < sizeof dictionary / sizeof *dictionary; i++) {
        if (is_listed(dictionary[i].words, word)) {
            snprintf(word, 32, "%s", agent_status_name(dictionary[i].status));
            return dictionary[i].status;
        }
    }
    if (n == 0) {
        snprintf(word, 32, "unknown");
    }
    return n == 0 ? AGENT_UNKNOWN : AGENT_OTHER;
}

/* Brackets inside strings count too: that only refuses some odd documents early. */
static bool is_shallow(const char *text, size_t len)
{
    int depth = 0;
    for (size_t i = 0; i < len; i++) {
        depth += text[i] == '{' || text[i] == '[';
        depth -= text[i] == '}' || text[i] == ']';
        if (depth > DEPTH_MAX) {
            return false;
        }
    }
    return true;
}

json_t *agent_json_parse(const char *text, size_t len)
{
    return is_shallow(text, len) ? json_loadb(text, len, 0, NULL) : NULL;
}

/* "+02:00" or "-0530" in seconds; 0 for "Z" and for none. */
static int64_t zone_seconds(const char *text)
{
    int hours = 0, minutes = 0;
    if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d", &hours, &minutes) < 1) {
        return 0;
    }
    if (strlen(text) == 5 && !strchr(text, ':')) {
        sscanf(text + 3, "%2d", &minutes);
    }
    return (text[0] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static int64_t parse_iso(const char *text)
{
    struct tm t = {0};
    int used = 0;
    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d%n", &t.tm_year, &t.tm_mon, &t.tm_mday,
               &t.tm_hour, &t.tm_min, &t.tm_sec, &used) != 6 ||
        used == 0) {
        return 0;
    }
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    const char *rest = text + used;
    double fraction = 0;
    if (*rest == '.') {
        char *end;
        fraction = strtod(rest, &end);
        rest = end;
    }
    return ((int64_t)timegm(&t) - zone_seconds(rest)) * 1000 + (int64_t)(fraction * 1000);
}

int64_t agent_time_parse(const json_t *value)
{
    if (json_is_string(value)) {
        return parse_iso(json_string_value(value));
    }
    double n = json_number_value(value);
    if (!(n > 0 && n < 1e14)) {
        return 0;
    }
    return n > 1e11 ? (int64_t)n : (int64_t)(n * 1000); /* 1e11 seconds are 3000 years */
}

/* A member under its camelCase or its snake_case name. */
static const json_t *either(const json_t *o, const char *camel, const char *snake)
{
    const json_t *value = json_object_get(o, camel);
    return value ? value : json_object_get(o, snake);
}

double agent_memory_bytes(const json_t *answer)
{
    const json_t *value = either(answer, "memoryUsage", "memory_usage");
    if (json_is_object(value)) {
        const json_t *rss = json_object_get(value, "rss");
        value = rss ? rss : json_object_get(value, "used");
    }
    return json_is_number(value) ? json_number_value(value) : -1;
}

static void copy_string(const json_t *value, char text[AGENT_TEXT_MAX])
{
    snprintf(text, AGENT_TEXT_MAX, "%s", json_is_string(value) ? json_string_value(value) : "");
}

void agent_answer_parse(const char *body, size_t len, int64_t now_ms, struct agent_heartbeat *beat,
                        json_t **object)
{
    char start[32] = "";
    json_t *o = agent_json_parse(body, len);
    memset(beat, 0, sizeof *beat);
    beat->at_ms = now_ms;
    if (!json_is_object(o)) { /* a bare "OK" */
        json_decref(o);
        *object = NULL;
        if (len < sizeof start) {
            memcpy(start, body, len);
        }
        beat->status = agent_status_parse(start, beat->word);
        return;
    }
    beat->status = agent_status_parse(json_string_value(json_object_get(o, "status")), beat->word);
    copy_string(either(o, "currentTask", "current_task"), beat->task);
    copy_string(json_object_get(o, "model"), beat->model);
    int64_t at_ms = agent_time_parse(either(o, "lastHeartbeat", "last_heartbeat"));
    if (at_ms > 0 && at_ms < now_ms) { /* a clock that is ahead of ours says nothing */
        beat->at_ms = at_ms;
    }
    *object = o;
}
