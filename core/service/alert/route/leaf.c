/* Leaves of the tree of routes, each kept once. SPDX-License-Identifier: MIT */
#include "leaf.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

#define ROOT "{}"

/* What a leaf is made from, borrowed until the answer is over. */
struct draft {
    const char *path, *text;
    const char *group_by[OC_LEAF_NAMES_MAX], *mute[OC_LEAF_NAMES_MAX], *active[OC_LEAF_NAMES_MAX];
    size_t group_by_count, mute_count, active_count;
    int64_t wait, interval, repeat;
    bool send_resolved, says_groups;
};

/* ---- reading ---- */

/* Strings of a list, as many as fit; false when there is no list. */
static bool read_names(const struct oc_answer *item, const char *key, const char **names,
                       size_t *count)
{
    struct oc_answer list, name;
    if (!oc_answer_get(item, key, &list)) {
        return false;
    }
    for (size_t i = 0; *count < OC_LEAF_NAMES_MAX && oc_answer_at(&list, i, &name); i++) {
        names[*count] = oc_answer_str(&name, NULL);
        *count += names[*count] ? 1 : 0;
        oc_answer_end(&name);
    }
    oc_answer_end(&list);
    return true;
}

static void use_default_names(struct draft *d, const struct oc_leaf_defaults *defaults)
{
    for (size_t i = 0; i < defaults->group_by_count && i < OC_LEAF_NAMES_MAX; i++) {
        d->group_by[d->group_by_count++] = defaults->group_by[i];
    }
}

static void read_draft(struct draft *d, const struct oc_leaf_defaults *defaults,
                       const struct oc_answer *item)
{
    *d = (struct draft){.path = ROOT,
                        .wait = defaults->wait,
                        .interval = defaults->interval,
                        .repeat = defaults->repeat,
                        .send_resolved = true};
    if (item) {
        d->path = oc_answer_get_str(item, "path", ROOT);
        d->text = oc_answer_get_str(item, "text", NULL);
        d->wait = oc_answer_get_int(item, "group_wait", d->wait);
        d->interval = oc_answer_get_int(item, "group_interval", d->interval);
        d->repeat = oc_answer_get_int(item, "repeat_interval", d->repeat);
        d->send_resolved = oc_answer_get_bool(item, "send_resolved", true);
        d->says_groups = read_names(item, "group_by", d->group_by, &d->group_by_count);
        read_names(item, "mute", d->mute, &d->mute_count);
        read_names(item, "active", d->active, &d->active_count);
    }
    if (!d->says_groups) {
        use_default_names(d, defaults);
    }
}

/* ---- keeping ---- */

static void add_names(struct oc_buf *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        oc_buf_add(key, names[i], strlen(names[i]) + 1);
    }
    oc_buf_addc(key, '\1');
}

static void make_key(struct oc_buf *key, const struct draft *d)
{
    int64_t times[3] = {d->wait, d->interval, d->repeat};
    oc_buf_clear(key);
    oc_buf_add(key, times, sizeof times);
    oc_buf_addc(key, (char)('0' + (d->send_resolved ? 1 : 0) + (d->says_groups ? 2 : 0)));
    add_names(key, &d->path, 1);
    add_names(key, &d->text, d->text ? 1 : 0);
    add_names(key, d->group_by, d->group_by_count);
    add_names(key, d->mute, d->mute_count);
    add_names(key, d->active, d->active_count);
}

static void copy_names(struct oc_leaf_names *to, const char *const *names, size_t count)
{
    to->items = oc_calloc(count + 1, sizeof *to->items);
    to->count = count;
    for (size_t i = 0; i < count; i++) {
        to->items[i] = oc_strdup(names[i]);
    }
}

/* Whatever is not told in the plain way is told as a group: of one alert, where nobody spoke of groups. */
static void judge(struct oc_leaf *leaf, const struct draft *d,
                  const struct oc_leaf_defaults *defaults)
{
    bool groups = d->says_groups || d->wait > 0 || d->interval > 0;
    leaf->grouped = groups || d->mute_count > 0 || d->active_count > 0 || d->text ||
                    !d->send_resolved || d->repeat != defaults->repeat;
    leaf->each = !groups;
    for (size_t i = 0; i < d->group_by_count; i++) {
        leaf->each = leaf->each || strcmp(d->group_by[i], "...") == 0;
    }
}

static struct oc_leaf *make(const struct oc_leaves *l, const struct draft *d)
{
    struct oc_leaf *leaf = oc_calloc(1, sizeof *leaf);
    leaf->path = oc_strdup(d->path);
    leaf->text = d->text ? oc_strdup(d->text) : NULL;
    leaf->wait = d->wait > 0 ? d->wait : 0;
    leaf->interval = d->interval > 0 ? d->interval : 0;
    leaf->repeat = d->repeat > 0 ? d->repeat : 0;
    leaf->send_resolved = d->send_resolved;
    copy_names(&leaf->group_by, d->group_by, d->group_by_count);
    copy_names(&leaf->mute, d->mute, d->mute_count);
    copy_names(&leaf->active, d->active, d->active_count);
    judge(leaf, d, &l->defaults);
    return leaf;
}

const struct oc_leaf *oc_leaves_get(struct oc_leaves *l, const struct oc_answer *item)
{
    struct draft d;
    read_draft(&d, &l->defaults, item);
    make_key(&l->key, &d);
    struct oc_leaf *leaf = oc_map_getn(&l->by_key, l->key.data, l->key.len);
    if (!leaf && l->list.count >= OC_LEAVES_MAX && item) {
        return oc_leaves_get(l, NULL);
    }
    if (!leaf) {
        leaf = make(l, &d);
        OC_VEC_PUSH(&l->list, leaf);
        oc_map_setn(&l->by_key, l->key.data, l->key.len, leaf);
    }
    return leaf;
}

static void free_names(struct oc_leaf_names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->items[i]);
    }
    free(names->items);
}

void oc_leaves_finish(struct oc_leaves *l)
{
    for (size_t i = 0; i < l->list.count; i++) {
        struct oc_leaf *leaf = l->list.items[i];
        free_names(&leaf->group_by);
        free_names(&leaf->mute);
        free_names(&leaf->active);
        free(leaf->path);
        free(leaf->text);
        free(leaf);
    }
    OC_VEC_FINISH(&l->list);
    oc_map_finish(&l->by_key, NULL);
    oc_buf_finish(&l->key);
}
