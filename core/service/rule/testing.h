/* Unit tests of rules at simulated times, in the manner of promtool. SPDX-License-Identifier: MIT
 *
 *   thresholds = { ... };            these two only when the file brings its own
 *   rules = ( { ... } );
 *   tests = ( {
 *     name = "a busy processor alerts after five minutes";
 *     interval = "30s";              between two values
 *     input = ( { series = "system.cpu_percent{instance=\"system\"}"; values = "50 95x10 40x5 _"; }
 * ); expect = ( { at = "6m"; rule = "high_cpu_usage"; state = "firing"; labels = { instance =
 * "system"; }; message = "..."; } ); } );
 *
 * Values are separated by spaces: 95 a value; 95x10 ten of them; 50+5x4 is 50 55 60 65; _ no
 * sample; gone ends the series; true and false. `at` counts from the first value; samples of that
 * very time are in. A rule is `inactive` when nothing of it is pending or firing. `message` is what was said when the state was
 * entered. The order of what is expected does not matter. [loop] */
#ifndef OC_SERVICE_RULE_TESTING_H
#define OC_SERVICE_RULE_TESTING_H

#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/service/rule/engine.h"

/* Runs the file; `source` has the rules where the file brings none. *rows:
 * [{"name","ok","message"}], owned by the caller. OC_E_CONFIG with file and line when the file is
 * wrong. */
int oc_rule_test_file(const char *file, const struct oc_rule_source *source, json_t **rows,
                      struct oc_error *err);

#define OC_RULE_VALUES_MAX 100000 /* of one series */

struct oc_rule_value {
    bool absent;  /* no sample */
    double value; /* NaN = gone */
};
struct oc_rule_values {
    OC_VEC(struct oc_rule_value) list;
    bool boolean; /* they were written true and false */
};
/* "50 95x10 _ gone". OC_E_CONFIG. */
int oc_rule_values_parse(struct oc_rule_values *v, const char *text, struct oc_error *err);
void oc_rule_values_finish(struct oc_rule_values *v);

#endif
