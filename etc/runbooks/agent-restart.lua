-- Runbook: restart one agent, or all of them, safely. SPDX-License-Identifier: MIT
runbook = {
  name = "agent-restart",
  title = "Restart agents",
  severity = "medium",
  summary = "An agent is offline, hangs, or has to read its configuration again.",
  description = [[single looks at the agent and its log, restarts it and waits until it is healthy. force kills it first. clean-state
removes what it remembers. all restarts every agent at the same time. rolling restarts one after the other in the documented
order, and goes on only when the one before is healthy: the first that is not ends the run, and the rest is left untouched.]],
  params = {
    { name = "scenario", type = "choice", choices = { "single", "force", "all", "clean-state", "rolling" }, required = true,
      help = "what is done" },
    { name = "agent", type = "string", help = "which agent, for single, force and clean-state" },
    { name = "within", type = "duration", default = "60s", min = 100, max = 3600000,
      help = "how long each may take to be healthy" },
  },
  facts = { units = { op = "unit.list" } },
  examples = {
    { title = "One agent", params = { scenario = "single", agent = "alpha" } },
    { title = "One that hangs", params = { scenario = "force", agent = "alpha" } },
    { title = "All at once", params = { scenario = "all" } },
    { title = "One that has to forget", params = { scenario = "clean-state", agent = "alpha" } },
    { title = "One after the other", params = { scenario = "rolling" } },
  },
}

local scenarios = {}

function scenarios.single(agent, within)
  return { look("log", "Read the latest lines of " .. agent, "unit.logs", { name = agent, lines = 100 }),
           restart(agent, within) }
end

function scenarios.force(agent, within)
  return { kill(agent), start(agent, within),
           look("log", "Read the latest lines of " .. agent, "unit.logs", { name = agent, lines = 50 }) }
end

scenarios["clean-state"] = function(agent, within)
  return { evidence("before-clean-state-" .. agent, "the state of " .. agent .. " is removed"),
           stop(agent),
           { id = "clear-" .. agent, title = "Remove sessions, memory and state of " .. agent, op = "agent.clear",
             params = { name = agent }, confirm = "forget " .. agent },
           start(agent, within),
           look("log", "Read the latest lines of " .. agent, "unit.logs", { name = agent, lines = 50 }) }
end

function plan(params, facts)
  local all = agents(facts)
  if params.scenario == "all" or params.scenario == "rolling" then
    if #all == 0 then
      return refuse("no unit of this host is tagged as an agent",
                    "Units are configured: units = ( { name = \"coder\"; driver = \"systemd\"; tags = [\"agent\"]; } );")
    end
    local together = params.scenario == "all" and { parallel = "agents", on_failure = "continue" } or {}
    local steps = each(all, function(name) return restart(name, params.within) end, together)
    if params.scenario == "all" then
      for _, name in ipairs(all) do
        steps[#steps + 1] = { id = "healthy-" .. name, title = name .. " is healthy", op = "unit.status",
                              params = { name = name }, check_after = is_healthy(name, "5s") }
      end
    end
    return steps
  end
  if not params.agent then return refuse("which agent?", "Give --param agent=NAME.") end
  if not unit_of(facts, params.agent) then
    return refuse("no unit of this host is named " .. params.agent, "`openclaw unit list` shows the units.")
  end
  return scenarios[params.scenario](params.agent, params.within)
end
