-- Which operations need more than a role. SPDX-License-Identifier: MIT
--
-- authorize(op, actor, params) is asked before every operation that changes something.
--
--   op              "plugin.install"
--   actor.name      "cli:uid=1000", "token:ops", "schedule:nightly"
--   actor.role      "viewer", "operator" or "admin": the operation's own role was looked at before
--   actor.governed  true when governance can decide, that is, every member of the triad has a key, and ever after. Before
--                   that nothing waits for a vote, so that a new host does not lock its owner out; `openclaw doctor` says so.
--   params          the parameters that were given, as the operation understands them: "no" is false where a truth value is
--                   wanted, durations are milliseconds, sizes bytes, lists lists; those of an operation that it
--                   holds (params.params of "cron.add") are a table; secrets are masked, at whatever depth
--
-- It returns { allow = true }, { allow = false, reason = "..." } or { approval = CATEGORY, reason = "..." } with the
-- category "operational", "tactical", "strategic" or "emergency". What is approved runs exactly as it was asked for.
-- A file authorize.lua in your policy folder replaces this one; `openclaw policy diff FILE` shows what would change.

-- A plugin that does not come from a registry has no signed index to vouch for it: a folder, an archive, a bundle.
local function from_a_file(source)
  return source:find("^[/.~]") or source:find("%.ocp$") or source:find("://", 1, true)
end

local function unverified(params)
  if params.link or params.bundle then
    return true
  end
  for _, source in ipairs(params.sources or {}) do
    if from_a_file(source) then
      return true
    end
  end
  return false
end

-- Parameters of a runbook come as "4" from the command line.
local function level(params)
  return tonumber((params.param or params.params or params).level or params.level) or 0
end

local function after(params)
  return tonumber((params.param or params.params or params).after or params.after) or 0
end

local function restores(params)
  return params.name == "backup-restoration" or (params.name == "database-corruption" and level(params) >= 4)
end

-- By the operation's name; nil lets it run.
local guards = {
  ["agent.create"] = function()
    return "tactical", "a new agent joins the collective"
  end,
  ["agent.remove"] = function()
    return "tactical", "an agent leaves the collective"
  end,
  ["backup.restore"] = function()
    return "tactical", "a restore replaces live data"
  end,
  ["ledger.witness.remove"] = function()
    return "strategic", "without its witnesses nobody else knows what the ledger was"
  end,
  ["plugin.bundle.install"] = function()
    return "tactical", "the plugins come from no registry"
  end,
  ["plugin.install"] = function(params)
    if unverified(params) then
      return "tactical", "the plugin comes from no registry"
    end
  end,
  ["plugin.link"] = function()
    return "tactical", "the plugin comes from no registry"
  end,
  ["plugin.rollback"] = function()
    return "tactical", "an earlier generation of the plugins may hold what was decided against"
  end,
  ["policy.apply"] = function()
    return "strategic", "a policy decides what others may do"
  end,
  ["policy.remove"] = function()
    return "strategic", "a policy decides what others may do"
  end,
  ["registry.add"] = function()
    return "tactical", "what this registry holds will count as vouched for"
  end,
  ["runbook.run"] = function(params)
    if params.name == "emergency-shutdown" and level(params) >= 4 then
      return "emergency", "an emergency of level 4 or 5 stops the collective"
    elseif params.name == "emergency-restart" and after(params) >= 5 then
      return "tactical", "after a containment nothing is restarted without approval"
    elseif restores(params) then
      return "tactical", "a restore replaces live data"
    end
  end,
}

function authorize(op, actor, params)
  local guard = guards[op]
  if not guard or not actor.governed or params.dry_run == true then
    return { allow = true }
  end
  local category, reason = guard(params)
  if category then
    return { approval = category, reason = reason }
  end
  return { allow = true }
end
