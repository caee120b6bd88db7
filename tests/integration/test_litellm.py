"""The collector and the cost figures against the real LiteLLM proxy: what was sent is what is shown.

The proxy is installed once, into the build folder (litellm.py). SPDX-License-Identifier: MIT
"""

import json
import sys
import time
import urllib.request

from harness import FULL, Daemon, eventually, run
from litellm import INPUT, KEY, OUTPUT, Proxy, available

SKIPPED = 77


def state_of(daemon, service):
    for row in daemon.call("health.check")["checks"]:
        if row["service"] == service:
            return row["state"]
    return None


def output_of(daemon, service):
    return next((row["output"] for row in daemon.call("health.check")["checks"] if row["service"] == service), "")


def value_of(daemon, metric):
    """The sum of the latest values of every series of that name."""
    rows = [row["value"] for row in daemon.call("metrics.list", selector=metric) if row["value"] is not None]
    return sum(rows) if rows else None


def firing(daemon):
    return {row["rule"]: row for row in daemon.call("alert.list") if row["state"] in ("firing", "acknowledged")}


def by(daemon, dimension):
    return {row["name"]: row for row in daemon.call("cost.by", dimension=dimension)}


def config(proxy, key=KEY, more=""):
    return f"""
store = {{ flush_interval = "200ms"; }};
collectors = ( {{ plugin = "litellm"; name = "gate"; interval = "300ms"; url = "{proxy.url}"; master_key = "{key}";
  timeout = "1s"; spend_interval = "2s"; deadline = "10s"; }} );
cost = {{ stale_after = "3s"; {more} }};
"""


# Dollars of one call, from the prices in litellm.CONFIG and the proxy's own price of gpt-4o (2.5 and 10 a million).
MINIMAX = INPUT * 1e-7 + OUTPUT * 4e-7
GPT = INPUT * 2.5e-6 + OUTPUT * 10e-6
COSTLY = INPUT * 0.001 + OUTPUT * 0.002
GUESS = INPUT * 1e-6 + OUTPUT * 3e-6


def same(a, b):
    return a is not None and abs(a - b) < 1e-9


def send(proxy, sent):
    for model, count in sent.items():
        for _ in range(count):
            assert proxy.complete(model) == "pong", model


def expect(daemon, sent, failed=0):
    """The figures are those of what was sent."""
    requests = sum(sent.values())
    eventually(lambda: daemon.call("cost.summary")["requests"] == requests + failed, timeout=20,
               what=f"{requests} requests, seen {daemon.call('cost.summary')}")
    dollars = (sent["minimax/MiniMax-M2.7"] + sent["agent/steward"]) * MINIMAX + sent["agent/coder"] * GPT + \
        sent["costly"] * COSTLY + sent["unheard-of"] * GUESS
    eventually(lambda: same(daemon.call("cost.summary")["dollars"], dollars), timeout=20,
               what=f"{dollars} dollars, seen {daemon.call('cost.summary')}")
    total = daemon.call("cost.summary")
    assert total["failed"] == failed, total
    assert total["input_tokens"] == requests * INPUT and total["output_tokens"] == requests * OUTPUT, total
    assert same(total["estimated_dollars"], sent["unheard-of"] * GUESS), total
    assert same(total["reported_dollars"], dollars - sent["unheard-of"] * GUESS), total
    agents, models, keys = by(daemon, "agent"), by(daemon, "model"), by(daemon, "key")
    assert same(agents["steward"]["dollars"], sent["agent/steward"] * MINIMAX), agents
    assert same(agents["coder"]["dollars"], sent["agent/coder"] * GPT), agents
    assert same(agents["dreamer"]["dollars"], sent["costly"] * COSTLY), agents
    assert agents["dreamer"]["requests"] == sent["costly"], agents
    assert models["MiniMax-M2.7"]["requests"] == sent["minimax/MiniMax-M2.7"] + sent["agent/steward"], models
    assert same(models["gpt-4o"]["dollars"], sent["agent/coder"] * GPT + sent["costly"] * COSTLY), models
    assert models["nobody-knows-this"]["estimated"], models
    assert same(keys["litellm_proxy_master_key"]["dollars"], dollars), keys


SENT = {"minimax/MiniMax-M2.7": 2, "agent/steward": 3, "agent/coder": 4, "costly": 1, "unheard-of": 1}


def figures_equal_what_was_sent(daemon, proxy):
    send(proxy, SENT)
    assert proxy.complete("no-such-model") == 400
    expect(daemon, SENT, failed=1)
    assert value_of(daemon, "litellm_total_tokens_metric_total") == sum(SENT.values()) * (INPUT + OUTPUT)
    for metric in ("litellm.latency_p50_ms", "litellm.latency_p95_ms", "litellm.latency_p99_ms"):
        rows = daemon.call("metrics.list", selector=metric)
        assert {row["labels"].get("model") for row in rows} >= {"gpt-4o", "MiniMax-M2.7", None}, rows
        assert all(0 < row["value"] < 10000 for row in rows), rows


def what_needs_a_database_is_unknown(daemon):
    source = daemon.call("cost.summary")["sources"][0]
    assert source["state"] == "ok" and source["ledger_today_dollars"] is None, source
    endpoints = source["endpoints"]
    assert endpoints["metrics"] == {"state": "ok"} and endpoints["models"] == {"state": "ok"}, endpoints
    for name in ("key", "spend", "logs", "activity"):
        assert endpoints[name]["state"] == "unknown" and "no database" in endpoints[name]["why"], endpoints
    assert value_of(daemon, "litellm.spend_dollars") is None
    assert value_of(daemon, "litellm.database") is None


def ask(daemon, path, token):
    request = urllib.request.Request(daemon.url + path, headers={"Authorization": "Bearer " + token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read().decode()


def the_originals_paths_answer(daemon):
    token = daemon.token("viewer")
    total = daemon.call("cost.summary")
    health = json.loads(ask(daemon, "/api/litellm/health", token))
    assert health["status"] == "healthy" and health["litellm"]["source"] == "gate", health
    data = json.loads(ask(daemon, "/api/litellm/metrics", token))["data"]
    assert same(data["spend"]["today"], total["dollars"]) and same(data["spend"]["thisMonth"], total["dollars"]), data
    assert data["tokens"]["total"] == total["tokens"] and data["requests"]["total"] == total["requests"], data
    assert 0 < data["latency"]["p50"] <= data["latency"]["p95"] <= data["latency"]["p99"], data
    assert same(data["costByAgent"]["steward"], SENT["agent/steward"] * MINIMAX), data
    models = json.loads(ask(daemon, "/api/litellm/spend/models", token))["models"]
    assert {row["model"] for row in models} >= {"gpt-4o", "MiniMax-M2.7"}, models
    endpoints = json.loads(ask(daemon, "/api/litellm/spend/endpoints", token))["endpoints"]
    assert {row["endpoint"] for row in endpoints} == {"agent/steward", "agent/coder", "agent/dreamer"}, endpoints
    for path, keys in {"spend": {"spend"}, "models/usage": {"models", "costByModel", "tokenUsage", "requestCount"},
                       "agents/usage": {"endpoints", "costByAgent", "tokenUsage", "requestCount"}}.items():
        assert set(json.loads(ask(daemon, "/api/litellm/" + path, token))) == keys, path
    assert 'litellm_spend_metric_total{' in ask(daemon, "/api/litellm/prometheus", token)


def budgets_trip(daemon, proxy):
    spent = by(daemon, "agent")["dreamer"]["dollars"]
    check = dict(agent="dreamer", model="gpt-4o", input_tokens=1000, output_tokens=1000)
    assert daemon.call("cost.check", **check)["allowed"]
    daemon.call("cost.budget.set", limit=spent / 0.9, agent="dreamer")
    eventually(lambda: "cost_budget_warning" in firing(daemon), what="the alert at 80 %")
    assert firing(daemon)["cost_budget_warning"]["severity"] == "warning"
    assert proxy.complete("costly") == "pong"
    SENT["costly"] += 1
    eventually(lambda: "cost_budget_exceeded" in firing(daemon), what="the alert at 100 %")
    assert firing(daemon)["cost_budget_exceeded"]["severity"] == "critical"
    eventually(lambda: "cost_budget_warning" not in firing(daemon), what="the end of the warning")
    refused = daemon.call("cost.check", **check)
    assert not refused["allowed"] and "used up" in refused["reason"] and refused["remaining"]["dollars"] == 0, refused
    assert daemon.call("cost.check", **dict(check, agent="coder"))["allowed"]
    daemon.call("cost.budget.set", limit=1, unit="tokens")
    assert not daemon.call("cost.check", **dict(check, agent="coder"))["allowed"], "the budget of everybody"
    daemon.call("cost.budget.remove", unit="tokens")
    assert daemon.call("cost.check", **dict(check, agent="coder"))["allowed"]


def our_restart_loses_nothing(daemon, proxy):
    before = daemon.call("cost.summary")
    daemon.kill()
    assert proxy.complete("agent/coder") == "pong"
    SENT["agent/coder"] += 1
    daemon.start()
    expect(daemon, SENT, failed=1)
    assert daemon.call("cost.summary")["requests"] == before["requests"] + 1
    assert not daemon.call("cost.check", agent="dreamer", model="gpt-4o")["allowed"], "budgets survive"


def a_hung_proxy_is_said_and_stops_nothing(daemon, proxy):
    proxy.hang()
    eventually(lambda: state_of(daemon, "gate") == "critical", timeout=40, what="a hung proxy")
    assert "reading the answer" in output_of(daemon, "gate") or "timeout" in output_of(daemon, "gate") \
        or "timed out" in output_of(daemon, "gate"), output_of(daemon, "gate")
    eventually(lambda: "cost_tracking_lost" in firing(daemon), timeout=40, what="the alert that figures are missing")
    started = time.monotonic()
    assert daemon.call("cost.summary")["sources"][0]["state"] == "lost"
    assert time.monotonic() - started < 2
    proxy.wake()
    eventually(lambda: state_of(daemon, "gate") == "ok", timeout=40, what="its recovery")
    expect(daemon, SENT, failed=1)
    eventually(lambda: "cost_tracking_lost" not in firing(daemon), timeout=90, what="the end of the alert")


def a_restarted_proxy_adds_to_what_was(daemon, proxy):
    proxy.stop()
    eventually(lambda: state_of(daemon, "gate") == "critical", timeout=40, what="the proxy's end")
    eventually(lambda: state_of(daemon, "gate/liveliness") == "critical", what="the end of its liveliness")
    proxy.start()
    proxy.wait()
    more = {"minimax/MiniMax-M2.7": 1, "agent/steward": 5, "agent/coder": 1, "costly": 1, "unheard-of": 1}
    send(proxy, more)
    for model, count in more.items():
        SENT[model] += count
    expect(daemon, SENT, failed=1)


def a_wrong_key_is_said(proxy):
    daemon = Daemon(config(proxy, key="sk-wrong"))
    try:
        daemon.start()
        eventually(lambda: state_of(daemon, "gate/metrics") == "warning", timeout=20, what="the refusal")
        assert output_of(daemon, "gate/metrics") == "no metrics here: the key is refused (401)"
        summary = daemon.call("cost.summary")
        assert summary["state"] == "unknown" and summary["dollars"] is None and summary["tokens"] is None, summary
        assert summary["sources"][0]["endpoints"]["metrics"]["why"] == "the key is refused (401)", summary
        assert state_of(daemon, "gate") == "ok", "its health needs no key"
        assert daemon.stop() == 0
    finally:
        daemon.remove()


def the_real_proxy():
    daemon = Daemon(api=True)
    proxy = Proxy(daemon.home)
    daemon.write(config(proxy))
    try:
        daemon.start()
        eventually(lambda: state_of(daemon, "gate") == "ok", timeout=120, what="an OK of the readiness")
        eventually(lambda: state_of(daemon, "gate/liveliness") == "ok", what="an OK of the liveliness")
        eventually(lambda: state_of(daemon, "gate/metrics") == "ok", what="a scrape of the metrics")
        figures_equal_what_was_sent(daemon, proxy)
        what_needs_a_database_is_unknown(daemon)
        the_originals_paths_answer(daemon)
        budgets_trip(daemon, proxy)
        our_restart_loses_nothing(daemon, proxy)
        a_wrong_key_is_said(proxy)
        if FULL:
            a_hung_proxy_is_said_and_stops_nothing(daemon, proxy)
            a_restarted_proxy_adds_to_what_was(daemon, proxy)
        paths = proxy.requests()
        assert "/health/readiness" in paths and "/health/liveliness" in paths, paths
        assert "/health" not in paths, "/health makes a billed call to every model"
        assert KEY not in daemon.output(), "the log shows the master key"
        assert daemon.stop() == 0
    finally:
        proxy.stop()
        daemon.remove()


if not available():
    print("skipped: the LiteLLM proxy could not be installed from PyPI")
    sys.exit(SKIPPED)
run([the_real_proxy])
