mailmortem --version
