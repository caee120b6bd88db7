"""Writes interval_table.h: moments in time intervals, computed with Python's zoneinfo minute by minute. SPDX-License-Identifier: MIT

Run it by hand when the table is to be another: /usr/bin/python3 interval_table.py > interval_table.h
"""
import random
from bisect import bisect_right
from calendar import monthrange
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

# key -> what the configuration says; the functions say the same once more, in another way.
INTERVALS = [
    ('times = "22:00-06:00"; weekdays = "mon-fri"; zone = "Europe/Berlin";',
     "Europe/Berlin",
     lambda t, d: (t.hour >= 22 and d.isoweekday() <= 5)
     or (t.hour < 6 and (d - timedelta(days=1)).isoweekday() <= 5)),
    ('weekdays = "sat,sunday"; zone = "America/New_York";',
     "America/New_York", lambda t, d: d.isoweekday() >= 6),
    ('times = "02:30-03:30,12:00-13:00"; zone = "Europe/Berlin";',
     "Europe/Berlin",
     lambda t, d: (2, 30) <= (t.hour, t.minute) < (3, 30) or t.hour == 12),
    ('days_of_month = "-3:-1,1"; zone = "Australia/Lord_Howe";',
     "Australia/Lord_Howe",
     lambda t, d: d.day == 1 or d.day > monthrange(d.year, d.month)[1] - 3),
    ('months = "nov-feb"; years = "2026:2027"; times = "00:00-24:00"; zone = "UTC";',
     "UTC", lambda t, d: d.month in (11, 12, 1, 2) and d.year in (2026, 2027)),
    ('times = "01:00-02:00"; days_of_month = "25:31"; weekdays = "sun"; zone = "Europe/London";',
     "Europe/London", lambda t, d: t.hour == 1 and d.day >= 25 and d.isoweekday() == 7),
    ('days_of_month = "30:31"; months = "2,4"; zone = "Asia/Kolkata";',
     "Asia/Kolkata", lambda t, d: d.month == 4 and d.day == 30),
]
FIRST = datetime(2026, 9, 1, tzinfo=timezone.utc)
MINUTES = 760 * 1440


def states(zone, holds):
    info = ZoneInfo(zone)
    start = int(FIRST.timestamp())
    for i in range(MINUTES):
        local = datetime.fromtimestamp(start + 60 * i, info)
        yield holds(local, local.date())


def main():
    rng = random.Random(5)
    start = int(FIRST.timestamp())
    print("/* Moments in time intervals. Made by interval_table.py; not edited by hand. SPDX-License-Identifier: MIT */")
    print("#include <stdbool.h>\n#include <stdint.h>\n")
    print("static const char *const interval_texts[] = {")
    for text, _, _ in INTERVALS:
        print('    ("' + text.replace('"', '\\"') + '"),')
    print("};\nstatic const struct interval_row {\n    int interval;\n    int64_t at;   /* s */\n"
          "    bool in;\n    int64_t next; /* s; 0: not within the table */\n} interval_rows[] = {")
    for n, (_, zone, holds) in enumerate(INTERVALS):
        series = list(states(zone, holds))
        changes = [i for i in range(1, MINUTES) if series[i] != series[i - 1]]
        # around every change of a clock, and anywhere
        info = ZoneInfo(zone)
        moments = set(rng.randrange(MINUTES - 1) for _ in range(25))
        offset = None
        for i in range(0, MINUTES, 30):
            now = datetime.fromtimestamp(start + 60 * i, info).utcoffset()
            if offset is not None and now != offset:
                moments |= {i - 120, i - 61, i - 31, i - 1, i, i + 1, i + 29, i + 59, i + 121}
            offset = now
        moments |= set(c + d for c in changes[:8] for d in (-1, 0))
        for m in sorted(x for x in moments if 0 <= x < MINUTES - 1):
            k = bisect_right(changes, m)
            after = start + 60 * changes[k] if k < len(changes) else 0
            print("    {%d, %d, %s, %d}," % (n, start + 60 * m, str(series[m]).lower(), after))
    print("};")


main()
