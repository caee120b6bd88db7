/* Plugin archives, checked without being written. SPDX-License-Identifier: MIT
 *
 * What begins with 'T' is a tar, which is compressed before it is read: so the tar beneath can be mutated, too. */
// uses: oc_archive
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/archive/ocp/ocp.h"
#include "core/base/mem.h"
#include "core/sys/compress.h"
#include "core/sys/file.h"

static void read_back(const void *data, size_t size)
{
    static int fd = -1;
    const struct oc_ocp_target nowhere = {.dir = -1};
    struct oc_ocp_failure f;
    if (fd < 0) {
        fd = memfd_create("ocp", MFD_CLOEXEC);
    }
    OC_ASSERT(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    OC_ASSERT(oc_fd_write_all(fd, data, size) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    if (oc_ocp_read(fd, &nowhere, &f) != OC_OK) {
        OC_ASSERT(f.reason[0] && f.err.message[0] && f.err.code != OC_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'T') {
        struct oc_buf packed = {0};
        oc_compress(data + 1, size - 1, 1, &packed);
        read_back(packed.data, packed.len);
        oc_buf_finish(&packed);
    } else {
        read_back(data, size);
    }
    return 0;
}
