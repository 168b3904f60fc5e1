len(a,b) incr() bar foo
