/* Level 1: what the library says of itself, and starting and stopping it again and again. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/plugcheck/plugcheck.h"

#define ROUNDS       100
#define WARM_UP      20 /* what libraries keep for the whole process is there by then */
#define FDS_LOOKED   1024
#define SLOW_MS      5000
#define GROWTH_BYTES 512 /* of a round, in each half of the rounds */

/* ---- the methods of a kind ---- */

static const struct {
    const char *kind, *method;
} promised[] = {
    {"collector", "collector.collect/1"},
    {"alert", "alert.send/1"},
    {"deployer", "deployer.plan/1"},
    {"deployer", "deployer.apply/1"},
    {"deployer", "deployer.status/1"},
    {"deployer", "deployer.rollback/1"},
    {"deployer", "deployer.destroy/1"},
    {"backup_source", "backup.dump/1"},
    {"backup_source", "backup.restore/1"},
    {"backup_target", "storage.put/1"},
    {"backup_target", "storage.get/1"},
    {"backup_target", "storage.list/1"},
    {"backup_target", "storage.remove/1"},
    {"tool", "tool.list/1"},
    {"tool", "tool.call/1"},
    {"endpoint", "endpoint.handle/1"},
    {"bus", "bus.listen/1"},
    {"bus", "bus.publish/1"},
};

static bool has_method(const struct trial *trial, const char *method)
{
    const char *id;
    for (size_t i = 0; (id = trial_method(trial, i)); i++) {
        if (strcmp(id, method) == 0) {
            return true;
        }
    }
    return false;
}

static void check_entry(const struct trial *trial)
{
    for (size_t i = 0; i < OC_COUNT(promised); i++) {
        if (strcmp(promised[i].kind, trial->kind) == 0 && !has_method(trial, promised[i].method)) {
            trial_finding("OC1003", promised[i].method, "a %s has %s", trial->kind,
                          promised[i].method);
        }
    }
    const char *option = config_without_help(trial->entry);
    if (option) {
        trial_finding("OC1004", option, "%s has no help, or help that ends with a full stop",
                      option);
    }
}

/* ---- the rounds ---- */

static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < FDS_LOOKED; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

struct measure {
    int descriptors;
    size_t memory;
};

static struct measure measure(void)
{
    return (struct measure){open_descriptors(), mallinfo2().uordblks};
}

/* False ends the rounds. */
static bool one_round(struct trial *trial, int n)
{
    trial_doing("round %d of start and stop", n + 1);
    const int64_t began = oc_time_mono();
    const int descriptors = open_descriptors();
    const int32_t code = oc_test_start(trial->t);
    if (code && !oc_test_error(trial->t)->message[0]) {
        trial_finding("OC1005", "start", "start returned %d and no message", code);
        return false;
    }
    if (code > OC_OK || (code && code <= OC_E_CRASHED)) {
        trial_finding("OC1005", "start", "start returned %d, which is no code", code);
        return false;
    }
    const int left = oc_test_stop(trial->t);
    const int64_t took = oc_time_mono() - began;
    if (left && n > 0) { /* the first time is for what libraries keep for the whole process */
        const bool open = open_descriptors() > descriptors;
        trial_finding(open ? "OC1007" : "OC1008", "stop", "%d %s left behind", left,
                      open ? "descriptors were" : "threads were");
        return false;
    }
    if (took > SLOW_MS) {
        trial_finding("OC1006", "start", "round %d took %lld ms", n + 1, (long long)took);
        return false;
    }
    return true;
}

static void compare(const struct measure *early, const struct measure *middle,
                    const struct measure *late)
{
    const size_t rounds = (ROUNDS - WARM_UP) / 2;
    if (late->descriptors > early->descriptors) {
        trial_finding("OC1007", "stop", "%d descriptors more after %d rounds",
                      late->descriptors - early->descriptors, ROUNDS - WARM_UP);
    }
    if (middle->memory > early->memory + rounds * GROWTH_BYTES &&
        late->memory > middle->memory + rounds * GROWTH_BYTES) {
        trial_finding("OC1009", "stop", "%zu bytes more after %d rounds",
                      late->memory - early->memory, ROUNDS - WARM_UP);
    }
}

void trial_rounds(struct trial *trial)
{
    struct measure early = {0}, middle = {0};
    bool started = false;
    check_entry(trial);
    trial_configure(trial, config_plausible(trial->entry, trial->port, trial->scratch));
    for (int n = 0; n < ROUNDS; n++) {
        if (!one_round(trial, n)) {
            return;
        }
        const bool well = oc_test_error(trial->t)->code == OC_OK;
        if (n > 0 && well != started) {
            trial_finding("OC1006", "start", "round %d ended otherwise than the first: %s", n + 1,
                          well ? "it started" : oc_test_error(trial->t)->message);
            return;
        }
        started = well;
        if (n + 1 == WARM_UP) {
            early = measure();
        } else if (n + 1 == WARM_UP + (ROUNDS - WARM_UP) / 2) {
            middle = measure();
        }
    }
    const struct measure late = measure();
    compare(&early, &middle, &late);
}
