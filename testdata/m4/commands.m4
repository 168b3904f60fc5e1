esyscmd(`echo word; exit 3')sysval
before syscmd(`echo out')after sysval
syscmd(`kill -9 $$')sysval
define(`word', `WORD')esyscmd(`printf "word,word"')
syscmd()sysval esyscmd(`cat /nonexistent 2>/dev/null')sysval
divert(1)syscmd(`echo straight out')diverted
divert(0)last
