/* openclaw-package: the worker of `openclaw plugin` and `openclaw registry`. SPDX-License-Identifier: MIT */
#include "core/package/work.h"
#include "core/sys/stdfd.h"

int main(int argc, char **argv)
{
    oc_stdfd_fill();
    return oc_work_main(argc, argv);
}
