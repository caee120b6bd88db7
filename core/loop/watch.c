/* Watches of descriptors. SPDX-License-Identifier: MIT */
#include "core/loop/watch.h"

#include <fcntl.h>
#include <uv.h>

#include "core/base/mem.h"

struct oc_watch {
    uv_poll_t uv;
    oc_loop_fn fn;
    void *ctx;
    int events; /* UV_READABLE, and UV_WRITABLE when that is wanted */
    bool started;
};

static void on_event(uv_poll_t *uv, int status, int events)
{
    struct oc_watch *w = uv->data;
    (void)events;
    if (status < 0 &&
        w->started) { /* libuv has stopped it; reading says what is wrong, when all is read */
        uv_poll_start(&w->uv, w->events, on_event);
    }
    w->fn(w->ctx); /* may destroy w */
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

struct oc_watch *oc_watch_create(struct oc_loop *loop, int fd, oc_loop_fn fn, void *ctx)
{
    struct oc_watch *w = oc_calloc(1, sizeof *w);
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || uv_poll_init(oc_loop_uv(loop), &w->uv, fd)) {
        free(w);
        return NULL;
    }
    fcntl(fd, F_SETFL, flags); /* libuv makes it non-blocking, for all who use it */
    w->uv.data = w;
    w->events = UV_READABLE;
    w->fn = fn;
    w->ctx = ctx;
    return w;
}

void oc_watch_start(struct oc_watch *w)
{
    w->started = true;
    OC_ASSERT(!uv_poll_start(&w->uv, w->events, on_event));
}

void oc_watch_stop(struct oc_watch *w)
{
    w->started = false;
    uv_poll_stop(&w->uv);
}

void oc_watch_writable(struct oc_watch *w, bool wanted)
{
    const int events = wanted ? UV_READABLE | UV_WRITABLE : UV_READABLE;
    if (events != w->events) {
        w->events = events;
        if (w->started) {
            oc_watch_start(w);
        }
    }
}

void oc_watch_destroy(struct oc_watch *w)
{
    if (w) {
        uv_close((uv_handle_t *)&w->uv, on_closed);
    }
}
