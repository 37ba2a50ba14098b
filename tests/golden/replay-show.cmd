mailmortem replay --show full-flush
