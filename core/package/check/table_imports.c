/* The checks of what a library calls against what its manifest asks for. SPDX-License-Identifier: MIT */
#include "core/package/check/table.h"

#define E OC_SEVERITY_ERROR
#define W OC_SEVERITY_WARNING
#define N OC_SEVERITY_NOTE

const struct oc_check oc_checks_imports[] = {
    {"OC0201", E, "it can use the network and does not say so",
     "The library imports functions such as connect or getaddrinfo, and no permission begins with "
     "\"network:\".",
     "People consent to the permissions; in the sandbox the calls would be refused.",
     "Ask for what is needed, `network:tcp:443` for example, or drop the code."},
    {"OC0202", E, "it can start programs and does not say so",
     "The library imports functions such as execve or posix_spawn, and no permission begins with "
     "\"process:spawn\".",
     "People consent to the permissions; in the sandbox the calls would be refused.",
     "Ask for `process:spawn:<program>`, or drop the code."},
    {"OC0203", W, "it runs a shell", "The library imports system or popen.",
     "A text from outside that reaches a shell becomes a command.",
     "Use posix_spawn with a list of arguments."},
    {"OC0204", W, "it loads code by itself", "The library imports dlopen or dlmopen.",
     "What is loaded that way has been seen by no check and verified by no digest.",
     "Link what is needed. When it must be found at run time, say why under \"accepted_checks\"."},
    {"OC0205", E, "it uses calls that no plugin may use",
     "The library imports calls that change users, mounts, kernel modules or other processes: "
     "setuid, ptrace, mount ...",
     "No permission gives them, and no plugin needs them.",
     "Drop the code; a privileged step belongs to the administrator."},
    {"OC0206", W, "it can end the process", "The library imports exit, _exit or quick_exit.",
     "In a host that serves others, ending the process ends everything.",
     "Return an error from the method."},
    {"OC0207", W, "it changes what belongs to the whole process",
     "The library imports calls such as chdir, setenv, setlocale or signal.",
     "Other plugins and the host share the working folder, the environment and the signal "
     "handlers.",
     "Use the variants with a folder descriptor, newlocale, or an own process."},
    {"OC0208", W, "it can change files and does not say so",
     "The library imports calls such as unlink, rename or mkdir, and no permission begins with "
     "\"filesystem:write\".",
     "People consent to the permissions; in the sandbox the calls would be refused.",
     "Ask for `filesystem:write:<path>`, or drop the code."},
    {"OC0209", N, "it opens files",
     "The library imports open or fopen, and no permission speaks of files.",
     "What it opens cannot be seen from here; in the sandbox it sees only its own folder and "
     "system files.",
     "Ask for `filesystem:read:<path>` when it reads more than that."},
    {"OC0210", N, "a permission seems not to be needed",
     "The manifest asks for the network or for programs, and nothing that the library imports uses "
     "them.",
     "Every permission is a question to whoever installs the plugin.", "Remove it."},
    {"OC0211", W, "it writes to the terminal",
     "The library imports printf, puts or stdout, and no permission begins with "
     "\"terminal:write\".",
     "Standard output belongs to the host; in an isolated plugin it leads nowhere.",
     "Use the host's log."},
    {"OC0212", W, "it calls the kernel directly", "The library imports syscall.",
     "Which calls it makes cannot be seen, so nothing above can be believed.",
     "Use the functions of the C library."},
    {0},
};
