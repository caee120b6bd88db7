/* The command line of openclawd. SPDX-License-Identifier: MIT */
#include "core/daemon/options.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/error.h"
#include "core/base/version.h"

enum {
    OPT_SAFE = 256,
    OPT_DUMP,
    OPT_DUMP_OPTIONS,
    OPT_CHECK,
    OPT_DRAFT,
    OPT_EPHEMERAL,
    OPT_NO_STORE,
    OPT_LOOKS,
    OPT_NO_PLUGINS,
    OPT_PLAIN,
    OPT_COLLECT,
    OPT_USER,
    OPT_HOME,
    OPT_SET
};

static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                      {"home", required_argument, NULL, OPT_HOME},
                                      {"set", required_argument, NULL, OPT_SET},
                                      {"foreground", no_argument, NULL, 'f'},
                                      {"safe-mode", no_argument, NULL, OPT_SAFE},
                                      {"user", required_argument, NULL, OPT_USER},
                                      {"check", no_argument, NULL, OPT_CHECK},
                                      {"draft", no_argument, NULL, OPT_DRAFT},
                                      {"ephemeral", required_argument, NULL, OPT_EPHEMERAL},
                                      {"no-store", no_argument, NULL, OPT_NO_STORE},
                                      {"looks", no_argument, NULL, OPT_LOOKS},
                                      {"no-plugins", no_argument, NULL, OPT_NO_PLUGINS},
                                      {"plain", no_argument, NULL, OPT_PLAIN},
                                      {"collect", no_argument, NULL, OPT_COLLECT},
                                      {"dump-ops", no_argument, NULL, OPT_DUMP},
                                      {"dump-options", no_argument, NULL, OPT_DUMP_OPTIONS},
                                      {"help", no_argument, NULL, 'h'},
                                      {"version", no_argument, NULL, 'V'},
                                      {NULL, 0, NULL, 0}};

static const char help[] =
    "Usage: openclawd [options]\n"
    "\n"
    "The openclaw host daemon: watches services through plugins, evaluates rules, alerts people.\n"
    "\n"
    "  -c, --config FILE   configuration; default: $OPENCLAW_CONFIG, <home>/openclaw.conf,\n"
    "                      /etc/openclaw/openclaw.conf, or built-in defaults\n"
    "      --home DIR      state folder; default: $OPENCLAW_HOME, host.home, ~/.openclaw\n"
    "      --set KEY=VALUE set one value, above every other layer; may be given again\n"
    "  -f, --foreground    stay in the foreground and log to stderr (what systemd wants, too)\n"
    "      --user NAME     when started as root: give the home folder to NAME, then become NAME\n"
    "      --safe-mode     load no plugin: for a host that a plugin keeps from starting\n"
    "      --check         validate the configuration, print the findings as JSON; exit 7 on "
    "errors\n"
    "  -h, --help          this text\n"
    "  -V, --version       version\n"
    "\n"
    "Signals: SIGTERM and SIGINT drain and exit, SIGHUP reloads, SIGUSR1 flushes the store.\n";

static int usage(const char *message)
{
    fprintf(stderr, "openclawd: %s\nTry 'openclawd --help'.\n", message);
    return OC_EXIT_USAGE;
}

/* It is closed in whatever the daemon starts: the end of the daemon is the end of the connection, and nobody else speaks on it. */
static int parse_fd(const char *text)
{
    char *end;
    long fd = strtol(text, &end, 10);
    const bool right = *text && !*end && fd >= 0 && fd < 1024;
    return right && fcntl((int)fd, F_SETFD, FD_CLOEXEC) == 0 ? (int)fd : -1;
}

static int add_set(struct daemon_options *o, const char *text)
{
    size_t n = 0;
    while (o->sets[n]) {
        n++;
    }
    if (n + 1 >= sizeof o->sets / sizeof *o->sets) {
        return usage("at most 64 --set options");
    }
    if (!strchr(text, '=')) {
        return usage("--set wants KEY=VALUE");
    }
    o->sets[n] = text;
    return -1;
}

static int take(int opt, struct daemon_options *o)
{
    switch (opt) {
    case 'c':
        o->config = optarg;
        break;
    case OPT_HOME:
        o->home = optarg;
        break;
    case OPT_SET:
        return add_set(o, optarg);
    case 'f':
        o->foreground = true;
        break;
    case OPT_SAFE:
        o->safe_mode = true;
        break;
    case OPT_USER:
        o->user = optarg;
        break;
    case OPT_CHECK:
        o->check = true;
        break;
    case OPT_DRAFT:
        o->draft = true;
        break;
    case OPT_EPHEMERAL:
        o->ephemeral = parse_fd(optarg);
        return o->ephemeral < 0 ? usage("--ephemeral wants a descriptor") : -1;
    case OPT_NO_STORE:
        o->no_store = true;
        break;
    case OPT_LOOKS:
        o->looks = true;
        break;
    case OPT_NO_PLUGINS:
        o->no_plugins = true;
        break;
    case OPT_PLAIN:
        o->plain = true;
        break;
    case OPT_COLLECT:
        o->collect = true;
        break;
    case OPT_DUMP:
        o->dump_ops = true;
        break;
    case OPT_DUMP_OPTIONS:
        o->dump_options = true;
        break;
    case 'h':
        fputs(help, stdout);
        return 0;
    case 'V':
        printf("openclawd %s (plugin ABI %d.%d)\n", OC_VERSION, OC_ABI_MAJOR, OC_ABI_MINOR);
        return 0;
    default:
        fputs("Try 'openclawd --help'.\n", stderr);
        return OC_EXIT_USAGE;
    }
    return -1;
}

int oc_daemon_options(int argc, char **argv, struct daemon_options *o)
{
    memset(o, 0, sizeof *o);
    o->ephemeral = -1;
    for (int opt; (opt = getopt_long(argc, argv, "c:fhV", longs, NULL)) != -1;) {
        int rc = take(opt, o);
        if (rc >= 0) {
            return rc;
        }
    }
    return optind < argc ? usage("no arguments are expected, only options") : -1;
}
