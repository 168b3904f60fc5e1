one
divert(1)lost
m4exit(7) never
