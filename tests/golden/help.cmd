mailmortem help
