/* The library that is loaded is the one that was installed. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/base/json.h"
#include "core/plugin/internal.h"
#include "core/plugin/manifest/note.h"
#include "core/sys/sign.h"

static int differs(const char *file, const char *wanted, const char *got, struct oc_error *err)
{
    oc_error_set(err, OC_E_VERIFY, "%s has the SHA-256 %.16s..., %.16s... was installed", file, got,
                 wanted);
    oc_error_hint(err, "Install the plugin again: its file was changed or is damaged.");
    return OC_E_VERIFY;
}

int oc_loader_verify(const char *so, const char *file, const json_t *files,
                     char sha256[OC_SHA256_HEX], struct oc_error *err)
{
    char hex[OC_SHA256_HEX] = "";
    const int fd = open(so, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return oc_error_set(err, OC_E_NOT_FOUND, "%s cannot be opened", file);
    }
    int code = files || sha256 ? oc_sha256_fd(fd, OC_ELF_MAX, hex, NULL, err) : OC_OK;
    const char *wanted = files ? oc_json_str(files, file, NULL) : hex;
    if (!code && !wanted) {
        code = oc_error_set(err, OC_E_VERIFY, "%s is no file of what was installed", file);
    } else if (!code && strcmp(wanted, hex) != 0) {
        code = differs(file, wanted, hex, err);
    }
    if (code) {
        close(fd);
        return code;
    }
    if (sha256) {
        memcpy(sha256, hex, sizeof hex);
    }
    return fd;
}
