/* A library that is not installed. SPDX-License-Identifier: MIT */
int not_there(void);

int not_there(void)
{
    return 1;
}
