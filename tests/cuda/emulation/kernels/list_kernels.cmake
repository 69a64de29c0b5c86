# Writes the C++ source of a library of host-compiled kernels: cmake -DINPUT=kernels.cuh
# -DTEMPLATE=kernel_library.cpp.in -DOUTPUT=kernels.cpp -P list_kernels.cmake. It finds every
# `__global__ void [__launch_bounds__(N)] name(` of the input; template kernels are refused.
file(READ "${INPUT}" text)
string(REGEX REPLACE "//[^\n]*" "" text "${text}")
string(REGEX REPLACE "[ \t\n]+" " " text "${text}")
if(text MATCHES "template *<[^;{]*> *__global__")
  message(FATAL_ERROR "${INPUT}: template kernels have no single name to register")
endif()

set(namespace "::")
if(text MATCHES "namespace ([A-Za-z_:0-9]+) {")
  set(namespace "${CMAKE_MATCH_1}")
endif()

string(REGEX MATCHALL "__global__ void( __launch_bounds__\\([^)]*\\))? [A-Za-z_0-9]+ ?\\("
  declarations "${text}")
string(REGEX MATCHALL "__global__" mentions "${text}")
list(LENGTH declarations found)
list(LENGTH mentions mentioned)
if(NOT found EQUAL mentioned OR found EQUAL 0)
  message(FATAL_ERROR "${INPUT}: ${mentioned} kernels, of which ${found} are written as expected")
endif()

set(kernels "")
foreach(declaration IN LISTS declarations)
  string(REGEX MATCH "([A-Za-z_0-9]+) ?\\($" name "${declaration}")
  set(name "${CMAKE_MATCH_1}")
  set(threads 1024)
  if(declaration MATCHES "__launch_bounds__\\(([^),]*)")
    set(threads "${CMAKE_MATCH_1}")
  endif()
  string(APPEND kernels "    LENET_EMU_KERNEL(${name}, ${threads}),\n")
endforeach()
set(source "${INPUT}")
configure_file("${TEMPLATE}" "${OUTPUT}" @ONLY)
