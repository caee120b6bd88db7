/* openclaw.json of the original system. SPDX-License-Identifier: MIT */
#include <string.h>

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

/* One agent as { name, port }, NULL when it has no usable id or port; reports what was not taken.
 */
static json_t *read_agent(struct oc_importer *imp, const char *where, json_t *source)
{
    const char *id = oc_json_str(source, "id", "");
    int64_t port = oc_json_int(source, "port", 0);

    if (!oc_name_valid(id) || port < 1 || port > 65535) {
        oc_import_skip(imp, where, "", "the agent is left out: it needs an id and a port");
        return NULL;
    }
    json_t *agent = json_object();
    oc_json_set_str(agent, "name", id);
    oc_json_set_int(agent, "port", port);
    imp->mapped++;
    return agent;
}

static void import_agents(struct oc_importer *imp)
{
    json_t *list = oc_import_take(imp->source, "agents"), *source, *agents = json_array();
    size_t i;

    json_array_foreach(list, i, source)
    {
        char *where = oc_asprintf("agents[%zu]", i);
        json_t *agent = read_agent(imp, where, source);
        if (agent) {
            json_array_append_new(agents, agent);
        }
        free(where);
    }
    if (json_array_size(agents) > 0) {
        json_t *collector = json_object();
        oc_json_set_str(collector, "plugin", "agent");
        oc_json_take(collector, "agents", json_incref(agents));
        json_array_append_new(oc_import_list(imp, "collectors"), collector);
        oc_import_skip(
            imp, "agents", "",
            "only id and port of an agent are taken over: the rest belongs to the agent");
    }
    json_decref(agents);
    json_decref(list);
}

/* A service with an address becomes a collector. */
static void import_service(struct oc_importer *imp, const char *plugin, const char *from)
{
    struct oc_import_row rows[] = {{from, "url", OC_IMPORT_URL}, {0}};
    json_t *collector = json_object();

    oc_json_set_str(collector, "plugin", plugin);
    oc_import_rows(imp, imp->source, "", rows, collector);
    if (json_object_get(collector, "url")) {
        json_array_append_new(oc_import_list(imp, "collectors"), json_incref(collector));
    }
    json_decref(collector);
}

void oc_import_openclaw(struct oc_importer *imp)
{
    import_agents(imp);
    import_service(imp, "litellm", "models.providers.litellm.base_url");
    import_service(imp, "ollama", "embedding.api_base");
    oc_import_leftovers(imp, reasons);
}
