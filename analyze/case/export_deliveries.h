/* export_deliveries.h - CONTRACT `export deliveries`: one row for each message
 * and recipient, attempts nested; and one for each recipient refused.
 */
#ifndef MM_EXPORT_DELIVERIES_H
#define MM_EXPORT_DELIVERIES_H

#include "analyze/case/store.h"
#include "formats/base/table.h"

#define MM_DELIVERY_COLUMNS 17
extern const struct mm_column mm_delivery_columns[MM_DELIVERY_COLUMNS];

enum mm_status mm_export_deliveries(struct mm_store *s, int64_t at_us,
				    const struct mm_sink *sink,
				    struct mm_err *err);

#endif
