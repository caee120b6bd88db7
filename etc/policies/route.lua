-- Which channels hear of an alert. SPDX-License-Identifier: MIT
--
-- route(alert, at) is asked once for every alert that is about to be sent.
--
--   alert.rule                "high_cpu_usage"
--   alert.severity            "critical", "warning" or "info"
--   alert.state               "firing" or "resolved"
--   alert.category            as the rule says, or nil
--   alert.instance, .target   where it comes from, or nil
--   alert.labels              { mount = "/", ... }
--   alert.metric, .value      what was measured
--   alert.message             the text that will be sent
--   alert.channels            the names that the rule lists, or nil
--   alert.configured_channels { { name = "ops", plugin = "webhook", levels = { "critical" } }, ... }
--   at                        the time, in milliseconds since 1970 UTC
--
-- It returns a list of channel names; an empty list sends nothing. Names that are not configured are ignored.
-- Put a file route.lua into your policy folder to replace this one; `openclaw policy test FILE` tries it.

local function contains(list, wanted)
  for _, item in ipairs(list) do
    if item == wanted then
      return true
    end
  end
  return false
end

function route(alert, at)
  -- A rule that names its channels means them.
  if alert.channels and #alert.channels > 0 then
    return alert.channels
  end

  -- Otherwise: every channel that listens to this severity. A channel without levels listens to all.
  local names = {}
  for _, channel in ipairs(alert.configured_channels or {}) do
    local levels = channel.levels or {}
    if #levels == 0 or contains(levels, alert.severity) then
      names[#names + 1] = channel.name
    end
  end
  return names
end
