errprint(a,b)
errprint
errprint()
