abc `not closed
more (
