included text define(`from_include', `yes')dnl
line two __line__ in __file__
