/* How many processes there are, and what they do. SPDX-License-Identifier: MIT
 *
 * Listing /proc makes the kernel visit every process. Where we see all of them, it also tells their
 * number as links of /proc itself: a folder has two links and one for each folder in it, and
 * processes count as folders. A listing says whether that holds (in a pid namespace of a container
 * it does not), and then a single fstat replaces it for a while. States cost an open and a read per
 * process, so they are an option; the running and blocked tasks of the default are those that the
 * kernel counts in /proc/stat. */
#include "system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_EVERY 60u /* calls: modules may add folders to /proc */

struct tally {
    uint64_t folders; /* in /proc that are no processes */
    uint64_t total, running, sleeping, blocked, zombie, stopped;
};

/* One process of "123 (name) S 1 ...": the name may hold anything, so the state is after the last
 * parenthesis. */
static char read_state(int proc_fd, const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "%.32s/stat", pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    const char *close_paren = len > 0 ? memrchr(text, ')', (size_t)len) : NULL;
    return close_paren && text + len - close_paren > 2 ? close_paren[2] : 0;
}

static void count_state(struct tally *t, char state)
{
    switch (state) {
    case 'R':
        t->running++;
        break;
    case 'D':
        t->blocked++;
        break;
    case 'Z':
        t->zombie++;
        break;
    case 'T':
    case 't':
        t->stopped++;
        break;
    case 'S':
    case 'I': /* idle kernel threads */
        t->sleeping++;
        break;
    default: /* ended while we looked */
        break;
    }
}

static void count_entries(struct oc_system *s, size_t len, struct tally *t)
{
    for (size_t at = 0; at < len;) {
        const struct dirent64 *e = (const void *)(s->text + at);
        at += e->d_reclen;
        if (e->d_name[0] < '0' || e->d_name[0] > '9') {
            t->folders += e->d_type == DT_DIR && e->d_name[0] != '.';
            continue;
        }
        t->total++;
        if (s->processes == OC_PROCESSES_STATES) {
            count_state(t, read_state(s->proc_fd, e->d_name));
        }
    }
}

static uint64_t links_of_proc(const struct oc_system *s)
{
    struct stat st;
    return s->live && fstat(s->proc_fd, &st) == 0 ? st.st_nlink : 0;
}

static bool count_by_links(struct oc_system *s, struct tally *t)
{
    uint64_t links = links_of_proc(s);
    if (s->processes != OC_PROCESSES_COUNT || s->proc_links == 0 || links <= s->proc_links ||
        s->round - s->listed_round >= LIST_EVERY) {
        return false;
    }
    t->total = links - s->proc_links;
    return true;
}

static bool count_processes(struct oc_system *s, struct tally *t)
{
    ssize_t n;
    if (count_by_links(s, t)) {
        return true;
    }
    uint64_t links = links_of_proc(s);
    if (lseek(s->proc_fd, 0, SEEK_SET) != 0) {
        return false;
    }
    while ((n = getdents64(s->proc_fd, s->text, s->text_size)) > 0) {
        count_entries(s, (size_t)n, t);
    }
    s->listed_round = s->round;
    s->proc_links = links == t->total + t->folders + 2 ? t->folders + 2 : 0;
    return n == 0;
}

static void put(struct oc_out *o, const char *state, uint64_t count)
{
    oc_out_labelled(o, "system.processes", OC_KIND_GAUGE, (double)count, "state", state);
}

void oc_system_processes(struct oc_system *s, struct oc_out *o)
{
    struct tally t = {0};
    if (s->processes == OC_PROCESSES_OFF || !count_processes(s, &t)) {
        return;
    }
    put(o, "total", t.total);
    if (s->processes == OC_PROCESSES_COUNT) {
        put(o, "running", s->cpus.running);
        put(o, "blocked", s->cpus.blocked);
        return;
    }
    put(o, "running", t.running);
    put(o, "sleeping", t.sleeping);
    put(o, "blocked", t.blocked);
    put(o, "zombie", t.zombie);
    put(o, "stopped", t.stopped);
}
