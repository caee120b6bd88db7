-- Tests of quorum.lua: openclaw policy test quorum_test.lua. SPDX-License-Identifier: MIT
--
-- Times are small numbers of milliseconds: a vote is open until 100. An expected answer names all of its fields.

local alpha, beta, charlie = "alpha", "beta", "charlie"

local function electorate(revoked)
  local list = {}
  for _, name in ipairs { alpha, beta, charlie } do
    list[#list + 1] = { name = name, triad = true, revoked_at = revoked and revoked[name] }
  end
  return list
end

-- A proposal of the given threshold; `more` replaces rules or adds records.
local function proposal(threshold, more)
  more = more or {}
  return {
    electorate = electorate(more.revoked),
    rules = {
      threshold = threshold,
      strict_supermajority = more.strict or false,
      minimum_votes = 2,
      examiner_review = more.review or false,
      sentinel_approval = more.approval or false,
      deadline = 100,
      declaration_ms = more.declaration or 0,
      override_ms = 50,
    },
    signatures = more.signatures or {},
    vetoes = more.vetoes or {},
    overrides = more.overrides or {},
    delegations = more.delegations or {},
  }
end

local function ballot(index, member, choice, at, nonce)
  return { index = index, at = at or index * 10, member = member, choice = choice, nonce = nonce or 1 }
end

local function answer(outcome, reason, yes, no, abstain, present, times)
  times = times or {}
  return {
    outcome = outcome,
    reason = reason,
    yes = yes,
    no = no,
    abstain = abstain,
    absent = 3 - yes - no - abstain,
    present = present,
    delegated = times.delegated or 0,
    carried_at = times.carried,
    decided_at = times.decided,
  }
end

local two_yes = { ballot(1, alpha, "yes"), ballot(2, beta, "yes") }
local three_yes = { ballot(1, alpha, "yes"), ballot(2, beta, "yes"), ballot(3, charlie, "yes") }

tests = {
  {
    name = "two of three are a simple majority, at once",
    hook = "quorum",
    args = { proposal("simple_majority"), two_yes, 20 },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 20, decided = 20 }),
  },
  {
    name = "two of three are a supermajority",
    hook = "quorum",
    args = { proposal("supermajority"), two_yes, 20 },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 20, decided = 20 }),
  },
  {
    name = "read strictly, a supermajority of a triad is all of it",
    hook = "quorum",
    args = { proposal("supermajority", { strict = true }), two_yes, 20 },
    expect = answer("pending", "waiting_votes", 2, 0, 0, 2),
  },
  {
    name = "unanimous needs everyone in person",
    hook = "quorum",
    args = {
      proposal("unanimous", { delegations = { { index = 9, at = 5, from = charlie, to = alpha, expires_at = 100 } } }),
      two_yes, 101,
    },
    expect = answer("timed_out", "short", 3, 0, 0, 2, { delegated = 1, decided = 101 }),
  },
  {
    name = "one vote is no quorum, whoever it speaks for",
    hook = "quorum",
    args = {
      proposal("simple_majority", { delegations = { { index = 9, at = 5, from = charlie, to = alpha, expires_at = 100 } } }),
      { ballot(1, alpha, "yes") }, 101,
    },
    expect = answer("timed_out", "no_quorum", 2, 0, 0, 1, { delegated = 1, decided = 101 }),
  },
  {
    name = "a delegate decides a split vote at the deadline",
    hook = "quorum",
    args = {
      proposal("simple_majority", { delegations = { { index = 9, at = 5, from = charlie, to = alpha, expires_at = 100 } } }),
      { ballot(1, alpha, "yes"), ballot(2, beta, "no") }, 101,
    },
    expect = answer("passed", "carried", 2, 1, 0, 2, { delegated = 1, carried = 101, decided = 101 }),
  },
  {
    name = "a split vote without a third is a tie",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(1, alpha, "yes"), ballot(2, beta, "no") }, 101 },
    expect = answer("timed_out", "tie", 1, 1, 0, 2, { decided = 101 }),
  },
  {
    name = "two no reject at once",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(1, alpha, "no"), ballot(2, beta, "no") }, 20 },
    expect = answer("rejected", "outvoted", 0, 2, 0, 2, { decided = 20 }),
  },
  {
    name = "an abstention is present and no yes",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(1, alpha, "yes"), ballot(2, beta, "abstain") }, 30 },
    expect = answer("pending", "waiting_votes", 1, 0, 1, 2),
  },
  {
    name = "the last millisecond counts",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(1, alpha, "yes"), ballot(2, beta, "yes", 100) }, 100 },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 100, decided = 100 }),
  },
  {
    name = "the next one does not",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(1, alpha, "yes"), ballot(2, beta, "yes", 101) }, 101 },
    expect = answer("timed_out", "no_quorum", 1, 0, 0, 1, { decided = 101 }),
  },
  {
    name = "a higher nonce replaces, the same one does not",
    hook = "quorum",
    args = {
      proposal("simple_majority"),
      { ballot(1, alpha, "no"), ballot(2, alpha, "yes", 20, 2), ballot(3, alpha, "no", 30, 2), ballot(4, beta, "yes") },
      40,
    },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 40, decided = 40 }),
  },
  {
    name = "a revoked member does not count, and stays in the denominator",
    hook = "quorum",
    args = { proposal("simple_majority", { revoked = { beta = 15 } }), two_yes, 30 },
    expect = answer("pending", "waiting_votes", 1, 0, 0, 1),
  },
  {
    name = "the examiner's review must be there",
    hook = "quorum",
    args = { proposal("supermajority", { review = true }), two_yes, 30 },
    expect = answer("pending", "waiting_signatures", 2, 0, 0, 2),
  },
  {
    name = "what it says is advice",
    hook = "quorum",
    args = {
      proposal("supermajority", {
        review = true,
        signatures = { { index = 3, at = 30, kind = "review", verdict = "reject", nonce = 1 } },
      }),
      two_yes, 30,
    },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 30, decided = 30 }),
  },
  {
    name = "the sentinel's refusal rejects",
    hook = "quorum",
    args = {
      proposal("unanimous", {
        approval = true,
        signatures = { { index = 4, at = 40, kind = "approval", verdict = "reject", nonce = 1 } },
      }),
      three_yes, 40,
    },
    expect = answer("rejected", "refused", 3, 0, 0, 3, { decided = 40 }),
  },
  {
    name = "a won vote waits for its declaration",
    hook = "quorum",
    args = { proposal("simple_majority", { declaration = 30 }), two_yes, 50 },
    expect = answer("pending", "waiting_declaration", 2, 0, 0, 2, { carried = 20 }),
  },
  {
    name = "a veto stands when the triad does not override it",
    hook = "quorum",
    args = {
      proposal("simple_majority", {
        declaration = 30,
        vetoes = { { index = 3, at = 40, holder = "sentinel", condition = "corruption_risk_identified" } },
        overrides = { { index = 4, at = 50, member = alpha }, { index = 5, at = 51, member = beta } },
      }),
      two_yes, 91,
    },
    expect = answer("vetoed", "veto", 2, 0, 0, 2, { carried = 20, decided = 91 }),
  },
  {
    name = "and falls when all of it does",
    hook = "quorum",
    args = {
      proposal("simple_majority", {
        declaration = 30,
        vetoes = { { index = 3, at = 40, holder = "steward", condition = "security_violation_detected" } },
        overrides = {
          { index = 4, at = 50, member = alpha }, { index = 5, at = 51, member = beta },
          { index = 6, at = 60, member = charlie },
        },
      }),
      two_yes, 60,
    },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 20, decided = 60 }),
  },
  {
    name = "a veto without one of the three conditions is none",
    hook = "quorum",
    args = {
      proposal("simple_majority", {
        declaration = 30,
        vetoes = { { index = 3, at = 40, holder = "steward", condition = "not convinced" } },
      }),
      two_yes, 51,
    },
    expect = answer("passed", "carried", 2, 0, 0, 2, { carried = 20, decided = 51 }),
  },
  {
    name = "records that no ledger would hold decide nothing",
    hook = "quorum",
    args = { proposal("simple_majority"), { ballot(2, alpha, "yes", 30), ballot(3, beta, "yes", 20) }, 50 },
    expect = { outcome = "invalid", reason = "bad_input" },
  },
}
