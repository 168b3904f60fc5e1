changecom(`/*',`*/')x
/* never
ends
