/* What every service is given, and the events that services share. SPDX-License-Identifier: MIT
 *
 * Services never include each other: they meet through operations and through the topics below. All [loop]. */
#ifndef OC_SERVICE_ENV_H
#define OC_SERVICE_ENV_H

#include "core/config/bind.h"
#include "core/config/config.h"
#include "core/loop/bus.h"
#include "core/loop/loop.h"
#include "core/op/op.h"
#include "core/plugin/plugin.h"
#include "core/policy/policy.h"
#include "core/store/ledger/ledger.h"
#include "core/store/store.h"

/* The instances as which services of the host publish samples of their own. */
#define OC_OWN_BRIDGE "bridge"
#define OC_OWN_COST   "cost"
#define OC_OWN_CRON   "cron"

/* All borrowed; valid until the service is destroyed. */
struct oc_env {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_store *store;
    struct oc_plugins *plugins;
    struct oc_policies *policies;
    struct oc_ops *ops;
    struct oc_ledger *ledger;
    const char *home;    /* absolute */
    const char *bundled; /* absolute folder of the plugins that came with the host; NULL: unknown */
    bool ephemeral;      /* one operation, then gone: no timers of its own, nothing is sent */
};

/* A service is made by oc_<name>_create(env), given its part of the configuration by oc_<name>_configure(service, config,
 * diags) at start and at every reload (what did not change keeps its state), and freed by oc_<name>_destroy(service).
 *
 * Native topics (C types in core/store/series.h):
 *   samples            struct oc_batch: what a collector call brought, already appended to the store
 * JSON topics:
 *   rule.pending rule.firing rule.resolved
 *       {"rule","fingerprint" (16 hex digits over rule and labels),"severity":"critical"|"warning"|"info","category",
 *        "instance","target","labels":{..},"metric","value","message","since" (ms),"at" (ms),"reason"}
 *   alert.firing alert.resolved alert.acknowledged alert.assigned alert.notified alert.failed
 *   alert.storm        {"firing","resolved"}: so many of these two were not told one by one; who follows alerts asks anew
 *   alert.escalated    {"alert","rule","severity","from","step","channels","by","reason"}
 *   alert.failed_over  {"alert","channel","to","delivery","message"}   alert.digest {"channel","digest","deliveries","alerts"}
 *   silence.created silence.updated silence.expired silence.expiring
 *   samples.complete   {"instance","since"}: a service of the host has told all the samples that it has of its own; what its instance
 *                      (OC_OWN_*) told last before `since` is over, INT64_MAX: all of it
 *   api.listening      {}: what api.listeners tells may be another
 *   budget.changed     {"budget"}: it was set or removed   config.loaded {"errors","findings"}: by a reload
 *   health.changed     {"service","instance","target","from","to","hard":bool,"output","at"}
 *   health.flapping    {"service","flapping":bool,"state"}
 *   plugin.*           see core/plugin/plugin.h
 *   packages.changed   {"op","generation","purge":[names]}: what is installed is another
 *   packages.applied   {}: and everything that this brings is running, or has ended
 *   policy.loaded policy.failed policy.removed   see core/policy/policy.h
 *   store.corrupt store.failing store.recovered   {"path","message"}
 *   op.denied          {"op","actor"}: the role did not suffice; with "by":"policy","reason" the policy said no
 *   security.noted     {"event",..}: a line of security-events.log
 *   governance.*       {"type","proposal",..}: each entry that governance writes into the ledger, once it is durable
 *   cron.missed        {"schedule","missed","due"}   cron.started cron.ended {"schedule","run",..}
 *   runbook.*          started step ended: see core/service/runbook/runbook.h
 *   unit.changed       {"unit","from","to"}
 *   audit              {"op","actor","role","params" (secrets masked),"code","at"} */
#endif
