/* kumomta.h - log records of KumoMTA: one JSON object a line.
 *
 * A record's `id` is the queue id, its node (`nodeid`) the host: the logs name
 * none. A message has one recipient, or several since release 2025.12; with
 * one it is done with the record that decides it. Out of band bounces and
 * feedback reports name no id of what they are about and are known noise.
 * Source: docs.kumomta.com, "Log Record", of 2025.12.
 */
#ifndef MM_LOG_KUMOMTA_H
#define MM_LOG_KUMOMTA_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_kumomta;

#endif
