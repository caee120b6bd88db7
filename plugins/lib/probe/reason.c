/* Why a probe failed, in words for an operator. SPDX-License-Identifier: MIT */
#include "probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *phase_text(const struct oc_probe *p)
{
    switch ((enum oc_probe_phase)p->phase) {
    case OC_PHASE_RESOLVING:
        return "resolving the name";
    case OC_PHASE_HANDSHAKE:
        return "TLS handshake";
    case OC_PHASE_READING:
        return p->times.first_byte ? "response incomplete" : "no response";
    case OC_PHASE_CONNECTING:
    case OC_PHASE_SENDING:
        return p->times.connected ? "sending" : "connecting";
    case OC_PHASE_IDLE:
        break;
    }
    return "not begun";
}

static void timeout_text(const struct oc_probe *p, char *text, size_t size)
{
    unsigned ms = (unsigned)((p->expires_us - p->began_us + 500) / 1000);
    if (p->fd < 0 && p->phase == OC_PHASE_CONNECTING) {
        snprintf(text, size, "no free descriptor: %s", strerror(p->sys_errno));
    } else if (ms % 1000 == 0) {
        snprintf(text, size, "timed out after %us (%s)", ms / 1000, phase_text(p));
    } else {
        snprintf(text, size, "timed out after %ums (%s)", ms, phase_text(p));
    }
}

static const char *errno_text(int errnum)
{
    switch (errnum) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
        return "connection reset by the server";
    case EPIPE:
        return "connection closed by the server";
    case ENETUNREACH:
        return "network unreachable";
    case EHOSTUNREACH:
        return "host unreachable";
    case ETIMEDOUT:
        return "connection timed out";
    case EAFNOSUPPORT:
        return "no address of the wanted IP version";
    case EADDRNOTAVAIL:
        return "no free local port";
    default:
        return strerror(errnum);
    }
}

const char *oc_probe_reason(const struct oc_probe *p, char *text, size_t size)
{
    text[0] = '\0';
    switch ((enum oc_probe_outcome)p->outcome) {
    case OC_PROBE_OK:
        break;
    case OC_PROBE_RESOLVE:
        snprintf(text, size, "cannot resolve %s: %s", p->to.host, oc_resolver_reason(p->to.name));
        break;
    case OC_PROBE_CONNECT:
    case OC_PROBE_IO:
        snprintf(text, size, "%s", errno_text(p->sys_errno));
        break;
    case OC_PROBE_TLS:
        snprintf(text, size, "TLS: %s", p->detail ? p->detail : "failed");
        break;
    case OC_PROBE_PROTOCOL:
        snprintf(text, size, "%s", p->detail ? p->detail : "protocol error");
        break;
    case OC_PROBE_TIMEOUT:
        timeout_text(p, text, size);
        break;
    case OC_PROBE_SKIPPED:
        snprintf(text, size, "not checked: no descriptor was free before the deadline");
        break;
    case OC_PROBE_CANCELLED:
        snprintf(text, size, "cancelled");
        break;
    }
    return text;
}
