/* openclaw.json of the original system. SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/config/import/importer.h"

static const struct oc_import_reason reasons[] = {
    {"version", NULL, NULL},
    {"collective", "a collective has no name here; host.name is the name of the machine", ""},
    {"models", "models and providers are not watched by configuration", ""},
    {"model_routing", "this host routes no model calls", ""},
    {"a2a_protocol", "this host does not speak the protocol of the agents", ""},
    {"embedding", "this host makes no embeddings", ""},
    {"memory", "the stores of the agents have no address here",
     "Add collectors with plugin = \"postgres\" and plugin = \"redis\"."},
    {"skills_repository", "this host holds no skills", ""},
    {0},
};

#define AGENTS_MAX 256 /* that the collector takes */

/* What the collector would not start with; NULL: nothing. */
static const char *fault_of(const json_t *agents, const char *id, int64_t port)
{
    const json_t *other;
    size_t i;

    if (!oc_name_valid(id) || port < 1 || port > 65535) {
        return "it needs an id and a port";
    }
    json_array_foreach(agents, i, other)
    {
        if (strcmp(oc_json_str(other, "name", ""), id) == 0) {
            return "another one has its id";
        }
    }
    return json_array_size(agents) < AGENTS_MAX ? NULL : "there are as many as a collector takes";
}

static json_t *agents_of(json_t *collector)
{
    json_t *agents = json_object_get(collector, "agents");
    if (!agents) {
        agents = json_array();
        oc_json_take(collector, "agents", agents);
    }
    return agents;
}

/* An agent has much more than an id and a port; what is not taken is told once for all of them. */
static void import_agent(struct oc_importer *imp, const char *where, json_t *source)
{
    const char *id = oc_json_str(source, "id", "");
    const int64_t port = oc_json_int(source, "port", 0);
    const char *fault = fault_of(imp->agents, id, port);

    if (fault) {
        oc_import_skip(imp, where, "", "the agent is left out: %s", fault);
    } else {
        imp->agents = agents_of(oc_import_collector(imp, "agent"));
        json_array_append_new(imp->agents,
                              json_pack("{s:s,s:I}", "name", id, "port", (json_int_t)port));
        imp->mapped++;
    }
    json_object_clear(source);
}

static void import_agents(struct oc_importer *imp)
{
    const size_t before = imp->mapped;
    oc_import_each(imp, "agents", import_agent);
    if (imp->mapped > before) {
        oc_import_skip(
            imp, "agents", "",
            "only id and port of an agent are taken over: the rest belongs to the agent");
    }
}

/* Whether the group at `where`, if there is one, is not off. */
static bool is_on(struct oc_importer *imp, const char *where)
{
    json_t *group = oc_json_path(imp->source, where);
    return !json_is_object(group) || oc_import_flag(imp, group, where, "enabled", true);
}

static void import_url(struct oc_importer *imp, const char *plugin, const char *from)
{
    const struct oc_import_row rows[] = {{from, "url", OC_IMPORT_URL}, {0}};
    json_t *taken = json_object();

    oc_import_rows(imp, imp->source, "", rows, taken);
    if (json_object_size(taken) > 0) {
        json_object_update(oc_import_collector(imp, plugin), taken);
    }
    json_decref(taken);
}

#define LITELLM   "models.providers.litellm"
#define EMBEDDING "embedding"

/* A provider that is off is not looked at. */
static void import_litellm(struct oc_importer *imp)
{
    if (is_on(imp, LITELLM)) {
        import_url(imp, "litellm", LITELLM ".base_url");
    } else {
        oc_import_drop_collector(imp, "litellm");
        oc_import_skip(imp, LITELLM, "", "the provider is off: its collector is left out");
    }
}

/* Any provider can have an address; only that of Ollama is a service to look at. */
static void import_embedding(struct oc_importer *imp)
{
    const json_t *provider = oc_json_path(imp->source, EMBEDDING ".provider");
    if (is_on(imp, EMBEDDING) && json_is_string(provider) &&
        strcasecmp(json_string_value(provider), "ollama") == 0) {
        import_url(imp, "ollama", EMBEDDING ".api_base");
    }
}

void oc_import_openclaw(struct oc_importer *imp)
{
    import_agents(imp);
    import_litellm(imp);
    import_embedding(imp);
    oc_import_leftovers(imp, reasons);
}
