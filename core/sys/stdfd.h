/* The descriptors 0, 1 and 2, which every program expects to be open. SPDX-License-Identifier: MIT */
#ifndef OC_SYS_STDFD_H
#define OC_SYS_STDFD_H

/* Where a program was started with one of them closed, the next file, pipe or socket would take its number, and what is meant for
 * stdout would be written there. So this is the first call of every main: each that is closed is opened on /dev/null the wrong way
 * round, that is, reading stdin and writing stdout or stderr go on to fail with EBADF and are reported like any other failure. Ends
 * the program where even that cannot be done. [main, before any thread] */
void oc_stdfd_fill(void);

#endif
