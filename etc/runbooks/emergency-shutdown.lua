-- Runbook: stop the collective, gently or at once. SPDX-License-Identifier: MIT
runbook = {
  name = "emergency-shutdown",
  title = "Emergency shutdown",
  severity = "critical",
  summary = "Maintenance, degradation, a breach, instability, or containment: five levels of stopping.",
  description = [[1 graceful: the steward is asked to finish, work may end, everything is stopped in order. 2 controlled: maintenance
mode, a pause, agents in the opposite order of their priority, dashboards and bridges; databases stay. 3 rapid: agents, gateways,
dashboards and bridges at once; databases stay for forensics, ports are closed. 4 immediate: every unit is killed. 5 nuclear: the
same, volumes are kept and the host is cut off; nothing is restarted without approval. What a unit is its tags say (agent,
bridge, dashboard, gateway, model, database), or its name where it is a usual one; any other is stopped at 1, 4 and 5. Evidence is saved before anything is stopped or removed at every level:
a run whose evidence cannot be saved ends there. emergency-restart brings the collective back.]],
  params = {
    { name = "level", type = "integer", min = 1, max = 5, required = true,
      help = "1 graceful, 2 controlled, 3 rapid, 4 immediate, 5 nuclear" },
    { name = "reason", type = "string", required = true, help = "why; it is kept with the evidence" },
    { name = "drain", type = "duration", help = "how long work may go on; default 300s at level 1, 60s at level 2",
      min = 0, max = 3600000 },
  },
  facts = { units = { op = "unit.list", params = { known = true } } },
  examples = {
    { title = "Level 1: graceful", params = { level = 1, reason = "maintenance" } },
    { title = "Level 2: controlled", params = { level = 2, reason = "degradation" } },
    { title = "Level 3: rapid", params = { level = 3, reason = "breach" } },
    { title = "Level 4: immediate", params = { level = 4, reason = "instability" } },
    { title = "Level 5: nuclear", params = { level = 5, reason = "containment" } },
  },
}

local names = { "graceful", "controlled", "rapid", "immediate", "nuclear" }

local function snapshot()
  return { id = "state", title = "Keep what is left of the state", op = "host.evidence", params = { name = "shutdown-state" } }
end

local function maintenance(params)
  return { id = "maintenance", title = "Begin maintenance: agents take no new work, nobody is woken", op = "maintenance.on",
           params = { reason = params.reason, ["for"] = "24h" }, undo = { op = "maintenance.off" } }
end

local function ask_steward(params, within)
  return { id = "ask-steward", title = "Ask the steward to let work end", op = "message.send",
           params = { to = "steward", type = "task", content = "shutdown: " .. params.reason }, optional = true, wait = within }
end

-- What containers leave behind, where the host has any.
local function remove_containers(list)
  return { id = "remove-containers", title = "Remove the containers", op = "container.remove", params = { names = list },
           optional = true }
end

local function together(list, make, group) return each(list, make, { parallel = group, on_failure = "continue" }) end

local levels = {}

levels[1] = function(params, facts)
  local front = of_kind(facts, "bridge", "dashboard", "other")
  local base = reversed(of_kind(facts, "database", "model", "gateway"))
  return append({ maintenance(params), ask_steward(params, params.drain or "300s") },
                each(reversed(of_kind(facts, "agent")), stop), each(front, stop), each(base, stop), { snapshot() })
end

levels[2] = function(params, facts)
  local pause = look("drain", "Let what is running end", "unit.list", { tag = "agent" })
  pause.wait = params.drain or "60s"
  return append({ maintenance(params), pause }, each(reversed(of_kind(facts, "agent")), stop),
                each(of_kind(facts, "dashboard", "bridge", "model"), stop), { snapshot() })
end

levels[3] = function(params, facts)
  local others = of_kind(facts, "gateway", "dashboard", "bridge")
  return append(together(reversed(of_kind(facts, "agent")), stop, "agents"), together(others, stop, "services"),
                { { id = "close-ports", title = "Close the ports 4000, 3000 and 3001", op = "network.block",
                    params = { ports = { 4000, 3000, 3001 } }, optional = true } },
                unit_of(facts, "sentinel") and
                    { look("sentinel", "Read what the sentinel saw", "unit.logs", { name = "sentinel", lines = 1000 }) } or {},
                { snapshot() })
end

levels[4] = function(params, facts)
  local all = everything(facts)
  return append(together(reversed(all), kill, "all"),
                { remove_containers(all),
                  { id = "close", title = "Let only this machine in", op = "network.isolate",
                    params = { except = { "loopback" } }, optional = true },
                  snapshot() })
end

-- Durable, and before anything is killed: what would be started again meanwhile is refused.
local function contain()
  return { id = "contain", title = "Contain: no unit is started until emergency-restart with after=5", op = "maintenance.on",
           params = { reason = "containment", contain = true, ["for"] = "720h" } }
end

levels[5] = function(params, facts)
  local all = everything(facts)
  return append({ contain() }, together(reversed(all), kill, "all"),
                { { id = "archive-volumes", title = "Keep every volume", op = "volume.archive", params = { all = true },
                    optional = true },
                  remove_containers(all),
                  { id = "isolate", title = "Cut the host off", op = "network.isolate", params = { except = {} },
                    optional = true },
                  { id = "gpu-off", title = "Switch the GPU off", op = "gpu.off", optional = true },
                  { id = "report", title = "Write the report", op = "host.evidence",
                    params = { name = "nuclear-containment", reason = params.reason } } })
end

function plan(params, facts)
  local steps = levels[params.level](params, facts)
  local first = evidence("emergency-" .. names[params.level], params.reason)
  if params.level == 5 then first.confirm = "contain" end
  if params.level == 4 then first.confirm = true end
  return { steps = append({ first }, steps),
           warnings = params.level >= 4 and { "everything is killed without being asked to end" } or {} }
end
