define(`reverse', `ifelse(`$#', `0', , `$#', `1', ``$1'', `reverse(shift($@)), `$1'')')
reverse(`a', `b', `c', reverse(1,2,3))
define(`forloop', `pushdef(`$1', `$2')_forloop($@)popdef(`$1')')
define(`_forloop', `$4`'ifelse($1, `$3', `', `define(`$1', incr($1))$0($@)')')
forloop(`i', `1', `8', `i eval(i**2) ')
define(`exch', `$2, $1')define(exch(`expansion text', `macro'))macro
define(`nested', ``$1' $2 `$0 $#'')nested(nested(1, 2), `nested', nested)
len(forloop(`i', 1, 300, `x'))
define(`part', `ab')define(`abc', `joined')part()c
define(`open', `len(')open`'abcd)
