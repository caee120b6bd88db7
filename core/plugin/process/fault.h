/* What a dying plugin process leaves behind: a record of fixed size in shared memory. SPDX-License-Identifier: MIT
 *
 * Written by the fault handler of the plugin host (core/plughost/fault.c) and read by the daemon after the process has
 * ended. The process is not trusted: the daemon takes numbers from it, and text only after cleaning it; no path in it is
 * ever opened. `magic` is stored last, so a record without it was not finished. */
#ifndef OC_PLUGIN_FAULT_H
#define OC_PLUGIN_FAULT_H

#include <stdint.h>

#define OC_FAULT_MAGIC  0x6f636661u
#define OC_FAULT_METHOD 64
#define OC_FAULT_MODULE 64

struct oc_fault_record {
    uint32_t magic;
    int32_t signal;
    int32_t code; /* si_code */
    uint32_t reserved;
    uint64_t address; /* si_addr */
    uint64_t ip;
    /* The instruction's place in the plugin's library, relative to its load address: where `ip` itself is, or the nearest
     * return address on the stack when the fault is in a library that the plugin called. 0 = none was found. */
    uint64_t plugin_offset;
    uint64_t module_offset; /* of `ip` in the module below; 0 = not known */
    char module
        [OC_FAULT_MODULE]; /* file name of the module that holds `ip`, without folders; "" = not known */
    char method
        [OC_FAULT_METHOD]; /* the method that was running; "" between calls, "start", "stop" */
};

#endif
