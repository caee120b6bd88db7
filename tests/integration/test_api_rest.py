"""Operations over HTTP against the real daemon. SPDX-License-Identifier: MIT"""

import json
import os
import socket
import subprocess

import harness
from harness import Daemon, eventually
from rest import Rest, events

BUILD = os.path.abspath(harness.BUILD)
CONFIG = 'collectors = ( { plugin = "system"; interval = "1s"; } );\n'


def daemon(config=CONFIG):
    return Daemon(config, api=True).start()


def clients(d):
    return [Rest(d.url, d.token(role)) for role in ("viewer", "operator", "admin")]


def test_an_operation_answers_get_and_post():
    d = daemon()
    try:
        viewer, _, _ = clients(d)
        answer = viewer.post("/api/v1/health/check", {"wait": "10s"})
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/json", answer.body
        assert {"ok", "data", "warnings"} <= set(answer.json), answer.json
        assert any(c["service"] == "system" for c in answer.data["checks"]), answer.data
        same = viewer.get("/api/v1/health/check", service="system")
        assert [c["service"] for c in same.data["checks"]] == ["system"], same.data
        assert viewer.post("/api/v1/alert/list").data == []
        assert viewer.get("/api/v1/alert/list", state="all", silenced="true").data == []
        head = viewer.ask("HEAD", "/api/v1/alert/list")
        assert head.status == 200 and head.body == b""
    finally:
        d.stop()
        d.remove()


def test_parameters_are_bound_by_the_table_and_nothing_is_guessed():
    d = daemon()
    try:
        viewer, _, _ = clients(d)
        for params, status, word in (({"stat": "all"}, 400, "no parameter is named stat"),
                                     ({"state": "al"}, 400, "state"), ({"silenced": "1"}, 400, "true or false")):
            answer = viewer.get("/api/v1/alert/list", **params)
            assert answer.status == status and word in answer.error["message"], (params, answer.body)
        assert viewer.get("/api/v1/alert/list", stat="all").error["hint"] == "Did you mean state?"
        twice = viewer.ask("GET", "/api/v1/alert/list?state=all&state=all")
        assert twice.status == 400 and "twice" in twice.error["message"], twice.body
        for body, status in (({"state": 7}, 400), ({"most": 1}, 400), ({"limit": 0}, 400), ([], 400), ("x", 400)):
            answer = viewer.post("/api/v1/alert/list", body if isinstance(body, dict) else json.dumps(body),
                                 {"Content-Type": "application/json"})
            assert answer.status == status, (body, answer.status, answer.body)
        # well formed, and still no time
        answer = viewer.post("/api/v1/alert/history", {"since": "yesterday"})
        assert answer.status == 422 and answer.error["code"] == "config" and answer.error["hint"], answer.body
        assert viewer.post("/api/v1/alert/list?state=all").status == 400
        assert viewer.post("/api/v1/alert/list", '{"state":"all"}', {"Content-Type": "text/plain"}).status == 415
        assert viewer.post("/api/v1/alert/list", "{}", {"Content-Type": "application/json; charset=utf-8"}).status == 200
    finally:
        d.stop()
        d.remove()


def test_roles_hold_and_methods_too():
    d = daemon()
    try:
        viewer, operator, admin = clients(d)
        answer = viewer.post("/api/v1/alert/ack", {"id": "x"})
        assert answer.status == 403 and answer.error["code"] == "denied" and "operator" in answer.error["message"], answer.body
        assert operator.post("/api/v1/alert/ack", {"id": "x"}).status == 404
        assert operator.post("/api/v1/reload").status == 403
        assert admin.post("/api/v1/reload").data["errors"] == 0
        answer = admin.get("/api/v1/reload")
        assert answer.status == 405 and answer.headers["Allow"] == "POST, OPTIONS", answer.body
        assert "GET" in admin.ask("DELETE", "/api/v1/alert/list").headers["Allow"]
        nobody = Rest(d.url)
        assert nobody.get("/api/v1/alert/list").status == 401
        assert Rest(d.url, "oc_" + "A" * 43).get("/api/v1/alert/list").status == 401
    finally:
        d.stop()
        d.remove()


def test_what_is_not_there_is_404_with_the_nearest():
    d = daemon()
    try:
        _, _, admin = clients(d)
        answer = admin.get("/api/v1/alert/lst")
        assert answer.status == 404 and answer.error["hint"] == "Did you mean /api/v1/alert/list?", answer.body
        assert admin.post("/api/v1/alert.list").status == 404  # one way to write it
        assert admin.post("/api/v1/host/version").status == 404  # internal
        private = admin.post("/api/v1/config/set", {"key": "a.b", "value": "1"})
        assert private.status == 404 and "command line" in private.error["hint"], private.body
        assert admin.post("/api/v1/" + "x" * 500).status == 404
        for path in ("/api", "/api/nosuch", "/api/alerts/x/bogus", "/nosuch"):
            for method in ("GET", "POST", "PUT", "OPTIONS"):
                answer = admin.ask(method, path)
                assert answer.status == 404 and "Allow" not in answer.headers, (method, path, answer.status)
    finally:
        d.stop()
        d.remove()


def test_operations_that_a_plugin_brings_join_by_themselves():
    d = daemon()
    try:
        _, _, admin = clients(d)
        before = admin.get("/api/openapi.json").json["paths"]
        names = {op["name"] for op in d.call("op.list")}
        shown = {p.removeprefix("/api/v1/").replace("/", ".") for p in before if p.startswith("/api/v1/")}
        missing = {n for n in names if n not in shown}
        flags = {op["name"]: op["flags"] for op in d.call("op.list")}
        assert all("private" in flags[n] for n in missing), missing
    finally:
        d.stop()
        d.remove()


def test_rows_come_as_server_sent_events():
    d = daemon()
    try:
        viewer, operator, _ = clients(d)
        connection, response = viewer.open("GET", "/api/v1/events/watch?topic=silence.*", headers={"Accept": "text/event-stream"})
        assert response.status == 200 and response.headers["Content-Type"] == "text/event-stream"
        stream = events(response)
        operator.post("/api/v1/alert/silence", {"matchers": ["cpu"], "for": "1h"}).data
        number, name, row = next(stream)
        assert (number, name, row["topic"]) == (1, "row", "silence.created"), row
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()
        # the end of any operation is an event, too
        connection, response = viewer.open("POST", "/api/v1/health/summary", headers={"Accept": "text/event-stream"})
        assert [(n, e["ok"]) for _, n, e in events(response)] == [("done", True)]
        connection.close()
        bad = viewer.ask("GET", "/api/v1/events/watch?topics=x", headers={"Accept": "text/event-stream"})
        assert bad.status == 400, bad.body
    finally:
        d.stop()
        d.remove()


def test_the_document_is_valid_and_the_page_is_readable():
    d = daemon()
    try:
        viewer, _, _ = clients(d)
        document = viewer.get("/api/openapi.json").json
        assert document["openapi"] == "3.1.0"
        ack = document["paths"]["/api/v1/alert/ack"]
        assert "get" not in ack and ack["post"]["x-openclaw-role"] == "operator"
        assert ack["post"]["requestBody"]["content"]["application/json"]["example"]["comment"] == "on it"
        query = document["paths"]["/api/v1/alert/list"]["get"]["parameters"]
        state = next(p for p in query if p["name"] == "state")
        assert state["schema"]["enum"] == ["firing", "resolved", "all"] and state["schema"]["default"] == "firing"
        for path in ("/api/health", "/healthz", "/api/v1/jobs/{id}", "/api/openapi.json"):
            assert path in document["paths"], path
        icon = viewer.get("/favicon.ico")
        assert icon.status == 200 and "svg" in icon.headers["Content-Type"], icon.headers
        for path, item in document["paths"].items():  # an example that leaves out what is required shows nothing
            for operation in item.values() if path.startswith("/api/v1/") and "{" not in path else ():
                media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
                missing = set(media.get("schema", {}).get("required", [])) - set(media.get("example", {}))
                assert not missing, (path, missing)
        ids = [o["operationId"] for item in document["paths"].values() for o in item.values()]
        assert len(ids) == len(set(ids))
        page = viewer.get("/api/docs")
        assert page.status == 200 and page.headers["Content-Type"].startswith("text/html")
        text = page.body.decode()
        assert "<script" not in text and "style=" not in text and "/api/v1/alert/ack" in text
        for path in ("/api/openapi.json", "/api/docs", "/api/health"):
            etag = viewer.get(path).headers["ETag"]
            for known in (etag, f'"x", W/{etag}', "*"):
                again = viewer.get(path, {"If-None-Match": known})
                assert again.status == 304 or path == "/api/health" and known != "*", (path, known, again.status)
            assert not again.body and again.headers["Cache-Control"] == "no-cache", again.headers
            assert viewer.get(path, {"If-None-Match": '"x"'}).status == 200, path
        assert viewer.get("/api/docs.css").headers["Content-Type"].startswith("text/css")
    finally:
        d.stop()
        d.remove()


def test_a_plugin_of_the_kind_endpoint_answers_below_its_prefix():
    d = daemon()
    try:
        tree = os.path.join(d.home, "sdk")
        subprocess.run(["cmake", "--install", BUILD, "--prefix", tree], check=True, stdout=subprocess.DEVNULL)
        env = {**d.env, "CMAKE_PREFIX_PATH": tree}

        def run(*words):
            done = subprocess.run([f"{tree}/bin/openclaw", *words], env=env, text=True, cwd=d.home, capture_output=True,
                                  stdin=subprocess.DEVNULL, timeout=200)
            assert done.returncode == 0, (words, done.stdout, done.stderr)

        run("plugin", "create", "greeter", "--template", "endpoint", "--author", "Ann", "--description", "Greets")
        run("plugin", "test", "greeter")
        run("plugin", "install", "./greeter", "--yes")
        viewer, operator, _ = clients(d)
        answer = eventually(lambda: next((a for a in [viewer.get("/x/greeter", name="Ann")] if a.status == 200), None),
                            what="the endpoint")
        assert answer.json == {"greeting": "Hello", "name": "Ann"}, answer.body
        assert any("sandbox" in v for v in answer.headers.get_all("Content-Security-Policy")), answer.headers
        assert viewer.get("/x/greeter/deep/er").status == 404
        assert viewer.post("/x/greeter", {}).status == 403
        assert operator.post("/x/greeter", {}).status == 405
        assert viewer.get("/x/nobody").status == 404
        assert Rest(d.url).get("/x/greeter").status == 401
    finally:
        d.stop()
        d.remove()


if __name__ == "__main__":
    harness.run([v for k, v in list(globals().items()) if k.startswith("test_")])
