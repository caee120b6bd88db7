-- Tests of route.lua: openclaw policy test route_test.lua. SPDX-License-Identifier: MIT

local every = { "info", "warning", "critical" }
local console = { name = "console", plugin = "console", levels = every }
local webhook = { name = "webhook", plugin = "webhook", levels = every }
local email = { name = "email", plugin = "email", levels = { "critical" }, by_levels = true }
local pager = { name = "pager", plugin = "webhook", levels = { "critical" }, by_levels = true }
local log = { name = "log", plugin = "file", levels = every, by_levels = true }
local uptime = { name = "uptime", plugin = "webhook", levels = {}, by_levels = true }
local all = { console, webhook, email, pager, log, uptime }

tests = {
  {
    name = "a critical alert goes to everyone",
    hook = "route",
    args = { { severity = "critical", labels = {}, configured_channels = all }, 0 },
    expect = {
      { path = '{}/{severity="critical"}', channels = { "console", "webhook" } },
      "email", "pager", "log",
    },
  },
  {
    name = "a warning of an agent stays on the console, and wakes no pager",
    hook = "route",
    args = { { severity = "warning", category = "agent", labels = {}, configured_channels = all }, 0 },
    expect = { { path = '{}/{category="agent"}', channels = { "console" } }, "log" },
  },
  {
    name = "a warning of a service goes to the webhook, too",
    hook = "route",
    args = { { severity = "warning", category = "service", labels = {}, configured_channels = all }, 0 },
    expect = { { path = '{}/{category="service"}', channels = { "console", "webhook" } }, "log" },
  },
  {
    name = "what the tree does not speak of is told by severity",
    hook = "route",
    args = { { severity = "warning", labels = { team = "db" }, configured_channels = all }, 0 },
    expect = { { path = "{}", channels = { "console", "webhook" } }, "log" },
  },
  {
    name = "when nobody of those that a route names is there, the others hear of it",
    hook = "route",
    args = { { severity = "warning", category = "session", labels = {}, configured_channels = { webhook } }, 0 },
    expect = { { path = '{}/{category="session"}', channels = { "webhook" } } },
  },
  {
    name = "a channel without levels hears of nothing",
    hook = "route",
    args = { { severity = "critical", labels = {}, configured_channels = { console, uptime } }, 0 },
    expect = { { path = '{}/{severity="critical"}', channels = { "console" } } },
  },
  {
    name = "a rule that names a channel without levels means it",
    hook = "route",
    args = { { severity = "info", channels = { "uptime" }, configured_channels = all }, 0 },
    expect = { "uptime" },
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
    args = { { severity = "critical", labels = {} }, 0 },
    expect = {},
  },
}
