/* Level 1: configurations as people write them. SPDX-License-Identifier: MIT */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/plugcheck/plugcheck.h"

#define CONFIGS 50
#define SLOW_MS 5000
#define SHOWN   120 /* characters of a configuration in a message */

static size_t count_ways(const struct trial *trial, size_t n)
{
    json_t *config;
    size_t way = 0;
    for (; (config = config_odd(trial->entry, trial->port, trial->scratch, n, way)); way++) {
        json_decref(config);
    }
    return way;
}

static void try_config(struct trial *trial, json_t *config)
{
    char *text = oc_json_text(config);
    trial_configure(trial, config);
    trial_doing("start with %.*s", SHOWN, text);
    const int64_t began = oc_time_mono();
    const int32_t code = oc_test_start(trial->t);
    if (code && !oc_test_error(trial->t)->message[0]) {
        trial_finding("OC1011", "start", "with %.*s it returned %d and no message", SHOWN, text,
                      code);
    }
    oc_test_stop(trial->t);
    const int64_t took = oc_time_mono() - began;
    if (took > SLOW_MS) {
        trial_finding("OC1011", "start", "with %.*s it took %lld ms", SHOWN, text, (long long)took);
    }
    free(text);
}

/* Evenly over all options and all ways of being odd; before that none at all, and one that nobody knows. */
void trial_configs(struct trial *trial)
{
    size_t options = 0, ways = 0;
    try_config(trial, json_object());
    try_config(trial, json_pack("{s:i}", "no_such_option", 1));
    for (size_t n; (n = count_ways(trial, options)) > 0; options++) {
        ways = n;
    }
    const size_t all = options * ways, count = all < CONFIGS - 2 ? all : CONFIGS - 2;
    for (size_t i = 0; i < count; i++) {
        const size_t k = i * all / count;
        try_config(trial,
                   config_odd(trial->entry, trial->port, trial->scratch, k / ways, k % ways));
    }
}
