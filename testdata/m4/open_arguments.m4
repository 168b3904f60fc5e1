text
len(len(`a', b
