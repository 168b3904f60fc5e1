include(`plain.m4')after
