/* What the trials of openclaw-plugcheck share. SPDX-License-Identifier: MIT
 *
 * A trial is one run of the program: it loads the plugin, does one kind of thing with it and says on its channel, a JSON object
 * a line:
 *     {"doing":"start with url = \"\""}                           what comes next; a crash is told with the last one
 *     {"id":"OC1007","where":"...","message":"..."}               a finding
 *     {"skipped":"..."}                                           what could not be tried, and why
 *     {"missing":["..."]}                                         what this kernel cannot enforce
 *     {"end":true}                                                the trial came to its end
 *     {"failed":"..."}                                            it could not be made
 * stdout belongs to nobody, what the plugin writes there goes to stderr. */
#ifndef OC_PLUGCHECK_PLUGCHECK_H
#define OC_PLUGCHECK_PLUGCHECK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <openclaw/plugin.h>
#include <openclaw/testkit.h>

#define LATENESS_MS 500 /* scheduling, and sanitizers */

struct trial {
    const json_t *params;
    const char *so, *kind, *scratch; /* scratch: a folder of its own */
    int port;                        /* on the loopback: takes connections and never answers */
    uint64_t seed;
    int rounds;
    struct oc_test *t;                   /* NULL before trial_load */
    const struct oc_plugin_entry *entry; /* of the library */
};

void trial_doing(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void trial_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* {"skipped"} */
void trial_finding(const char *id, const char *where, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Loads the library; a finding and false when it cannot be. */
bool trial_load(struct trial *trial);
/* Takes config. */
void trial_configure(struct trial *trial, json_t *config);
/* Starts it with a plausible configuration. False when it did not start: that is no finding when it said why, and is told. */
bool trial_start(struct trial *trial);
/* The methods of the entry, in its order; NULL at the end. */
const char *trial_method(const struct trial *trial, size_t i);
/* Parameters that make sense to a method, NULL when it takes none or nobody knows. */
const char *trial_params(const char *method);
/* Looks at the result of a call: codes and messages. */
void trial_check_result(const struct trial *trial, const char *method, int32_t code);

/* ---- configurations out of the option table; owned by the caller ---- */

/* One that the table accepts: defaults, and something plausible where one is required. Hosts, ports and URLs lead to `port` on
 * the loopback, paths into `dir`. */
json_t *config_plausible(const struct oc_plugin_entry *entry, int port, const char *dir);
/* The same with option number `n` made odd in way number `way`; NULL when there is no such option or way. */
json_t *config_odd(const struct oc_plugin_entry *entry, int port, const char *dir, size_t n,
                   size_t way);
/* The name of the first option, nested ones too, that has no help; NULL when all have. */
const char *config_without_help(const struct oc_plugin_entry *entry);

/* ---- the trials ---- */
void trial_rounds(struct trial *trial);   /* load, entry, 100 times start and stop */
void trial_configs(struct trial *trial);  /* 50 odd configurations */
void trial_contract(struct trial *trial); /* deadline, cancel, results, records */
void trial_old_host(struct trial *trial); /* a host struct of the size of 1.0 */
void trial_nonsense(struct trial *trial); /* parameters from a seed */
void trial_faults(struct trial *trial);   /* denied network, failing host, tiny limits */

#endif
