m4wrap(`wrapped by file
')divert(3)three
divert
