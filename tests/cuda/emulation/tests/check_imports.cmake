# Every CUDA symbol that a library imports, with its version, must be exported by the stand-ins:
# cmake -DNM=nm -DLIBRARY=liblenet_cuda.so -DSTAND_INS=a.so;b.so -P check_imports.cmake
function(symbols result)
  execute_process(COMMAND ${NM} -D --with-symbol-versions ${ARGN}
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "[^ \n]*(cuda|cublas|cudnn)[A-Za-z0-9_]*@+[^ \n]+" found "${text}")
  # A definition is name@@version, an import name@version.
  list(TRANSFORM found REPLACE "@@" "@")
  set(${result} ${found} PARENT_SCOPE)
endfunction()

symbols(needed --undefined-only ${LIBRARY})
set(offered "")
foreach(library IN LISTS STAND_INS)
  symbols(exported --defined-only ${library})
  list(APPEND offered ${exported})
endforeach()
if(NOT needed)
  message(FATAL_ERROR "${LIBRARY} imports nothing of CUDA")
endif()
list(LENGTH needed count)
list(REMOVE_ITEM needed ${offered})
if(needed)
  message(FATAL_ERROR "the emulation lacks ${needed}")
endif()
message(STATUS "all ${count} imports are there")
