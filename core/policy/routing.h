/* Trees of routes for policies: what the library `routing` of the sandbox is made of. SPDX-License-Identifier: MIT
 *
 *   tree = routing.tree { channels = {..}, group_by = {..}, routes = { { matchers = { 'team=~"a|b"' }, .. }, .. } }
 *
 * looks at a tree once, raises when something in it is wrong, and gives it back. From then on
 *
 *   routing.find(tree, alert)     the routes that an alert ends at, as a list of tables that must not be changed
 *   routing.explain(tree, alert)  every route, in the order of the tree, and what came of it
 *   routing.match(alert, matcher) whether one matcher holds
 *   routing.channels(tree)        the names of channels that it speaks of, as keys of a table
 *   routing.with(route, names)    what was found, with other channels
 *   routing.reads(tree, more)     what its matchers look at, and the names of the list `more`, as reads_only (reads.h) wants it
 *
 * follow Alertmanager: depth first; the first child that matches is taken and those behind it only when it has `continue = true`; a route none of
 * whose children match is taken itself. Channels, grouping, intervals and text are handed down to children that do not say otherwise;
 * `mute` and `active` are not. A matcher is NAME=VALUE, NAME!=VALUE, NAME=~REGEX or NAME!~REGEX, with or without quotes around the value; a
 * regular expression (core/base/regex.h) matches the whole value; a label that is not there is "". What is found:
 *
 *   { path = '{}/{team=~"a|b"}', channels = {..}, group_by = {..}, group_wait, group_interval, repeat_interval (ms),
 *     mute = {..}, active = {..}, text = "..", send_resolved = bool }    absent: nobody said
 *
 * The compiled form lives as long as the table; changing the table afterwards changes nothing. [loop] */
#ifndef OC_POLICY_ROUTING_H
#define OC_POLICY_ROUTING_H

#include <lua.h>

#include "core/base/regex.h"

enum oc_routing_op {
    OC_ROUTING_EQUAL,
    OC_ROUTING_UNEQUAL,
    OC_ROUTING_REGEX,
    OC_ROUTING_NOT_REGEX,
};

struct oc_routing_matcher {
    char *name, *value; /* owned */
    enum oc_routing_op op;
    struct oc_regex *regex; /* owned; NULL unless the operator wants one */
};

/* OC_E_CONFIG with the reason when `text` is no matcher; then `m` holds nothing. */
int oc_routing_parse(const char *text, struct oc_routing_matcher *m, struct oc_error *err);
void oc_routing_finish(struct oc_routing_matcher *m);
bool oc_routing_holds(const struct oc_routing_matcher *m, const char *value, size_t len);

/* Adds `routing` to the globals. Raises; call it protected. */
void oc_lua_open_routing(lua_State *L);

#endif
