"""`openclaw plugin check` as authors and build servers call it. SPDX-License-Identifier: MIT"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

BUILD = os.environ["OC_BUILD_DIR"]
PLUGIN = f"{BUILD}/plugins/tcp"
LEVELS = {"none", "note", "warning", "error"}


class Room:
    """A scratch home, and a copy of a plugin that a test may spoil."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="openclaw-check-e2e-")
        self.plugin = shutil.copytree(PLUGIN, f"{self.home}/tcp")

    def run(self, *words, rc):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.home, "OPENCLAW_HOME": f"{self.home}/home", "LC_ALL": "C.UTF-8", "TMPDIR": self.home,
               **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}
        done = subprocess.run([f"{BUILD}/bin/openclaw", "plugin", "check", *words], env=env, cwd=self.home,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == rc, f"{words}: exit code {done.returncode}, expected {rc}\n{done.stdout}{done.stderr}"
        return done

    def edit(self, change):
        path = f"{self.plugin}/plugin.json"
        with open(path, encoding="utf-8") as f:
            manifest = json.load(f)
        change(manifest)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(manifest, f)


def clean_plugin(room):
    out = room.run("tcp", "--level", "1", "--strict", rc=0).stdout
    assert "0 errors, 0 warnings" in out and "checks at level 1" in out, out
    out = room.run("tcp/tcp.so", "--level", "0", rc=0).stdout
    assert out.startswith("note") or "0 errors" in out, out


def archives(room):
    """As published: the folder's name means nothing there, and what is damaged could not be checked."""
    pack = f"{BUILD}/bin/openclaw-archive"
    subprocess.run([pack, "pack", room.plugin, f"{room.home}/tcp-1.0.0.ocp"], check=True, capture_output=True)
    out = room.run("tcp-1.0.0.ocp", "--level", "1", "--strict", rc=0).stdout
    assert "OC0004" not in out, out
    with open(f"{room.home}/tcp-1.0.0.ocp", "r+b") as f:
        f.truncate(2000)
    room.run("tcp-1.0.0.ocp", rc=2)
    assert not [n for n in os.listdir(room.home) if n.startswith("openclaw-check-")]


def findings_and_exit_codes(room):
    room.edit(lambda m: m.update(summary="Spoilt."))
    out = room.run("tcp", "--level", "0", rc=1).stdout
    assert "OC0103" in out and "the manifest within the library is not plugin.json" in out, out
    room.run("tcp", "--level", "0", "--skip", "OC0103", rc=0)  # what is left is a warning
    room.run("tcp", "--level", "0", "--skip", "OC0103", "--strict", rc=1)
    room.run("tcp", "--level", "0", "--only", "OC0122", rc=0)
    out = room.run("tcp", rc=1).stdout
    assert "Level 1 was left out" in out, out


def could_not_run(room):
    done = room.run("nowhere", rc=2)
    assert "there is nothing at" in done.stderr and not done.stdout
    room.run("tcp/plugin.json", rc=2)
    done = room.run("tcp", "--only", "OC9999", rc=2)
    assert "there is no check OC9999" in done.stderr, done.stderr
    room.run("tcp", "--level", "9", rc=2)
    room.run("tcp", "--no-such-option", rc=64)
    document = json.loads(room.run("nowhere", "--json", rc=2).stdout)
    assert document["ok"] is False and document["error"]["code"] == "not_found", document


def machine_output(room):
    room.edit(lambda m: m.update(summary="Spoilt."))
    data = json.loads(room.run("tcp", "--level", "0", "--json", rc=1).stdout)["data"]
    assert data["clean"] is False and data["errors"] == 1 and data["name"] == "tcp", data
    found = {f["id"]: f for f in data["findings"]}
    assert found["OC0103"]["severity"] == "error" and found["OC0103"]["hint"].endswith("."), found
    assert found["OC0012"]["severity"] == "note" and found["OC0012"]["accepted"], found
    room.run("tcp", "--level", "0", "--sarif", "out.sarif", "--junit", "out.xml", rc=1)
    with open(f"{room.home}/out.sarif", encoding="utf-8") as f:
        sarif(json.load(f), data)
    junit(ElementTree.parse(f"{room.home}/out.xml").getroot(), data)
    sarif(json.loads(room.run("tcp", "--level", "0", "--sarif", "-", rc=1).stdout), data)
    junit(ElementTree.fromstring(room.run("tcp", "--level", "0", "--junit", "-", rc=1).stdout), data)


def sarif(document, data):
    """What section 3 of the standard requires of the objects that are used."""
    assert document["version"] == "2.1.0" and document["$schema"].endswith(".json")
    run, = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] and len({r["id"] for r in driver["rules"]}) == len(driver["rules"])
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"], rule
        assert rule["defaultConfiguration"]["level"] in LEVELS, rule
    assert len(run["results"]) == len(data["findings"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"], result
        assert result["level"] in LEVELS and result["message"]["text"], result
        for location in result["locations"]:
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert uri and not uri.startswith("/") and " " not in uri, location
        for suppression in result.get("suppressions", []):
            assert suppression["kind"] in {"inSource", "external"} and suppression["justification"], suppression


def junit(root, data):
    suite, = root.findall("testsuite")
    cases = suite.findall("testcase")
    failed = [c for c in cases if c.find("failure") is not None]
    assert int(suite.get("tests")) == len(cases) == data["checks"], suite.attrib
    assert int(suite.get("failures")) == len(failed) == len(
        {f["id"] for f in data["findings"] if f["severity"] != "note"}), suite.attrib
    assert all(c.get("name") and c.get("classname") == "tcp" for c in cases)


def table(room):
    out = room.run("--list", rc=0).stdout
    assert "OC0001" in out and "OC3003" in out, out
    rows = json.loads(room.run("--list", "--json", rc=0).stdout)["data"]["table"]
    assert all(r["means"] and r["why"] and r["fix"] for r in rows)


def main():
    for case in (clean_plugin, archives, findings_and_exit_codes, could_not_run, machine_output, table):
        room = Room()
        try:
            case(room)
            print(f"ok - {case.__name__}")
        finally:
            shutil.rmtree(room.home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
