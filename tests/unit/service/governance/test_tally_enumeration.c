/* Every case there is: the tally, the oracle and the policy in Lua must agree. SPDX-License-Identifier: MIT
 *
 * The ordinary run takes a share of the blocks of cases, OC_FULL=1 all of them. Two processes share the work. */
#include "tests/unit/service/governance/tally_families.h"
#include "tests/unit/service/governance/tally_oracle.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/time.h"
#include "core/policy/sandbox.h"
#include "core/policy/state.h"
#include "core/service/governance/tally/tally_hook.h"
#include "core/sys/file.h"

#define BLOCK   4000 /* cases that go to Lua in one call */
#define SHARE   80   /* of the blocks, one is looked at in the ordinary run */
#define WORKERS 2

/* Reads the cases of a block, asks the policy, and packs each answer into a number. */
static const char driver[] =
    "local pool, proposals, outcomes, reasons\n"
    "local byte = string.byte\n"
    "function load(spec)\n"
    "  pool, proposals, outcomes, reasons = spec.records, spec.proposals, spec.outcomes, "
    "spec.reasons\n"
    "end\n"
    "local function pack(r)\n"
    "  return outcomes[r.outcome] | reasons[r.reason] << 3 | r.yes << 7 | r.no << 10 | r.abstain "
    "<< 13\n"
    "    | r.absent << 16 | r.present << 19 | r.delegated << 22 | (r.carried_at or 0) << 25\n"
    "    | (r.decided_at or 0) << 32\n"
    "end\n"
    "local lists\n"
    "local function read(text, at, count)\n"
    "  lists = { ballots = {}, signatures = {}, vetoes = {}, overrides = {}, delegations = {} }\n"
    "  for i = at, at + 2 * count - 2, 2 do\n"
    "    local a, b = byte(text, i, i + 1)\n"
    "    local record = pool[(a - 1) * 100 + b]\n"
    "    local list = lists[record.list]\n"
    "    list[#list + 1] = record\n"
    "  end\n"
    "end\n"
    "function run(text, count)\n"
    "  local at, answers = 1, {}\n"
    "  for i = 1, count do\n"
    "    local p1, p2, now, n = byte(text, at, at + 3)\n"
    "    local proposal = proposals[(p1 - 1) * 100 + p2]\n"
    "    at = at + 4\n"
    "    if n < 100 then\n"
    "      read(text, at, n - 1)\n"
    "      at = at + 2 * (n - 1)\n"
    "    end\n"
    "    proposal.signatures, proposal.vetoes = lists.signatures, lists.vetoes\n"
    "    proposal.overrides, proposal.delegations = lists.overrides, lists.delegations\n"
    "    answers[i] = pack(quorum(proposal, lists.ballots, now - 1))\n"
    "  end\n"
    "  return answers\n"
    "end\n";

#define AS_BEFORE 100 /* instead of a number of records: those of the case before */

struct block {
    struct oc_buf text;
    int64_t expected[BLOCK];
    unsigned count, last[CASE_MAX]; /* the records of the last case */
    size_t last_count;
};

struct kit {
    const struct world *world;
    const struct family *family;
    struct oc_lua *lua;
    struct block block;
    uint64_t seen, number; /* of all cases; of the block that the last one is in */
    uint64_t checked;
    unsigned worker;
    bool full, mine;
};

/* ---- a world as Lua sees it ---- */

static const char *const lists[] = {"ballots", "signatures", "vetoes", "overrides", "delegations"};

static const struct oc_member members[VOTERS] = {{"alpha", true}, {"beta", true}, {"charlie", true},
                                                 {"dora", true},  {"emil", true}, {"frida", true},
                                                 {"gustav", true}};

static json_t *record_json(const struct record *r)
{
    json_t *o;
    switch (r->list) {
    case BALLOT:
        o = oc_tally_ballot_json(&r->ballot, members, VOTERS);
        break;
    case SIGNATURE:
        o = oc_tally_signature_json(&r->signature);
        break;
    case VETO:
        o = oc_tally_veto_json(&r->veto);
        break;
    case OVERRIDE:
        o = oc_tally_override_json(&r->override, members, VOTERS);
        break;
    case DELEGATION:
    default:
        o = oc_tally_delegation_json(&r->delegation, members, VOTERS);
        break;
    }
    oc_json_set_str(o, "list", lists[r->list]);
    return o;
}

static json_t *proposal_json(const struct proposal *p)
{
    return oc_tally_proposal_json(&p->rules, &p->electorate, members);
}

json_t *world_json(const struct world *w)
{
    json_t *o = json_object(), *records = json_array(), *proposals = json_array();
    json_t *outcomes = json_object(), *reasons = json_object();
    for (unsigned i = 0; i < w->records; i++) {
        json_array_append_new(records, record_json(&w->pool[i]));
    }
    for (unsigned i = 0; i < w->proposal_count; i++) {
        json_array_append_new(proposals, proposal_json(&w->proposals[i]));
    }
    for (int i = OC_TALLY_PENDING; i <= OC_TALLY_INVALID; i++) {
        oc_json_set_int(outcomes, oc_outcome_name((enum oc_outcome)i), i);
    }
    for (int i = OC_REASON_WAITING_VOTES; i <= OC_REASON_BAD_INPUT; i++) {
        oc_json_set_int(reasons, oc_tally_reason_name((enum oc_tally_reason)i), i);
    }
    oc_json_take(o, "records", records);
    oc_json_take(o, "proposals", proposals);
    oc_json_take(o, "outcomes", outcomes);
    oc_json_take(o, "reasons", reasons);
    return o;
}

/* ---- Lua ---- */

static void run_chunk(struct oc_lua *lua, const char *name, const char *text, size_t len)
{
    struct oc_error err;
    oc_error_init(&err);
    if (oc_lua_run(lua, name, text, len, &err) != OC_OK) {
        fprintf(stderr, "%s: %s\n", name, err.message);
        abort();
    }
}

/* The budget of the sandbox costs half of the time: it counts every byte and looks at every instruction. What is compared here is
 * what its state, with its libraries, calculates. */
#define SMALL 1024 /* bytes: what was freed is kept for the next of its size */
#define ARENA ((size_t)256 << 20)

static struct spare {
    struct spare *next;
} * spare[SMALL / 8 + 1];
static char *arena; /* never freed: the process ends soon */
static size_t taken;

static bool is_ours(const void *ptr)
{
    return (const char *)ptr >= arena && (const char *)ptr < arena + ARENA;
}

static void *small(size_t size)
{
    const size_t class = (size + 7) / 8;
    struct spare *found = spare[class];
    if (found) {
        spare[class] = found->next;
        return found;
    }
    OC_ASSERT(taken + class * 8 <= ARENA);
    taken += class * 8;
    return arena + taken - class * 8;
}

/* What the state took before is malloc's. */
static void *allocate(void *ctx, void *ptr, size_t old_size, size_t size)
{
    void *fresh = NULL;
    (void)ctx;
    if (ptr && size > SMALL && !is_ours(ptr)) {
        return realloc(ptr, size);
    }
    if (size > 0) {
        fresh = size <= SMALL ? small(size) : oc_alloc(size);
    }
    if (ptr && fresh) {
        memcpy(fresh, ptr, old_size < size ? old_size : size);
    }
    if (ptr && is_ours(ptr)) {
        struct spare *s = ptr;
        s->next = spare[(old_size + 7) / 8];
        spare[(old_size + 7) / 8] = s;
    } else {
        free(ptr);
    }
    return fresh;
}

static void stop_watching(struct oc_lua *lua)
{
    if (!arena) {
        arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        OC_ASSERT(arena != MAP_FAILED);
    }
    lua_setallocf(lua->L, allocate, NULL);
    lua_sethook(lua->L, NULL, 0, 0);
}

static struct oc_lua *start_lua(const struct world *w)
{
    const struct oc_lua_limits limits = {
        .memory = (size_t)256 << 20, .instructions = UINT64_C(1) << 60, .deadline_ms = OC_HOUR};
    struct oc_lua *lua = oc_lua_create(&limits);
    struct oc_buf policy = {0};
    struct oc_error err;
    json_t *args = json_array(), *result = NULL;
    oc_error_init(&err);
    OC_ASSERT(oc_file_read(OC_SOURCE_DIR "/etc/policies/quorum.lua", 1 << 20, &policy, &err) == 0);
    lua_gc(lua->L, LUA_GCGEN, 0, 0);
    run_chunk(lua, "quorum.lua", policy.data, policy.len);
    run_chunk(lua, "driver.lua", driver, sizeof driver - 1);
    json_array_append_new(args, world_json(w));
    OC_ASSERT(oc_lua_call(lua, "load", args, &result, NULL, NULL, &err) == OC_OK);
    json_decref(args);
    json_decref(result);
    oc_buf_finish(&policy);
    stop_watching(lua);
    return lua;
}

/* ---- one case ---- */

static int64_t pack(const struct oc_tally_result *r)
{
    return (int64_t)((uint64_t)r->outcome | (uint64_t)r->reason << 3 | (uint64_t)r->yes << 7 |
                     (uint64_t)r->no << 10 | (uint64_t)r->abstain << 13 |
                     (uint64_t)r->absent << 16 | (uint64_t)r->present << 19 |
                     (uint64_t)r->delegated << 22 | (uint64_t)r->carried_at << 25 |
                     (uint64_t)r->decided_at << 32);
}

struct lists {
    struct oc_ballot_record ballots[CASE_MAX];
    struct oc_signature_record signatures[CASE_MAX];
    struct oc_veto_record vetoes[CASE_MAX];
    struct oc_override_record overrides[CASE_MAX];
    struct oc_delegation_record delegations[CASE_MAX];
};

static void sort_out(const struct world *w, const unsigned *ids, size_t count, struct lists *l,
                     struct oc_tally_case *c)
{
    for (size_t i = 0; i < count; i++) {
        const struct record *r = &w->pool[ids[i]];
        switch (r->list) {
        case BALLOT:
            l->ballots[c->ballot_count++] = r->ballot;
            break;
        case SIGNATURE:
            l->signatures[c->signature_count++] = r->signature;
            break;
        case VETO:
            l->vetoes[c->veto_count++] = r->veto;
            break;
        case OVERRIDE:
            l->overrides[c->override_count++] = r->override;
            break;
        case DELEGATION:
        default:
            l->delegations[c->delegation_count++] = r->delegation;
            break;
        }
    }
}

static void ask_tally(const struct world *w, unsigned proposal, int64_t now, const unsigned *ids,
                      size_t count, struct oc_tally_result *result)
{
    struct lists l;
    struct oc_tally_case c;
    c.rules = w->proposals[proposal].rules;
    c.electorate = w->proposals[proposal].electorate;
    c.ballots = l.ballots;
    c.signatures = l.signatures;
    c.vetoes = l.vetoes;
    c.overrides = l.overrides;
    c.delegations = l.delegations;
    c.ballot_count = c.signature_count = c.veto_count = c.override_count = c.delegation_count = 0;
    sort_out(w, ids, count, &l, &c);
    oc_tally(&c, now, result);
}

static void show_case(const struct kit *k, unsigned proposal, int64_t now, const unsigned *ids,
                      size_t count)
{
    json_t *p = proposal_json(&k->world->proposals[proposal]);
    char *text = oc_json_text(p);
    fprintf(stderr, "%s\nproposal %s, now %lld\n", k->family->name, text, (long long)now);
    free(text);
    json_decref(p);
    for (size_t i = 0; i < count; i++) {
        json_t *r = record_json(&k->world->pool[ids[i]]);
        text = oc_json_text(r);
        fprintf(stderr, "  %s\n", text);
        free(text);
        json_decref(r);
    }
}

static void show_result(const char *who, int64_t packed)
{
    const uint64_t v = (uint64_t)packed;
    fprintf(stderr,
            "%s: %s, %s; yes %u no %u abstain %u absent %u present %u delegated %u carried %u "
            "decided %u\n",
            who, oc_outcome_name((enum oc_outcome)(v & 7)),
            oc_tally_reason_name((enum oc_tally_reason)(v >> 3 & 15)), (unsigned)(v >> 7 & 7),
            (unsigned)(v >> 10 & 7), (unsigned)(v >> 13 & 7), (unsigned)(v >> 16 & 7),
            (unsigned)(v >> 19 & 7), (unsigned)(v >> 22 & 7), (unsigned)(v >> 25 & 127),
            (unsigned)(v >> 32 & 127));
}

/* ---- blocks ---- */

static void put_number(struct oc_buf *text, unsigned number)
{
    oc_buf_addc(text, (char)(number / 100 + 1));
    oc_buf_addc(text, (char)(number % 100 + 1));
}

/* Many proposals are asked about the same records: those are sent once. */
static void put_case(struct block *b, unsigned proposal, int64_t now, const unsigned *ids,
                     size_t count)
{
    const bool same =
        b->count > 0 && count == b->last_count && memcmp(ids, b->last, count * sizeof *ids) == 0;
    put_number(&b->text, proposal);
    oc_buf_addc(&b->text, (char)(now + 1));
    oc_buf_addc(&b->text, same ? AS_BEFORE : (char)(count + 1));
    for (size_t i = 0; i < count && !same; i++) {
        put_number(&b->text, ids[i]);
        b->last[i] = ids[i];
    }
    b->last_count = count;
}

static void read_case(const char **at, unsigned *proposal, int64_t *now, unsigned *ids,
                      size_t *count)
{
    const char *t = *at;
    *proposal = (unsigned)(t[0] - 1) * 100 + (unsigned)(t[1] - 1);
    *now = t[2] - 1;
    if (t[3] == AS_BEFORE) {
        *at = t + 4;
        return;
    }
    *count = (size_t)(t[3] - 1);
    t += 4;
    for (size_t i = 0; i < *count; i++, t += 2) {
        ids[i] = (unsigned)(t[0] - 1) * 100 + (unsigned)(t[1] - 1);
    }
    *at = t;
}

static void show_difference(const struct kit *k, size_t wrong, int64_t got)
{
    const char *at = k->block.text.data;
    unsigned proposal = 0, ids[CASE_MAX];
    int64_t now = 0;
    size_t count = 0;
    for (size_t i = 0; i <= wrong; i++) {
        read_case(&at, &proposal, &now, ids, &count);
    }
    show_case(k, proposal, now, ids, count);
    show_result("tally", k->block.expected[wrong]);
    show_result("lua  ", got);
}

/* What has been collected goes to Lua. */
static void flush(struct kit *k)
{
    struct block *b = &k->block;
    lua_State *L = k->lua->L;
    if (b->count == 0) {
        return;
    }
    lua_getglobal(L, "run");
    lua_pushlstring(L, b->text.data, b->text.len);
    lua_pushinteger(L, b->count);
    if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    OC_ASSERT(lua_rawlen(L, -1) == b->count);
    for (size_t i = 0; i < b->count; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        OC_ASSERT(lua_isinteger(L, -1));
        const int64_t got = lua_tointeger(L, -1);
        lua_pop(L, 1);
        if (got != b->expected[i]) {
            show_difference(k, i, got);
            abort();
        }
    }
    k->checked += b->count;
    b->count = 0;
    oc_buf_clear(&b->text);
    lua_pop(L, 1);
}

/* The cases are dealt out in blocks, so both processes see the same ones in the same order. */
static void deal(struct kit *k)
{
    if (k->seen++ % BLOCK == 0) {
        const uint64_t turn = k->full ? k->number : k->number / SHARE;
        k->mine = (k->full || k->number % SHARE == 0) && turn % WORKERS == k->worker;
        k->number++;
    }
}

static void on_case(void *ctx, unsigned proposal, int64_t now, const unsigned *ids, size_t count)
{
    struct kit *k = ctx;
    struct oc_tally_result tally, oracle;
    deal(k);
    if (!k->mine) {
        return;
    }
    ask_tally(k->world, proposal, now, ids, count, &tally);
    oracle_tally(k->world, proposal, now, ids, count, &oracle);
    const int64_t packed = pack(&tally);
    if (packed != pack(&oracle)) {
        show_case(k, proposal, now, ids, count);
        show_result("tally ", packed);
        show_result("oracle", pack(&oracle));
        abort();
    }
    put_case(&k->block, proposal, now, ids, count);
    k->block.expected[k->block.count++] = packed;
    if (k->block.count == BLOCK) {
        flush(k);
    }
}

static uint64_t check_family(const struct family *family, unsigned worker, bool full)
{
    struct world *w = oc_calloc(1, sizeof *w);
    struct kit *k = oc_calloc(1, sizeof *k);
    family->fill(w);
    OC_ASSERT(w->records <= POOL_MAX && w->proposal_count <= PROPOSALS_MAX);
    *k = (struct kit){.world = w, .family = family, .worker = worker, .full = full};
    k->lua = start_lua(w);
    family->enumerate(w, on_case, k);
    flush(k);
    const uint64_t checked = k->checked;
    lua_close(k->lua->L); /* its memory is not the sandbox's any more */
    free(k->lua);
    oc_buf_finish(&k->block.text);
    free(k);
    free(w);
    return checked;
}

/* ---- processes ---- */

static _Noreturn void work(unsigned worker, bool full, int fd)
{
    uint64_t counts[OC_COUNT(families)];
    for (size_t i = 0; i < family_count; i++) {
        counts[i] = check_family(&families[i], worker, full);
    }
    _exit(oc_fd_write_all(fd, counts, sizeof counts) == 0 ? 0 : 1);
}

static void add_up(int fd, pid_t pid, uint64_t *counts)
{
    uint64_t got[OC_COUNT(families)];
    int status = 0;
    const ssize_t n = read(fd, got, sizeof got);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(n, (ssize_t)sizeof got);
    for (size_t i = 0; i < family_count; i++) {
        counts[i] += got[i];
    }
    close(fd);
}

static void test_two_implementations_and_the_oracle_agree_on_every_case(void **state)
{
    const bool full = getenv("OC_FULL") && strcmp(getenv("OC_FULL"), "1") == 0;
    const int64_t start = oc_time_mono();
    uint64_t counts[OC_COUNT(families)] = {0}, total = 0;
    int pipes[WORKERS][2];
    pid_t pids[WORKERS];
    (void)state;
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(pipe(pipes[i]), 0);
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            work(i, full, pipes[i][1]);
        }
        close(pipes[i][1]);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        add_up(pipes[i][0], pids[i], counts);
    }
    for (size_t i = 0; i < family_count; i++) {
        total += counts[i];
        printf("%10llu cases: %s\n", (unsigned long long)counts[i], families[i].name);
    }
    const int64_t ms = oc_time_mono() - start;
    printf("%10llu cases, no difference, %lld.%03lld s%s\n", (unsigned long long)total,
           (long long)(ms / 1000), (long long)(ms % 1000),
           full ? "" : " (a share; all: OC_FULL=1)");
    assert_true(total > (full ? 10000000 : 100000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_implementations_and_the_oracle_agree_on_every_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
