/* Threads of the host: started in one way, and counted, so that those of others can be told from them. SPDX-License-Identifier: MIT  [any] */
#ifndef OC_SYS_THREAD_H
#define OC_SYS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Starts `run(ctx)` with every signal blocked, as signals belong to the loop's thread. `stack_bytes`: 0 = the usual. 0 or an errno. */
int oc_thread_start(pthread_t *id, size_t stack_bytes, void *(*run)(void *ctx), void *ctx);

/* Is every thread of this process its first one, or was started as above and runs still? One that ends just now may make it false;
 * one of somebody else never makes it true. */
bool oc_threads_are_ours(void);

#endif
