/* The last words of a plugin process. SPDX-License-Identifier: MIT */
#include "core/plughost/fault.h"

#include <link.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "core/base/mem.h"

#define MODULES_MAX 64
#define STACK_SIZE  (32u << 10)
#define SCAN_WORDS  1024u /* of the stack, for the nearest frame of the plugin */

struct module {
    uintptr_t begin, end, bias;
    uintptr_t code, code_end; /* of the instructions: the stack holds pointers to data as well */
    char name[OC_FAULT_MODULE];
};

/* Written before a fault can come, read in the handler. */
static struct oc_fault_record *record;
static struct module modules[MODULES_MAX];
static size_t module_count;
static const struct module *plugin_module;
static _Atomic(const char *) method;
static atomic_flag entered = ATOMIC_FLAG_INIT;

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS, SIGABRT};

/* ---- before ---- */

static void copy_name(char *to, size_t size, const char *from)
{
    size_t i = 0;
    for (; from && from[i] && i + 1 < size; i++) {
        to[i] = from[i];
    }
    to[i] = '\0';
}

static const char *file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static int add_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size;
    (void)ctx;
    uintptr_t begin = UINTPTR_MAX, end = 0, code = 0, code_end = 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
        const uintptr_t at = (uintptr_t)info->dlpi_addr + (uintptr_t)ph->p_vaddr;
        if (ph->p_type == PT_LOAD) {
            begin = at < begin ? at : begin;
            end = at + ph->p_memsz > end ? at + (uintptr_t)ph->p_memsz : end;
        }
        if (ph->p_type == PT_LOAD && (ph->p_flags & PF_X)) {
            code = at;
            code_end = at + (uintptr_t)ph->p_memsz;
        }
    }
    if (end && module_count < MODULES_MAX) {
        struct module *m = &modules[module_count++];
        *m = (struct module){.begin = begin,
                             .end = end,
                             .bias = (uintptr_t)info->dlpi_addr,
                             .code = code,
                             .code_end = code_end};
        copy_name(m->name, sizeof m->name, *info->dlpi_name ? file_name(info->dlpi_name) : "host");
    }
    return 0;
}

static const struct module *module_of(uintptr_t address)
{
    for (size_t i = 0; i < module_count; i++) {
        if (address >= modules[i].begin && address < modules[i].end) {
            return &modules[i];
        }
    }
    return NULL;
}

void oc_fault_learn(const void *plugin)
{
    module_count = 0;
    plugin_module = NULL;
    dl_iterate_phdr(add_module, NULL);
    plugin_module = module_of((uintptr_t)plugin);
}

void oc_fault_method(const char *id)
{
    atomic_store(&method, id);
}

/* ---- in the handler ---- */

static uintptr_t context_ip(const ucontext_t *c)
{
#if defined(__x86_64__)
    return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)c->uc_mcontext.pc;
#elif defined(__riscv)
    return (uintptr_t)c->uc_mcontext.__gregs[REG_PC];
#else
    (void)c;
    return 0;
#endif
}

static uintptr_t context_sp(const ucontext_t *c)
{
#if defined(__x86_64__)
    return (uintptr_t)c->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
    return (uintptr_t)c->uc_mcontext.sp;
#elif defined(__riscv)
    return (uintptr_t)c->uc_mcontext.__gregs[REG_SP];
#else
    (void)c;
    return 0;
#endif
}

static bool in_plugin(uintptr_t address)
{
    return plugin_module && address >= plugin_module->code && address < plugin_module->code_end;
}

/* The nearest word of the stack that points into the plugin: a return address, most likely. When the stack itself is what
 * is broken, the read faults again, and the kernel ends the process: the record is complete by then but for this. */
__attribute__((no_sanitize("address", "undefined"))) static uintptr_t caller_in_plugin(uintptr_t sp)
{
    const volatile uintptr_t *word = (const volatile uintptr_t *)(sp & ~(sizeof *word - 1));
    for (size_t i = 0; word && i < SCAN_WORDS; i++) {
        if (in_plugin(word[i] - 1)) { /* within the call, not behind it */
            return word[i] - 1;
        }
    }
    return 0;
}

static void fill(const siginfo_t *info, const ucontext_t *context)
{
    const uintptr_t ip = context_ip(context);
    const struct module *m = module_of(ip);
    record->signal = info->si_signo;
    record->code = info->si_code;
    record->address = (uint64_t)(uintptr_t)info->si_addr;
    record->ip = ip;
    record->module_offset = m ? ip - m->bias : 0;
    record->plugin_offset = in_plugin(ip) ? ip - plugin_module->bias : 0;
    copy_name(record->module, sizeof record->module, m ? m->name : NULL);
    copy_name(record->method, sizeof record->method, atomic_load(&method));
    /* After all that it vouches for; a fence would do too, but the compiler's thread sanitizer knows none. */
    __atomic_store_n(&record->magic, OC_FAULT_MAGIC, __ATOMIC_RELEASE);
    const uintptr_t caller = record->plugin_offset ? 0 : caller_in_plugin(context_sp(context));
    if (caller) {
        record->plugin_offset = caller - plugin_module->bias;
    }
}

/* The signal's action is the default again (SA_RESETHAND), so the fault repeats and ends the process; what was sent and not
 * caused by an instruction is raised again. */
static void on_fault(int signum, siginfo_t *info, void *context)
{
    if (!atomic_flag_test_and_set(&entered)) {
        fill(info, context);
    }
    if (info->si_code <= 0 || signum == SIGABRT || signum == SIGSYS) {
        raise(signum);
    }
}

/* ---- installing ---- */

void oc_fault_thread(void)
{
    const stack_t stack = {.ss_sp = oc_alloc(STACK_SIZE), .ss_size = STACK_SIZE};
    if (sigaltstack(&stack, NULL)) {
        free(stack.ss_sp);
    }
}

void oc_fault_install(struct oc_fault_record *to)
{
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    action.sa_sigaction = on_fault;
    sigemptyset(&action.sa_mask);
    record = to;
    oc_fault_thread();
    for (size_t i = 0; i < OC_COUNT(signals); i++) {
        sigaction(signals[i], &action, NULL);
    }
}
