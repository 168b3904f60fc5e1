define(`hi', `HI')
changequote([,])[hi] hi `hi'
changequote([[,]])[[hi]] [hi] hi
changequote(<!,!>)<!hi<!hi!>!> hi
changequote`'changequote
changequote(`,)`hi'
changequote
changequote(`"', `"')"hi" hi "hi"hi"hi"
changequote
changequote(`q', `Q')
q hi Q hi
changequote
changequote(,)`hi'
changequote`'changequote
changecom(`/*', `*/')/* hi */ hi # hi
changecom(`//')// hi
hi
changecom
# hi
changecom(`#')# hi
define(`echo', `$#:$*:$@:')
echo(a, # b,
c)
changecom(`,', `)')
echo(hi,hi)bye)
changecom`'changequote(`(', `)')
echo(hi)
