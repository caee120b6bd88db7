/* What the OpenAPI document says of Alertmanager's paths. SPDX-License-Identifier: MIT */
#include "core/api/alertmanager/alertmanager.h"

#define NAME    "{name: string}"
#define MATCHER "{name: string, value: string, isRegex: boolean, isEqual?: boolean}"
#define ALERT                                                                                      \
    "{annotations: {*: string}, labels: {*: string}, receivers: [" NAME "], startsAt: time, "      \
    "endsAt: time, updatedAt: time, fingerprint: string, generatorURL?: string, "                  \
    "status: {state: string, silencedBy: [string], inhibitedBy: [string]}}"
#define SILENCE                                                                                    \
    "{id: uuid, status: {state: string}, updatedAt: time, comment: string, createdBy: string, "    \
    "startsAt: time, endsAt: time, matchers: [" MATCHER "]}"

#define STRING "{\"type\":\"string\"}"
#define FILTER                                                                                     \
    "{\"name\":\"filter\",\"in\":\"query\",\"style\":\"form\",\"explode\":true,"                   \
    "\"description\":\"a matcher: name=value, !=, =~ or !~; several must all match\","             \
    "\"schema\":{\"type\":\"array\",\"items\":" STRING "}}"
#define RECEIVER                                                                                   \
    "{\"name\":\"receiver\",\"in\":\"query\",\"schema\":" STRING ","                               \
    "\"description\":\"only alerts of channels whose whole name matches this regular "             \
    "expression\"}"
#define FLAG(name, text)                                                                           \
    "{\"name\":\"" name "\",\"in\":\"query\",\"description\":\"" text "\","                        \
    "\"schema\":{\"type\":\"boolean\",\"default\":true}}"
#define FLAGS                                                                                      \
    FLAG("active", "alerts that fire and are not silenced")                                        \
    "," FLAG("silenced", "silenced alerts") "," FLAG("inhibited", "inhibited alerts")
#define ID                                                                                         \
    "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"description\":\"of the silence\","      \
    "\"schema\":{\"type\":\"string\",\"format\":\"uuid\"}}]"

/* Statuses that are answered in Alertmanager's words, and, where the host itself refuses, in ours. */
#define REFUSED "{\"$ref\":\"#/components/responses/Refused\"}"
#define READING "{\"400\":" REFUSED ",\"503\":" REFUSED "}"
#define WRITING                                                                                    \
    "{\"400\":" REFUSED ",\"404\":" REFUSED ",\"415\":" REFUSED ",\"422\":" REFUSED                \
    ",\"503\":" REFUSED "}"
#define ONE                                                                                        \
    "{\"404\":{\"description\":\"there is no such silence\"},\"422\":" REFUSED ",\"503\":" REFUSED \
    "}"

const struct oc_route_doc oc_am_docs[] = {
    {.method = "GET",
     .pattern = "/api/v2/status",
     .tag = "alertmanager",
     .description = "`config.original` says in Alertmanager's words what this host does.",
     .response = "{cluster: {status: string, peers: [any]}, config: {original: string}, "
                 "uptime: time, versionInfo: {version: string, revision: string}}"},
    {.method = "GET",
     .pattern = "/api/v2/receivers",
     .tag = "alertmanager",
     .response = "[" NAME "]"},
    {.method = "GET",
     .pattern = "/api/v2/alerts",
     .tag = "alertmanager",
     .parameters = "[" FILTER "," RECEIVER "," FLAGS
                   "," FLAG("unprocessed", "alerts that nobody was told of yet") "]",
     .response = "[" ALERT "]",
     .responses = READING},
    {.method = "POST",
     .pattern = "/api/v2/alerts",
     .tag = "alertmanager",
     .description = "Answered once all is on the disk. The sound alerts of a list are taken also "
                    "when others of it are refused. Without `endsAt` an alert fires until "
                    "`alerts.resolve_timeout` after it was sent for the last time.",
     .request = "[{labels: {*: string}, annotations?: {*: string}, startsAt?: time, "
                "endsAt?: time, generatorURL?: string}]",
     .response_type = "",
     .responses = WRITING,
     .example = "[{\"labels\":{\"alertname\":\"DiskFull\",\"severity\":\"critical\"},"
                "\"annotations\":{\"summary\":\"the disk is full\"}}]"},
    {.method = "GET",
     .pattern = "/api/v2/alerts/groups",
     .tag = "alertmanager",
     .parameters = "[" FILTER "," RECEIVER "," FLAGS "]",
     .response = "[{alerts: [" ALERT "], labels: {*: string}, receiver: " NAME "}]",
     .responses = READING},
    {.method = "GET",
     .pattern = "/api/v2/silences",
     .tag = "alertmanager",
     .parameters = "[" FILTER "]",
     .response = "[" SILENCE "]",
     .responses = READING},
    {.method = "POST",
     .pattern = "/api/v2/silences",
     .tag = "alertmanager",
     .description = "With an `id` that silence is changed.",
     .request = "{id?: string, comment: string, createdBy: string, startsAt: time, endsAt: time, "
                "matchers: [" MATCHER "]}",
     .response = "{silenceID: uuid}",
     .responses = WRITING,
     .example = "{\"comment\":\"moving data\",\"createdBy\":\"ada\","
                "\"startsAt\":\"2030-01-01T10:00:00Z\",\"endsAt\":\"2030-01-01T12:00:00Z\","
                "\"matchers\":[{\"name\":\"alertname\",\"value\":\"DiskFull\","
                "\"isRegex\":false,\"isEqual\":true}]}"},
    {.method = "GET",
     .pattern = "/api/v2/silence/{id}",
     .tag = "alertmanager",
     .parameters = ID,
     .response = SILENCE,
     .responses = ONE},
    {.method = "DELETE",
     .pattern = "/api/v2/silence/{id}",
     .tag = "alertmanager",
     .parameters = ID,
     .response_type = "",
     .responses = ONE},
    {.method = "GET",
     .pattern = "/-/healthy",
     .tag = "alertmanager",
     .response = "{\"const\":\"OK\"}",
     .response_type = "text/plain"},
    {.method = "GET",
     .pattern = "/-/ready",
     .tag = "alertmanager",
     .response = "{\"const\":\"OK\"}",
     .response_type = "text/plain"},
    {0}};
