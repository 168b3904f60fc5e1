defn(`a',`b')
defn
define
define()
define(`a')a
define(`a',b)a
define(`a',b,c)a
define(`',b)
define(defn(`divnum'),x)
pushdef(defn(`divnum'),x)
pushdef(`a',1)pushdef(`a',2)a`'popdef(`a')a`'popdef(`a')a
define(`a',`$')a
define(`a',`$x$$1$')a(q)
define(`a',``$1'')a( b c )
define(`a',`($1)')a( `b' c )
define(`e',`')define(`a',`($1)')a( e   b)
define(`a',`($1)')a((b,c),d)
builtin(`len',abc)
builtin(`nope',abc)
builtin(defn(`len'),abc)
builtin
builtin()
builtin(`define',`a',`b')a
builtin(`len')
builtin(`divnum',a)
indir(`len',abc)
indir(`nope')
indir(defn(`len'))
indir(`len')
indir
indir(`define',`a b',`c$1d')indir(`a b',x)
indir(`divnum')
undefine(`len')len(a)
undefine(`a')
undefine
undefine()
popdef()
popdef(`a',`b')
define(`a',b)dumpdef(`a',`len')
define(`a',b)debugmode(q)dumpdef(`a',`len')
define(`foo',`len(')foo`abc')
define(`x',``y'')define(`y',`z')x
define(`a b',c)a b
define(`d',`dnl')d foo
define(`q',`)')len(q
define(`m',`$#')m(,,)
define(`m',`$#')m( , )
define(`x1',`X')1x1 x1x1 x1 _x1
