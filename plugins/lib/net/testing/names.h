/* A name service that does what a test tells it. SPDX-License-Identifier: MIT
 *
 * Header-only. The getaddrinfo of a test program goes before the C library's, also for what plugins
 * and their libraries call. Names that end in ".hangs.test" are looked up without end until
 * names_release; "set.names.test" has the addresses of names_set; all others are the real ones. */
#ifndef OC_NET_TESTING_NAMES_H
#define OC_NET_TESTING_NAMES_H

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned hanging, asked; /* look-ups that hang now; of set.names.test so far */
    bool released;
    const char *set[2];
} names = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

typedef int (*names_fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static int names_real(const char *node, const char *service, const struct addrinfo *hints,
                      struct addrinfo **list)
{
    names_fn fn;
    *(void **)&fn = dlsym(RTLD_NEXT, "getaddrinfo");
    return fn(node, service, hints, list);
}

static int names_hang(void)
{
    pthread_mutex_lock(&names.lock);
    names.hanging++;
    pthread_cond_broadcast(&names.changed);
    while (!names.released) {
        pthread_cond_wait(&names.changed, &names.lock);
    }
    names.hanging--;
    pthread_cond_broadcast(&names.changed);
    pthread_mutex_unlock(&names.lock);
    return EAI_AGAIN;
}

static int names_of_set(const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    struct addrinfo **end = list;
    int rc = 0;
    names.asked++;
    for (size_t i = 0; rc == 0 && i < 2 && names.set[i]; i++) {
        rc = names_real(names.set[i], service, hints, end);
        while (rc == 0 && *end) {
            end = &(*end)->ai_next;
        }
    }
    return rc;
}

__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **list)
{
    const char *hangs = node ? strstr(node, ".hangs.test") : NULL;
    *list = NULL;
    if (hangs && hangs[strlen(".hangs.test")] == '\0') {
        return names_hang();
    }
    return node && strcmp(node, "set.names.test") == 0 ? names_of_set(service, hints, list)
                                                       : names_real(node, service, hints, list);
}

/* The addresses of set.names.test: one or two literals. */
static inline void names_set(const char *first, const char *second)
{
    names.set[0] = first;
    names.set[1] = second;
}

/* Whether a look-up hangs: then whoever has returned did not wait for it. */
static inline bool names_hanging(void)
{
    pthread_mutex_lock(&names.lock);
    bool hanging = names.hanging > 0;
    pthread_mutex_unlock(&names.lock);
    return hanging;
}

/* Waits until a look-up hangs. */
static inline void names_await_hanging(void)
{
    pthread_mutex_lock(&names.lock);
    while (names.hanging == 0) {
        pthread_cond_wait(&names.changed, &names.lock);
    }
    pthread_mutex_unlock(&names.lock);
}

/* Lets them go, those that hang and those that come. None hangs any more when it returns. */
static inline void names_release(void)
{
    pthread_mutex_lock(&names.lock);
    names.released = true;
    pthread_cond_broadcast(&names.changed);
    while (names.hanging > 0) {
        pthread_cond_wait(&names.changed, &names.lock);
    }
    pthread_mutex_unlock(&names.lock);
}

#endif
