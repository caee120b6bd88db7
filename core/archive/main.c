/* openclaw-archive: packs plugins, and unpacks foreign ones shut in. SPDX-License-Identifier: MIT
 *
 *   openclaw-archive pack DIR FILE.ocp       openclaw-archive unpack FILE.ocp DIR       openclaw-archive list FILE.ocp
 *
 * One JSON line a file on stdout, {"file","size","sha256"}, then {"done":{"files","bytes","confined"}} or
 * {"error":{"code","reason","message"}}. The exit status is 0 or 1, 64 for wrong words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/archive/confine.h"
#include "core/archive/ocp/ocp.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/sys/file.h"
#include "core/sys/stdfd.h"

struct tally {
    int64_t files, bytes;
};

/* Takes line. */
static void put(json_t *line)
{
    char *text = oc_json_text(line);
    printf("%s\n", text);
    free(text);
    json_decref(line);
}

static void put_file(void *ctx, const struct oc_ocp_file *file)
{
    struct tally *tally = ctx;
    json_t *line = json_object();
    tally->files++;
    tally->bytes += (int64_t)file->size;
    oc_json_set_str(line, "file", file->path);
    oc_json_set_int(line, "size", (int64_t)file->size);
    if (file->sha256) {
        oc_json_set_str(line, "sha256", file->sha256);
    }
    put(line);
}

static int put_end(int code, const struct tally *tally, bool confined,
                   const struct oc_ocp_failure *f)
{
    if (code == OC_OK) {
        put(json_pack("{s:{s:I, s:I, s:b}}", "done", "files", (json_int_t)tally->files, "bytes",
                      (json_int_t)tally->bytes, "confined", confined));
        return 0;
    }
    put(json_pack("{s:{s:s, s:s, s:s}}", "error", "code", oc_error_name(code), "reason", f->reason,
                  "message", f->err.message));
    return 1;
}

static int open_or_say(const char *path, int flags)
{
    const int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) {
        struct oc_ocp_failure f = {.reason = ""};
        oc_error_init(&f.err);
        const int code = oc_error_errno(&f.err, 0, errno, "cannot open %s", path);
        put_end(code, NULL, false, &f);
    }
    return fd;
}

/* `dir` NULL: only look. */
static int read_archive(const char *file, const char *dir)
{
    struct tally tally = {0};
    struct oc_ocp_failure f = {.reason = ""};
    struct oc_ocp_target target = {.dir = -1, .on_file = put_file, .ctx = &tally};
    const int fd = open_or_say(file, O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
        return 1;
    }
    if (dir) {
        target.dir = open_or_say(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (target.dir < 0) {
            return 1;
        }
    }
    const bool confined = oc_archive_confine(target.dir);
    const int code = oc_ocp_read(fd, &target, &f);
    return put_end(code, &tally, confined, &f);
}

static int64_t source_date(void)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    const long long value = text ? strtoll(text, NULL, 10) : 0;
    return value > 0 ? value : 0;
}

static int pack_to(int dir, const char *temp, const char *file, struct oc_ocp_failure *f)
{
    const int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int code = OC_OK;
    if (fd < 0) {
        return oc_error_errno(&f->err, 0, errno, "cannot write %s", temp);
    }
    code = oc_ocp_pack(dir, fd, source_date(), f);
    if (code == OC_OK && (fsync(fd) || rename(temp, file))) {
        code = oc_error_errno(&f->err, 0, errno, "cannot write %s", file);
    }
    close(fd);
    if (code != OC_OK) {
        unlink(temp);
    }
    return code;
}

static int pack(const char *folder, const char *file)
{
    struct tally tally = {0};
    struct oc_ocp_failure f = {.reason = ""};
    struct stat st;
    oc_error_init(&f.err);
    const int dir = open_or_say(folder, O_RDONLY | O_DIRECTORY);
    if (dir < 0) {
        return 1;
    }
    char *temp = oc_asprintf("%s.%ld.tmp", file, (long)getpid());
    const int code = pack_to(dir, temp, file, &f);
    if (code == OC_OK && stat(file, &st) == 0) {
        tally.files = 1;
        tally.bytes = st.st_size;
    }
    free(temp);
    close(dir);
    return put_end(code, &tally, false, &f);
}

static int usage(void)
{
    fputs("Usage: openclaw-archive pack DIR FILE | unpack FILE DIR | list FILE\n"
          "The archiver of `openclaw plugin`: use that.\n",
          stderr);
    return OC_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    int status;
    if (argc == 4 && strcmp(argv[1], "pack") == 0) {
        status = pack(argv[2], argv[3]);
    } else if (argc == 4 && strcmp(argv[1], "unpack") == 0) {
        status = read_archive(argv[2], argv[3]);
    } else if (argc == 3 && strcmp(argv[1], "list") == 0) {
        status = read_archive(argv[2], NULL);
    } else {
        status = usage();
    }
    fflush(stdout);
    _exit(status); /* what runs at exit (a leak checker) needs rights that are given up */
}
