-- May a deployment go on to its next stage. SPDX-License-Identifier: MIT
--
-- deploy_gate(deployment, health) is asked between the stages of a deployment, again and again while it answers "wait".
--
--   deployment.name, .target, .stage   "gateway", "kubernetes", "canary"
--   deployment.revision                what is being deployed, or nil
--   deployment.started, .now           when this stage began, and the time now, in milliseconds
--   deployment.watched_ms              for how long the stage has been looked at
--   health.ready, .wanted              how many of its parts are ready, and how many there should be
--   health.critical, .warning          alerts of its services that fire since the stage began
--   health.restarts                    how often its parts were restarted since then
--   health.error_rate                  the share of requests that failed, 0 to 1, or nil
--
-- It returns { verdict = "go" | "wait" | "rollback", reason = "...", wait_ms = ... }.

local MINUTE = 60 * 1000
local QUIET = 2 * MINUTE -- a stage must have been well for so long
local PATIENCE = 10 * MINUTE -- and be ready within this
local ERRORS = 0.05
local RESTARTS = 3

local function wait(reason, ms)
  return { verdict = "wait", reason = reason, wait_ms = ms }
end

local function rollback(reason)
  return { verdict = "rollback", reason = reason }
end

function deploy_gate(deployment, health)
  if health.critical > 0 then
    return rollback("a critical alert fires")
  end
  if health.error_rate and health.error_rate > ERRORS then
    return rollback("more than 5 % of the requests fail")
  end
  if health.restarts >= RESTARTS then
    return rollback("its parts do not stay up")
  end
  if health.ready < health.wanted then
    if deployment.now - deployment.started > PATIENCE then
      return rollback("not ready after ten minutes")
    end
    return wait("not everything is ready", 10 * 1000)
  end
  if health.warning > 0 then
    return wait("a warning fires", MINUTE)
  end
  if deployment.watched_ms < QUIET then
    return wait("it is well, but not for two minutes yet", QUIET - deployment.watched_ms)
  end
  return { verdict = "go", reason = "it was well for two minutes" }
end
