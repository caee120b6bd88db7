/* Samples as Prometheus' remote write 1.0 sends them. SPDX-License-Identifier: MIT  [any]
 *
 * A WriteRequest in protobuf's wire format, written by hand: four messages, of which two fields each are used.
 *
 *   WriteRequest { repeated TimeSeries timeseries = 1; }
 *   TimeSeries   { repeated Label labels = 1; repeated Sample samples = 2; }
 *   Label        { string name = 1; string value = 2; }
 *   Sample       { double value = 1; int64 timestamp = 2; }
 *
 * Messages can be written one behind the other: what is appended to a buffer is one larger WriteRequest. */
#ifndef OC_SERVICE_EXPORT_ENCODE_H
#define OC_SERVICE_EXPORT_ENCODE_H

#include "core/base/buf.h"

struct oc_encode_label {
    const char *name, *value;
};

/* Appends one TimeSeries with one sample. Labels must be sorted by name; NaN becomes the marker of a series that ended. */
void oc_encode_sample(struct oc_buf *out, const struct oc_encode_label *labels, size_t count,
                      int64_t time_ms, double value);

#endif
