len(a,b)
still here
