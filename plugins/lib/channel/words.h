/* What an alert, or a group of them, says in a chat: parts that every channel puts into its own form. SPDX-License-Identifier: MIT  [worker] */
#ifndef PLUGIN_CHANNEL_WORDS_H
#define PLUGIN_CHANNEL_WORDS_H

#include "alert/message.h"

/* How a receiver knows that two deliveries are about the same: the key of the group, else the alert's id. Borrowed. */
const char *words_dedup_key(const struct message *m);
/* "[CRITICAL] redis_down on cache", "[RESOLVED] 3 alerts: ...". */
void words_headline(const struct message *m, struct text *out);
/* A name of the state for colours: "critical", "warning", "info" or "good". */
const char *words_tone(const struct message *m);
/* "#d92d20" of the tone; or as a number. */
const char *words_color(const struct message *m);
int words_color_number(const struct message *m);

/* fn for each fact worth a line: rule, instance, target, category, value, host, labels. At most `most`. */
void words_facts(const struct message *m, size_t most,
                 void (*fn)(void *ctx, const char *name, const char *value), void *ctx);
/* fn for each alert of a group (title, text, resolved); for a single alert not at all. At most `most`; returns how many were left out. */
size_t words_members(const struct message *m, size_t most,
                     void (*fn)(void *ctx, const char *title, const char *text, bool resolved),
                     void *ctx);
/* `s` as text of Markdown: nothing in it is a link, an emphasis, an image or a mention. */
void words_add_markdown(struct text *out, const char *s);
/* Cuts to `max` bytes at a character, with "..." in place of the rest. */
void words_cut(struct text *t, size_t max);
/* `s`, cut so, as a JSON string. */
json_t *words_string(const char *s, size_t max);
/* `t` as a JSON string and nothing left of it; "" when it failed. */
json_t *words_take(struct text *t);

#endif
