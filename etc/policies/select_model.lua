-- Which model serves a request. SPDX-License-Identifier: MIT
--
-- select_model(request) is asked by the model router for each request.
--
--   request.agent        "coder"
--   request.task         what kind of work it is, such as "chat" or "code", or nil
--   request.tokens       how many tokens it needs in all, or nil when nobody knows
--   request.budget_left  what the agent may still spend today, in dollars, or nil without a limit
--   request.models       { { name = "minimax/MiniMax-M2.7", healthy = true, cost = 0.02, context = 128000,
--                            tags = { "code" } }, ... }: the agent's own first, then its fall-backs in their order;
--                        `cost` is what this request would cost with it, `context` how many tokens fit
--
-- It returns { model = NAME, fallbacks = { NAME, ... }, reason = "..." }, or nil when no model will do. What fails with
-- the model is tried with the fall-backs.

local function has(list, wanted)
  for _, item in ipairs(list or {}) do
    if item == wanted then
      return true
    end
  end
  return false
end

local function fits(model, request)
  if not model.healthy then
    return false
  end
  if request.tokens and model.context and request.tokens > model.context then
    return false
  end
  -- A model without a price may be free or may be anything: it is not refused for money.
  return not (request.budget_left and model.cost and model.cost > request.budget_left)
end

function select_model(request)
  local names, preferred = {}, nil
  for _, model in ipairs(request.models) do
    if fits(model, request) then
      names[#names + 1] = model.name
      -- A model made for the task goes before those that are not.
      if not preferred and request.task and has(model.tags, request.task) then
        preferred = #names
      end
    end
  end
  if #names == 0 then
    return nil
  end
  local first = table.remove(names, preferred or 1)
  local reason = preferred and "made for " .. request.task or "the first of the list that is well, large enough and paid for"
  return { model = first, fallbacks = names, reason = reason }
end
