/* The eleven agents of the collective: names, ports, roles. SPDX-License-Identifier: MIT */
#include "agent.h"

#include <string.h>

const struct agent_identity agent_roster[AGENT_ROSTER_COUNT] = {
    {"steward", 8001, "Coordinator", "\U0001F99E"},
    {"alpha", 8002, "Triad Node A", "\U0001F53A"},
    {"beta", 8003, "Triad Node B", "\U0001F537"},
    {"charlie", 8004, "Triad Node C", "\U0001F536"},
    {"examiner", 8005, "Quality Assurance", "\u2753"},
    {"explorer", 8006, "Research", "\U0001F9ED"},
    {"sentinel", 8007, "Security", "\U0001F994"},
    {"coder", 8008, "Software Development", "\u2328"},
    {"dreamer", 8009, "Creative", "\U0001F4AD"},
    {"empath", 8010, "Emotional Intelligence", "\U0001F499"},
    {"historian", 8011, "Memory & Context", "\U0001F4DC"},
};

const struct agent_identity *agent_identity_find(const char *name)
{
    for (size_t i = 0; i < AGENT_ROSTER_COUNT; i++) {
        if (strcmp(agent_roster[i].name, name) == 0) {
            return &agent_roster[i];
        }
    }
    return NULL;
}
