-- Tests of backup_retention.lua: openclaw policy test backup_retention_test.lua. SPDX-License-Identifier: MIT

local DAY = 24 * 60 * 60 * 1000

-- `count` backups, one a day, the newest made at `now`.
local function daily(count, kind, now)
  local list = {}
  for day = 0, count - 1 do
    list[#list + 1] = { id = kind:sub(1, 1) .. day, type = kind, at = now - day * DAY }
  end
  return list
end

local function with(list, id, key, value)
  for _, backup in ipairs(list) do
    if backup.id == id then
      backup[key] = value
    end
  end
  return list
end

local now = 400 * DAY
local old = "older than 30 days, and 7 newer ones are there"

local function test(name, catalogue, at, expect)
  return { name = name, hook = "backup_retention", args = { catalogue }, now = at, expect = expect }
end

tests = {
  test("without backups nothing goes", {}, now, { remove = {}, reasons = {} }),
  test("thirty days stay", daily(31, "incremental", now), now, { remove = {}, reasons = {} }),
  test("the day after the oldest goes", daily(32, "incremental", now), now, { remove = { "i31" }, reasons = { i31 = old } }),
  test("seven stay however old they are", daily(9, "incremental", now), now + 300 * DAY,
    { remove = { "i7", "i8" }, reasons = { i7 = old, i8 = old } }),
  test("what is pinned stays", with(daily(32, "incremental", now), "i31", "pinned", true), now, { remove = {}, reasons = {} }),
  test("the last that was verified stays", with(daily(32, "incremental", now), "i31", "verified", true), now,
    { remove = {}, reasons = {} }),
  test("what another needs stays", with(daily(32, "incremental", now), "i30", "parent", "i31"), now, { remove = {}, reasons = {} }),
  test("full backups stay ninety days", daily(91, "full", now), now, { remove = {}, reasons = {} }),
  test("and then they go", daily(92, "full", now), now,
    { remove = { "f91" }, reasons = { f91 = "older than 90 days, and 4 newer ones are there" } }),
}
