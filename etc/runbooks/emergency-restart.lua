-- Runbook: bring the collective back after a shutdown. SPDX-License-Identifier: MIT
runbook = {
  name = "emergency-restart",
  title = "Restart after a shutdown",
  severity = "critical",
  summary = "The collective was shut down, and its cause is known and mended.",
  description = [[After levels 1 and 2 everything is started in order. After 3 and 4 the evidence is looked at first and blocks are
lifted. After 5 it needs approval, and somebody has to say that the cause is known, in words; it ends the containment. The
order: databases, models and gateways, what else there is, bridges, the steward, the other agents, dashboards; each must be
healthy before the next.]],
  params = {
    { name = "after", type = "integer", min = 1, max = 5, required = true, help = "which level of shutdown it was" },
    { name = "within", type = "duration", default = "60s", min = 100, max = 3600000,
      help = "how long each unit may take to be healthy" },
  },
  facts = { units = { op = "unit.list", params = { known = true } }, evidence = { op = "host.evidence.list" } },
  examples = {
    { title = "After level 1 or 2", params = { after = 1 } },
    { title = "After level 3 or 4", params = { after = 4 } },
    { title = "After level 5", params = { after = 5 } },
  },
}

function plan(params, facts)
  local function up(name) return start(name, params.within) end
  local steps = {}
  if params.after >= 3 then
    if #(facts.evidence or {}) == 0 then
      return refuse("there is no evidence of a shutdown", "See `openclaw host evidence list`.")
    end
    append(steps, { evidence("before-restart", "after level " .. params.after),
                    { id = "cause", title = "The evidence was read, and the cause is known", op = "host.evidence.list",
                      confirm = params.after == 5 and "the cause is known" or true },
                    { id = "open", title = "Lift what the shutdown has blocked", op = "network.unblock", optional = true } })
  end
  append(steps, each(of_kind(facts, "database", "model", "gateway", "other", "bridge", "agent", "dashboard"), up),
         { { id = "maintenance-off", title = "End maintenance", op = "maintenance.off" },
           look("health", "Look at the health of everything", "health.report") })
  return steps
end
