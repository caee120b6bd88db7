/* A plugin with one flaw, chosen by a definition. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openclaw/plugin.h>

struct specimen {
    const char *name;
    int64_t number;
    int calls;
    const struct oc_host *host;
};

static int32_t fail(struct oc_error *err, int32_t code, const char *message)
{
    err->code = code;
    snprintf(err->message, sizeof err->message, "%s", message);
    return code;
}

static void crash(void)
{
    __builtin_trap();
}

static void pause_ms(long ms)
{
    const struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* ---- what the file is ---- */

#ifdef EXPORTS
__attribute__((visibility("default"))) int stray_function(void);
int stray_function(void)
{
    return 1;
}
#endif

#ifdef WEAK
__asm__(".data\n.weak _ZStray\n.type _ZStray,@object\n.size _ZStray,4\n_ZStray: .long 1\n.text\n");
#endif

#ifdef UNIQUE
__asm__(".data\n.globl only_once\n.type only_once,@gnu_unique_object\n.size only_once,4\n"
        "only_once: .long 1\n.text\n");
#endif

#ifdef CONSTRUCTOR
static volatile int loaded;
__attribute__((constructor)) static void run_at_load(void)
{
    loaded = 1;
}
#endif

#ifdef IFUNC
static int plain(void)
{
    return 1;
}
static int (*choose(void))(void)
{
    return plain;
}
/* Not static: clang shows such a function to everyone all the same. */
int chosen(void) __attribute__((ifunc("choose"), visibility("hidden")));
#define USED(self) ((self)->calls += chosen())
#endif

#ifdef UNDEFINED
int defined_nowhere(void);
#define USED(self) ((self)->calls += defined_nowhere())
#endif

#ifdef NEW_LIBC
#include <sys/random.h>
#define USED(self) ((self)->calls += (int)getrandom((self), 1, 0))
#endif

#ifdef FOREIGN
int not_there(void);
#define USED(self) ((self)->calls += not_there())
#endif

/* ---- what it calls; never at run time ---- */

#ifdef CALL_NETWORK
#include <sys/socket.h>
#define USED(self) ((self)->calls = socket(AF_INET, SOCK_STREAM, 0))
#elif defined(CALL_SPAWN)
#define USED(self) ((self)->calls = fork())
#elif defined(CALL_SHELL)
#define USED(self) ((self)->calls = system("true"))
#elif defined(CALL_DLOPEN)
#include <dlfcn.h>
#define USED(self) ((self)->host = dlopen("libm.so.6", RTLD_NOW))
#elif defined(CALL_SETUID)
#define USED(self) ((self)->calls = setuid(0))
#elif defined(CALL_ENDS)
#define USED(self) exit(1)
#elif defined(CALL_STATE)
#define USED(self) ((self)->calls = chdir("/"))
#elif defined(CALL_CHANGES)
#define USED(self) ((self)->calls = unlink("/nowhere"))
#elif defined(CALL_OPENS)
#define USED(self) ((self)->calls = open("/nowhere", O_RDONLY))
#elif defined(CALL_PRINTS)
#define USED(self) puts("here")
#elif defined(CALL_KERNEL)
#include <sys/syscall.h>
#define USED(self) ((self)->calls = (int)syscall(SYS_getpid))
#endif

#ifndef USED
#define USED(self) ((void)(self))
#endif

/* ---- what it does ---- */

#ifdef DO_THREADS
static void *linger(void *ctx)
{
    (void)ctx;
    for (;;) {
        pause_ms(1000);
    }
    return NULL;
}
#endif

static int32_t start(void *ctx, const struct oc_host *host, struct oc_error *err)
{
    struct specimen *self = ctx;
    self->host = host;
    if (self->number == 777) {
        USED(self);
    }
#if defined(DO_CRASH_START)
    crash();
#elif defined(DO_NO_MESSAGE)
    (void)err;
    return OC_E_CONFIG;
#elif defined(DO_UNSTEADY)
    static int rounds;
    return ++rounds == 10 ? fail(err, OC_E_CONFLICT, "not the tenth time") : OC_OK;
#elif defined(DO_FDS)
    (void)!dup(0);
#elif defined(DO_THREADS)
    pthread_t thread;
    pthread_create(&thread, NULL, linger, NULL);
#elif defined(DO_MEMORY)
    static void *volatile lost;
    lost = malloc(64 << 10);
#elif defined(DO_CONFIG_CRASH)
    if (self->name && self->name[0] == '\0') {
        crash();
    }
#elif defined(DO_CONFIG_SILENT)
    if (self->name && self->name[0] == '\0') {
        return OC_E_CONFIG;
    }
#elif defined(DO_NEW_HOST)
    if (*(void *const volatile *)((const char *)host + sizeof *host)) {
        self->calls = 1;
    }
#elif defined(DO_FAULT_CRASH)
    const int fd = open("/dev/null", O_RDONLY);
    if (fd < 0) {
        crash();
    }
    close(fd);
#endif
    (void)err;
    return OC_OK;
}

static void stop(void *ctx)
{
    (void)ctx;
#ifdef DO_CRASH_STOP
    crash();
#endif
}

static void emit(const struct oc_sink *out, const char *name)
{
    const struct oc_record record = {.struct_size = sizeof record,
                                     .type = OC_RECORD_SAMPLE,
                                     .name = {name, strlen(name)},
                                     .value = 1};
    out->emit(out->ctx, &record);
}

static int32_t collect(void *ctx, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    struct specimen *self = ctx;
    self->calls++;
#ifdef DO_CUTS
    if (OC_CANCELLED(req)) {
        return OC_OK;
    }
#endif
    emit(out, "specimen.value");
#if defined(DO_LATE)
    pause_ms(2000);
#elif defined(DO_DEAF)
    const long long left = req->deadline_ms;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const long long ms = left - ((long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    pause_ms(ms > 3000 ? 3000 : 10);
#elif defined(DO_BAD_CODE)
    return 42;
#elif defined(DO_SILENT)
    return OC_E_PERMANENT;
#elif defined(DO_UNDECLARED)
    emit(out, "specimen.surprise");
#elif defined(DO_CHANGES_SHAPE)
    if (self->calls % 2) {
        emit(out, "specimen.value_b");
    }
#elif defined(DO_CRASH_CALL)
    crash();
#elif defined(DO_NONSENSE_CRASH)
    if (memmem(req->params.ptr ? req->params.ptr : "", req->params.len, "surprise", 8)) {
        crash();
    }
#elif defined(DO_NONSENSE_LATE)
    if (memmem(req->params.ptr ? req->params.ptr : "", req->params.len, "surprise", 8)) {
        pause_ms(1500);
    }
#endif
    (void)req;
    (void)fail;
    (void)crash;
    (void)pause_ms;
    (void)err;
    return OC_OK;
}

#ifdef DO_TOOLS
static void emit_json(const struct oc_sink *out, const char *text)
{
    const struct oc_record record = {
        .struct_size = sizeof record, .type = OC_RECORD_JSON, .text = {text, strlen(text)}};
    out->emit(out->ctx, &record);
}

static int32_t list_tools(void *ctx, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    (void)ctx;
    (void)req;
    (void)err;
    emit_json(out, "{\"name\": \"fine\", \"description\": \"Is fine.\", \"input_schema\": "
                   "{\"type\": \"object\"}}");
    emit_json(out, "{\"name\": \"mute\", \"input_schema\": {\"type\": \"object\"}}");
    return OC_OK;
}
#endif

#ifdef DO_STRIDE
#define INSTANCE_SIZE (1ull << 40)
#else
#define INSTANCE_SIZE sizeof(struct specimen)
#endif

#ifdef DO_NO_HELP
#define HELP "ends with a full stop."
#else
#define HELP "what it is called"
#endif

static const struct oc_option options[] = {
    {.name = "name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct specimen, name),
     .help = HELP},
    {.name = "number",
     .type = OC_OPT_INT,
     .offset = offsetof(struct specimen, number),
     .min = 0,
     .max = 1000,
     .help = "a number"},
    {0},
};

static const struct oc_method methods[] = {
#if defined(DO_TOOLS)
    {"tool.list/1", list_tools},
    {"tool.call/1", collect},
#elif defined(DO_TAKES)
    {"alert.send/1", collect},
#else
    {"collector.collect/1", collect},
#endif
    {NULL, NULL},
};

#define ENTRY                                                                                      \
    {                                                                                              \
        OC_ENTRY_HEAD, .instance_size = INSTANCE_SIZE, .options = options, .start = start,         \
                       .stop = stop, .methods = methods                                            \
    }

#ifdef NO_ENTRY
const struct oc_plugin_entry oc_plugin_entry = ENTRY; /* hidden, as everything is by default */
#else
OC_PLUGIN_ENTRY = ENTRY;
#endif
