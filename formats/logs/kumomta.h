/* kumomta.h - log records of KumoMTA: one JSON object a line.
 *
 * A record's `id` is the queue id, its node (`nodeid`) the host: the logs name
 * none. A message has one recipient, or several since release 2025.12; with
 * one it is done with the record that decides it. Out of band bounces and
 * feedback reports name no id of what they are about and are known noise, as
 * is what log hooks send. A transfer between nodes is a delivery of one and a
 * reception of the other. Where no peer is named KumoMTA speaks itself: its
 * codes are no reply, and nobody was tried unless it says so.
 * Source: docs.kumomta.com, "Log Record", of 2025.12; crates/kumod/src of
 * August 2026 (3ebc1e8): logging, queue, ready_queue.rs, xfer.
 */
#ifndef MM_LOG_KUMOMTA_H
#define MM_LOG_KUMOMTA_H

#include "formats/logs/logs.h"

extern const struct mm_log_format mm_log_kumomta;

#endif
