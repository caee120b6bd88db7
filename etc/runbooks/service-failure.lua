-- Runbook: a service of the collective is down. SPDX-License-Identifier: MIT
runbook = {
  name = "service-failure",
  title = "Bring a service back",
  severity = "high",
  summary = "LiteLLM, PostgreSQL, Redis, Ollama, the WebSocket bridge or the dashboard does not answer, or everything is down.",
  description = [[The service's log is kept, it is restarted and must be healthy; what only it can tell is looked at afterwards. recover
starts it anew where a restart does not help. infrastructure stops everything in the opposite order of its start, sees that
nothing is left, and starts the databases, the models, the gateway, what has no kind, the agents, the bridges and the
dashboards one after the other. What a unit is its tags say (agent, bridge, dashboard, gateway, model, database), or its name
where it is a usual one.]],
  params = {
    { name = "service", type = "choice", required = true, help = "which one",
      choices = { "litellm", "postgres", "redis", "ollama", "websocket-bridge", "dashboard", "infrastructure" } },
    { name = "recover", type = "choice", choices = { "restart", "recreate" }, default = "restart",
      help = "restart asks it to end; recreate kills it and starts it anew" },
    { name = "within", type = "duration", default = "60s", min = 100, max = 3600000,
      help = "how long each may take to be healthy" },
  },
  facts = { units = { op = "unit.list" } },
  examples = {
    { title = "LiteLLM", params = { service = "litellm" } },
    { title = "LiteLLM, when a restart does not help", params = { service = "litellm", recover = "recreate" } },
    { title = "PostgreSQL", params = { service = "postgres" } },
    { title = "Redis", params = { service = "redis" } },
    { title = "Ollama and its GPU", params = { service = "ollama" } },
    { title = "WebSocket bridge", params = { service = "websocket-bridge" } },
    { title = "Dashboard", params = { service = "dashboard" } },
    { title = "Everything, in order", params = { service = "infrastructure" } },
  },
}

local function check(step) step.optional = true return step end

-- What only this service can tell, once it is back.
local after = {
  litellm = { look("models", "See which models the gateway has", "metrics.list", { selector = "litellm.models" }) },
  postgres = {
    check { id = "vector", title = "See that the extension vector is there", op = "database.check",
            params = { what = "vector" } } },
  redis = { look("keys", "Count the keys", "metrics.list", { selector = "redis.keys" }) },
  ollama = {
    check { id = "gpu", title = "See that the GPU answers", op = "gpu.status" },
    check { id = "pull", title = "Fetch the embedding model when it is missing", op = "model.pull",
            params = { name = "nomic-embed-text-v2-moe" } } },
  ["websocket-bridge"] = {},
  dashboard = {
    check { id = "rebuild", title = "Rebuild the dashboard's image", op = "container.build",
            params = { name = "dashboard" } } },
}

local function one(service, params)
  local log = look("log", "Read the latest lines of " .. service, "unit.logs", { name = service, lines = 100 })
  if params.recover == "recreate" then
    return append({ log }, { kill(service), start(service, params.within) }, after[service])
  end
  return append({ log }, { restart(service, params.within) }, after[service])
end

local function infrastructure(facts, params)
  local base, collective = of_kind(facts, "database", "model", "gateway", "other"), of_kind(facts, "agent")
  local front = of_kind(facts, "bridge", "dashboard")
  local steps = { evidence("infrastructure", "the whole infrastructure is restarted") }
  append(steps, each(reversed(collective), stop, { parallel = "agents" }), each(reversed(front), stop),
         each(reversed(base), stop))
  for _, name in ipairs(append({}, base, collective, front)) do
    steps[#steps + 1] = { id = "gone-" .. name, title = name .. " is gone", op = "unit.status", params = { name = name },
                          check_after = is_stopped(name) }
  end
  append(steps, each(base, function(name) return start(name, params.within) end),
         each(collective, function(name) return start(name, params.within) end, { parallel = "start-agents" }),
         each(front, function(name) return start(name, params.within) end),
         { look("health", "Look at the health of everything", "health.report") })
  return steps
end

function plan(params, facts)
  if params.service == "infrastructure" then
    if #(facts.units or {}) == 0 then
      return refuse("this host has no units",
                    "Units are configured: units = ( { name = \"redis\"; driver = \"systemd\"; tags = [\"service\"]; } );")
    end
    return infrastructure(facts, params)
  end
  if not unit_of(facts, params.service) then
    return refuse("no unit of this host is named " .. params.service,
                  "It restarts the unit of that name. Units are configured: units = ( { name = \"" .. params.service ..
                  "\"; driver = \"systemd\"; } ); `openclaw unit list` shows those of this host.")
  end
  return one(params.service, params)
end
