"""The box around a grading kernel: what it may see, reach and use up, by what Linux gives to an ordinary user.

`layers` says what a box is made of and what of it this system has; `view` what can be seen inside; `walls` closes it;
`keeper` starts a process in it, watches it, and ends all of it; `trial` proves each layer by trying to get through.
"""
