/* The ledger's own state, its lines and its files. SPDX-License-Identifier: MIT
 *
 * <dir>/000000008192.log   a segment: its number is that of its first entry. Lines: eight hex digits of a checksum, a flag, a text. The
 *     first line has the flag '#': what the segment is, with the right edge of the tree before it. Every other line is an entry; the flag is
 *     ' ' where a group of entries begins that was written when all before it was on the disk, else '+'. So whatever a crash has torn lies
 *     behind the last ' ', and damage before that is damage.
 * <dir>/000000008192.tree  made when the segment is full: where each tile of 256 entries begins, the hash of each tile, the hash of each
 *     entry, a checksum. It stays when the text is retired.
 *
 * The checksum is that of flag and text, exclusive-or the low half of the entry's number: a line in another place is wrong, and yet tells
 * which one it is. */
#ifndef OC_STORE_LEDGER_INTERNAL_H
#define OC_STORE_LEDGER_INTERNAL_H

#include "core/base/vec.h"
#include "core/loop/worker.h"
#include "core/store/ledger/ledger.h"
#include "core/store/ledger/ledger_tree.h"

#define OC_LEDGER_SEGMENT  8192u /* entries */
#define OC_LEDGER_TILE     256u
#define OC_LEDGER_LINE_MAX (OC_LEDGER_ENTRY_MAX + 64)
#define OC_LEDGER_HEADER   '#'
#define OC_LEDGER_BEGINS   ' '
#define OC_LEDGER_GOES_ON  '+'

/* ---- ledger_line.c ---- */

struct oc_ledger_line {
    char flag;
    const char *text; /* borrowed from the reader */
    size_t len;
    size_t size; /* of the whole line */
};

void oc_ledger_line_put(struct oc_buf *out, char flag, uint64_t number, const char *text,
                        size_t len);
/* The line at `data`, if it is sound. `number` gets the low half of the one it says it has. */
bool oc_ledger_line_get(const char *data, size_t left, uint32_t *number,
                        struct oc_ledger_line *line);

void oc_ledger_header_put(struct oc_buf *out, const struct oc_frontier *f, uint64_t segment_size);
/* Reads a header's text: exactly what oc_ledger_header_put writes. */
bool oc_ledger_header_get(const char *text, size_t len, struct oc_frontier *f,
                          uint64_t *segment_size);

/* Line after line of a file. */
struct oc_ledger_reader {
    int fd;
    uint64_t offset, limit; /* of the next line; bytes that are looked at */
    char *data;
    size_t cap, at, len;
    int error;  /* errno of a read that failed */
    bool other; /* what is bad is a sound line that belongs elsewhere */
};
enum oc_ledger_got { OC_LEDGER_LINE, OC_LEDGER_END, OC_LEDGER_BAD, OC_LEDGER_FAILED };

void oc_ledger_reader_begin(struct oc_ledger_reader *r, int fd, uint64_t offset, uint64_t limit);
/* The next line, which must be number `number` (and a header when `header`); `line` is good until the next call. */
enum oc_ledger_got oc_ledger_reader_next(struct oc_ledger_reader *r, bool header, uint64_t number,
                                         struct oc_ledger_line *line);
/* Whether what is bad is no torn tail: a group of entries begins behind it, or it is a line from elsewhere. */
bool oc_ledger_reader_goes_on(struct oc_ledger_reader *r, uint64_t number);
void oc_ledger_reader_end(struct oc_ledger_reader *r);

/* ---- the files ---- */

char *oc_ledger_path(const char *dir, uint64_t first, const char *ending);

struct oc_ledger_tile {
    uint64_t offset; /* of its first line in the file */
    uint8_t root[OC_LEDGER_HASH];
};

/* What a .tree file holds. */
struct oc_ledger_leaves {
    uint64_t first, count;
    OC_VEC(struct oc_ledger_tile) tiles;
    uint8_t (*hashes)[OC_LEDGER_HASH]; /* count of them; owned */
    uint8_t root[OC_LEDGER_HASH];
};
void oc_ledger_leaves_finish(struct oc_ledger_leaves *t);
/* Reads the text of a full segment and hashes it. OC_E_VERIFY: it is damaged. [any] */
int oc_ledger_leaves_make(const char *dir, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t, struct oc_error *err);
void oc_ledger_leaves_put(const struct oc_ledger_leaves *t, struct oc_buf *out);
bool oc_ledger_leaves_get(const void *data, size_t len, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t);
/* From the .tree, or from the text when there is none. */
int oc_ledger_leaves_read(const char *dir, uint64_t first, uint64_t count,
                          struct oc_ledger_leaves *t, struct oc_error *err);

/* ---- the log ---- */

struct oc_ledger_segment {
    bool log, tree, known;
    uint8_t root[OC_LEDGER_HASH]; /* when known */
};

/* Where the log ends. */
struct oc_ledger_edge {
    struct oc_frontier f;
    uint64_t offset; /* of the next line in the segment; 0: the segment is not begun */
};

struct oc_ledger_waiter {
    uint64_t index;
    oc_ledger_done_fn done;
    void *ctx;
};

struct oc_ledger_piece {
    uint64_t first; /* of the segment */
    size_t at;      /* in the bytes of the group */
};

enum oc_ledger_trouble { OC_LEDGER_FINE, OC_LEDGER_CUT, OC_LEDGER_COPY };

/* One group of entries on its way to the disk: what it holds is its own while it runs. */
struct oc_ledger_job {
    struct oc_ledger *ledger;
    struct oc_buf bytes;
    OC_VEC(struct oc_ledger_piece) pieces;
    struct oc_ledger_edge end;
    uint64_t first; /* number of the first entry */
    char *dir;
    int dir_fd;
    int fd; /* in: of the sound segment; out: of the last one, or still that when the group failed */
    enum oc_ledger_trouble trouble; /* in: to be mended first; out: what is left */
    uint64_t sound_first, sound;    /* the segment, and how much of it is on the disk */
    int error;                      /* errno */
    const char *what;
    bool replaced;
    struct oc_job *handle; /* when a worker has it */
};

struct oc_ledger {
    char *dir; /* NULL: in memory */
    bool read_only, damaged, closing;
    bool distrusted;     /* damaged, by the word of who remembers it */
    bool absent;         /* it could not be opened: it takes nothing */
    struct oc_error why; /* damaged, or failing */
    enum oc_ledger_trouble trouble;
    int64_t next_try; /* mono */
    uint64_t per;     /* entries of a segment */
    uint64_t tile;    /* entries of a tile: no more than a segment has */
    unsigned segment_level, tile_level;
    struct oc_loop *loop;
    struct oc_workers *workers;
    struct oc_timer *kick, *again;
    int fd, dir_fd;
    struct oc_ledger_edge now, stable;
    OC_VEC(struct oc_ledger_segment) segments;
    OC_VEC(struct oc_ledger_tile) tiles; /* of the segments that have no .tree yet */
    uint64_t tile_base;                  /* number of the first of them */
    struct oc_buf pending, text;         /* of the entries that wait; of the one that is added */
    OC_VEC(struct oc_ledger_piece) pieces;
    uint64_t pending_first;
    uint8_t newest[OC_LEDGER_HASH]; /* the leaf of the entry that was added last */
    OC_VEC(struct oc_ledger_waiter) waiters;
    struct oc_ledger_job *job; /* under way */
    struct oc_ledger_seal *seal;
    struct oc_ledger_leaves cached; /* the sealed segment that was looked at last */
    bool is_cached;
    uint64_t groups;
};

/* ledger_load.c */
int oc_ledger_load(struct oc_ledger *l, struct oc_error *err);
void oc_ledger_damage(struct oc_ledger *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* ledger_edge.c: an entry takes its place in the tree. */
void oc_ledger_levels(struct oc_ledger *l); /* after `per` is known */
void oc_ledger_place(struct oc_ledger *l, uint64_t offset, const uint8_t leaf[OC_LEDGER_HASH]);
void oc_ledger_rewind(struct oc_ledger *l); /* to what is on the disk */
/* ledger_walk.c: the entries from `from` to `to`, wherever they are. */
typedef bool (*oc_ledger_walk_fn)(void *ctx, uint64_t index, const char *text, size_t len);
int oc_ledger_walk(struct oc_ledger *l, uint64_t from, uint64_t to, oc_ledger_walk_fn fn, void *ctx,
                   struct oc_error *err);
/* ledger_write.c */
void oc_ledger_kick(struct oc_ledger *l);
int oc_ledger_flush(struct oc_ledger *l, struct oc_error *err); /* waits */
/* False: a write hangs; what it uses cannot be freed. */
bool oc_ledger_write_stop(struct oc_ledger *l);
void oc_ledger_answer(struct oc_ledger *l, bool failed);
struct oc_workers *oc_ledger_workers(struct oc_ledger *l);
/* ledger_seal.c: the .tree files that are missing are made. */
void oc_ledger_seal(struct oc_ledger *l);
void oc_ledger_seal_stop(struct oc_ledger *l);

#endif
