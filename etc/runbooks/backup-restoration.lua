-- Runbook: bring back what was backed up. SPDX-License-Identifier: MIT
runbook = {
  name = "backup-restoration",
  title = "Restore a backup",
  severity = "high",
  summary = "Data is lost or wrong: the database, Redis, the workspace, the state of agents, the configuration, or all of it.",
  description = [[Whoever writes is stopped, the backup is verified before anything is touched, what is there now is backed up, and only
then is the component restored. drill restores the newest backup beside what is live, counts what came back and throws it away:
once a month it shows that backups can be restored. What a unit is its tags say (agent, gateway, redis), or its name where it
is one of the known ones.]],
  params = {
    { name = "component", type = "choice", required = true, help = "what is restored",
      choices = { "database", "redis", "workspace", "agent-state", "config", "full", "drill" } },
    { name = "backup", type = "string", default = "latest", help = "which backup" },
    { name = "agent", type = "string", help = "whose state, for agent-state" },
    { name = "within", type = "duration", default = "60s", min = 100, max = 3600000,
      help = "how long each unit may take to be healthy" },
  },
  facts = { units = { op = "unit.list", params = { known = true } } },
  examples = {
    { title = "The database", params = { component = "database" } },
    { title = "Redis", params = { component = "redis" } },
    { title = "The workspace", params = { component = "workspace" } },
    { title = "The state of an agent", params = { component = "agent-state", agent = "alpha" } },
    { title = "The configuration", params = { component = "config" } },
    { title = "Everything", params = { component = "full" } },
    { title = "The monthly drill", params = { component = "drill" } },
  },
}

local function verify(component, backup)
  return { id = "verify-" .. component, title = "See that the backup of " .. component .. " can be read",
           op = "backup.verify", params = { component = component, backup = backup } }
end

local function restore(component, params, more)
  local args = { component = component, backup = params.backup }
  for key, value in pairs(more or {}) do args[key] = value end
  return { id = "restore-" .. component, title = "Restore " .. component, op = "backup.restore", params = args,
           confirm = "restore over live data" }
end

local function keep(component)
  return { id = "keep-" .. component, title = "Back up what is there now", op = "backup.create",
           params = { component = component } }
end

local function around(names, params, steps)
  return append(each(reversed(names), stop), steps, each(names, function(name) return start(name, params.within) end),
                { look("health", "Look at the health of everything", "health.report") })
end

local components = {}

function components.database(params, facts)
  return around(of_kind(facts, "gateway", "agent"), params,
                { verify("database", params.backup), keep("database"), restore("database", params) })
end

function components.redis(params, facts)
  return around(called(facts, "redis"), params,
                { verify("redis", params.backup), keep("redis"), restore("redis", params) })
end

function components.workspace(params, facts)
  return around(agents(facts), params,
                { verify("workspace", params.backup), keep("workspace"), restore("workspace", params) })
end

components["agent-state"] = function(params, facts)
  if not params.agent then return nil, "whose state?", "Give --param agent=NAME." end
  return around(present(facts, { params.agent }), params,
                { verify("agent-state", params.backup), keep("agent-state"),
                  restore("agent-state", params, { agent = params.agent }) })
end

function components.config(params, facts)
  return append({ verify("config", params.backup), keep("config"), restore("config", params) },
                each(of_kind(facts, "gateway"), function(name) return restart(name, params.within) end),
                { look("findings", "See that the configuration is valid", "config.validate") })
end

function components.full(params, facts)
  local steps = {}
  for _, component in ipairs({ "database", "redis", "workspace", "agent-state", "config" }) do
    append(steps, { verify(component, params.backup) })
  end
  for _, component in ipairs({ "database", "redis", "workspace", "agent-state", "config" }) do
    append(steps, { keep(component), restore(component, params) })
  end
  return around(everything(facts), params, steps)
end

function components.drill(params)
  return { verify("database", params.backup),
           { id = "drill", title = "Restore the newest backup beside what is live, and count what came back",
             op = "backup.drill", params = { component = "database", backup = params.backup } } }
end

function plan(params, facts)
  local steps, problem, hint = components[params.component](params, facts)
  if not steps then return refuse(problem, hint) end
  if params.component == "drill" then return steps end
  return append({ evidence("backup-restoration", params.component .. " from " .. params.backup) }, steps)
end
