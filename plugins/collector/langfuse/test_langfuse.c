/* Tests of the langfuse preset against a scripted service. SPDX-License-Identifier: MIT */
#include "probe/testing/page.h"

int main(void)
{
    return preset_page_tests("/api/public/health");
}
