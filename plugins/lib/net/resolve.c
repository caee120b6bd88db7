/* Names to addresses without blocking the caller. SPDX-License-Identifier: MIT */
#include "net/resolve.h"

#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BUCKETS      64
#define THREAD_STACK (256u << 10)

/* What a thread found; its own, because the name belongs to the owner's thread. */
struct answer {
    struct answer *next;
    struct oc_name *name;
    union oc_addr addrs[OC_RESOLVE_ADDRS];
    uint32_t took_us;
    int32_t failure;
    uint8_t count;
};

struct helper {
    struct oc_resolver *resolver;
    pthread_t thread;
    bool used;     /* there is a thread to join; the owner's */
    bool finished; /* it has seen an empty queue; under the lock */
};

struct oc_resolver {
    struct oc_name *buckets[BUCKETS];
    struct helper helpers[OC_RESOLVE_THREADS];
    int wake_fd;
    pthread_mutex_t lock;
    pthread_cond_t idle; /* no thread runs any more */
    /* under the lock */
    struct oc_name *queue, **queue_end;
    struct answer *answers;
    unsigned running; /* threads that have not finished */
    bool left;        /* the owner is gone: the last thread frees all */
};

static uint32_t elapsed_us(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((now.tv_sec - from->tv_sec) * 1000000 + (now.tv_nsec - from->tv_nsec) / 1000);
}

static void release(struct oc_resolver *r);

/* ---- the helper threads ---- */

static void copy_addrs(struct answer *a, const struct addrinfo *list)
{
    for (const struct addrinfo *i = list; i && a->count < OC_RESOLVE_ADDRS; i = i->ai_next) {
        if ((i->ai_family == AF_INET || i->ai_family == AF_INET6) &&
            i->ai_addrlen <= sizeof a->addrs[0]) {
            memcpy(&a->addrs[a->count++], i->ai_addr, i->ai_addrlen);
        }
    }
}

static void look_up(struct answer *a, const char *host)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    struct timespec from;
    clock_gettime(CLOCK_MONOTONIC, &from);
    a->failure = getaddrinfo(host, NULL, &hints, &list);
    if (a->failure == 0) {
        copy_addrs(a, list);
        freeaddrinfo(list);
        a->failure = a->count ? 0 : EAI_NONAME;
    }
    a->took_us = elapsed_us(&from);
}

/* The next name to look up, or NULL after marking the helper finished: both under one lock, so that
 * the owner never waits for a thread that has already decided to go. */
static struct oc_name *next_name(struct helper *h, bool able)
{
    struct oc_resolver *r = h->resolver;
    pthread_mutex_lock(&r->lock);
    struct oc_name *name = able ? r->queue : NULL;
    bool alone = false;
    if (name) {
        r->queue = name->queued;
        r->queue_end = r->queue ? r->queue_end : &r->queue;
    } else {
        h->finished = true;
        r->running--;
        alone = r->left && r->running == 0;
        pthread_cond_signal(&r->idle);
    }
    pthread_mutex_unlock(&r->lock);
    if (alone) {
        release(r);
    }
    return name;
}

static void wake(const struct oc_resolver *r)
{
    uint64_t one = 1;
    if (write(r->wake_fd, &one, sizeof one) < 0) {
        /* Only when the counter is full, and then it is readable anyway. */
    }
}

/* The descriptor is written under the lock: once the owner has left, its number may be another's. */
static void deliver(struct oc_resolver *r, struct answer *a)
{
    pthread_mutex_lock(&r->lock);
    a->next = r->answers;
    r->answers = a;
    if (!r->left) {
        wake(r);
    }
    pthread_mutex_unlock(&r->lock);
}

static void *helper_main(void *arg)
{
    struct helper *h = arg;
    /* The resolver's state belongs to the thread: a dead name server costs seconds and not half a
     * minute. */
    if (res_init() == 0) {
        _res.retrans = 1;
        _res.retry = 2;
    }
    for (;;) {
        struct answer *a = calloc(1, sizeof *a); /* first: a name taken must be answered */
        struct oc_name *name = next_name(h, a != NULL);
        if (!name) {
            free(a);
            return NULL;
        }
        a->name = name;
        look_up(a, name->text);
        deliver(h->resolver, a);
    }
}

static bool start_thread(struct helper *h)
{
    pthread_attr_t attr;
    sigset_t all, before;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&h->resolver->lock);
    h->finished = false;
    h->used = pthread_create(&h->thread, &attr, helper_main, h) == 0;
    h->resolver->running += h->used;
    pthread_mutex_unlock(&h->resolver->lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return h->used;
}

/* With the lock held, which a thread that has finished does not want any more. */
static void join_finished(struct oc_resolver *r)
{
    for (size_t i = 0; i < OC_RESOLVE_THREADS; i++) {
        struct helper *h = &r->helpers[i];
        if (h->used && h->finished) {
            pthread_join(h->thread, NULL);
            h->used = false;
        }
    }
}

/* One more thread when there is more work than threads that look for it. */
static void engage_helper(struct oc_resolver *r)
{
    pthread_mutex_lock(&r->lock);
    join_finished(r);
    pthread_mutex_unlock(&r->lock);
    for (size_t i = 0; i < OC_RESOLVE_THREADS; i++) {
        if (!r->helpers[i].used) {
            start_thread(&r->helpers[i]);
            return;
        }
    }
}

/* ---- names ---- */

static void accept_answer(const struct answer *a, int64_t now_ms)
{
    struct oc_name *name = a->name;
    size_t size = a->count * sizeof a->addrs[0];
    free(name->addrs);
    name->addrs = size ? malloc(size) : NULL;
    name->failure = size && !name->addrs ? EAI_MEMORY : a->failure;
    name->count = name->addrs ? a->count : 0;
    if (name->addrs) {
        memcpy(name->addrs, a->addrs, size);
    }
    name->took_us = a->took_us;
    name->pending = false;
    name->fresh_until_ms = now_ms + (name->count ? OC_RESOLVE_TTL_MS : OC_RESOLVE_RETRY_MS);
}

static void enqueue(struct oc_resolver *r, struct oc_name *name)
{
    name->pending = true;
    name->queued = NULL;
    pthread_mutex_lock(&r->lock);
    *r->queue_end = name;
    r->queue_end = &name->queued;
    pthread_mutex_unlock(&r->lock);
}

/* Whether names wait that no thread is going to take: none could be started, or the last one was
 * short of memory. */
static bool is_deserted(struct oc_resolver *r)
{
    pthread_mutex_lock(&r->lock);
    const bool deserted = r->queue && r->running == 0;
    pthread_mutex_unlock(&r->lock);
    return deserted;
}

/* No thread runs, so the queue is the owner's alone. */
static void refuse_queue(struct oc_resolver *r, int64_t now_ms)
{
    struct oc_name *name = r->queue;
    r->queue = NULL;
    r->queue_end = &r->queue;
    while (name) {
        const struct answer none = {.name = name, .failure = OC_RESOLVE_NO_THREAD};
        name = name->queued;
        accept_answer(&none, now_ms);
    }
    wake(r); /* others than the caller may wait for some of them */
}

static struct oc_name **bucket_of(struct oc_resolver *r, const char *host)
{
    uint32_t hash = 2166136261u;
    for (const char *c = host; *c; c++) {
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    }
    return &r->buckets[hash % BUCKETS];
}

static struct oc_name *find_name(struct oc_name *const *bucket, const char *host)
{
    struct oc_name *name = *bucket;
    while (name && strcmp(name->text, host) != 0) {
        name = name->next;
    }
    return name;
}

struct oc_name *oc_resolver_get(struct oc_resolver *r, const char *host)
{
    struct oc_name **bucket = bucket_of(r, host);
    struct oc_name *name = find_name(bucket, host);
    size_t len = strlen(host);
    if (name) {
        name->refs++;
        return name;
    }
    name = calloc(1, sizeof *name + len + 1);
    if (!name) {
        return NULL;
    }
    memcpy(name->text, host, len + 1);
    name->refs = 1;
    name->next = *bucket;
    *bucket = name;
    return name;
}

void oc_resolver_put(struct oc_resolver *r, struct oc_name *name)
{
    (void)r;
    if (name) {
        name->refs--; /* tidy forgets it once its answer is stale */
    }
}

void oc_resolver_forget(struct oc_resolver *r, const char *host)
{
    struct oc_name *name = find_name(bucket_of(r, host), host);
    if (name) {
        name->fresh_until_ms = 0;
    }
}

bool oc_resolver_ready(struct oc_resolver *r, struct oc_name *name, int64_t now_ms)
{
    if (!name->pending && name->fresh_until_ms > now_ms) {
        return true;
    }
    if (!name->pending) {
        enqueue(r, name);
    } else if (!is_deserted(r)) {
        return false;
    }
    engage_helper(r);
    if (is_deserted(r)) {
        refuse_queue(r, now_ms);
    }
    return !name->pending;
}

void oc_resolver_collect(struct oc_resolver *r, int64_t now_ms)
{
    pthread_mutex_lock(&r->lock);
    struct answer *a = r->answers;
    r->answers = NULL;
    pthread_mutex_unlock(&r->lock);
    while (a) {
        struct answer *next = a->next;
        accept_answer(a, now_ms);
        free(a);
        a = next;
    }
}

static void forget_names(struct oc_resolver *r, bool all, int64_t now_ms)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct oc_name **at = &r->buckets[i];
        while (*at) {
            struct oc_name *name = *at;
            bool stale = !name->pending && name->fresh_until_ms <= now_ms;
            if (all || (name->refs == 0 && stale)) {
                *at = name->next;
                free(name->addrs);
                free(name);
            } else {
                at = &name->next;
            }
        }
    }
}

void oc_resolver_tidy(struct oc_resolver *r, int64_t now_ms)
{
    pthread_mutex_lock(&r->lock);
    join_finished(r);
    pthread_mutex_unlock(&r->lock);
    forget_names(r, false, now_ms);
}

struct oc_resolver *oc_resolver_create(int wake_fd)
{
    struct oc_resolver *r = calloc(1, sizeof *r);
    if (!r) {
        return NULL;
    }
    r->wake_fd = wake_fd;
    r->queue_end = &r->queue;
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->idle, NULL);
    for (size_t i = 0; i < OC_RESOLVE_THREADS; i++) {
        r->helpers[i].resolver = r;
    }
    return r;
}

static void release(struct oc_resolver *r)
{
    oc_resolver_collect(r, 0);
    forget_names(r, true, 0);
    pthread_cond_destroy(&r->idle);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* Waits until no thread runs, with the lock held. */
static void await_threads(struct oc_resolver *r)
{
    struct timespec until;
    int rc = 0;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += OC_RESOLVE_PATIENCE_S;
    while (r->running > 0 && rc == 0) {
        rc = pthread_cond_clockwait(&r->idle, &r->lock, CLOCK_MONOTONIC, &until);
    }
}

void oc_resolver_destroy(struct oc_resolver *r)
{
    if (!r) {
        return;
    }
    pthread_mutex_lock(&r->lock);
    r->queue = NULL; /* what nobody looks up yet stays undone */
    r->queue_end = &r->queue;
    await_threads(r);
    join_finished(r);
    for (size_t i = 0; i < OC_RESOLVE_THREADS; i++) {
        if (r->helpers[i].used) {
            pthread_detach(r->helpers[i].thread);
        }
    }
    r->left = r->running > 0;
    bool mine = !r->left;
    pthread_mutex_unlock(&r->lock);
    if (mine) {
        release(r);
    }
}

const char *oc_resolver_reason(const struct oc_name *name)
{
    switch (name->failure) {
    case EAI_NONAME:
        return "the name does not exist";
    case EAI_AGAIN:
        return "the name server does not answer";
    case EAI_FAIL:
        return "the name server failed";
    case OC_RESOLVE_NO_THREAD:
        return "no thread could be started to look the name up";
    default:
        return gai_strerror(name->failure);
    }
}
