/* Copies of checkpoints and segments in another folder: what leaves the host cannot be rewritten on it. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/service/audit/internal.h"
#include "core/sys/file.h"

#define PIECE     (256u << 10)
#define TRY_AGAIN (50 * OC_SECOND) /* it is looked every ten */
#define TELL      3                /* tries that fail before somebody is told */

struct oc_copying {
    struct oc_audit *s;
    char *from, *to;
    uint64_t open_first, open_bytes; /* of the segment that is being filled */
    uint64_t size, oldest;           /* entries that are on the disk; the first that has text */
    uint64_t
        known; /* checkpoints up to this size are there, and as they are here; 0: all are looked at */
    uint64_t newest; /* [loop] what is known when it ends well */
    bool conflict;   /* the copy holds what the ledger does not */
    int code;
    struct oc_error err;
};

/* ---- whether what is there continues the copy ---- */

static int conflict(struct oc_copying *c, const char *what)
{
    c->conflict = true;
    oc_error_set(&c->err, OC_E_CONFLICT,
                 "the copy in %s is not the beginning of this ledger (%s): it is left alone", c->to,
                 what);
    oc_error_hint(&c->err, "%s", OC_AUDIT_COPY_REMEDY);
    return OC_E_CONFLICT;
}

/* What cannot be read is no evidence of anything: it is tried again. */
static int unreadable(struct oc_copying *c, const char *path)
{
    return oc_error_errno(&c->err, 0, errno ? errno : EIO, "cannot read %s", path);
}

/* So many bytes, unless the file has less. */
static ssize_t read_whole(int fd, char *data, size_t len)
{
    size_t at = 0;
    while (at < len) {
        const ssize_t n = read(fd, data + at, len - at);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        at += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)at;
}

/* The first `len` bytes of two files are the same, or it is a conflict, or that cannot be told. */
static int compare(struct oc_copying *c, const char *in, const char *out, uint64_t len,
                   const char *otherwise)
{
    char *a = oc_alloc(PIECE), *b = oc_alloc(PIECE);
    const int one = open(in, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int rc = one >= 0 ? OC_OK : errno == ENOENT ? conflict(c, otherwise) : unreadable(c, in);
    const int other = rc == OC_OK ? open(out, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    rc = rc == OC_OK && other < 0 ? unreadable(c, out) : rc;
    while (rc == OC_OK && len > 0) {
        const size_t n = len < PIECE ? (size_t)len : PIECE;
        const ssize_t here = read_whole(one, a, n);
        rc = here < 0 ? unreadable(c, in) : OC_OK;
        const ssize_t there = rc == OC_OK ? read_whole(other, b, n) : 0;
        rc = there < 0 ? unreadable(c, out) : rc;
        if (rc == OC_OK && (here != there || here != (ssize_t)n || memcmp(a, b, n) != 0)) {
            rc = conflict(c, otherwise);
        }
        len -= n;
    }
    if (one >= 0) {
        close(one);
    }
    if (other >= 0) {
        close(other);
    }
    free(a);
    free(b);
    return rc;
}

/* What was copied of a segment is its beginning still; of one that is complete the length tells it, and it is not copied again. */
static int check_segment(struct oc_copying *c, uint64_t first, const char *in, const char *out)
{
    struct stat a, b;
    if (first > c->open_first) {
        return conflict(c, "it has more segments");
    }
    if (stat(out, &b) != 0) {
        return unreadable(c, out);
    }
    if (stat(in, &a) != 0 && errno != ENOENT) {
        return unreadable(c, in);
    }
    if (stat(in, &a) != 0) {
        return first < c->oldest ? OC_OK : conflict(c, "it has a segment that is gone here");
    }
    const uint64_t here = first == c->open_first ? c->open_bytes : (uint64_t)a.st_size,
                   there = (uint64_t)b.st_size;
    if (there > here || (first != c->open_first && there == here)) {
        return there > here ? conflict(c, "it has more entries") : OC_OK;
    }
    return compare(c, in, out, there, "it has other entries");
}

/* What is never written again is copied once; checkpoints get cosignatures. */
static bool is_there(const char *from, const char *to)
{
    struct stat a, b;
    return stat(from, &a) == 0 && stat(to, &b) == 0 && a.st_size == b.st_size;
}

/* One that is not here any more was thinned. */
static int read_notes(struct oc_copying *c, const char *in, const char *out, struct oc_buf *here,
                      struct oc_buf *there)
{
    const int rc = oc_file_read(in, OC_NOTE_MAX, here, &c->err);
    if (rc == OC_E_NOT_FOUND) {
        oc_error_init(&c->err);
        return OC_OK;
    }
    return rc == OC_OK ? oc_file_read(out, OC_NOTE_MAX, there, &c->err) : rc;
}

/* Signatures of witnesses are added to a checkpoint; the text before them stays. */
static int check_note(struct oc_copying *c, uint64_t size, const char *in, const char *out)
{
    struct oc_buf here = {0}, there = {0};
    int rc = size > c->size ? conflict(c, "it has newer checkpoints") : OC_OK;
    if (rc == OC_OK && !is_there(in, out)) {
        rc = read_notes(c, in, out, &here, &there);
    }
    if (rc == OC_OK && here.len > 0) {
        const char *end = there.len ? memmem(there.data, there.len, "\n\n", 2) : NULL;
        const size_t len = end ? (size_t)(end - there.data) + 2 : there.len;
        rc = len <= here.len && (len == 0 || memcmp(here.data, there.data, len) == 0)
                 ? OC_OK
                 : conflict(c, "a checkpoint is another one");
    }
    oc_buf_finish(&here);
    oc_buf_finish(&there);
    return rc;
}

/* One file of the copy. Hashes of a segment are those of its text, and checked with it. */
static int check_one(struct oc_copying *c, const char *folder, const char *name)
{
    char *in = oc_asprintf("%s%s/%s", c->from, folder, name),
         *out = oc_asprintf("%s%s/%s", c->to, folder, name);
    unsigned long long number = 0;
    struct stat st;
    int rc = OC_OK;
    if (strcmp(name, "host.pub") == 0) {
        rc = stat(out, &st) == 0 ? compare(c, in, out, (uint64_t)st.st_size, "it has another key")
                                 : unreadable(c, out);
    } else if (sscanf(name, "%12llu", &number) == 1 && strcmp(name + 12, ".log") == 0) {
        rc = check_segment(c, number, in, out);
    } else if (*folder && number > c->known && !name[12]) {
        rc = check_note(c, number, in, out);
    }
    free(in);
    free(out);
    return rc;
}

static bool is_wanted(const char *name)
{
    const char *dot = strrchr(name, '.');
    return name[0] >= '0' && name[0] <= '9'
               ? strlen(name) >= 12 &&
                     (!dot || strcmp(dot, ".log") == 0 || strcmp(dot, ".tree") == 0)
               : strcmp(name, "host.pub") == 0;
}

/* What a ledger has in <root><folder>, which need not be there, until something fails. */
static int each_file(struct oc_copying *c, const char *root, const char *folder,
                     int (*fn)(struct oc_copying *c, const char *folder, const char *name))
{
    char *path = oc_asprintf("%s%s", root, folder);
    DIR *d = opendir(path);
    int rc = !d && errno != ENOENT ? unreadable(c, path) : OC_OK;
    struct dirent *e = NULL;
    while (d && rc == OC_OK && (errno = 0, e = readdir(d))) {
        rc = is_wanted(e->d_name) ? fn(c, folder, e->d_name) : OC_OK;
    }
    rc = d && rc == OC_OK && errno != 0 ? unreadable(c, path) : rc;
    if (d) {
        closedir(d);
    }
    free(path);
    return rc;
}

/* ---- copying ---- */

/* The first `limit` bytes of a file: beside the target, synced, renamed over it. */
static int copy_file(const char *from, const char *to, uint64_t limit, struct oc_error *err)
{
    char *temp = oc_asprintf("%s.part", to), *piece = oc_alloc(PIECE);
    const int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    const int out =
        in < 0 ? -1 : open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = in < 0 || out < 0 ? errno : 0;
    while (rc == 0 && limit > 0) {
        const ssize_t n = read(in, piece, limit < PIECE ? (size_t)limit : PIECE);
        if (n <= 0) {
            rc = n < 0 ? errno : 0;
            break;
        }
        limit -= (uint64_t)n;
        rc = -oc_fd_write_all(out, piece, (size_t)n);
    }
    rc = rc == 0 && fsync(out) != 0 ? errno : rc;
    if (out >= 0) {
        close(out);
    }
    if (in >= 0) {
        close(in);
    }
    rc = rc == 0 && rename(temp, to) != 0 ? errno : rc;
    if (rc != 0) {
        unlink(temp);
    }
    free(piece);
    free(temp);
    return rc ? oc_error_errno(err, 0, rc, "cannot copy to %s", to) : OC_OK;
}

/* A checkpoint is left out that is known to be there (the copy may be far away, and they are many), and one that was made since this began:
 * it speaks of entries that are not copied yet. */
static bool is_due(const struct oc_copying *c, const char *folder, const char *name)
{
    unsigned long long size = 0;
    return !*folder || sscanf(name, "%12llu", &size) != 1 || (size > c->known && size <= c->size);
}

static int copy_one(struct oc_copying *c, const char *folder, const char *name)
{
    char *in = oc_asprintf("%s%s/%s", c->from, folder, name),
         *out = oc_asprintf("%s%s/%s", c->to, folder, name);
    unsigned long long first = 0;
    uint64_t limit = is_due(c, folder, name) ? UINT64_MAX : 0;
    struct stat st;
    int rc = OC_OK;
    if (sscanf(name, "%12llu.log", &first) == 1 && strstr(name, ".log")) {
        limit = first == c->open_first ? c->open_bytes : first > c->open_first ? 0 : UINT64_MAX;
    }
    if (limit > 0 && stat(in, &st) == 0 && S_ISREG(st.st_mode) &&
        (limit != UINT64_MAX || !is_there(in, out))) {
        rc = copy_file(in, out, limit, &c->err);
    }
    free(in);
    free(out);
    return rc;
}

static int copy_folder(struct oc_copying *c, const char *folder)
{
    char *out = oc_asprintf("%s%s", c->to, folder);
    int rc = oc_dir_make(out, 0700, &c->err);
    rc = rc == OC_OK ? each_file(c, c->from, folder, copy_one) : rc;
    const int fd = rc == OC_OK ? open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        rc = fsync(fd) == 0 ? OC_OK : oc_error_errno(&c->err, 0, errno, "cannot sync %s", out);
        close(fd);
    }
    free(out);
    return rc;
}

/* The copy is thinned as the ledger is, but what the ledger has stays: else it would be copied again. */
static void thin(struct oc_copying *c)
{
    char *in = oc_path_join(c->from, "checkpoints"), *out = oc_path_join(c->to, "checkpoints");
    oc_audit_thin_folder(out, in);
    free(in);
    free(out);
}

/* Somebody may have put another folder in its place. */
static void doubt(struct oc_copying *c)
{
    char *newest = oc_asprintf("%s/checkpoints/%012llu", c->to, (unsigned long long)c->known);
    c->known = oc_file_exists(newest) ? c->known : 0;
    free(newest);
}

/* [worker] Entries first: a checkpoint never speaks of what is not there. */
static void run(void *ctx)
{
    struct oc_copying *c = ctx;
    oc_error_init(&c->err);
    doubt(c);
    c->code = each_file(c, c->to, "", check_one);
    c->code = c->code == OC_OK ? each_file(c, c->to, "/checkpoints", check_one) : c->code;
    c->code = c->code == OC_OK ? copy_folder(c, "") : c->code;
    c->code = c->code == OC_OK ? copy_folder(c, "/checkpoints") : c->code;
    if (c->code == OC_OK && c->known == 0) {
        thin(c);
    }
}

/* What left the host says something else than the host: somebody has to look. A folder that is away for a moment is nobody's worry; one that
 * stays away is. Alerts of the run before end as well. */
static void tell(struct oc_audit *s, const struct oc_copying *c)
{
    if (c->conflict) {
        s->copy_tries = 0;
        oc_audit_alert(s, OC_AUDIT_COPY_FAILED, false, "the folder of the copy is there again");
        if (oc_audit_alert(s, OC_AUDIT_COPY_CONFLICT, true, c->err.message)) {
            oc_audit_security(s, "ledger_copy_conflict",
                              json_pack("{s:s}", "reason", c->err.message));
        }
    } else if (c->code != OC_OK) {
        s->copy_tries++;
        if (s->copy_tries == 1 || s->copy_tries == TELL) {
            oc_warn("the ledger could not be copied", "to=%s reason=%s", c->to, c->err.message);
        }
        if (s->copy_tries >= TELL) {
            oc_audit_alert(s, OC_AUDIT_COPY_FAILED, true, c->err.message);
        }
    } else {
        s->copy_tries = 0;
        oc_audit_alert(s, OC_AUDIT_COPY_CONFLICT, false, "the ledger is copied again");
        oc_audit_alert(s, OC_AUDIT_COPY_FAILED, false, "the ledger is copied again");
    }
}

static void take_result(struct oc_audit *s, const struct oc_copying *c)
{
    s->copy_tried_ms = oc_time_mono();
    OC_FREE(s->copy_problem);
    tell(s, c);
    if (c->code == OC_OK) {
        s->copied_ms = oc_time_wall();
        s->copy_known = c->newest;
    } else {
        s->copy_problem = oc_strdup(c->err.message);
    }
}

static void on_done(void *ctx)
{
    struct oc_copying *c = ctx;
    struct oc_audit *s = c->s;
    const bool moved = !s->section.copy_to || strcmp(s->section.copy_to, c->to) != 0;
    s->copying = NULL;
    if (!moved) {
        take_result(s, c);
    }
    free(c->from);
    free(c->to);
    free(c);
    if (s->copy_again) {
        oc_audit_copy(s);
    }
    if (!s->copying) {
        oc_audit_leave(s);
    }
}

void oc_audit_copy_moved(struct oc_audit *s)
{
    OC_FREE(s->copy_problem);
    s->copy_tries = 0;
    s->copied_ms = 0;
    oc_audit_alert(s, OC_AUDIT_COPY_CONFLICT, false, "the ledger is not copied there any more");
    oc_audit_alert(s, OC_AUDIT_COPY_FAILED, false, "the ledger is not copied there any more");
}

void oc_audit_copy(struct oc_audit *s)
{
    if (!s->section.copy_to || s->env.ephemeral || !oc_ledger_is_kept(s->env.ledger)) {
        return;
    }
    s->copy_again = s->copying != NULL; /* what is new since it began */
    if (s->copying) {
        return;
    }
    struct oc_copying *c = oc_calloc(1, sizeof *c);
    c->s = s;
    c->from = oc_strdup(s->dir);
    c->to = oc_strdup(s->section.copy_to);
    c->size = oc_ledger_durable(s->env.ledger);
    c->known = s->copy_known;
    c->newest = s->checkpointed;
    c->oldest = oc_ledger_oldest(s->env.ledger);
    c->open_first = oc_ledger_open_segment(s->env.ledger, &c->open_bytes);
    s->copying = c;
    oc_workers_submit(oc_audit_workers(s), run, on_done, c);
}

void oc_audit_copy_anew(struct oc_audit *s, uint64_t size)
{
    if (s->copy_known >= size) {
        s->copy_known = size - 1;
    }
    if (s->copying && s->copying->newest >= size) {
        s->copying->newest = size - 1;
    }
}

void oc_audit_copy_again(struct oc_audit *s, int64_t now)
{
    const bool wanted = s->copy_tries > 0 || s->told[OC_AUDIT_COPY_CONFLICT] == OC_AUDIT_FIRING;
    if (wanted && !s->copying && now - s->copy_tried_ms >= TRY_AGAIN) {
        oc_audit_copy(s);
    }
}

void oc_audit_forget_copy(struct oc_audit *s)
{
    if (s->copying) {
        free(s->copying->from);
        free(s->copying->to);
        free(s->copying);
        s->copying = NULL;
    }
}
