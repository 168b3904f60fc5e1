include(`included.txt')after
define(`word', `WORD')include(`included.txt')
undivert(`included.txt')
sinclude(`missing.txt')include(`missing.txt')
include()undivert(`missing.txt')
__file__:__line__ include(`included.txt')`'__line__
define(`x', include(`included.txt'))len(defn(`x'))
include(`included.txt', `excess')
