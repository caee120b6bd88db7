/* syslog: alerts as messages of RFC 5424. SPDX-License-Identifier: MIT */
#include "alert/message.h"
#include "line.h"
#include "wire.h"

#include <openclaw/emit.h>

struct syslog {
    const char *address, *facility, *app_name, *hostname, *ca_file; /* options */

    struct wire_address to;
    struct oc_lookup lookup;
    struct line_options line;
};

static const struct oc_option options[] = {
    {.name = "address",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct syslog, address),
     .default_text = "unix:///dev/log",
     .help = "udp://host:514, tcp://host:601, tls://host:6514 or unix:///dev/log"},
    {.name = "facility",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct syslog, facility),
     .default_text = "daemon",
     .help = "daemon, user, local0 to local7 and the like"},
    {.name = "app_name",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct syslog, app_name),
     .default_text = "openclaw",
     .help = "who messages are from"},
    {.name = "hostname",
     .type = OC_OPT_STRING,
     .offset = offsetof(struct syslog, hostname),
     .help = "which machine they are from; default: the host's name"},
    {.name = "ca_file",
     .type = OC_OPT_PATH,
     .offset = offsetof(struct syslog, ca_file),
     .help = "for tls: certificates of the authorities that are trusted; the system's by default"},
    {0},
};

static int32_t start(void *self, const struct oc_host *host, struct oc_error *err)
{
    struct syslog *s = self;
    (void)host;
    int32_t rc = wire_parse(s->address, &s->to, err);
    s->line = (struct line_options){line_facility(s->facility), s->app_name,
                                    s->hostname ? s->hostname : ""};
    if (rc == OC_OK && s->line.facility < 0) {
        rc = oc_fail(err, OC_E_CONFIG, "facility: expected daemon, user, local0 ..., got %.40s",
                     s->facility);
    }
    return rc == OC_OK ? transfer_enter(err) : rc;
}

static void stop(void *self)
{
    struct syslog *s = self;
    oc_lookup_finish(&s->lookup);
    transfer_leave();
}

static int32_t send_alert(void *self, const struct oc_request *req, const struct oc_sink *out,
                          struct oc_error *err)
{
    struct syslog *s = self;
    struct message m;
    struct text line = {0};
    int32_t rc = message_read(&m, req, err);
    if (rc != OC_OK) {
        return rc;
    }
    line_make(&s->line, &m, &line);
    rc = line.failed ? oc_fail(err, OC_E_INTERNAL, "out of memory")
                     : wire_send(&s->to, s->ca_file, &s->lookup, req, line.data, line.len, err);
    if (rc == OC_OK) {
        message_answer(out, s->to.kind == WIRE_UDP ? "sent, without an answer" : "sent", 0);
    }
    text_finish(&line);
    message_finish(&m);
    return rc;
}

static const struct oc_method methods[] = {
    {"alert.send/1", send_alert},
    {0},
};

OC_PLUGIN_ENTRY = {
    OC_ENTRY_HEAD,      .instance_size = sizeof(struct syslog),
    .options = options, .start = start,
    .stop = stop,       .methods = methods,
};
