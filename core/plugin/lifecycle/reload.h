/* The steps of a hot reload, for those who draw them. SPDX-License-Identifier: MIT
 *
 * start -> probe -> drain -> hand-over (save, load) -> switched -> watch; back, when the watch says so. The contract is
 * oc_instance_reload in core/plugin/plugin.h; docs/decisions/0016-hot-reload.md says why it is so. */
#ifndef OC_PLUGIN_RELOAD_H
#define OC_PLUGIN_RELOAD_H

#include "core/plugin/internal.h"

#define OC_RELOAD_STATE_MAX (16u << 20) /* bytes of state that are handed over */
#define OC_RELOAD_FAILURES  3u /* failed calls in a row that bring the old generation back */

enum oc_reload_phase {
    OC_RELOAD_START,
    OC_RELOAD_PROBE,
    OC_RELOAD_DRAIN,
    OC_RELOAD_SAVE,
    OC_RELOAD_LOAD,
    OC_RELOAD_WATCH,
    OC_RELOAD_BACK,     /* the old artifact is started again */
    OC_RELOAD_BACK_LOAD /* and given its state back */
};

/* What state.save/1 gave: one JSON document with a number "schema", and bytes. */
struct oc_handed_state {
    char *json;
    struct oc_buf bytes;
    size_t at;  /* read so far */
    bool over;  /* more than OC_RELOAD_STATE_MAX */
    bool twice; /* more than one document */
};

struct oc_reload {
    struct oc_instance *instance;
    enum oc_reload_phase phase;
    struct oc_body *body; /* the one that is to take over; NULL once it has */
    struct oc_plugin *plugin;
    struct oc_kept_config *config; /* of the body; NULL = the instance's */
    struct oc_plugin *old_plugin;  /* while the watch may bring it back */
    struct oc_kept_config *old_config;
    bool old_was_clean, old_ended;
    struct oc_method_call *call; /* of the body: probe or load */
    struct oc_timer *timer;
    struct oc_handed_state *state;
    char why[600]; /* it is to go back */
    int64_t watch_ms, begun_ms, drain_ms, drained_ms, switched_ms;
    json_t *from, *to;
    oc_reload_fn done;
    void *ctx;
};

/* reload.c */
extern const struct oc_body_events
    oc_reload_events; /* of the body that is to take over; ctx is the reload */
/* Takes the receipt. The last thing that is done: whoever is told may do anything to the instance. */
void oc_reload_tell(struct oc_bus *bus, const char *topic, json_t *receipt, oc_reload_fn done,
                    void *ctx);
/* The reload is over, and the body that the instance has goes on. Takes the reload. */
void oc_reload_resume(struct oc_reload *r);
/* The body takes the instance over; what it was until now is let go. */
void oc_reload_install(struct oc_reload *r, struct oc_plugin *plugin);
void oc_reload_load_state(struct oc_reload *r, void (*loaded)(void *ctx, struct oc_method_call *c));

/* rollback.c */
void oc_reload_go_back(struct oc_reload *r, const char *why);
void oc_reload_back_started(struct oc_reload *r); /* the old artifact runs again */
void oc_reload_end_back(struct oc_reload *r, bool ok, const char *message); /* takes the reload */

/* handover.c */
void oc_handed_state_destroy(struct oc_handed_state *s); /* NULL is fine */
void oc_handed_state_take(struct oc_handed_state *s, const struct oc_record *records, size_t count);
/* The invocation of state.load/1. */
void oc_handed_state_invoke(struct oc_handed_state *s, struct oc_invocation *inv);
/* Is it fit to be handed over? */
int oc_handed_state_check(const struct oc_handed_state *s, struct oc_error *err);
/* {"version","digest","generation"}; owned by the caller */
json_t *oc_reload_side(const struct oc_plugin *plugin, uint64_t generation);
/* The receipt; owned by the caller. */
json_t *oc_reload_receipt(const struct oc_reload *r, bool ok, const char *phase, bool rolled_back,
                          const char *message);

#endif
