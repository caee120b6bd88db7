-- Tests of select_model.lua: openclaw policy test select_model_test.lua. SPDX-License-Identifier: MIT

local function models(change)
  local list = {
    { name = "large", healthy = true, cost = 0.04, context = 128000 },
    { name = "coder", healthy = true, cost = 0.02, context = 32000, tags = { "code" } },
    { name = "local", healthy = true, context = 8000 },
  }
  for name, values in pairs(change or {}) do
    for _, model in ipairs(list) do
      for key, value in pairs(model.name == name and values or {}) do
        model[key] = value
      end
    end
  end
  return list
end

local usual = "the first of the list that is well, large enough and paid for"

local function test(name, request, expect)
  request.agent = "coder"
  request.models = request.models or models()
  return { name = name, hook = "select_model", args = { request }, expect = expect }
end

tests = {
  test("the first one serves", {}, { model = "large", fallbacks = { "coder", "local" }, reason = usual }),
  test("one that is ill is left out", { models = models { large = { healthy = false } } },
    { model = "coder", fallbacks = { "local" }, reason = usual }),
  test("one that is made for the task goes first", { task = "code" },
    { model = "coder", fallbacks = { "large", "local" }, reason = "made for code" }),
  test("one that is too small is left out", { tokens = 50000 }, { model = "large", fallbacks = {}, reason = usual }),
  test("one that nobody can pay is left out", { budget_left = 0.03 },
    { model = "coder", fallbacks = { "local" }, reason = usual }),
  test("with nothing left only what is free serves", { budget_left = 0 }, { model = "local", fallbacks = {}, reason = usual }),
  { name = "without a model there is none", hook = "select_model", args = { { agent = "coder", models = {} } } },
}
