format(`%d', 1) len(abc) regexp(a,b) unix __line__ define(`a',`$10')a(x,1)
