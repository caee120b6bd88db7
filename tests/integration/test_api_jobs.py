"""Jobs over HTTP: what takes long is answered 202. SPDX-License-Identifier: MIT"""


import harness
from harness import Daemon, eventually
from rest import Rest, events

CONFIG = """collectors = ( { plugin = "system"; interval = "1s"; } );
api = { listen = ( { port = 0; } ); job_after = "200ms"; };
"""


def daemon(config=CONFIG):
    return Daemon(config, api=True).start()


def two(d):
    return Rest(d.url, d.token("operator")), Rest(d.url, d.token("operator"))


def start(client, op="events/watch", body=None):
    answer = client.post(f"/api/v1/{op}", body or {}, {"Prefer": "respond-async"})
    assert answer.status == 202, answer.body
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.data['job']}"
    return answer.data["job"]


def test_a_stream_becomes_a_job_with_rows():
    d = daemon()
    try:
        ann, bob = two(d)
        job = start(ann, body={"topic": "silence.*"})
        bob.post("/api/v1/alert/silence", {"matchers": ["cpu"], "for": "1h"}).data
        shown = ann.get(f"/api/v1/jobs/{job}").data
        assert shown["state"] == "running" and shown["op"] == "events.watch" and shown["result"] is None, shown
        assert [row["topic"] for row in shown["events"]] == ["silence.created"], shown
        assert [row["job"] for row in ann.get("/api/v1/jobs").data] == [job]
        assert ann.ask("DELETE", f"/api/v1/jobs/{job}").status == 200
        assert ann.get(f"/api/v1/jobs/{job}").status == 404
        assert ann.get("/api/v1/jobs").data == []
    finally:
        d.stop()
        d.remove()


def test_one_job_too_many_is_refused_and_ends_none():
    d = daemon()
    try:
        ann, bob = two(d)
        jobs = [start(ann) for _ in range(64)]
        answer = ann.post("/api/v1/events/watch", {}, {"Prefer": "respond-async"})
        assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0, answer.body
        assert {row["job"]: row["state"] for row in ann.get("/api/v1/jobs").data} == {job: "running" for job in jobs}
        start(bob)
        assert ann.ask("DELETE", f"/api/v1/jobs/{jobs[0]}").status == 200
        start(ann)
    finally:
        d.stop()
        d.remove()


def test_what_takes_longer_than_job_after_becomes_a_job_by_itself():
    d = daemon(CONFIG.replace("collectors = (", "collectors = ( { plugin = \"exec\"; name = \"slow\"; interval = \"1h\"; "
                              "command = [\"/bin/sleep\", \"1\"]; },"))
    try:
        ann, _ = two(d)

        def run(**headers):
            """Once its first round has ended."""
            return eventually(lambda: next((a for a in [ann.post("/api/v1/collector/run", {"name": "slow"}, headers)]
                                            if a.status != 409), None), what="the first round")

        answer = run()
        assert answer.status == 202, answer.body
        job = answer.data["job"]
        assert answer.data["state"] == "running", answer.body
        done = eventually(lambda: next((j for j in [ann.get(f"/api/v1/jobs/{job}").data] if j["state"] != "running"), None),
                          what="the end of the job")
        assert done["state"] == "succeeded" and done["result"]["ok"] and done["finished"], done
        waited = run(Prefer="wait=20")
        assert waited.status == 200, waited.body
    finally:
        d.stop()
        d.remove()


def test_nobody_else_sees_a_job_but_an_admin():
    d = daemon()
    try:
        ann, bob = two(d)
        admin = Rest(d.url, d.token("admin"))
        job = start(ann)
        assert bob.get(f"/api/v1/jobs/{job}").status == 404
        assert bob.get(f"/api/v1/jobs/{job}/events").status == 404
        assert bob.ask("DELETE", f"/api/v1/jobs/{job}").status == 404
        assert bob.get("/api/v1/jobs").data == []
        assert admin.get(f"/api/v1/jobs/{job}").data["state"] == "running"
        assert Rest(d.url).get(f"/api/v1/jobs/{job}").status == 401
        assert admin.ask("DELETE", f"/api/v1/jobs/{job}").status == 200
    finally:
        d.stop()
        d.remove()


def test_events_go_on_after_the_last_one_seen():
    d = daemon()
    try:
        ann, bob = two(d)
        job = start(ann, body={"topic": "silence.*"})
        for i in range(3):
            bob.post("/api/v1/alert/silence", {"matchers": [f"r{i}"], "for": "1h"}).data
        connection, response = ann.open("GET", f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": "1"})
        stream = events(response)
        assert [next(stream)[:2] for _ in range(2)] == [(2, "row"), (3, "row")]
        bob.post("/api/v1/alert/silence", {"matchers": ["r9"], "for": "1h"}).data
        assert next(stream)[:2] == (4, "row")
        ann.ask("DELETE", f"/api/v1/jobs/{job}")
        number, name, data = next(stream)
        assert (number, name) == (5, "done") and "ok" in data, data
        assert list(stream) == []
        connection.close()
    finally:
        d.stop()
        d.remove()


def test_a_finished_job_has_nothing_more_to_come():
    d = daemon("""collectors = ( { plugin = "system"; interval = "1s"; } );
api = { listen = ( { port = 0; } ); job_after = "1ms"; };
""")
    try:
        ann, _ = two(d)

        def slow():
            answer = ann.post("/api/v1/collector/run", {"name": "system"})
            return answer if answer.status == 202 else None

        job = eventually(slow, what="a job").data["job"]
        eventually(lambda: ann.get(f"/api/v1/jobs/{job}").data["state"] != "running", what="the end")
        connection, response = ann.open("GET", f"/api/v1/jobs/{job}/events")
        seen = list(events(response))
        connection.close()
        assert seen[-1][1] == "done", seen
        assert ann.get(f"/api/v1/jobs/{job}/events", headers={"Last-Event-ID": str(seen[-1][0])}).status == 204
    finally:
        d.stop()
        d.remove()


def test_jobs_are_told_on_the_bus():
    d = daemon()
    try:
        ann, _ = two(d)
        job = start(ann)
        ann.ask("DELETE", f"/api/v1/jobs/{job}")
        told = eventually(lambda: (lambda rows: rows if len(rows) > 1 else None)(
            d.call("events.list", topic="job.*", since="1m")), what="the end, told")
        assert [(e["topic"], e["data"]["job"]) for e in told] == [("job.finished", job), ("job.started", job)], told
        assert told[0]["data"]["state"] == "cancelled"
    finally:
        d.stop()
        d.remove()


def test_the_host_stops_while_jobs_run():
    d = daemon()
    try:
        ann, _ = two(d)
        for _ in range(5):
            start(ann)
        connection, response = ann.open("GET", "/api/v1/events/watch?topic=none", headers={"Accept": "text/event-stream"})
        assert response.status == 200
        assert d.stop() == 0
        connection.close()
    finally:
        d.remove()


if __name__ == "__main__":
    harness.run([v for k, v in list(globals().items()) if k.startswith("test_")])
