"""Every template: created, built, tested, checked and packed as a stranger would. SPDX-License-Identifier: MIT

Out of the tree with `openclaw plugin`, then all of them inside one source tree with the warnings of this repository.
"""

import concurrent.futures
import glob
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from harness import Daemon, Failure, eventually

BUILD = os.path.abspath(os.environ.get("OC_BUILD_DIR", "build"))
SOURCE = os.path.abspath(os.environ.get("OC_SOURCE_DIR", os.path.join(os.path.dirname(__file__), "../..")))
OPENCLAW = f"{BUILD}/bin/openclaw"
TEMPLATES = sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(f"{SOURCE}/plugin-templates/*/template.json"))
NEEDS = {"cpp": "g++", "rust": "rustc", "script": "python3"}
# Values that end strings, comments, formats and lines wherever nobody looks.
DISPLAY = "Ann's \"best\" \\ plug-in #1 %s ${x} ??/ */ <b> ünïcödé 漢字"
DESCRIPTION = "Says \"hi\": it's 100% */ /* *\\ // \\ `x` & <y> — ok"


def named(template):
    """As long as a name may be, so that no buffer of a template is too short for it."""
    return f"my-{template}-".ljust(48, "x")


def environment(home):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OPENCLAW") and k not in ("CFLAGS", "LDFLAGS")}
    env.update(OPENCLAW_HOME=home, OPENCLAW_PLUGINS=f"{BUILD}/plugins", LC_ALL="C.UTF-8")
    return env


def run(env, *words, fails=False):
    """The document that --json gives."""
    done = subprocess.run([OPENCLAW, "--json", *words], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=300)
    try:
        document = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"{words}: no JSON: {done.stdout!r} {done.stderr!r}") from None
    assert document["ok"] == (done.returncode == 0), document
    assert fails == (done.returncode != 0), f"{words}: {document['error']} {document['warnings']}"
    return document


def missing(template):
    program = NEEDS.get(template)
    if program and subprocess.run(["which", program], capture_output=True, check=False).returncode != 0:
        return program
    return None


def tested(env, path):
    data = run(env, "plugin", "test", path)["data"]
    assert (data["passed"], data["failed"]) == (1, 0), (path, data)
    return data


def one(env, folder, template):
    """create, test, check, pack; returns the seconds."""
    began = time.monotonic()
    name = named(template)
    made = run(env, "plugin", "create", name, "--template", template, "--output", folder, "--author", "O'Neil \"N\" \\",
               "--email", "ann@example.org", "--description", DESCRIPTION, "--display-name", DISPLAY)
    assert not made["warnings"], made["warnings"]
    path = made["data"]["folder"]
    checked = run(env, "plugin", "check", tested(env, path)["folder"])["data"]
    bad = [f for f in checked["findings"] if f["severity"] in ("error", "warning") and not f.get("accepted")]
    assert not bad, bad
    first, second = (run(env, "plugin", "pack", path, "--output", f"{folder}/{name}-{i}.ocp")["data"] for i in (1, 2))
    assert first["sha256"] == second["sha256"], "the same files have to give the same archive"
    return time.monotonic() - began


def out_of_tree(env, folder):
    wanted = []
    for template in TEMPLATES:
        program = missing(template)
        if program:
            print(f"{template}: skipped, there is no {program}")
        else:
            wanted.append(template)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for template, took in zip(wanted, pool.map(lambda t: one(env, folder, t), wanted)):
            print(f"{template}: {took:.1f} s")
    return wanted


def in_tree(env, folder, wanted):
    """One tree with the flags of this repository, warnings being errors."""
    with open(f"{folder}/CMakeLists.txt", "w", encoding="utf-8") as f:
        f.write(f"""cmake_minimum_required(VERSION 3.25)
project(tree VERSION 1.0.0 LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH {SOURCE}/sdk/cmake)
include(GNUInstallDirs)
include(OpenClawFlags)
include(OpenClawPlugin)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
enable_testing()
add_subdirectory({SOURCE}/sdk sdk)
""" + "".join(f"add_subdirectory({named(t)})\n" for t in wanted))
    for t in wanted:
        shutil.rmtree(f"{folder}/{named(t)}/build")
    for words in (["cmake", "-S", folder, "-B", f"{folder}/tree", "-DOC_TESTS=ON", "-DCMAKE_BUILD_TYPE=Debug"],
                  ["cmake", "--build", f"{folder}/tree", "--parallel", "2"],
                  ["ctest", "--test-dir", f"{folder}/tree", "--output-on-failure"]):
        done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
    print(f"in one tree: {len(wanted)} plugins")


# ---- children of tests ----


def with_edit(env, folder, name, pattern, text):
    """What the test of a plugin of the tree says when it has been changed in one place, and has failed."""
    source = f"{folder}/{name}/test_{name}.c"
    with open(source, encoding="utf-8") as f:
        before = f.read()
    edited, count = re.subn(pattern, text, before)
    assert count == 1, (name, pattern)
    with open(source, "w", encoding="utf-8") as f:
        f.write(edited)
    program = f"plugin.{name}.test"
    done = subprocess.run(["cmake", "--build", f"{folder}/tree", "--target", program], env=env, capture_output=True, text=True,
                          timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    with open(source, "w", encoding="utf-8") as f:
        f.write(before)
    test = subprocess.Popen([f"{folder}/tree/{name}/{program}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)
    try:
        said, _ = test.communicate(timeout=60)  # until nobody has the pipe any more
    except subprocess.TimeoutExpired:
        os.killpg(test.pid, signal.SIGKILL)
        raise
    assert test.returncode == 1, (test.returncode, said)
    return said


def children(env, folder, wanted):
    """A test that cannot make a child kills nobody, and one that fails leaves none behind."""
    for name in [named(t) for t in ("cpp", "deployer", "rust") if t in wanted]:
        said = with_edit(env, folder, name, "#include <openclaw/testkit.h>\n", r"""\g<0>
#define fork() ((pid_t)-1)
#define kill(pid, number) fail_msg("kill %d with %d", (int)(pid), number)
""")
        assert "child >= 0" in said and "kill -1" not in said, said
        with_edit(env, folder, name, r"for \(int i = 0; i < \d{3}; i\+\+\) {", r"\g<0>\n        assert_int_equal(i, 0);")
    print("no child is left of a test that failed")


def odd_names(env, folder):
    """Names that mean something to CMake, or to the template itself."""
    names = {"test": "collector", "install": "skill", "help": "script", "openclaw": "rust", "test-disk": "basic"}

    def make(name):
        made = run(env, "plugin", "create", name, "--template", names[name], "--output", f"{folder}/names", "--author", "A")
        tested(env, made["data"]["folder"])

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(make, [n for n, template in names.items() if not missing(template)]))
    # A source that is called like a test, of somebody who did not ask `create`.
    path = f"{folder}/names/test_disk"
    os.rename(f"{folder}/names/test-disk", path)
    shutil.rmtree(f"{path}/build")
    for file in ("test-disk.c", "test_test-disk.c"):
        os.rename(f"{path}/{file}", f"{path}/{file.replace('-', '_')}")
    for file in ("CMakeLists.txt", "plugin.json"):
        with open(f"{path}/{file}", encoding="utf-8") as f:
            text = f.read()
        with open(f"{path}/{file}", "w", encoding="utf-8") as f:
            f.write(text.replace("test-disk", "test_disk"))
    tested(env, path)
    print("odd names build like all others")


# ---- what is refused ----


def refused(env, reason, *words):
    error = run(env, *words, fails=True)["error"]
    assert error["details"]["reason"] == reason, error
    return error


def refusals(env, folder):
    create = ["plugin", "create", "--output", folder]
    for name in ("My-Plugin", "1st", "a b", "../x", "a-", "x" * 49, "ünï", "my_plugin"):  # no registry takes the last
        refused(env, "name-invalid", *create, name, "--template", "tool")
    asks = third_party(folder, "asks", {"x.c": "{{wanted}}"}, variables={"wanted": {"type": "string", "required": True}})
    error = refused(env, "variables-missing", *create, "lacks", "--template", asks)
    assert error["details"]["missing"] == ["wanted"], error
    given = ["--author", "A", "--description", "D"]
    refused(env, "variable-invalid", *create, "bad-tool", "--template", "tool", *given, "--var", "toolName=not a word")
    refused(env, "variable-invalid", *create, "bad-line", "--template", "tool", "--author", "A", "--description", "a\nb")
    os.mkdir(f"{folder}/taken")
    refused(env, "target-exists", *create, "taken", "--template", "tool", *given)
    assert os.listdir(f"{folder}/taken") == []
    error = run(env, *create, "x", "--template", "tol", *given, fails=True)["error"]
    assert error["code"] == "not_found" and "Did you mean tool?" in error["hint"], error
    for name in ("lacks", "bad-tool", "bad-line", "x"):
        assert not os.path.exists(f"{folder}/{name}")
    assert not glob.glob(f"{folder}/.openclaw-create-*")
    print("what is wrong is refused, and nothing is left behind")


# ---- third parties ----


def third_party(folder, name, files, listed=None, variables=None):
    root = f"{folder}/{name}"
    for path, text in files.items():
        os.makedirs(os.path.dirname(f"{root}/{path}"), exist_ok=True)
        with open(f"{root}/{path}", "w", encoding="utf-8") as f:
            f.write(text)
    with open(f"{root}/template.json", "w", encoding="utf-8") as f:
        json.dump({"id": name, "displayName": name, "version": "1.0.0", "description": "d", "kind": "skill",
                   "files": listed or list(files),
                   "variables": variables or {"pluginName": {"type": "string", "required": True}}}, f)
    return root


def third_parties(env, folder):
    original = third_party(folder, "basic-plugin", {
        "package.json": '{"name": "@heretek-ai/openclaw-{{pluginName}}", "version": "1.0.0", "type": "module",\n'
                        ' "openclaw": {"id": "{{pluginName}}", "description": "{{pluginDescription}}"}}\n',
        "SKILL.md": "---\nname: {{pluginName}}\ndescription: {{pluginDescription}}\nversion: 1.0.0\n---\n# {{pluginDisplayName}}\n",
        "src/skills/{{skillName}}.js": "export default { name: '{{skillName}}', text: `{{pluginDescription}}` };\n",
        "scripts/healthcheck.js": "process.exit(0);\n"},
        listed=["package.json", "SKILL.md", "src/skills/{{skillName}}.js"],
        variables={n: {"type": "string", "description": n, "required": n != "skillName"}
                   for n in ("pluginName", "pluginDisplayName", "pluginDescription", "skillName")})
    made = run(env, "plugin", "create", "foreign", "--template", original, "--output", folder, "--description", DESCRIPTION)
    assert made["warnings"] == ["scripts/healthcheck.js lies in the template and is not in its files[]: left out"], made
    with open(f"{folder}/foreign/package.json", encoding="utf-8") as f:
        assert json.load(f)["openclaw"]["description"] == DESCRIPTION
    assert os.path.exists(f"{folder}/foreign/src/skills/foreign.js")
    built = run(env, "plugin", "build", f"{folder}/foreign")["data"]
    assert built["kind"] == "skill" and built["name"] == "foreign", built
    run(env, "plugin", "pack", f"{folder}/foreign", "--output", f"{folder}/foreign.ocp")

    for name, files, listed in (("up", {"a": "x"}, ["../../etc/passwd"]), ("root", {"a": "x"}, ["/etc/passwd"])):
        evil = third_party(folder, name, files, listed)
        assert run(env, "plugin", "create", "evil", "--template", evil, "--output", folder, fails=True)["error"]["code"] == "refused"
    evil = third_party(folder, "link", {"a": "x"}, ["a", "b"])
    os.symlink("/etc/hostname", f"{evil}/b")
    assert run(env, "plugin", "create", "evil", "--template", evil, "--output", folder, fails=True)["error"]["code"] == "refused"
    evil = third_party(folder, "code", {"x.c": "int x = {{value}};\n"}, variables={"value": {"type": "string"}})
    error = run(env, "plugin", "create", "evil", "--template", evil, "--output", folder, "--var", "value=1; system(0)",
                fails=True)["error"]
    assert error["code"] == "config" and "x.c:1" in error["message"], error
    assert not os.path.exists(f"{folder}/evil")
    print("third-party templates: the original's format, and what is refused")


# ---- a terminal is asked ----


def asked(env, folder):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(OPENCLAW, [OPENCLAW, "plugin", "create", "asked", "--template", "skill", "--output", folder], env)
    said, answers = b"", [b"Does what it is told\n", b"Ann\n"]
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if not select.select([fd], [], [], 0.5)[0]:
            continue
        try:
            piece = os.read(fd, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
        if answers and said.endswith(b": ") and b"\n" not in said[-3:]:
            os.write(fd, answers.pop(0))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 0 and not answers, said.decode()
    with open(f"{folder}/asked/plugin.json", encoding="utf-8") as f:
        manifest = json.load(f)
    assert manifest["summary"] == "Does what it is told" and manifest["author"] == "Ann", manifest
    print("a terminal is asked")


def nothing_is_asked_without_a_terminal(env, folder):
    """The shortest way: who writes it is read from git's file, and what it does is said neutrally."""
    home = f"{folder}/someone"
    os.makedirs(home)
    with open(f"{home}/.gitconfig", "w", encoding="utf-8") as f:
        f.write('[core]\n\tname = wrong\n[user]\n\tname = "Zoë \\"Z\\" Lee" # me\n\temail = zoe@example.org\n')
    quiet = {k: v for k, v in env.items() if not k.startswith(("GIT_", "XDG_"))}
    made = run({**quiet, "HOME": home}, "plugin", "create", "short", "--template", "collector", "--output", folder)["data"]
    with open(f"{made['folder']}/plugin.json", encoding="utf-8") as f:
        manifest = json.load(f)
    assert manifest["author"] == 'Zoë "Z" Lee <zoe@example.org>', manifest
    assert manifest["summary"] == "A new collector plugin", manifest
    with open(f"{home}/.gitconfig", "wb") as f:
        f.write(b"[user]\nname = a\x1b[31mb\nemail = \xff\n[user")
    made = run({**quiet, "HOME": home}, "plugin", "create", "odd", "--output", folder)["data"]
    with open(f"{made['folder']}/plugin.json", encoding="utf-8") as f:
        author = json.load(f)["author"]
    assert author and "\x1b" not in author and "<" not in author, author
    print("nothing is asked where nobody can answer")


# ---- errors of a build ----


def build_errors(env, folder):
    run(env, "plugin", "create", "broken", "--template", "basic", "--output", folder, "--author", "A", "--description", "D")
    source = f"{folder}/broken/broken.c"
    with open(source, encoding="utf-8") as f:
        lines = f.read().split("\n")
    lines.insert(5, "int broken = nothing;")
    with open(source, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    error = refused(env, "build-failed", "plugin", "build", f"{folder}/broken")
    assert error["message"].startswith("broken.c:6:14: error: "), error
    assert error["details"]["findings"][0]["line"] == 6, error
    lines[5] = ""
    with open(source, "w", encoding="utf-8") as f:
        f.write("\n".join(lines))
    with open(f"{folder}/broken/test_broken.c", encoding="utf-8") as f:
        test = f.read()
    with open(f"{folder}/broken/test_broken.c", "w", encoding="utf-8") as f:
        f.write(test.replace("OC_STATE_WARNING", "OC_STATE_CRITICAL"))
    error = refused(env, "tests-failed", "plugin", "test", f"{folder}/broken")
    assert "test_broken.c:" in error["message"], error
    os.mkdir(f"{folder}/moved")
    os.rename(f"{folder}/broken", f"{folder}/moved/broken")  # with its build folder
    run(env, "plugin", "build", f"{folder}/moved/broken")
    empty = f"{folder}/empty"
    os.mkdir(empty)
    refused(env, "folder-unknown", "plugin", "build", empty)
    print("errors name file and line")


def keys(env, folder):
    prefix = f"{folder}/ann"
    made = run(env, "plugin", "keygen", "--output", prefix)["data"]
    assert os.stat(f"{prefix}.key").st_mode & 0o777 == 0o600
    refused(env, "target-exists", "plugin", "keygen", "--output", prefix)
    archive = f"{folder}/{named('basic')}-1.ocp"
    signed = run(env, "plugin", "sign", archive, "--key", f"{prefix}.key", "--id", f"ann/{named('basic')}")["data"]
    assert signed["key_id"] == made["key_id"]
    assert signed["trusted_comment"].startswith(f"openclaw:ann/{named('basic')}@1.0.0 target:"), signed
    if shutil.which("minisign"):
        subprocess.run(["minisign", "-V", "-p", f"{prefix}.pub", "-m", archive], check=True, stdout=subprocess.DEVNULL)
    with open(f"{folder}/password", "w", encoding="utf-8") as f:
        f.write("correct horse\n")
    run(env, "plugin", "keygen", "--output", f"{folder}/safe", "--password-file", f"{folder}/password")
    error = run(env, "plugin", "sign", archive, "--key", f"{folder}/safe.key", fails=True)["error"]
    assert error["code"] == "auth" and "--password-file" in error["hint"], error
    run(env, "plugin", "sign", archive, "--key", f"{folder}/safe.key", "--password-file", f"{folder}/password")
    cut = f"{folder}/cut.ocp"
    with open(archive, "rb") as whole, open(cut, "wb") as part:
        part.write(whole.read(100))
    refused(env, "archive-truncated", "plugin", "sign", cut, "--key", f"{prefix}.key")
    assert not os.path.exists(f"{cut}.minisig")
    error = run(env, "plugin", "sign", f"{folder}/no.ocp", "--key", f"{prefix}.key", fails=True)["error"]
    assert error["code"] == "not_found" and "no.ocp" in error["message"], error
    print("keys and signatures")


def watching(env, folder):
    run(env, "plugin", "create", "watched", "--template", "skill", "--output", folder, "--author", "A", "--description", "D")
    child = subprocess.Popen([OPENCLAW, "--json", "plugin", "watch", f"{folder}/watched"], env=env, text=True,
                             stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    first = json.loads(child.stdout.readline())
    os.makedirs(f"{folder}/watched/build/x")
    with open(f"{folder}/watched/SKILL.md", "a", encoding="utf-8") as f:
        f.write("more\n")
    second = json.loads(child.stdout.readline())
    child.terminate()
    child.communicate(timeout=30)
    assert "watching" in json.dumps(first), first
    assert "SKILL.md" in json.dumps(second) and "build" not in json.dumps(second), second
    print("changes are told")


def developing(env, folder):
    """What is saved runs a moment later; what does not build changes nothing."""
    daemon = Daemon("collectors = ();\nalerts = { channels = (); };\n", home=env["OPENCLAW_HOME"], env=env).start()
    run(env, "plugin", "create", "dev", "--template", "basic", "--output", folder, "--author", "A", "--description", "D")
    child = subprocess.Popen([OPENCLAW, "--yes", "plugin", "dev", f"{folder}/dev"], env=env, text=True, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def output():
        try:
            daemon.call("collector.run", name="dev")
            return daemon.call("health.check", service="dev")["checks"][0]["output"]
        except (Failure, IndexError, KeyError):
            return ""

    def save(old, new):
        with open(f"{folder}/dev/dev.c", encoding="utf-8") as f:
            text = f.read()
        with open(f"{folder}/dev/dev.c", "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))

    try:
        eventually(lambda: output() == "the value is 1", 60, "the first round")
        began = time.monotonic()
        save("the value is", "the number is")
        eventually(lambda: output() == "the number is 1", 60, "the second round")
        print(f"saved, built and reloaded in {time.monotonic() - began:.1f} s")
        save("the number is %g\"", "broken %g\" oops")
        for line in child.stdout:
            if "dev.c:" in line and "error" in line:
                break
        assert output() == "the number is 1"
        save("broken %g\" oops", "the figure is %g\"")
        eventually(lambda: output() == "the figure is 1", 60, "the round after the error")
    finally:
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=60)
        daemon.stop()
    assert child.returncode == 0, child.returncode


def main():
    folder = tempfile.mkdtemp(prefix="openclaw-templates-")
    os.makedirs(f"{folder}/home")
    env = environment(f"{folder}/home")
    try:
        listed = [row["name"] for row in run(env, "plugin", "create", "--list")["data"]]
        assert listed == TEMPLATES and len(listed) >= 12, listed
        wanted = out_of_tree(env, folder)
        odd_names(env, folder)
        keys(env, folder)
        refusals(env, folder)
        third_parties(env, folder)
        asked(env, folder)
        nothing_is_asked_without_a_terminal(env, folder)
        build_errors(env, folder)
        watching(env, folder)
        in_tree(env, folder, wanted)
        children(env, folder, wanted)
        developing(env, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
