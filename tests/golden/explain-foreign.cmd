echo 'hello there' | mailmortem explain -
