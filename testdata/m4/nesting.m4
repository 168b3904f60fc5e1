define(`a', `ifelse($1, 0, , `(a(decr($1)))')')a(3) a(len(a(len(len(x)))))
