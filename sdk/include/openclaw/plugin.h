/* The plugin ABI: everything that crosses between openclaw's host and a plugin. SPDX-License-Identifier: MIT
 *
 * This header needs only libc. A plugin is one shared object that exports one data symbol, `oc_plugin_entry`
 * (use OC_PLUGIN_ENTRY), and carries its manifest and build signature in an ELF note (the CMake function
 * openclaw_add_plugin writes both). The host calls methods; every method has one shape: a request in, records
 * out through a sink, a status back.
 *
 * Rules that hold for every function in this file
 *  - Ownership: whoever passes a pointer owns it. Inputs are borrowed until the call returns; what is emitted
 *    through a sink is copied before `emit` returns. Nobody frees across the line.
 *  - Threads: [worker] means one of the host's worker threads; calls into one instance never overlap, but may
 *    come from different threads. No method ever runs on the host's loop thread, so a method may block until
 *    its deadline. [any] means any thread that the plugin owns or is called on.
 *  - Types: only fixed-width integers, double, pointers and the structs below. No bool, enum, long, FILE *.
 *  - Growth: every struct begins with `struct_size` or is an element of a table whose stride is given, and only
 *    grows at its end. A reader looks at a member only when struct_size says that it is there.
 *
 * ABI history: 1.0 first release.
 */
#ifndef OPENCLAW_PLUGIN_H
#define OPENCLAW_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OC_ABI_MAJOR 1
#define OC_ABI_MINOR 0

/* Result classes. Methods return one of these; the host decides what to retry. CRASHED comes from the host only. */
#define OC_OK            0
#define OC_E_RETRY       (-1) /* try again later: busy, rate limited, connection reset */
#define OC_E_TIMEOUT     (-2) /* the deadline passed */
#define OC_E_CANCELLED   (-3) /* the cancel flag was seen */
#define OC_E_CONFIG      (-4) /* the configuration or the parameters are wrong */
#define OC_E_AUTH        (-5) /* the peer refused our credentials */
#define OC_E_DENIED      (-6) /* a right is missing */
#define OC_E_NOT_FOUND   (-7)
#define OC_E_CONFLICT    (-8) /* the state does not allow it now */
#define OC_E_UNSUPPORTED (-9)
#define OC_E_PERMANENT   (-10) /* it will fail again in the same way */
#define OC_E_INTERNAL    (-11) /* a bug */
#define OC_E_CRASHED     (-12)

/* A borrowed run of bytes, UTF-8 unless said otherwise; not NUL-terminated. {NULL, 0} is "none". */
struct oc_view {
    const char *ptr;
    uint64_t len;
};

struct oc_label {
    struct oc_view name;  /* [a-z_][a-z0-9_]* */
    struct oc_view value; /* any UTF-8, at most 256 bytes are kept */
};

/* What went wrong, written by the callee into the caller's memory. `message` is lower case, without a full stop;
 * `hint` is a full sentence with a remedy, or empty. Both are NUL-terminated. */
struct oc_error {
    uint32_t struct_size;
    int32_t code; /* OC_E_* */
    char message[512];
    char hint[256];
};

/* ---- records: what a method puts out ---- */

#define OC_RECORD_SAMPLE 1 /* name, value, kind, labels, time_ms */
/* name = target ("" = the instance itself), state, text = why, labels */
#define OC_RECORD_STATUS 2
/* value = fraction 0..1 or < 0 when unknown, text = what is being done */
#define OC_RECORD_PROGRESS 3
#define OC_RECORD_LOG      4 /* state = OC_LOG_*, text */
#define OC_RECORD_JSON     5 /* text = one JSON document: the result, or one row of it */
#define OC_RECORD_BYTES    6 /* text = raw bytes of a stream, in order */
#define OC_RECORD_EVENT    7 /* name = topic, text = one JSON object: a fact that happened */

#define OC_KIND_GAUGE   0
#define OC_KIND_COUNTER 1 /* only grows, except when its source restarts */
#define OC_KIND_BOOL    2 /* 0 or 1; rules see false and true */

#define OC_STATE_OK       0 /* the numbers are those of the monitoring-plugins exit codes */
#define OC_STATE_WARNING  1
#define OC_STATE_CRITICAL 2
#define OC_STATE_UNKNOWN  3

#define OC_LOG_ERROR 0
#define OC_LOG_WARN  1
#define OC_LOG_INFO  2
#define OC_LOG_DEBUG 3

/* One flat record; members that the type does not name are zero. The label "target" ties a sample to the target
 * of a STATUS record of the same name; samples without it belong to the instance. */
struct oc_record {
    uint32_t struct_size;
    uint32_t type;
    /* SAMPLE: dotted metric name with its unit as suffix, "redis.memory_bytes" */
    struct oc_view name;
    struct oc_view text;
    double value;
    int64_t time_ms; /* since 1970 UTC; 0 = the request's time_ms */
    uint32_t kind;
    int32_t state;
    uint32_t label_count; /* at most 16 */
    uint32_t reserved;
    const struct oc_label *labels;
};

/* Where records go. `emit` copies and returns OC_OK, or a code that means "stop now" (cancelled, or over a cap of the
 * call: 100 000 records, 32 MB of what they take; BYTES that the host passes on as a stream count for neither).
 * `flush` asks the host to look at what has been emitted so far; without it the host looks when enough has gathered and
 * when the call ends. A long call flushes before it waits. [worker], the calling thread */
struct oc_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void *ctx;
    int32_t (*emit)(void *ctx, const struct oc_record *record);
    int32_t (*flush)(void *ctx);
};

/* ---- requests: what a method gets ---- */

struct oc_request {
    uint32_t struct_size;
    uint32_t reserved;
    struct oc_view params; /* a JSON object; {NULL, 0} when the method takes none */
    int64_t deadline_ms;   /* CLOCK_MONOTONIC in ms; past it the instance is fenced */
    /* nominal time of this call, ms since 1970 UTC: the slot of the schedule */
    int64_t time_ms;
    /* not NULL; read it with OC_CANCELLED between steps. A method that ends because of it returns OC_E_CANCELLED:
     * OC_OK says that everything was done, whatever the flag says by then. */
    const int32_t *cancel;
    /* The input stream of methods that take one, else NULL: bytes read, 0 at the end, or OC_E_*. */
    int64_t (*read)(void *read_ctx, void *buf, uint64_t cap);
    void *read_ctx;
};

#define OC_CANCELLED(req) (__atomic_load_n((req)->cancel, __ATOMIC_RELAXED) != 0)

/* ---- the host, as a plugin sees it ---- */

struct oc_host {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor;
    void *ctx;
    const char *instance; /* the instance's name in the configuration; valid until stop returns */
    /* the folder that holds the .so and its assets; valid until stop returns */
    const char *plugin_dir;
    /* Runs the operation `op` ("kv.get", "alert.list", ...) as this instance and waits for it. req->params are its
     * parameters; its result arrives in `out` as JSON records. Never call it while holding a lock. [worker] */
    int32_t (*call)(void *ctx, const char *op, const struct oc_request *req,
                    const struct oc_sink *out, struct oc_error *err);
    /* Writes a line to the host's log: constant lower-case message, data as a JSON object or NULL. [any] */
    void (*log)(void *ctx, int32_t level, const char *message, const char *json);
};

/* ---- options: one table drives parsing, validation, help, schema and reference ---- */

/* type                     what the host writes at `offset` of the instance */
#define OC_OPT_BOOL     1  /* int32_t 0 or 1 */
#define OC_OPT_INT      2  /* int64_t */
#define OC_OPT_FLOAT    3  /* double */
#define OC_OPT_DURATION 4  /* int64_t ms; written as "500ms" "10s" "15m" "2h" "30d" */
#define OC_OPT_SIZE     5  /* int64_t bytes; written as 1024 "64KB" "10MB" (powers of 1024) */
#define OC_OPT_STRING   6  /* const char * */
#define OC_OPT_SECRET   7  /* const char *; "$env:NAME", "$file:PATH" are resolved; never shown */
#define OC_OPT_ENUM     8  /* int32_t, index into `choices` ("a|b|c") */
#define OC_OPT_PATH     9  /* const char *, absolute: relative to the file that names it */
#define OC_OPT_URL      10 /* const char *; `choices` lists the schemes ("http|https"), NULL = any */
#define OC_OPT_STRINGS  11 /* struct oc_list of const char * */
#define OC_OPT_INTS     12 /* struct oc_list of int64_t */
#define OC_OPT_MAP      13 /* struct oc_list of struct oc_pair; any keys */
#define OC_OPT_GROUP    14 /* a nested struct at `offset`, described by `options` */
/* struct oc_list of structs of `item_size`, each described by `options` */
#define OC_OPT_GROUPS 15

#define OC_OPT_REQUIRED   1u /* flags */
#define OC_OPT_POSITIONAL 2u /* command line: given by place, not by --name (operations only) */
#define OC_OPT_ADVANCED   4u /* left out of the short help */
/* Its text may hold a secret (headers, a body; in a map also "$env:NAME", "$file:PATH"): shown to admins alone. Of a list of
 * strings, a command with its arguments, the first is shown to everyone. A host that does not know the flag shows it. */
#define OC_OPT_SENSITIVE 8u

/* Strings and lists that the host writes stay valid until `stop` returns. Unset strings are NULL. */
struct oc_list {
    const void *items;
    uint64_t count;
};
struct oc_pair {
    const char *name, *value;
};

struct oc_option {
    const char *name; /* snake_case; NULL ends the table */
    uint32_t type;    /* OC_OPT_* */
    uint32_t flags;
    uint32_t offset;    /* offsetof(struct, member) */
    uint32_t item_size; /* GROUPS: size of one element */
    /* as it would be written in the configuration; NULL = zero, NULL, empty */
    const char *default_text;
    const char *choices; /* ENUM: "a|b|c"; URL: schemes */
    /* numbers, durations (ms) and sizes: 0, 0 = no limit; a max below min = no upper limit: 1, 0 is "at least 1" */
    double min, max;
    const struct oc_option *options; /* GROUP and GROUPS */
    const char *help;                /* one sentence without a full stop */
};

/* ---- the entry ---- */

typedef int32_t (*oc_method_fn)(void *self, const struct oc_request *req, const struct oc_sink *out,
                                struct oc_error *err);

struct oc_method {
    const char *id; /* "collector.collect/1"; NULL ends the table */
    oc_method_fn fn;
};

struct oc_plugin_entry {
    uint32_t struct_size;
    uint16_t abi_major, abi_minor;     /* what the plugin was built against */
    uint32_t option_size, method_size; /* strides of the two tables */
    /* the host allocates it, zeroed, and writes the options into it */
    uint64_t instance_size;
    const struct oc_option *options;
    /* Called once before any method; may open connections but should be quick: a service that is down is a matter
     * for the methods. On failure the instance is disabled and `stop` is not called. NULL = nothing to do. [worker] */
    int32_t (*start)(void *self, const struct oc_host *host, struct oc_error *err);
    /* After the last method. No thread, descriptor or child of the instance may survive it. NULL = nothing. [worker] */
    void (*stop)(void *self);
    const struct oc_method *methods;
};

#define OC_ENTRY_HEAD                                                                              \
    .struct_size = sizeof(struct oc_plugin_entry), .abi_major = OC_ABI_MAJOR,                      \
    .abi_minor = OC_ABI_MINOR, .option_size = sizeof(struct oc_option),                            \
    .method_size = sizeof(struct oc_method)

#if defined(__cplusplus)
#define OC_PLUGIN_ENTRY                                                                            \
    extern "C" __attribute__((visibility("default"))) const struct oc_plugin_entry oc_plugin_entry
#else
#define OC_PLUGIN_ENTRY                                                                            \
    extern const struct oc_plugin_entry oc_plugin_entry;                                           \
    __attribute__((visibility("default"))) const struct oc_plugin_entry oc_plugin_entry
#endif

#ifdef __cplusplus
}
#endif
#endif
