/* The saved state of governance: made by a worker from the ledger, and a shortcut only. SPDX-License-Identifier: MIT */
#include "tests/unit/service/governance/world.h"
#include "tests/unit/unit.h"

#include <dirent.h>

#include "core/base/time.h"

static struct world w;
static char *ledger_dir, *saved_file;
static bool others_know; /* of what the ledger has lost, before governance looks */

static void open_all(void)
{
    const struct oc_ledger_options o = {.dir = ledger_dir, .segment_size = 8};
    w.s.env.ledger = oc_ledger_open(&o, w.s.env.loop, NULL);
    assert_non_null(w.s.env.ledger);
    if (others_know) {
        oc_ledger_distrust(w.s.env.ledger, "entries are gone");
    }
    world_open(&w, "");
}

static void close_all(void)
{
    oc_governance_destroy(w.g);
    w.g = NULL;
    oc_ledger_close(w.s.env.ledger);
    w.s.env.ledger = NULL;
    oc_ops_destroy(w.s.env.ops);
    w.s.env.ops = oc_ops_create(w.s.env.loop, w.s.env.bus);
}

static int begin(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    stage_begin(&w.s);
    ledger_dir = oc_path_join(w.s.home, "ledger");
    saved_file = oc_path_join(w.s.home, "data/governance.json");
    open_all();
    return 0;
}

static void empty(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        char *path = oc_path_join(dir, e->d_name);
        unlink(path);
        free(path);
    }
    if (d) {
        closedir(d);
    }
    rmdir(dir);
}

static int end(void **state)
{
    (void)state;
    oc_governance_destroy(w.g);
    w.g = NULL;
    oc_ledger_close(w.s.env.ledger);
    w.s.env.ledger = NULL;
    empty(ledger_dir);
    world_end(&w);
    free(ledger_dir);
    free(saved_file);
    return 0;
}

/* Keys of members: entries that lead to nothing else. */
static void write_keys(unsigned from, unsigned count)
{
    for (unsigned i = from; i < from + count; i++) {
        json_t *key = json_object();
        char name[16];
        snprintf(name, sizeof name, "k%u", i);
        oc_json_set_str(key, "member", name);
        oc_json_set_str(key, "id", name);
        assert_int_equal(
            oc_governance_write(w.g, "key_registered", json_pack("{s:o}", "key", key), NULL, NULL),
            OC_OK);
    }
    while (oc_governance_is_writing(w.g)) {
        stage_pass(&w.s, 0);
    }
}

static void save_by_worker(void)
{
    w.g->save_after = 0;
    w.g->saved_ms = oc_time_mono() - OC_DAY;
    oc_governance_save(w.g);
    assert_non_null(w.g->snapshot);
    while (w.g->snapshot) {
        stage_pass(&w.s, 0);
    }
}

static void assert_saved_is_state(void)
{
    char saved[OC_SHA256_HEX], here[OC_SHA256_HEX];
    json_t *state = oc_governance_saved(w.g);
    assert_non_null(state);
    oc_governance_state_hash(state, saved);
    oc_governance_state_hash(w.g->state, here);
    assert_string_equal(saved, here);
    json_decref(state);
}

static size_t told(const char *topic)
{
    size_t i, count = 0;
    json_t *event;
    json_array_foreach(w.s.events, i, event)
    {
        const json_t *data = json_array_get(event, 1);
        count += strcmp(json_string_value(json_array_get(event, 0)), topic) == 0 &&
                 strcmp(oc_json_str(data, "rule", ""), "governance-ledger-short") == 0;
    }
    return count;
}

static void a_worker_saves_what_has_come_since_the_last_time(void **state)
{
    (void)state;
    write_keys(0, 20);
    save_by_worker();
    assert_saved_is_state();
    assert_int_equal(w.g->saved, 20);
    oc_governance_save(w.g); /* there is nothing new */
    assert_null(w.g->snapshot);
    write_keys(20, 11);
    w.g->save_after = 0;
    oc_governance_save(w.g); /* too little, and too soon */
    assert_null(w.g->snapshot);
    save_by_worker();
    assert_saved_is_state();
    assert_int_equal(w.g->saved, 31);
}

/* As a document of the store it could not be kept: this one has more than a megabyte. */
static void a_large_state_comes_back_at_the_start(void **state)
{
    char before[OC_SHA256_HEX], after[OC_SHA256_HEX];
    char *text = oc_alloc(200001);
    (void)state;
    memset(text, 'x', 200000);
    text[200000] = '\0';
    for (int i = 0; i < 8; i++) {
        char id[16];
        snprintf(id, sizeof id, "P-%d", i);
        json_t *record = json_pack("{s:s,s:s,s:s}", "id", id, "stage", "closed", "text", text);
        assert_int_equal(oc_governance_write(w.g, "proposal_submitted",
                                             json_pack("{s:o}", "record", record), NULL, NULL),
                         OC_OK);
    }
    free(text);
    write_keys(0, 3);
    oc_governance_state_hash(w.g->state, before);
    close_all();
    open_all();
    assert_true(w.g->saved >= 11);
    oc_governance_state_hash(w.g->state, after);
    assert_string_equal(before, after);
    close_all();
    assert_int_equal(unlink(saved_file), 0);
    open_all(); /* of the ledger alone */
    assert_int_equal(w.g->saved, 0);
    oc_governance_state_hash(w.g->state, after);
    assert_string_equal(before, after);
}

static void one_that_is_torn_is_made_anew(void **state)
{
    char before[OC_SHA256_HEX], after[OC_SHA256_HEX];
    (void)state;
    write_keys(0, 5);
    oc_governance_state_hash(w.g->state, before);
    close_all();
    assert_int_equal(oc_file_write(saved_file, "{\"covers\":4,", 12, 0600, NULL), OC_OK);
    open_all();
    oc_governance_state_hash(w.g->state, after);
    assert_string_equal(before, after);
}

/* The saved state speaks of entries that the ledger does not have. */
static void save_a_state_of_more(void)
{
    oc_json_set_int(w.g->state, "covers", 7);
    w.g->saved = 0;
    json_t *longer = json_deep_copy(w.g->state);
    close_all();
    char *text = oc_json_text(longer), *folder = oc_path_dir(saved_file);
    assert_int_equal(oc_dir_make(folder, 0700, NULL), OC_OK);
    free(folder);
    assert_int_equal(oc_file_write(saved_file, text, strlen(text), 0600, NULL), OC_OK);
    free(text);
    json_decref(longer);
}

static void accept(void)
{
    assert_false(oc_ledger_healthy(w.s.env.ledger, NULL));
    oc_ledger_trust(w.s.env.ledger); /* as `ledger accept` does */
    oc_bus_publish(w.s.env.bus, "ledger.accepted", json_object());
}

/* Entries that were cut off are told; what comes then counts, and once all is well the alert ends. */
static void a_ledger_that_was_cut_is_told_until_it_is_well(void **state)
{
    (void)state;
    write_keys(0, 5);
    save_a_state_of_more();
    open_all();
    assert_int_equal(told("rule.firing"), 1);
    assert_int_equal(told("rule.resolved"), 0);
    accept();
    assert_int_equal(told("rule.resolved"), 1);
    write_keys(5, 1);
    assert_int_equal(json_array_size(json_object_get(w.g->state, "keys")), 6);
    close_all();
    open_all();
    assert_int_equal(told("rule.firing"), 1);
    assert_int_equal(told("rule.resolved"), 2);
    close_all();
    w.s.env.ephemeral = true; /* it looks once, and tells nobody */
    open_all();
    assert_int_equal(told("rule.firing") + told("rule.resolved"), 3);
    w.s.env.ephemeral = false;
}

/* Whoever noticed it first: what is said after the loss was accepted counts at once, and after a restart. */
static void what_comes_after_an_accepted_loss_counts(void **state)
{
    (void)state;
    write_keys(0, 5);
    save_a_state_of_more();
    others_know = true;
    open_all();
    others_know = false;
    accept();
    write_keys(5, 1);
    assert_int_equal(json_array_size(json_object_get(w.g->state, "keys")), 6);
    close_all();
    open_all();
    assert_true(oc_ledger_healthy(w.s.env.ledger, NULL));
    assert_int_equal(json_array_size(json_object_get(w.g->state, "keys")), 6);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        T(a_worker_saves_what_has_come_since_the_last_time),
        T(a_large_state_comes_back_at_the_start),
        T(one_that_is_torn_is_made_anew),
        T(a_ledger_that_was_cut_is_told_until_it_is_well),
        T(what_comes_after_an_accepted_loss_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
