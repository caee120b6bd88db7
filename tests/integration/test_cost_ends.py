"""What no longer exists is no alarm: a budget that was removed, a collector that was taken out of the configuration. SPDX-License-Identifier: MIT"""

import http.server
import json
import os
import re
import threading
import time

from harness import Daemon, Receiver, eventually, run
from rest import Rest

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "plugins", "collector", "litellm", "test_page.txt")
BEGAN = time.time()


class Gateway:
    """The page of a LiteLLM proxy, with more of everything each time it is asked."""

    def __init__(self):
        with open(PAGE, encoding="utf-8") as f:
            page = re.sub(r"^process_start_time_seconds .*$", f"process_start_time_seconds {BEGAN}", f.read(), flags=re.M)
        self.times = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):
                body = "{}"
                if handler.path.startswith("/metrics"):
                    self.times += 1
                    body = re.sub(r"^(litellm_\S+_(?:total|bucket|count|sum)\{.*\}) (\S+)$", lambda m: f"{m[1]} {float(m[2]) * self.times}", page, flags=re.M)
                handler.send_response(200)
                handler.send_header("Content-Length", str(len(body.encode())))
                handler.end_headers()
                handler.wfile.write(body.encode())

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def config(gateway, receiver, collectors=("gate",), cost=""):
    rows = ", ".join(f'{{ plugin = "litellm"; name = "{name}"; interval = "300ms"; url = "{gateway.url}"; }}' for name in collectors)
    return f"""
collectors = ( {rows} );
cost = {{ stale_after = "1s"; {cost} }};
alerts = {{ channels = ( {{ plugin = "webhook"; name = "ops"; url = "{receiver.url}"; levels = ["critical", "warning", "info"]; }} ); }};
"""


def firing(daemon):
    return {a["rule"] for a in daemon.call("alert.list") if a["state"] in ("firing", "acknowledged")}


def told(receiver):
    bodies = [json.loads(body) for _, body in receiver.deliveries]
    return {(a["rule"], a["state"]) for b in bodies for a in [b["alert"], *b.get("alerts", [])]}


def sources(daemon):
    return {s["source"]: s["state"] for s in daemon.call("cost.summary")["sources"]}


def spent(daemon):
    return daemon.call("cost.summary")["dollars"]


def the_alert_of_a_budget_ends_with_it(daemon, gateway, receiver):
    for begin, end in ((lambda: daemon.call("cost.budget.set", limit=0.0001), lambda: daemon.call("cost.budget.remove")),
                       (lambda: change(daemon, config(gateway, receiver, cost="budgets = ( { monthly_dollars = 0.0001; } );")),
                        lambda: change(daemon, config(gateway, receiver)))):
        begin()
        eventually(lambda: "cost_budget_exceeded" in firing(daemon), what="the alert")
        eventually(lambda: ("cost_budget_exceeded", "firing") in told(receiver), what=f"its delivery, told {told(receiver)}")
        receiver.deliveries.clear()
        end()
        eventually(lambda: not {r for r in firing(daemon) if r.startswith("cost_budget")}, what=f"its end, {firing(daemon)}")
        eventually(lambda: ("cost_budget_exceeded", "resolved") in told(receiver), what="the word of its end")


def in_a_sum_no_dollar_is_counted_twice(daemon):
    def total():
        body = Rest(daemon.url, daemon.token("viewer")).get("/api/litellm/budgets").json
        return body.get("data", body)["totalBudget"]
    daemon.call("cost.budget.set", limit=1000, agent="dreamer", period="daily")
    daemon.call("cost.budget.set", limit=5000, agent="dreamer", period="monthly")
    daemon.call("cost.budget.set", limit=2000, agent="coder", period="daily")
    assert total() == 7000, total()
    daemon.call("cost.budget.set", limit=9000, period="monthly")
    assert total() == 9000, total()
    for agent, period in (("dreamer", "daily"), ("dreamer", "monthly"), ("coder", "daily"), (None, "monthly")):
        daemon.call("cost.budget.remove", period=period, **({"agent": agent} if agent else {}))


def change(daemon, text):
    daemon.write(text)
    daemon.call("reload")


def a_collector_that_was_renamed_is_not_lost(daemon, gateway, receiver):
    change(daemon, config(gateway, receiver, ["door"]))
    eventually(lambda: sources(daemon) == {"door": "ok"}, what="the new name alone")
    time.sleep(2)  # longer than stale_after
    assert "cost_tracking_lost" not in firing(daemon), firing(daemon)
    assert sources(daemon) == {"door": "ok"}, sources(daemon)


def a_collector_that_was_lost_and_is_removed_ends_its_alert(daemon, gateway, receiver):
    gateway.close()
    eventually(lambda: "cost_tracking_lost" in firing(daemon), timeout=90, what="the alert")
    money = spent(daemon)
    change(daemon, config(gateway, receiver, []))
    eventually(lambda: "cost_tracking_lost" not in firing(daemon), what="its end")
    assert sources(daemon) == {} and money > 0, daemon.call("cost.summary")
    assert abs(spent(daemon) - money) < 1e-9, (spent(daemon), money)
    assert daemon.stop() == 0
    daemon.start()
    time.sleep(2)
    assert "cost_tracking_lost" not in firing(daemon) and sources(daemon) == {}, daemon.call("cost.summary")
    assert abs(spent(daemon) - money) < 1e-9, (spent(daemon), money)


def what_is_no_more_is_no_alarm():
    gateway, receiver = Gateway(), Receiver()
    daemon = Daemon(config(gateway, receiver), api=True)
    try:
        daemon.start()
        eventually(lambda: (spent(daemon) or 0) > 0.001, what="what was spent")
        in_a_sum_no_dollar_is_counted_twice(daemon)
        the_alert_of_a_budget_ends_with_it(daemon, gateway, receiver)
        a_collector_that_was_renamed_is_not_lost(daemon, gateway, receiver)
        a_collector_that_was_lost_and_is_removed_ends_its_alert(daemon, gateway, receiver)
    finally:
        daemon.remove()
        receiver.close()


if __name__ == "__main__":
    run([what_is_no_more_is_no_alarm])
