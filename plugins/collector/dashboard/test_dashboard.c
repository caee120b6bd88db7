/* Tests of the dashboard preset against a scripted service. SPDX-License-Identifier: MIT */
#include "probe/testing/page.h"

int main(void)
{
    return preset_page_tests("/");
}
