found by path
