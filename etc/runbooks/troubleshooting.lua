-- Runbook: find out what is wrong, and say what to do. It changes nothing. SPDX-License-Identifier: MIT
runbook = {
  name = "troubleshooting",
  title = "Find out what is wrong",
  severity = "info",
  summary = "Something is slow, offline or failing: ask what is known, and say what it means.",
  description = [[Each issue is a tree: what is known is asked for, and every branch ends in a finding with its remedy. Nothing is changed;
the remedy names the command or the runbook that would.]],
  params = {
    { name = "issue", type = "choice", required = true, help = "what is wrong",
      choices = { "agent-offline", "high-cpu", "high-memory", "connections", "redis", "litellm", "websocket", "dashboard",
                  "a2a", "vectors", "gpu" } },
    { name = "agent", type = "string", help = "which agent, for agent-offline" },
  },
  examples = {
    { title = "An agent is offline", params = { issue = "agent-offline", agent = "alpha" } },
    { title = "High CPU", params = { issue = "high-cpu" } },
    { title = "High memory", params = { issue = "high-memory" } },
    { title = "Database connections", params = { issue = "connections" } },
    { title = "Redis", params = { issue = "redis" } },
    { title = "LiteLLM", params = { issue = "litellm" } },
    { title = "WebSocket", params = { issue = "websocket" } },
    { title = "Dashboard", params = { issue = "dashboard" } },
    { title = "Agents do not hear each other", params = { issue = "a2a" } },
    { title = "Vectors", params = { issue = "vectors" } },
    { title = "GPU", params = { issue = "gpu" } },
  },
}

local measured = {
  ["high-cpu"] = { cpu = metric("system.cpu_percent"), load = metric("system.load5") },
  ["high-memory"] = { memory = metric("system.memory_percent"), swap = metric("system.swap_percent"),
                      redis_memory = metric("redis.memory_used_percent") },
  connections = { up = metric("postgres.up"), pool = metric("postgres.pool_percent"), waiting = metric("postgres.locks_waiting"),
                  transaction = metric("postgres.longest_transaction_ms") },
  redis = { up = metric("redis.connected"), memory = metric("redis.memory_used_percent"),
            fragmentation = metric("redis.memory_fragmentation"), rejected = metric("redis.connections_rejected_total"),
            saved = metric("redis.rdb_last_save_ok") },
  litellm = { models = metric("litellm.models"), database = metric("litellm.database") },
  vectors = { up = metric("postgres.up"), vector = metric("postgres.pgvector"), dead = metric("postgres.dead_tuples") },
  a2a = { bridge = { op = "message.status" } },
}

function facts(params)
  local wanted = { units = { op = "unit.list" }, health = { op = "health.snapshot" }, maintenance = { op = "maintenance.status" } }
  for key, ask in pairs(measured[params.issue] or {}) do wanted[key] = ask end
  if params.agent then wanted.log = { op = "unit.logs", params = { name = params.agent, lines = 200 } } end
  return wanted
end

-- What lines of a log usually mean.
local patterns = {
  { "oom", "it ran out of memory", "Give it more memory, or see --param issue=high-memory." },
  { "heap", "it ran out of memory", "Give it more memory, or see --param issue=high-memory." },
  { "refused", "something that it needs refuses connections", "See which service it names, and use the runbook service-failure." },
  { "timeout", "something that it needs is too slow", "See which service it names, and use the runbook service-failure." },
  { "address already in use", "its port is taken", "See who listens there, and stop that." },
  { "traceback", "its program has failed", "Read `openclaw unit logs`." },
  { "error", "it writes errors", "Read `openclaw unit logs`." },
}

local function read_log(log, found)
  for _, pattern in ipairs(patterns) do
    for i = #(log and log.lines or {}), 1, -1 do
      if string.find(string.lower(log.lines[i]), pattern[1], 1, true) then
        found[#found + 1] = finding("warning", "log: " .. pattern[2] .. ": " .. string.sub(log.lines[i], 1, 160), pattern[3])
        return
      end
    end
  end
end

-- The unit of a service: whether it is there, runs and is healthy.
local function look_at(facts, name, found)
  local unit = unit_of(facts, name)
  if not unit then
    found[#found + 1] = finding("info", "no unit of this host is named " .. name,
                                "Write it into the section units, and it can be restarted from here.")
  elseif unit.state ~= "running" then
    found[#found + 1] = finding("critical", name .. " does not run: " .. (unit.message or unit.state),
                                "`openclaw unit start " .. name .. "`, or the runbook service-failure.")
  elseif not unit.healthy then
    found[#found + 1] = finding("critical", name .. " runs and is not healthy: " .. (unit.output or ""),
                                "`openclaw unit logs " .. name .. "`, then `openclaw unit restart " .. name .. "`.")
  end
  return unit
end

local function checks(facts, found, ...)
  for _, check in ipairs(unwell(facts.health, ...)) do
    found[#found + 1] = finding(check.state == "warning" and "warning" or "critical",
                                check.service .. " is " .. check.state .. ": " .. (check.output or ""),
                                "`openclaw health history " .. check.service .. "` shows since when.")
  end
end

local function above(series, limit, severity, what, remedy, found)
  local worst = value_of(series)
  if worst and worst.value >= limit then
    found[#found + 1] = finding(severity, string.format("%s: %.0f", what, worst.value), remedy)
  end
  return worst
end

-- The units that take the most of something.
local function greediest(facts, key, say, found)
  local best
  for _, unit in ipairs(facts.units or {}) do
    if type(unit[key]) == "number" and (not best or unit[key] > best[key]) then best = unit end
  end
  if best then found[#found + 1] = finding("info", say(best), "`openclaw unit restart " .. best.name .. "` when it does not come down.") end
end

local trees = {}

trees["agent-offline"] = function(params, facts, found)
  if facts.maintenance and facts.maintenance.active then
    found[#found + 1] = finding("info", "maintenance goes on: " .. (facts.maintenance.reason or ""), "`openclaw maintenance off` ends it.")
  end
  for _, name in ipairs(params.agent and { params.agent } or agents(facts)) do
    look_at(facts, name, found)
    checks(facts, found, name)
  end
  read_log(facts.log, found)
  checks(facts, found, "litellm", "redis", "postgres")
end

trees["high-cpu"] = function(params, facts, found)
  local cpu = above(facts.cpu, 90, "critical", "CPU in percent", "Restart what takes the most, or limit it.", found)
  if cpu and cpu.value >= 70 and cpu.value < 90 then
    found[#found + 1] = finding("warning", string.format("CPU in percent: %.0f", cpu.value), "Watch it: 90 is critical.")
  end
  greediest(facts, "cpu_ms", function(u) return string.format("%s has used the most: %.0f s of CPU", u.name, u.cpu_ms / 1000) end, found)
end

trees["high-memory"] = function(params, facts, found)
  above(facts.memory, 90, "critical", "memory in percent", "Restart what takes the most, or limit it.", found)
  above(facts.swap, 50, "warning", "swap in percent", "The machine needs more memory than it has.", found)
  above(facts.redis_memory, 70, "warning", "Redis memory in percent of maxmemory", "See --param issue=redis.", found)
  greediest(facts, "memory_bytes", function(u) return string.format("%s holds the most: %.0f MB", u.name, u.memory_bytes / 1048576) end, found)
end

-- The unit that is the database: of its usual name, else those that are tagged so.
local function look_at_database(facts, found)
  local tagged_so = tagged(facts, "database")
  if unit_of(facts, "postgres") or #tagged_so == 0 then return look_at(facts, "postgres", found) end
  for _, name in ipairs(tagged_so) do look_at(facts, name, found) end
end

trees.connections = function(params, facts, found)
  look_at_database(facts, found)
  local up = value_of(facts.up)
  if up and up.value == 0 then found[#found + 1] = finding("critical", "PostgreSQL does not answer", "Runbook service-failure, service=postgres.") end
  above(facts.pool, 90, "critical", "connections in percent of the pool", "End idle ones, or raise max_connections.", found)
  above(facts.waiting, 1, "warning", "locks that are waited for", "See who holds them in pg_stat_activity.", found)
  above(facts.transaction, 300000, "warning", "the oldest transaction in ms", "End it: it keeps rows from being cleaned up.", found)
  checks(facts, found, "postgres")
end

trees.redis = function(params, facts, found)
  look_at(facts, "redis", found)
  local up = value_of(facts.up)
  if up and up.value == 0 then found[#found + 1] = finding("critical", "Redis does not answer", "Runbook service-failure, service=redis.") end
  above(facts.memory, 85, "critical", "memory in percent of maxmemory", "Raise maxmemory, or set maxmemory-policy allkeys-lru.", found)
  above(facts.fragmentation, 2, "warning", "memory fragmentation", "MEMORY PURGE gives it back.", found)
  above(facts.rejected, 1, "warning", "connections refused", "Raise maxclients, or find who does not close theirs.", found)
  local saved = value_of(facts.saved)
  if saved and saved.value == 0 then found[#found + 1] = finding("critical", "the last save failed", "See that its disk has room.") end
  checks(facts, found, "redis")
end

trees.litellm = function(params, facts, found)
  look_at(facts, "litellm", found)
  local models, database = value_of(facts.models), value_of(facts.database)
  if models and models.value == 0 then found[#found + 1] = finding("critical", "the gateway has no models", "See its model_list.") end
  if database and database.value == 0 then
    found[#found + 1] = finding("critical", "the gateway has lost its database", "See --param issue=connections.")
  end
  checks(facts, found, "litellm")
end

trees.websocket = function(params, facts, found)
  look_at(facts, "websocket-bridge", found)
  checks(facts, found, "websocket", "gateway", "bridge")
  checks(facts, found, "redis")
end

trees.dashboard = function(params, facts, found)
  look_at(facts, "dashboard", found)
  checks(facts, found, "dashboard")
end

-- Who listens elsewhere this host does not know: it knows whether it carries messages itself.
trees.a2a = function(params, facts, found)
  local bridge = (facts.bridge or {})[1] or {}
  if bridge.state == "off" then
    found[#found + 1] = finding("info", "this host has no bridge: it carries no messages",
                                "Look on the host that has one, or give this one a section bridge.")
  elseif bridge.state == "failed" then
    found[#found + 1] = finding("critical", "the bridge does not carry messages: " .. (bridge.error or "it has failed"),
                                "See --param issue=redis, and `openclaw message status`.")
  elseif bridge.state == "connecting" then
    found[#found + 1] = finding("warning", "the bridge is being connected" .. (bridge.error and ": " .. bridge.error or ""),
                                "`openclaw message status` shows when it is there; see --param issue=redis.")
  end
  for _, name in ipairs(agents(facts)) do look_at(facts, name, found) end
  checks(facts, found, "gateway", "redis", "bridge")
end

trees.vectors = function(params, facts, found)
  if not unit_of(facts, "postgres") and #tagged(facts, "database") == 0 and not value_of(facts.up) and not value_of(facts.vector) then
    found[#found + 1] = finding("info", "there is nothing to look at: no unit is named postgres or tagged database, and no collector measures a database",
                                "Name the database in a collector of the plugin postgres, or look on the host that has it.")
    return
  end
  local up = value_of(facts.up)
  if up and up.value == 0 then found[#found + 1] = finding("critical", "PostgreSQL does not answer", "Runbook service-failure, service=postgres.") end
  if unit_of(facts, "postgres") or #tagged(facts, "database") > 0 then look_at_database(facts, found) end
  local vector = value_of(facts.vector)
  if vector and vector.value == 0 then
    found[#found + 1] = finding("critical", "the extension vector is not installed", "Runbook database-corruption, level 3.")
  end
  above(facts.dead, 1000000, "warning", "dead rows", "VACUUM ANALYZE, then rebuild the index.", found)
  checks(facts, found, "postgres")
end

trees.gpu = function(params, facts, found)
  look_at(facts, "ollama", found)
  checks(facts, found, "ollama")
end

function plan(params, facts)
  local found = {}
  trees[params.issue](params, facts, found)
  if #found == 0 then
    found[1] = finding("ok", "nothing that is known explains it", "`openclaw doctor` and `openclaw health report` look at everything else.")
  end
  return { steps = {}, findings = found }
end
