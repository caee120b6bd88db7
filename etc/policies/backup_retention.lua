-- Which backups may go. SPDX-License-Identifier: MIT
--
-- backup_retention(catalogue, now) is asked after each backup and before a clean-up.
--
--   catalogue  { { id = "b1", type = "incremental", at = MS, size = BYTES, verified = true, pinned = false,
--                  parent = "b0" }, ... }, the newest first; `at` is when it was made, `parent` what it needs
--   now        the time, in milliseconds since 1970 UTC
--
-- It returns { remove = { ID, ... }, reasons = { [ID] = "..." } }. What is not named stays. A backup that another one
-- needs stays as long as that one does, whatever is answered here.

local DAY = 24 * 60 * 60 * 1000

-- At least so many of each type stay, however old they are: a host that was off for a year still has its backups.
local keep = {
  incremental = { days = 30, least = 7 },
  full = { days = 90, least = 4 },
}
local usual = { days = 90, least = 4 }

-- The newest that was verified is what a restore would take: it is never removed.
local function newest_verified(catalogue)
  local ids = {}
  for _, backup in ipairs(catalogue) do
    if backup.verified and not ids[backup.type] then
      ids[backup.type] = backup.id
    end
  end
  return ids
end

function backup_retention(catalogue, now)
  local remove, reasons, needed, seen = {}, {}, {}, {}
  local verified = newest_verified(catalogue)
  for _, backup in ipairs(catalogue) do -- the newest first, so what needs a parent comes before it
    local rule = keep[backup.type] or usual
    seen[backup.type] = (seen[backup.type] or 0) + 1
    local old = now - backup.at > rule.days * DAY and seen[backup.type] > rule.least
    if old and not backup.pinned and not needed[backup.id] and verified[backup.type] ~= backup.id then
      remove[#remove + 1] = backup.id
      reasons[backup.id] = "older than " .. rule.days .. " days, and " .. rule.least .. " newer ones are there"
    elseif backup.parent then
      needed[backup.parent] = true
    end
  end
  return { remove = remove, reasons = reasons }
end
