-- Tests of authorize.lua: openclaw policy test authorize_test.lua. SPDX-License-Identifier: MIT

local governed = { name = "cli:uid=0", role = "admin", governed = true }
local alone = { name = "cli:uid=0", role = "admin", governed = false }
local allowed = { allow = true }

local function needs(category, reason)
  return { approval = category, reason = reason }
end

local function test(name, op, params, expect)
  return { name = name, hook = "authorize", args = { op, governed, params }, expect = expect }
end

local outside = needs("tactical", "the plugin comes from no registry")
local policy = needs("strategic", "a policy decides what others may do")
local restore = needs("tactical", "a restore replaces live data")
local stop = needs("emergency", "an emergency of level 4 or 5 stops the collective")

tests = {
  test("what nobody guards runs", "alert.ack", { alert = "1" }, allowed),
  test("a plugin of a registry is vouched for", "plugin.install", { sources = { "ann/http@^1.2" } }, allowed),
  test("an archive is not", "plugin.install", { sources = { "ann/http", "/tmp/x.ocp" } }, outside),
  test("a folder is not", "plugin.install", { sources = { "/home/ann/http" } }, outside),
  test("an address is not", "plugin.install", { sources = { "https://example.org/x" } }, outside),
  test("a folder under development is not", "plugin.install", { link = "/home/ann/http" }, outside),
  test("a bundle is not", "plugin.install", { bundle = "/tmp/all.ocb" }, outside),
  test("nor by its other name", "plugin.bundle.install", { file = "/tmp/all.ocb" },
    needs("tactical", "the plugins come from no registry")),
  test("a registry would vouch for them", "registry.add", { url = "https://example.org" },
    needs("tactical", "what this registry holds will count as vouched for")),
  test("looking at the plan needs no decision", "plugin.install", { sources = { "/tmp/x.ocp" }, dry_run = true }, allowed),
  test("a linked folder is not vouched for", "plugin.link", { dir = "/home/ann/http" }, outside),
  test("an earlier generation may hold what was voted out", "plugin.rollback", { to = 3 },
    needs("tactical", "an earlier generation of the plugins may hold what was decided against")),
  test("the plan of a rollback may be looked at", "plugin.rollback", { dry_run = true }, allowed),
  test("a witness is not sent away", "ledger.witness.remove", { name = "tower" },
    needs("strategic", "without its witnesses nobody else knows what the ledger was")),
  test("another one is welcome", "ledger.witness.add", { name = "tower" }, allowed),
  test("an agent joins", "agent.create", {}, needs("tactical", "a new agent joins the collective")),
  test("an agent leaves", "agent.remove", { agent = "explorer" }, needs("tactical", "an agent leaves the collective")),
  test("a policy is changed", "policy.apply", { name = "route" }, policy),
  test("a policy is removed", "policy.remove", { name = "route" }, policy),
  test("live data is replaced", "backup.restore", { id = "b1" }, restore),
  test("also by a runbook", "runbook.run", { name = "backup-restoration" }, restore),
  test("also when the database is beyond repair", "runbook.run",
    { name = "database-corruption", params = { level = "4" } }, restore),
  test("not when it can be repaired", "runbook.run", { name = "database-corruption", params = { level = "3" } }, allowed),
  test("an emergency of level 3 stops a part", "runbook.run", { name = "emergency-shutdown", params = { level = "3" } }, allowed),
  test("one of level 4 stops everything", "runbook.run", { name = "emergency-shutdown", params = { level = "4" } }, stop),
  test("so does one of level 5", "runbook.run", { name = "emergency-shutdown", level = 5 }, stop),
  test("after a containment a restart is voted on", "runbook.run", { name = "emergency-restart", param = { after = "5" } },
    needs("tactical", "after a containment nothing is restarted without approval")),
  test("after a lesser level it is not", "runbook.run", { name = "emergency-restart", param = { after = "4" } }, allowed),
  test("an agent is restarted without a vote", "runbook.run", { name = "agent-restart" }, allowed),
  { name = "without a member's key nothing waits for a vote", hook = "authorize",
    args = { "policy.apply", alone, { name = "route" } }, expect = allowed },
}
