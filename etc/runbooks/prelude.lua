-- What runbooks share: steps on units, lists, findings. It is read before each runbook. SPDX-License-Identifier: MIT

-- The agents in the order in which they are restarted one by one; they are stopped in the opposite order.
AGENTS = { "steward", "alpha", "beta", "charlie", "examiner", "explorer", "sentinel", "coder", "dreamer", "empath",
           "historian" }

-- Services in the order in which they are started; they are stopped in the opposite order.
SERVICES = { "postgres", "redis", "ollama", "litellm", "websocket-bridge", "dashboard" }

function reversed(list)
  local out = {}
  for i = #list, 1, -1 do out[#out + 1] = list[i] end
  return out
end

function contains(list, what)
  for _, item in ipairs(list or {}) do
    if item == what then return true end
  end
  return false
end

-- The unit of that name among the facts, or nil.
function unit_of(facts, name)
  for _, unit in ipairs(facts.units or {}) do
    if unit.name == name then return unit end
  end
end

-- Names of the units with a tag: those that `order` names in its order, then the others as they are listed.
function tagged(facts, tag, order)
  local names, seen = {}, {}
  for _, name in ipairs(order or {}) do
    local unit = unit_of(facts, name)
    if unit and contains(unit.tags, tag) then
      names[#names + 1], seen[name] = name, true
    end
  end
  for _, unit in ipairs(facts.units or {}) do
    if contains(unit.tags, tag) and not seen[unit.name] then names[#names + 1] = unit.name end
  end
  return names
end

-- Names of `order` that are units of this host.
function present(facts, order)
  local names = {}
  for _, name in ipairs(order) do
    if unit_of(facts, name) then names[#names + 1] = name end
  end
  return names
end

function agents(facts) return tagged(facts, "agent", AGENTS) end

-- Units of that name, else those that are tagged so.
function called(facts, name)
  local names = present(facts, { name })
  return #names > 0 and names or tagged(facts, name)
end

-- What a unit is: its first tag that is one of these, else what its name is known for, else "other".
KINDS = { agent = true, bridge = true, dashboard = true, gateway = true, database = true, model = true }
KNOWN = { postgres = "database", redis = "database", ollama = "model", litellm = "gateway", ["websocket-bridge"] = "bridge",
          dashboard = "dashboard" }

function kind_of(unit)
  for _, tag in ipairs(unit.tags or {}) do
    if KINDS[tag] then return tag end
  end
  return KNOWN[unit.name] or "other"
end

-- Names of all units of these kinds, kind by kind; within one those that are known first, in their order.
function of_kind(facts, ...)
  local names = {}
  for _, kind in ipairs({ ... }) do
    local seen = {}
    local function take(unit)
      if unit and not seen[unit.name] and kind_of(unit) == kind then
        names[#names + 1], seen[unit.name] = unit.name, true
      end
    end
    for _, order in ipairs({ AGENTS, SERVICES }) do
      for _, name in ipairs(order) do take(unit_of(facts, name)) end
    end
    for _, unit in ipairs(facts.units or {}) do take(unit) end
  end
  return names
end

-- Every unit that is configured, in the order in which they are started.
function everything(facts) return of_kind(facts, "database", "model", "gateway", "other", "bridge", "agent", "dashboard") end

function append(list, ...)
  for _, more in ipairs({ ... }) do
    for _, item in ipairs(more) do list[#list + 1] = item end
  end
  return list
end

-- ---- steps ----

-- It runs, its check is content, and it was started by this very step.
function is_fresh(name, within)
  return { op = "unit.status", params = { name = name }, within = within or "60s", every = "500ms",
           expect = { state = "running", healthy = true, started_ms = { since_step = true } } }
end

function is_healthy(name, within)
  return { op = "unit.status", params = { name = name }, within = within or "60s", every = "500ms",
           expect = { state = "running", healthy = true } }
end

function is_stopped(name)
  return { op = "unit.status", params = { name = name }, within = "10s", every = "250ms",
           expect = { state = { one_of = { "stopped", "failed" } } } }
end

function is_known(name)
  return { op = "unit.status", params = { name = name }, expect = { state = { is_not = "missing" } } }
end

function restart(name, within)
  return { id = "restart-" .. name, title = "Restart " .. name .. " and wait until it is healthy", op = "unit.restart",
           params = { name = name }, check_before = is_known(name), check_after = is_fresh(name, within) }
end

function start(name, within)
  return { id = "start-" .. name, title = "Start " .. name .. " and wait until it is healthy", op = "unit.start",
           params = { name = name }, check_before = is_known(name), check_after = is_healthy(name, within),
           undo = { op = "unit.stop", params = { name = name } } }
end

function stop(name)
  return { id = "stop-" .. name, title = "Stop " .. name, op = "unit.stop", params = { name = name },
           check_after = is_stopped(name), undo = { op = "unit.start", params = { name = name } } }
end

function kill(name)
  return { id = "kill-" .. name, title = "Kill " .. name .. " at once", op = "unit.kill", params = { name = name },
           check_after = is_stopped(name), undo = { op = "unit.start", params = { name = name } } }
end

function each(names, make, change)
  local steps = {}
  for _, name in ipairs(names) do
    local step = make(name)
    for key, value in pairs(change or {}) do step[key] = value end
    steps[#steps + 1] = step
  end
  return steps
end

-- Nothing that follows is done unless this is on the disk.
function evidence(name, reason)
  return { id = "evidence", title = "Save evidence: health, units, alerts, events, logs, ledger", op = "host.evidence",
           params = { name = name, reason = reason },
           check_after = { op = "host.evidence.list", params = { name = name }, within = "5s",
                           expect = { [""] = { count_min = 1 } } } }
end

function look(id, title, op, params)
  return { id = id, title = title, op = op, params = params, optional = true }
end

-- ---- backups ----

-- The backups that there are, as { id, component, time }; nil where no plugin can list them.
BACKUPS = { op = "backup.list", optional = true }

-- Which backup is meant, for every step of a plan: "latest" is the newest one when the plan is made. The newest one of a later step
-- would be what an earlier step has just backed up.
function backup_of(facts, component, wanted)
  if wanted ~= "latest" or not facts.backups then return wanted end
  local newest
  for _, backup in ipairs(facts.backups) do
    if backup.component == component and (not newest or (backup.time or "") > (newest.time or "")) then newest = backup end
  end
  return newest and newest.id
end

-- Where nothing can list backups nobody knows which one is the latest: this step says so, and the run is refused.
function listed(facts, wanted)
  if wanted ~= "latest" or facts.backups then return {} end
  return { { id = "backups", title = "List the backups, to know which one is the latest", op = "backup.list" } }
end

function no_backup(component) return "there is no backup of " .. component end

function refuse(why, hint) return { refuse = why, hint = hint } end

-- ---- findings ----

function finding(severity, what, remedy) return { severity = severity, finding = what, remedy = remedy } end

-- The greatest of the latest values that metrics.list gave, and its labels; nil when nobody measures it.
function value_of(series)
  local best
  for _, one in ipairs(type(series) == "table" and series or {}) do
    if type(one.value) == "number" and (not best or one.value > best.value) then
      best = { value = one.value, labels = one.labels or {} }
    end
  end
  return best
end

function metric(name) return { op = "metrics.list", params = { selector = name } } end

-- Checks of the health report whose service begins with one of the names, that are not well.
function unwell(health, ...)
  local found = {}
  for _, check in ipairs(health and health.checks or health and health.details or {}) do
    for _, name in ipairs({ ... }) do
      if check.state ~= "ok" and check.state ~= "pending" and string.find(check.service or "", name, 1, true) == 1 then
        found[#found + 1] = check
      end
    end
  end
  return found
end
