define(`twoline', `1
2')
changecom(`/*', `*/')
define(`comment', `/*1
2*/')
dnl no line
hello
twoline
comment
one comment `two
three'
goodbye
