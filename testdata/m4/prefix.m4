m4_define(`a', `$1$1')a(x) define m4_len(abc) m4___line__ __unix__ len(a)
