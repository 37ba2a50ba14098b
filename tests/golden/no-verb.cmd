mailmortem trase x 2>&1 | head -n 1
