len(a,b)
not here
