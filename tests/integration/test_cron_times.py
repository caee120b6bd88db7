"""When expressions are due, against two other implementations: minutes counted one by one with Python's own time zones, and
croniter where it can be installed. OC_FULL=1 takes twenty times as many. SPDX-License-Identifier: MIT"""

import datetime
import json
import os
import random
import subprocess
import sys
import zoneinfo

from harness import FULL, Daemon, run

SEED = int(os.environ.get("OC_SEED", "7"))
ROUNDS = 4000 if FULL else 200
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Beirut", "Africa/Casablanca",
         "Pacific/Auckland", "America/Santiago", "Asia/Kolkata", "UTC"]
UTC = datetime.timezone.utc
RANGES = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
DAEMON = None


def field(rng, low, high):
    a, b = sorted(rng.sample(range(low, high + 1), 2))  # croniter stumbles over "5-5"
    return rng.choice(["*", "*", str(a), f"{a},{b}", f"{a}-{b}", f"*/{rng.randint(1, high - low)}", f"{a}-{b}/{rng.randint(1, 5)}"])


def expression(rng, wide):
    fields = [field(rng, *limits) for limits in RANGES]
    for i in range(2, 5):
        if rng.random() < wide:
            fields[i] = "*"
    return " ".join(fields)


def ours(client, text, zone, start, count):
    rows = client.call("cron.next", cron=text, zone=zone, count=count, **{"from": start.strftime("%Y-%m-%dT%H:%M:%SZ")})
    return [datetime.datetime.fromisoformat(row["at"].replace("Z", "+00:00")) for row in rows]


# ---- minutes, one by one ----

def numbers(text, low, high):
    found = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        first, last = (low, high) if span == "*" else (int(span.split("-")[0]), int(span.split("-")[-1]))
        found.update(range(first, last + 1, int(step or 1)))
    return found


class Fields:
    def __init__(self, text):
        parts = text.split()
        self.minute, self.hour, self.day, self.month, self.weekday = (numbers(p, *r) for p, r in zip(parts, RANGES))
        self.either = not parts[2].startswith("*") and not parts[4].startswith("*")

    def match(self, t):
        day, weekday = t.day in self.day, (t.weekday() + 1) % 7 in self.weekday
        return (t.minute in self.minute and t.hour in self.hour and t.month in self.month and
                ((day or weekday) if self.either else (day and weekday)))


def by_minutes(text, zone, start, end):
    """Every due time in (start, end], by looking at each minute that passes and at each that the clock on the wall skips."""
    fields, tz = Fields(text), zoneinfo.ZoneInfo(zone)
    minute, found = datetime.timedelta(minutes=1), []
    shown = start.astimezone(tz).replace(tzinfo=None)
    at = start + minute
    while at <= end:
        local = at.astimezone(tz).replace(tzinfo=None)
        if len(fields.hour) == 24:
            due = fields.match(local)
        else:
            due = False
            while shown < local:
                shown += minute
                due = due or fields.match(shown)
        if due:
            found.append(at)
        at += minute
    return found


def changes(zone):
    """The days of 2020 to 2040 on which the clock of the zone is set."""
    tz, day = zoneinfo.ZoneInfo(zone), datetime.datetime(2020, 1, 1, tzinfo=UTC)
    days = []
    while day.year < 2040:
        following = day + datetime.timedelta(days=1)
        if day.astimezone(tz).utcoffset() != following.astimezone(tz).utcoffset():
            days.append(day)
        day = following
    return days


def every_minute_around_changes_agrees():
    rng, client, compared = random.Random(SEED), DAEMON.client(), 0
    days = {zone: changes(zone) or [datetime.datetime(2028, 2, 28, tzinfo=UTC)] for zone in ZONES}
    for _ in range(ROUNDS):
        zone, text = rng.choice(ZONES), expression(rng, 0.7)
        start = rng.choice(days[zone]) - datetime.timedelta(hours=rng.randint(0, 30))
        expected = by_minutes(text, zone, start, start + datetime.timedelta(days=3))[:100]
        try:
            found = [t for t in ours(client, text, zone, start, 100) if t <= start + datetime.timedelta(days=3)]
        except Exception as problem:
            assert "has such a day" in str(problem), (text, problem)
            found = []
        assert found[:len(expected)] == expected and len(found) == len(expected), \
            (text, zone, start.isoformat(), [str(t) for t in found[:5]], [str(t) for t in expected[:5]])
        compared += len(expected)
    client.close()
    assert compared > ROUNDS, compared
    print(f"  {ROUNDS} expressions, {compared} times")


# ---- croniter ----

SCRIPT = """import datetime, json, sys
from croniter import croniter
for line in sys.stdin:
    text, start, count = json.loads(line)
    it = croniter(text, datetime.datetime.fromtimestamp(start, datetime.timezone.utc), implement_cron_bug=True)
    try:
        print(json.dumps([int(it.get_next(float)) for _ in range(count)]))
    except Exception:
        print("[]")
"""


def croniter():
    """A Python that has it, or None."""
    folder = os.path.join(os.environ.get("OC_BUILD_DIR", "build"), "venv-croniter")
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(os.path.join(folder, "ready")):
        for command in ([sys.executable, "-m", "venv", folder], [os.path.join(folder, "bin", "pip"), "install", "-q", "croniter==6.0.0"]):
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                return None
        with open(os.path.join(folder, "ready"), "w", encoding="ascii"):
            pass
    return python


def croniter_agrees():
    python = croniter()
    if not python:
        print("  skipped: croniter cannot be installed here")
        return
    rng, client = random.Random(SEED + 1), DAEMON.client()
    cases = []
    for _ in range(ROUNDS * 2):
        start = datetime.datetime(2020, 1, 1, tzinfo=UTC) + datetime.timedelta(minutes=rng.randint(0, 20 * 525600))
        cases.append((expression(rng, 0.4), start))
    lines = "".join(json.dumps([text, start.timestamp(), 6]) + "\n" for text, start in cases)
    done = subprocess.run([python, "-c", SCRIPT], input=lines, capture_output=True, text=True, check=True, timeout=600)
    compared = differ = 0
    for (text, start), line in zip(cases, done.stdout.splitlines()):
        expected = json.loads(line)
        try:
            found = [int(t.timestamp()) for t in ours(client, text, "UTC", start, 6)]
        except Exception as problem:
            assert "has such a day" in str(problem) and not expected, (text, problem, expected)
            continue
        if expected:  # it gives up after 50 years
            compared += 1
            if found != expected:  # it forgets some days after a leap day: who is right, minutes decide
                end = datetime.datetime.fromtimestamp(max(a for a, b in zip(found, expected) if a != b), UTC)
                minutes = [int(t.timestamp()) for t in by_minutes(text, "UTC", start, end)]
                assert found[:len(minutes)] == minutes, (text, start.isoformat(), found, expected, minutes)
                differ += 1
    client.close()
    assert compared > ROUNDS and differ * 50 < compared, (compared, differ)
    print(f"  {compared} expressions, in {differ} of them it is wrong")


if __name__ == "__main__":
    DAEMON = Daemon("collectors = ();\nalerts = { channels = (); };\n").start()
    try:
        run([every_minute_around_changes_agrees, croniter_agrees])
    finally:
        DAEMON.stop()
        DAEMON.remove()
