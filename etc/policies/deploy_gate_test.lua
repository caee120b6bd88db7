-- Tests of deploy_gate.lua: openclaw policy test deploy_gate_test.lua. SPDX-License-Identifier: MIT

local function args(minutes, health)
  local ms = minutes * 60 * 1000
  local deployment = { name = "gateway", target = "docker", stage = "canary", started = 0, now = ms, watched_ms = ms }
  local well = { ready = 3, wanted = 3, critical = 0, warning = 0, restarts = 0 }
  for key, value in pairs(health) do
    well[key] = value
  end
  return { deployment, well }
end

local function test(name, minutes, health, expect)
  return { name = name, hook = "deploy_gate", args = args(minutes, health), expect = expect }
end

tests = {
  test("a critical alert goes back at once", 1, { critical = 1 }, { verdict = "rollback", reason = "a critical alert fires" }),
  test("so do failing requests", 1, { error_rate = 0.06 },
    { verdict = "rollback", reason = "more than 5 % of the requests fail" }),
  test("a few failing requests are usual", 3, { error_rate = 0.05 }, { verdict = "go", reason = "it was well for two minutes" }),
  test("what crashes again and again goes back", 1, { restarts = 3 }, { verdict = "rollback", reason = "its parts do not stay up" }),
  test("a warning is looked at again", 5, { warning = 1 }, { verdict = "wait", reason = "a warning fires", wait_ms = 60000 }),
  {
    name = "a stage that becomes ready and stays well",
    hook = "deploy_gate",
    steps = {
      { args = args(1, { ready = 1 }), expect = { verdict = "wait", reason = "not everything is ready", wait_ms = 10000 } },
      { args = args(1.5, {}),
        expect = { verdict = "wait", reason = "it is well, but not for two minutes yet", wait_ms = 30000 } },
      { args = args(2, {}), expect = { verdict = "go", reason = "it was well for two minutes" } },
    },
  },
  {
    name = "a stage that never becomes ready",
    hook = "deploy_gate",
    steps = {
      { args = args(10, { ready = 2 }), expect = { verdict = "wait", reason = "not everything is ready", wait_ms = 10000 } },
      { args = args(10.1, { ready = 2 }), expect = { verdict = "rollback", reason = "not ready after ten minutes" } },
    },
  },
}
