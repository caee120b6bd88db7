#!/usr/bin/env python3
"""Reads every C file and holds the rules that a compiler does not know. SPDX-License-Identifier: MIT

Includes go down the floors only, each library belongs to one floor, core names no plugin, and some calls are not made.
Prints one line a finding, `file:line: what is wrong`; the exit code says whether there was any.
"""

import json
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FLOORS = ["base", "sys", "loop", "config", "store", "plugin", "package", "policy", "op", "service", "api", "daemon"]
BESIDE = {"cli": "daemon",  # the same height as the other, and neither knows the other
          "packager": "daemon", "plughost": "package", "plugcheck": "daemon", "fetch": "daemon", "archive": "daemon", "serve": "daemon"}

LIBRARIES = {  # header pattern: the only folder that may include it
    r"jansson\.h": "core/",
    r"uv\.h|uv/.*": "core/loop/",
    r"libconfig\.h": "core/config/",
    r"yaml\.h": "core/config/",
    r"sqlite3\.h": "core/store/",
    r"ltdl\.h": "core/plugin/",
    r"(lua|lualib|lauxlib|luaconf)\.h": "core/policy/",
    r"sodium\.h|sodium/.*": "core/sys/",
    r"zstd\.h|zstd_errors\.h": "core/sys/",
    r"archive\.h|archive_entry\.h": "core/archive/",
    r"curl/.*": "core/fetch/",
    r"gnutls/.*": "core/api/",
    r"microhttpd\.h": ("core/api/", "core/serve/"),
    r"wslay/.*": "core/api/",
}

# Calls that overflow, race or run a shell, and what to use instead.
CALLS = {
    "system": "oc_process or posix_spawn with an argument vector",
    "popen": "oc_process or posix_spawn with an argument vector",
    "strcpy": "snprintf or memcpy with a checked length",
    "strcat": "snprintf or oc_buf",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "fgets",
    "strtok": "strtok_r, or a loop with strcspn",
    "tmpnam": "mkstemp",
    "mktemp": "mkstemp",
    "alloca": "oc_malloc with a named limit",
    "atoi": "strtol with a check",
    "atof": "strtod with a check",
}
CLOCKS = {"clock_gettime", "time", "gettimeofday", "timespec_get"}

# A plugin may only be named in core where the reason is written here.
NAMES_ALLOWED = {
    "core/config/import": "translates the files of other monitors, whose sections have these names, into this host's",
    "core/api/litellm": "answers the original's paths, which have this name, and reads samples of whoever brings them",
}
# Names of plugins that are words of the trade, too: a literal with one of them says nothing.
WORDS = {"agent", "console", "email", "exec", "file", "gateway", "http", "system", "tcp", "webhook", "dashboard", "tls", "script", "process", "systemd"}

findings = []


def complain(path, line, text):
    findings.append(f"{path}:{line}: {text}")


def tracked():
    """Every file of the tree that git knows or would add."""
    out = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard", "-z"], check=True,
                         capture_output=True, text=True).stdout
    return sorted(p for p in out.split("\0") if p and os.path.isfile(os.path.join(ROOT, p)))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_of(text):
    """The text with comments and literals blanked out; lines and columns stay."""
    return TOKEN.sub(blank, text)


def literals_of(text):
    for match in TOKEN.finditer(text):
        if match.group(0)[0] == '"':
            yield text.count("\n", 0, match.start()) + 1, match.group(0)[1:-1]


def includes_of(text):
    for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', text, re.M):
        yield text.count("\n", 0, match.start()) + 1, match.group(1)


def floor_of(path):
    """The floor of a file below core/; None for one elsewhere."""
    parts = path.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else None


def height(floor):
    return FLOORS.index(BESIDE.get(floor, floor))


def check_floors(path, line, header):
    ours, theirs = floor_of(path), floor_of(header)
    if not theirs or theirs == ours:
        check_siblings(path, line, header)
    elif theirs not in FLOORS and theirs not in BESIDE:
        complain(path, line, f"{header} is on no known floor")
    elif height(theirs) >= height(ours):
        complain(path, line, f"{header} lies above core/{ours}; includes go down only")


def check_siblings(path, line, header):
    """Services meet through operations and events, so none includes another."""
    if floor_of(path) != "service" or floor_of(header) != "service" or header == "core/service/env.h":
        return
    if path.split("/")[2] != header.split("/")[2]:
        complain(path, line, f"{header} belongs to another service; use an operation or an event")


def check_libraries(path, line, header):
    for pattern, folder in LIBRARIES.items():
        if re.fullmatch(pattern, header) and not path.startswith(folder):
            complain(path, line, f"<{header}> may be included below {folder} only")


def check_includes(path, text):
    for line, header in includes_of(text):
        if path.startswith("core/"):
            check_floors(path, line, header)
            check_libraries(path, line, header)
        elif path.startswith(("plugins/", "sdk/")) and header.startswith("core/"):
            complain(path, line, f"{header}: a plugin and the SDK know only the ABI")
        if path.startswith("sdk/include/") and header.startswith(("uv", "jansson", "sqlite")):
            complain(path, line, f"<{header}>: the SDK's headers need only libc")


def check_calls(path, code):
    if "/test" in path or not path.startswith(("core/", "plugins/", "sdk/")):
        return
    for match in re.finditer(r"(?<![\w.>])([a-z_]+)\s*\(", code):
        name = match.group(1)
        line = code.count("\n", 0, match.start()) + 1
        if name in CALLS:
            complain(path, line, f"{name}() is not used here; take {CALLS[name]}")
        if name in CLOCKS and path.startswith("core/") and path != "core/base/time.c":
            complain(path, line, f"{name}(): ask core/base/time.h, which a test can set")


def check_raw(path, code):
    """What an answer holds may act upon a terminal."""
    if not path.startswith("core/cli/"):
        return
    for match in re.finditer(r"(?<!\w)(?:f?printf|v?fprintf|f?puts|fwrite)\s*\(", code):
        if re.search(r"\b(?:oc_json_str|json_string_value)\b", code[match.end():code.find(";", match.end())]):
            complain(path, code.count("\n", 0, match.start()) + 1, "a text of an answer is written through core/cli/term.h")


def check_main(path, code):
    """A program that was started with stdin, stdout or stderr closed opens no file in their place."""
    match = re.search(r"^int main\([^)]*\)\s*{\s*(\w+)", code, re.M)
    if path.startswith("core/") and match and match.group(1) != "oc_stdfd_fill":
        complain(path, code.count("\n", 0, match.start()) + 1, "main() does not begin with oc_stdfd_fill()")


def check_banner(path, text):
    first = text.split("\n", 1)[0]
    words = re.sub(r"SPDX-License-Identifier: \S+|[/*#]+", "", first).split()
    if not first.startswith(("/*", "//")) or len(words) < 3:
        complain(path, 1, "the first line does not say in a sentence what this file is")
    if "SPDX-License-Identifier: MIT" not in text[:600]:
        complain(path, 1, "no SPDX-License-Identifier: MIT at the top")


def check_names(path, text, plugins):
    """Core finds plugins by what they can do."""
    if not path.startswith("core/") or any(path.startswith(p) for p in NAMES_ALLOWED):
        return
    includes = {line for line, _ in includes_of(text)}
    for line, literal in literals_of(text):
        for name in plugins - WORDS if line not in includes else ():
            if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", literal):
                complain(path, line, f'"{literal}" names the plugin {name}')


def check_unfinished(path, text):
    for match in re.finditer(r"\b(?:TODO|FIXME|XXX|HACK|coming soon|not yet implemented)\b", text):
        complain(path, text.count("\n", 0, match.start()) + 1, f"unfinished: {match.group(0)}")


def check_space(path, text):
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip() and not path.endswith(".md"):
            complain(path, number, "spaces at the end of the line")
    if text and not text.endswith("\n"):
        complain(path, text.count("\n") + 1, "no line end at the end of the file")


def is_page(folder):
    """A plugin that is a web page has no library; its application has tests of its own."""
    return json.loads(read(f"{folder}/plugin.json")).get("kind") == "endpoint"


def check_plugins(paths):
    """A shipped plugin tells what it is, is built, and is tested."""
    known = set(paths)
    for path in paths:
        match = re.fullmatch(r"(plugins/[^/]+/([^/]+))/plugin\.json", path)
        if not match:
            continue
        folder, name = match.groups()
        page = is_page(folder)
        for wanted in ("README.md", "CMakeLists.txt", "app/package-lock.json" if page else f"test_{name}.c"):
            if f"{folder}/{wanted}" not in known:
                complain(path, 1, f"no {wanted} beside it")
        if page and not any(re.match(rf"{folder}/app/.*\.test\.tsx?$", p) for p in known):
            complain(path, 1, "no *.test.ts below app/")


def is_text(path):
    return path.endswith((".c", ".h", ".py", ".sh", ".cmake", ".txt", ".md", ".lua", ".conf", ".json", ".service", ".in")) \
        and "/corpus/" not in path


def main():
    paths = tracked()
    plugins = {p.split("/")[2] for p in paths if re.fullmatch(r"plugins/[^/]+/[^/]+/plugin\.json", p)}
    check_plugins(paths)
    for path in filter(is_text, paths):
        text = read(path)
        if path != "tests/lint/sources.py":
            check_unfinished(path, text)
        check_space(path, text)
        if not path.endswith((".c", ".h")) or path.startswith("tests/frozen/v"):
            continue
        check_banner(path, text)
        check_includes(path, text)
        check_calls(path, code_of(text))
        check_raw(path, code_of(text))
        check_main(path, code_of(text))
        check_names(path, text, plugins)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings in {len(paths)} files", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
