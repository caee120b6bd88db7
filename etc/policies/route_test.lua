-- Tests of route.lua: openclaw policy test route_test.lua. SPDX-License-Identifier: MIT

local console = { name = "console", plugin = "console", levels = { "warning", "critical" } }
local pager = { name = "pager", plugin = "webhook", levels = { "critical" } }
local log = { name = "log", plugin = "file", levels = {} }
local all = { console, pager, log }

tests = {
  {
    name = "a critical alert goes to everyone",
    hook = "route",
    args = { { severity = "critical", configured_channels = all }, 0 },
    expect = { "console", "pager", "log" },
  },
  {
    name = "a warning does not wake the pager",
    hook = "route",
    args = { { severity = "warning", configured_channels = all }, 0 },
    expect = { "console", "log" },
  },
  {
    name = "a channel without levels hears everything",
    hook = "route",
    args = { { severity = "info", configured_channels = all }, 0 },
    expect = { "log" },
  },
  {
    name = "a rule that names channels means them",
    hook = "route",
    args = { { severity = "info", channels = { "pager" }, configured_channels = all }, 0 },
    expect = { "pager" },
  },
  {
    name = "without channels nobody is told",
    hook = "route",
    args = { { severity = "critical" }, 0 },
    expect = {},
  },
}
