/* The descriptors and threads that a process holds. SPDX-License-Identifier: MIT */
#include "kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SETTLE_MS 1000 /* a thread that was joined may stay in /proc for a moment */

static void add_descriptor(json_t *held, const char *number)
{
    char *link = kit_format("/proc/self/fd/%s", number);
    char target[256];
    const ssize_t len = readlink(link, target, sizeof target - 1);
    free(link);
    if (len > 0) {
        target[len] = '\0';
        char *name = kit_format("descriptor %s (%s)", number, target);
        json_object_set_new(held, name, json_true());
        free(name);
    }
}

static void add_thread(json_t *held, const char *number)
{
    char *path = kit_format("/proc/self/task/%s/comm", number);
    FILE *f = fopen(path, "re");
    char comm[32] = "?";
    if (f) {
        if (!fgets(comm, sizeof comm, f)) {
            comm[0] = '\0';
        }
        fclose(f);
        comm[strcspn(comm, "\n")] = '\0';
        char *name = kit_format("thread %s (%s)", number, comm);
        json_object_set_new(held, name, json_true());
        free(name);
    }
    free(path);
}

static void each_entry(const char *path, void (*fn)(json_t *held, const char *name), json_t *held)
{
    DIR *dir = opendir(path);
    if (!dir) {
        return;
    }
    char *self = kit_format("%d", dirfd(dir));
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        if (e->d_name[0] != '.' && (fn != add_descriptor || strcmp(e->d_name, self) != 0)) {
            fn(held, e->d_name);
        }
    }
    free(self);
    closedir(dir);
}

json_t *kit_leaks_snapshot(void)
{
    json_t *held = json_object();
    each_entry("/proc/self/fd", add_descriptor, held);
    each_entry("/proc/self/task", add_thread, held);
    return held;
}

static int count_new(const json_t *before, bool say)
{
    json_t *now = kit_leaks_snapshot();
    const char *name;
    json_t *value;
    int count = 0;
    json_object_foreach(now, name, value)
    {
        if (!json_object_get(before, name)) {
            count++;
            if (say) {
                fprintf(stderr, "testkit: left behind: %s\n", name);
            }
        }
    }
    json_decref(now);
    return count;
}

int kit_leaks_count(const json_t *before)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    const int64_t until = kit_now_ms() + SETTLE_MS;
    while (count_new(before, false) && kit_now_ms() < until) {
        nanosleep(&pause, NULL);
    }
    return count_new(before, true);
}
