/* Tests of core/store/registry.c and of series handles. SPDX-License-Identifier: MIT */
#include "tests/unit/store/store_kit.h"
#include "tests/unit/unit.h"

static struct oc_label label(const char *name, const char *value)
{
    return (struct oc_label){kit_view(name), kit_view(value)};
}

static struct oc_series *get(struct kit *kit, const char *instance, const char *name,
                             const struct oc_label *labels, uint32_t count)
{
    return oc_store_series(kit->store, instance, kit_view(name), OC_KIND_GAUGE, labels, count);
}

static void the_order_of_labels_does_not_matter(void **state)
{
    struct kit *kit = *state;
    struct oc_label a[] = {label("target", "x"), label("code", "200"), label("path", "/")};
    struct oc_label b[] = {label("path", "/"), label("target", "x"), label("code", "200")};
    struct oc_series *series = get(kit, "web", "http.ms", a, 3);
    assert_ptr_equal(get(kit, "web", "http.ms", b, 3), series);
    assert_int_equal(series->label_count, 4);
    for (uint32_t i = 1; i < series->label_count; i++) {
        assert_true(strcmp(series->labels[i - 1].name, series->labels[i].name) < 0);
    }
    assert_string_equal(series->instance, "web");
    assert_string_equal(series->target, "x");
    assert_ptr_equal(series->name, oc_store_intern(kit->store, "http.ms"));
}

static void the_last_of_double_labels_wins_and_the_instance_is_ours(void **state)
{
    struct kit *kit = *state;
    struct oc_label twice[] = {label("a", "1"), label("instance", "forged"), label("a", "2")};
    struct oc_label once[] = {label("a", "2")};
    struct oc_series *series = get(kit, "web", "m", twice, 3);
    assert_ptr_equal(get(kit, "web", "m", once, 1), series);
    assert_string_equal(series->instance, "web");
    assert_null(series->target);
    assert_null(get(kit, NULL, "m", once, 1)->instance);
}

static void different_series_are_different(void **state)
{
    struct kit *kit = *state;
    struct oc_label a[] = {label("k", "v")}, b[] = {label("kv", "")}, c[] = {label("k", "")};
    struct oc_series *all[] = {get(kit, NULL, "m", a, 1),  get(kit, NULL, "m", b, 1),
                               get(kit, NULL, "m", c, 1),  get(kit, NULL, "m", NULL, 0),
                               get(kit, "", "m", NULL, 0), get(kit, NULL, "mm", NULL, 0)};
    for (size_t i = 0; i < OC_COUNT(all); i++) {
        assert_non_null(all[i]);
        for (size_t j = 0; j < i; j++) {
            assert_ptr_not_equal(all[i], all[j]);
        }
    }
}

static void invalid_names_are_refused(void **state)
{
    struct kit *kit = *state;
    char longest[202];
    const char *const bad[] = {"", "1up", ".x", "a b", "a-b", "a\"", "\xc3\xa9", "a{", "a\n"};
    for (size_t i = 0; i < OC_COUNT(bad); i++) {
        struct oc_label l = label(bad[i], "v");
        assert_null(get(kit, "i", bad[i], NULL, 0));
        assert_null(get(kit, "i", "good", &l, 1));
    }
    struct oc_label dotted = label("a.b", "v");
    assert_null(get(kit, "i", "good", &dotted, 1));
    memset(longest, 'a', sizeof longest);
    longest[201] = '\0';
    assert_null(get(kit, "i", longest, NULL, 0));
    longest[200] = '\0';
    assert_non_null(get(kit, "i", longest, NULL, 0));
    assert_non_null(get(kit, "i", "_a:b.c9", NULL, 0));
}

static void seventeen_labels_are_too_many(void **state)
{
    struct kit *kit = *state;
    char names[17][8];
    struct oc_label labels[17];
    for (int i = 0; i < 17; i++) {
        snprintf(names[i], sizeof names[i], "l%d", i);
        labels[i] = label(names[i], "v");
    }
    assert_null(get(kit, "i", "m", labels, 17));
    struct oc_series *series = get(kit, "i", "m", labels, 16);
    assert_int_equal(series->label_count, 17);
}

static void values_are_cleaned_and_cut_between_characters(void **state)
{
    struct kit *kit = *state;
    char large[1000];
    struct oc_label l = label("target", "a\x01\xff"
                                        "b\033[31m");
    struct oc_series *series = get(kit, NULL, "m", &l, 1);
    assert_true(oc_utf8_valid(series->target, strlen(series->target)));
    assert_null(strchr(series->target, '\033'));
    assert_null(strchr(series->target, '\x01'));

    memset(large, 'x', 255);
    memcpy(large + 255, "\xc3\xa9 and much more", 17);
    l = label("target", large);
    series = get(kit, NULL, "m", &l, 1);
    assert_int_equal(strlen(series->target), 255);
    memset(large, 0xff, sizeof large);
    l.value = (struct oc_view){large, sizeof large};
    series = get(kit, NULL, "m", &l, 1);
    assert_true(strlen(series->target) <= 256);
    assert_true(oc_utf8_valid(series->target, strlen(series->target)));
    l.value = (struct oc_view){NULL, 0};
    assert_string_equal(get(kit, NULL, "m", &l, 1)->target, "");
}

static void the_cap_on_series_holds(void **state)
{
    struct kit *kit = *state;
    char name[16];
    kit->store->registry.max = 10;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "m%d", i);
        struct oc_series *series = get(kit, NULL, name, NULL, 0);
        assert_true((series != NULL) == (i < 10));
    }
    assert_non_null(get(kit, NULL, "m3", NULL, 0));
}

static void formats_and_escapes(void **state)
{
    struct kit *kit = *state;
    char buf[128];
    struct oc_label l = label("target", "a\"b\\c");
    struct oc_series *series = get(kit, "web", "http.ms", &l, 1);
    assert_string_equal(oc_series_format(series, buf, sizeof buf),
                        "http.ms{instance=\"web\",target=\"a\\\"b\\\\c\"}");
    assert_string_equal(oc_series_format(get(kit, NULL, "up", NULL, 0), buf, sizeof buf), "up");
    for (size_t size = 1; size < 48; size++) {
        char *small = malloc(size);
        assert_true(strlen(oc_series_format(series, small, size)) < size);
        free(small);
    }
}

struct visit {
    uint32_t last, id, kind; /* the kind of the series that has the id */
};

static void visit_series(void *ctx, struct oc_series *series)
{
    struct visit *v = ctx;
    assert_true(series->id > v->last);
    v->last = series->id;
    v->kind = series->id == v->id ? series->kind : v->kind;
}

static void series_ids_kinds_and_labels_survive_a_restart(void **state)
{
    struct kit *kit = *state;
    uint32_t ids[300];
    char target[32];
    for (int i = 0; i < 300; i++) {
        snprintf(target, sizeof target, "t%d", i);
        struct oc_series *series = kit_series(kit, "http.ms", target);
        oc_store_append(kit->store, series, KIT_NOW, i);
        ids[i] = series->id;
    }
    struct oc_view name = kit_view("http.ms");
    struct oc_label l = label("target", "t7");
    oc_store_flush(kit->store, NULL);
    oc_store_series(kit->store, "test", name, OC_KIND_COUNTER, &l,
                    1); /* another kind, same series */
    kit_reopen(kit);
    assert_int_equal(kit_stat(kit, "series"), 300);
    struct visit v = {.id = ids[7], .kind = UINT32_MAX};
    oc_store_series_each(kit->store, visit_series, &v);
    assert_int_equal(v.kind, OC_KIND_COUNTER);
    for (int i = 0; i < 300; i++) {
        snprintf(target, sizeof target, "t%d", i);
        struct oc_series *series = kit_series(kit, "http.ms", target);
        assert_int_equal(series->id, ids[i]);
        assert_int_equal(series->time_ms, 0);
        assert_null(series->rules);
    }
    assert_true(kit_series(kit, "http.ms", "new")->id > v.last);
}

static void series_without_samples_in_the_retention_are_forgotten_at_open(void **state)
{
    struct kit *kit = *state;
    struct oc_series *old = kit_series(kit, "m", "old"), *new = kit_series(kit, "m", "new");
    uint32_t new_id = new->id;
    oc_store_append(kit->store, old, KIT_NOW, 1);
    oc_time_advance(31 * OC_DAY);
    oc_store_append(kit->store, new, oc_time_wall(), 1);
    kit_reopen(kit);
    assert_int_equal(kit_stat(kit, "series"), 1);
    assert_int_equal(kit_series(kit, "m", "new")->id, new_id);
    assert_true(kit_series(kit, "m", "old")->id > new_id); /* ids are not used again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        kit_test(the_order_of_labels_does_not_matter),
        kit_test(the_last_of_double_labels_wins_and_the_instance_is_ours),
        kit_test(different_series_are_different),
        kit_test(invalid_names_are_refused),
        kit_test(seventeen_labels_are_too_many),
        kit_test(values_are_cleaned_and_cut_between_characters),
        kit_test(the_cap_on_series_holds),
        kit_test(formats_and_escapes),
        kit_test(series_ids_kinds_and_labels_survive_a_restart),
        kit_test(series_without_samples_in_the_retention_are_forgotten_at_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
