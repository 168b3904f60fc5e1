divnum(a)
divert(2)divnum
divert(-1)divnum`'divert(0)divnum
divert(a)divnum
divert()divnum
divert( 3)divnum
undivert(99999999999)
undivert( 1)
undivert(1 )
undivert(-1)
undivert()
undivert(`')
undivert(nofile)
divert(1)a
divert(2)b
undivert(2)c
divert(1)a`'divert(2)b`'divert(0)undivert(2,1)
divert(1)a`'divert(2)b`'divert(0)undivert
divert(1)a`'divert(2)undivert(1)b`'divert
divert(-1)undivert
divert(1)a`'divert(-1)undivert(1)divert(0)undivert(1)
divert(1)a`'divert(1)b
divert(1)a`'undivert(1)
