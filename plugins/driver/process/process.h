/* What the files of this driver share. SPDX-License-Identifier: MIT */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include <openclaw/emit.h>
#include <openclaw/plugin.h>

#define PATH_CAP 4096

struct process {
    /* options */
    struct oc_list command;
    const char *directory, *user, *log, *pidfile;
    struct oc_list environment;
    int64_t settle_ms;
    /* made by start */
    char **argv, **envp;
    const char *name; /* of the instance */
};

/* ---- record.c: which process is ours ---- */

/* What the pid file says: "pid start-time boot-id started-ms". A pid alone may belong to another program by now; a pid with the
 * time at which the kernel started it and the id of the boot cannot. */
struct record {
    pid_t pid;
    unsigned long long ticks; /* field 22 of /proc/PID/stat */
    char boot[40];
    int64_t started_ms; /* wall clock */
};

struct vitals {
    unsigned long long ticks;
    pid_t session;
    int64_t memory_bytes, cpu_ms;
    char state;
};

bool record_read(const char *path, struct record *r);
/* Whole or not at all, and on the disk when it returns. */
int32_t record_write(const char *path, const struct record *r, struct oc_error *err);
/* What the kernel says of a pid; false when there is no such process. */
bool vitals_read(pid_t pid, struct vitals *v);
bool boot_id(char id[40]);
/* The process of the record runs; a zombie does not. */
bool record_alive(const struct record *r, struct vitals *v);

/* ---- spawn.c ---- */

/* Starts the command in a session of its own, as nobody's child. The pid file is on the disk before the program begins: whatever
 * happens to us in between, there is no process that nobody knows of. */
int32_t process_spawn(const struct process *p, const char *pidfile, const char *log,
                      struct record *r, struct oc_error *err);

/* ---- end.c ---- */

/* Ends the process of the record and what is left of its session. *killed: it had to be SIGKILL. */
int32_t process_end(const struct record *r, int64_t grace_ms, const struct oc_request *req,
                    bool *killed, struct oc_error *err);

int64_t monotonic_ms(void);
int64_t wall_ms(void);

#endif
