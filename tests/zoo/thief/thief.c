/* Calls operations of the host that it has no permission for. SPDX-License-Identifier: MIT */
#include "tests/zoo/zoo.h"

static const struct oc_host *zoo_host;

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    (void)self, (void)err;
    zoo_host = host;
    return OC_OK;
}

static int32_t collect(void *self, const struct oc_request *req, const struct oc_sink *out,
                       struct oc_error *err)
{
    (void)self, (void)req, (void)out, (void)err;
    static const char *const ops[] = {"config.set", "plugin.uninstall", "host.stop", "kv.put",
                                      "events.list"};
    double done = 0;
    for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
        const struct oc_request ask = {.struct_size = sizeof ask,
                                       .params = oc_view("{\"name\":\"calm\"}"),
                                       .deadline_ms = req->deadline_ms,
                                       .cancel = req->cancel};
        done += zoo_host->call(zoo_host->ctx, ops[i], &ask, out, NULL) == OC_OK;
    }
    return oc_emit_gauge(out, "zoo.got_through", done);
}

ZOO_ENTRY(start, NULL)
