divert(-1)
dnl # Entry of the cf library. Two ways in, and both may happen for one file:
dnl # 
dnl # 	m4 -D_CF_DIR_=DIR/ DIR/m4/cf.m4 site.mc > site.cf
dnl # 	site.mc itself names this file first of all (the habit of Debian)
dnl # 
dnl # _CF_DIR_ (with its last slash) is taken from the name of this file if unset.
changecom()
ifdef(`_CF_DIR_', `', `define(`_CF_DIR_', substr(__file__, 0, eval(len(__file__) - 8)))')
ifdef(`OSTYPE', `', `include(_CF_DIR_`m4/macros.m4')')
divert(0)dnl
