-- What the votes on a proposal amount to. SPDX-License-Identifier: MIT
--
-- quorum(proposal, ballots, now) is asked whenever a proposal may have been decided. The host counts too; nothing is
-- carried out unless both say "passed". A file quorum.lua of your own can be stricter than the host, never laxer.
--
--   proposal.rules       { threshold = "simple_majority" | "supermajority" | "unanimous", strict_supermajority,
--                          minimum_votes, examiner_review, sentinel_approval, deadline, declaration_ms, override_ms }
--   proposal.electorate  { { name, triad = true, revoked_at }, ... } as it was when the proposal was made
--   proposal.signatures  { { kind = "review" | "approval", verdict, nonce, ... }, ... }
--   proposal.vetoes      { { holder = "steward" | "sentinel", condition, ... }, ... }
--   proposal.overrides   { { member, ... }, ... }
--   proposal.delegations { { from, to, expires_at, ... }, ... }
--   ballots              { { member, choice = "yes" | "no" | "abstain", nonce, ... }, ... }
--   now                  the proposal's time, in milliseconds
--
-- Each record also has: index (its place in the ledger), at (when it was accepted) and, when its key was revoked,
-- key_revoked (from when on). Lists are in the order of the ledger, delegations in any. Every period includes its last millisecond.
--
-- It returns { outcome, reason, yes, no, abstain, absent, present, delegated, carried_at, decided_at }.
-- docs/decisions/0033 gives the reasons for the rules.

local conditions = {
  security_violation_detected = true,
  corruption_risk_identified = true,
  identity_threat_detected = true,
}

local function member_of(electorate, name)
  for i = 1, #electorate do
    if electorate[i].name == name then
      return electorate[i]
    end
  end
  return nil
end

-- Nothing signed by a key, and nothing said by a member, counts from its revocation on.
local function before(at, revoked)
  return revoked == nil or at < revoked
end

local function suffices(rules, yes, eligible)
  if rules.threshold == "simple_majority" then
    return yes * 2 > eligible
  elseif rules.threshold == "unanimous" then
    return yes == eligible
  elseif rules.threshold ~= "supermajority" then
    return false
  elseif rules.strict_supermajority then
    return yes * 10000 > eligible * 6667
  end
  return yes * 3 >= eligible * 2
end

-- The review must be there, whatever it says: the examiner advises. The approval must be one.
local function signed(vote)
  local rules, approval = vote.rules, vote.approval
  return (vote.review or not rules.examiner_review)
    and (not rules.sentinel_approval or (approval and approval.verdict == "approve"))
end

local function refused(vote)
  return vote.rules.sentinel_approval and vote.approval and vote.approval.verdict == "reject"
end

local function veto_stands(vote)
  return (vote.steward and not vote.steward.lifted) or (vote.sentinel and not vote.sentinel.lifted)
end

local function won(vote)
  local rules, present = vote.rules, vote.present
  return present >= rules.minimum_votes and suffices(rules, vote.yes, vote.eligible)
    and (rules.threshold ~= "unanimous" or present == vote.eligible) and signed(vote)
end

local function decide(vote, at, outcome, reason)
  vote.outcome, vote.reason, vote.decided_at = outcome, reason, at
end

-- A vote that was won is declared when the time for a veto is over and none stands.
local function declare(vote, at)
  local wait = vote.rules.declaration_ms
  if not veto_stands(vote) and (wait <= 0 or at > vote.carried_at + wait) then
    decide(vote, at, "passed", "carried")
  end
end

-- What ends by itself: the deadline, the wait for the declaration, the time to override a veto. The first end comes first;
-- of several at one time the deadline, then the declaration, then the steward's veto. It is another when the vote was won, and when
-- a veto comes or is lifted.
local function look_ahead(vote)
  local first, what
  if not vote.carried_at then
    first, what = vote.rules.deadline, "deadline"
  elseif not veto_stands(vote) then
    first, what = vote.carried_at + vote.rules.declaration_ms, "declaration"
  end
  local steward, sentinel = vote.steward, vote.sentinel
  if steward and not steward.lifted and (not first or steward.ends < first) then
    first, what = steward.ends, "veto"
  end
  if sentinel and not sentinel.lifted and (not first or sentinel.ends < first) then
    first, what = sentinel.ends, "veto"
  end
  vote.first_end, vote.what_ends = first, what
end

local function carry(vote, at)
  vote.carried_at = at
  look_ahead(vote)
  declare(vote, at)
end

-- Can the outcome still change? Only members that have not voted are open; a delegate does not speak before the deadline.
local function settle(vote, at)
  if vote.carried_at then
    declare(vote, at)
    return
  end
  local yes, present, eligible = vote.yes, vote.present, vote.eligible
  if won(vote) then
    carry(vote, at)
  elseif vote.approval and refused(vote) then
    decide(vote, at, "rejected", "refused")
  elseif not suffices(vote.rules, yes + eligible - present, eligible) then
    local tie = present == eligible and yes == vote.no and yes > 0
    decide(vote, at, "rejected", tie and "tie" or "outvoted")
  end
end

-- At the deadline: who speaks for a member that has not voted? The first in its chain of delegates that has.
local function delegates(vote, proposal)
  local to, newest, deadline = {}, {}, vote.rules.deadline
  for _, d in ipairs(proposal.delegations) do
    if d.at <= deadline and before(d.at, d.key_revoked) and d.index > (newest[d.from] or -1) then
      newest[d.from] = d.index
      to[d.from] = d.expires_at >= deadline and d.to or nil
    end
  end
  return to
end

local function voice_of(vote, to, name)
  for _ = 1, vote.eligible do
    local here = member_of(vote.electorate, name)
    if here == nil or not before(vote.rules.deadline, here.revoked_at) then
      return nil
    elseif vote.ballots[name] then
      return vote.ballots[name].choice
    end
    name = to[name]
  end
  return nil -- a circle
end

local function let_delegates_speak(vote, proposal)
  local to = delegates(vote, proposal)
  for _, member in ipairs(proposal.electorate) do
    local choice = not vote.ballots[member.name] and voice_of(vote, to, member.name)
    if choice then
      vote[choice] = vote[choice] + 1
      vote.delegated = vote.delegated + 1
    end
  end
end

local function close(vote, proposal, at)
  if #proposal.delegations > 0 then
    let_delegates_speak(vote, proposal)
  end
  if won(vote) then
    carry(vote, at)
    return
  end
  local enough = suffices(vote.rules, vote.yes, vote.eligible)
    and (vote.rules.threshold ~= "unanimous" or vote.present == vote.eligible)
  if vote.present < vote.rules.minimum_votes then
    decide(vote, at, "timed_out", "no_quorum")
  elseif enough then
    decide(vote, at, "timed_out", "unsigned")
  else
    decide(vote, at, "timed_out", vote.yes == vote.no and vote.yes > 0 and "tie" or "short")
  end
end

local function elapse(vote, proposal, at)
  while not vote.outcome and vote.first_end < at do
    local first, what = vote.first_end, vote.what_ends
    if what == "deadline" then
      close(vote, proposal, first + 1)
    elseif what == "declaration" then
      decide(vote, first + 1, "passed", "carried")
    else
      decide(vote, first + 1, "vetoed", "veto")
    end
  end
end

local function take_ballot(vote, ballot, at)
  local name, choice = ballot.member, ballot.choice
  local member, old = member_of(vote.electorate, name), vote.ballots[name]
  if vote.carried_at or not member then
    return -- too late, or not a voter
  end
  local key_revoked, member_revoked = ballot.key_revoked, member.revoked_at
  if (key_revoked and at >= key_revoked) or (member_revoked and at >= member_revoked) then
    return -- not believed
  elseif ballot.nonce <= (old and old.nonce or 0) or (choice ~= "yes" and choice ~= "no" and choice ~= "abstain") then
    return -- a duplicate, a stale one, or no choice at all
  elseif old then
    vote[old.choice] = vote[old.choice] - 1
  else
    vote.present = vote.present + 1
  end
  vote[choice] = vote[choice] + 1
  vote.ballots[name] = ballot
end

local function take_signature(vote, signature, at)
  local kind, verdict = signature.kind, signature.verdict
  local known = (kind == "review" or kind == "approval")
    and (verdict == "approve" or verdict == "request_changes" or verdict == "reject" or verdict == "abstain")
  if known and not vote.carried_at and before(at, signature.key_revoked)
    and signature.nonce > (vote[kind] and vote[kind].nonce or 0) then
    vote[kind] = signature
  end
end

-- Each holder has one veto.
local function take_veto(vote, veto, at)
  local holder = veto.holder
  if (holder == "steward" or holder == "sentinel") and not vote[holder] and conditions[veto.condition]
    and before(at, veto.key_revoked) then
    vote[holder] = { index = veto.index, ends = at + vote.rules.override_ms, lifted = false }
    look_ahead(vote)
  end
end

-- A veto is lifted when all of the triad have signed an override after it.
local function lifted(vote, veto)
  local triad = 0
  for _, member in ipairs(vote.electorate) do
    if member.triad then
      triad = triad + 1
      if (vote.overrides[member.name] or -1) < veto.index then
        return false
      end
    end
  end
  return triad > 0
end

local function take_override(vote, override, at)
  local member = member_of(vote.electorate, override.member)
  if member and before(at, override.key_revoked) and before(at, member.revoked_at) then
    vote.overrides[override.member] = override.index
    for _, holder in ipairs { "steward", "sentinel" } do
      local veto = vote[holder]
      if veto and not veto.lifted then
        veto.lifted = lifted(vote, veto)
      end
    end
    look_ahead(vote)
  end
end

-- All records but delegations, one after the other in the order of the ledger, each with what takes it.
local takers = { take_ballot, take_signature, take_veto, take_override }

local function in_order(proposal, ballots)
  local lists = { ballots, proposal.signatures, proposal.vetoes, proposal.overrides }
  local places = { 1, 1, 1, 1 }
  return function()
    local record, which
    for i = 1, 4 do
      local candidate = lists[i][places[i]]
      if candidate and (not record or candidate.index < record.index) then
        record, which = candidate, i
      end
    end
    if not record then
      return nil
    end
    places[which] = places[which] + 1
    return record, takers[which]
  end
end

-- Most often there are ballots alone.
local function records_of(proposal, ballots)
  if #proposal.signatures + #proposal.vetoes + #proposal.overrides > 0 then
    return in_order(proposal, ballots)
  end
  local i = 0
  return function()
    i = i + 1
    return ballots[i], take_ballot
  end
end

local function pending_reason(vote)
  if veto_stands(vote) then
    return "waiting_override"
  elseif vote.carried_at then
    return "waiting_declaration"
  elseif not suffices(vote.rules, vote.yes, vote.eligible) then
    return "waiting_votes"
  end
  return vote.present < vote.rules.minimum_votes and "waiting_quorum" or "waiting_signatures"
end

local function result(vote)
  return {
    outcome = vote.outcome or "pending",
    reason = vote.reason or pending_reason(vote),
    yes = vote.yes,
    no = vote.no,
    abstain = vote.abstain,
    absent = vote.eligible - vote.yes - vote.no - vote.abstain,
    present = vote.present,
    delegated = vote.delegated,
    carried_at = vote.carried_at,
    decided_at = vote.decided_at,
  }
end

function quorum(proposal, ballots, now)
  local electorate = proposal.electorate
  local vote = {
    rules = proposal.rules,
    electorate = electorate,
    eligible = #electorate,
    ballots = {}, -- the one of each member that counts
    overrides = {}, -- the place of each member's newest one
    yes = 0,
    no = 0,
    abstain = 0,
    present = 0,
    delegated = 0,
    first_end = proposal.rules.deadline, -- what ends first by itself
    what_ends = "deadline",
    -- later: review, approval, steward and sentinel (their vetoes), carried_at, outcome, reason, decided_at
  }
  if vote.eligible < 1 or vote.eligible > 64 then
    return { outcome = "invalid", reason = "bad_input" }
  end

  local last_index, last_at = -1, nil
  for record, take in records_of(proposal, ballots) do
    local at = record.at
    if at > now then
      break
    elseif record.index <= last_index or (last_at and at < last_at) then
      return { outcome = "invalid", reason = "bad_input" } -- not as a ledger would hold them
    end
    last_index, last_at = record.index, at
    if vote.first_end < at then
      elapse(vote, proposal, at)
      if vote.outcome then
        break
      end
    end
    take(vote, record, at)
    settle(vote, at)
    if vote.outcome then
      break
    end
  end
  elapse(vote, proposal, now)
  return result(vote)
end
