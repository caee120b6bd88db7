-- Runbook: bring back what was backed up. SPDX-License-Identifier: MIT
runbook = {
  name = "backup-restoration",
  title = "Restore a backup",
  severity = "high",
  summary = "Data is lost or wrong: the database, Redis, the workspace, the state of agents, the configuration, or all of it.",
  description = [[Whoever writes is stopped, the backup is verified before anything is touched, what is there now is backed up, and only
then is the component restored. The latest backup is the newest one when the plan is made. drill restores the newest backup beside what is live, counts what came back and throws it away:
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
  facts = { units = { op = "unit.list", params = { known = true } }, backups = BACKUPS },
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

local function restore(component, backup, agent)
  return { id = "restore-" .. component, title = "Restore " .. component, op = "backup.restore",
           params = { component = component, backup = backup, agent = agent }, confirm = "restore over live data" }
end

local function keep(component)
  return { id = "keep-" .. component, title = "Back up what is there now", op = "backup.create",
           params = { component = component } }
end

-- All three steps speak of one backup; nil and why when there is none.
local function replace(component, params, facts, agent)
  local backup = backup_of(facts, component, params.backup)
  if not backup then return nil, no_backup(component) end
  return { verify(component, backup), keep(component), restore(component, backup, agent) }
end

local function starts(names, params)
  return each(names, function(name) return start(name, params.within) end)
end

local function health() return { look("health", "Look at the health of everything", "health.report") } end

local function around(names, params, steps, problem)
  if not steps then return nil, problem end
  return append(each(reversed(names), stop), steps, starts(names, params), health())
end

local components = {}

function components.database(params, facts)
  return around(of_kind(facts, "gateway", "agent"), params, replace("database", params, facts))
end

function components.redis(params, facts)
  return around(called(facts, "redis"), params, replace("redis", params, facts))
end

function components.workspace(params, facts)
  return around(agents(facts), params, replace("workspace", params, facts))
end

components["agent-state"] = function(params, facts)
  if not params.agent then return nil, "whose state?", "Give --param agent=NAME." end
  return around(present(facts, { params.agent }), params, replace("agent-state", params, facts, params.agent))
end

function components.config(params, facts)
  local steps, problem = replace("config", params, facts)
  if not steps then return nil, problem end
  return append(steps, each(of_kind(facts, "gateway"), function(name) return restart(name, params.within) end),
                { look("findings", "See that the configuration is valid", "config.validate") })
end

-- The database is restored while it runs, Redis while it does not, as each is by itself.
function components.full(params, facts)
  local verified, replaced = {}, {}
  for _, component in ipairs({ "database", "redis", "workspace", "agent-state", "config" }) do
    local steps, problem = replace(component, params, facts)
    if not steps then return nil, problem end
    append(verified, { steps[1] })
    append(replaced, { steps[2], steps[3] })
  end
  local all, redis, first, later = everything(facts), called(facts, "redis"), {}, {}
  for _, name in ipairs(all) do
    local runs = kind_of(unit_of(facts, name)) == "database" and not contains(redis, name)
    append(runs and first or later, { name })
  end
  return append(each(reversed(all), stop), starts(first, params), verified, replaced, starts(later, params), health())
end

function components.drill(params, facts)
  local backup = backup_of(facts, "database", params.backup)
  if not backup then return nil, no_backup("database") end
  return { verify("database", backup),
           { id = "drill", title = "Restore the newest backup beside what is live, and count what came back",
             op = "backup.drill", params = { component = "database", backup = backup } } }
end

function plan(params, facts)
  local steps, problem, hint = components[params.component](params, facts)
  if not steps then return refuse(problem, hint) end
  steps = append(listed(facts, params.backup), steps)
  if params.component == "drill" then return steps end
  return append({ evidence("backup-restoration", params.component .. " from " .. params.backup) }, steps)
end
