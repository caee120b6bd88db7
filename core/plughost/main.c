/* openclaw-plughost: runs the code of one plugin in a process of its own. SPDX-License-Identifier: MIT
 *
 * openclaw-plughost <plugin> <instance>    started by openclawd, which talks to it through descriptor 3; the words are for `ps`
 * openclaw-plughost --describe DIR         prints what the plugin in DIR says of itself as JSON; exit 0, or 1 and a message */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "core/plughost/fault.h"
#include "core/plughost/plughost.h"
#include "core/sys/stdfd.h"

static bool is_socket(int fd)
{
    int type = 0;
    socklen_t size = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    static struct oc_plughost host;
    if (argc == 3 && strcmp(argv[1], "--describe") == 0) {
        return oc_plughost_describe(argv[2]);
    }
    void *page =
        mmap(NULL, sizeof *host.page, PROT_READ | PROT_WRITE, MAP_SHARED, OC_WIRE_PAGE_FD, 0);
    if (page == MAP_FAILED || !is_socket(OC_WIRE_SOCKET)) {
        fputs("openclaw-plughost is started by openclawd; by hand: openclaw-plughost --describe "
              "DIR\n",
              stderr);
        return 64;
    }
    host.page = page;
    oc_fault_install(&host.page->fault);
    return oc_plughost_serve(&host);
}
