/* kill -9 at random moments loses nothing acknowledged. SPDX-License-Identifier: MIT */
#include "tests/unit/store/points.h"
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { ROUNDS = 120, PER_FLUSH = 40, ACKS_MAX = 6, LATER_US = 5000 };

/* What the child has been told is safe. */
struct ack {
    int64_t keys;    /* silences written one by one */
    int64_t pairs;   /* and in groups of two */
    int64_t samples; /* seen by a flush */
};

static void put(struct kit *kit, const char *space, int64_t n, bool durable)
{
    char key[32];
    json_t *value = json_integer(n);
    snprintf(key, sizeof key, "%lld", (long long)n);
    if (oc_kv_put(kit->store, space, key, value, durable, NULL) != OC_OK && durable) {
        _exit(3);
    }
    json_decref(value);
}

static void child_step(struct kit *kit, struct oc_series *series, struct ack *ack, int64_t *sample)
{
    put(kit, "single", ++ack->keys, true);
    oc_store_begin(kit->store);
    put(kit, "left", ack->pairs + 1, false);
    put(kit, "right", ack->pairs + 1, false);
    if (oc_store_end(kit->store, NULL) != OC_OK) {
        _exit(4);
    }
    ack->pairs++;
    for (int i = 0; i < PER_FLUSH; i++, ++*sample) {
        oc_store_append(kit->store, series, KIT_NOW + *sample * 1000, (double)*sample / 3);
    }
    if (oc_store_flush(kit->store, NULL) != OC_OK) {
        _exit(5);
    }
    ack->samples = *sample;
    if (*sample % 7 == 0) {
        oc_store_maintain(kit->store, NULL);
    }
}

/* Goes on until it is killed; each acknowledgement is one write, so the parent sees it whole. */
static _Noreturn void child(struct kit *kit, struct ack ack, int fd)
{
    kit->bus = NULL;
    kit_open(kit);
    struct oc_series *series = kit_series(kit, "m", "a");
    int64_t sample = ack.samples;
    for (;;) {
        child_step(kit, series, &ack, &sample);
        oc_time_fake(KIT_NOW + sample * 1000, sample * 1000);
        if (write(fd, &ack, sizeof ack) != sizeof ack) {
            _exit(6);
        }
    }
}

/* The last acknowledgement of a child that was let go on until some were there, and a little on. */
static struct ack run_and_kill(struct kit *kit, struct ack ack, struct random *random)
{
    int pipes[2], status;
    struct ack got;

    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        child(kit, ack, pipes[1]);
    }
    close(pipes[1]);
    for (uint64_t wanted = random_below(random, ACKS_MAX);
         wanted && read(pipes[0], &got, sizeof got) == sizeof got; wanted--) {
        ack = got;
    }
    usleep((useconds_t)random_below(random, LATER_US));
    kill(pid, SIGKILL);
    while (read(pipes[0], &got, sizeof got) == sizeof got) {
        ack = got;
    }
    close(pipes[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status)); /* it ended by our hand, not by an error of its own */
    return ack;
}

static int64_t check_space(struct kit *kit, const char *space, int64_t acknowledged)
{
    json_t *all = oc_kv_all(kit->store, space);
    for (int64_t i = 1; i <= acknowledged; i++) {
        char key[32];
        snprintf(key, sizeof key, "%lld", (long long)i);
        assert_int_equal(json_integer_value(json_object_get(all, key)), i);
    }
    int64_t count = (int64_t)json_object_size(all);
    json_decref(all);
    return count;
}

static int64_t check_samples(struct kit *kit, int64_t acknowledged)
{
    struct kit_points got = {0};
    oc_store_read(kit->store, kit_series(kit, "m", "a"), 0, INT64_MAX, kit_take, &got, NULL);
    int64_t count = (int64_t)got.list.count;
    assert_true(count >= acknowledged);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(got.list.items[i].time_ms, KIT_NOW + i * 1000);
        assert_true(got.list.items[i].value == (double)i / 3);
    }
    OC_VEC_FINISH(&got.list);
    return count;
}

static void killed_at_any_moment_nothing_acknowledged_is_lost(void **state)
{
    struct kit *kit = *state;
    struct random random = {20261122};
    struct ack ack = {0};

    kit->options.retention_ms = 1000 * OC_DAY;
    for (int round = 0; round < ROUNDS; round++) {
        oc_store_close(kit->store);
        kit->store = NULL;
        ack = run_and_kill(kit, ack, &random);
        oc_time_fake(KIT_NOW + ack.samples * 1000, 0);
        kit_open(kit);
        assert_true(oc_store_healthy(kit->store, NULL));
        assert_int_equal(kit_heard(kit, "store.corrupt"), 0);
        ack.keys = check_space(kit, "single", ack.keys);
        int64_t left = check_space(kit, "left", ack.pairs);
        assert_int_equal(check_space(kit, "right", ack.pairs), left);
        ack.pairs = left;
        ack.samples = check_samples(kit, ack.samples);
    }
    assert_true(ack.keys > ROUNDS && ack.samples > PER_FLUSH * ROUNDS); /* the children did work */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(killed_at_any_moment_nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
