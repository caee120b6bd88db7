/* What the host counts about itself. SPDX-License-Identifier: MIT */
#include "core/base/meter.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/text.h"

#define VALUE_MAX 255u /* bytes of a label's value that count */
#define KEY_MAX   ((VALUE_MAX + 1) * OC_METER_LABELS)

const double oc_meter_bounds[OC_METER_BOUNDS] = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30};

static struct oc_meter *all;

struct oc_meter *oc_meters(void)
{
    return all;
}

static void cell_free(void *value)
{
    struct oc_meter_cell *cell = value;
    for (size_t i = 0; i < OC_METER_LABELS; i++) {
        free(cell->values[i]);
    }
    free(cell->buckets);
    free(cell);
}

void oc_meters_reset(void)
{
    while (all) {
        struct oc_meter *m = all;
        all = m->next;
        oc_map_finish(&m->cells, cell_free);
        m->next = NULL;
        m->listed = false;
    }
}

static struct oc_meter_cell *cell_create(const struct oc_meter *m,
                                         const char *const values[OC_METER_LABELS])
{
    struct oc_meter_cell *cell = oc_calloc(1, sizeof *cell);
    for (size_t i = 0; i < OC_METER_LABELS && m->labels[i]; i++) {
        const char *value = values[i] ? values[i] : "";
        cell->values[i] = oc_utf8_clean(value, strnlen(value, VALUE_MAX));
    }
    if (m->kind == OC_METER_SECONDS) {
        cell->buckets = oc_calloc(OC_METER_BOUNDS, sizeof *cell->buckets);
    }
    return cell;
}

/* Label values, each with its NUL: no two combinations are the same bytes. */
static size_t make_key(const struct oc_meter *m, const char *const values[OC_METER_LABELS],
                       char key[KEY_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < OC_METER_LABELS && m->labels[i]; i++) {
        const char *value = values[i] ? values[i] : "";
        size_t part = strnlen(value, VALUE_MAX);
        memcpy(key + len, value, part);
        len += part;
        key[len++] = '\0';
    }
    return len;
}

struct oc_meter_cell *oc_meter_cell(struct oc_meter *m, const char *a, const char *b, const char *c)
{
    static const char *const others[OC_METER_LABELS] = {"other", "other", "other"};
    const char *values[OC_METER_LABELS] = {a, b, c};
    char key[KEY_MAX];
    size_t len = make_key(m, values, key);
    struct oc_meter_cell *cell = oc_map_getn(&m->cells, key, len);
    if (cell) {
        return cell;
    }
    if (m->cells.count >= OC_METER_CELLS_MAX) {
        memcpy(values, others, sizeof values);
        len = make_key(m, others, key);
        cell = oc_map_getn(&m->cells, key, len);
    }
    if (!cell) {
        cell = cell_create(m, values);
        oc_map_setn(&m->cells, key, len, cell);
    }
    if (!m->listed) {
        m->listed = true;
        m->next = all;
        all = m;
    }
    return cell;
}

void oc_meter_add(struct oc_meter *m, double amount, const char *a, const char *b, const char *c)
{
    oc_meter_cell(m, a, b, c)->value += amount;
}

void oc_meter_set(struct oc_meter *m, double value, const char *a, const char *b, const char *c)
{
    oc_meter_cell(m, a, b, c)->value = value;
}

void oc_meter_observe(struct oc_meter *m, int64_t us, const char *a, const char *b, const char *c)
{
    struct oc_meter_cell *cell = oc_meter_cell(m, a, b, c);
    double seconds = us > 0 ? (double)us / 1e6 : 0;
    size_t i = 0;
    while (i < OC_METER_BOUNDS && seconds > oc_meter_bounds[i]) {
        i++;
    }
    if (i < OC_METER_BOUNDS) {
        cell->buckets[i]++;
    }
    cell->value += seconds;
    cell->count++;
}
