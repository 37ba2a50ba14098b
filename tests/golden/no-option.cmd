mailmortem trace x --sinc 1h
