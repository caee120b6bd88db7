/* What the OpenAPI document says of the original's paths. SPDX-License-Identifier: MIT */
#include "core/api/compat/compat.h"

#define ARRAY "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define SUMMARY                                                                                    \
    "{\"type\":\"object\",\"required\":[\"overallStatus\",\"healthyAgents\",\"totalAgents\","      \
    "\"healthyServices\",\"totalServices\",\"criticalAlerts\",\"warningAlerts\",\"cpuUsage\","     \
    "\"memoryUsage\",\"diskUsage\"],\"properties\":{\"overallStatus\":{\"enum\":[\"healthy\","     \
    "\"degraded\",\"warning\",\"critical\"]},\"healthyAgents\":{\"type\":\"integer\"},"            \
    "\"totalAgents\":{\"type\":\"integer\"},\"healthyServices\":{\"type\":\"integer\"},"           \
    "\"totalServices\":{\"type\":\"integer\"},\"criticalAlerts\":{\"type\":\"integer\"},"          \
    "\"warningAlerts\":{\"type\":\"integer\"},\"totalAlerts\":{\"type\":\"integer\"},"             \
    "\"cpuUsage\":{\"type\":[\"number\",\"null\"]},"                                               \
    "\"memoryUsage\":{\"type\":[\"number\",\"null\"]},\"diskUsage\":{\"type\":[\"number\","        \
    "\"null\"]}}}"
#define DONE(what)                                                                                 \
    "{\"type\":\"object\",\"required\":[\"success\",\"" what                                       \
    "\"],\"properties\":{\"success\":{\"const\":true},\"" what "\":{\"type\":\"object\"}}}"
#define FIGURES                                                                                    \
    "{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":{\"type\":\"object\","      \
    "\"additionalProperties\":{\"type\":[\"number\",\"string\",\"boolean\"]}}}"

const struct oc_route_doc oc_compat_docs[] = {
    {.method = "GET",
     .pattern = "/api/health",
     .description =
         "Made anew when something changed. " OC_ROUTE_DOC_NOT_TWICE
         " `alerts` are the gravest 250 that fire, `summary.totalAlerts` is how many do.",
     .parameters = OC_ROUTE_DOC_KNOWN,
     .response =
         "{\"type\":\"object\",\"required\":[\"timestamp\",\"agents\",\"services\","
         "\"resources\",\"alerts\",\"summary\"],\"properties\":{\"timestamp\":{\"type\":"
         "\"string\"},\"agents\":" ARRAY ",\"services\":" ARRAY
         ",\"resources\":{\"type\":\"object\"},\"alerts\":" ARRAY ",\"summary\":" SUMMARY "}}",
     .responses = OC_ROUTE_DOC_UNCHANGED},
    {.method = "GET", .pattern = "/api/health/agents", .response = ARRAY},
    {.method = "GET", .pattern = "/api/health/services", .response = ARRAY},
    {.method = "GET", .pattern = "/api/health/resources", .response = "{\"type\":\"object\"}"},
    {.method = "GET", .pattern = "/api/health/alerts", .response = ARRAY},
    {.method = "GET", .pattern = "/api/health/summary", .response = SUMMARY},
    {.method = "GET", .pattern = "/api/alerts", .response = ARRAY},
    {.method = "POST", .pattern = "/api/alerts/{id}/acknowledge", .response = DONE("alert")},
    {.method = "POST", .pattern = "/api/alerts/{id}/dismiss", .response = DONE("silence")},
    {.method = "GET",
     .pattern = "/api/metrics",
     .description = "For real metrics see /metrics.",
     .response = "{\"type\":\"object\",\"required\":[\"status\",\"data\"],\"properties\":{"
                 "\"status\":{\"const\":\"success\"},\"data\":{\"type\":\"object\"}}}"},
    {.method = "GET", .pattern = "/api/config", .response = "{\"type\":\"object\"}"},
    {.method = "POST",
     .pattern = "/api/config/alerts",
     .description = "Groups of figures as in the section `thresholds`, or as the original named "
                    "them ({\"resources\":{\"cpuWarning\":80}}). A figure that is not there is "
                    "refused.",
     .request = "{\"anyOf\":[" FIGURES ",{\"type\":\"object\",\"required\":[\"thresholds\"],"
                "\"additionalProperties\":false,\"properties\":{\"thresholds\":" FIGURES "}}]}",
     .response = DONE("thresholds"),
     .example = "{\"cpu\":{\"warning_percent\":80}}"},
    {0}};
