-- Tests of escalate.lua: openclaw policy test escalate_test.lua. SPDX-License-Identifier: MIT

local console = { name = "console", plugin = "console", levels = { "warning", "critical" } }
local mail = { name = "email", plugin = "email", levels = {} }
local duty = { name = "on-call", plugin = "pagerduty", levels = {} }
local at = 1800000000000

local function warning(...)
  local times = {}
  for _, minutes in ipairs({ ... }) do
    times[#times + 1] = at - minutes * 60000
  end
  return { severity = "warning", step = 0, occurrences = times }
end

tests = {
  {
    name = "a critical alert is told again after 15 minutes, by mail and pager",
    hook = "escalate",
    args = { { severity = "critical", step = 0, configured_channels = { console, mail, duty } }, at },
    expect = { after = 900, channels = { "email", "on-call" }, reason = "not acknowledged for 15 minutes" },
  },
  {
    name = "without mail and pager all that hear critical alerts are told again",
    hook = "escalate",
    args = { { severity = "critical", step = 0, configured_channels = { console } }, at },
    expect = { after = 900, channels = { "console" }, reason = "not acknowledged for 15 minutes" },
  },
  {
    name = "a channel without levels is told of nothing again",
    hook = "escalate",
    args = { { severity = "critical", step = 0, configured_channels = { console, { name = "uptime", plugin = "webhook", levels = {} } } }, at },
    expect = { after = 900, channels = { "console" }, reason = "not acknowledged for 15 minutes" },
  },
  {
    name = "the chain ends",
    hook = "escalate",
    args = { { severity = "critical", step = 1, configured_channels = { console, mail } }, at },
    expect = nil,
  },
  {
    name = "four warnings are warnings",
    hook = "escalate",
    args = { warning(20, 15, 5, 0), at },
    expect = nil,
  },
  {
    name = "the fifth within half an hour is critical",
    hook = "escalate",
    args = { warning(30, 20, 15, 5, 0), at },
    expect = { after = 0, severity = "critical", reason = "5 times within 30 minutes" },
  },
  {
    name = "what is longer ago does not count",
    hook = "escalate",
    args = { warning(31, 20, 15, 5, 0), at },
    expect = nil,
  },
  {
    name = "an info stays one",
    hook = "escalate",
    args = { { severity = "info", step = 0, occurrences = { at, at, at, at, at } }, at },
    expect = nil,
  },
}
