-- Which channels hear of an alert, in what groups, and when. SPDX-License-Identifier: MIT
--
-- The tree below is read as Alertmanager reads its own: from the top, depth first; the first route whose matchers all hold is taken, and those after
-- it only when it says `continue = true`; a route inherits what it does not say.
--
--   matchers         { 'severity=critical', 'team=~"a|b"', 'env!=test', 'host!~"dev-.*"' }: all must hold; a label that is missing is ""
--   channels         names; without any, every channel that listens to the severity (its `levels`)
--   group_by         labels: alerts that agree on them are told together; { "..." } = each alone
--   group_wait, group_interval, repeat_interval   "30s", "5m", "4h"; what nobody says is in `alerts` of the configuration
--   mute, active     names of `alerts.intervals` in which the route is silent, or outside of which it is
--   text             "{{count}} {{severity}} alerts for {{agent}}"; of several severities: "5 critical (2), warning (3) alerts for coder"
--   send_resolved    false: nobody is told of the end
--   continue, routes, name
--
-- Labels are the alert's, and severity, rule (alertname), category, instance, target of the host's own rules.

tree = routing.tree {
  routes = {
    { matchers = { "severity=critical" }, channels = { "console", "webhook", "slack", "email" } },
    { matchers = { "category=agent" }, channels = { "console", "slack" } },
    { matchers = { "category=service" }, channels = { "console", "webhook", "slack" } },
    { matchers = { "category=resource" }, channels = { "console" } },
    { matchers = { "category=langfuse" }, channels = { "console", "email" } },
    { matchers = { "category=session" }, channels = { "console" } },
  },
}

-- Channels that the tree speaks of. All others, and those whose configuration says `levels`, are told by severity, whatever the tree says. Nobody is told
-- of a severity that is not among its levels (warning and critical, unless the configuration says otherwise): `levels = []` is a channel for signs of life,
-- for rules that name it, or a fallback of others.
local named = routing.channels(tree)

-- What `route` below reads of an alert: it is given nothing else (not the time either), and alerts that agree in it are routed alike without being
-- asked about. Whoever wants to read more names it here: { "channels", "message", "at", "labels.team", ... }.
reads_only = { route = routing.reads(tree, { "severity", "channels", "configured_channels" }) }

local function listens(channel, severity)
  for _, level in ipairs(channel.levels or { "warning", "critical" }) do
    if level == severity then
      return true
    end
  end
  return false
end

local function sort_channels(channels, severity)
  local by_level, by_tree = {}, {}
  for _, channel in ipairs(channels) do
    if not listens(channel, severity) then
      -- not its business
    elseif named[channel.name] and not channel.by_levels then
      by_tree[channel.name] = true
    else
      by_level[#by_level + 1] = channel.name
    end
  end
  return { by_level = by_level, by_tree = by_tree, answers = {} }
end

-- The host gives the same list until the channels are configured anew, so what follows from it is worked out once.
local plans = setmetatable({}, { __mode = "k" })

local function plan_for(channels, severity)
  plans[channels] = plans[channels] or {}
  plans[channels][severity] = plans[channels][severity] or sort_channels(channels, severity)
  return plans[channels][severity]
end

local function answer_for(routes, plan)
  local answer = {}
  for _, found in ipairs(routes) do
    local names = {}
    for _, name in ipairs(found.channels or {}) do
      names[#names + 1] = plan.by_tree[name] and name or nil
    end
    -- Nobody of those is there: better everybody than nobody.
    if #names == 0 then
      for name in pairs(plan.by_tree) do
        names[#names + 1] = name
      end
    end
    if #names > 0 then
      answer[#answer + 1] = routing.with(found, names)
    end
  end
  for _, name in ipairs(plan.by_level) do
    answer[#answer + 1] = name
  end
  return answer
end

-- route(alert, at) is asked once for every alert that is about to be sent.
--
--   alert.rule, .severity, .state ("firing" or "resolved"), .labels { mount = "/", ... }, .annotations, .message
--   alert.category, .instance, .target, .metric, .value   of the host's own rules, or nil
--   alert.channels            the names that the rule lists, or nil
--   alert.configured_channels { { name = "ops", plugin = "webhook", levels = { "critical" }, by_levels = true }, ... }
--                             by_levels: its configuration says `levels`
--   at                        the time, in milliseconds since 1970 UTC
--
-- It returns a list of channel names, or of routes as routing.find gives them, each with its `channels`; an empty list tells nobody. Names that are not
-- configured are ignored. Put a file route.lua into your policy folder to replace this one; `openclaw policy test FILE` tries it, and
-- `openclaw alert routes test` says who would be told.
function route(alert, at)
  -- A rule that names its channels means them.
  if alert.channels and #alert.channels > 0 then
    return alert.channels
  end

  local plan = plan_for(alert.configured_channels or {}, alert.severity or "")
  local routes = routing.find(tree, alert)
  if #routes ~= 1 then
    return answer_for(routes, plan)
  end
  plan.answers[routes[1]] = plan.answers[routes[1]] or answer_for(routes, plan)
  return plan.answers[routes[1]]
end

-- routes(alert): the tree, or how an alert goes through it; for `openclaw alert routes`.
function routes(alert)
  return alert and routing.explain(tree, alert) or tree
end
