-- Which alerts keep which others quiet. SPDX-License-Identifier: MIT
--
-- inhibit(at) is asked once, at the start and whenever policies are loaded, for a list of rules:
--
--   name      for people
--   source    matchers: alerts that keep others quiet while they fire
--   target    matchers: alerts that are then told nobody
--   equal     labels that both must agree on; what neither has agrees
--   window    how long the source counts after its end; nothing: not at all
--
-- Matchers are written as in route.lua. An alert that is source and target of a rule is kept quiet only by sources that are not targets. Rules in
-- `alerts.inhibit` of the configuration come on top of these. Put a file inhibit.lua into your policy folder to replace this one.

function inhibit(at)
  return {
    -- While something is critical, and for ten minutes after, mere information about the same place only distracts.
    {
      name = "severity-cascade",
      source = { "severity=critical" },
      target = { "severity=info" },
      equal = { "instance" },
      window = "600s",
    },
  }
end
