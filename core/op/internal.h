/* What the files of this folder share. SPDX-License-Identifier: MIT  [loop] */
#ifndef OC_OP_INTERNAL_H
#define OC_OP_INTERNAL_H

#include "core/base/map.h"
#include "core/op/op.h"

struct oc_op_slot {
    const struct oc_op *op;
    void *ctx;
    const char *plugin; /* that brought it, borrowed; NULL: the host's own */
};

struct oc_ops {
    struct oc_loop *loop;
    struct oc_bus *bus;
    struct oc_map table;    /* name -> struct oc_op_slot, owned */
    struct oc_call *calls;  /* that are running */
    struct oc_call *ending; /* whose audit event is being told; may be NULL */
    uint64_t generation;
    oc_gate_fn gate; /* may be NULL */
    void *gate_ctx;
    bool stopping;
};

/* Takes it out of the calls that are running. */
void oc_call_free(struct oc_call *call);

const char *oc_role_name(enum oc_role role); /* "operator" */

#endif
