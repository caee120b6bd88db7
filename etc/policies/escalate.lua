-- What becomes of an alert that nobody looks after. SPDX-License-Identifier: MIT
--
-- escalate(alert, at) is asked when an alert begins to fire, and again after each step that it named.
--
--   alert.rule, .severity, .category, .instance, .target, .message, .labels   as for route
--   alert.starts_at           when it began to fire, in milliseconds
--   alert.since               since when it waits for somebody: it fired, or its silence or acknowledgement ended
--   alert.step                steps taken since then
--   alert.raised              true when its severity is what this policy made of it
--   alert.occurrences         when it began to fire the last (up to 17) times, this time included, in milliseconds
--   alert.told                channels that were told of it
--   alert.configured_channels { { name = "ops", plugin = "webhook", levels = { "critical" } }, ... }
--   at                        the time, in milliseconds since 1970 UTC
--
-- It returns nil when nothing is to come, or the next step:
--
--   after      seconds from alert.since at which it is due; 0 or less: now
--   channels   names of channels that are told then (those that cannot be used are passed over)
--   severity   what the alert becomes, if that is graver than what it is: it is then told anew, by route
--   reason     what people are told
--
-- An acknowledgement, a silence and the end of the alert end the chain. Put a file escalate.lua into your policy folder to replace this one.

-- What is read of an alert: nothing else is given to the function, and alerts that agree in it are asked about once.
reads_only = { escalate = { "severity", "step", "occurrences", "configured_channels", "at" } }

-- Nobody acknowledged a critical alert: these are told, one after the other. More steps make a longer chain.
local steps = {
  { after = 900, channels = { "email", "pagerduty" } },
}

-- The same alert, again and again, is no warning any more.
local repeats = { count = 5, within = 1800 }

local function contains(list, wanted)
  for _, item in ipairs(list or {}) do
    if item == wanted then
      return true
    end
  end
  return false
end

-- Channels whose name or plugin is wanted; when there are none, all that hear of critical alerts.
local function choose(configured, wanted)
  local named, critical = {}, {}
  for _, channel in ipairs(configured or {}) do
    if contains(wanted, channel.name) or contains(wanted, channel.plugin) then
      named[#named + 1] = channel.name
    end
    if contains(channel.levels or { "critical" }, "critical") then
      critical[#critical + 1] = channel.name
    end
  end
  return #named > 0 and named or critical
end

function escalate(alert, at)
  if alert.severity == "critical" then
    local step = steps[alert.step + 1]
    if not step then
      return nil
    end
    return {
      after = step.after,
      channels = choose(alert.configured_channels, step.channels),
      reason = string.format("not acknowledged for %d minutes", step.after // 60),
    }
  end

  if alert.severity == "warning" then
    local count = 0
    for _, began in ipairs(alert.occurrences) do
      if at - began <= repeats.within * 1000 then
        count = count + 1
      end
    end
    if count >= repeats.count then
      return {
        after = 0,
        severity = "critical",
        reason = string.format("%d times within %d minutes", count, repeats.within // 60),
      }
    end
  end
  return nil
end
