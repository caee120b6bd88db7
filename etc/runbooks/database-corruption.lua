-- Runbook: PostgreSQL has damaged data. SPDX-License-Identifier: MIT
runbook = {
  name = "database-corruption",
  title = "Repair a damaged database",
  severity = "critical",
  summary = "Queries fail with invalid pages or broken indexes, or the extension vector is damaged.",
  description = [[Level 1 repairs one table, 2 its indexes, 3 the schema and the extension vector, 4 restores the latest backup, 5
begins with empty data. Evidence and a dump come first at every level. Levels 3, 4 and 5 lose data or make everybody wait: agents
are stopped before, and the gravest step asks for words. Which units write its tags say (gateway, agent), or its name where it
is one of the known ones.]],
  params = {
    { name = "level", type = "integer", min = 1, max = 5, required = true, help = "1 table, 2 index, 3 schema, 4 restore, 5 anew" },
    { name = "table", type = "string", help = "the damaged table, for level 1" },
    { name = "backup", type = "string", default = "latest", help = "which backup, for level 4" },
    { name = "within", type = "duration", default = "60s", min = 100, max = 3600000,
      help = "how long each unit may take to be healthy" },
  },
  facts = { units = { op = "unit.list", params = { known = true } }, backups = BACKUPS },
  examples = {
    { title = "Level 1: a table", params = { level = 1, table = "messages" } },
    { title = "Level 2: indexes", params = { level = 2 } },
    { title = "Level 3: schema", params = { level = 3 } },
    { title = "Level 4: restore", params = { level = 4 } },
    { title = "Level 5: anew", params = { level = 5 } },
  },
}

local function database(id, title, what, params, more)
  local step = { id = id, title = title, op = "database." .. what, params = params }
  for key, value in pairs(more or {}) do step[key] = value end
  return step
end

local function verified()
  return { database("verify", "See that the database answers, counts tables and compares vectors", "check"),
           look("health", "Look at the health of everything", "health.report") }
end

-- Nobody writes while it is repaired; afterwards everybody comes back in order.
local function without_writers(facts, params, steps)
  local writers = of_kind(facts, "gateway", "agent")
  return append(each(reversed(writers), stop), steps,
                each(writers, function(name) return start(name, params.within) end), verified())
end

local levels = {}

levels[1] = function(params)
  if not params.table then return nil, "which table?", "Give --param table=NAME." end
  return append({ database("dump", "Keep what can still be read of " .. params.table, "dump", { table = params.table }),
                  database("vacuum", "Rewrite " .. params.table, "vacuum", { table = params.table, full = true }),
                  database("reindex", "Rebuild its indexes", "reindex", { table = params.table }),
                  database("count", "Count its rows", "count", { table = params.table }) }, verified())
end

levels[2] = function()
  return append({ database("reindex", "Rebuild every index", "reindex"),
                  database("analyze", "Give space back and renew the statistics", "vacuum", { analyze = true }) },
                verified())
end

levels[3] = function(params, facts)
  return without_writers(facts, params, {
    database("schema", "Keep the schema", "dump", { schema_only = true }),
    database("dump", "Keep the data: the vector columns are lost below", "dump"),
    database("extension", "Drop the extension vector with its columns, and make it again", "extension",
             { name = "vector", recreate = true }, { confirm = "drop vectors" }) })
end

levels[4] = function(params, facts)
  local backup = backup_of(facts, "database", params.backup)
  if not backup then return nil, no_backup("database"), "Give --param backup=ID." end
  return append(listed(facts, params.backup), without_writers(facts, params, {
    { id = "verify-backup", title = "See that the backup can be read", op = "backup.verify",
      params = { component = "database", backup = backup } },
    { id = "restore", title = "Restore the database over what is there", op = "backup.restore",
      params = { component = "database", backup = backup }, confirm = "restore over live data" },
    database("count", "Count the tables", "count") }))
end

levels[5] = function(params, facts)
  local all = everything(facts)
  return append(each(reversed(all), stop),
                { { id = "archive", title = "Keep the damaged volume", op = "volume.archive",
                    params = { name = "postgres_data" } },
                  { id = "remove", title = "Remove the volume of the database", op = "volume.remove",
                    params = { name = "postgres_data" }, confirm = "begin with an empty database" } },
                each(all, function(name) return start(name, params.within) end), verified())
end

function plan(params, facts)
  local steps, problem, hint = levels[params.level](params, facts)
  if not steps then return refuse(problem, hint) end
  return append({ evidence("database-corruption", "level " .. params.level) }, steps)
end
