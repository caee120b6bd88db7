/* What answers look like: the components of the document. SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "core/api/openapi/openapi.h"
#include "core/base/json.h"

static const struct {
    int status;
    const char *name, *description;
} failures[] = {
    {400, "BadRequest", "the request is malformed, or its parameters are not those described"},
    {401, "Unauthorized", "credentials are missing, wrong, expired or revoked"},
    {403, "Forbidden", "the role does not suffice, or the request may not come from where it does"},
    {404, "NotFound", "what is asked for does not exist"},
    {405, "MethodNotAllowed", "the path is known, the method is not"},
    {409, "Conflict", "the state does not allow it now"},
    {413, "TooLarge", "the body is longer than api.body_max"},
    {415, "UnsupportedType", "the body is not announced as JSON"},
    {422, "Unprocessable", "the parameters are well formed and mean nothing here"},
    {424, "FailedDependency", "something that the host had to ask did not answer or refused"},
    {429, "TooMany", "too many requests, failed sign-ins, or running jobs; see Retry-After"},
    {431, "HeadersTooLarge", "the headers are longer than api.header_max"},
    {500, "Internal", "a fault of the host"},
    {503, "Unavailable", "the host is stopping"},
};

void oc_openapi_add_failures(json_t *responses, const int *statuses)
{
    for (; *statuses; statuses++) {
        for (size_t i = 0; i < OC_COUNT(failures); i++) {
            if (failures[i].status != *statuses) {
                continue;
            }
            char key[8];
            snprintf(key, sizeof key, "%d", *statuses);
            char *ref = oc_asprintf("#/components/responses/%s", failures[i].name);
            json_t *one = json_object();
            oc_json_set_str(one, "$ref", ref);
            oc_json_take(responses, key, one);
            free(ref);
        }
    }
}

static const char schemas[] =
    "{\"Error\":{\"type\":\"object\",\"required\":[\"code\",\"message\",\"hint\"],\"properties\":{"
    "\"code\":{\"type\":\"string\",\"description\":\"a stable word\"},\"message\":{\"type\":"
    "\"string\"},\"hint\":{\"type\":\"string\",\"description\":\"what to do about it; may be "
    "empty\"},\"details\":{\"type\":\"object\"}}},"
    "\"Failure\":{\"type\":\"object\",\"required\":[\"ok\",\"data\",\"warnings\",\"error\"],"
    "\"properties\":{\"ok\":{\"const\":false},\"data\":{\"type\":\"null\"},\"warnings\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"string\"}},\"error\":{\"$ref\":\"#/components/schemas/"
    "Error\"}}},"
    "\"Answer\":{\"type\":\"object\",\"required\":[\"ok\",\"data\",\"warnings\"],\"properties\":{"
    "\"ok\":{\"const\":true},\"data\":{\"description\":\"what the operation answers\"},"
    "\"warnings\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},\"rows\":{\"type\":"
    "\"array\",\"items\":{},\"description\":\"what it emitted before it ended; the newest "
    "1000\"}}},"
    "\"Job\":{\"type\":\"object\",\"required\":[\"job\",\"op\",\"actor\",\"state\",\"started\","
    "\"finished\",\"progress\",\"rows\"],\"properties\":{\"job\":{\"type\":\"string\"},\"op\":{"
    "\"type\":\"string\"},\"actor\":{\"type\":\"string\"},\"state\":{\"enum\":[\"running\","
    "\"succeeded\",\"failed\",\"cancelled\"]},\"started\":{\"type\":\"string\",\"format\":"
    "\"date-time\"},\"finished\":{\"type\":[\"string\",\"null\"]},\"progress\":{\"type\":["
    "\"object\",\"null\"],\"properties\":{\"fraction\":{\"type\":[\"number\",\"null\"]},\"text\":{"
    "\"type\":[\"string\",\"null\"]}}},\"rows\":{\"type\":\"integer\"},\"result\":{\"description\":"
    "\"the answer; null while it runs\"},\"events\":{\"type\":\"array\",\"items\":{}}}},"
    "\"JobAnswer\":{\"type\":\"object\",\"required\":[\"ok\",\"data\",\"warnings\"],\"properties\":"
    "{\"ok\":{\"const\":true},\"data\":{\"$ref\":\"#/components/schemas/Job\"},\"warnings\":{"
    "\"type\":\"array\",\"items\":{\"type\":\"string\"}}}}}";

json_t *oc_openapi_answer(void)
{
    json_t *all = json_loads(schemas, 0, NULL);
    json_t *answer = json_incref(json_object_get(all, "Answer"));
    json_decref(all);
    return answer;
}

static const char security[] =
    "{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"a token of `openclaw "
    "token create`\"},"
    "\"basic\":{\"type\":\"http\",\"scheme\":\"basic\",\"description\":\"any name, and the token "
    "as the password\"},"
    "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"openclaw_session\","
    "\"description\":\"what a browser has after /login; requests that are not GET or HEAD also "
    "need the header X-Openclaw-Csrf: 1\"},"
    "\"certificate\":{\"type\":\"mutualTLS\",\"description\":\"a client certificate, where the "
    "listener asks for one\"}}";

/* Alertmanager's API has words of its own; what the host refuses before them has ours. */
static const char refused[] =
    "{\"description\":\"not understood or refused, as Alertmanager says it\",\"content\":{"
    "\"application/json\":{\"schema\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\","
    "\"required\":[\"code\",\"message\"],\"properties\":{\"code\":{\"type\":\"integer\"},"
    "\"message\":{\"type\":\"string\"}}},{\"$ref\":\"#/components/schemas/Failure\"}]}}}}";

/* {"content":{"application/json":{"schema":{"$ref":..}}}} */
static json_t *content_of(const char *ref)
{
    json_t *schema = json_object(), *media = json_object(), *content = json_object();
    oc_json_set_str(schema, "$ref", ref);
    oc_json_take(media, "schema", schema);
    oc_json_take(content, "application/json", media);
    return content;
}

static json_t *response_of(const char *description, const char *ref)
{
    json_t *o = json_object();
    oc_json_set_str(o, "description", description);
    oc_json_take(o, "content", content_of(ref));
    return o;
}

json_t *oc_openapi_components(void)
{
    json_t *o = json_object(), *responses = json_object();
    for (size_t i = 0; i < OC_COUNT(failures); i++) {
        oc_json_take(responses, failures[i].name,
                     response_of(failures[i].description, "#/components/schemas/Failure"));
    }
    json_t *job = response_of("it takes longer: a job", "#/components/schemas/JobAnswer");
    json_t *location = json_loads("{\"Location\":{\"description\":\"the job\",\"schema\":{"
                                  "\"type\":\"string\"}}}",
                                  0, NULL);
    oc_json_take(job, "headers", location);
    oc_json_take(responses, "Job", job);
    oc_json_take(responses, "Refused", json_loads(refused, 0, NULL));
    oc_json_take(o, "schemas", json_loads(schemas, 0, NULL));
    oc_json_take(o, "responses", responses);
    oc_json_take(o, "securitySchemes", json_loads(security, 0, NULL));
    return o;
}
