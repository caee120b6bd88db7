/* openclaw-package: the worker of `openclaw plugin` and `openclaw registry`. SPDX-License-Identifier: MIT */
#include "core/package/work.h"

int main(int argc, char **argv)
{
    return oc_work_main(argc, argv);
}
