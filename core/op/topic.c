/* The table of topics and roles. SPDX-License-Identifier: MIT */
#include "core/op/topic.h"

#include <string.h>

#include "core/base/text.h"

#define WORD_MAX 64

static const struct {
    const char *word;
    enum oc_role role;
} words[] = {
    /* who did what, from where, and who was refused: for those who run the host */
    {"access", OC_ROLE_ADMIN},
    {"audit", OC_ROLE_ADMIN},
    {"op", OC_ROLE_ADMIN},
    {"security", OC_ROLE_ADMIN},
    {"session", OC_ROLE_ADMIN},
    {"token", OC_ROLE_ADMIN},
    /* what the host sees, and does in the open */
    {"agent", OC_ROLE_VIEWER},
    {"alert", OC_ROLE_VIEWER},
    {"api", OC_ROLE_VIEWER},
    {"bridge", OC_ROLE_VIEWER},
    {"budget", OC_ROLE_VIEWER},
    {"collect", OC_ROLE_VIEWER},
    {"collector", OC_ROLE_VIEWER},
    {"config", OC_ROLE_VIEWER},
    {"cron", OC_ROLE_VIEWER},
    {"export", OC_ROLE_VIEWER},
    {"governance", OC_ROLE_VIEWER},
    {"health", OC_ROLE_VIEWER},
    {"job", OC_ROLE_VIEWER}, /* WebSockets show those of others to admins only */
    {"ledger", OC_ROLE_VIEWER},
    {"maintenance", OC_ROLE_VIEWER},
    {"packages", OC_ROLE_VIEWER},
    {"plugin", OC_ROLE_VIEWER},
    {"policy", OC_ROLE_VIEWER},
    {"rule", OC_ROLE_VIEWER},
    {"runbook", OC_ROLE_VIEWER},
    {"samples", OC_ROLE_VIEWER},
    {"silence", OC_ROLE_VIEWER},
    {"store", OC_ROLE_VIEWER},
    {"unit", OC_ROLE_VIEWER},
};

/* NULL: it is not in the table. */
static const enum oc_role *find(const char *word, size_t len)
{
    for (size_t i = 0; i < OC_COUNT(words); i++) {
        if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0) {
            return &words[i].role;
        }
    }
    return NULL;
}

bool oc_topic_of_host(const char *topic)
{
    return find(topic, strcspn(topic, ".")) != NULL;
}

enum oc_role oc_topic_role(const char *topic, struct oc_plugins *plugins)
{
    char name[WORD_MAX];
    const size_t len = strcspn(topic, ".");
    const enum oc_role *role = find(topic, len);
    if (role) {
        return *role;
    }
    if (!topic[len] || len >= sizeof name || !plugins) {
        return OC_ROLE_ADMIN;
    }
    memcpy(name, topic, len);
    name[len] = '\0';
    return oc_plugin_find(plugins, name) ? OC_ROLE_VIEWER : OC_ROLE_ADMIN;
}

enum oc_role oc_topic_pattern_role(const char *pattern)
{
    const size_t len = strcspn(pattern, ".*?");
    const bool whole = pattern[len] == '.' || !pattern[len];
    const enum oc_role *role = whole ? find(pattern, len) : NULL;
    return role ? *role : OC_ROLE_VIEWER;
}
