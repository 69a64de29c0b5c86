# Writes a line CONSTANT(name) for each name of CUDA, cuBLAS and cuDNN in the sources of a folder that
# may be a constant; print_constants.cpp finds out which ones are.
#
#   cmake -DFOLDER=native/cuda -DOUTPUT=names.inc -P list_constants.cmake
file(GLOB sources ${FOLDER}/*.cpp ${FOLDER}/*.h ${FOLDER}/*.cu ${FOLDER}/*.cuh)
set(names "")
foreach(source IN LISTS sources)
  file(READ ${source} text)
  string(REGEX REPLACE "//[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\"[^\"\n]*\"" "" text "${text}")
  string(REGEX MATCHALL "[A-Za-z_][A-Za-z0-9_]*" words "${text}")
  list(FILTER words INCLUDE REGEX
    "^((CUDNN|CUBLAS|CUDART)_[A-Z0-9_]+|cuda[A-Z][A-Za-z0-9]*|(MAJOR|MINOR)_VERSION|PATCH_LEVEL)$")
  list(APPEND names ${words})
endforeach()
list(REMOVE_DUPLICATES names)
# The one type without _t; another would not compile, and belongs here.
list(REMOVE_ITEM names cudaDeviceProp)
list(SORT names)
list(TRANSFORM names REPLACE "(.+)" "CONSTANT(\\1)\n")
list(JOIN names "" lines)
file(WRITE ${OUTPUT} "${lines}")
